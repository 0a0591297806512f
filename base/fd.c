#include "base/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/kernel.h"
#include "base/text.h"

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

static int remove_content(DIR *dir, const char *but, struct error *err)
{
	struct dirent *entry;

	while ((entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    (!but || strcmp(entry->d_name, but) != 0) &&
		    dir_remove(dirfd(dir), entry->d_name, err) < 0)
			return -1;
	return 0;
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

	while ((entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			return entry->d_name;
	return NULL;
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

/* "/proc/self/fd/N/NAME" fits into any address, however long the directory's own path is. */
static int socket_address(int dirfd, const char *name, struct sockaddr_un *address,
			  struct error *err)
{
	int length;

	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	length = snprintf(address->sun_path, sizeof(address->sun_path), "/proc/self/fd/%d/%s",
			  dirfd, name);
	if (length >= (int)sizeof(address->sun_path))
		return error_set(err, ERROR_INVALID, name, "socket name %s is too long", name);
	return 0;
}

int socket_bind_at(int dirfd, const char *name, int type, mode_t mode, struct error *err)
{
	_cleanup_fd_ int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	struct sockaddr_un address;
	mode_t mask;
	int result;

	if (socket_address(dirfd, name, &address, err) < 0)
		return -1;
	/* the mode is that of the socket, less the umask; a chmod(2) afterwards could be led
	 * elsewhere */
	if (fd < 0 || fchmod(fd, mode) < 0)
		return error_errno(err, errno, name, "make socket %s", name);
	mask = umask(0);
	result = bind(fd, (struct sockaddr *)&address, sizeof(address));
	umask(mask);
	if (result < 0)
		return error_errno(err, errno, name, "bind socket %s", name);
	return steal_fd(&fd);
}

static int socket_connect(const struct sockaddr_un *address, int type, const char *name,
			  struct error *err)
{
	static const struct timeval patience = { .tv_sec = SOCKET_SECONDS };
	_cleanup_fd_ int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	if (fd < 0 || (!(type & SOCK_NONBLOCK) &&
		       setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) < 0))
		return error_errno(err, errno, name, "make a socket for %s", name);
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0)
		return steal_fd(&fd);
	if (errno == EAGAIN)
		return error_errno(err, errno, name,
				   "connect to socket %s, where nobody takes those that wait",
				   name);
	return error_errno(err, errno, name, "connect to socket %s", name);
}

int socket_connect_at(int dirfd, const char *name, int type, struct error *err)
{
	struct sockaddr_un address;

	if (socket_address(dirfd, name, &address, err) < 0)
		return -1;
	return socket_connect(&address, type, name, err);
}

int socket_connect_path(const char *path, int type, struct error *err)
{
	const char *slash = strrchr(path, '/');
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_fd_ int dirfd = -1;
	char directory[PATH_MAX];

	if (strlen(path) < sizeof(address.sun_path)) {
		memcpy(address.sun_path, path, strlen(path));
		return socket_connect(&address, type, path, err);
	}
	if (!slash || slash - path >= PATH_MAX)
		return error_set(err, ERROR_INVALID, path, "socket path is too long");
	text_fit(directory, sizeof(directory), "%.*s/", (int)(slash - path), path);
	dirfd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dirfd < 0)
		return error_errno(err, errno, directory, "open directory %s", directory);
	return socket_connect_at(dirfd, slash + 1, type, err);
}

int socket_send(int fd, const void *bytes, size_t length, const int *fds, size_t fd_count)
{
	struct iovec iov = { .iov_base = (void *)bytes, .iov_len = length };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(FDS_PER_MESSAGE * sizeof(int))] = { 0 };
	ssize_t sent;

	if (fd_count > FDS_PER_MESSAGE) {
		errno = EINVAL;
		return -1;
	}
	if (fd_count) {
		struct cmsghdr *header;

		msg.msg_control = control;
		msg.msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
		header = CMSG_FIRSTHDR(&msg);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(fd_count * sizeof(int));
		memcpy(CMSG_DATA(header), fds, fd_count * sizeof(int));
	}
	do
		sent = sendmsg(fd, &msg, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent >= 0 && (size_t)sent != length) {
		errno = EMSGSIZE;
		return -1;
	}
	return sent < 0 ? -1 : 0;
}

static size_t take_fds(struct msghdr *msg, int *ret_fds, size_t limit, bool *cut)
{
	size_t count = 0;

	for (struct cmsghdr *header = CMSG_FIRSTHDR(msg); header;
	     header = CMSG_NXTHDR(msg, header)) {
		size_t received;
		int fds[FDS_PER_MESSAGE];

		if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
			continue;
		received = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(fds, CMSG_DATA(header), received * sizeof(int));
		for (size_t i = 0; i < received; i++) {
			if (count < limit) {
				ret_fds[count++] = fds[i];
			} else {
				*cut = true;
				close(fds[i]);
			}
		}
	}
	return count;
}

ssize_t socket_receive(int fd, void *bytes, size_t size, int *ret_fds, size_t fd_limit,
		       size_t *ret_fd_count)
{
	struct iovec iov = { .iov_base = bytes, .iov_len = size };
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(FDS_PER_MESSAGE * sizeof(int))];
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };
	ssize_t length;
	size_t count;
	bool cut;

	do
		length = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
	while (length < 0 && errno == EINTR);
	if (length < 0)
		return -1;
	cut = msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC);
	count = take_fds(&msg, ret_fds, fd_limit, &cut);
	if (cut) {
		while (count)
			close(ret_fds[--count]);
		errno = EMSGSIZE;
		return -1;
	}
	if (ret_fd_count)
		*ret_fd_count = count;
	else
		while (count)
			close(ret_fds[--count]);
	return length;
}
