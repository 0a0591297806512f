/* Freeze and thaw (kernel: cgroup-v2.rst, cgroup.freeze). */
#include "base/text.h"
#include "libcontainer/cgroup/internal.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/procfs.h"
#include "base/termination.h"

/* How often a wait looks whether we are to end. */
#define LOOK_MS 100

/* ---- who is it that doesn't freeze? ---- */

static bool read_proc(int procfs, pid_t pid, const char *name, char *ret_text, size_t size)
{
	char path[64];

	text_fit(path, sizeof(path), "%d/%s", (int)pid, name);
	_cleanup_fd_ int fd = procfs_open_at(procfs, path, O_RDONLY);
	ssize_t length = fd < 0 ? -1 : read(fd, ret_text, size - 1);

	if (length < 0)
		return false;
	ret_text[length] = '\0';
	/* a process chooses its own name: no byte of it may upset a log or a terminal */
	for (char *c = ret_text; *c; c++)
		if (!isascii(*c) || !isprint(*c))
			*c = '?';
	return true;
}

struct process {
	char name[32];
	char state;
};

/* "PID (NAME) STATE …", where the name may hold parentheses itself. */
static bool look_at(int procfs, pid_t pid, struct process *ret_process)
{
	char stat[512], *open, *close;

	if (!read_proc(procfs, pid, "stat", stat, sizeof(stat)))
		return false;
	open = strchr(stat, '(');
	close = strrchr(stat, ')');
	if (!open || !close || close < open || close[1] != ' ')
		return false;
	text_cut(ret_process->name, sizeof(ret_process->name), "%.*s", (int)(close - open - 1),
		 open + 1);
	ret_process->state = close[2];
	return true;
}

static void describe(int procfs, pid_t pid, const struct process *process, char *text, size_t size)
{
	char place[64];

	if (process->state != 'D')
		text_cut(text, size, "process %d (%s)", (int)pid, process->name);
	else if (read_proc(procfs, pid, "wchan", place, sizeof(place)) && strlen(place) > 1)
		text_cut(text, size, "process %d (%s), which waits uninterruptibly in %s", (int)pid,
			 process->name, place);
	else
		text_cut(text, size, "process %d (%s), which waits uninterruptibly", (int)pid,
			 process->name);
}

void cgroup_describe_process(int cgroupfd, bool stuck, char *ret_text, size_t size)
{
	_cleanup_arena_ struct arena arena = ARENA_INIT;
	struct error ignored = ERROR_INIT; /* an error is being told already */
	_cleanup_fd_ int procfs = procfs_open(&ignored);
	struct process process;
	pid_t *pids = NULL;
	size_t count = 0;

	snprintf(ret_text, size, "a process");
	if (procfs < 0 || arena_init(&arena, CGROUP_PIDS_ARENA, &ignored) < 0 ||
	    cgroup_pids(cgroupfd, &arena, &pids, &count, &ignored) < 0)
		return;
	for (size_t i = 0; i < count; i++) {
		if (!look_at(procfs, pids[i], &process))
			continue;
		describe(procfs, pids[i], &process, ret_text, size);
		if (!stuck || process.state == 'D')
			return;
	}
}

/* ---- freeze ---- */

static int freeze_failed(int cgroupfd, int waited, unsigned int deadline_ms, struct error *err)
{
	char culprit[256];

	if (waited < 0)
		return error_errno(err, errno, "cgroup.events", "wait for the cgroup to freeze");
	cgroup_describe_process(cgroupfd, true, culprit, sizeof(culprit));
	if (termination_waits())
		return error_set(err, ERROR_BUSY, NULL,
				 "ended by a signal before the cgroup froze; it wasn't yet because "
				 "of %s",
				 culprit);
	return error_set(err, ERROR_BUSY, NULL,
			 "the cgroup didn't freeze within %u ms because of %s", deadline_ms,
			 culprit);
}

/* As cgroup_wait_event(), and 0 when we are to end. It looks at least once: what freezes at once is frozen. */
static int wait_until_frozen(int cgroupfd, unsigned int deadline_ms)
{
	int64_t end = clock_ms() + deadline_ms, left = deadline_ms;
	int waited;

	do {
		waited = cgroup_wait_event(cgroupfd, "frozen", 1,
					   left < LOOK_MS ? (unsigned int)left : LOOK_MS);
		left = end - clock_ms();
	} while (waited == 0 && left > 0 && !termination_waits());
	return waited;
}

int cgroup_await_frozen(int cgroupfd, unsigned int deadline_ms, struct error *err)
{
	int waited = wait_until_frozen(cgroupfd, deadline_ms);

	return waited > 0 ? 0 : freeze_failed(cgroupfd, waited, deadline_ms, err);
}

int cgroup_freeze(int cgroupfd, unsigned int deadline_ms, struct error *err)
{
	struct error ignored = ERROR_INIT; /* the first error is the one to tell */

	if (file_write(cgroupfd, "cgroup.freeze", "1") < 0)
		return error_errno(err, errno, "cgroup.freeze", "write 1 to cgroup.freeze");
	if (cgroup_await_frozen(cgroupfd, deadline_ms, err) == 0)
		return 0;
	cgroup_thaw(cgroupfd, &ignored);
	return -1;
}

/* ---- thaw ---- */

int cgroup_thaw(int cgroupfd, struct error *err)
{
	if (file_write(cgroupfd, "cgroup.freeze", "0") < 0)
		return error_errno(err, errno, "cgroup.freeze", "write 0 to cgroup.freeze");
	return 0;
}

bool cgroup_is_to_freeze(int cgroupfd)
{
	char text[8];

	return cgroup_read(cgroupfd, "cgroup.freeze", text, sizeof(text)) > 0 && text[0] == '1';
}

/* The nearest cgroup above @path that is to be frozen, in @ret_path. */
static bool frozen_above(const char *path, char ret_path[PATH_MAX])
{
	text_fit(ret_path, PATH_MAX, "%s", path);
	for (char *slash = strrchr(ret_path, '/'); slash && slash != ret_path;
	     slash = strrchr(ret_path, '/')) {
		struct error ignored = ERROR_INIT;

		*slash = '\0';
		_cleanup_fd_ int fd = cgroup_open(ret_path, &ignored);

		if (fd >= 0 && cgroup_is_to_freeze(fd))
			return true;
	}
	return false;
}

int cgroup_resume(int cgroupfd, const char *path, unsigned int deadline_ms, struct error *err)
{
	char above[PATH_MAX], culprit[256];
	int waited;

	if (cgroup_thaw(cgroupfd, err) < 0)
		return -1;
	if (frozen_above(path, above))
		return error_set(
		    err, ERROR_STATE, above,
		    "thawed, but still frozen by the cgroup %s above it: write 0 to its "
		    "cgroup.freeze",
		    above);
	waited = cgroup_wait_event(cgroupfd, "frozen", 0, deadline_ms);
	if (waited > 0)
		return 0;
	if (waited < 0)
		return error_errno(err, errno, "cgroup.events", "wait for the cgroup to thaw");
	cgroup_describe_process(cgroupfd, true, culprit, sizeof(culprit));
	return error_set(err, ERROR_BUSY, NULL, "the cgroup didn't thaw within %u ms because of %s",
			 deadline_ms, culprit);
}
