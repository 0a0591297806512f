/* The small properties of a process: oom.c, scheduler.c, io_priority.c, affinity.c,
 * memory_policy.c, personality.c. */
#include "tests/unit/harness.h"
#include "tests/unit/names.h"

#include <fcntl.h>
#include <linux/ioprio.h>
#include <sched.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/procfs.h"
#include "libcontainer/process/affinity.h"
#include "libcontainer/process/io_priority.h"
#include "libcontainer/process/memory_policy.h"
#include "libcontainer/process/oom.h"
#include "libcontainer/process/personality.h"
#include "libcontainer/process/scheduler.h"

static struct arena arena = ARENA_INIT;

static struct arena *room(void)
{
	struct error err = ERROR_INIT;

	if (!arena.base)
		CHECK(arena_init(&arena, 1 << 20, &err) == 0);
	return &arena;
}

static void needs_root(void)
{
	if (geteuid() != 0)
		SKIP("needs root");
}

/* ---- oomScoreAdj ---- */

TEST(oom_score_outside_its_range_is_refused)
{
	static const int64_t wrong[] = { -1001, 1001, INT64_MAX, INT64_MIN };
	struct error err = ERROR_INIT;

	for (size_t i = 0; i < array_length(wrong); i++) {
		struct optional_int value = { wrong[i], true };

		CHECK(oom_score_check(&value, &err) < 0);
		CHECK_INT(err.code, ERROR_INVALID);
	}
}

TEST(oom_score_is_written_for_oneself_and_for_others)
{
	struct error err = ERROR_INIT;
	_cleanup_fd_ int procfs = procfs_open(&err);
	struct optional_int value = { 500, true }, unset = { 0 };
	_cleanup_buffer_ struct buffer own = BUFFER_INIT, other = BUFFER_INIT;
	char path[64];
	pid_t pid;

	CHECK(oom_score_check(&value, &err) == 0);
	CHECK(oom_score_apply(procfs, 0, &value, false, &err) == 0);
	CHECK(oom_score_apply(procfs, 0, &unset, false, &err) == 0);
	CHECK(file_read(AT_FDCWD, "/proc/self/oom_score_adj", 64, &own, &err) == 0);
	CHECK_STR(own.bytes, "500\n");
	pid = fork();
	if (pid == 0) {
		pause();
		_exit(0);
	}
	value.value = 501;
	CHECK(oom_score_apply(procfs, pid, &value, false, &err) == 0);
	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", pid);
	CHECK(file_read(AT_FDCWD, path, 64, &other, &err) == 0);
	CHECK_STR(other.bytes, "501\n");
	kill(pid, SIGKILL);
}

