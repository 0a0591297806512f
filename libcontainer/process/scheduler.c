#include "libcontainer/process/scheduler.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "oci/names.h"

/* sched(7); not all C libraries have it. */
#define POLICY_DEADLINE 6

#define NICE_MIN (-20)
#define NICE_MAX 19

/* The kernel's struct sched_attr in its second version. The config can name the clamps of the utilisation, but gives no values
 * for them: they clamp nothing then. */
struct attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
	uint32_t util_min, util_max;
};

#define UTIL_MAX 1024 /* SCHED_CAPACITY_SCALE */

static int invalid(struct error *err, const char *what)
{
	return error_set(err, ERROR_INVALID, "process.scheduler", "process.scheduler%s", what);
}

static int check(const struct config_scheduler *scheduler, uint32_t policy, struct error *err)
{
	bool real_time = policy == SCHED_FIFO || policy == SCHED_RR;

	if (scheduler->nice.value < NICE_MIN || scheduler->nice.value > NICE_MAX)
		return invalid(err, ".nice: expected -20 to 19");
	if (!real_time && scheduler->priority.value)
		return invalid(err, ".priority: only for SCHED_FIFO and SCHED_RR");
	if (real_time && (scheduler->priority.value < 1 || scheduler->priority.value > 99))
		return invalid(err, ".priority: expected 1 to 99");
	if (policy != POLICY_DEADLINE &&
	    (scheduler->runtime.value || scheduler->deadline.value || scheduler->period.value))
		return invalid(err, ": runtime, deadline and period are only for SCHED_DEADLINE");
	return 0;
}

static int plan_flags(const struct strings *names, uint64_t *ret_flags, struct error *err)
{
	uint64_t flags = 0;

	for (size_t i = 0; i < names->count; i++) {
		const struct name_value *row = name_find(names_scheduler_flags, names->items[i]);

		if (!row)
			return error_set(err, ERROR_INVALID, "process.scheduler.flags",
					 "process.scheduler.flags: unknown flag \"%s\"",
					 names->items[i]);
		flags |= (uint64_t)row->value;
	}
	*ret_flags = flags;
	return 0;
}

int scheduler_plan(const struct config_scheduler *scheduler, struct arena *arena,
		   struct scheduler_plan **ret_plan, struct error *err)
{
	const struct name_value *policy;
	uint64_t flags = 0;

	if (!scheduler) {
		*ret_plan = NULL;
		return 0;
	}
	policy = scheduler->policy ? name_find(names_scheduler_policies, scheduler->policy) : NULL;
	if (!policy)
		return error_set(err, ERROR_INVALID, "process.scheduler.policy",
				 "process.scheduler.policy: unknown policy \"%s\"",
				 scheduler->policy ?: "");
	if (check(scheduler, (uint32_t)policy->value, err) < 0 ||
	    plan_flags(&scheduler->flags, &flags, err) < 0)
		return -1;
	*ret_plan = arena_alloc(arena, sizeof(**ret_plan));
	**ret_plan = (struct scheduler_plan){
		.policy = (uint32_t)policy->value,
		.flags = flags,
		.nice = (int32_t)scheduler->nice.value,
		.priority = (uint32_t)scheduler->priority.value,
		.runtime = scheduler->runtime.value,
		.deadline = scheduler->deadline.value,
		.period = scheduler->period.value,
	};
	return 0;
}

int scheduler_apply(const struct scheduler_plan *plan, struct error *err)
{
	struct attributes attributes = { sizeof(attributes), .util_max = UTIL_MAX };

	if (!plan)
		return 0;
	attributes.policy = plan->policy;
	attributes.flags = plan->flags;
	attributes.nice = plan->nice;
	attributes.priority = plan->priority;
	attributes.runtime = plan->runtime;
	attributes.deadline = plan->deadline;
	attributes.period = plan->period;
	if (syscall(SYS_sched_setattr, 0, &attributes, 0) < 0)
		return error_errno(err, errno, "process.scheduler", "set the scheduler to %s",
				   name_of(names_scheduler_policies, plan->policy));
	return 0;
}
