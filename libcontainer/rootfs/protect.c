/* What the container must not see or change: config-linux.md#masked-paths, #readonly-paths,
 * config.md#root (readonly). */
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "base/procfs.h"
#include "libcontainer/rootfs/filesystem.h"
#include "libcontainer/rootfs/plan.h"
#include "libcontainer/rootfs/rootfs.h"
#include "libcontainer/rootfs/tree.h"

static const struct attributes read_only = { .set = MOUNT_ATTR_RDONLY };

/* *ret_fd is -1 if there is no such path: then there is nothing to protect. */
static int open_if_there(const struct rootfs *rootfs, const char *path, int *ret_fd,
			 struct error *err)
{
	int fd = path_open(rootfs->root, path, 0, err);

	if (fd < 0 && err->errnum != ENOENT)
		return -1;
	*ret_fd = fd;
	return 0;
}

/* What is mounted on the root nobody sees who is there already. 1, 0, or -1. */
static int is_root(const struct rootfs *rootfs, int fd, const struct stat *st, struct error *err)
{
	struct mount_identity root, there;
	struct stat root_st;

	if (fstat(rootfs->root, &root_st) < 0)
		return error_errno(err, errno, NULL, "look at the root filesystem");
	if (st->st_ino != root_st.st_ino || st->st_dev != root_st.st_dev)
		return 0;
	if (mount_identify(rootfs->root, &root, err) < 0 || mount_identify(fd, &there, err) < 0)
		return -1;
	return root.id == there.id;
}

/* A read-only bind of the path on itself. */
static int make_readonly(const struct rootfs *rootfs, const char *path, struct error *err)
{
	_cleanup_fd_ int target = -1, tree = -1;
	struct stat st;
	int root;

	if (open_if_there(rootfs, path, &target, err) < 0)
		return -1;
	if (target < 0)
		return 0;
	if (fstat(target, &st) < 0)
		return error_errno(err, errno, path, "look at %s", path);
	root = is_root(rootfs, target, &st, err);
	if (root < 0)
		return -1;
	if (root && tree_set_attributes(rootfs->root, read_only, false) == 0)
		return 0;
	tree = root ? -1 : tree_clone(target, "", true);
	if (tree < 0 || tree_set_attributes(tree, read_only, false) < 0 ||
	    tree_attach(tree, target) < 0)
		return error_errno(err, errno, path, "make %s read-only", path);
	return 0;
}

/* What covers a masked path: /dev/null or an empty directory, the same for all. The first time it
 * is attached itself, then clones of it are, for older kernels clone no mount that isn't attached.
 */
struct cover {
	int tree;
	bool attached;
};

static int cover(struct cover *cover, int target)
{
	_cleanup_fd_ int clone = -1;

	if (!cover->attached) {
		cover->attached = tree_attach(cover->tree, target) == 0;
		return cover->attached ? 0 : -1;
	}
	clone = tree_clone(cover->tree, "", false);
	return clone < 0 ? -1 : tree_attach(clone, target);
}

static int mask(const struct rootfs_plan *plan, const struct rootfs *rootfs, const char *path,
		struct cover *null, struct cover *empty, struct error *err)
{
	_cleanup_fd_ int target = -1;
	struct stat st;
	int root;

	if (open_if_there(rootfs, path, &target, err) < 0)
		return -1;
	if (target < 0)
		return 0;
	if (fstat(target, &st) < 0)
		return error_errno(err, errno, path, "look at %s", path);
	root = is_root(rootfs, target, &st, err);
	if (root)
		return root < 0 ? -1
				: error_set(err, ERROR_INVALID, path,
					    "%s is the root, which can't be masked", path);
	if (S_ISDIR(st.st_mode) && empty->tree < 0 &&
	    (empty->tree = filesystem_open(plan->empty, "0755", NULL, err)) < 0)
		return -1;
	if (cover(S_ISDIR(st.st_mode) ? empty : null, target) < 0)
		return error_errno(err, errno, path, "mask %s", path);
	return 0;
}

static int mask_all(const struct rootfs_plan *plan, const struct rootfs *rootfs, struct error *err)
{
	struct cover null = { .tree = rootfs->null }, empty = { .tree = -1 };
	int result = 0;

	for (size_t i = 0; i < plan->masked_paths.count && result == 0; i++) {
		result = mask(plan, rootfs, plan->masked_paths.items[i], &null, &empty, err);
		if (result < 0)
			error_prefix(err, "linux.maskedPaths[%zu]", i);
	}
	cleanup_fd_(&empty.tree);
	return result;
}

/* By descriptor: a path would be the container's by now (CVE-2026-115521). */
static int finish(const struct rootfs_plan *plan, const struct rootfs *rootfs, struct error *err)
{
	for (size_t i = 0; i < rootfs->readonly_count; i++)
		if (tree_set_attributes(rootfs->readonly[i], read_only, false) < 0)
			return error_errno(err, errno, NULL, "make a mount read-only");
	if (plan->readonly && tree_set_attributes(rootfs->root, read_only, false) < 0)
		return error_errno(err, errno, "root.readonly", "make the root read-only");
	/* Private is what it is already. Of the root alone, as the specification says, also by "rshared": each mount on it has
	 * what its own options say. */
	if (plan->propagation && !(plan->propagation & MS_PRIVATE) &&
	    tree_set_propagation(rootfs->root, plan->propagation & ~(unsigned long)MS_REC) < 0)
		return error_errno(err, errno, "linux.rootfsPropagation",
				   "set the root's propagation");
	return 0;
}

int rootfs_protect(const struct rootfs_plan *plan, struct rootfs *rootfs, struct error *err)
{
	for (size_t i = 0; i < plan->readonly_paths.count; i++)
		if (make_readonly(rootfs, plan->readonly_paths.items[i], err) < 0)
			return error_prefix(err, "linux.readonlyPaths[%zu]", i);
	if (mask_all(plan, rootfs, err) < 0)
		return -1;
	return finish(plan, rootfs, err);
}

int rootfs_procfs(const struct rootfs *rootfs, struct error *err)
{
	static const struct mount_plan procfs = {
		.type = "proc",
		.destination = "/proc",
		.options.own.set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
	};
	_cleanup_fd_ int fd = filesystem_open(&procfs, NULL, NULL, err);

	/* no new one is allowed here: the container's, if it is one, and base/procfs.h won't cross
	 * into what is mounted over parts of it */
	if (fd < 0)
		fd = path_open(rootfs->root, "/proc", PATH_NO_SYMLINKS | PATH_DIRECTORY, err);
	if (fd < 0 || procfs_verify(fd, err) < 0)
		return -1;
	return steal_fd(&fd);
}
