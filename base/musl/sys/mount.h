/* <sys/mount.h> with the mount calls that take descriptors, for which musl has no names. */
#pragma once

#include_next <sys/mount.h>

#include <linux/mount.h>
#include <stddef.h>

/* As in the manual page of each, and in glibc. */
int fsopen(const char *filesystem, unsigned int flags);
int fsconfig(int fd, unsigned int command, const char *key, const void *value, int aux);
int fsmount(int fd, unsigned int flags, unsigned int attributes);
int fspick(int dir, const char *path, unsigned int flags);
int move_mount(int from_dir, const char *from_path, int to_dir, const char *to_path, unsigned int flags);
int open_tree(int dir, const char *path, unsigned int flags);
int mount_setattr(int dir, const char *path, unsigned int flags, struct mount_attr *attributes, size_t size);
