/* lane: vm
 * libcontainer/cgroup: pids.c, kill.c, freeze.c, remove.c, events.c on real processes, owner.c. */
#include "tests/unit/cgroup_world.h"

#include <sys/resource.h>

static struct error err;

static bool populated(const char *path)
{
	return strncmp(get(path, "cgroup.events"), "populated 1", 11) == 0;
}

static void wait_until_empty(const char *path)
{
	for (int i = 0; i < 500 && populated(path); i++)
		sleep_ms(10);
	CHECK(!populated(path));
}

/* ---- lists ---- */

TEST(pids_lists_all_levels)
{
	world_enter();
	make(world);
	make(below_world("a"));
	make(below_world("a/b"));
	pid_t want[] = { spawn(world, just_wait), spawn(below_world("a"), just_wait),
			 spawn(below_world("a/b"), just_wait),
			 spawn(below_world("a/b"), just_wait) };
	struct arena arena;
	pid_t *pids;
	size_t count;

	CHECK(arena_init(&arena, 1 << 20, &err) == 0);
	CHECK(cgroup_pids(open_cgroup(world), &arena, &pids, &count, &err) == 0);
	CHECK_INT(count, 4);
	for (size_t i = 0; i < 4; i++) {
		int found = 0;

		for (size_t j = 0; j < count; j++)
			found += pids[j] == want[i];
		CHECK_INT(found, 1);
	}
}

TEST(an_empty_cgroup_lists_nothing)
{
	world_enter();
	make(world);
	struct arena arena;
	pid_t *pids;
	size_t count = 77;

	CHECK(arena_init(&arena, 1 << 20, &err) == 0);
	CHECK(cgroup_pids(open_cgroup(world), &arena, &pids, &count, &err) == 0);
	CHECK_INT(count, 0);
}

TEST(more_pids_than_one_read_takes)
{
	world_enter();
	make(world);
	struct arena arena;
	pid_t *pids;
	size_t count;

	for (int i = 0; i < 700; i++)
		spawn(world, just_wait);
	CHECK(arena_init(&arena, 1 << 20, &err) == 0);
	CHECK(cgroup_pids(open_cgroup(world), &arena, &pids, &count, &err) == 0);
	CHECK_INT(count, 700);
}

TEST(nesting_without_end_is_refused)
{
	world_enter();
	char path[4096];
	struct arena arena;
	pid_t *pids;
	size_t count;

	make(world);
	snprintf(path, sizeof(path), "/sys/fs/cgroup%s", world);
	for (int i = 0; i < 250; i++) {
		strcat(path, "/d");
		CHECK(mkdir(path, 0755) == 0);
	}
	CHECK(arena_init(&arena, 1 << 20, &err) == 0);
	CHECK(cgroup_pids(open_cgroup(world), &arena, &pids, &count, &err) < 0);
	CHECK_STR(err.text, "the container has cgroups more than 200 deep");
}

TEST(attach_moves_a_process)
{
	world_enter();
	make(world);
	make(below_world("a"));
	pid_t pid = spawn(world, just_wait);
	struct arena arena;
	char *path;

	CHECK(cgroup_attach(open_cgroup(below_world("a")), pid, &err) == 0);
	CHECK(arena_init(&arena, 1 << 20, &err) == 0);
	CHECK(cgroup_of(pid, &arena, &path, &err) == 0);
	CHECK_STR(path, below_world("a"));
	CHECK(cgroup_attach(open_cgroup(below_world("a")), 0x7ffffff0, &err) < 0);
	CHECK_INT(err.errnum, ESRCH);
}

TEST(open_is_below_the_mount)
{
	world_enter();
	make(world);
	CHECK(open_cgroup(world) >= 0);
	CHECK(cgroup_open("/no-such-cgroup-here", &err) < 0);
	CHECK_INT(err.errnum, ENOENT);
	CHECK(cgroup_open("/../../etc", &err) < 0);
	CHECK_INT(err.errnum, EXDEV);
}

TEST(exists_is_asked_below_the_mount)
{
	world_enter();
	CHECK(!cgroup_exists(world));
	make(world);
	CHECK(cgroup_exists(world));
	CHECK(!cgroup_exists(below_world("a")));
}

