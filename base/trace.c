#include "base/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static int trace_fd = -1;
static const char *trace_name = "parent";

int trace_open(const char *path, struct error *err)
{
	trace_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0644);
	if (trace_fd < 0)
		return error_errno(err, errno, path, "open trace file %s", path);
	return 0;
}

void trace_process(const char *name)
{
	trace_name = name;
}

void trace_phase(const char *phase)
{
	struct timespec now;
	char line[256];
	int length;

	if (trace_fd < 0)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	length = snprintf(
	    line, sizeof(line), "{\"phase\":\"%s\",\"us\":%lld,\"process\":\"%s\",\"pid\":%d}\n",
	    phase, (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000, trace_name, (int)getpid());
	/* a trace that can't be written must not fail the command */
	if (write(trace_fd, line, (size_t)length) < 0)
		trace_fd = -1;
}

int trace_descriptor(void)
{
	return trace_fd;
}
