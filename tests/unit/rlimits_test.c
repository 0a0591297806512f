#include "tests/unit/harness.h"

#include <sys/resource.h>

#include "libcontainer/process/rlimits.h"
#include "oci/names.h"

#define RLIMIT(name, soft_, hard_)                                                                 \
	{                                                                                          \
		.type = (char *)(name), .soft = { (soft_), true }, .hard = {(hard_), true }        \
	}

static int plan_of(struct config_rlimit *rlimits, size_t count, struct rlimits_plan *plan,
		   struct error *err)
{
	static struct arena arena = ARENA_INIT;
	struct config_process process = { .rlimits = { rlimits, count } };

	if (!arena.base)
		CHECK(arena_init(&arena, 1 << 20, err) == 0);
	return rlimits_plan(&process, &arena, plan, err);
}

TEST(the_table_is_complete)
{
	int count = 0;

	for (; names_rlimits[count].name; count++)
		CHECK(names_rlimits[count].value < RLIM_NLIMITS);
	CHECK_INT(count, RLIM_NLIMITS);
}

TEST(wrong_rlimits_are_refused)
{
	struct config_rlimit unknown[] = { RLIMIT("RLIMIT_FOO", 1, 1) };
	struct config_rlimit absent[] = { RLIMIT(NULL, 1, 1) };
	struct config_rlimit twice[] = { RLIMIT("RLIMIT_CORE", 1, 1), RLIMIT("RLIMIT_AS", 1, 1),
					 RLIMIT("RLIMIT_CORE", 1, 1) };
	struct config_rlimit crossed[] = { RLIMIT("RLIMIT_CORE", 2, 1) };
	struct rlimits_plan plan;
	struct error err = ERROR_INIT;

	CHECK(plan_of(unknown, 1, &plan, &err) < 0);
	CHECK_INT(err.code, ERROR_INVALID);
	CHECK(strstr(err.text, "RLIMIT_FOO"));
	CHECK(plan_of(absent, 1, &plan, &err) < 0);
	CHECK(plan_of(twice, 3, &plan, &err) < 0);
	CHECK(strstr(err.text, "RLIMIT_CORE is there twice"));
	CHECK(plan_of(crossed, 1, &plan, &err) < 0);
	CHECK_INT(err.code, ERROR_INVALID);
}

TEST(limits_are_lowered_in_the_kernel)
{
	struct config_rlimit rlimits[] = { RLIMIT("RLIMIT_NOFILE", 100, 200),
					   RLIMIT("RLIMIT_CORE", 0, 0),
					   RLIMIT("RLIMIT_STACK", 1 << 20, UINT64_MAX) };
	struct rlimits_plan plan;
	struct error err = ERROR_INIT;
	struct rlimit limit;

	if (geteuid() != 0)
		rlimits[2] = rlimits[1];
	CHECK(plan_of(rlimits, geteuid() == 0 ? 3 : 2, &plan, &err) == 0);
	CHECK(rlimits_apply(&plan, 0, &err) == 0);
	CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	CHECK_INT(limit.rlim_cur, 100);
	CHECK_INT(limit.rlim_max, 200);
	CHECK(getrlimit(RLIMIT_CORE, &limit) == 0);
	CHECK_INT(limit.rlim_max, 0);
	if (geteuid() != 0)
		return;
	if (harness_is_emulated())
		SKIP("qemu-user keeps the limit of its stack");
	CHECK(getrlimit(RLIMIT_STACK, &limit) == 0);
	CHECK_INT(limit.rlim_cur, 1 << 20);
	CHECK(limit.rlim_max == RLIM_INFINITY);
}

TEST(limits_of_another_process)
{
	struct config_rlimit rlimits[] = { RLIMIT("RLIMIT_NOFILE", 101, 202) };
	struct rlimits_plan plan;
	struct error err = ERROR_INIT;
	struct rlimit limit;
	pid_t pid = fork();

	if (pid == 0) {
		pause();
		_exit(0);
	}
	CHECK(plan_of(rlimits, 1, &plan, &err) == 0);
	CHECK(rlimits_apply(&plan, pid, &err) == 0);
	CHECK(prlimit(pid, RLIMIT_NOFILE, NULL, &limit) == 0);
	CHECK_INT(limit.rlim_max, 202);
	CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	CHECK(limit.rlim_max != 202);
	kill(pid, SIGKILL);
}

TEST(a_failure_names_the_limit)
{
	struct config_rlimit rlimits[] = { RLIMIT("RLIMIT_NOFILE", UINT64_MAX, UINT64_MAX) };
	struct rlimits_plan plan;
	struct error err = ERROR_INIT;

	/* more open files than fs.nr_open are refused even to root */
	CHECK(plan_of(rlimits, 1, &plan, &err) == 0);
	CHECK(rlimits_apply(&plan, 0, &err) < 0);
	CHECK(strstr(err.text, "RLIMIT_NOFILE"));
}
