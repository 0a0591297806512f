/* Making one mount of the plan (config.md#mounts). */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "base/procfs.h"
#include "libcontainer/rootfs/copy_up.h"
#include "libcontainer/rootfs/filesystem.h"
#include "libcontainer/rootfs/idmap.h"
#include "libcontainer/rootfs/plan.h"
#include "libcontainer/rootfs/tree.h"

/* ---- the destination ---- */

static int make_target(const struct mount_plan *mount, int root, bool directory, int resolve,
		       struct error *err)
{
	int flags = resolve | PATH_MISSING;
	mode_t old = umask(0);
	int fd = directory ? path_make_directory(root, mount->destination, 0755, flags, err)
			   : path_make_file(root, mount->destination, 0755, flags, err);

	umask(old);
	return fd;
}

/* The plan has checked the destination's text, but a link may still lead into a procfs. */
static int check_target(const struct mount_plan *mount, int target, struct error *err)
{
	struct statfs fs;

	if (fstatfs(target, &fs) < 0)
		return error_errno(err, errno, mount->destination, "look at the destination");
	if (fs.f_type == PROC_SUPER_MAGIC)
		return error_set(err, ERROR_REFUSED, mount->destination,
				 "the destination leads into a procfs");
	return 0;
}

/* A descriptor of the destination, made if it is missing (*ret_made). Most have no link on the way, so that
 * is tried first, and where it succeeds nothing needs to be checked. */
static int open_target(const struct mount_plan *mount, int root, bool directory, bool *ret_made,
		       struct error *err)
{
	int type = directory ? PATH_DIRECTORY : 0, resolve = PATH_NO_SYMLINKS;
	_cleanup_fd_ int fd = path_open(root, mount->destination, resolve | type, err);

	if (fd < 0 && err->code == ERROR_REFUSED && mount->resolve != resolve) {
		resolve = mount->resolve;
		fd = path_open(root, mount->destination, resolve | type, err);
	}
	*ret_made = fd < 0 && err->errnum == ENOENT;
	if (*ret_made)
		fd = make_target(mount, root, directory, resolve, err);
	if (fd < 0 || (resolve != PATH_NO_SYMLINKS && check_target(mount, fd, err) < 0))
		return -1;
	return steal_fd(&fd);
}

static bool is_directory(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
}

/* ---- the source ---- */

static int set_attributes(const struct mount_plan *mount, int tree)
{
	if (tree_set_attributes(tree, mount->options.own, false) < 0)
		return -1;
	return tree_set_attributes(tree, mount->options.recursive, true);
}

/* Options that aren't named stay as the host's mount has them, so one that a user namespace may not
 * change is only in the way of those who ask for its opposite. */
static int set_bind_attributes(const struct mount_plan *mount, int tree, struct error *err)
{
	if (set_attributes(mount, tree) == 0)
		return 0;
	if (errno == EPERM)
		return error_errno(err, errno, mount->source,
				   "an option would lift a restriction of the host's mount of %s",
				   mount->source);
	return error_errno(err, errno, mount->source, "set the options of the bind of %s",
			   mount->source);
}

static int set_propagation(const struct mount_plan *mount, int tree, struct error *err)
{
	for (size_t i = 0; i < mount->options.propagation.count; i++)
		if (tree_set_propagation(tree, mount->options.propagation.items[i]) < 0)
			return error_errno(err, errno, mount->destination, "set its propagation");
	return 0;
}

static int open_bind(const struct mount_plan *mount, struct error *err)
{
	bool recursive = mount->options.flags & OPTION_RECURSIVE;
	int tree = tree_clone(AT_FDCWD, mount->source, recursive);

	if (tree < 0 && errno == EINVAL && !recursive)
		return error_errno(err, errno, mount->source,
				   "open source %s (a user namespace must take along what is "
				   "mounted beneath it: rbind)",
				   mount->source);
	return tree < 0 ? error_errno(err, errno, mount->source, "open source %s", mount->source)
			: tree;
}

