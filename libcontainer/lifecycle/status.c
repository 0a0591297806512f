/* A container's status is found out, never stored: nothing that is killed can then leave a wrong
 * one. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/procfs.h"
#include "base/socket.h"
#include "libcontainer/lifecycle/journal.h"
#include "libcontainer/lifecycle/store.h"

/* Not by the state that proc_pid_stat(5) shows: a program whose first thread has ended is a zombie
 * there, and lives. */
static bool has_ended(int pidfd)
{
	struct pollfd end = { .fd = pidfd, .events = POLLIN };

	return poll(&end, 1, 0) > 0;
}

/* EINVAL: the number is a thread's by now. */
static bool means_ended(int errnum)
{
	return errnum == ESRCH || errnum == EINVAL || errnum == ENOENT;
}

int state_init_alive(const struct container_state *state, int *ret_pidfd, struct error *err)
{
	_cleanup_fd_ int pidfd = -1;
	struct procfs_stat stat;

	if (state->pid <= 0)
		return 0;
	/* the descriptor first: if the start time is right afterwards, it was right then */
	pidfd = pidfd_open((pid_t)state->pid, 0);
	if (pidfd < 0)
		return means_ended(errno) ? 0
					  : error_errno(err, errno, state->id,
							"look at init of container %s", state->id);
	if (procfs_stat((pid_t)state->pid, &stat, err) < 0)
		return means_ended(err->errnum) ? 0 : -1;
	if (stat.start != state->pid_start || has_ended(pidfd))
		return 0;
	if (ret_pidfd)
		*ret_pidfd = steal_fd(&pidfd);
	return 1;
}

int state_not_running(const struct container_state *state, struct error *err)
{
	return error_set(err, ERROR_NOT_RUNNING, state->id,
			 "container not running: no such process");
}

/* What can't be told is no end. */
static bool init_ends(const struct container_state *state)
{
	struct error ignored = ERROR_INIT;
	int alive = state_init_alive(state, NULL, &ignored);

	return alive == 0 || (alive > 0 && procfs_ends((pid_t)state->pid));
}

int state_check_end(const struct container_state *state, struct error *err)
{
	return init_ends(state) ? state_not_running(state, err) : 0;
}

int state_explain_failure(const struct container_state *state, struct error *err)
{
	if (err->errnum || err->code == ERROR_PROTOCOL)
		state_check_end(state, err);
	return -1;
}

/* Init listens at its socket until it executes the program. The file may outlive that, if `start`
 * was killed before it removed it: then nobody answers. One that is stopped accepts nobody, and
 * would keep us waiting once enough have asked. */
static bool waits_for_start(const struct record *record)
{
	struct error failure = ERROR_INIT;
	_cleanup_fd_ int fd = -1;

	if (faccessat(record->dir, STORE_START, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	fd = socket_connect_at(record->dir, STORE_START, SOCK_SEQPACKET | SOCK_NONBLOCK, &failure);
	return fd >= 0 || failure.errnum == EAGAIN;
}

static bool is_frozen(int cgroup)
{
	struct error ignored = ERROR_INIT;
	bool frozen = false;

	return cgroup_frozen(cgroup, &frozen, &ignored) == 0 && frozen;
}

/* An update freezes for some milliseconds; nobody has paused the container then. One that ended between the look at the
 * cgroup and that at its journal has thawed. */
static bool is_paused(const struct record *record, const struct container_state *state)
{
	_cleanup_fd_ int cgroup = -1;
	struct error ignored = ERROR_INIT;

	if (!state->cgroup_path)
		return false;
	cgroup = cgroup_open(state->cgroup_path, &ignored);
	return cgroup >= 0 && is_frozen(cgroup) && !journal_freezes(record) && is_frozen(cgroup);
}

static enum container_status status_of_living(const struct record *record,
					      const struct container_state *state)
{
	if (is_paused(record, state))
		return STATUS_PAUSED;
	return waits_for_start(record) ? STATUS_CREATED : STATUS_RUNNING;
}

int status_now(const struct record *record, const struct container_state *state,
	       enum container_status *ret_status, struct error *err)
{
	int alive;

	if (!state->created) {
		*ret_status = store_locked(record) ? STATUS_CREATING : STATUS_STOPPED;
		return 0;
	}
	alive = state_init_alive(state, NULL, err);
	if (alive < 0)
		return -1;
	*ret_status = alive ? status_of_living(record, state) : STATUS_STOPPED;
	return 0;
}

int state_open_cgroup(const struct container_state *state, struct error *err)
{
	int fd;

	if (state->status == STATUS_STOPPED)
		return state_not_running(state, err);
	if (!state->cgroup_path)
		return error_set(err, ERROR_UNSUPPORTED, state->id,
				 "container has no cgroup of its own");
	fd = cgroup_open(state->cgroup_path, err);
	if (fd < 0 && err->errnum == ENOENT && state_check_end(state, err) == 0)
		return error_set(err, ERROR_STATE, state->cgroup_path,
				 "the container's cgroup %s is gone: somebody else has moved its "
				 "processes and removed it",
				 state->cgroup_path);
	return fd;
}

/* As long as init lives nobody else can have taken it. */
int state_find_cgroup(const struct container_state *state, int *ret_fd,
		      enum cgroup_owner *ret_owner, struct error *err)
{
	bool ended;
	int fd = -1;

	if (state->cgroup_path) {
		fd = cgroup_open(state->cgroup_path, err);
		if (fd < 0 && err->errnum != ENOENT)
			return -1;
	}
	ended = state->status == STATUS_STOPPED || state->status == STATUS_CREATING;
	*ret_owner = fd >= 0 && ended && state->cgroup_mark ? cgroup_owner(fd, state->cgroup_mark)
							    : CGROUP_OWN;
	*ret_fd = fd;
	return 0;
}

int state_cgroup_mark(const struct record *record, struct arena *arena, char **ret_mark,
		      struct error *err)
{
	struct stat directory;

	if (fstat(record->dir, &directory) < 0)
		return error_errno(err, errno, NULL, "look at the state directory");
	*ret_mark = arena_printf(arena, "%llx:%llx", (unsigned long long)directory.st_dev,
				 (unsigned long long)directory.st_ino);
	return 0;
}

uint64_t state_oom_kills(const struct container_state *state)
{
	struct error ignored = ERROR_INIT;
	_cleanup_fd_ int cgroup = -1;
	enum cgroup_owner owner;
	uint64_t kills = 0;

	if (state_find_cgroup(state, &cgroup, &owner, &ignored) < 0 || cgroup < 0 ||
	    owner != CGROUP_OWN || cgroup_oom_kills(cgroup, &kills, &ignored) < 0)
		return 0;
	return kills;
}
