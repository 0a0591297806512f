/* process.execCPUAffinity (config.md, "Linux Process"; sched_setaffinity(2)): for processes that
 * are executed in a running container. The spec's two moments: `initial` before the process is
 * moved to the container's cgroup, `final` after. */
#pragma once

#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "libcontainer/process/mask.h"
#include "oci/config.h"

struct affinity_plan {
	struct mask initial, final; /* an empty one: leave it */
};

/* A wrong list is ERROR_INVALID. Pure. */
int affinity_plan(const struct config_exec_cpu_affinity *affinity, struct arena *arena,
		  struct affinity_plan *ret_plan, struct error *err);

/* Set @mask for @pid, 0 for the caller; an empty one does nothing. @initial in the parent or
 * bridge, whose child inherits it; @final in the process itself, in its cgroup. */
int affinity_apply(const struct mask *mask, pid_t pid, struct error *err);
