/* What the caller hands on, and what it gets: descriptors, the pid file, the pidfd. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/socket.h"
#include "libcontainer/lifecycle/creation.h"

unsigned int inherited_listen_fds(struct arena *arena, struct strings *env)
{
	const char *fds = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID"),
		   *names = getenv("LISTEN_FDNAMES");
	uint32_t count, meant_for;

	if (!fds || !parse_u32(fds, &count) || !count || count > LISTEN_FDS_MAX)
		return 0;
	/* those of somebody else, who didn't clear his environment */
	if (pid && (!parse_u32(pid, &meant_for) || meant_for != (uint32_t)getpid()))
		return 0;
	env->items[env->count++] = arena_printf(arena, "LISTEN_FDS=%u", count);
	env->items[env->count++] = arena_strdup(arena, "LISTEN_PID=1");
	if (names)
		env->items[env->count++] = arena_printf(arena, "LISTEN_FDNAMES=%s", names);
	return count;
}

int inherited_fds_check(uint64_t count, struct error *err)
{
	for (uint64_t fd = 3; fd < 3 + count; fd++) {
		int flags = fcntl((int)fd, F_GETFD);

		/* none of the caller's is close-on-exec: it came through an execve, so this one is ours */
		if (flags < 0 || flags & FD_CLOEXEC)
			return error_set(err, ERROR_USAGE, "--preserve-fds",
					 "--preserve-fds or LISTEN_FDS: descriptor %u is to be "
					 "passed on, but is not open",
					 (unsigned int)fd);
	}
	return 0;
}

int pid_file_write(const char *path, pid_t pid, struct error *err)
{
	const char *slash = strrchr(path, '/');
	_cleanup_fd_ int dir = -1;
	char directory[PATH_MAX], text[16];
	int length = snprintf(text, sizeof(text), "%d", (int)pid);

	if (snprintf(directory, sizeof(directory), "%.*s", slash ? (int)(slash - path + 1) : 1,
		     slash ? path : ".") >= (int)sizeof(directory))
		return error_set(err, ERROR_INVALID, NULL, "the pid file's path is too long");
	dir = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return error_errno(err, errno, directory, "open the pid file's directory %s",
				   directory);
	if (file_replace(dir, slash ? slash + 1 : path, 0644, text, (size_t)length, false, err) < 0)
		return error_prefix(err, "the pid file %s", path);
	return 0;
}

int pidfd_send(int socket, int pidfd, struct error *err)
{
	if (socket_send(socket, "pidfd", strlen("pidfd"), &pidfd, 1) < 0)
		return error_errno(err, errno, "pidfd socket",
				   "send the pidfd to the pidfd socket");
	return 0;
}
