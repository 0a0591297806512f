#include "libcontainer/lifecycle/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/socket.h"

#define NOTIFY_NAME "notify.sock"
#define BARRIER_MS  30000

const char *notify_directory(const struct runtime *runtime, const char *id, struct arena *arena,
			     struct strings *env)
{
	const char *host = getenv("NOTIFY_SOCKET");

	if (!host || !host[0])
		return NULL;
	env->items[env->count++] = arena_strdup(arena, "NOTIFY_SOCKET=/run/notify/" NOTIFY_NAME);
	return arena_printf(arena, "%s/%s/" STORE_NOTIFY, runtime->root, id);
}

int notify_make_directory(const struct record *record, struct error *err)
{
	_cleanup_fd_ int dir = dir_make(record->dir, STORE_NOTIFY, 0755, err);

	if (dir < 0)
		return -1;
	/* whatever our umask is: the container's user must get to the socket */
	if (fchmod(dir, 0755) < 0)
		return error_errno(err, errno, STORE_NOTIFY,
				   "open the notify directory to the container");
	return 0;
}

int notify_bind(const struct record *record, int *ret_socket, struct error *err)
{
	_cleanup_fd_ int dir =
	    openat(record->dir, STORE_NOTIFY, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	const char *host = getenv("NOTIFY_SOCKET");

	*ret_socket = -1;
	if (dir < 0 || !host || !host[0])
		return 0;
	/* that of a start that was killed before it released init */
	unlinkat(dir, NOTIFY_NAME, 0);
	*ret_socket = socket_bind_at(dir, NOTIFY_NAME, SOCK_DGRAM, 0777, err);
	return *ret_socket < 0 ? -1 : 0;
}

static int connect_host(struct error *err)
{
	const char *variable = getenv("NOTIFY_SOCKET"), *path = variable ? variable : "";
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t length = strlen(path);
	_cleanup_fd_ int fd = -1;

	if (path[0] != '@') {
		fd = socket_connect_path(path, SOCK_DGRAM, -1, err);
		return fd < 0 ? error_prefix(err, "NOTIFY_SOCKET") : steal_fd(&fd);
	}
	if (length >= sizeof(address.sun_path))
		return error_set(err, ERROR_INVALID, path, "NOTIFY_SOCKET is too long");
	memcpy(address.sun_path + 1, path + 1, length - 1);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) < 0)
		return error_errno(err, errno, path, "connect to NOTIFY_SOCKET");
	return steal_fd(&fd);
}

/* Wait until the receiver has read what was sent: it closes its copy of the pipe then
 * (sd_notify_barrier(3)). Else it may look for the sender when that has ended. */
static void await_barrier(void)
{
	static const char barrier[] = "BARRIER=1";
	struct error ignored = ERROR_INIT;
	_cleanup_fd_ int host = connect_host(&ignored);
	int fds[2];
	struct pollfd pollfd;

	if (host < 0 || pipe2(fds, O_CLOEXEC) < 0)
		return;
	if (socket_send(host, barrier, strlen(barrier), &fds[1], 1) == 0) {
		close(fds[1]);
		pollfd = (struct pollfd){ .fd = fds[0] };
		/* a receiver that knows no barriers must not keep us for ever */
		poll(&pollfd, 1, BARRIER_MS);
	} else {
		close(fds[1]);
	}
	close(fds[0]);
}

static int tell_host(pid_t pid, struct error *err)
{
	_cleanup_fd_ int host = connect_host(err);
	char text[64];

	if (host < 0)
		return -1;
	if (pid)
		snprintf(text, sizeof(text), "MAINPID=%d\nREADY=1\n", (int)pid);
	else
		snprintf(text, sizeof(text), "READY=1\n");
	if (socket_send(host, text, strlen(text), NULL, 0) < 0)
		return error_errno(err, errno, "NOTIFY_SOCKET",
				   "pass on the container's readiness");
	return 0;
}

static bool has_line(const char *text, const char *line)
{
	size_t length = strlen(line);

	for (; text; text = strchr(text, '\n'), text = text ? text + 1 : NULL)
		if (strncmp(text, line, length) == 0 && (text[length] == '\n' || !text[length]))
			return true;
	return false;
}

int notify_read(int socket, pid_t pid, bool *ret_ready, struct error *err)
{
	char text[4096];
	ssize_t length = socket_receive(socket, text, sizeof(text) - 1, NULL, 0, NULL);

	if (length < 0)
		return errno == EMSGSIZE
			   ? 0
			   : error_errno(err, errno, "notify socket", "read readiness");
	text[length] = '\0';
	/* whatever else the container says is between us and it: only its readiness is passed on */
	if (!has_line(text, "READY=1"))
		return 0;
	*ret_ready = true;
	return tell_host(pid, err);
}

int notify_relay(int socket, int pidfd, pid_t pid, struct error *err)
{
	struct pollfd fds[] = { { .fd = socket, .events = POLLIN },
				{ .fd = pidfd, .events = POLLIN } };
	bool ready = false;

	while (!ready) {
		if (poll(fds, 2, -1) < 0) {
			if (errno != EINTR)
				return error_errno(err, errno, NULL, "wait for readiness");
			continue;
		}
		if (fds[0].revents && notify_read(socket, pid, &ready, err) < 0)
			return -1;
		if (fds[1].revents)
			return 0;
	}
	await_barrier();
	return 0;
}
