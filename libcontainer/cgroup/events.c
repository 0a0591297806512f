/* What a cgroup tells about itself: cgroup.events. */
#include "libcontainer/cgroup/internal.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"

bool cgroup_find_value(const char *lines, const char *key, uint64_t *ret_value)
{
	size_t length = strlen(key);

	for (const char *line = lines; line; line = strchr(line, '\n')) {
		char number[32];

		line += *line == '\n';
		if (strncmp(line, key, length) != 0 || line[length] != ' ')
			continue;
		line += length + 1;
		return snprintf(number, sizeof(number), "%.*s", (int)strcspn(line, "\n"), line) <
			   (int)sizeof(number) &&
		       parse_u64(number, ret_value);
	}
	return false;
}

/* The kernel announces a change by POLLPRI; one between the read and the poll isn't missed. */
int cgroup_wait_event(int cgroupfd, const char *key, uint64_t wanted, unsigned int deadline_ms)
{
	_cleanup_fd_ int fd = openat(cgroupfd, "cgroup.events", O_RDONLY | O_CLOEXEC);
	int64_t end = clock_ms() + deadline_ms;

	if (fd < 0)
		return -1;
	for (;;) {
		struct pollfd change = { .fd = fd, .events = POLLPRI };
		char events[CGROUP_TEXT_SIZE];
		ssize_t length = pread(fd, events, sizeof(events) - 1, 0);
		int64_t left = end - clock_ms();
		uint64_t value;

		if (length < 0)
			return -1;
		events[length] = '\0';
		if (cgroup_find_value(events, key, &value) && value == wanted)
			return 1;
		if (left <= 0)
			return 0;
		if (poll(&change, 1, (int)left) < 0 && errno != EINTR)
			return -1;
	}
}

int cgroup_frozen(int cgroupfd, bool *ret_frozen, struct error *err)
{
	char events[CGROUP_TEXT_SIZE];
	uint64_t frozen = 0;

	if (cgroup_read(cgroupfd, "cgroup.events", events, sizeof(events)) < 0)
		return error_errno(err, errno, "cgroup.events", "read cgroup.events");
	cgroup_find_value(events, "frozen", &frozen);
	*ret_frozen = frozen;
	return 0;
}
