#include "checkpoint/guard.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/kernel.h"
#include "libcontainer/cgroup/cgroup.h"

struct guard {
	int proa, criu, cgroup; /* the first two: pidfds */
};

/* In a child like CRIU's, which never comes to execute it. It says that it is there by closing what it has of ours. */
static int keep_guard(void *context, struct error *err)
{
	const struct guard *guard = context;
	const int keep[] = { guard->proa, guard->criu, guard->cgroup };
	struct pollfd dead = { .fd = guard->proa, .events = POLLIN };
	struct error ignored = ERROR_INIT;

	if (criu_leave_session(NULL, err) < 0 ||
	    fds_close_others(3, keep, array_length(keep), err) < 0)
		return -1;
	while (poll(&dead, 1, -1) < 0 && errno == EINTR)
		;
	(void)cgroup_signal(guard->cgroup, SIGKILL, &ignored);
	(void)sys_pidfd_send_signal(guard->criu, SIGKILL);
	_exit(0);
}

int guard_begin(pid_t criu, int cgroup, struct criu *ret_guard, struct error *err)
{
	_cleanup_fd_ int criu_fd = pidfd_open(criu, 0), own = pidfd_open(getpid(), 0);
	struct guard guard = { .proa = own, .criu = criu_fd, .cgroup = cgroup };
	const struct criu_start start = { .cgroup = -1, .prepare = keep_guard, .context = &guard };

	if (criu_fd < 0 || own < 0)
		return error_errno(err, errno, "criu", "open a process");
	return criu_clone(&start, ret_guard, err) < 0 ? -1 : criu_release(ret_guard, err);
}
