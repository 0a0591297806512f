#include "base/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/kernel.h"
#include "base/text.h"

#define PROC_ROOT_INO 1
#define STAT_MAX      4096

/* linux/sched.h of the kernel; shown in field 9 of proc_pid_stat(5). */
#define PF_EXITING    0x4
#define PF_FORKNOEXEC 0x40

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

/* The field that comes @count fields after the one at @field; NULL if there is none. */
static const char *fields_after(const char *field, unsigned int count)
{
	while (field && count--) {
		field = strchr(field, ' ');
		field = field ? field + 1 : NULL;
	}
	return field;
}

/* What follows the name, which may itself contain anything but ends with the last ")". The numbers are those of
 * proc_pid_stat(5). */
int procfs_stat(pid_t pid, struct procfs_stat *ret_stat, struct error *err)
{
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;
	const char *state, *parent, *flags, *start;
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (file_read(AT_FDCWD, path, STAT_MAX, &text, err) < 0)
		return -1;
	state = fields_after(strrchr(text.bytes, ')'), 1); /* 3 */
	parent = fields_after(state, 4 - 3);
	flags = fields_after(parent, 9 - 4);
	start = fields_after(flags, 22 - 9);
	if (!start)
		return error_set(err, ERROR_SYSTEM, path, "can't understand %s", path);
	*ret_stat = (struct procfs_stat){
		.ending = strtoul(flags, NULL, 10) & PF_EXITING || *state == 'Z' || *state == 'X',
		.forked_only = strtoul(flags, NULL, 10) & PF_FORKNOEXEC,
		.parent = (int)strtol(parent, NULL, 10),
		.start = strtoull(start, NULL, 10),
	};
	return 0;
}

bool procfs_ends(pid_t pid)
{
	struct error ignored = ERROR_INIT;
	_cleanup_dir_ DIR *dir = NULL;
	struct procfs_stat stat;
	const char *name;
	char path[32];
	int thread;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = opendir(path);
	if (!dir)
		return errno == ENOENT;
	while ((name = dir_next(dir)))
		if (parse_int(name, &thread) && procfs_stat(thread, &stat, &ignored) == 0 &&
		    !stat.ending)
			return false;
	return true;
}
