#include "libcontainer/process/oom.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/oom.h>
#include <stdio.h>

#include "base/procfs.h"

int oom_score_check(const struct optional_int *oom_score_adj, struct error *err)
{
	if (oom_score_adj->set &&
	    (oom_score_adj->value < OOM_SCORE_ADJ_MIN || oom_score_adj->value > OOM_SCORE_ADJ_MAX))
		return error_set(err, ERROR_INVALID, "process.oomScoreAdj",
				 "process.oomScoreAdj: expected %d to %d, found %" PRId64,
				 OOM_SCORE_ADJ_MIN, OOM_SCORE_ADJ_MAX, oom_score_adj->value);
	return 0;
}

int oom_score_apply(int procfs, pid_t pid, const struct optional_int *plan, bool rootless,
		    struct error *err)
{
	char path[64], value[16];

	if (!plan->set)
		return 0;
	if (pid)
		snprintf(path, sizeof(path), "%d/oom_score_adj", pid);
	else
		snprintf(path, sizeof(path), "self/oom_score_adj");
	snprintf(value, sizeof(value), "%" PRId64, plan->value);
	if (procfs_write(procfs, path, value) == 0)
		return 0;
	if (rootless && errno == EACCES) /* the container's worse off, its host isn't */
		return 0;
	return error_errno(err, errno, "process.oomScoreAdj", "write %s to /proc/%s", value, path);
}
