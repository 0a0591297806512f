#include "checkpoint/lazy.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/kernel.h"
#include "base/socket.h"
#include "base/termination.h"
#include "checkpoint/log.h"
#include "checkpoint/page_server.h"
#include "libcontainer/cgroup/cgroup.h"

#define SOCKET_NAME                                                                                \
	"lazy-pages.socket" /* CRIU's, in the work path: where its restore looks for it */
#define LOG_NAME "lazy-pages.log"
#define KILL_MS	 10000
#define KILLED	 "proa: the container was killed: what wasn't fetched of its memory would be zeroes\n"

/* In the command line: paths are given through descriptors, so that they lead where ours do. They are CRIU_FIRST_FD and so
 * on. */
#define WITHOUT_SERVER 11 /* the argument from which on it is about the page server */
_Static_assert(CRIU_FIRST_FD == 4, "as the command line says");

static int wait_until_it_listens(int status, struct error *err)
{
	char byte;

	if (!termination_or_input(status, -1))
		return error_set(err, ERROR_BUSY, "criu", "ended by a signal");
	if (fd_read_some(status, &byte, 1) == 1)
		return 0;
	return error_set(err, ERROR_SYSTEM, "criu", "criu lazy-pages has failed");
}

static int start(const struct images *images, int server, int status, struct criu *criu,
		 struct error *err)
{
	const char *argv[] = { "criu",
			       "lazy-pages",
			       "--images-dir",
			       "/proc/self/fd/5",
			       "--work-dir",
			       "/proc/self/fd/6",
			       "--log-file",
			       LOG_NAME,
			       "-v4",
			       "--status-fd",
			       "4",
			       "--page-server",
			       "--ps-socket",
			       "7",
			       NULL };
	const int fds[] = { status, images->dir, images->work, server };
	const struct criu_start start = { .argv = argv,
					  .cgroup = -1,
					  .fds = fds,
					  .fd_count = server < 0 ? 3 : 4,
					  .prepare = criu_leave_session };

	if (server < 0)
		argv[WITHOUT_SERVER] = NULL;
	return criu_clone(&start, criu, err) < 0 ? -1 : criu_release(criu, err);
}

/* Its listener must not be connected to, since it takes one connection: a datagram can't be sent to it, which is EPROTOTYPE,
 * but one that is gone, and what is no socket, refuses. What is there then is in the way. */
static bool somebody_listens(const struct images *images)
{
	struct error error = ERROR_INIT;
	_cleanup_fd_ int socket = socket_connect_at(images->work, SOCKET_NAME, SOCK_DGRAM, &error);

	if (socket < 0 && error.errnum == ECONNREFUSED)
		(void)unlinkat(images->work, SOCKET_NAME, 0);
	return socket >= 0 || (error.errnum != ECONNREFUSED && error.errnum != ENOENT);
}

int lazy_start(const struct images *images, const struct page_server *server, struct criu *ret_criu,
	       struct error *err)
{
	_cleanup_fd_ int status = -1, connection = -1;
	struct criu criu = CRIU_INIT;
	int ends[2], result;

	if (somebody_listens(images))
		return 0;
	/* by us and not by CRIU, which connects only once it has the container's memory in its hands: when that failed the
	 * container would run with zeroes for memory */
	if (server->address && (connection = page_server_connect(server, err)) < 0)
		return -1;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_errno(err, errno, "criu", "make a pipe for CRIU");
	status = ends[0];
	log_forget(images->work, LOG_NAME);
	result = start(images, connection, ends[1], &criu, err);
	close(ends[1]);
	if (result == 0 && wait_until_it_listens(status, err) < 0)
		result = err->code == ERROR_BUSY
			     ? -1
			     : log_explain(images->work, images->work_path, LOG_NAME, err);
	if (result < 0)
		lazy_stop(images, &criu);
	else
		*ret_criu = criu;
	return result;
}