/* ---- signals ---- */

static void die_of_term(void)
{
	signal(SIGTERM, SIG_DFL);
	just_wait();
}

TEST(a_signal_reaches_all_levels)
{
	world_enter();
	make(world);
	make(below_world("a"));
	make(below_world("a/b"));
	make(below_world("a/.b"));
	pid_t pids[] = { spawn(world, die_of_term), spawn(below_world("a"), die_of_term),
			 spawn(below_world("a/b"), die_of_term),
			 spawn(below_world("a/.b"), die_of_term) };

	CHECK(cgroup_signal(open_cgroup(world), SIGTERM, &err) == 0);
	for (size_t i = 0; i < 4; i++) {
		int status = status_of(pids[i]);

		CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	}
	CHECK_STR(get(world, "cgroup.freeze"), "0");
	CHECK(cgroup_signal(open_cgroup(world), SIGTERM, &err) == 0);
}

/* Its number changes all the time: it lives on in a child and ends itself. Should nothing reach it,
 * it ends some day all the same. Not by fork(), which blocks signals meanwhile since glibc 2.41: one
 * that arrives then is the parent's alone. */
static void hop(void)
{
	time_t end = time(NULL) + 20;

	signal(SIGCHLD, SIG_IGN);
	while (time(NULL) < end)
		if (syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) > 0)
			_exit(0);
	_exit(0);
}

TEST(who_forks_all_the_time_is_reached)
{
	world_enter();
	make(world);
	for (int round = 0; round < 30; round++) {
		for (int i = 0; i < 4; i++)
			spawn(world, hop);
		sleep_ms(3);
		CHECK(populated(world));
		int fd = open_cgroup(world);

		CHECK(cgroup_freeze(fd, 5000, &err) == 0);
		CHECK(cgroup_signal(fd, SIGTERM, &err) == 0);
		CHECK(cgroup_thaw(fd, &err) == 0);
		wait_until_empty(world);
	}
}

static void exit_5(int signal)
{
	(void)signal;
	_exit(5);
}

static void catch_term(void)
{
	signal(SIGTERM, exit_5);
	just_wait();
}

TEST(a_frozen_cgroup_stays_frozen_and_the_signal_waits)
{
	world_enter();
	make(world);
	pid_t pid = spawn(world, catch_term);
	int fd = open_cgroup(world), status;

	sleep_ms(100);
	CHECK(cgroup_freeze(fd, 5000, &err) == 0);
	CHECK(cgroup_signal(fd, SIGTERM, &err) == 0);
	sleep_ms(50);
	CHECK(waitpid(pid, &status, WNOHANG) == 0);
	CHECK_STR(get(world, "cgroup.freeze"), "1");
	CHECK(cgroup_thaw(fd, &err) == 0);
	status = status_of(pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 5);
}

TEST(kill_reaches_the_frozen_and_the_deaf)
{
	world_enter();
	make(world);
	make(below_world("a"));
	spawn(world, hop);
	spawn(below_world("a"), just_wait);
	int fd = open_cgroup(world);

	CHECK(cgroup_freeze(fd, 5000, &err) == 0);
	CHECK(cgroup_signal(fd, SIGKILL, &err) == 0);
	wait_until_empty(world);
	CHECK(cgroup_signal(fd, SIGKILL, &err) == 0);
}

/* ---- freeze ---- */

static volatile unsigned long *ticks;

static void tick(void)
{
	for (;;)
		++*ticks;
}

TEST(nothing_runs_while_frozen)
{
	world_enter();
	make(world);
	make(below_world("a"));
	ticks = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	spawn(below_world("a"), tick);
	int fd = open_cgroup(world);
	bool frozen = true;

	CHECK(cgroup_frozen(fd, &frozen, &err) == 0 && !frozen);
	CHECK(cgroup_freeze(fd, 5000, &err) == 0);
	CHECK(cgroup_frozen(fd, &frozen, &err) == 0 && frozen);
	CHECK(cgroup_frozen(open_cgroup(below_world("a")), &frozen, &err) == 0 && frozen);
	unsigned long before = *ticks;

	sleep_ms(50);
	CHECK(*ticks == before);
	CHECK(cgroup_thaw(fd, &err) == 0);
	for (int i = 0; i < 200 && *ticks == before; i++)
		sleep_ms(50);
	CHECK(*ticks != before);
	CHECK(cgroup_frozen(fd, &frozen, &err) == 0 && !frozen);
}

