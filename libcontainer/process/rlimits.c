#include "libcontainer/process/rlimits.h"

#include <errno.h>
#include <sys/resource.h>

#include "oci/names.h"

static int plan_row(const struct config_rlimit *rlimit, const struct rlimits_plan *before,
		    struct rlimit_row *ret_row, struct error *err)
{
	const struct name_value *name =
	    rlimit->type ? name_find(names_rlimits, rlimit->type) : NULL;

	if (!name)
		return error_set(err, ERROR_INVALID, "process.rlimits",
				 "process.rlimits: unknown type \"%s\"", rlimit->type ?: "");
	for (size_t i = 0; i < before->count; i++)
		if (before->items[i].resource == (int)name->value)
			return error_set(err, ERROR_INVALID, "process.rlimits",
					 "process.rlimits: %s is there twice", name->name);
	if (rlimit->soft.value > rlimit->hard.value)
		return error_set(err, ERROR_INVALID, "process.rlimits",
				 "process.rlimits: %s: the soft limit %ju is above the hard one, "
				 "%ju",
				 name->name, (uintmax_t)rlimit->soft.value,
				 (uintmax_t)rlimit->hard.value);
	*ret_row = (struct rlimit_row){ name->name, (int)name->value, rlimit->soft.value,
					rlimit->hard.value };
	return 0;
}

int rlimits_plan(const struct config_process *process, struct arena *arena,
		 struct rlimits_plan *ret_plan, struct error *err)
{
	struct rlimits_plan plan = { .items = arena_calloc(arena, process->rlimits.count,
							   sizeof(*plan.items)) };

	for (size_t i = 0; i < process->rlimits.count; i++) {
		if (plan_row(&process->rlimits.items[i], &plan, &plan.items[i], err) < 0)
			return -1;
		plan.count++;
	}
	*ret_plan = plan;
	return 0;
}

int rlimits_check_files(const struct rlimits_plan *plan, unsigned int needed, struct error *err)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct rlimit_row *row = &plan->items[i];

		if (row->resource == RLIMIT_NOFILE && row->soft < needed)
			return error_set(
			    err, ERROR_UNSUPPORTED, "process.rlimits",
			    "process.rlimits: %s: it takes %u descriptors to get to the "
			    "program, not %ju",
			    row->name, needed, (uintmax_t)row->soft);
	}
	return 0;
}

int rlimits_apply(const struct rlimits_plan *plan, pid_t pid, struct error *err)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct rlimit_row *row = &plan->items[i];
		struct rlimit limit = { row->soft, row->hard };

		if (prlimit(pid, (int)row->resource, &limit, NULL) == 0)
			continue;
		return error_errno(err, errno, "process.rlimits", "set %s to %ju, hard %ju",
				   row->name, (uintmax_t)row->soft, (uintmax_t)row->hard);
	}
	return 0;
}
