/* process.scheduler (config.md, "Linux Process"; sched_setattr(2)). */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "oci/config.h"

struct scheduler_plan {
	uint32_t policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period; /* nanoseconds */
};

/* *ret_plan is NULL if the config has none. Unknown names, a nice value out of range, a priority or
 * times with a policy that has none: ERROR_INVALID. Pure. */
int scheduler_plan(const struct config_scheduler *scheduler, struct arena *arena,
		   struct scheduler_plan **ret_plan, struct error *err);

/* Set it for the caller. SCHED_DEADLINE excludes an affinity set before (EPERM). Init, in its
 * cgroup, while it still has CAP_SYS_NICE. */
int scheduler_apply(const struct scheduler_plan *plan, struct error *err);
