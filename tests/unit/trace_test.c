#include "tests/unit/support.h"

#include "base/text.h"
#include "base/trace.h"

static const char *path_of(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", scratch_path, name);
	return path;
}

TEST(off_it_writes_nothing)
{
	int before = open_fds();

	trace_phase("plan");
	CHECK_INT(open_fds(), before);
}

TEST(a_phase_is_a_line_of_json)
{
	int dir = scratch(), pid = 0, end = 0;
	long long first = 0, second = 0;

	SUCCEEDS(trace_open(path_of("trace"), &err));
	trace_phase("plan");
	trace_process("bridge");
	trace_phase("join");
	CHECK(sscanf(content(dir, "trace"),
		     "{\"phase\":\"plan\",\"us\":%lld,\"process\":\"parent\",\"pid\":%d}\n"
		     "{\"phase\":\"join\",\"us\":%lld,\"process\":\"bridge\",\"pid\":%*d}\n%n",
		     &first, &pid, &second, &end) == 3);
	CHECK_INT(pid, getpid());
	CHECK(first > 0 && second >= first);
	CHECK_INT(end, strlen(content(dir, "trace")));
}

TEST(it_appends_and_children_write_too)
{
	int dir = scratch(), lines = 0;

	make_file(dir, "trace", "{}\n");
	SUCCEEDS(trace_open(path_of("trace"), &err));
	trace_phase("one");
	if (fork() == 0) {
		trace_phase("two");
		_exit(0);
	}
	wait(NULL);
	trace_phase("three");
	for (const char *at = content(dir, "trace"); (at = strchr(at, '\n')); at++)
		lines++;
	CHECK_INT(lines, 4);
	CHECK(text_starts(content(dir, "trace"), "{}\n{\"phase\":\"one\","));
}

/* No program that is executed has it. */
TEST(the_file_is_close_on_exec)
{
	int next;

	scratch();
	next = dup(0);
	close(next);
	SUCCEEDS(trace_open(path_of("trace"), &err));
	CHECK_INT(fcntl(next, F_GETFD), FD_CLOEXEC);
}

/* A phase that can't be told must not fail the command. */
TEST(a_full_disk_ends_the_trace_only)
{
	SUCCEEDS(trace_open("/dev/full", &err));
	trace_phase("one");
	trace_phase("two");
}

TEST(a_file_that_cannot_be_made_is_an_error)
{
	scratch();
	FAILS(trace_open(path_of("no/such/place"), &err), ERROR_SYSTEM);
	CHECK_INT(err.errnum, ENOENT);
	trace_phase("still fine");
}
