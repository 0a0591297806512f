/* libcontainer/lifecycle/wait.c: kills for memory are noted until the process is gone. The cgroup is a directory. */
#include "tests/unit/harness.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/pidfd.h>

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
	snprintf(directory, sizeof(directory), "/tmp/proa-test-XXXXXX");
	CHECK(mkdtemp(directory) != NULL);
	atexit(remove_directory);
	cgroup = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
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
	close(watch.events);
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
	close(watch.events);
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
