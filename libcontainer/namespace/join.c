/* What the bridge does: enter the namespaces that exist, and make the one that can't be made by
 * clone3(2). */
#include <errno.h>
#include <sched.h>

#include "base/procfs.h"
#include "libcontainer/namespace/namespace.h"

static int join_one(const struct namespace_join *join, struct error *err)
{
	if (setns(join->fd, (int)join->kind->flag) < 0)
		return error_errno(err, errno, join->path, "join the %s namespace %s",
				   join->kind->type, join->path);
	return 0;
}

static int join_all(const struct namespace_plan *plan, bool ours, struct error *err)
{
	uint64_t later = namespaces_pid_last(plan) ? CLONE_NEWPID : 0;

	for (size_t i = 0; i < plan->join_count; i++) {
		const struct namespace_join *join = &plan->joins[i];

		if (join->ours == ours && join->kind->flag != later && join_one(join, err) < 0)
			return -1;
	}
	return 0;
}

static int make_time_namespace(const struct namespace_plan *plan, int procfs, struct error *err)
{
	if (!plan->time_offsets)
		return 0;
	if (unshare(CLONE_NEWTIME) < 0)
		return error_errno(err, errno, "time namespace", "make a time namespace");
	if (procfs_write(procfs, "self/timens_offsets", plan->time_offsets) < 0)
		return error_errno(err, errno, "linux.timeOffsets",
				   "set the clocks of the time namespace");
	return 0;
}

int namespaces_join(const struct namespace_plan *plan, int procfs, struct error *err)
{
	/* a new time namespace first: afterwards we may lack the rights over the one we are in */
	if (make_time_namespace(plan, procfs, err) < 0)
		return -1;
	/* the user namespace is never "ours": it comes first among the others */
	if (join_all(plan, true, err) < 0)
		return -1;
	return join_all(plan, false, err);
}

int namespace_pid_descriptor(const struct namespace_plan *plan)
{
	return namespaces_pid_last(plan) ? namespace_pid_join(plan)->fd : -1;
}

int namespace_join_pid(const struct namespace_plan *plan, struct error *err)
{
	const struct namespace_join *join = namespace_pid_join(plan);

	return join ? join_one(join, err) : 0;
}
