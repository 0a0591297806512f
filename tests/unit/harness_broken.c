/* What the harness must call by its name; run by tests/checks/harness.check, not by itself. */
#include "tests/unit/harness.h"

TEST(passes)
{
	CHECK(1);
	CHECK_INT(-1, -1);
	CHECK_STR("a", "a");
	CHECK_STR(NULL, NULL);
	printf("not ok 1 - printed by the code under test\n");
}

TEST(false_condition)
{
	CHECK(1 == 2);
}

TEST(other_string)
{
	CHECK_STR("got\nthis", "want");
}

TEST(no_string)
{
	CHECK_STR(NULL, "want");
}

TEST(other_integer)
{
	CHECK_INT(INT64_MAX, INT64_MIN);
}

TEST(is_skipped)
{
	SKIP("a reason");
}

TEST(dies)
{
	abort();
}

TEST(leaves)
{
	_exit(3);
}

TEST(hangs)
{
	for (;;)
		pause();
}

TEST(fails_in_a_process_of_its_own)
{
	pid_t pid = fork();

	if (pid == 0)
		CHECK(!"reached");
	waitpid(pid, NULL, 0);
}

TEST(skips_after_a_failure)
{
	if (fork() == 0)
		CHECK(!"reached");
	wait(NULL);
	SKIP("must not hide it");
}

/* Run only when named: the harness itself dies, so the plan is not kept. */
TEST(kills_the_harness)
{
	if (getenv("HARNESS_BROKEN"))
		kill(getppid(), SIGKILL);
}
