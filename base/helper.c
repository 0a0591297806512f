#include "base/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/program.h"
#include "base/text.h"

#define HELPER_IMAGE (HELPER_CHANNEL + 1) /* its own executable, by descriptor */

/* ---- find it ---- */

/* Root, we, or the owner of proa, who can have us run anything. That is the host's root too, where a user who is root in a
 * user namespace calls: root itself has no id there. */
static bool may_own_helper(uid_t uid, const char *executable)
{
	struct stat st;

	return uid == 0 || uid == geteuid() || (stat(executable, &st) == 0 && st.st_uid == uid);
}

/* What is executed with our rights must be of one of those, and nobody else may write it. It is opened once, and what was
 * looked at is what is executed. */
static int open_helper(const char *path, const char *executable, struct error *err)
{
	_cleanup_fd_ int fd = open(path, O_PATH | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return error_errno(err, errno, path, "open the helper %s", path);
	if (!S_ISREG(st.st_mode) || !may_own_helper(st.st_uid, executable) ||
	    st.st_mode & (S_IWGRP | S_IWOTH))
		return error_set(
		    err, ERROR_REFUSED, path,
		    "the helper %s is not executed: it must be a file that belongs to root or "
		    "to you, and that nobody else may write (chown root, chmod 755)",
		    path);
	return steal_fd(&fd);
}

int helper_find(const char *executable, const char *name, struct error *err)
{
	const char *slash = strrchr(executable, '/');
	char path[PATH_MAX + NAME_MAX];
	int fd;

	text_fit(path, sizeof(path), "%.*s/%s", slash ? (int)(slash - executable) : 0, executable,
		 name);
	fd = open_helper(path, executable, err);
	if (fd >= 0 || err->errnum != ENOENT)
		return fd;
	text_fit(path, sizeof(path), "%s/%s", PROA_LIBEXECDIR, name);
	return open_helper(path, executable, err);
}

/* ---- start it ---- */

int helper_start(int image, int channel, const char *const *argv, char *const *envp, pid_t *ret_pid,
		 struct error *err)
{
	_cleanup_fd_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int fds[] = { null, null, null, [HELPER_CHANNEL] = channel, [HELPER_IMAGE] = image };
	char path[32];
	int failure;

	if (null < 0)
		return error_errno(err, errno, argv[0], "open /dev/null for the helper %s", argv[0]);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", HELPER_IMAGE);
	failure = program_spawn(path, fds, array_length(fds), (char *const *)argv, envp, ret_pid);
	return failure ? error_errno(err, failure, argv[0], "start the helper %s", argv[0]) : 0;
}

void end_words(int status, char ret_words[32])
{
	if (WIFSIGNALED(status))
		snprintf(ret_words, 32, "killed by signal %d", WTERMSIG(status));
	else
		snprintf(ret_words, 32, "exit status %d", WEXITSTATUS(status));
}
