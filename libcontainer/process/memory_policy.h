/* linux.memoryPolicy (config-linux.md, "Memory policy"; set_mempolicy(2)). */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "libcontainer/process/mask.h"
#include "oci/config.h"

struct memory_policy_plan {
	int mode; /* with the flags */
	struct mask nodes;
};

/* *ret_plan is NULL if the config has none. Unknown names, nodes with a mode that takes none, or
 * none with a mode that needs some: ERROR_INVALID. Pure. */
int memory_policy_plan(const struct config_memory_policy *policy, struct arena *arena,
		       struct memory_policy_plan **ret_plan, struct error *err);

/* Set it for the caller; the program inherits it. The nodes must be in the caller's cpuset, so: in
 * the container's cgroup. Init. */
int memory_policy_apply(const struct memory_policy_plan *plan, struct error *err);