TEST(lowering_the_oom_score_without_right_is_tolerated_when_rootless)
{
	struct error err = ERROR_INIT;
	struct optional_int plan = { -1000, true };
	int status;
	pid_t pid;

	needs_root();
	pid = fork();
	if (pid == 0) {
		int procfs;

		/* a new program would be dumpable again; a process that changed its ids isn't */
		CHECK(setresuid(1000, 1000, 1000) == 0);
		procfs = procfs_open(&err);
		CHECK(oom_score_apply(procfs, 0, &plan, true, &err) == 0);
		CHECK(oom_score_apply(procfs, 0, &plan, false, &err) < 0);
		CHECK_INT(err.errnum, EACCES);
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

/* ---- scheduler ---- */

static struct scheduler_plan *scheduler_of(struct config_scheduler *config)
{
	struct scheduler_plan *plan = NULL;
	struct error err = ERROR_INIT;

	if (scheduler_plan(config, room(), &plan, &err) < 0)
		harness_fail(__FILE__, __LINE__, "%s", err.text);
	return plan;
}

TEST(wrong_schedulers_are_refused)
{
	struct strings unknown = NAMES("SCHED_FLAG_FOO");
	struct config_scheduler wrong[] = {
		{ 0 },
		{ .policy = (char *)"SCHED_FOO" },
		{ .policy = (char *)"SCHED_OTHER", .nice = { 20, true } },
		{ .policy = (char *)"SCHED_OTHER", .nice = { -21, true } },
		{ .policy = (char *)"SCHED_OTHER", .priority = { 1, true } },
		{ .policy = (char *)"SCHED_FIFO" },
		{ .policy = (char *)"SCHED_RR", .priority = { 100, true } },
		{ .policy = (char *)"SCHED_RR", .priority = { 1, true }, .runtime = { 1, true } },
		{ .policy = (char *)"SCHED_IDLE", .deadline = { 1, true } },
		{ .policy = (char *)"SCHED_BATCH", .period = { 1, true } },
		{ .policy = (char *)"SCHED_OTHER", .flags = unknown },
	};
	struct scheduler_plan *plan = NULL;

	for (size_t i = 0; i < array_length(wrong); i++) {
		struct error err = ERROR_INIT;

		CHECK(scheduler_plan(&wrong[i], room(), &plan, &err) < 0);
		CHECK_INT(err.code, ERROR_INVALID);
	}
	CHECK(scheduler_of(NULL) == NULL);
}

/* Not by the C library: in musl's opinion Linux, where these are of threads and not of processes, hasn't got POSIX's. */
static int policy(void)
{
	return (int)syscall(SYS_sched_getscheduler, 0);
}

TEST(policy_and_nice_reach_the_kernel)
{
	struct config_scheduler config = { .policy = (char *)"SCHED_BATCH", .nice = { 7, true } };
	struct error err = ERROR_INIT;

	NEEDS(sched_setattr);
	CHECK(scheduler_apply(scheduler_of(&config), &err) == 0);
	CHECK_INT(policy(), SCHED_BATCH);
	CHECK_INT(getpriority(PRIO_PROCESS, 0), 7);
	CHECK(scheduler_apply(NULL, &err) == 0);
}

TEST(real_time_priority_and_flags_reach_the_kernel)
{
	struct config_scheduler config = { .policy = (char *)"SCHED_RR", .priority = { 3, true } };
	struct sched_param param;
	struct error err = ERROR_INIT;

	NEEDS(sched_setattr);
	needs_root();
	config.flags = NAMES("SCHED_FLAG_RESET_ON_FORK");
	if (scheduler_apply(scheduler_of(&config), &err) < 0)
		SKIP("needs a kernel that lets this cgroup have real-time processes");
	CHECK_INT(policy(), SCHED_RR | SCHED_RESET_ON_FORK);
	CHECK(syscall(SYS_sched_getparam, 0, &param) == 0);
	CHECK_INT(param.sched_priority, 3);
}

TEST(a_deadline_reaches_the_kernel)
{
	struct config_scheduler config = { .policy = (char *)"SCHED_DEADLINE",
					   .runtime = { 1000000, true },
					   .deadline = { 20000000, true },
					   .period = { 50000000, true } };
	struct sched_param other = { 0 };
	struct error err = ERROR_INIT;

	NEEDS(sched_setattr);
	needs_root();
	if (scheduler_apply(scheduler_of(&config), &err) < 0)
		SKIP("needs a kernel that lets this cgroup have real-time processes");
	CHECK_INT(policy(), 6);
	/* such a thread may not clone, as a leak checker does */
	CHECK(syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, &other) == 0);
}

TEST(what_the_kernel_refuses_is_named)
{
	struct config_scheduler config = { .policy = (char *)"SCHED_ISO" };
	struct error err = ERROR_INIT;

	NEEDS(sched_setattr);
	CHECK(scheduler_apply(scheduler_of(&config), &err) < 0);
	CHECK(strstr(err.text, "SCHED_ISO"));
}

/* ---- ioPriority ---- */

TEST(wrong_io_priorities_are_refused)
{
	struct config_io_priority wrong[] = {
		{ .priority = { 1, true } },
		{ .io_class = (char *)"IOPRIO_CLASS_FOO", .priority = { 1, true } },
		{ .io_class = (char *)"IOPRIO_CLASS_BE", .priority = { 8, true } },
		{ .io_class = (char *)"IOPRIO_CLASS_BE", .priority = { -1, true } },
	};
	struct optional_int plan;

	for (size_t i = 0; i < array_length(wrong); i++) {
		struct error err = ERROR_INIT;

		CHECK(io_priority_plan(&wrong[i], &plan, &err) < 0);
		CHECK_INT(err.code, ERROR_INVALID);
	}
}

TEST(io_priority_reaches_the_kernel)
{
	struct config_io_priority config = { .io_class = (char *)"IOPRIO_CLASS_BE",
					     .priority = { 6, true } };
	struct optional_int plan;
	struct error err = ERROR_INIT;

	NEEDS(ioprio_set);
	CHECK(io_priority_plan(NULL, &plan, &err) == 0);
	CHECK(!plan.set);
	CHECK(io_priority_apply(&plan, &err) == 0);
	CHECK(io_priority_plan(&config, &plan, &err) == 0);
	CHECK(io_priority_apply(&plan, &err) == 0);
	CHECK_INT(syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 0), IOPRIO_CLASS_BE << 13 | 6);
}

