#include "libcontainer/lifecycle/unit.h"

#include <string.h>

#include "base/cleanup.h"
#include "libcontainer/init/executable.h"

#define ARENA (4 << 20)

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

int state_keep_limits(const struct container_state *state, struct systemd *systemd,
		      const struct cgroup_writes *writes, struct error *err)
{
	_cleanup_fd_ int cgroup = -1;

	if (!state_has_unit(state) || !writes->count)
		return 0;
	cgroup = cgroup_open(state->cgroup_path, err);
	if (cgroup < 0)
		return -1;
	return systemd_keep(systemd, unit_of_path(state->cgroup_path), cgroup, writes, NULL, err);
}

int state_keep_devices(const struct container_state *state, struct systemd *systemd,
		       const struct config_resources *resources, struct error *err)
{
	_cleanup_arena_ struct arena arena = ARENA_INIT;
	struct unit_properties properties = { NULL, 0, 0 };

	if (!state_has_unit(state) || state->systemd_user)
		return 0;
	if (arena_init(&arena, ARENA, err) < 0 ||
	    unit_device_properties(resources, &arena, &properties, err) < 0)
		return -1;
	return systemd_set(systemd, unit_of_path(state->cgroup_path), &properties, err);
}

bool state_must_attach(const struct container_state *state, const char *path)
{
	return state_has_unit(state) && !cgroup_may_enter(path);
}

int state_attach(const struct container_state *state, const char *path, pid_t pid,
		 struct error *err)
{
	_cleanup_systemd_ struct systemd systemd = SYSTEMD_INIT;

	if (!text_starts(path, state->cgroup_path))
		return error_set(err, ERROR_INVALID, path, "cgroup %s is not the container's",
				 path);
	if (state_connect_unit(state, &systemd, err) < 0)
		return -1;
	return systemd_attach(&systemd, unit_of_path(state->cgroup_path),
			      path + strlen(state->cgroup_path), pid, err);
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
