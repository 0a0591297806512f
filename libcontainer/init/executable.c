#include "libcontainer/init/executable.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x10U
#endif

/* Set in the environment of the image: DEVICE:INODE:PATH, in hex but for the path, of it and of the binary on disk. */
#define MARK "PROA_EXECUTABLE"
#define MARK_SIZE (PATH_MAX + 64)

#define COPY_AT_ONCE (1l << 30)

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

/* The mark is believed only if our own executable has its device and inode, so a stale one has no effect. */
static bool running_protected(void)
{
	const char *mark = getenv(MARK);
	unsigned long long device, inode;
	struct stat st;
	int path = 0;

	if (!mark)
		return false;
	if (sscanf(mark, "%llx:%llx:%n", &device, &inode, &path) != 2 || !path)
		return false;
	if (stat("/proc/self/exe", &st) < 0 || st.st_dev != device || st.st_ino != inode)
		return false;
	if (snprintf(binary_path, sizeof(binary_path), "%s", mark + path) >=
	    (int)sizeof(binary_path))
		return false;
	/* the host's path: what is left on the stack init would show in its /proc/PID/environ */
	explicit_bzero((char *)mark, strlen(mark));
	unsetenv(MARK);
	return true;
}

/* ---- an overlay ---- */

static int overlay_configure(int fs, const char *directory)
{
	/* without an upper layer an overlay wants two lower ones: the second is only there to be there (procfs can be none: it
	 * refuses to be stacked upon) */
	char layers[PATH_MAX + 8];

	if (strpbrk(directory, ":\\,")) {
		errno = EINVAL;
		return -1;
	}
	text_fit(layers, sizeof(layers), "%s:/sys", *directory ? directory : "/");
	if (fsconfig(fs, FSCONFIG_SET_STRING, "lowerdir", layers, 0) < 0)
		return -1;
	return fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
}

static int overlay_mount(const char *directory)
{
	_cleanup_fd_ int fs = fsopen("overlay", FSOPEN_CLOEXEC);

	if (fs < 0 || overlay_configure(fs, directory) < 0)
		return -1;
	return fsmount(fs, FSMOUNT_CLOEXEC,
		       MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID);
}

/* The binary, seen through an overlay of its directory. */
static int open_overlay(const char *path)
{
	char directory[PATH_MAX], *slash;
	_cleanup_fd_ int mount = -1;

	text_fit(directory, sizeof(directory), "%s", path);
	slash = strrchr(directory, '/');
	*slash = '\0';
	mount = overlay_mount(directory);
	if (mount < 0)
		return -1;
	return openat(mount, slash + 1, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

/* ---- a copy in memory ---- */

static int copy_and_seal(int binary, int copy)
{
	ssize_t sent;

	do
		sent = sendfile(copy, binary, NULL, COPY_AT_ONCE);
	while (sent > 0 || (sent < 0 && errno == EINTR));
	if (sent < 0 || fchmod(copy, 0500) < 0)
		return -1;
	return fcntl(copy, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
}

/* A file in memory may be made such that it can't be executed unless that is asked for (vm.memfd_noexec); kernels before 6.3
 * don't know the question. */
static int make_memory_file(void)
{
	int fd = memfd_create("proa", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("proa", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	return fd;
}

static int open_sealed_copy(void)
{
	_cleanup_fd_ int binary = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), copy = -1;

	if (binary < 0)
		return -1;
	copy = make_memory_file();
	if (copy < 0 || copy_and_seal(binary, copy) < 0)
		return -1;
	return steal_fd(&copy);
}

/* ---- its execution ---- */

static int set_mark(int image, const char *path)
{
	char mark[MARK_SIZE];
	struct stat st;

	if (fstat(image, &st) < 0)
		return -1;
	text_fit(mark, sizeof(mark), "%jx:%jx:%s", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino, path);
	return setenv(MARK, mark, 1);
}

/* Returns only if it fails, with errno. */
static void execute_image(char **argv)
{
	const char *path = executable_path();
	_cleanup_fd_ int image = *path == '/' ? open_overlay(path) : -1;

	if (image < 0)
		image = open_sealed_copy();
	if (image >= 0 && set_mark(image, path) == 0)
		syscall(SYS_execveat, image, "", argv, environ, AT_EMPTY_PATH);
}

int executable_protect(char **argv, struct error *err)
{
	if (running_protected())
		return 0;
	execute_image(argv);
	return error_errno(err, errno, executable_path(), "execute ourselves protected");
}
