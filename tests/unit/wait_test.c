/* libcontainer/lifecycle/wait.c: kills for memory are noted until the process is gone. The cgroup is a directory. */
#include "tests/unit/harness.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "libcontainer/lifecycle/wait.h"

static char directory[32];
static int cgroup = -1;
static struct error err;

static void remove_directory(void)
{
	struct error ignored = ERROR_INIT;

	dir_remove(AT_FDCWD, directory, &ignored);
}

/* Not replaced: what is open must see it. */
static void put(const char *file, const char *text)
{
	int fd = openat(cgroup, file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

static void make_cgroup(void)
{
	int above;

	snprintf(directory, sizeof(directory), "/tmp/proa-test-XXXXXX");
	CHECK(mkdtemp(directory) != NULL);
	atexit(remove_directory);
	above = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(mkdirat(above, "cgroup", 0700) == 0);
	cgroup = openat(above, "cgroup", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	close(above);
}

/* Wait for a process that kills itself, and meanwhile does what a kernel does with memory.events. */
static int wait_for_death(struct memory_watch *watch)
{
	struct terminal terminal = TERMINAL_INIT;
	struct foreground foreground = { .terminal = &terminal, .notify = -1, .memory = watch };
	int signals = wait_begin(false, &err), status = -1;

	CHECK(signals >= 0);
	foreground.pid = fork();
	if (foreground.pid == 0) {
		if (cgroup >= 0)
			put("memory.events", "max 9\noom 2\noom_kill 3\n");
		kill(getpid(), SIGKILL);
	}
	foreground.pidfd = pidfd_open(foreground.pid, 0);
	CHECK(wait_foreground(&foreground, signals, &status, &err) == 0);
	return status;
}

TEST(kills_are_counted_and_the_limit_is_told)
{
	struct memory_watch watch;

	make_cgroup();
	put("memory.events", "max 4\noom 1\noom_kill 1\n");
	put("memory.max", "65536\n");
	memory_watch_begin(&watch, cgroup);
	CHECK_INT(watch.kills, 1);
	CHECK_INT(wait_for_death(&watch), 128 + SIGKILL);
	CHECK_INT(watch.kills, 3);
	CHECK_STR(watch.limit, ": its limit memory.max is 65536 bytes");
	memory_watch_end(&watch);
}

TEST(no_limit_of_its_own)
{
	struct memory_watch watch;

	make_cgroup();
	put("memory.events", "oom_kill 0\n");
	put("memory.max", "max\n");
	memory_watch_begin(&watch, cgroup);
	wait_for_death(&watch);
	CHECK_STR(watch.limit, ": it has no limit of its own");
	memory_watch_end(&watch);
}

/* What is open of a cgroup that was removed can't be read any more. */
static void remove_cgroup(struct memory_watch *watch)
{
	CHECK(dup2(cgroup, watch->events) == watch->events);
}

TEST(what_a_cgroup_had_counted_when_it_was_removed_is_found_above)
{
	struct memory_watch watch;

	make_cgroup();
	put("memory.events", "oom_kill 1\n");
	put("../memory.events", "oom_kill 5\n");
	memory_watch_begin(&watch, cgroup);
	/* one of ours, two of others */
	put("memory.events", "oom_kill 2\n");
	put("../memory.events", "oom_kill 8\n");
	memory_watch_look(&watch);
	CHECK_INT(watch.kills, 2);
	put("../memory.events", "oom_kill 9\n");
	remove_cgroup(&watch);
	memory_watch_look(&watch);
	CHECK_INT(watch.kills, 3);
	CHECK_INT(watch.events, -1);
	put("../memory.events", "oom_kill 10\n");
	memory_watch_look(&watch);
	CHECK_INT(watch.kills, 3);
}

TEST(a_cgroup_that_is_removed_without_a_kill_or_has_none_above)
{
	struct memory_watch watch;

	make_cgroup();
	put("memory.events", "oom_kill 1\n");
	memory_watch_begin(&watch, cgroup);
	CHECK_INT(watch.above, -1);
	remove_cgroup(&watch);
	memory_watch_look(&watch);
	CHECK_INT(watch.kills, 1);
	put("../memory.events", "oom_kill 5\n");
	memory_watch_begin(&watch, cgroup);
	remove_cgroup(&watch);
	memory_watch_look(&watch);
	CHECK_INT(watch.kills, 1);
	CHECK_INT(watch.above, -1);
}

TEST(a_cgroup_without_the_controller_and_none)
{
	struct memory_watch watch;

	memory_watch_begin(&watch, -1);
	CHECK_INT(watch.events, -1);
	CHECK_INT(wait_for_death(&watch), 128 + SIGKILL);
	CHECK_INT(watch.kills, 0);
	make_cgroup();
	memory_watch_begin(&watch, cgroup);
	CHECK_INT(watch.events, -1);
}

static struct error reported;

static void take_report(const struct error *error)
{
	reported = *error;
}

TEST(a_death_is_reported_with_its_limit)
{
	const struct runtime runtime = { .report = take_report };

	report_death(&runtime, "web", "container web", ": its limit memory.max is 9 bytes");
	CHECK_INT(reported.code, ERROR_MEMORY);
	CHECK_STR(reported.object, "web");
	CHECK_STR(reported.text,
		  "container web was killed for memory: its limit memory.max is 9 bytes");
}
