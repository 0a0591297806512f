#include "checkpoint/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/kernel.h"
#include "base/text.h"
#include "checkpoint/page_server.h"
#include "libcontainer/cgroup/cgroup.h"

#define CONFIG_MAX (64 << 10)
#define CHUNK	   (256 << 10)
#define END_MS	   10000
#define EXIT_CUT   2

/* The descriptors of CRIU's, CRIU_FIRST_FD and so on. */
#define PAGES_FD  "4"
#define CONFIG_FD "6"
_Static_assert(CRIU_FIRST_FD == 4, "as those say");

/* ---- before CRIU ---- */

/* What the machine's own says, where there is one, and our socket. */
static int make_config(const char *theirs, struct error *err)
{
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;
	struct error missing = ERROR_INIT;
	_cleanup_fd_ int fd = -1;

	if (theirs && file_read(AT_FDCWD, theirs, CONFIG_MAX, &text, &missing) < 0 &&
	    missing.errnum != ENOENT) {
		*err = missing;
		return -1;
	}
	buffer_puts(&text, "\nps-socket " PAGES_FD "\n");
	fd = memfd_create("criu", MFD_CLOEXEC);
	if (buffer_failed(&text) || fd < 0 || fd_write_all(fd, text.bytes, text.length) < 0)
		return error_errno(err, errno, "criu", "make a configuration for CRIU");
	return steal_fd(&fd);
}

int serve_open(const struct page_server *server, const char *config_file, struct serve *ret_serve,
	       int ret_fds[static SERVE_FDS], struct error *err)
{
	struct serve *serve = ret_serve;
	int ends[2];

	if (!server->address)
		return error_set(err, ERROR_USAGE, "page-server",
				 "--lazy-pages needs --page-server ADDRESS:PORT, where the memory "
				 "is to be served");
	serve->listener = page_server_listen(server, err);
	if (serve->listener < 0 || (serve->config = make_config(config_file, err)) < 0)
		return -1;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return error_errno(err, errno, "criu", "make a socket for CRIU");
	serve->ours = ends[0];
	serve->theirs = ends[1];
	ret_fds[0] = serve->theirs;
	ret_fds[1] = serve->ours;
	ret_fds[2] = serve->config;
	return 0;
}

const char *serve_config_file(void)
{
	return "/proc/self/fd/" CONFIG_FD;
}

void serve_release(struct serve *serve)
{
	cleanup_fd_(&serve->theirs);
	cleanup_fd_(&serve->config);
	serve->theirs = serve->config = -1;
}

/* ---- the relay ---- */

/* A request of CRIU's own protocol between page servers (PS_IOV_… in its sources), as they are in memory there. */
struct request {
	uint32_t command, pages;
	uint64_t address, process;
};

#define COMMAND_CLOSE	    0x1023
#define COMMAND_FORCE_CLOSE 0x1024

struct relay {
	struct serve *serve;
	int cgroup, criu, proa; /* the last two: pidfds */
	int connection;
	struct request request; /* what has come of it */
	size_t length;		/* that much */
	bool spoken, whole;	/* it has said something; that it has all */
	char chunk[CHUNK];
};

static _Noreturn void cut(const struct relay *relay)
{
	struct pollfd dead = { .fd = relay->criu, .events = POLLIN };
	struct error ignored = ERROR_INIT;

	(void)sys_pidfd_send_signal(relay->criu, SIGKILL);
	(void)poll(&dead, 1, END_MS);
	if (relay->cgroup >= 0)
		(void)cgroup_thaw(relay->cgroup, &ignored);
	_exit(EXIT_CUT);
}

/* CRIU has ended, or closed its socket: as it was told to, or as it failed. */
static _Noreturn void leave(const struct relay *relay)
{
	_exit(relay->whole ? 0 : 1);
}

/* Until one of two descriptors, -1 for none, can be read from; 1 and 2 are their bits. */
static unsigned int wait_for(const struct relay *relay, int one, int other)
{
	struct pollfd fds[] = { { .fd = one, .events = POLLIN },
				{ .fd = other, .events = POLLIN },
				{ .fd = relay->criu, .events = POLLIN },
				/* once the other end has all, the container is there */
				{ .fd = relay->whole ? -1 : relay->proa, .events = POLLIN } };

	while (poll(fds, array_length(fds), -1) < 0)
		if (errno != EINTR)
			cut(relay);
	/* what it has written before its end is still there to be read */
	if (fds[2].revents && !fds[1].revents)
		leave(relay);
	if (fds[3].revents)
		cut(relay);
	return (fds[0].revents ? 1U : 0U) | (fds[1].revents ? 2U : 0U);
}