/* ---- execCPUAffinity ---- */

TEST(wrong_affinities_are_refused)
{
	struct config_exec_cpu_affinity initial = { .initial = (char *)"x" };
	struct config_exec_cpu_affinity final = { .final = (char *)"1-" };
	struct affinity_plan plan;
	struct error err = ERROR_INIT;

	CHECK(affinity_plan(&initial, room(), &plan, &err) < 0);
	CHECK_STR(err.object, "process.execCPUAffinity.initial");
	CHECK(affinity_plan(&final, room(), &plan, &err) < 0);
	CHECK_STR(err.object, "process.execCPUAffinity.final");
}

TEST(affinity_reaches_the_kernel)
{
	struct affinity_plan plan;
	struct config_exec_cpu_affinity config = { .final = (char *)"0,4095" };
	struct error err = ERROR_INIT;
	cpu_set_t before, after;

	CHECK(sched_getaffinity(0, sizeof(before), &before) == 0);
	if (!CPU_ISSET(0, &before))
		SKIP("needs CPU 0");
	CHECK(affinity_plan(NULL, room(), &plan, &err) == 0);
	CHECK(affinity_apply(&plan.initial, 0, &err) == 0);
	CHECK(affinity_plan(&config, room(), &plan, &err) == 0);
	CHECK(affinity_apply(&plan.initial, 0, &err) == 0);
	CHECK(sched_getaffinity(0, sizeof(after), &after) == 0);
	CHECK(CPU_EQUAL(&before, &after));
	CHECK(affinity_apply(&plan.final, 0, &err) == 0);
	CHECK(sched_getaffinity(0, sizeof(after), &after) == 0);
	CHECK(CPU_ISSET(0, &after));
	CHECK_INT(CPU_COUNT(&after), 1);
}

TEST(an_affinity_without_a_cpu_is_refused_by_the_kernel)
{
	struct config_exec_cpu_affinity config = { .initial = (char *)"65535" };
	struct affinity_plan plan;
	struct error err = ERROR_INIT;

	CHECK(affinity_plan(&config, room(), &plan, &err) == 0);
	CHECK(affinity_apply(&plan.initial, 0, &err) < 0);
	CHECK_STR(err.object, "process.execCPUAffinity");
}

/* ---- memoryPolicy ---- */