static int open_new(const struct mount_plan *mount, int root, const char *mode, const char *without,
		    struct error *err)
{
	return mount->old_api ? filesystem_open_old(mount, root, mode, without, err)
			      : filesystem_open(mount, mode, without, err);
}

/* ---- together ---- */

/* Those who look at the tree meanwhile must see the mount as it is to be, and whoever has to take it
 * away must know it before it is there. */
static int announce(const struct mount_plan *mount, const struct rootfs *rootfs, int tree,
		    struct error *err)
{
	static const struct attributes read_only = { .set = MOUNT_ATTR_RDONLY };

	if (!rootfs->announce)
		return 0;
	if (mount->readonly_later && tree_set_attributes(tree, read_only, false) < 0)
		return error_errno(err, errno, mount->destination, "make it read-only");
	return rootfs->announce(rootfs->context, tree, err);
}

/* Attach @tree, and do what can only be done with an attached mount: a detached one would join the
 * peer group of a shared mount that it is attached to. */
static int attach(const struct mount_plan *mount, struct rootfs *rootfs, int tree, int target,
		  struct error *err)
{
	if (announce(mount, rootfs, tree, err) < 0)
		return -1;
	if (tree_attach(tree, target) < 0)
		return error_errno(err, errno, mount->destination, "attach it");
	if (set_propagation(mount, tree, err) < 0)
		return -1;
	if (mount->readonly_later && !rootfs->announce) {
		int kept = fcntl(tree, F_DUPFD_CLOEXEC, 0);

		if (kept < 0)
			return error_errno(err, errno, mount->destination, "keep it");
		rootfs->readonly[rootfs->readonly_count++] = kept;
	}
	return 0;
}

static int mount_bind(const struct mount_plan *mount, struct rootfs *rootfs, int source,
		      struct error *err)
{
	_cleanup_fd_ int own = source < 0 ? open_bind(mount, err) : -1;
	int tree = source < 0 ? own : source;
	_cleanup_fd_ int target = -1;
	struct stat st;
	bool made;

	if (tree < 0)
		return -1;
	if (fstat(tree, &st) < 0)
		return error_errno(err, errno, mount->source, "look at source %s", mount->source);
	/* a /proc that is none would deceive all who trust in it (CVE-2019-16884) */
	if (strcmp(mount->destination, "/proc") == 0 && procfs_verify(tree, err) < 0)
		return error_prefix(err, "only a procfs can be mounted on /proc, not %s",
				    mount->source);
	target = open_target(mount, rootfs->root, S_ISDIR(st.st_mode), &made, err);
	if (target < 0 || set_bind_attributes(mount, tree, err) < 0)
		return -1;
	if (!S_ISDIR(st.st_mode) && is_directory(target))
		return error_errno(err, ENOTDIR, mount->source,
				   "the destination is a directory, %s", mount->source);
	return attach(mount, rootfs, tree, target, err);
}

static int open_instance(const struct mount_plan *mount, int root, const char *mode,
			 struct error *err)
{
	int tree = open_new(mount, root, mode, NULL, err);

	/* devpts with gid=5 where group 5 has no mapping: the terminals keep their owner's group */
	if (tree < 0 && mount->gid_optional && err->errnum == EINVAL)
		tree = open_new(mount, root, mode, "gid", err);
	if (tree < 0 && err->errnum == EPERM && strcmp(mount->type, "proc") == 0)
		error_prefix(err, "no new procfs is possible here (it takes a pid namespace of the "
				  "container's own, and inside a container a /proc without masked "
				  "paths); a bind of /proc is");
	return tree;
}

