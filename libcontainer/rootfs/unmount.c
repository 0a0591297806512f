/* Taking away mounts that were added to a running container. Its processes may have moved them along with the
 * directories they are in, or put others over them: so a mount is known by its identity, looked for where the
 * kernel says that it is, and detached by descriptor. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mountinfo.h"
#include "base/path.h"
#include "base/procfs.h"
#include "libcontainer/rootfs/rootfs.h"

#ifndef STATX_MNT_ID_UNIQUE
#define STATX_MNT_ID_UNIQUE 0x4000U
#endif

#define TRIES 10 /* while somebody renames what is on the way */

static int read_id(int fd, unsigned int which, uint64_t *ret_id, struct error *err)
{
	struct statx st;

	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, which, &st) < 0)
		return error_errno(err, errno, "mount", "ask for the id of a mount");
	*ret_id = st.stx_mask & which ? st.stx_mnt_id : 0;
	return 0;
}

int mount_identify(int fd, struct mount_identity *ret_identity, struct error *err)
{
	struct mount_identity identity = { 0 };

	if (read_id(fd, STATX_MNT_ID, &identity.id, err) < 0 ||
	    read_id(fd, STATX_MNT_ID_UNIQUE, &identity.unique, err) < 0)
		return -1;
	*ret_identity = identity;
	return 0;
}

enum found { FOUND, GONE, ELSEWHERE };

/* Open the mount at the place that the kernel just named, if it is still there. */
static enum found open_there(int root, const char *path, const struct mount_identity *wanted,
			     int *ret_fd, struct error *err)
{
	_cleanup_fd_ int fd = path_open(root, path, PATH_NO_SYMLINKS, err);
	struct mount_identity there;

	if (fd < 0 || mount_identify(fd, &there, err) < 0)
		return ELSEWHERE;
	if (there.id != wanted->id) {
		error_set(err, ERROR_REFUSED, path, "%s: something else is mounted over it", path);
		return ELSEWHERE;
	}
	/* the id is another mount's by now */
	if (there.unique != wanted->unique)
		return GONE;
	*ret_fd = steal_fd(&fd);
	return FOUND;
}

/* A descriptor of the mount, -1 in *ret_fd if it is gone. */
static int open_mount(int root, int procfs, const struct mount_identity *wanted, int *ret_fd,
		      struct error *err)
{
	char path[PATH_MAX];

	*ret_fd = -1;
	for (int tries = 0; tries < TRIES; tries++) {
		_cleanup_fd_ int fd = procfs_open_at(procfs, "self/mountinfo", O_RDONLY);
		_cleanup_buffer_ struct buffer text = BUFFER_INIT;

		if (fd < 0)
			return error_errno(err, errno, "mountinfo", "open the list of mounts");
		if (fd_read(fd, MOUNTINFO_MAX, &text, "mountinfo", err) < 0)
			return -1;
		if (!mountinfo_find(text.bytes, wanted->id, path))
			return 0;
		if (open_there(root, path, wanted, ret_fd, err) != ELSEWHERE)
			return 0;
	}
	return -1;
}

/* By the descriptor: the link in procfs leads to the very mount, also if it is a file. */
static int detach(int fd, struct error *err)
{
	char path[32];

	snprintf(path, sizeof(path), "self/fd/%d", fd);
	if (umount2(path, MNT_DETACH) < 0)
		return error_errno(err, errno, "mount", "detach a mount");
	return 0;
}

static int open_all(int root, int procfs, const struct mount_identity *mounts, size_t count,
		    int *fds, struct error *err)
{
	for (size_t i = 0; i < count; i++)
		if (open_mount(root, procfs, &mounts[i], &fds[i], err) < 0)
			return -1;
	return 0;
}

/* The last first: it may lie on one before, and would go along with that. */
static int detach_all(int root, int procfs, const struct mount_identity *mounts, size_t count,
		      int *fds, struct error *err)
{
	if (open_all(root, procfs, mounts, count, fds, err) < 0)
		return -1;
	if (fchdir(procfs) < 0)
		return error_errno(err, errno, "/proc", "change to the procfs");
	for (size_t i = count; i-- > 0;)
		if (fds[i] >= 0 && detach(fds[i], err) < 0)
			return -1;
	return 0;
}

int rootfs_unmount(int root, int procfs, const struct mount_identity *mounts, size_t count,
		   struct error *err)
{
	_cleanup_free_ int *fds = malloc((count + 1) * sizeof(int));
	int result;

	if (!fds)
		return error_set(err, ERROR_MEMORY, NULL, "no memory to unmount");
	for (size_t i = 0; i < count; i++)
		fds[i] = -1;
	result = detach_all(root, procfs, mounts, count, fds, err);
	for (size_t i = 0; i < count; i++)
		cleanup_fd_(&fds[i]);
	return result;
}