static int check(const struct images *images, const struct criu *criu, struct error *err)
{
	siginfo_t info = { 0 };

	if (waitid(P_PID, (id_t)criu->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
	    info.si_pid == 0)
		return 0;
	error_set(err, ERROR_SYSTEM, "criu", "criu lazy-pages has failed");
	return log_explain(images->work, images->work_path, LOG_NAME, err);
}

/* ---- the watcher ---- */

struct watch {
	pid_t daemon;
	int log, cgroup, pidfd;
};

static void kill_container(const struct watch *watch)
{
	struct pollfd dead = { .fd = watch->pidfd, .events = POLLIN };
	struct error ignored = ERROR_INIT;

	if (poll(&dead, 1, 0) > 0) /* it has ended before its memory was there */
		return;
	if (watch->cgroup >= 0)
		(void)cgroup_signal(watch->cgroup, SIGKILL, &ignored);
	(void)sys_pidfd_send_signal(watch->pidfd, SIGKILL);
	(void)poll(&dead, 1, KILL_MS);
	(void)fd_write_all(watch->log, KILLED, strlen(KILLED));
}

/* Traced, it stops at its end while all is still open: whoever waits for memory goes on waiting, until he is killed. */
static bool has_ended(pid_t daemon, int status, unsigned long *ret_code)
{
	if (!WIFSTOPPED(status)) {
		*ret_code = (unsigned long)status;
		return true;
	}
	return status >> 8 == (SIGTRAP | PTRACE_EVENT_EXIT << 8) &&
	       ptrace(PTRACE_GETEVENTMSG, daemon, NULL, ret_code) == 0;
}

/* Its end: as waitpid(2) has it, 0 if all was fetched. In between it stops for signals, and goes on with them. */
static unsigned long wait_for_end(pid_t daemon)
{
	unsigned long code = 1;
	int status;

	for (;;) {
		while (waitpid(daemon, &status, __WALL) < 0)
			if (errno != EINTR)
				return code;
		if (has_ended(daemon, status, &code))
			return code;
		(void)ptrace(PTRACE_CONT, daemon, NULL, status >> 16 ? 0 : WSTOPSIG(status));
	}
}

/* In a child like CRIU's, which never comes to execute it. It says that it watches by closing what it has of ours. */
static int begin_to_watch(void *context, struct error *err)
{
	const struct watch *watch = context;
	const int keep[] = { watch->log, watch->cgroup, watch->pidfd };

	if (criu_leave_session(NULL, err) < 0)
		return -1;
	if (ptrace(PTRACE_SEIZE, watch->daemon, NULL, PTRACE_O_TRACEEXIT) < 0)
		return error_errno(err, errno, "criu", "watch criu lazy-pages");
	if (fds_close_others(3, keep, array_length(keep), err) < 0)
		return -1;
	if (wait_for_end(watch->daemon) != 0)
		kill_container(watch);
	_exit(0);
}

static int open_log(const struct images *images, struct error *err)
{
	int log = openat(images->work, LOG_NAME, O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC);

	return log < 0 ? error_errno(err, errno, LOG_NAME, "open %s", LOG_NAME) : log;
}

int lazy_watch(const struct images *images, const struct criu *criu, int cgroup, int pidfd,
	       struct error *err)
{
	_cleanup_fd_ int log = -1;
	struct watch watch = { .daemon = criu->pid, .cgroup = cgroup, .pidfd = pidfd };
	const struct criu_start start = { .cgroup = -1,
					  .prepare = begin_to_watch,
					  .context = &watch };
	struct criu watcher = CRIU_INIT;
	int result;

	if (criu->pid == 0)
		return 0;
	if (check(images, criu, err) < 0 || (log = open_log(images, err)) < 0)
		return -1;
	watch.log = log;
	if (criu_clone(&start, &watcher, err) < 0)
		return -1;
	result = criu_release(&watcher, err);
	if (result == 0)
		watcher.pid = 0; /* it ends with the daemon */
	criu_end(&watcher);
	return result;
}

/* ---- its end ---- */

void lazy_stop(const struct images *images, struct criu *criu)
{
	if (criu->pid == 0)
		return;
	(void)unlinkat(images->work, SOCKET_NAME, 0);
	criu_kill(criu);
}

void lazy_leave(const struct images *images, struct criu *criu)
{
	if (criu->pid == 0)
		return;
	(void)unlinkat(images->work, SOCKET_NAME, 0);
	criu->pid = 0;
	criu_end(criu);
}
