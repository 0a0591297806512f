/* The container's file tree: mounts, devices, masked and read-only paths, and the change of root.
 *
 * Everything in the root filesystem is hostile (ARCHITECTURE.md tells why). So a path in it is
 * turned once into a descriptor by base/path.h, and from then on only descriptors are used: mounts
 * are made detached (fsopen(2), open_tree(2)), get their attributes while nobody can see them, and
 * are attached by move_mount(2) to the descriptor of their destination. Nothing here gives the
 * kernel a path in the rootfs as text.
 *
 * The order of the calls, in init but where it says otherwise:
 *
 *	rootfs_plan                parent, before the clone
 *	rootfs_check               parent, before anything is made: a bad root is told early
 *	rootfs_begin               propagation; the root mount, whose descriptor all the others use
 *	rootfs_mount 0 … count-1   in this order (config.md#mounts); sources that init can't reach
 *	                           come from rootfs_open_source in the parent
 *	rootfs_devices             nodes and links in /dev
 *	rootfs_console             with process.terminal
 *	(createContainer hooks)
 *	rootfs_pivot
 *	rootfs_procfs              when something in /proc is to be written
 *	rootfs_protect             read-only and masked paths, then what stayed writable for them
 *
 * All of them but rootfs_pivot work on descriptors alone, and don't care on which side of it they
 * are called.
 *
 * A running container gets more mounts by rootfs_plan (.running), then rootfs_mount in a process that has
 * entered its mount namespace, and loses them by rootfs_unmount. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "oci/config.h"

/* What the plan must know besides the config. */
struct rootfs_request {
	const char *bundle;	    /* absolute */
	bool mount_namespace;	    /* new or joined; without one only chroot(2) is left */
	bool user_namespace;	    /* new or joined */
	bool network_namespace_own; /* new, not joined or inherited: then sysfs can be mounted */
	bool cgroup_namespace_own;  /* new: a cgroup mount shows the container's cgroup as root */
	bool pid_namespace_joined;  /* its procfs is made by a helper: ROOTFS_SOURCE_PROCFS */
	bool parent_mounts;	    /* the parent has CAP_SYS_ADMIN over its own mount namespace */
	bool no_pivot;		    /* --no-pivot */
	bool running; /* the config's mounts are those to be added to a container that is there */
	const char *user_namespace_path; /* of a joined one; NULL */
	const char *cgroup_mount;	 /* where cgroup v2 is mounted on the host; NULL: nowhere */
	const char *cgroup_path;	 /* of the container below it; NULL: none */
	const char *notify_dir;		 /* host directory that appears as /run/notify; NULL */
};

struct rootfs_plan;

/* Parent. Decide everything that config.md#root, #mounts and config-linux.md (devices, masked and
 * read-only paths, rootfsPropagation, mountLabel) ask for; nothing of the host is looked at. The
 * plan is a deep copy in @arena, made for init. For a container that is running it is about mounts
 * alone: all sources come from the parent, and none may cover what is masked. ERROR_INVALID,
 * ERROR_UNSUPPORTED. */
int rootfs_plan(const struct config *config, const struct rootfs_request *request,
		struct arena *arena, struct rootfs_plan **ret_plan, struct error *err);

/* The root filesystem's absolute path on the host, for the state. */
const char *rootfs_path(const struct rootfs_plan *plan);

/* Parent. Is root.path a directory, and, where it is relative, does it stay in the bundle
 * (ERROR_INVALID)? rootfs_begin asks the same again, for itself. */
int rootfs_check(const struct rootfs_plan *plan, struct error *err);

/* Does the config ask for a bind there? Pure; @arena for what it needs meanwhile. */
bool rootfs_is_bind(const struct config_mount *mount, struct arena *arena);

/* Does it only change what is mounted there? Pure. */
bool rootfs_is_remount(const struct config_mount *mount, struct arena *arena);

/* What the config forbids in that mount, MOUNT_ATTR_… as mount_setattr(2) sets it. Pure. */
uint64_t rootfs_attributes(const struct config_mount *mount, struct arena *arena);

/* Number of mounts to be made by rootfs_mount(): those of the config, and some of ours. */
size_t rootfs_mount_count(const struct rootfs_plan *plan);

/* The type of the new filesystem that mount @index is, and *ret_at where it is to be; NULL if it is a bind, or changes
 * what is there. */
const char *rootfs_new_filesystem(const struct rootfs_plan *plan, size_t index,
				  const char **ret_at);

/* Who makes the source of a mount, or of the root itself (ROOTFS_ROOT). */
#define ROOTFS_ROOT SIZE_MAX
enum rootfs_source {
	ROOTFS_SOURCE_OWN,    /* init: pass -1 */
	ROOTFS_SOURCE_PARENT, /* rootfs_open_source() in the parent, the descriptor handed over */
	ROOTFS_SOURCE_PROCFS, /* rootfs_open_procfs() by a helper in the joined pid namespace */
};
enum rootfs_source rootfs_source(const struct rootfs_plan *plan, size_t index);