/* For what takes no context=; a descriptor of fsmount(2) takes no attribute. */
static int label_root(const struct mount_plan *mount, int tree, struct error *err)
{
	_cleanup_fd_ int root = openat(tree, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (root < 0 ||
	    fsetxattr(root, "security.selinux", mount->label, strlen(mount->label) + 1, 0) < 0)
		return error_errno(err, errno, mount->destination, "give it the label %s",
				   mount->label);
	return 0;
}

static int mount_filesystem(const struct mount_plan *mount, struct rootfs *rootfs, int source,
			    struct error *err)
{
	_cleanup_fd_ int target = -1, own = -1;
	char mode[16] = "";
	struct stat st;
	bool made;

	target = open_target(mount, rootfs->root, true, &made, err);
	if (target < 0)
		return -1;
	if (mount->keep_mode && !made && fstat(target, &st) == 0)
		snprintf(mode, sizeof(mode), "%o", st.st_mode & 07777);
	if (source < 0 &&
	    (own = open_instance(mount, rootfs->root, mode[0] ? mode : NULL, err)) < 0)
		return -1;
	if (mount->label && own >= 0 && label_root(mount, own, err) < 0)
		return -1;
	if (mount->options.flags & OPTION_COPY_UP && copy_up(target, own, err) < 0)
		return -1;
	return attach(mount, rootfs, source < 0 ? own : source, target, err);
}

/* mount(8)'s "remount", with "bind" for the mount alone, without for its filesystem, too. */
static int change(const struct mount_plan *mount, struct rootfs *rootfs, struct error *err)
{
	_cleanup_fd_ int target = path_open(rootfs->root, mount->destination, mount->resolve, err);

	if (target < 0)
		return -1;
	if (!(mount->options.flags & OPTION_BIND) && filesystem_change(mount, target, err) < 0)
		return -1;
	if (set_attributes(mount, target) < 0)
		return error_errno(err, errno, mount->destination, "change its options");
	return set_propagation(mount, target, err);
}

static int make(const struct mount_plan *mount, struct rootfs *rootfs, int source,
		struct error *err)
{
	switch (mount->kind) {
	case MOUNT_FILESYSTEM:
		return mount_filesystem(mount, rootfs, source, err);
	case MOUNT_BIND:
		return mount_bind(mount, rootfs, source, err);
	case MOUNT_CHANGE:
		return change(mount, rootfs, err);
	}
	return error_set(err, ERROR_INVALID, mount->destination, "unknown kind of mount");
}

/* The kernel makes no new procfs, sysfs or mqueue in a user namespace if the namespace that it shows isn't
 * owned by that, or if an outer container has masked parts of it; a rootless container may have no cgroup. */
static bool unavailable(const struct error *err)
{
	return err->errnum == EPERM || err->errnum == EBUSY || err->errnum == ENOENT;
}

int rootfs_mount(const struct rootfs_plan *plan, struct rootfs *rootfs, size_t index, int source,
		 struct error *err)
{
	const struct mount_plan *mount = &plan->mounts.items[index];
	int result = make(mount, rootfs, source, err);

	for (; result < 0 && mount->instead && unavailable(err); mount = mount->instead)
		result = make(mount->instead, rootfs, -1, err);
	return result < 0 ? error_prefix(err, "mount %s", mount->destination) : 0;
}

int rootfs_open_procfs(const struct rootfs_plan *plan, size_t index, int pid_namespace,
		       struct error *err)
{
	const struct mount_plan *mount = &plan->mounts.items[index];

	if (pid_namespace >= 0)
		return filesystem_open_procfs(mount, pid_namespace, err);
	return filesystem_open(mount, NULL, NULL, err);
}

/* ---- for init, by the parent ---- */

int rootfs_open_source(const struct rootfs_plan *plan, size_t index, struct error *err)
{
	const struct mount_plan *mount;
	_cleanup_fd_ int tree = -1;

	if (index == ROOTFS_ROOT)
		return root_open_detached(plan, err);
	mount = &plan->mounts.items[index];
	tree = tree_open_isolated(AT_FDCWD, mount->source, mount->options.flags & OPTION_RECURSIVE,
				  plan->isolation, err);
	if (tree < 0 || (mount->idmap && idmap_apply(mount->idmap, tree, mount->source, err) < 0))
		return error_prefix(err, "mount %s", mount->destination);
	return steal_fd(&tree);
}
