/* process.oomScoreAdj (config.md, "Linux Process"; proc(5)). */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "oci/config.h"

/* Check the range, -1000 to 1000. Pure. */
int oom_score_check(const struct optional_int *oom_score_adj, struct error *err);

/* Write it for @pid as @procfs counts, 0 for the caller; unset: leave it alone. Lowering it below
 * the caller's needs CAP_SYS_RESOURCE; with @rootless that failure is tolerated, as in runc. In a
 * user namespace a process can't reach its own file while it isn't dumpable, hence @pid. Parent for
 * init, or init before its ids change. */
int oom_score_apply(int procfs, pid_t pid, const struct optional_int *plan, bool rootless,
		    struct error *err);
