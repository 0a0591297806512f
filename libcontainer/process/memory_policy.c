#include "libcontainer/process/memory_policy.h"

#include <errno.h>
#include <linux/mempolicy.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "oci/names.h"

static int plan_mode(const struct config_memory_policy *policy, int *ret_mode, struct error *err)
{
	const struct name_value *row =
	    policy->mode ? name_find(names_memory_modes, policy->mode) : NULL;
	int mode;

	if (!row)
		return error_set(err, ERROR_INVALID, "linux.memoryPolicy.mode",
				 "linux.memoryPolicy.mode: unknown mode \"%s\"",
				 policy->mode ?: "");
	mode = (int)row->value;
	for (size_t i = 0; i < policy->flags.count; i++) {
		row = name_find(names_memory_flags, policy->flags.items[i]);
		if (!row)
			return error_set(err, ERROR_INVALID, "linux.memoryPolicy.flags",
					 "linux.memoryPolicy.flags: unknown flag \"%s\"",
					 policy->flags.items[i]);
		mode |= (int)row->value;
	}
	*ret_mode = mode;
	return 0;
}

/* set_mempolicy(2): which modes take nodes, and which need them. */
static int check_nodes(int mode, const char *name, const struct mask *nodes, struct error *err)
{
	bool takes_none = mode == MPOL_DEFAULT || mode == MPOL_LOCAL;

	if (takes_none && nodes->bits)
		return error_set(err, ERROR_INVALID, "linux.memoryPolicy.nodes",
				 "linux.memoryPolicy.nodes: %s takes none", name);
	if (!takes_none && mode != MPOL_PREFERRED && !nodes->bits)
		return error_set(err, ERROR_INVALID, "linux.memoryPolicy.nodes",
				 "linux.memoryPolicy.nodes: %s needs some", name);
	return 0;
}

int memory_policy_plan(const struct config_memory_policy *policy, struct arena *arena,
		       struct memory_policy_plan **ret_plan, struct error *err)
{
	struct memory_policy_plan plan;

	if (!policy) {
		*ret_plan = NULL;
		return 0;
	}
	if (plan_mode(policy, &plan.mode, err) < 0 ||
	    mask_parse(policy->nodes, "linux.memoryPolicy.nodes", arena, &plan.nodes, err) < 0 ||
	    check_nodes((int)name_find(names_memory_modes, policy->mode)->value, policy->mode,
			&plan.nodes, err) < 0)
		return -1;
	*ret_plan = arena_memdup(arena, &plan, sizeof(plan));
	return 0;
}

int memory_policy_apply(const struct memory_policy_plan *plan, struct error *err)
{
	size_t bits;

	if (!plan)
		return 0;
	/* the kernel counts one bit less than it is told */
	bits = plan->nodes.bits ? plan->nodes.bits + 1 : 0;
	if (syscall(SYS_set_mempolicy, plan->mode, plan->nodes.words, bits) < 0)
		return error_errno(err, errno, "linux.memoryPolicy",
				   "linux.memoryPolicy: set mode, nodes and flags");
	return 0;
}
