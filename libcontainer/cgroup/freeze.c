/* Freeze and thaw (kernel: cgroup-v2.rst, cgroup.freeze). */
#include "libcontainer/cgroup/internal.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/procfs.h"

/* ---- who is it that doesn't freeze? ---- */

static bool read_proc(int procfs, pid_t pid, const char *name, char *ret_text, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "%d/%s", (int)pid, name);
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
	snprintf(ret_process->name, sizeof(ret_process->name), "%.*s", (int)(close - open - 1),
		 open + 1);
	ret_process->state = close[2];
	return true;
}

static void describe(int procfs, pid_t pid, const struct process *process, char *text, size_t size)
{
	char place[64];

	if (process->state != 'D')
		snprintf(text, size, "process %d (%s)", (int)pid, process->name);
	else if (read_proc(procfs, pid, "wchan", place, sizeof(place)) && strlen(place) > 1)
		snprintf(text, size, "process %d (%s), which waits uninterruptibly in %s", (int)pid,
			 process->name, place);
	else
		snprintf(text, size, "process %d (%s), which waits uninterruptibly", (int)pid,
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

int cgroup_thaw(int cgroupfd, struct error *err)
{
	if (file_write(cgroupfd, "cgroup.freeze", "0") < 0)
		return error_errno(err, errno, "cgroup.freeze", "write 0 to cgroup.freeze");
	return 0;
}

static int freeze_failed(int cgroupfd, int waited, unsigned int deadline_ms, struct error *err)
{
	char culprit[256];

	if (waited < 0)
		return error_errno(err, errno, "cgroup.events", "wait for the cgroup to freeze");
	cgroup_describe_process(cgroupfd, true, culprit, sizeof(culprit));
	return error_set(err, ERROR_BUSY, NULL,
			 "the cgroup didn't freeze within %u ms because of %s", deadline_ms,
			 culprit);
}

int cgroup_freeze(int cgroupfd, unsigned int deadline_ms, struct error *err)
{
	struct error ignored = ERROR_INIT; /* the first error is the one to tell */
	int waited;

	if (file_write(cgroupfd, "cgroup.freeze", "1") < 0)
		return error_errno(err, errno, "cgroup.freeze", "write 1 to cgroup.freeze");
	waited = cgroup_wait_event(cgroupfd, "frozen", 1, deadline_ms);
	if (waited > 0)
		return 0;
	freeze_failed(cgroupfd, waited, deadline_ms, err);
	cgroup_thaw(cgroupfd, &ignored);
	return -1;
}
