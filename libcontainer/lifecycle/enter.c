#include "libcontainer/lifecycle/enter.h"

int state_open_namespaces(const struct container_state *state, const struct strings *types,
			  struct arena *arena, struct namespace_plan *plan, int *ret_init,
			  struct error *err)
{
	int alive;

	namespace_plan_join_process(types, (pid_t)state->pid, arena, plan);
	if (namespaces_open(plan, err) < 0)
		return -1;
	alive = state_init_alive(state, ret_init, err);
	if (alive < 0)
		return -1;
	if (!alive)
		return error_set(err, ERROR_NOT_RUNNING, state->id,
				 "container not running: no such process");
	return 0;
}
