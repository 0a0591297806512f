/* Detached mounts, and what can be done with one: thin over mount_setattr(2) and its kin. -1 with
 * errno set. Private to this room. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "libcontainer/rootfs/option.h"

/* A detached clone of the mount at @path, or of @dirfd itself for "", with @recursive of all that
 * is mounted beneath. */
int tree_clone(int dirfd, const char *path, bool recursive);

/* Attach a detached mount to the file or directory @target. */
int tree_attach(int tree, int target);

/* Set attributes or propagation of a mount, with @recursive or MS_REC also of all beneath it. */
int tree_set_attributes(int tree, struct attributes attributes, bool recursive);
int tree_set_propagation(int tree, unsigned long propagation);

/* For the parent: a detached clone that shares with the host no more than a copy of the host's mounts in a mount
 * namespace of the container's own would: the clone of a shared mount gives the host what the container mounts
 * there. @isolation: MS_PRIVATE, else what the host mounts appears in it (as with MS_SLAVE). */
int tree_open_isolated(int dirfd, const char *path, bool recursive, unsigned long isolation,
		       struct error *err);

/* A detached clone of the character or block device at the host's @path, which must be @device:
 * what a container, or somebody before us, put there is not taken for it (CVE-2025-31133). */
int tree_clone_device(const char *path, mode_t type, dev_t device, struct error *err);
