#include "base/termination.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/cleanup.h"

static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

/* Blocked, one that is ignored would wait as well. */
static bool would_end_us(int signal)
{
	struct sigaction action;

	return sigaction(signal, NULL, &action) < 0 || action.sa_handler != SIG_IGN;
}

static sigset_t that_would_end_us(void)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < array_length(signals); i++)
		if (would_end_us(signals[i]))
			sigaddset(&set, signals[i]);
	return set;
}

void termination_hold(sigset_t *ret_before)
{
	const sigset_t held = that_would_end_us();

	sigprocmask(SIG_BLOCK, &held, ret_before);
}

void termination_release(const sigset_t *before)
{
	sigprocmask(SIG_SETMASK, before, NULL);
}

bool termination_waits(void)
{
	sigset_t pending;

	if (sigpending(&pending) < 0)
		return false;
	for (size_t i = 0; i < array_length(signals); i++)
		if (sigismember(&pending, signals[i]) == 1 && would_end_us(signals[i]))
			return true;
	return false;
}

static void exit_by(int signal)
{
	_exit(128 + signal);
}

int termination_exits(struct error *err)
{
	const struct sigaction action = { .sa_handler = exit_by };

	for (size_t i = 0; i < array_length(signals); i++)
		if (sigaction(signals[i], &action, NULL) < 0)
			return error_errno(err, errno, NULL, "handle signal %d", signals[i]);
	return 0;
}

static bool termination_or(int fd, short events, int ms)
{
	const sigset_t held = that_would_end_us();
	_cleanup_fd_ int signal = signalfd(-1, &held, SFD_CLOEXEC);
	struct pollfd fds[] = { { .fd = fd, .events = events },
				{ .fd = signal, .events = POLLIN } };

	while (poll(fds, array_length(fds), ms) < 0 && errno == EINTR)
		;
	return fds[0].revents || !fds[1].revents;
}

bool termination_or_input(int fd, int ms)
{
	return termination_or(fd, POLLIN, ms);
}

bool termination_or_output(int fd, int ms)
{
	return termination_or(fd, POLLOUT, ms);
}
