#include "libcontainer/init/executable.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

/* DEVICE:INODE:PATH of the protected image and of the binary, set just before the second execve. It
 * is believed only if our own executable has that device and inode, so a stale one has no effect.
 */
#define MARK "PROA_EXECUTABLE"

#ifndef MFD_EXEC
#define MFD_EXEC 0x10U
#endif

static char binary_path[PATH_MAX];

static int binary_path_read(void)
{
	ssize_t length = readlink("/proc/self/exe", binary_path, sizeof(binary_path) - 1);

	if (length < 0)
		return -1;
	binary_path[length] = '\0';
	return 0;
}

const char *executable_path(void)
{
	if (!binary_path[0] && binary_path_read() < 0)
		return "";
	return binary_path;
}

static bool running_protected(void)
{
	const char *mark = getenv(MARK);
	unsigned long long device, inode;
	struct stat st;
	int path = 0;

	if (!mark)
		return false;
	if (sscanf(mark, "%llu:%llu:%n", &device, &inode, &path) != 2 || !path)
		return false;
	if (stat("/proc/self/exe", &st) < 0 || st.st_dev != device || st.st_ino != inode)
		return false;
	snprintf(binary_path, sizeof(binary_path), "%s", mark + path);
	unsetenv(MARK);
	return true;
}

static int overlay_configure(int fs, const char *directory)
{
	/* without an upper layer an overlay wants two lower ones: the second is only there to be
	 * there (procfs can be none: it refuses to be stacked upon) */
	char layers[PATH_MAX + 8];

	if (snprintf(layers, sizeof(layers), "%s:/sys", directory) >= (int)sizeof(layers) ||
	    strpbrk(directory, ":\\,")) {
		errno = EINVAL;
		return -1;
	}
	if (fsconfig(fs, FSCONFIG_SET_STRING, "lowerdir", layers, 0) < 0)
		return -1;
	return fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
}

/* The binary, seen through an overlay of its directory. */
static int open_overlay(void)
{
	_cleanup_fd_ int fs = fsopen("overlay", FSOPEN_CLOEXEC), mount = -1;
	char directory[PATH_MAX], *slash;

	if (fs < 0 || binary_path[0] != '/')
		return -1;
	memcpy(directory, binary_path, sizeof(directory));
	slash = strrchr(directory, '/');
	*slash = '\0';
	if (overlay_configure(fs, directory[0] ? directory : "/") < 0)
		return -1;
	mount =
	    fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID);
	if (mount < 0)
		return -1;
	return openat(mount, strrchr(binary_path, '/') + 1, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

static int copy_whole(int from, int to)
{
	struct stat st;

	if (fstat(from, &st) < 0)
		return -1;
	for (off_t left = st.st_size; left > 0;) {
		ssize_t sent = sendfile(to, from, NULL, (size_t)left);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return -1;
		left -= sent;
	}
	return 0;
}

/* A file in memory may be made such that it can't be executed unless that is asked for
 * (vm.memfd_noexec); kernels before 6.3 don't know the question. */
static int make_memory_file(void)
{
	int fd = memfd_create("proa", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("proa", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	return fd;
}

static int open_sealed_copy(void)
{
	_cleanup_fd_ int binary = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	_cleanup_fd_ int copy = make_memory_file();

	if (binary < 0 || copy < 0 || copy_whole(binary, copy) < 0 || fchmod(copy, 0500) < 0)
		return -1;
	if (fcntl(copy, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		return -1;
	return steal_fd(&copy);
}

static int execute_image(int image, char **argv)
{
	char mark[PATH_MAX + 64];
	struct stat st;

	if (fstat(image, &st) < 0)
		return -1;
	snprintf(mark, sizeof(mark), "%llu:%llu:%s", (unsigned long long)st.st_dev,
		 (unsigned long long)st.st_ino, binary_path);
	if (setenv(MARK, mark, 1) < 0)
		return -1;
	return execveat(image, "", argv, environ, AT_EMPTY_PATH);
}

int executable_protect(char **argv, struct error *err)
{
	_cleanup_fd_ int image = -1;

	if (running_protected())
		return 0;
	if (binary_path_read() < 0)
		return error_errno(err, errno, "/proc/self/exe", "find the executable");
	image = open_overlay();
	if (image < 0)
		image = open_sealed_copy();
	if (image < 0)
		return error_errno(err, errno, binary_path, "protect the executable");
	execute_image(image, argv);
	return error_errno(err, errno, binary_path, "execute the protected executable");
}
