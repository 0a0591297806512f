/* What the plan of a container's mounts must know besides the config. Private to this room. */
#pragma once

#include "libcontainer/lifecycle/lifecycle.h"
#include "libcontainer/rootfs/rootfs.h"

/* Parent: from the config and the state's bundle and cgroup; what else an option or a command asks for is the
 * caller's to add. Texts are the arguments' own or in @arena. */
struct rootfs_request rootfs_request_make(const struct runtime *runtime,
					  const struct config *config,
					  const struct container_state *state, struct arena *arena);
