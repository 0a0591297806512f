/* lane: vm
 * linux.resources felt by processes: the knobs of memory, cpu, pids, cpuset and io, written by
 * cgroup_apply(). */
#include "tests/unit/cgroup_world.h"

#include <sys/sysmacros.h>

#define INT(n)                                                                                     \
	{                                                                                          \
		.value = (n), .set = true                                                          \
	}
#define UINT(n)                                                                                    \
	{                                                                                          \
		.value = (n), .set = true                                                          \
	}

static struct error err;
static struct cgroup_plan plan;

static void need(const char *controller)
{
	static char reason[64];

	if (word_in(get("/", "cgroup.controllers"), controller))
		return;
	snprintf(reason, sizeof(reason), "no controller %s on cgroup v2", controller);
	SKIP(reason);
}

/* Make the tests' cgroup with these resources. */
static int limit_to(const struct config_resources *resources)
{
	static char *needed[8];
	struct cgroup cgroup = CGROUP_INIT;
	struct arena arena;

	CHECK(arena_init(&arena, 1 << 20, &err) == 0);
	plan = (struct cgroup_plan){ .path = world, .controllers = { needed, 0 } };
	if (cgroup_plan_writes(resources, &arena, &plan.writes, &err) < 0)
		harness_fail(__FILE__, __LINE__, "%s", err.text);
	for (size_t i = 0; i < plan.writes.count; i++)
		needed[plan.controllers.count++] = (char *)plan.writes.items[i].controller;
	if (cgroup_create(&plan, &cgroup, &err) < 0)
		harness_fail(__FILE__, __LINE__, "%s", err.text);
	return cgroup_apply(&plan, cgroup.fd, &err);
}

static void limit(const struct config_resources *resources)
{
	if (limit_to(resources) < 0)
		harness_fail(__FILE__, __LINE__, "%s", err.text);
}

/* ---- memory ---- */

static size_t to_touch;

static void touch_memory(void)
{
	char *memory = mmap(NULL, to_touch, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	_exit(memory == MAP_FAILED);
}

#define MB (1L << 20)

TEST(memory_beyond_the_limit_kills_and_is_counted)
{
	world_enter();
	need("memory");
	struct config_memory memory = { .limit = INT(32 * MB), .swap = INT(32 * MB) };
	uint64_t kills;
	int status;

	limit(&(struct config_resources){ .memory = &memory });
	CHECK_STR(get(world, "memory.max"), "33554432");
	to_touch = 16 * MB;
	status = status_of(spawn(world, touch_memory));
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	CHECK(cgroup_oom_kills(open_cgroup(world), &kills, &err) == 0 && kills == 0);
	to_touch = 64 * MB;
	status = status_of(spawn(world, touch_memory));
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	CHECK(cgroup_oom_kills(open_cgroup(world), &kills, &err) == 0 && kills == 1);
}

TEST(memory_knobs_have_their_files)
{
	world_enter();
	need("memory");
	struct config_memory memory = { .limit = INT(32 * MB),
					.reservation = INT(8 * MB),
					.swap = INT(48 * MB) };
	struct string_map_entry high = { (char *)"memory.high", (char *)"16777216" };

	limit(&(struct config_resources){ .memory = &memory, .unified = { &high, 1 } });
	CHECK_STR(get(world, "memory.low"), "8388608");
	CHECK_STR(get(world, "memory.high"), "16777216");
	if (exists(below_world("memory.swap.max")))
		CHECK_STR(get(world, "memory.swap.max"), "16777216");
}

/* ---- cpu ---- */

static void spin(void)
{
	for (;;)
		;
}

static uint64_t cpu_usage(void)
{
	uint64_t usage = 0;

	CHECK(cgroup_find_value(get(world, "cpu.stat"), "usage_usec", &usage));
	return usage;
}

TEST(cpu_quota_holds_back)
{
	world_enter();
	need("cpu");
	struct config_cpu cpu = { .quota = INT(20000), .period = UINT(100000) };
	uint64_t before, used;

	limit(&(struct config_resources){ .cpu = &cpu });
	CHECK_STR(get(world, "cpu.max"), "20000 100000");
	spawn(world, spin);
	sleep_ms(500);
	before = cpu_usage();
	sleep_ms(2000);
	used = cpu_usage() - before;
	/* 0.2 of 2 s */
	if (used < 200000 || used > 600000)
		harness_fail(__FILE__, __LINE__, "used %" PRIu64 " us of 2 s", used);
}

TEST(cpu_knobs_have_their_files)
{
	world_enter();
	need("cpu");
	struct config_cpu cpu = { .shares = UINT(512), .quota = INT(50000), .burst = UINT(10000) };

	limit(&(struct config_resources){ .cpu = &cpu });
	CHECK_STR(get(world, "cpu.weight"), "59");
	CHECK_STR(get(world, "cpu.max"), "50000 100000");
	CHECK_STR(get(world, "cpu.max.burst"), "10000");
}

TEST(an_idle_cgroup)
{
	world_enter();
	need("cpu");
	struct config_cpu cpu = { .shares = UINT(512), .idle = INT(1) };

	limit(&(struct config_resources){ .cpu = &cpu });
	CHECK_STR(get(world, "cpu.idle"), "1");
}

TEST(what_the_kernel_does_not_take_is_told)
{
	world_enter();
	need("cpu");
	struct string_map_entry quota = { (char *)"cpu.max", (char *)"5" };

	CHECK(limit_to(&(struct config_resources){ .unified = { &quota, 1 } }) < 0);
	CHECK_STR(err.text, "linux.resources.unified[\"cpu.max\"]: can't write \"5\" to cpu.max: "
			    "Invalid argument; the kernel doesn't take this value");
}

static void exit_with_cpus(void)
{
	cpu_set_t cpus;

	CHECK(sched_getaffinity(0, sizeof(cpus), &cpus) == 0);
	_exit(CPU_COUNT(&cpus) == 1 && CPU_ISSET(0, &cpus));
}

TEST(cpuset_keeps_to_its_cpus)
{
	world_enter();
	need("cpuset");
	struct config_cpu cpu = { .cpus = (char *)"0", .mems = (char *)"0" };

	limit(&(struct config_resources){ .cpu = &cpu });
	CHECK_STR(get(world, "cpuset.cpus"), "0");
	CHECK_STR(get(world, "cpuset.mems"), "0");
	CHECK_INT(WEXITSTATUS(status_of(spawn(world, exit_with_cpus))), 1);
}

/* ---- pids ---- */

static void count_forks(void)
{
	int forks = 0;

	for (pid_t pid; forks < 20 && (pid = fork()) >= 0; forks++)
		if (pid == 0)
			just_wait();
	_exit(forks < 20 && errno == EAGAIN ? forks : 99);
}

TEST(pids_limit_stops_forks)
{
	world_enter();
	need("pids");
	struct config_pids pids = { .limit = INT(5) };

	limit(&(struct config_resources){ .pids = &pids });
	CHECK_INT(WEXITSTATUS(status_of(spawn(world, count_forks))), 4);
}

TEST(a_pids_limit_of_zero_takes_none)
{
	world_enter();
	need("pids");
	struct config_pids pids = { .limit = INT(0) };
	int fd;

	limit(&(struct config_resources){ .pids = &pids });
	fd = open_cgroup(world);
	struct clone_args args = { .flags = CLONE_INTO_CGROUP,
				   .exit_signal = SIGCHLD,
				   .cgroup = (uint64_t)fd };
	pid_t pid = sys_clone3(&args);

	if (pid == 0)
		_exit(0);
	CHECK(pid < 0 && errno == EAGAIN);
}

/* ---- io ---- */

/* The whole disk of the root filesystem. */
static dev_t root_disk(void)
{
	char path[64];
	struct stat st;

	CHECK(stat("/", &st) == 0);
	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/queue", major(st.st_dev),
		 minor(st.st_dev));
	if (access(path, F_OK) < 0)
		SKIP("the root filesystem is not on a whole disk");
	return st.st_dev;
}

