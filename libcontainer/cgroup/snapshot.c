#include "libcontainer/cgroup/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/helper.h"
#include "libcontainer/cgroup/internal.h"

#define HELPER	    "proa-cgroup"
#define DEADLINE_MS 10000

/* More than all files of a cgroup have on a machine with hundreds of disks. */
#define SNAPSHOT_MAX (8 << 20)

static int find_helper(const char *executable, struct error *err)
{
	int fd;

	if (!HAVE_LIBCGROUP)
		return error_set(err, ERROR_UNSUPPORTED, HELPER,
				 "a snapshot is read by libcgroup, and this proa was built without "
				 "it (configure --without-libcgroup)");
	fd = helper_find(executable, HELPER, err);
	if (fd < 0 && err->errnum == ENOENT)
		return error_set(err, ERROR_UNSUPPORTED, HELPER,
				 "a snapshot is read by the program %s, which is neither beside "
				 "proa nor in %s: install it",
				 HELPER, PROA_LIBEXECDIR);
	return fd;
}

/* Until the end of file; that comes when the helper ends, in time or not. */
static int read_all(int fd, struct buffer *text, struct error *err)
{
	int64_t end = clock_ms() + DEADLINE_MS;
	char bytes[4096];
	ssize_t length = 1;

	while (length > 0) {
		struct pollfd more = { .fd = fd, .events = POLLIN };
		int64_t left = end - clock_ms();

		if (left <= 0 || text->length > SNAPSHOT_MAX)
			return error_set(err, ERROR_BUSY, HELPER,
					 "%s didn't come to an end within %d s", HELPER,
					 DEADLINE_MS / 1000);
		if (poll(&more, 1, (int)left) <= 0)
			continue;
		length = read(fd, bytes, sizeof(bytes));
		if (length > 0)
			buffer_add(text, bytes, (size_t)length);
	}
	if (length < 0)
		return error_errno(err, errno, HELPER, "read from %s", HELPER);
	return buffer_failed(text)
		   ? error_set(err, ERROR_MEMORY, HELPER, "no memory for a snapshot")
		   : 0;
}

/* What it wrote is the reason. */
static int failed(const struct buffer *text, int status, struct error *err)
{
	size_t length = text->bytes ? strcspn(text->bytes, "\n") : 0;
	char words[32];

	end_words(status, words);
	if (!length)
		return error_set(err, ERROR_SYSTEM, HELPER, "%s failed: %s", HELPER, words);
	return error_set(err, ERROR_SYSTEM, HELPER, "%.*s", (int)length, text->bytes);
}

static int start(const char *executable, const char *path, int channel, pid_t *ret_pid,
		 struct error *err)
{
	const char *argv[] = { HELPER, "snapshot", path, NULL };
	char *envp[] = { NULL };
	_cleanup_fd_ int image = find_helper(executable, err);

	return image < 0 ? -1 : helper_start(image, channel, argv, envp, ret_pid, err);
}

int cgroup_snapshot(const char *executable, const char *path, struct buffer *text,
		    struct error *err)
{
	_cleanup_buffer_ struct buffer read = BUFFER_INIT;
	int fds[2], status = -1, result;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_errno(err, errno, HELPER, "make a pipe");
	_cleanup_fd_ int from_helper = fds[0], to_us = fds[1];

	if (start(executable, path, to_us, &pid, err) < 0)
		return -1;
	close(steal_fd(&to_us));
	result = read_all(from_helper, &read, err);
	if (result < 0)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (result == 0 && status != 0)
		return failed(&read, status, err);
	if (result == 0)
		buffer_add(text, read.bytes, read.length);
	return result;
}
