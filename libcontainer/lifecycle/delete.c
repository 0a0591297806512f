/* delete: runtime.md, lifecycle 11 to 13. Everything that create made is taken away, in reverse,
 * from whatever state a killed predecessor left it in; what it didn't make stays. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/trace.h"
#include "libcontainer/cgroup/systemd.h"
#include "libcontainer/init/executable.h"
#include "libcontainer/lifecycle/delete.h"
#include "libcontainer/lifecycle/hooks_after.h"
#include "libcontainer/lifecycle/unit.h"

#define CGROUP_REMOVE_MS 10000

static int check_status(const struct container_state *state, bool force, struct error *err)
{
	/* created: it never ran, so nothing is lost; runc's callers rely on it */
	if (force || state->status == STATUS_STOPPED || state->status == STATUS_CREATED)
		return 0;
	return error_set(err, ERROR_STATE, state->id,
			 "cannot delete container %s that is not stopped: %s", state->id,
			 container_status_name(state->status));
}

/* Where systemd can't be asked the unit goes all the same, once systemd finds its cgroup empty or gone: a bus that hangs
 * must not make a container that can't be deleted. */
static void stop_unit(const struct runtime *runtime, const struct container_state *state)
{
	struct error error = ERROR_INIT;

	if (state_stop_unit(state, &error) < 0)
		runtime->warn(error.text);
}

/* What a create that was killed has made, and not yet marked, is empty: nobody is killed for it. */
static void remove_unmarked(const struct container_state *state)
{
	struct error ignored = ERROR_INIT; /* it isn't ours, then */

	if (state->cgroup_created)
		cgroup_remove(state->cgroup_path, 0, &ignored);
}

static int remove_cgroup(const struct runtime *runtime, const struct container_state *state,
			 struct error *err)
{
	_cleanup_fd_ int cgroup = -1;
	enum cgroup_owner owner;

	/* one that was there before, and that a create that was killed may not have looked into,
	 * can hold processes of others */
	if (!state->cgroup_path || (!state->cgroup_created && !state->created))
		return 0;
	if (state_find_cgroup(state, &cgroup, &owner, err) < 0)
		return -1;
	if (owner == CGROUP_NOBODYS)
		remove_unmarked(state);
	if (owner != CGROUP_OWN)
		return 0;
	/* what has left the pid namespace, or never had one; systemd may have removed the cgroup since */
	if (cgroup >= 0 && cgroup_signal(cgroup, SIGKILL, err) < 0 && err->errnum != ENODEV &&
	    err->errnum != ENOENT)
		return -1;
	/* one that stays is to be found as it was: not frozen by a pause of ours */
	if (cgroup >= 0 && !state->cgroup_created && cgroup_is_to_freeze(cgroup) &&
	    cgroup_thaw(cgroup, err) < 0)
		return -1;
	if (cgroup >= 0 && !state->cgroup_created)
		cgroup_unmark(cgroup);
	stop_unit(runtime, state);
	return state->cgroup_created ? cgroup_remove(state->cgroup_path, CGROUP_REMOVE_MS, err) : 0;
}

/* The hooks are those of the config as it was at create; read while it is still there. NULL: there
 * are none, or none can be found any more, which must not keep anybody from deleting. */
static struct config *read_hooks(const struct runtime *runtime, const struct record *record,
				 const struct container_state *state, struct arena *arena)
{
	struct error error = ERROR_INIT;
	struct config *config;

	if (!state->has_poststop || !state->created)
		return NULL;
	if (arena_init(arena, CONFIG_ARENA_SIZE, &error) < 0 ||
	    store_config(record, arena, &config, &error) < 0 || !config->hooks) {
		runtime->warn("the config that was kept is damaged: no poststop hooks");
		return NULL;
	}
	return config;
}

static int delete_locked(const struct runtime *runtime, struct record *record,
			 struct container_state *state, struct error *err)
{
	_cleanup_arena_ struct arena arena = ARENA_INIT;
	struct config *config = read_hooks(runtime, record, state, &arena);

	trace_phase("kill");
	if (state_end_init(state, err) < 0)
		return -1;
	trace_phase("cgroup");
	if (remove_cgroup(runtime, state, err) < 0 || state_remove_intel_rdt(state, err) < 0)
		return -1;
	/* before the state goes, by which the next delete knows of them if we are killed; it runs them once more then */
	trace_phase("poststop");
	if (config)
		hooks_after_stop(runtime, &config->hooks->poststop, state);
	trace_phase("state");
	return store_remove(record, state->id, err);
}

/* Where create puts the container's cgroup if nobody says otherwise; NULL if the kept config is
 * damaged too. */