TEST(io_throttles_reach_the_disk)
{
	world_enter();
	need("io");
	dev_t disk = root_disk();
	struct config_throttle_device bytes = { INT(major(disk)), INT(minor(disk)), UINT(1048576) };
	struct config_throttle_device none = { INT(major(disk)), INT(minor(disk)), UINT(0) };
	struct config_block_io io = { .throttle_read_bps_device = { &bytes, 1 },
				      .throttle_write_iops_device = { &none, 1 } };
	char want[128];

	limit(&(struct config_resources){ .block_io = &io });
	snprintf(want, sizeof(want), "%u:%u rbps=1048576 wbps=max riops=max wiops=max", major(disk),
		 minor(disk));
	CHECK_STR(get(world, "io.max"), want);
}

TEST(a_disk_that_is_not_there_is_told)
{
	world_enter();
	need("io");
	struct config_throttle_device bytes = { INT(511), INT(3), UINT(1048576) };
	struct config_block_io io = { .throttle_read_bps_device = { &bytes, 1 } };

	CHECK(limit_to(&(struct config_resources){ .block_io = &io }) < 0);
	CHECK(strstr(err.text, "linux.resources.blockIO.throttleReadBpsDevice: can't write "
			       "\"511:3 rbps=1048576\" to io.max"));
	CHECK(strstr(err.text, "there is no such disk"));
}

TEST(io_weight_is_written_or_its_lack_told)
{
	world_enter();
	need("io");
	struct config_block_io io = { .weight = UINT(500) };

	if (limit_to(&(struct config_resources){ .block_io = &io }) < 0) {
		CHECK(!exists(below_world("io.weight")));
		CHECK(strstr(err.text, "no disk has a scheduler that knows weights"));
	} else if (exists(below_world("io.bfq.weight"))) {
		CHECK_STR(get(world, "io.bfq.weight"), "default 500");
	} else {
		CHECK_STR(get(world, "io.weight"), "default 4950");
	}
}

/* ---- all at once, as an engine asks ---- */

TEST(limits_of_every_controller_together)
{
	world_enter();
	need("memory");
	need("cpu");
	need("pids");
	need("cpuset");
	struct config_memory memory = { .limit = INT(64 * MB), .swap = INT(64 * MB) };
	struct config_cpu cpu = { .shares = UINT(1024),
				  .quota = INT(100000),
				  .period = UINT(100000),
				  .cpus = (char *)"0-1" };
	struct config_pids pids = { .limit = INT(100) };
	struct config_resources resources = { .memory = &memory, .cpu = &cpu, .pids = &pids };
	int status;

	limit(&resources);
	CHECK_STR(get(world, "memory.max"), "67108864");
	CHECK_STR(get(world, "cpu.max"), "100000 100000");
	CHECK_STR(get(world, "cpu.weight"), "100");
	CHECK_STR(get(world, "cpuset.cpus"), "0-1");
	CHECK_STR(get(world, "pids.max"), "100");
	to_touch = 16 * MB;
	status = status_of(spawn(world, touch_memory));
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
