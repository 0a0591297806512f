#include <errno.h>

#include "base/cleanup.h"
#include "libcontainer/lifecycle/store.h"

#define ARENA	  (32 << 20)
#define FREEZE_MS 10000

static int open_cgroup(const struct container_state *state, struct error *err)
{
	if (!state->cgroup_path)
		return error_set(err, ERROR_UNSUPPORTED, state->id,
				 "can't pause a container that has no cgroup of its own");
	return cgroup_open(state->cgroup_path, err);
}

static int with_cgroup(const struct runtime *runtime, const char *id, bool freeze,
		       struct error *err)
{
	_cleanup_record_ struct record record = RECORD_INIT;
	_cleanup_arena_ struct arena arena = ARENA_INIT;
	_cleanup_fd_ int cgroup = -1;
	struct container_state *state;

	if (arena_init(&arena, ARENA, err) < 0 ||
	    store_open(runtime, id, STORE_LOCKED, &record, err) < 0 ||
	    store_load(&record, id, &arena, &state, err) < 0)
		return -1;
	if (freeze && state->status != STATUS_RUNNING && state->status != STATUS_CREATED)
		return error_set(err, ERROR_STATE, id, "%s",
				 state->status == STATUS_PAUSED
				     ? "container paused"
				     : "container not running: no such process");
	if (!freeze && state->status != STATUS_PAUSED)
		return error_set(err, ERROR_STATE, id, "container not paused");
	cgroup = open_cgroup(state, err);
	if (cgroup < 0)
		return -1;
	return freeze ? cgroup_freeze(cgroup, FREEZE_MS, err) : cgroup_thaw(cgroup, err);
}

int container_pause(const struct runtime *runtime, const char *id, struct error *err)
{
	return with_cgroup(runtime, id, true, err);
}

int container_resume(const struct runtime *runtime, const char *id, struct error *err)
{
	return with_cgroup(runtime, id, false, err);
}
