#include "libcontainer/lifecycle/wait.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/kernel.h"
#include "libcontainer/cgroup/cgroup.h"
#include "libcontainer/lifecycle/notify.h"
#include "libcontainer/lifecycle/relay.h"

/* What poll(2) waits for, by place. */
enum source { SIGNALS, PROCESS, NOTIFY, MEMORY, MEMORY_ABOVE, MASTER, STDIN, STDOUT, SOURCES };

#define DRAIN_ROUNDS 512 /* of at most PIPE_BUF bytes: more than a terminal holds */

struct loop {
	const struct foreground *foreground;
	int signals;
	struct pollfd fds[SOURCES];
	struct relay input, output; /* of the terminal */
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
	/* sigfillset(3) leaves out those that the C library keeps for itself: others know them as SIGRTMIN */
	memset(&all, 0xff, sizeof(all));
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

static void want_terminal(struct loop *loop)
{
	for (enum source i = MASTER; i < SOURCES; i++)
		loop->fds[i] = (struct pollfd){ .fd = -1 };
	relay_want(&loop->input, &loop->fds[STDIN], &loop->fds[MASTER]);
	relay_want(&loop->output, &loop->fds[MASTER], &loop->fds[STDOUT]);
}

static void relay_terminal(struct loop *loop)
{
	relay_move(&loop->input, &loop->fds[STDIN], &loop->fds[MASTER]);
	relay_move(&loop->output, &loop->fds[MASTER], &loop->fds[STDOUT]);
	/* nobody is there to read what is typed */
	if (loop->output.from < 0)
		loop->input.from = -1;
}

/* What the program printed last may still be in the terminal when it has ended; what it has left
 * behind may go on printing. */
static void drain_terminal(struct loop *loop)
{
	loop->input.from = loop->input.to = -1;
	for (int round = 0; round < DRAIN_ROUNDS; round++) {
		want_terminal(loop);
		if (poll(&loop->fds[MASTER], SOURCES - MASTER,
			 relay_holds(&loop->output) ? -1 : 0) <= 0)
			return;
		relay_terminal(loop);
	}
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

void memory_watch_begin(struct memory_watch *watch, int cgroupfd)
{
	*watch = (struct memory_watch){ .cgroup = cgroupfd, .events = -1, .above = -1 };
	if (cgroupfd < 0)
		return;
	watch->events = openat(cgroupfd, "memory.events", O_RDONLY | O_CLOEXEC);
	watch->above = openat(cgroupfd, "../memory.events", O_RDONLY | O_CLOEXEC);
	/* from the first read on a change shows in poll(2) */
	if (watch->above >= 0)
		cgroup_read_oom_kills(watch->above, &watch->kills_above);
	memory_watch_look(watch);
}

/* The kernel counts a kill from the bottom up: what the cgroup above has when it is read first, the other has, too. */
void memory_watch_look(struct memory_watch *watch)
{
	uint64_t kills, above = watch->kills_above;

	if (watch->events < 0)
		return;
	if (watch->above >= 0)
		cgroup_read_oom_kills(watch->above, &above);
	if (cgroup_read_oom_kills(watch->events, &kills) < 0) {
		watch->kills += above - watch->kills_above;
		memory_watch_end(watch);
		return;
	}
	if (kills > watch->kills)
		cgroup_limit_text(watch->cgroup, watch->limit, sizeof(watch->limit));
	watch->kills = kills;
	watch->kills_above = above;
}

void memory_watch_end(struct memory_watch *watch)
{
	cleanup_fd_(&watch->events);
	cleanup_fd_(&watch->above);
	watch->events = watch->above = -1;
}

void report_death(const struct runtime *runtime, const char *id, const char *what,
		  const char *limit)
{
	struct error death = ERROR_INIT;

	error_set_(&death, ERROR_MEMORY, id, "%s was killed for memory%s", what, limit);
	runtime->report(&death);
}

static void note_kills(struct loop *loop)
{
	struct memory_watch *watch = loop->foreground->memory;

	memory_watch_look(watch);
	loop->fds[MEMORY].fd = watch->events;
	loop->fds[MEMORY_ABOVE].fd = watch->above;
}

static void begin(struct loop *loop)
{
	const struct foreground *foreground = loop->foreground;
	int master = foreground->terminal->master;
	const int fds[MASTER] = {
		[SIGNALS] = loop->signals,
		[PROCESS] = foreground->pidfd,
		[NOTIFY] = foreground->notify,
		[MEMORY] = foreground->memory->events,
		[MEMORY_ABOVE] = foreground->memory->above,
	};

	for (size_t i = 0; i < MASTER; i++)
		loop->fds[i] = (struct pollfd){
			.fd = fds[i],
			.events = i == MEMORY || i == MEMORY_ABOVE ? POLLPRI : POLLIN,
		};
	/* nobody else has it; our own streams are also those of others, and stay as they are */
	if (master >= 0)
		fcntl(master, F_SETFL, O_RDWR | O_NONBLOCK);
	loop->input = (struct relay){ .from = master >= 0 ? STDIN_FILENO : -1, .to = master };
	loop->output = (struct relay){ .from = master, .to = STDOUT_FILENO };
}

int wait_foreground(const struct foreground *foreground, int signals, int *ret_status,
		    struct error *err)
{
	struct loop loop = { .foreground = foreground, .signals = signals };

	begin(&loop);
	while (!loop.ended) {
		want_terminal(&loop);
		if (poll(loop.fds, SOURCES, -1) < 0) {
			if (errno != EINTR)
				return error_errno(err, errno, NULL, "wait for the container");
			continue;
		}
		if (loop.fds[MEMORY].revents || loop.fds[MEMORY_ABOVE].revents)
			note_kills(&loop);
		relay_signals(&loop);
		relay_notify(&loop);
		relay_terminal(&loop);
		if (loop.fds[PROCESS].revents)
			reap(&loop);
	}
	/* the kernel tells of no more than one change in 10 ms: the death may have come first */
	note_kills(&loop);
	drain_terminal(&loop);
	*ret_status = loop.status;
	return 0;
}