static char *cgroup_by_config(const struct runtime *runtime, const struct record *record,
			      const char *id, struct arena *arena)
{
	_cleanup_systemd_ struct systemd systemd = SYSTEMD_INIT;
	struct cgroup_request request = { .manager = runtime->manager,
					  .id = id,
					  .rootless = runtime->rootless,
					  .systemd = &systemd.facts };
	struct error ignored = ERROR_INIT;
	struct cgroup_plan *plan;
	struct config *config;

	if (request.manager == CGROUP_SYSTEMD &&
	    systemd_connect(executable_path(), runtime->user_manager, &systemd, &ignored) < 0)
		return NULL;
	if (store_config(record, arena, &config, &ignored) < 0 ||
	    (request.rootless && cgroup_of(0, arena, (char **)&request.own, &ignored) < 0) ||
	    cgroup_plan(config, &request, arena, &plan, &ignored) < 0)
		return NULL;
	return plan->path;
}

/* Nothing but the cgroup leads to the processes of a container whose state is damaged. */
static int check_processes(const struct container_state *state, struct arena *arena,
			   struct error *err)
{
	_cleanup_fd_ int cgroup = -1;
	enum cgroup_owner owner;
	size_t count = 0;
	pid_t *pids;

	if (state_find_cgroup(state, &cgroup, &owner, err) < 0)
		return -1;
	if (cgroup < 0 || owner != CGROUP_NOBODYS)
		return 0;
	if (cgroup_pids(cgroup, arena, &pids, &count, err) < 0)
		return -1;
	return count ? error_set(err, ERROR_BUSY, state->cgroup_path,
				 "%zu process(es) in cgroup %s may be the container's or not: kill "
				 "or move them first",
				 count, state->cgroup_path)
		     : 0;
}

/* A state that can't be understood must not make a container that can never be deleted: what isn't
 * known of it is found again by its config. One that a newer proa wrote is to be deleted by that. */
static int delete_damaged(const struct runtime *runtime, struct record *record, const char *id,
			  struct error *err)
{
	_cleanup_arena_ struct arena arena = ARENA_INIT;
	struct container_state state = { .id = (char *)id, .status = STATUS_STOPPED };

	if (store_check_files(record, id, err) < 0)
		return -1;
	runtime->warn(err->text);
	if (arena_init(&arena, CONFIG_ARENA_SIZE, err) < 0)
		return -1;
	state.cgroup_path = cgroup_by_config(runtime, record, id, &arena);
	state.cgroup_manager = (char *)cgroup_manager_name(runtime->manager);
	state.systemd_user = runtime->user_manager;
	state.cgroup_created = state.cgroup_path != NULL;
	if (state_cgroup_mark(record, &arena, &state.cgroup_mark, err) < 0 ||
	    check_processes(&state, &arena, err) < 0)
		return -1;
	return delete_locked(runtime, record, &state, err);
}

static int load(const struct record *record, const char *id, struct arena *arena,
		struct container_state **ret_state, struct error *err)
{
	if (store_load(record, id, arena, ret_state, err) == 0)
		return 0;
	if (err->code != ERROR_NOT_FOUND || store_check_files(record, id, err) < 0)
		return -1;
	*ret_state = state_blank(id, arena); /* of a directory without one */
	return 0;
}

/* Who has the lock may wait for a process of the container, or for a hook that its init runs, forever: their end ends that.
 * Init's comes first, by which others tell that the container has ended. What is still being made is waited for; the cgroup
 * in which it is to be may yet be that of others. */
static void end_who_is_waited_for(const struct record *record, const char *id)
{
	_cleanup_arena_ struct arena arena = ARENA_INIT;
	struct error ignored = ERROR_INIT; /* then they are waited for */
	struct container_state *state;

	if (store_used(record) && arena_init(&arena, STATE_ARENA_SIZE, &ignored) == 0 &&
	    store_load(record, id, &arena, &state, &ignored) == 0 && state->created &&
	    state_end_init(state, &ignored) == 0)
		state_kill(state, SIGKILL, &ignored);
}

static int missing(bool force, const struct error *err)
{
	return force && err->code == ERROR_NOT_FOUND ? 0 : -1;
}

int delete_container(const struct runtime *runtime, struct record *record, const char *id,
		     bool force, struct error *err)
{
	_cleanup_arena_ struct arena arena = ARENA_INIT;
	struct container_state *state;

	if (force)
		end_who_is_waited_for(record, id);
	if (store_lock(runtime, record, id, STORE_REMOVING, err) < 0)
		return missing(force, err);
	if (arena_init(&arena, STATE_ARENA_SIZE, err) < 0)
		return -1;
	if (load(record, id, &arena, &state, err) < 0)
		return force && err->code == ERROR_INVALID
			   ? delete_damaged(runtime, record, id, err)
			   : -1;
	if (check_status(state, force, err) < 0)
		return -1;
	return delete_locked(runtime, record, state, err);
}

int container_delete(const struct runtime *runtime, const char *id, bool force, struct error *err)
{
	_cleanup_record_ struct record record = RECORD_INIT;

	if (store_open(runtime, id, STORE_UNLOCKED, &record, err) < 0)
		return missing(force, err);
	return delete_container(runtime, &record, id, force, err);
}