/* Nobody works there, and every Debian has it. */
#define TRAP "/media"

/* A FUSE filesystem whose daemon never answers: who looks at it waits in the kernel, deaf to the
 * freezer and to all signals but SIGKILL. */
static void set_trap(void)
{
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	char options[128];

	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", fd);
	if (fd < 0 || mount("trap", TRAP, "fuse", 0, options) < 0)
		SKIP("no FUSE");
}

static void get_stuck(void)
{
	struct stat st;

	_exit(stat(TRAP, &st));
}

static pid_t spawn_stuck(const char *path)
{
	pid_t pid = spawn(path, get_stuck);

	sleep_ms(100);
	return pid;
}

TEST(who_does_not_freeze_is_named_and_the_rest_thawed)
{
	world_enter();
	make(world);
	set_trap();
	spawn(world, just_wait);
	pid_t stuck = spawn_stuck(world);
	char want[256];

	CHECK(cgroup_freeze(open_cgroup(world), 100, &err) < 0);
	CHECK_INT(err.code, ERROR_BUSY);
	snprintf(want, sizeof(want),
		 "the cgroup didn't freeze within 100 ms because of process %d "
		 "(cgroup_process_), which waits uninterruptibly",
		 (int)stuck);
	if (!strstr(err.text, want))
		CHECK_STR(err.text, want);
	CHECK_STR(get(world, "cgroup.freeze"), "0");
}

TEST(who_is_waited_for_in_vain_stays_as_told)
{
	world_enter();
	make(world);
	set_trap();
	spawn_stuck(world);
	put(world, "cgroup.freeze", "1");
	CHECK(cgroup_await_frozen(open_cgroup(world), 100, &err) < 0);
	CHECK_INT(err.code, ERROR_BUSY);
	CHECK_STR(get(world, "cgroup.freeze"), "1");
}

/* ---- remove ---- */

TEST(remove_takes_all_below)
{
	world_enter();
	make(world);
	make(below_world("a"));
	make(below_world("a/b"));
	make(below_world("a/c"));
	make(below_world("a/c/d"));
	make(below_world("a/.b"));
	make(below_world("a/.b/..c"));
	CHECK(cgroup_remove(below_world("a"), 0, &err) == 0);
	CHECK(!exists(below_world("a")));
	CHECK(exists(world));
}

TEST(what_is_missing_is_removed_already)
{
	world_enter();
	CHECK(cgroup_remove(world, 0, &err) == 0);
	CHECK(cgroup_remove(below_world("a/b/c"), 0, &err) == 0);
}

TEST(what_is_no_path_of_a_cgroup_is_not_removed)
{
	CHECK(cgroup_remove("/", 0, &err) < 0);
	CHECK_INT(err.code, ERROR_INVALID);
	CHECK(cgroup_remove("x", 0, &err) < 0);
	CHECK(cgroup_remove("", 0, &err) < 0);
}

/* A container may nest deeper than there are descriptors, or bytes in a path. */
TEST(remove_goes_to_any_depth)
{
	world_enter();
	struct rlimit few = { 32, 32 };
	char name[65] = "";
	int depth = 0, fd;

	make(world);
	memset(name, 'd', sizeof(name) - 1);
	CHECK(chdir("/sys/fs/cgroup") == 0 && chdir(world + 1) == 0);
	while (depth < 150 && mkdir(name, 0755) == 0 && chdir(name) == 0)
		depth++;
	CHECK_INT(depth, 150);
	CHECK(chdir("/") == 0);
	CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
	CHECK(cgroup_remove(world, 0, &err) == 0);
	CHECK(!exists(world));
	fd = dup(0);
	CHECK(fd < 10); /* none was left open */
}

