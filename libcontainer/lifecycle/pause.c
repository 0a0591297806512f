#include "base/cleanup.h"
#include "base/termination.h"
#include "libcontainer/lifecycle/store.h"

#define FREEZE_MS 10000

/* An empty cgroup freezes at once. */
static int freeze(const struct container_state *state, int cgroup, struct error *err)
{
	struct error ignored = ERROR_INIT;

	if (cgroup_freeze(cgroup, FREEZE_MS, err) < 0)
		return state_explain_failure(state, err);
	if (state_check_end(state, err) == 0)
		return 0;
	cgroup_thaw(cgroup, &ignored);
	return -1;
}

/* A signal that would end us must not leave a container half frozen: it waits, and hurries us to the end. */
static int pause_locked(const struct container_state *state, int cgroup, struct error *err)
{
	sigset_t before;
	int result;

	if (state->status == STATUS_PAUSED)
		return error_set(err, ERROR_STATE, state->id, "container %s is paused already",
				 state->id);
	termination_hold(&before);
	result = freeze(state, cgroup, err);
	termination_release(&before);
	return result;
}

/* Also one that never froze as a whole, because the pause that wanted it was killed. */
static int resume_locked(const struct container_state *state, int cgroup, struct error *err)
{
	if (state->status != STATUS_PAUSED && !cgroup_is_to_freeze(cgroup))
		return error_set(err, ERROR_STATE, state->id, "container not paused");
	return cgroup_resume(cgroup, state->cgroup_path, FREEZE_MS, err);
}

static int with_cgroup(const struct runtime *runtime, const char *id, const char *if_stopped,
		       int (*change)(const struct container_state *, int, struct error *),
		       struct error *err)
{
	_cleanup_record_ struct record record = RECORD_INIT;
	_cleanup_arena_ struct arena arena = ARENA_INIT;
	_cleanup_fd_ int cgroup = -1;
	struct container_state *state;

	if (arena_init(&arena, STATE_ARENA_SIZE, err) < 0 ||
	    store_open(runtime, id, STORE_LOCKED, &record, err) < 0 ||
	    store_load(&record, id, &arena, &state, err) < 0)
		return -1;
	if (state->status == STATUS_STOPPED)
		return error_set(err, ERROR_STATE, id, "%s", if_stopped);
	cgroup = state_open_cgroup(state, err);
	return cgroup < 0 ? -1 : change(state, cgroup, err);
}

int container_pause(const struct runtime *runtime, const char *id, struct error *err)
{
	return with_cgroup(runtime, id, "container not running: no such process", pause_locked,
			   err);
}

int container_resume(const struct runtime *runtime, const char *id, struct error *err)
{
	return with_cgroup(runtime, id, "container not paused", resume_locked, err);
}
