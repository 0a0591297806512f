#include "libcontainer/lifecycle/enter.h"

int state_open_namespaces(const struct container_state *state, const struct strings *types,
			  struct arena *arena, struct namespace_plan *plan, int *ret_init,
			  struct error *err)
{
	int alive, same_user;

	namespace_plan_join_process(types, (pid_t)state->pid, arena, plan);
	if (namespaces_open(plan, err) < 0)
		return -1;
	/* after the others are open, see below */
	same_user = namespaces_user_is_that_of(plan, (pid_t)state->pid, err);
	if (same_user < 0)
		return -1;
	alive = state_init_alive(state, ret_init, err);
	if (alive < 0)
		return -1;
	if (!alive)
		return state_not_running(state, err);
	/* Init's namespaces are those of this moment. With CAP_SYS_ADMIN it may exchange them, and gains nothing by it.
	 * Without, it has to make a user namespace first, in which it then lays what it likes where we look for the
	 * program. So who enters must be in that user namespace too: there root is who init was, and the container's
	 * other namespaces are out of reach. Init can't go back to an older one, so this holds for all opened before. */
	if (!same_user)
		return error_set(
		    err, ERROR_REFUSED, state->id,
		    "init of container %s has made a user namespace of its own: nobody enters with "
		    "more rights than it has there",
		    state->id);
	return 0;
}
