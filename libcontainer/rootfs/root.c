/* The root mount: from a directory of the host to the container's "/". */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/kernel.h"
#include "base/mountinfo.h"
#include "base/procfs.h"
#include "libcontainer/rootfs/filesystem.h"
#include "libcontainer/rootfs/plan.h"
#include "libcontainer/rootfs/tree.h"

/* The root's directory on the host. */
static int open_root(const struct rootfs_plan *plan, struct error *err)
{
	_cleanup_fd_ int bundle = -1;
	int fd;

	if (!plan->root_in_bundle) {
		fd = open(plan->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	} else {
		bundle = open(plan->bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (bundle < 0)
			return error_errno(err, errno, plan->bundle, "open bundle %s",
					   plan->bundle);
		fd = sys_openat2(bundle, plan->root_in_bundle, O_PATH | O_DIRECTORY, 0,
				 RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS);
	}
	if (fd < 0 && errno == EXDEV)
		return error_set(err, ERROR_INVALID, plan->root,
				 "root.path %s leads out of the bundle", plan->root_in_bundle);
	return fd < 0 ? error_errno(err, errno, plan->root, "open root.path %s", plan->root) : fd;
}

int rootfs_check(const struct rootfs_plan *plan, struct error *err)
{
	_cleanup_fd_ int fd = open_root(plan, err);

	if (fd < 0)
		err->code = ERROR_INVALID;
	return fd < 0 ? -1 : 0;
}

int root_open_detached(const struct rootfs_plan *plan, struct error *err)
{
	_cleanup_fd_ int directory = open_root(plan, err);
	int fd;

	if (directory < 0)
		return -1;
	fd = tree_open_isolated(directory, "", true, plan->isolation, err);
	return fd < 0 ? error_prefix(err, "root.path %s", plan->root) : fd;
}

/* ---- begin ---- */

/* What the host mounts appears here (slave), or doesn't (private), but nothing of ours on the host:
 * until a bind with a propagation of its own asks for that, which only works if the host's mounts
 * stay shared. */
static int isolate(const struct rootfs_plan *plan, struct error *err)
{
	struct mount_attr attr = { .propagation = plan->isolation };

	if (mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &attr, sizeof(attr)) < 0)
		return error_errno(
		    err, errno, "/",
		    "set the propagation of the host's mounts (is / a mount point?)");
	return 0;
}

/* Make the mount that @fd lies in private: found by going up until we are at its root. */
static int make_mount_private(int fd, struct error *err)
{
	_cleanup_fd_ int at = openat(fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	for (;;) {
		struct statx stx;
		int up;

		if (at < 0 || statx(at, "", AT_EMPTY_PATH, 0, &stx) < 0)
			return error_errno(err, errno, NULL, "find the root's mount");
		if (stx.stx_attributes & STATX_ATTR_MOUNT_ROOT)
			break;
		up = openat(at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		close(at);
		at = up;
	}
	if (tree_set_propagation(at, MS_PRIVATE) < 0)
		return error_errno(err, errno, NULL, "make the root's mount private");
	return 0;
}

/* The root as a mount of its own on top of the directory, all that is mounted beneath it included.
 * pivot_root(2) wants that, and that neither it nor the mount below it is shared. */
static int attach_own(const struct rootfs_plan *plan, struct error *err)
{
	_cleanup_fd_ int directory = open_root(plan, err);
	_cleanup_fd_ int tree = -1;
	bool shared = plan->isolation == MS_SHARED;

	if (directory < 0)
		return -1;
	if (shared && make_mount_private(directory, err) < 0)
		return -1;
	tree = tree_clone(directory, "", true);
	if (tree < 0 || (shared && tree_set_propagation(tree, MS_PRIVATE) < 0) ||
	    tree_attach(tree, directory) < 0)
		return error_errno(err, errno, plan->root, "mount root.path %s", plan->root);
	return steal_fd(&tree);
}

/* One that the parent opened is attached on top of "/": we may not be able to reach its own
 * directory. Lookups from "/" don't see what is on top of it, so the host's paths remain. */
static int attach_given(const struct rootfs_plan *plan, int source, struct error *err)
{
	_cleanup_fd_ int slash = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_fd_ int tree = fcntl(source, F_DUPFD_CLOEXEC, 0);

	if (slash < 0 || tree < 0 || tree_set_propagation(slash, MS_PRIVATE) < 0 ||
	    tree_attach(tree, slash) < 0)
		return error_errno(err, errno, plan->root, "mount root.path %s", plan->root);
	return steal_fd(&tree);
}

int rootfs_begin(const struct rootfs_plan *plan, int source, struct rootfs *ret_rootfs,
		 struct error *err)
{
	_cleanup_fd_ int root = -1, null = -1;

	if (!plan->mount_namespace) {
		root = open_root(plan, err);
	} else {
		if (isolate(plan, err) < 0)
			return -1;
		root = source < 0 ? attach_own(plan, err) : attach_given(plan, source, err);
	}
	if (root < 0)
		return -1;
	/* The host's, from before the container's tree exists: what that calls /dev/null could be
	 * anything (CVE-2025-31133). */
	if (plan->masked_paths.count &&
	    (null = tree_clone_device("/dev/null", S_IFCHR, makedev(1, 3), err)) < 0)
		return -1;
	*ret_rootfs = (struct rootfs){
		.root = steal_fd(&root),
		.null = steal_fd(&null),
		.dev = -1,
		.readonly = plan->readonly_later,
	};
	return 0;
}

void rootfs_close(struct rootfs *rootfs)
{
	cleanup_fd_(&rootfs->root);
	cleanup_fd_(&rootfs->null);
	cleanup_fd_(&rootfs->dev);
	for (size_t i = 0; i < rootfs->readonly_count; i++)
		close(rootfs->readonly[i]);
	*rootfs = (struct rootfs)ROOTFS_INIT;
}

/* ---- pivot ---- */

/* Both names are "." so that the old root comes to lie on top of the new one, from where it is
 * taken off; no directory for it is needed in the container's tree (pivot_root(2)). */
static int pivot(const struct rootfs_plan *plan, const struct rootfs *rootfs, struct error *err)
{
	_cleanup_fd_ int old = -1;

	/* taking off what is shared would take it off on the host, too */
	if (plan->isolation == MS_SHARED) {
		old = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (old < 0)
			return error_errno(err, errno, "/", "open the host's root");
	}
	if (fchdir(rootfs->root) < 0 || syscall(SYS_pivot_root, ".", ".") < 0)
		return error_errno(err, errno, plan->root,
				   "pivot_root to %s (from an initramfs only --no-pivot leads)",
				   plan->root);
	if (old >= 0 && tree_set_propagation(old, MS_SLAVE | MS_REC) < 0)
		return error_errno(err, errno, NULL, "cut the old root off");
	if (umount2(".", MNT_DETACH) < 0)
		return error_errno(err, errno, NULL, "take off the old root");
	return 0;
}

/* The host's procfs and sysfs, as long as they are mounted anywhere, would let the container mount
 * new ones without what was masked. One that can't be taken off (it is locked in a user namespace)
 * is covered. */
static int remove_leftover(const char *path, struct error *err)
{
	if (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) == 0 || errno == ENOENT)
		return 0;
	if (errno != EINVAL && errno != EPERM)
		return error_errno(err, errno, path, "take off the host's %s", path);
	if (mount("none", path, "tmpfs", MS_RDONLY, NULL) < 0 && errno != ENOENT)
		return error_errno(err, errno, path, "cover the host's %s", path);
	return 0;
}

/* What was mounted of procfs and sysfs before would show the host. */
static int remove_leftovers(int procfs, struct error *err)
{
	_cleanup_buffer_ struct buffer buffer = BUFFER_INIT;
	_cleanup_fd_ int fd = procfs_open_at(procfs, "self/mountinfo", O_RDONLY);
	struct mountinfo_line line;
	char path[PATH_MAX];
	const char *rest;

	if (fd < 0)
		return error_errno(err, errno, "/proc/self/mountinfo", "open mountinfo");
	if (fd_read(fd, MOUNTINFO_MAX, &buffer, "mountinfo", err) < 0)
		return -1;
	rest = buffer.bytes;
	while (mountinfo_next(&rest, &line)) {
		if (!mountinfo_is(line.type, "proc") && !mountinfo_is(line.type, "sysfs"))
			continue;
		if (!mountinfo_path(line.point, path))
			return error_set(
			    err, ERROR_SYSTEM, "/proc/self/mountinfo",
			    "a mount of the host's has too long a path to be taken off");
		if (remove_leftover(path, err) < 0)
			return -1;
	}
	return 0;
}

/* For a root from which pivot_root(2) can't leave, such as an initramfs. The paths of mountinfo are
 * those of the host: our root, on top of "/", is not seen by lookups. */
static int move(const struct rootfs_plan *plan, const struct rootfs *rootfs, struct error *err)
{
	_cleanup_fd_ int slash = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_fd_ int procfs = procfs_open(err);

	if (procfs < 0)
		return -1;
	if (slash < 0)
		return error_errno(err, errno, "/", "open the host's root");
	if (plan->root_from == ROOTFS_SOURCE_OWN && tree_attach(rootfs->root, slash) < 0)
		return error_errno(err, errno, plan->root, "move %s to /", plan->root);
	return remove_leftovers(procfs, err);
}

static int change_root(const struct rootfs *rootfs, struct error *err)
{
	if (fchdir(rootfs->root) < 0 || chroot(".") < 0)
		return error_errno(err, errno, NULL, "chroot to the root filesystem");
	return 0;
}

int rootfs_pivot(const struct rootfs_plan *plan, const struct rootfs *rootfs, struct error *err)
{
	if (plan->mount_namespace && !plan->no_pivot) {
		if (pivot(plan, rootfs, err) < 0)
			return -1;
	} else {
		if (plan->mount_namespace && move(plan, rootfs, err) < 0)
			return -1;
		if (change_root(rootfs, err) < 0)
			return -1;
	}
	return chdir("/") < 0 ? error_errno(err, errno, "/", "enter the root filesystem") : 0;
}

/* From an initramfs pivot_root(2) doesn't lead: then there is at least nothing of the host below our root. */
int rootfs_leave_host(struct error *err)
{
	static const struct mount_plan empty = { .type = "tmpfs", .destination = "/" };
	static const struct rootfs_plan plan = { .isolation = MS_PRIVATE, .root = "/" };
	_cleanup_fd_ int slash = -1, tree = -1;
	struct rootfs rootfs = ROOTFS_INIT;

	if (unshare(CLONE_NEWNS) < 0)
		return error_errno(err, errno, NULL, "make a mount namespace");
	slash = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	tree = filesystem_open(&empty, "0700", NULL, err);
	if (tree < 0)
		return -1;
	if (slash < 0 || tree_set_propagation(slash, MS_PRIVATE | MS_REC) < 0 ||
	    tree_attach(tree, slash) < 0)
		return error_errno(err, errno, "/", "make an empty root");
	rootfs.root = tree;
	if (pivot(&plan, &rootfs, err) < 0 && change_root(&rootfs, err) < 0)
		return -1;
	return chdir("/") < 0 ? error_errno(err, errno, "/", "enter an empty root") : 0;
}
