/* What is told to others about a container: its state, on the standard input of hooks or to the
 * seccomp agent. */
#pragma once

#include "libcontainer/init/spawn.h"
#include "libcontainer/lifecycle/lifecycle.h"
#include "oci/config.h"
#include "oci/state.h"

/* poststart hooks, in order until one fails: then the caller stops the container. Parent, which is
 * start. */
int hooks_after_start(const struct hook_list *poststart, const struct container_state *state,
		      struct error *err);

/* poststop hooks, which are told that the container is stopped: one that fails is a warning, the others still run
 * (config.md#posix-platform-hooks). */
void hooks_after_stop(const struct runtime *runtime, const struct hook_list *poststop,
		      struct container_state *state);

/* Hand the seccomp listener of @process to the agent at linux.seccomp.listenerPath, with the container
 * process state that config-linux.md#containerprocessstate describes. */
int listener_send(const struct config *config, const struct container_state *state,
		  const struct spawned *process, int listener, struct error *err);