/* Parent. A detached clone of the bind source of mount @index, or of the root (ROOTFS_ROOT), with
 * id mappings applied when the config asks for them: for a container in a user namespace that may
 * not be able to reach it. Mounts of the host show up in it or not as in a mount namespace of the
 * container's own, those of the container never on the host. Returns the descriptor. */
int rootfs_open_source(const struct rootfs_plan *plan, size_t index, struct error *err);

/* A detached procfs with the options of mount @index, of @pid_namespace (ERROR_UNSUPPORTED where the kernel can't: before
 * 6.17) or, if that is -1, of one's own. Parent, or a helper. */
int rootfs_open_procfs(const struct rootfs_plan *plan, size_t index, int pid_namespace,
		       struct error *err);

/* Helper. Change to a mount namespace with nothing in it but an empty directory. */
int rootfs_leave_host(struct error *err);

/* A root filesystem in the making: descriptors only, all CLOEXEC. */
struct rootfs {
	int root;      /* the root mount, O_PATH */
	int null;      /* a clone of the host's /dev/null, verified; -1 if nothing is masked */
	int dev;       /* the container's /dev, O_PATH; -1 before rootfs_devices() */
	int *readonly; /* mounts that become read-only in the end; in the plan's arena */
	size_t readonly_count;
	/* of a running container: told of each mount before anybody can see it; NULL */
	int (*announce)(void *context, int tree, struct error *err);
	void *context;
};
#define ROOTFS_INIT                                                                                \
	{                                                                                          \
		.root = -1, .null = -1, .dev = -1                                                  \
	}

/* Cut the mount namespace off from the host as linux.rootfsPropagation asks (default: slave),
 * attach the root as a mount of its own. @source is the root's (see rootfs_source()) or -1. */
int rootfs_begin(const struct rootfs_plan *plan, int source, struct rootfs *ret_rootfs,
		 struct error *err);

/* Make mount @index: source, destination (made if missing), attributes, propagation. @source is
 * what rootfs_source() asked for, else -1; it stays the caller's. A bind of a file on a directory
 * or the reverse contains "not a directory". */
int rootfs_mount(const struct rootfs_plan *plan, struct rootfs *rootfs, size_t index, int source,
		 struct error *err);

/* Default devices, links and linux.devices (config-linux.md#default-devices): made by mknod(2), in
 * a user namespace bound from the host. Nothing is done when the config binds /dev itself. */
int rootfs_devices(const struct rootfs_plan *plan, struct rootfs *rootfs, struct error *err);

/* Make /dev/console a bind of the pty's @slave, which belongs to a devpts of this mount namespace.
 */
int rootfs_console(struct rootfs *rootfs, int slave, struct error *err);

/* Make the container's root the root of this process and leave the host's tree: pivot_root(2), or
 * with no_pivot move and chroot(2), or without a mount namespace chroot(2) alone. The working
 * directory is the new root then. */
int rootfs_pivot(const struct rootfs_plan *plan, const struct rootfs *rootfs, struct error *err);

/* A procfs to read and write through base/procfs.h that no mount of the container can shadow. The
 * kernel makes none in a user namespace once paths in /proc are masked: call it before
 * rootfs_protect(). Returns its descriptor, the caller's. */
int rootfs_procfs(const struct rootfs *rootfs, struct error *err);

/* linux.readonlyPaths, then linux.maskedPaths (missing ones are fine), then mounts that were kept
 * writable, root.readonly, and rootfsPropagation for the root mount. */
int rootfs_protect(const struct rootfs_plan *plan, struct rootfs *rootfs, struct error *err);

/* What tells a mount from others (statx(2)). */
struct mount_identity {
	uint64_t id;	 /* as in proc_pid_mountinfo(5); another mount may get it later */
	uint64_t unique; /* no other mount ever has it; 0 before Linux 6.8 */
};

/* The identity of the mount that @fd is in; detached ones have it already. Any process. */
int mount_identify(int fd, struct mount_identity *ret_identity, struct error *err);

/* Detach @mounts, wherever in the tree of @root they are now, with all that is mounted beneath them: all or
 * none. What is gone is fine; one that is covered by another mount is ERROR_REFUSED. @procfs is a verified
 * one of the caller's. Changes the working directory. In the container's mount namespace. */
int rootfs_unmount(int root, int procfs, const struct mount_identity *mounts, size_t count,
		   struct error *err);

/* Close what is open. */
void rootfs_close(struct rootfs *rootfs);

/* The names of all mount options, for `features`: row @index in alphabetical order, NULL behind the
 * last. */
const char *rootfs_mount_option(size_t index);