TEST(wrong_memory_policies_are_refused)
{
	struct strings unknown = NAMES("MPOL_F_FOO");
	struct config_memory_policy wrong[] = {
		{ .nodes = (char *)"0" },
		{ .mode = (char *)"MPOL_FOO", .nodes = (char *)"0" },
		{ .mode = (char *)"MPOL_BIND", .nodes = (char *)"x" },
		{ .mode = (char *)"MPOL_BIND" },
		{ .mode = (char *)"MPOL_INTERLEAVE", .nodes = (char *)"" },
		{ .mode = (char *)"MPOL_DEFAULT", .nodes = (char *)"0" },
		{ .mode = (char *)"MPOL_LOCAL", .nodes = (char *)"0" },
		{ .mode = (char *)"MPOL_BIND", .nodes = (char *)"0", .flags = unknown },
	};
	struct memory_policy_plan *plan = NULL;

	for (size_t i = 0; i < array_length(wrong); i++) {
		struct error err = ERROR_INIT;

		CHECK(memory_policy_plan(&wrong[i], room(), &plan, &err) < 0);
		CHECK_INT(err.code, ERROR_INVALID);
	}
	CHECK(plan == NULL);
}

static void set_policy(const char *mode, const char *nodes, const struct strings *flags)
{
	struct config_memory_policy config = { .mode = (char *)mode, .nodes = (char *)nodes };
	struct memory_policy_plan *plan = NULL;
	struct error err = ERROR_INIT;

	if (flags)
		config.flags = *flags;
	CHECK(memory_policy_plan(&config, room(), &plan, &err) == 0);
	CHECK(memory_policy_apply(plan, &err) == 0);
}

TEST(memory_policy_reaches_the_kernel)
{
	struct strings flags = NAMES("MPOL_F_STATIC_NODES");
	unsigned long nodes[MASK_BITS_MAX / 64] = { 0 };
	struct memory_policy_plan *none = NULL;
	struct error err = ERROR_INIT;
	int mode = -1;

	NEEDS(set_mempolicy);
	NEEDS(get_mempolicy);
	CHECK(memory_policy_plan(NULL, room(), &none, &err) == 0);
	CHECK(none == NULL && memory_policy_apply(none, &err) == 0);
	set_policy("MPOL_BIND", "0", &flags);
	CHECK(syscall(SYS_get_mempolicy, &mode, nodes, MASK_BITS_MAX / 2, NULL, 0) == 0);
	CHECK_INT(mode, 2 | 1 << 15);
	CHECK_INT(nodes[0], 1);
	set_policy("MPOL_PREFERRED", NULL, NULL);
	set_policy("MPOL_DEFAULT", "", NULL);
	CHECK(syscall(SYS_get_mempolicy, &mode, NULL, 0, NULL, 0) == 0);
	CHECK_INT(mode, 0);
}

/* ---- personality ---- */

TEST(wrong_personalities_are_refused)
{
	struct config_personality absent = { 0 }, unknown = { .domain = (char *)"BSD" };
	struct config_personality flagged = { .domain = (char *)"LINUX",
					      .flags = NAMES("ADDR_NO_RANDOMIZE") };
	struct optional_uint plan;
	struct error err = ERROR_INIT;

	CHECK(personality_plan(&absent, &plan, &err) < 0);
	CHECK(personality_plan(&unknown, &plan, &err) < 0);
	CHECK_INT(err.code, ERROR_INVALID);
	CHECK(personality_plan(&flagged, &plan, &err) < 0);
	CHECK_INT(err.code, ERROR_UNSUPPORTED);
}

TEST(personality_reaches_the_kernel)
{
	struct config_personality config = { .domain = (char *)"LINUX32" };
	struct optional_uint plan;
	struct error err = ERROR_INIT;

	CHECK(personality_plan(NULL, &plan, &err) == 0);
	CHECK(!plan.set && personality_apply(&plan, &err) == 0);
	CHECK(personality_plan(&config, &plan, &err) == 0);
	CHECK(personality_apply(&plan, &err) == 0);
	CHECK_INT(personality(0xffffffff), PER_LINUX32);
}
