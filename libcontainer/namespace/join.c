/* What the bridge does: enter the namespaces that exist, and make the one that can't be made by
 * clone3(2). */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>

#include "base/cleanup.h"
#include "base/procfs.h"
#include "libcontainer/namespace/namespace.h"

static int join_one(const struct namespace_join *join, struct error *err)
{
	if (setns(join->fd, (int)join->kind->flag) < 0)
		return error_errno(err, errno, join->path, "join the %s namespace %s",
				   join->kind->type, join->path);
	return 0;
}

static bool comes_last(const struct namespace_plan *plan, const struct namespace_join *join)
{
	return join->kind->flag == CLONE_NEWPID && namespaces_pid_last(plan);
}

static int join_all(const struct namespace_plan *plan, bool ours, struct error *err)
{
	for (size_t i = 0; i < plan->join_count; i++) {
		const struct namespace_join *join = &plan->joins[i];

		if (join->ours == ours && !comes_last(plan, join) && join_one(join, err) < 0)
			return -1;
	}
	return 0;
}

static int make_time_namespace(const struct namespace_plan *plan, int procfs, struct error *err)
{
	if (unshare(CLONE_NEWTIME) < 0)
		return error_errno(err, errno, "time namespace", "make a time namespace");
	if (plan->time_offsets &&
	    procfs_write(procfs, "self/timens_offsets", plan->time_offsets) < 0)
		return error_errno(err, errno, "linux.timeOffsets",
				   "set the clocks of the time namespace");
	return 0;
}

int namespaces_join(const struct namespace_plan *plan, int procfs, bool keep_groups,
		    struct error *err)
{
	/* a new time namespace first: afterwards we may lack the rights over the one we are in */
	if (plan->created & CLONE_NEWTIME && !plan->time_by_init &&
	    make_time_namespace(plan, procfs, err) < 0)
		return -1;
	/* the user namespace is never "ours": it comes first among the others */
	if (join_all(plan, true, err) < 0)
		return -1;
	/* and the caller's groups: in a user namespace that denies setgroups(2) nobody gets rid of them, and they open
	 * what the host gives to them */
	if (plan->joined & CLONE_NEWUSER && !keep_groups && groups_drop(err) < 0)
		return -1;
	return join_all(plan, false, err);
}

int namespace_time_enter(const struct namespace_plan *plan, int procfs, struct error *err)
{
	_cleanup_fd_ int made = -1;

	if (!plan->time_by_init)
		return 0;
	if (make_time_namespace(plan, procfs, err) < 0)
		return -1;
	/* it is for our children, and we are to be in it ourselves */
	made = openat(procfs, "self/ns/time_for_children", O_RDONLY | O_CLOEXEC);
	if (made < 0 || setns(made, CLONE_NEWTIME) < 0)
		return error_errno(err, errno, "time namespace", "enter the new time namespace");
	return 0;
}

static const struct namespace_join *find_join(const struct namespace_plan *plan, uint64_t flag)
{
	for (size_t i = 0; i < plan->join_count; i++)
		if (plan->joins[i].kind->flag == flag)
			return &plan->joins[i];
	return NULL;
}

int namespace_descriptor(const struct namespace_plan *plan, uint64_t flag)
{
	const struct namespace_join *join = find_join(plan, flag);

	return join ? join->fd : -1;
}

int namespaces_enter_user(const struct namespace_plan *plan, struct error *err)
{
	if (setns(namespace_descriptor(plan, CLONE_NEWUSER), CLONE_NEWUSER) < 0)
		return error_errno(err, errno, "user namespace",
				   "enter the container's user namespace");
	if (unshare(CLONE_NEWNS) < 0)
		return error_errno(err, errno, "mount namespace", "copy the host's mounts");
	return 0;
}

int namespace_join_pid(const struct namespace_plan *plan, struct error *err)
{
	const struct namespace_join *join = find_join(plan, CLONE_NEWPID);

	return join ? join_one(join, err) : 0;
}