TEST(remove_takes_many_children)
{
	world_enter();
	char name[32];

	make(world);
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "child%d", i);
		make(below_world(name));
	}
	CHECK(cgroup_remove(world, 0, &err) == 0);
	CHECK(!exists(world));
}

static void end_soon(void)
{
	sleep_ms(300);
	_exit(0);
}

TEST(remove_waits_for_processes_that_end)
{
	world_enter();
	make(world);
	make(below_world("a"));
	spawn(below_world("a"), end_soon);
	spawn(world, end_soon);
	CHECK(cgroup_remove(world, 5000, &err) == 0);
	CHECK(!exists(world));
}

TEST(remove_names_a_process_that_stays)
{
	world_enter();
	make(world);
	make(below_world("a"));
	pid_t pid = spawn(below_world("a"), just_wait);
	char want[256];

	CHECK(cgroup_remove(world, 50, &err) < 0);
	CHECK_INT(err.code, ERROR_BUSY);
	snprintf(want, sizeof(want),
		 "can't remove cgroup %s: after 50 ms it is still held by process %d "
		 "(cgroup_process_)",
		 world, (int)pid);
	CHECK_STR(err.text, want);
	CHECK(cgroup_remove(world, 0, &err) < 0);
	CHECK_INT(err.code, ERROR_BUSY);
	CHECK(exists(below_world("a")));
}

/* Removed right after SIGKILL, while the processes are still dying. */
TEST(remove_after_kill)
{
	world_enter();
	for (int round = 0; round < 20; round++) {
		make(world);
		for (int i = 0; i < 20; i++)
			spawn(world, just_wait);
		CHECK(cgroup_signal(open_cgroup(world), SIGKILL, &err) == 0);
		CHECK(cgroup_remove(world, 5000, &err) == 0);
		CHECK(!exists(world));
	}
}

/* ---- memory.events ---- */

TEST(without_the_memory_controller_nothing_is_counted)
{
	world_enter();
	make(world);
	uint64_t kills = 77;

	CHECK(cgroup_oom_kills(open_cgroup(world), &kills, &err) == 0);
	CHECK_INT(kills, 0);
}

TEST(values_are_found_by_their_whole_key)
{
	static const char lines[] = "low 1\noom_kill 3\noom_group_kill 4\noom 2";
	uint64_t value = 77;

	CHECK(cgroup_find_value(lines, "oom_kill", &value) && value == 3);
	CHECK(cgroup_find_value(lines, "oom", &value) && value == 2);
	CHECK(cgroup_find_value(lines, "low", &value) && value == 1);
	CHECK(cgroup_find_value(lines, "oom_group_kill", &value) && value == 4);
	CHECK(!cgroup_find_value(lines, "kill", &value));
	CHECK(!cgroup_find_value(lines, "oo", &value));
	CHECK(!cgroup_find_value("", "low", &value));
	CHECK(!cgroup_find_value("low x", "low", &value));
	CHECK(value == 4);
}

/* ---- whose it is ---- */

TEST(a_cgroup_is_whose_mark_it_has)
{
	world_enter();
	make(world);
	int fd = open_cgroup(world);

	CHECK_INT(cgroup_owner(fd, "1:2"), CGROUP_NOBODYS);
	CHECK(!cgroup_was_made(fd));
	CHECK(cgroup_mark(fd, "1:2", true) == 0);
	CHECK(cgroup_was_made(fd));
	CHECK_INT(cgroup_owner(fd, "1:2"), CGROUP_OWN);
	CHECK_INT(cgroup_owner(fd, "1:23"), CGROUP_ANOTHERS);
	CHECK_INT(cgroup_owner(fd, "1:"), CGROUP_ANOTHERS);
	CHECK(cgroup_mark(fd, "3:4", false) == 0);
	CHECK(!cgroup_was_made(fd));
	CHECK_INT(cgroup_owner(fd, "1:2"), CGROUP_ANOTHERS);
	CHECK_INT(cgroup_owner(fd, "3:4"), CGROUP_OWN);
	cgroup_unmark(fd);
	CHECK_INT(cgroup_owner(fd, "3:4"), CGROUP_NOBODYS);
}