/* A reader that hangs keeps us only while CRIU is there. */
static bool has_room(const struct relay *relay, int to)
{
	struct pollfd fds[] = { { .fd = to, .events = POLLOUT },
				{ .fd = relay->proa, .events = POLLIN },
				{ .fd = relay->criu, .events = POLLIN } };

	while (poll(fds, array_length(fds), -1) < 0)
		if (errno != EINTR)
			cut(relay);
	if (fds[2].revents)
		return poll(fds, 1, END_MS) > 0;
	if (fds[1].revents)
		cut(relay);
	return true;
}

/* False where the other end has gone. */
static bool put(const struct relay *relay, int to, const char *bytes, size_t length)
{
	while (length) {
		ssize_t sent;

		if (!has_room(relay, to))
			return false;
		sent = send(to, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent < 0 && errno != EAGAIN && errno != EINTR)
			return false;
		if (sent > 0) {
			bytes += sent;
			length -= (size_t)sent;
		}
	}
	return true;
}

static void note_requests(struct relay *relay, const char *bytes, size_t length)
{
	relay->spoken = true;
	while (length) {
		size_t part = sizeof(relay->request) - relay->length;

		if (part > length)
			part = length;
		memcpy((char *)&relay->request + relay->length, bytes, part);
		relay->length = (relay->length + part) % sizeof(relay->request);
		if (relay->length == 0)
			relay->whole |= relay->request.command == COMMAND_CLOSE ||
					relay->request.command == COMMAND_FORCE_CLOSE;
		bytes += part;
		length -= part;
	}
}

/* Of who fetches; false at his end. */
static bool take_requests(struct relay *relay)
{
	ssize_t length = recv(relay->connection, relay->chunk, sizeof(relay->chunk), MSG_DONTWAIT);

	if (length < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (length <= 0)
		return false;
	note_requests(relay, relay->chunk, (size_t)length);
	return put(relay, relay->serve->ours, relay->chunk, (size_t)length);
}

static void give_pages(struct relay *relay)
{
	ssize_t length = recv(relay->serve->ours, relay->chunk, sizeof(relay->chunk), MSG_DONTWAIT);

	if (length < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (length <= 0)
		leave(relay);
	/* who has all may have gone without waiting for a last word */
	if (!put(relay, relay->connection, relay->chunk, (size_t)length) && !relay->whole)
		cut(relay);
}

static void take_connection(struct relay *relay)
{
	while (relay->connection < 0) {
		struct sockaddr peer;
		socklen_t length = sizeof(peer);

		(void)wait_for(relay, relay->serve->listener, -1);
		relay->connection = accept4(relay->serve->listener, &peer, &length, SOCK_CLOEXEC);
	}
}

static _Noreturn void pass_on(struct relay *relay)
{
	for (;;) {
		unsigned int ready;

		take_connection(relay);
		ready = wait_for(relay, relay->whole ? -1 : relay->connection, relay->serve->ours);
		if (ready & 2)
			give_pages(relay);
		if (!(ready & 1) || take_requests(relay) || relay->whole)
			continue;
		if (relay->spoken)
			cut(relay);
		close(relay->connection);
		relay->connection = -1;
	}
}

/* In a child like CRIU's, which never comes to execute it. It says that it is there by closing what it has of ours. */
static int become_relay(void *context, struct error *err)
{
	struct relay *relay = context;
	const int keep[] = { relay->serve->listener, relay->serve->ours, relay->cgroup, relay->criu,
			     relay->proa };

	if (criu_leave_session(NULL, err) < 0)
		return -1;
	if (fds_close_others(3, keep, array_length(keep), err) < 0)
		return -1;
	pass_on(relay);
}

int serve_begin(struct serve *serve, pid_t criu, int cgroup, struct error *err)
{
	_cleanup_fd_ int criu_fd = pidfd_open(criu, 0), own = pidfd_open(getpid(), 0);
	_cleanup_free_ struct relay *relay = malloc(sizeof(*relay));
	const struct criu_start start = { .cgroup = -1, .prepare = become_relay, .context = relay };

	if (criu_fd < 0 || own < 0)
		return error_errno(err, errno, "criu", "open a process");
	if (!relay)
		return error_set(err, ERROR_MEMORY, "criu", "no memory");
	*relay = (struct relay){
		.serve = serve, .cgroup = cgroup, .criu = criu_fd, .proa = own, .connection = -1
	};
	if (criu_clone(&start, &serve->relay, err) < 0)
		return -1;
	return criu_release(&serve->relay, err);
}

/* ---- the end ---- */

bool serve_was_cut(struct serve *serve)
{
	int status = 0;

	if (serve->relay.pid == 0)
		return false;
	while (waitpid(serve->relay.pid, &status, __WALL) < 0 && errno == EINTR)
		;
	serve->relay.pid = 0;
	return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_CUT;
}

void serve_end(struct serve *serve)
{
	serve_release(serve);
	cleanup_fd_(&serve->listener);
	cleanup_fd_(&serve->ours);
	criu_end(&serve->relay);
	*serve = (struct serve)SERVE_INIT;
}
