#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/kernel.h"
#include "base/termination.h"
#include "libcontainer/lifecycle/journal.h"
#include "libcontainer/lifecycle/store.h"

#define DEATH_MS 10000

/* How long the processes get to freeze before they are signalled all the same. */
#define FREEZE_MS 200

static bool own_pid_namespace(const struct container_state *state)
{
	return text_in(&state->namespaces, "pid");
}

/* Frozen, the processes neither fork nor end: none is missed, and no number comes to mean another process. One that
 * doesn't freeze in time is stuck in the kernel, where it does neither. Frozen as by an update: under the lock, and with
 * a journal, by which nobody takes it for a pause, and the next command thaws should we be killed. */
static int signal_frozen(const struct record *record, int cgroup, int signal, struct error *err)
{
	_cleanup_arena_ struct arena arena = ARENA_INIT;
	struct journal journal = { .transaction.frozen = true };
	struct error ignored = ERROR_INIT; /* the signal is sent all the same */
	sigset_t before;
	bool noted;
	int result;

	termination_hold(&before);
	noted = arena_init(&arena, JOURNAL_ARENA_SIZE, &ignored) == 0 &&
		journal_remember_updates(record, &journal, &arena, &ignored) == 0 &&
		journal_save(record, &journal, &ignored) == 0;
	if (noted)
		cgroup_freeze(cgroup, FREEZE_MS, &ignored);
	result = cgroup_signal(cgroup, signal, err);
	if (noted && ((cgroup_is_to_freeze(cgroup) &&
		       cgroup_thaw(cgroup, result < 0 ? &ignored : err) < 0) ||
		      journal_remove(record, result < 0 ? &ignored : err) < 0))
		result = -1;
	termination_release(&before);
	return result;
}

/* Not over the journal of an update that can't be undone; and who is frozen already needn't be. */
static bool may_freeze(const struct record *record, const struct container_state *state, int cgroup)
{
	struct error ignored = ERROR_INIT;

	return journal_settle(record, state, false, &ignored) == 0 && !cgroup_is_to_freeze(cgroup);
}

static int signal_init(const struct container_state *state, int signal, struct error *err)
{
	_cleanup_fd_ int pidfd = -1;
	int alive = state_init_alive(state, &pidfd, err);

	if (alive < 0)
		return -1;
	if (!alive)
		return state_not_running(state, err);
	if (sys_pidfd_send_signal(pidfd, signal) == 0)
		return 0;
	if (errno == ESRCH)
		return state_not_running(state, err);
	return error_errno(err, errno, state->id, "send signal %d to container %s", signal,
			   state->id);
}

/* Without the lock, @record NULL, it isn't for us to freeze: cgroup_signal() does what it can. */
static int signal_all(const struct record *record, const struct container_state *state, int signal,
		      struct error *err)
{
	_cleanup_fd_ int cgroup = -1;
	enum cgroup_owner owner;

	if (!state->cgroup_path && state->status != STATUS_STOPPED)
		return error_set(err, ERROR_UNSUPPORTED, state->id,
				 "can't signal all processes of a container without a cgroup");
	if (state_find_cgroup(state, &cgroup, &owner, err) < 0)
		return -1;
	/* gone, or another container's by now; init may have been moved elsewhere before */
	if (cgroup < 0 || owner != CGROUP_OWN)
		return state->status == STATUS_STOPPED ? 0 : signal_init(state, signal, err);
	if (record && may_freeze(record, state, cgroup))
		return signal_frozen(record, cgroup, signal, err);
	return cgroup_signal(cgroup, signal, err);
}

int state_kill(const struct container_state *state, int signal, struct error *err)
{
	if (state->status == STATUS_STOPPED)
		return state_not_running(state, err);
	/* what it has started doesn't end with init where it has no pid namespace of its own */
	if (signal == SIGKILL && !own_pid_namespace(state) && state->cgroup_path)
		return signal_all(NULL, state, signal, err);
	return signal_init(state, signal, err);
}

int state_end_init(const struct container_state *state, struct error *err)
{
	_cleanup_fd_ int pidfd = -1;
	struct pollfd death;
	int alive = state_init_alive(state, &pidfd, err);

	if (alive <= 0)
		return alive;
	if (sys_pidfd_send_signal(pidfd, SIGKILL) < 0 && errno != ESRCH)
		return error_errno(err, errno, state->id, "kill the init of container %s",
				   state->id);
	death = (struct pollfd){ .fd = pidfd, .events = POLLIN };
	if (poll(&death, 1, DEATH_MS) == 0)
		return error_set(err, ERROR_BUSY, state->id,
				 "init of container %s doesn't die within %d s", state->id,
				 DEATH_MS / 1000);
	/* our own child, when run deletes */
	waitid(P_PIDFD, (id_t)pidfd, &(siginfo_t){ 0 }, WEXITED | WNOHANG | __WALL);
	return 0;
}

/* One that is being created has no process to signal yet, at first not even a state: wait until it has. A start that hangs,
 * on the other hand, must not keep anybody from killing: no lock for that. */
static int load(const struct runtime *runtime, struct record *record, const char *id,
		struct arena *arena, struct container_state **ret_state, struct error *err)
{
	int result = store_load(record, id, arena, ret_state, err);
	bool creating = result < 0 ? err->code == ERROR_NOT_FOUND && store_locked(record)
				   : (*ret_state)->status == STATUS_CREATING;

	if (!creating)
		return result;
	if (store_lock(runtime, record, id, STORE_SHARED, err) < 0)
		return -1;
	return store_load(record, id, arena, ret_state, err);
}

int container_kill(const struct runtime *runtime, const char *id, int signal, bool all,
		   struct error *err)
{
	_cleanup_record_ struct record record = RECORD_INIT;
	_cleanup_arena_ struct arena arena = ARENA_INIT;
	struct container_state *state;
	bool alone;

	if (arena_init(&arena, STATE_ARENA_SIZE, err) < 0 ||
	    store_open(runtime, id, STORE_UNLOCKED, &record, err) < 0 ||
	    load(runtime, &record, id, &arena, &state, err) < 0)
		return -1;
	if (!all)
		return state_kill(state, signal, err);
	alone = signal && signal != SIGKILL && record.lock < 0 &&
		(record.lock = store_try_lock(&record)) >= 0;
	return signal_all(alone ? &record : NULL, state, signal, err);
}
