/* Signals to all processes of a cgroup. */
#include "libcontainer/cgroup/internal.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fd.h"

/* Who is forked after a list was read appears in the next; two or three are usual, and one for a frozen cgroup. Who gets
 * away each time ignores the signal and forks on and on. */
#define PASSES 10

struct pid_set {
	pid_t *pids;
	size_t count;
};

static int compare_pids(const void *a, const void *b)
{
	return (*(const pid_t *)a > *(const pid_t *)b) - (*(const pid_t *)a < *(const pid_t *)b);
}

static bool has_pid(const struct pid_set *set, pid_t pid)
{
	return set->count && bsearch(&pid, set->pids, set->count, sizeof(pid), compare_pids);
}

/* Signal those that are not in @done, which becomes the new list. *ret_new: was there any? One that may not be signalled
 * keeps no other from it: the last of them is told. */
static int signal_new(int cgroupfd, int signal, struct pid_set *done, struct arena *arena,
		      bool *ret_new, struct error *err)
{
	struct pid_set found;
	int result = 0;

	*ret_new = false;
	if (cgroup_pids(cgroupfd, arena, &found.pids, &found.count, err) < 0)
		return -1;
	for (size_t i = 0; i < found.count; i++) {
		if (has_pid(done, found.pids[i]))
			continue;
		*ret_new = true;
		/* one that is gone already needs no signal */
		if (kill(found.pids[i], signal) < 0 && errno != ESRCH)
			result = error_errno(err, errno, NULL, "send signal %d to process %d",
					     signal, (int)found.pids[i]);
	}
	if (found.count)
		qsort(found.pids, found.count, sizeof(pid_t), compare_pids);
	*done = found;
	return result;
}

/* One that is in fork(2) at the last list escapes: only in a frozen cgroup there is none.
 *
 * As elsewhere, a process that has the signal blocked while it forks, as glibc's fork() does, keeps it to itself; only
 * SIGKILL is sure to reach its child. */
static int signal_until_none_is_new(int cgroupfd, int signal, struct error *err)
{
	_cleanup_arena_ struct arena arena = ARENA_INIT;
	struct pid_set done = { .count = 0 };
	bool more = true;
	int result = 0;

	if (arena_init(&arena, CGROUP_PIDS_ARENA, err) < 0)
		return -1;
	for (int pass = 0; more && pass < PASSES; pass++)
		if (signal_new(cgroupfd, signal, &done, &arena, &more, err) < 0)
			result = -1;
	return result;
}

/* A mount that is read-only, files that aren't ours: the processes may be ours to signal all the same. */
static bool is_read_only(int errnum)
{
	return errnum == EROFS || errnum == EACCES || errnum == EPERM;
}

int cgroup_signal(int cgroupfd, int signal, struct error *err)
{
	if (signal != SIGKILL)
		return signal_until_none_is_new(cgroupfd, signal, err);
	if (file_write(cgroupfd, "cgroup.kill", "1") == 0)
		return 0;
	return is_read_only(errno)
		   ? signal_until_none_is_new(cgroupfd, signal, err)
		   : error_errno(err, errno, "cgroup.kill", "write 1 to cgroup.kill");
}
