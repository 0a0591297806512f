#include "libcontainer/process/process.h"

#include <errno.h>
#include <sys/prctl.h>

#include "libcontainer/process/io_priority.h"
#include "libcontainer/process/oom.h"
#include "libcontainer/process/personality.h"

static int plan_program(const struct config_process *process, const struct strings *extra_env,
			struct arena *arena, struct process_plan *plan, struct error *err)
{
	if (!process->args.count)
		return error_set(err, ERROR_INVALID, "process.args",
				 "process.args: expected at least one");
	if (!process->cwd || process->cwd[0] != '/')
		return error_set(err, ERROR_INVALID, "process.cwd",
				 "process.cwd: expected an absolute path, found \"%s\"",
				 process->cwd ?: "");
	plan->args = strings_vector(arena, &process->args);
	plan->cwd = arena_strdup(arena, process->cwd);
	plan->terminal = process->terminal.value;
	plan->no_new_privs = process->no_new_privileges.value;
	plan->oom_score_adj = process->oom_score_adj;
	if (process->console_size) {
		plan->height = (unsigned short)process->console_size->height.value;
		plan->width = (unsigned short)process->console_size->width.value;
	}
	return environment_plan(&process->env, extra_env, arena, &plan->env, err);
}

static int plan_properties(const struct config_process *process, struct arena *arena,
			   struct process_plan *plan, struct error *err)
{
	if (user_plan(&process->user, arena, &plan->user, err) < 0 ||
	    rlimits_plan(process, arena, &plan->rlimits, err) < 0 ||
	    oom_score_check(&process->oom_score_adj, err) < 0 ||
	    scheduler_plan(process->scheduler, arena, &plan->scheduler, err) < 0 ||
	    io_priority_plan(process->io_priority, &plan->io_priority, err) < 0 ||
	    affinity_plan(process->exec_cpu_affinity, arena, &plan->affinity, err) < 0)
		return -1;
	return 0;
}

int process_plan(const struct config_process *process, const struct config_linux *linux_,
		 const struct strings *extra_env, struct arena *arena,
		 struct process_plan **ret_plan, struct error *err)
{
	struct process_plan *plan = arena_alloc(arena, sizeof(*plan));

	if (plan_program(process, extra_env, arena, plan, err) < 0 ||
	    plan_properties(process, arena, plan, err) < 0)
		return -1;
	if (linux_ &&
	    (memory_policy_plan(linux_->memory_policy, arena, &plan->memory_policy, err) < 0 ||
	     personality_plan(linux_->personality, &plan->personality, err) < 0))
		return -1;
	*ret_plan = plan;
	return 0;
}

int process_no_new_privs(const struct process_plan *plan, struct error *err)
{
	if (plan->no_new_privs && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return error_errno(err, errno, "process.noNewPrivileges", "set no_new_privs");
	return 0;
}
