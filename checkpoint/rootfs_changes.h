/* What a container has changed in its root filesystem, as entries of a stream, and the same put into another one. What it was
 * made of is unknown here. So what has changed is told by the time that the kernel marks a file with whenever anything of it
 * changes (ctime), and nobody can set; and each directory that has changed says what is in it (rootfs_names.h), so that what
 * was removed is known to be so, and that another image is noticed. A directory that has changed in one that has may have been
 * renamed, which marks nothing of what is in it: of that, all is written.
 *
 * Regular files with their extended attributes, directories, symbolic links and fifos; sockets and devices are left out, other
 * mounts not entered (a mount is told by its id), and a file of two names becomes two files. Whoever calls this sees that the
 * container doesn't run. */
#pragma once

#include <time.h>

#include "checkpoint/tar.h"

/* Write what has changed below @rootfs since @since, under names that begin with @prefix. */
int rootfs_changes_put(struct stream *stream, const char *prefix, const char *rootfs,
		       const struct timespec *since, struct error *err);

/* Make one such change in the directory @root, at @path there ("" or "/…"). Both may be anybody's: no link is followed, and
 * what is made is none of what could reach beyond it. */
int rootfs_change_take(struct tar_reader *reader, const struct tar_entry *entry, const char *path,
		       int root, struct error *err);
