/* A container's status is found out, never stored: nothing that is killed can then leave a wrong
 * one. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "libcontainer/lifecycle/store.h"

/* From proc_pid_stat(5): what follows the name, which may itself contain anything but ends with the
 * last ")". */
static int read_stat(pid_t pid, char *ret_status, uint64_t *ret_start, struct error *err)
{
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;
	unsigned long long start;
	char path[32], *rest;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (file_read(AT_FDCWD, path, 4096, &text, err) < 0)
		return -1;
	rest = strrchr(text.bytes, ')');
	if (!rest ||
	    sscanf(
		rest,
		") %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
		ret_status, &start) != 2)
		return error_set(err, ERROR_SYSTEM, path, "can't understand %s", path);
	*ret_start = start;
	return 0;
}

int process_start_time(pid_t pid, uint64_t *ret_start, struct error *err)
{
	char status;

	return read_stat(pid, &status, ret_start, err);
}

bool state_init_alive(const struct container_state *state, int *ret_pidfd)
{
	_cleanup_fd_ int pidfd = -1;
	struct error ignored = ERROR_INIT;
	uint64_t start = 0;
	char status = 0;

	if (state->pid <= 0)
		return false;
	/* the descriptor first: if the start time is right afterwards, it was right then */
	if (ret_pidfd) {
		pidfd = pidfd_open((pid_t)state->pid, 0);
		if (pidfd < 0)
			return false;
	}
	if (read_stat((pid_t)state->pid, &status, &start, &ignored) < 0)
		return false;
	if (start != state->pid_start || status == 'Z' || status == 'X')
		return false;
	if (ret_pidfd)
		*ret_pidfd = steal_fd(&pidfd);
	return true;
}

/* Init listens at its socket until it executes the program. The file may outlive that, if `start`
 * was killed before it removed it: then nobody answers. An init that was stopped by a signal doesn't
 * accept: with as many of us as may wait in line, one more would wait with them. */
static bool waits_for_start(const struct record *record)
{
	_cleanup_fd_ int fd = -1;
	struct error error = ERROR_INIT;

	if (faccessat(record->dir, STORE_START, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	fd = socket_connect_at(record->dir, STORE_START, SOCK_SEQPACKET | SOCK_NONBLOCK, &error);
	return fd >= 0 || error.errnum == EAGAIN;
}

static bool is_frozen(const struct container_state *state)
{
	_cleanup_fd_ int cgroup = -1;
	struct error ignored = ERROR_INIT;
	bool frozen = false;

	if (!state->cgroup_path)
		return false;
	cgroup = cgroup_open(state->cgroup_path, &ignored);
	return cgroup >= 0 && cgroup_frozen(cgroup, &frozen, &ignored) == 0 && frozen;
}

enum container_status status_now(const struct record *record, const struct container_state *state)
{
	if (!state->created)
		return store_locked(record) ? STATUS_CREATING : STATUS_STOPPED;
	if (!state_init_alive(state, NULL))
		return STATUS_STOPPED;
	if (is_frozen(state))
		return STATUS_PAUSED;
	return waits_for_start(record) ? STATUS_CREATED : STATUS_RUNNING;
}
