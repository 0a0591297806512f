#include "libcontainer/lifecycle/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

#include "base/procfs.h"

#define REMINDER_MS 10

static struct flock whole_file(enum lock_kind kind)
{
	return (struct flock){ .l_type = kind == LOCK_SHARED ? F_RDLCK : F_WRLCK,
			       .l_whence = SEEK_SET };
}

int lock_try(int fd, enum lock_kind kind)
{
	struct flock lock = whole_file(kind);

	return fcntl(fd, F_SETLK, &lock);
}

bool lock_refused(int fd, enum lock_kind kind)
{
	struct flock lock = whole_file(kind);

	return fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

static bool is_ancestor(pid_t pid)
{
	struct procfs_stat stat = { .parent = getppid() };
	struct error ignored = ERROR_INIT;

	while (stat.parent > 1 && stat.parent != pid)
		if (procfs_stat(stat.parent, &stat, &ignored) < 0)
			return false;
	return stat.parent == pid;
}

pid_t lock_ancestor(int fd, enum lock_kind kind)
{
	struct flock lock = whole_file(kind);

	/* l_pid: 0 for one that isn't in our pid namespace */
	if (fcntl(fd, F_GETLK, &lock) < 0 || lock.l_type == F_UNLCK || lock.l_pid <= 0)
		return 0;
	return is_ancestor(lock.l_pid) ? lock.l_pid : 0;
}

/* ---- waiting ---- */

struct deadline {
	timer_t timer;
	struct timespec at;
	struct sigaction old_action;
	sigset_t old_mask;
};

static void interrupt(int signal)
{
	(void)signal; /* EINTR tells */
}

static struct timespec after(unsigned int ms)
{
	struct timespec now;
	int64_t ns;

	clock_gettime(CLOCK_MONOTONIC, &now);
	ns = now.tv_nsec + (int64_t)ms * 1000000;
	return (struct timespec){ now.tv_sec + ns / 1000000000, ns % 1000000000 };
}

/* A wait in the kernel is ended by a signal alone. From the deadline on it comes again and again: a single one would be lost
 * if it came just before the wait begins. */
static void deadline_end(struct deadline *deadline)
{
	/* in this order: one that comes last still finds our handler */
	timer_delete(deadline->timer);
	sigprocmask(SIG_SETMASK, &deadline->old_mask, NULL);
	sigaction(SIGALRM, &deadline->old_action, NULL);
}

static int deadline_begin(struct deadline *deadline, unsigned int ms)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM };
	const struct sigaction action = { .sa_handler = interrupt }; /* without SA_RESTART */
	struct itimerspec times = { .it_interval = { .tv_nsec = REMINDER_MS * 1000000L } };
	sigset_t alarm;
	int errnum;

	if (timer_create(CLOCK_MONOTONIC, &event, &deadline->timer) < 0)
		return -1;
	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	sigaction(SIGALRM, &action, &deadline->old_action);
	sigprocmask(SIG_UNBLOCK, &alarm, &deadline->old_mask);
	times.it_value = deadline->at = after(ms);
	if (timer_settime(deadline->timer, TIMER_ABSTIME, &times, NULL) == 0)
		return 0;
	errnum = errno;
	deadline_end(deadline);
	errno = errnum;
	return -1;
}

static bool has_passed(const struct timespec *at)
{
	struct timespec now = after(0);

	return now.tv_sec > at->tv_sec || (now.tv_sec == at->tv_sec && now.tv_nsec >= at->tv_nsec);
}

int lock_wait(int fd, enum lock_kind kind, unsigned int ms)
{
	struct flock lock = whole_file(kind);
	struct deadline deadline;
	int result, error;

	/* nearly always it is free */
	if (lock_try(fd, kind) == 0)
		return 0;
	if ((errno != EAGAIN && errno != EACCES) || deadline_begin(&deadline, ms) < 0)
		return -1;
	do
		result = fcntl(fd, F_SETLKW, &lock);
	while (result < 0 && errno == EINTR && !has_passed(&deadline.at));
	error = result < 0 && errno == EINTR ? ETIMEDOUT : errno;
	deadline_end(&deadline);
	errno = error;
	return result;
}
