#include "tests/unit/harness.h"
#include "tests/unit/names.h"

#include <sys/prctl.h>

#include "libcontainer/process/process.h"

static struct arena config_arena = ARENA_INIT, plan_arena = ARENA_INIT;

static void make_arenas(void)
{
	struct error err = ERROR_INIT;

	CHECK(arena_init(&config_arena, 1 << 20, &err) == 0);
	CHECK(arena_init(&plan_arena, 1 << 20, &err) == 0);
}

/* A config with all that a plan could point into, in an arena of its own. */
static struct config_process *full_process(void)
{
	struct arena *arena = &config_arena;
	struct strings args = NAMES("sh", "-c", "true"), env = NAMES("PATH=/bin", "A=1");
	struct config_process *process = arena_alloc(arena, sizeof(*process));

	process->args = strings_copy(arena, &args);
	process->env = strings_copy(arena, &env);
	process->cwd = arena_strdup(arena, "/srv");
	process->user.uid = (struct optional_uint){ 1000, true };
	process->user.additional_gids.items = arena_calloc(arena, 1, sizeof(uint32_t));
	process->user.additional_gids.items[0] = 7;
	process->user.additional_gids.count = 1;
	process->terminal = (struct optional_bool){ true, true };
	process->console_size = arena_alloc(arena, sizeof(*process->console_size));
	process->console_size->height.value = 40;
	process->console_size->width.value = 100;
	process->rlimits.items = arena_alloc(arena, sizeof(*process->rlimits.items));
	process->rlimits.items[0].type = arena_strdup(arena, "RLIMIT_CORE");
	process->rlimits.count = 1;
	process->oom_score_adj = (struct optional_int){ 100, true };
	process->scheduler = arena_alloc(arena, sizeof(*process->scheduler));
	process->scheduler->policy = arena_strdup(arena, "SCHED_BATCH");
	process->io_priority = arena_alloc(arena, sizeof(*process->io_priority));
	process->io_priority->io_class = arena_strdup(arena, "IOPRIO_CLASS_IDLE");
	process->exec_cpu_affinity = arena_alloc(arena, sizeof(*process->exec_cpu_affinity));
	process->exec_cpu_affinity->final = arena_strdup(arena, "0-1");
	process->no_new_privileges = (struct optional_bool){ true, true };
	return process;
}

static struct config_linux *full_linux(void)
{
	struct arena *arena = &config_arena;
	struct config_linux *linux_ = arena_alloc(arena, sizeof(*linux_));

	linux_->memory_policy = arena_alloc(arena, sizeof(*linux_->memory_policy));
	linux_->memory_policy->mode = arena_strdup(arena, "MPOL_BIND");
	linux_->memory_policy->nodes = arena_strdup(arena, "0");
	linux_->personality = arena_alloc(arena, sizeof(*linux_->personality));
	linux_->personality->domain = arena_strdup(arena, "LINUX32");
	return linux_;
}

/* Init has no access to the config: the plan is looked at after the config's memory is gone. */
TEST(the_plan_stands_without_the_config)
{
	struct strings extra = NAMES("LISTEN_FDS=1");
	struct process_plan *plan = NULL;
	struct error err = ERROR_INIT;

	make_arenas();
	if (process_plan(full_process(), full_linux(), &extra, &plan_arena, &plan, &err) < 0)
		harness_fail(__FILE__, __LINE__, "%s", err.text);
	arena_free(&config_arena);
	CHECK_STR(plan->args[0], "sh");
	CHECK_STR(plan->args[2], "true");
	CHECK(plan->args[3] == NULL);
	CHECK_STR(plan->env.vector[0], "PATH=/bin");
	CHECK_STR(plan->env.vector[2], "LISTEN_FDS=1");
	CHECK(plan->env.home_missing);
	CHECK_STR(plan->cwd, "/srv");
	CHECK_INT(plan->user.uid, 1000);
	CHECK_INT(plan->user.groups[0], 7);
	CHECK(plan->terminal && plan->height == 40 && plan->width == 100);
	CHECK_STR(plan->rlimits.items[0].name, "RLIMIT_CORE");
	CHECK_INT(plan->oom_score_adj.value, 100);
	CHECK_INT(plan->scheduler->policy, 3);
	CHECK(plan->io_priority.set);
	CHECK_INT(plan->affinity.final.words[0], 3);
	CHECK_INT(plan->memory_policy->nodes.words[0], 1);
	CHECK_INT(plan->personality.value, 8);
	CHECK(plan->no_new_privs);
}

TEST(without_the_linux_part_there_is_neither_policy_nor_personality)
{
	struct process_plan *plan = NULL;
	struct error err = ERROR_INIT;

	make_arenas();
	CHECK(process_plan(full_process(), NULL, NULL, &plan_arena, &plan, &err) == 0);
	CHECK(plan->memory_policy == NULL && !plan->personality.set);
}

TEST(arguments_and_an_absolute_cwd_are_required)
{
	struct process_plan *plan = NULL;
	struct config_process *process;
	struct error err = ERROR_INIT;

	make_arenas();
	process = full_process();
	process->args.count = 0;
	CHECK(process_plan(process, NULL, NULL, &plan_arena, &plan, &err) < 0);
	CHECK_STR(err.object, "process.args");
	process->args.count = 1;
	process->cwd = NULL;
	CHECK(process_plan(process, NULL, NULL, &plan_arena, &plan, &err) < 0);
	CHECK_STR(err.object, "process.cwd");
	process->cwd = arena_strdup(&config_arena, "srv");
	CHECK(process_plan(process, NULL, NULL, &plan_arena, &plan, &err) < 0);
	CHECK_INT(err.code, ERROR_INVALID);
	CHECK(plan == NULL);
}

TEST(what_is_wrong_in_one_property_stops_the_plan)
{
	struct process_plan *plan = NULL;
	struct config_process *process;
	struct config_linux *linux_;
	struct error err = ERROR_INIT;

	make_arenas();
	process = full_process();
	linux_ = full_linux();
	process->rlimits.items[0].type = NULL;
	CHECK(process_plan(process, linux_, NULL, &plan_arena, &plan, &err) < 0);
	CHECK_STR(err.object, "process.rlimits");
	process->rlimits.count = 0;
	linux_->personality->domain = NULL;
	CHECK(process_plan(process, linux_, NULL, &plan_arena, &plan, &err) < 0);
	CHECK_STR(err.object, "linux.personality.domain");
}

TEST(no_new_privs_is_set_only_if_planned)
{
	struct process_plan plan = { .no_new_privs = false };
	struct error err = ERROR_INIT;
	int before = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);

	CHECK(process_no_new_privs(&plan, &err) == 0);
	CHECK_INT(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), before);
	plan.no_new_privs = true;
	CHECK(process_no_new_privs(&plan, &err) == 0);
	CHECK_INT(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
}
