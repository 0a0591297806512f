#include "base/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/kernel.h"

#define READ_CHUNK 16384

ssize_t fd_read_some(int fd, void *bytes, size_t size)
{
	ssize_t got;

	do
		got = read(fd, bytes, size);
	while (got < 0 && errno == EINTR);
	return got;
}

static int read_whole(int fd, size_t limit, struct buffer *buffer, const char *object,
		      char chunk[READ_CHUNK], struct error *err)
{
	for (;;) {
		ssize_t got = fd_read_some(fd, chunk, READ_CHUNK);

		if (got < 0)
			return error_errno(err, errno, object, "read %s", object);
		if (got == 0)
			break;
		if (buffer->length + (size_t)got > limit)
			return error_set(err, ERROR_INVALID, object,
					 "%s is larger than the limit of %zu bytes", object, limit);
		buffer_add(buffer, chunk, (size_t)got);
	}
	buffer_puts(buffer, "");
	if (buffer_failed(buffer))
		return error_set(err, ERROR_MEMORY, object, "no memory to read %s", object);
	return 0;
}

int fd_read(int fd, size_t limit, struct buffer *buffer, const char *object, struct error *err)
{
	char chunk[READ_CHUNK];
	int result = read_whole(fd, limit, buffer, object, chunk, err);

	/* as the buffer will be: base/wipe.h */
	explicit_bzero(chunk, sizeof(chunk));
	return result;
}

int file_read(int dirfd, const char *path, size_t limit, struct buffer *buffer, struct error *err)
{
	_cleanup_fd_ int fd =
	    openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return error_errno(err, errno, path, "open %s", path);
	return fd_read(fd, limit, buffer, path, err);
}

int fd_write_all(int fd, const void *bytes, size_t length)
{
	const char *next = bytes;

	while (length) {
		ssize_t written = write(fd, next, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -1;
		next += written;
		length -= (size_t)written;
	}
	return 0;
}

int fd_path(int fd, char ret_path[PATH_MAX])
{
	char link[32];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, ret_path, PATH_MAX - 1);
	ret_path[length < 0 ? 0 : length] = '\0';
	return length < 0 ? -1 : 0;
}

int file_write(int dirfd, const char *path, const char *text)
{
	_cleanup_fd_ int fd = openat(dirfd, path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	size_t length = strlen(text);
	ssize_t written;

	if (fd < 0)
		return -1;
	written = write(fd, text, length);
	if (written < 0)
		return -1;
	if ((size_t)written != length) {
		errno = EIO;
		return -1;
	}
	return 0;
}

static int write_temporary(int dirfd, const char *name, mode_t mode, const void *bytes,
			   size_t length, bool durable)
{
	_cleanup_fd_ int fd =
	    openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);

	if (fd < 0)
		return -1;
	if (fd_write_all(fd, bytes, length) < 0)
		return -1;
	return durable ? fsync(fd) : 0;
}

int file_replace(int dirfd, const char *name, mode_t mode, const void *bytes, size_t length,
		 bool durable, struct error *err)
{
	char temporary[NAME_MAX + 1];
	int written;

	if (snprintf(temporary, sizeof(temporary), ".%s.%d", name, (int)getpid()) >=
	    (int)sizeof(temporary))
		return error_set(err, ERROR_INVALID, name, "file name too long");
	written = write_temporary(dirfd, temporary, mode, bytes, length, durable);
	/* what a killed predecessor with our pid has left */
	if (written < 0 && errno == EEXIST && unlinkat(dirfd, temporary, 0) == 0)
		written = write_temporary(dirfd, temporary, mode, bytes, length, durable);
	if (written == 0 && renameat(dirfd, temporary, dirfd, name) == 0)
		return 0;
	error_errno(err, errno, name, "write %s", name);
	unlinkat(dirfd, temporary, 0);
	return -1;
}

int dir_make(int dirfd, const char *name, mode_t mode, struct error *err)
{
	int fd;

	if (mkdirat(dirfd, name, mode) < 0 && errno != EEXIST)
		return error_errno(err, errno, name, "make directory %s", name);
	fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, errno, name, "open directory %s", name);
	return fd;
}

bool dir_is_ours(int dirfd, const char *name)
{
	struct stat st;

	return fstatat(dirfd, name, &st, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISDIR(st.st_mode) && st.st_uid == geteuid() && !(st.st_mode & (S_IWGRP | S_IWOTH));
}

/* Where a directory is a mount point, also one of the same file system, this fails with EXDEV. */
static DIR *open_beneath(int dirfd, const char *name)
{
	_cleanup_fd_ int fd = sys_openat2(dirfd, name, O_RDONLY | O_DIRECTORY, 0,
					  RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (dir)
		steal_fd(&fd);
	return dir;
}

DIR *dir_list(int dirfd)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir && fd >= 0)
		close(fd);
	return dir;
}

const char *dir_next(DIR *dir)
{
	struct dirent *entry;

	do {
		errno = 0;
		entry = readdir(dir);
	} while (entry && (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0));
	return entry ? entry->d_name : NULL;
}

static int remove_content(DIR *dir, const char *but, struct error *err)
{
	const char *name;

	while ((name = dir_next(dir)))
		if ((!but || strcmp(name, but) != 0) && dir_remove(dirfd(dir), name, err) < 0)
			return -1;
	return errno ? error_errno(err, errno, NULL, "list a directory that is to be removed") : 0;
}

int dir_remove(int dirfd, const char *name, struct error *err)
{
	_cleanup_dir_ DIR *dir = NULL;

	if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR)
		return error_errno(err, errno, name, "remove %s", name);
	dir = open_beneath(dirfd, name);
	if (!dir)
		return errno == ENOENT ? 0 : error_errno(err, errno, name, "remove %s", name);
	if (remove_content(dir, NULL, err) < 0)
		return -1;
	if (unlinkat(dirfd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return error_errno(err, errno, name, "remove directory %s", name);
	return 0;
}

int dir_empty(int dirfd, const char *but, struct error *err)
{
	_cleanup_dir_ DIR *dir = open_beneath(dirfd, ".");

	if (!dir)
		return error_errno(err, errno, NULL, "read a directory to be emptied");
	return remove_content(dir, but, err);
}

/* The lowest of @keep that is not below @first; ~0U if there is none. */
static unsigned int next_kept(unsigned int first, const int *keep, size_t count)
{
	unsigned int next = ~0U;

	for (size_t i = 0; i < count; i++)
		if (keep[i] >= 0 && (unsigned int)keep[i] >= first && (unsigned int)keep[i] < next)
			next = (unsigned int)keep[i];
	return next;
}

int fds_close_others(unsigned int first, const int *keep, size_t count, struct error *err)
{
	for (unsigned int next; first != ~0U; first = next == ~0U ? next : next + 1) {
		next = next_kept(first, keep, count);
		if (next > first && close_range(first, next == ~0U ? next : next - 1, 0) < 0)
			return error_errno(err, errno, NULL, "close descriptors from %u on", first);
	}
	return 0;
}

int fds_cloexec_from(unsigned int first, struct error *err)
{
	if (close_range(first, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		return error_errno(err, errno, NULL, "mark descriptors from %u close-on-exec",
				   first);
	return 0;
}
