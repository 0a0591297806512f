#include "base/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/kernel.h"
#include "base/text.h"

#define PROC_ROOT_INO 1

int procfs_verify(int fd, struct error *err)
{
	struct statfs fs;
	struct stat st;

	if (fstatfs(fd, &fs) < 0 || fstat(fd, &st) < 0)
		return error_errno(err, errno, "/proc", "look at /proc");
	if (fs.f_type != PROC_SUPER_MAGIC || st.st_ino != PROC_ROOT_INO)
		return error_set(err, ERROR_REFUSED, "/proc", "/proc is not the root of a procfs");
	return 0;
}

int procfs_open(struct error *err)
{
	_cleanup_fd_ int fd = open("/proc", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return error_errno(err, errno, "/proc", "open /proc");
	if (procfs_verify(fd, err) < 0)
		return -1;
	return steal_fd(&fd);
}

/* "self" is followed by reading the link, so that RESOLVE_NO_SYMLINKS can hold for the rest. */
static int expand_self(int procfs, const char *path, char *expanded, size_t size)
{
	static const char *const links[] = { "thread-self", "self" };

	for (size_t i = 0; i < array_length(links); i++) {
		size_t length = strlen(links[i]);
		char target[64];
		ssize_t got;

		if (strncmp(path, links[i], length) != 0 || path[length] != '/')
			continue;
		got = readlinkat(procfs, links[i], target, sizeof(target) - 1);
		if (got < 0)
			return -1;
		target[got] = '\0';
		return snprintf(expanded, size, "%s%s", target, path + length) < (int)size ? 0 : -1;
	}
	return snprintf(expanded, size, "%s", path) < (int)size ? 0 : -1;
}

int procfs_open_at(int procfs, const char *path, int flags)
{
	char expanded[PATH_MAX];

	errno = ENAMETOOLONG;
	if (expand_self(procfs, path, expanded, sizeof(expanded)) < 0)
		return -1;
	return sys_openat2(procfs, expanded, (uint64_t)flags, 0,
			   RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS);
}

int procfs_write(int procfs, const char *path, const char *text)
{
	_cleanup_fd_ int fd = procfs_open_at(procfs, path, O_WRONLY);
	size_t length = strlen(text);
	ssize_t written;

	if (fd < 0)
		return -1;
	written = write(fd, text, length);
	if (written >= 0 && (size_t)written != length) {
		errno = EIO;
		return -1;
	}
	return written < 0 ? -1 : 0;
}

int procfs_reopen(int procfs, int fd, int flags)
{
	char link[64];

	snprintf(link, sizeof(link), "thread-self/fd/%d", fd);
	return openat(procfs, link, flags | O_CLOEXEC);
}
