#include "libcontainer/lifecycle/unit.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "libcontainer/init/executable.h"

bool state_has_unit(const struct container_state *state)
{
	return state->cgroup_path && state->cgroup_manager &&
	       strcmp(state->cgroup_manager, cgroup_manager_name(CGROUP_SYSTEMD)) == 0;
}

int state_connect_unit(const struct container_state *state, struct systemd *ret_systemd,
		       struct error *err)
{
	if (!state_has_unit(state))
		return 0;
	return systemd_connect(executable_path(), state->systemd_user, ret_systemd, err);
}

/* By their files alone: what these say is read. */
static struct cgroup_writes writes_of(const struct cgroup_changes *changes, struct arena *arena)
{
	struct cgroup_writes writes = { arena_calloc(arena, changes->count, sizeof(*writes.items)),
					0 };

	for (size_t i = 0; i < changes->count; i++)
		if (change_is_of_cgroup(&changes->items[i]))
			writes.items[writes.count++] =
			    (struct cgroup_write){ .file = changes->items[i].file };
	return writes;
}

int state_keep(const struct container_state *state, struct systemd *systemd,
	       const struct cgroup_changes *changes, const struct config_resources *devices,
	       struct arena *arena, struct error *err)
{
	struct cgroup_writes writes = writes_of(changes, arena);
	_cleanup_fd_ int cgroup = -1;

	if (!state_has_unit(state))
		return 0;
	cgroup = cgroup_open(state->cgroup_path, err);
	if (cgroup < 0)
		return -1;
	return systemd_keep(systemd, unit_of_path(state->cgroup_path), cgroup, &writes,
			    state->systemd_user ? NULL : devices, NULL, err);
}

bool state_must_attach(const struct container_state *state, const char *path)
{
	return state_has_unit(state) && !cgroup_may_enter(path);
}

int state_attach(const struct container_state *state, const char *path, pid_t pid,
		 struct error *err)
{
	_cleanup_systemd_ struct systemd systemd = SYSTEMD_INIT;
	const char *below = path_below(path, state->cgroup_path);

	if (!below)
		return error_set(err, ERROR_INVALID, path, "cgroup %s is not the container's",
				 path);
	if (state_connect_unit(state, &systemd, err) < 0)
		return -1;
	return systemd_attach(&systemd, unit_of_path(state->cgroup_path), below, pid, err);
}

int state_stop_unit(const struct container_state *state, struct error *err)
{
	_cleanup_systemd_ struct systemd systemd = SYSTEMD_INIT;

	if (!state_has_unit(state))
		return 0;
	if (state_connect_unit(state, &systemd, err) < 0)
		return -1;
	return systemd_stop(&systemd, unit_of_path(state->cgroup_path), err);
}
