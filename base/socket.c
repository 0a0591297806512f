#include "base/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"

#define LOOK_MS 100

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

	if (fd < 0)
		return error_errno(err, errno, name, "make socket %s", name);
	if (socket_address(dirfd, name, &address, err) < 0)
		return -1;
	/* the mode is that of the socket, less the umask; a chmod(2) afterwards could be led
	 * elsewhere */
	if (fchmod(fd, mode) < 0)
		return error_errno(err, errno, name, "make socket %s", name);
	mask = umask(0);
	result = bind(fd, (struct sockaddr *)&address, sizeof(address));
	umask(mask); /* which sets no errno */
	if (result < 0)
		return error_errno(err, errno, name, "bind socket %s", name);
	return steal_fd(&fd);
}

static int wait_at_most(int fd, unsigned int ms)
{
	const struct timeval patience = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	return setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
}

/* The end of a process doesn't interrupt who waits for his turn: so we look for it now and then. */
static int connect_while(int fd, const struct sockaddr_un *address, int pidfd)
{
	struct pollfd end = { .fd = pidfd, .events = POLLIN };
	int result, errnum, tries = SOCKET_SECONDS * 1000 / LOOK_MS;

	if (wait_at_most(fd, LOOK_MS) < 0)
		return -1;
	do {
		result = connect(fd, (const struct sockaddr *)address, sizeof(*address));
		errnum = errno;
		/* with a time limit a stop interrupts it, too, signal(7) */
	} while (result < 0 && (errnum == EAGAIN || errnum == EINTR) && --tries &&
		 poll(&end, 1, 0) == 0);
	errno = errnum;
	return result < 0 ? -1 : wait_at_most(fd, SOCKET_SECONDS * 1000);
}

static int socket_connect(const struct sockaddr_un *address, int type, int pidfd, const char *name,
			  struct error *err)
{
	_cleanup_fd_ int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	int result;

	if (fd < 0)
		return error_errno(err, errno, name, "make a socket for %s", name);
	result = type & SOCK_NONBLOCK
		     ? connect(fd, (const struct sockaddr *)address, sizeof(*address))
		     : connect_while(fd, address, pidfd);
	if (result == 0)
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
	return socket_connect(&address, type, -1, name, err);
}

int socket_connect_path(const char *path, int type, int pidfd, struct error *err)
{
	const char *slash = strrchr(path, '/');
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_fd_ int dirfd = -1;
	char directory[PATH_MAX];

	if (strlen(path) < sizeof(address.sun_path)) {
		memcpy(address.sun_path, path, strlen(path));
		return socket_connect(&address, type, pidfd, path, err);
	}
	if (!slash || slash - path >= PATH_MAX)
		return error_set(err, ERROR_INVALID, path, "socket path is too long");
	text_fit(directory, sizeof(directory), "%.*s/", (int)(slash - path), path);
	dirfd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dirfd < 0)
		return error_errno(err, errno, directory, "open directory %s", directory);
	if (socket_address(dirfd, slash + 1, &address, err) < 0)
		return -1;
	return socket_connect(&address, type, pidfd, slash + 1, err);
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
