#include "libcontainer/lifecycle/enter.h"

int state_open_namespaces(const struct container_state *state, const struct strings *types,
			  struct arena *arena, struct namespace_plan *plan, int *ret_init,
			  struct error *err)
{
	namespace_plan_join_process(types, (pid_t)state->pid, arena, plan);
	if (namespaces_open(plan, err) < 0)
		return -1;
	if (!state_init_alive(state, ret_init))
		return error_set(err, ERROR_NOT_RUNNING, state->id,
				 "container not running: no such process");
	return 0;
}
