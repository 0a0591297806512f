#include "libcontainer/lifecycle/wait.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/kernel.h"
#include "libcontainer/lifecycle/notify.h"

/* What poll(2) waits for, by place. */
enum source { SIGNALS, PROCESS, NOTIFY, MASTER, STDIN, SOURCES };

struct loop {
	const struct foreground *foreground;
	int signals;
	struct pollfd fds[SOURCES];
	bool ended;
	int status;
};

int wait_begin(bool subreaper, struct error *err)
{
	sigset_t all;
	int fd;

	/* without a pid namespace of its own the container's orphans would fall to somebody who
	 * knows nothing */
	if (subreaper && prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return error_errno(err, errno, NULL, "become the subreaper");
	sigfillset(&all);
	if (sigprocmask(SIG_SETMASK, &all, NULL) < 0)
		return error_errno(err, errno, NULL, "block signals");
	fd = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? error_errno(err, errno, NULL, "take signals") : fd;
}

static int exit_status(const siginfo_t *info)
{
	return info->si_code == CLD_EXITED ? info->si_status : 128 + info->si_status;
}

/* Our process may have been made by a bridge, with no exit signal of its own: hence __WALL. */
static void reap(struct loop *loop)
{
	siginfo_t info = { 0 };

	while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | __WALL) == 0 && info.si_pid) {
		if (info.si_pid == loop->foreground->pid) {
			loop->ended = true;
			loop->status = exit_status(&info);
		}
		info.si_pid = 0;
	}
}

static void relay_signals(struct loop *loop)
{
	struct signalfd_siginfo info;

	while (read(loop->signals, &info, sizeof(info)) == sizeof(info)) {
		switch (info.ssi_signo) {
		case SIGCHLD:
			reap(loop);
			break;
		case SIGPIPE:
			break;
		case SIGWINCH:
			terminal_resize(loop->foreground->terminal);
			break;
		default:
			sys_pidfd_send_signal(loop->foreground->pidfd, (int)info.ssi_signo);
		}
	}
}

/* Copy what there is; false at the end of @from. A reader that is gone loses it, but doesn't end
 * the program. */
static bool copy_some(int from, int to)
{
	char chunk[16384];
	ssize_t got = read(from, chunk, sizeof(chunk));

	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	if (got <= 0)
		return false;
	if (fd_write_all(to, chunk, (size_t)got) < 0 && errno != EAGAIN)
		return false;
	return true;
}

static void relay_terminal(struct loop *loop)
{
	if (loop->fds[STDIN].revents && !copy_some(STDIN_FILENO, loop->fds[MASTER].fd))
		loop->fds[STDIN].fd = -1;
	if (loop->fds[MASTER].revents && !copy_some(loop->fds[MASTER].fd, STDOUT_FILENO))
		loop->fds[MASTER].fd = loop->fds[STDIN].fd = -1;
}

/* What the program printed last may still be in the terminal when it has ended. */
static void drain_terminal(struct loop *loop)
{
	struct pollfd *master = &loop->fds[MASTER];

	while (master->fd >= 0 && poll(master, 1, 0) > 0)
		if (!copy_some(master->fd, STDOUT_FILENO))
			master->fd = -1;
}

/* That nobody wants to hear of it is no reason to end the container. */
static void relay_notify(struct loop *loop)
{
	struct error error = ERROR_INIT;
	bool ready = false;

	if (!loop->fds[NOTIFY].revents)
		return;
	if (notify_read(loop->fds[NOTIFY].fd, 0, &ready, &error) < 0) {
		loop->foreground->warn(error.text);
		ready = true;
	}
	if (ready)
		loop->fds[NOTIFY].fd = -1;
}

static void set_sources(struct loop *loop)
{
	int master = loop->foreground->terminal->master;
	const int fds[SOURCES] = {
		[SIGNALS] = loop->signals,
		[PROCESS] = loop->foreground->pidfd,
		[NOTIFY] = loop->foreground->notify,
		[MASTER] = master,
		[STDIN] = master >= 0 ? STDIN_FILENO : -1,
	};

	for (size_t i = 0; i < SOURCES; i++)
		loop->fds[i] = (struct pollfd){ .fd = fds[i], .events = POLLIN };
}

int wait_foreground(const struct foreground *foreground, int signals, int *ret_status,
		    struct error *err)
{
	struct loop loop = { .foreground = foreground, .signals = signals };

	set_sources(&loop);
	while (!loop.ended) {
		if (poll(loop.fds, SOURCES, -1) < 0 && errno != EINTR)
			return error_errno(err, errno, NULL, "wait for the container");
		relay_signals(&loop);
		relay_notify(&loop);
		relay_terminal(&loop);
		if (loop.fds[PROCESS].revents)
			reap(&loop);
	}
	drain_terminal(&loop);
	*ret_status = loop.status;
	return 0;
}
