#include "libcontainer/rootfs/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"

int tree_clone(int dirfd, const char *path, bool recursive)
{
	return open_tree(dirfd, path,
			 OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (path[0] ? 0 : AT_EMPTY_PATH) |
			     (recursive ? AT_RECURSIVE : 0));
}

int tree_attach(int tree, int target)
{
	return move_mount(tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

int tree_set_attributes(int tree, struct attributes attributes, bool recursive)
{
	struct mount_attr attr = { .attr_set = attributes.set, .attr_clr = attributes.clear };

	if (!attributes.set && !attributes.clear)
		return 0;
	return mount_setattr(tree, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &attr,
			     sizeof(attr));
}

int tree_set_propagation(int tree, unsigned long propagation)
{
	struct mount_attr attr = { .propagation = propagation & ~(unsigned long)MS_REC };

	return mount_setattr(tree, "", AT_EMPTY_PATH | (propagation & MS_REC ? AT_RECURSIVE : 0),
			     &attr, sizeof(attr));
}

int tree_open_isolated(int dirfd, const char *path, bool recursive, unsigned long isolation,
		       struct error *err)
{
	_cleanup_fd_ int tree = tree_clone(dirfd, path, recursive);
	unsigned long propagation = isolation == MS_PRIVATE ? MS_PRIVATE : MS_SLAVE;

	if (tree < 0)
		return error_errno(err, errno, path, "open source %s", path);
	if (tree_set_propagation(tree, propagation | MS_REC) < 0)
		return error_errno(err, errno, path, "cut source %s off from the host", path);
	return steal_fd(&tree);
}

int tree_clone_device(const char *path, mode_t type, dev_t device, struct error *err)
{
	_cleanup_fd_ int tree = tree_clone(AT_FDCWD, path, false);
	struct stat st;

	if (tree < 0 || fstat(tree, &st) < 0)
		return error_errno(err, errno, path, "open the host's %s", path);
	if ((st.st_mode & S_IFMT) != type || st.st_rdev != device)
		return error_set(err, ERROR_REFUSED, path, "the host's %s is not the device %u:%u",
				 path, major(device), minor(device));
	return steal_fd(&tree);
}
