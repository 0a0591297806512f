/* The namespaces of a container that is there. Private to this room. */
#pragma once

#include "libcontainer/lifecycle/store.h"
#include "libcontainer/namespace/namespace.h"

/* Parent: plan to join those of init's namespaces that are among @types, and open them. Afterwards they are proved to
 * have been init's: *ret_init is its pidfd, the caller's; while that is open its pid means nobody else.
 * ERROR_NOT_RUNNING; ERROR_REFUSED if init is in a user namespace that we wouldn't be in. */
int state_open_namespaces(const struct container_state *state, const struct strings *types,
			  struct arena *arena, struct namespace_plan *plan, int *ret_init,
			  struct error *err);
