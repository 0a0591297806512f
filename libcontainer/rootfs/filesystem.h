/* New instances of filesystems, made by fsopen(2) or, where that has no word for an option, by
 * mount(2). Private to this room. */
#pragma once

#include "libcontainer/rootfs/plan.h"

/* A detached mount of a new instance of @mount->type with the mount's attributes. A parameter named
 * @without is left out; @mode, if not NULL, is added as mode=. -1 with err->errnum; the error ends
 * with what the filesystem itself says. Any process. */
int filesystem_open(const struct mount_plan *mount, const char *mode, const char *without,
		    struct error *err);

/* A detached procfs of the pid namespace in @pid_namespace, in which the caller needs not be, but over which it has
 * CAP_SYS_ADMIN. ERROR_UNSUPPORTED where the kernel can't. Any process. */
int filesystem_open_procfs(const struct mount_plan *mount, int pid_namespace, struct error *err);

/* What filesystem_open() does, through mount(2). @root is the root mount, on which a place to mount is made for a
 * moment, unseen by those who look from inside it. Changes the working directory. init. */
int filesystem_open_old(const struct mount_plan *mount, int root, const char *mode,
			const char *without, struct error *err);

/* Give the parameters of @mount to the filesystem that is mounted at @target. */
int filesystem_change(const struct mount_plan *mount, int target, struct error *err);
