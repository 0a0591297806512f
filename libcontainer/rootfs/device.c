/* Devices (config-linux.md#devices, #default-devices). Everything is made relative to one
 * descriptor of the container's /dev, to which no link may lead: an image with a linked /dev once
 * had us write to the host (CVE-2026-41579, CVE-2026-47766). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "libcontainer/rootfs/plan.h"
#include "libcontainer/rootfs/tree.h"

static const struct device_link {
	const char *name, *target;
	const char *if_exists; /* on the host */
} links[] = {
	{ "fd", "/proc/self/fd" },
	{ "stdin", "/proc/self/fd/0" },
	{ "stdout", "/proc/self/fd/1" },
	{ "stderr", "/proc/self/fd/2" },
	{ "core", "/proc/kcore", "/proc/kcore" },
	/* always that of the devpts that the container mounted */
	{ "ptmx", "pts/ptmx" },
};

static int open_dev(struct rootfs *rootfs, struct error *err)
{
	if (rootfs->dev < 0)
		rootfs->dev =
		    path_make_directory(rootfs->root, "/dev", 0755, PATH_NO_SYMLINKS, err);
	return rootfs->dev < 0 ? -1 : 0;
}

/* Something is there already: it must be the very device. */
static int check_node(int parent, const char *name, const struct device_plan *device,
		      struct error *err)
{
	struct stat st;

	if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return error_errno(err, errno, device->path, "look at device %s", device->path);
	if ((st.st_mode & S_IFMT) != (device->mode & S_IFMT) ||
	    (!S_ISFIFO(st.st_mode) && st.st_rdev != device->device))
		return error_set(err, ERROR_INVALID, device->path,
				 "device %s: something else is there already", device->path);
	return 0;
}

/* A file to bind on: ours, or what was there, but never through a link (CVE-2026-88264). */
static int make_bind_target(int parent, const char *name, struct error *err)
{
	_cleanup_fd_ int made =
	    openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	_cleanup_fd_ int fd = -1;
	struct stat st;

	if (made < 0 && errno != EEXIST)
		return error_errno(err, errno, name, "make /dev/%s", name);
	fd = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return error_errno(err, errno, name, "open /dev/%s", name);
	if (!S_ISREG(st.st_mode) && !S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode))
		return error_set(err, ERROR_REFUSED, name, "%s is neither a file nor a device",
				 name);
	return steal_fd(&fd);
}

/* A user namespace makes no devices: the host's own is bound, if it is that device. */
static int bind_node(int parent, const char *name, const struct device_plan *device,
		     struct error *err)
{
	_cleanup_fd_ int target = -1, tree = -1;

	tree = tree_clone_device(device->path, device->mode & S_IFMT, device->device, err);
	if (tree < 0)
		return -1;
	target = make_bind_target(parent, name, err);
	if (target < 0)
		return -1;
	if (tree_attach(tree, target) < 0)
		return error_errno(err, errno, device->path, "bind device %s", device->path);
	return 0;
}

static int make_node(const struct rootfs_plan *plan, int parent, const char *name,
		     const struct device_plan *device, struct error *err)
{
	if (plan->user_namespace && !S_ISFIFO(device->mode))
		return bind_node(parent, name, device, err);
	if (mknodat(parent, name, device->mode, device->device) < 0) {
		if (errno == EEXIST)
			return check_node(parent, name, device, err);
		/* we are in a user namespace ourselves */
		if (errno == EPERM && !S_ISFIFO(device->mode))
			return bind_node(parent, name, device, err);
		return error_errno(err, errno, device->path, "make device %s", device->path);
	}
	if ((device->uid || device->gid) &&
	    fchownat(parent, name, device->uid, device->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return error_errno(err, errno, device->path, "set the owner of device %s",
				   device->path);
	return 0;
}

static int make_device(const struct rootfs_plan *plan, const struct rootfs *rootfs,
		       const struct device_plan *device, struct error *err)
{
	_cleanup_fd_ int parent = -1;
	char name[NAME_MAX + 1];

	if (device->name && !strchr(device->name, '/'))
		return make_node(plan, rootfs->dev, device->name, device, err);
	parent = device->name
		     ? path_make_parent(rootfs->dev, device->name, 0755,
					PATH_NO_SYMLINKS | PATH_NOFOLLOW, name, err)
		     : path_make_parent(rootfs->root, device->path, 0755, PATH_NOFOLLOW, name, err);
	if (parent < 0)
		return error_prefix(err, "device %s", device->path);
	return make_node(plan, parent, name, device, err);
}

/* A link that is there already stays: it is the image's own affair. */
static int make_link(int dev, const struct device_link *link, struct error *err)
{
	if (link->if_exists && faccessat(AT_FDCWD, link->if_exists, F_OK, AT_EACCESS) < 0)
		return 0;
	if (symlinkat(link->target, dev, link->name) < 0 && errno != EEXIST)
		return error_errno(err, errno, link->name, "make link /dev/%s", link->name);
	return 0;
}

static int make_all(const struct rootfs_plan *plan, struct rootfs *rootfs, struct error *err)
{
	if (open_dev(rootfs, err) < 0)
		return -1;
	for (size_t i = 0; i < plan->devices.count; i++)
		if (make_device(plan, rootfs, &plan->devices.items[i], err) < 0)
			return -1;
	for (size_t i = 0; i < array_length(links); i++)
		if (make_link(rootfs->dev, &links[i], err) < 0)
			return -1;
	return 0;
}

int rootfs_devices(const struct rootfs_plan *plan, struct rootfs *rootfs, struct error *err)
{
	mode_t old;
	int result;

	if (!plan->devices_wanted)
		return 0;
	old = umask(0);
	result = make_all(plan, rootfs, err);
	umask(old);
	return result;
}

int rootfs_console(struct rootfs *rootfs, int slave, struct error *err)
{
	_cleanup_fd_ int tree = tree_clone(slave, "", false);
	_cleanup_fd_ int target = -1;

	if (tree < 0)
		return error_errno(err, errno, "/dev/console",
				   "open the terminal for /dev/console");
	if (open_dev(rootfs, err) < 0)
		return -1;
	target = make_bind_target(rootfs->dev, "console", err);
	if (target < 0)
		return -1;
	if (tree_attach(tree, target) < 0)
		return error_errno(err, errno, "/dev/console", "bind /dev/console");
	return 0;
}
