/* Who was killed for memory, and how to say so. */
#include "base/text.h"
#include "libcontainer/cgroup/internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

int cgroup_read_oom_kills(int fd, uint64_t *ret_count)
{
	char events[CGROUP_TEXT_SIZE];
	ssize_t length = pread(fd, events, sizeof(events) - 1, 0);
	uint64_t count = 0;

	if (length < 0)
		return -1;
	events[length] = '\0';
	cgroup_find_value(events, "oom_kill", &count);
	*ret_count = count;
	return 0;
}

int cgroup_oom_kills(int cgroupfd, uint64_t *ret_count, struct error *err)
{
	_cleanup_fd_ int fd = openat(cgroupfd, "memory.events", O_RDONLY | O_CLOEXEC);

	*ret_count = 0;
	if (fd < 0 ? errno == ENOENT : cgroup_read_oom_kills(fd, ret_count) == 0)
		return 0;
	return error_errno(err, errno, "memory.events", "read memory.events");
}

static bool read_bytes(int cgroupfd, const char *file, uint64_t *ret_bytes)
{
	char text[32];

	return cgroup_read(cgroupfd, file, text, sizeof(text)) >= 0 && parse_u64(text, ret_bytes);
}

void cgroup_limit_text(int cgroupfd, char *ret_text, size_t size)
{
	char limit[32];

	if (cgroup_read(cgroupfd, "memory.max", limit, sizeof(limit)) < 0)
		text_cut(ret_text, size, "%s", "");
	else if (strcmp(limit, "max") == 0)
		snprintf(ret_text, size, ": it has no limit of its own");
	else
		text_cut(ret_text, size, ": its limit memory.max is %s bytes", limit);
}

/* What was in use before the limit came is what it takes to get there; a limit that was there already doesn't let
 * us know by how much it is too small. */
bool cgroup_explain_death(int cgroupfd, struct error *err)
{
	struct error ignored = ERROR_INIT;
	uint64_t kills = 0, limit, peak;
	char needed[64] = "";
	bool limited;

	if (cgroup_oom_kills(cgroupfd, &kills, &ignored) < 0 || !kills)
		return false;
	limited = read_bytes(cgroupfd, "memory.max", &limit);
	if (limited && read_bytes(cgroupfd, "memory.peak", &peak) && peak > limit)
		snprintf(needed, sizeof(needed), ": it takes %" PRIu64 " bytes", peak);
	if (limited)
		error_set(err, ERROR_MEMORY, "linux.resources.memory.limit",
			  "container's init was killed for memory: a limit of %" PRIu64
			  " bytes is too small to start%s",
			  limit, needed);
	else
		error_set(err, ERROR_MEMORY, NULL, "container's init was killed for memory");
	return true;
}
