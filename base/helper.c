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

/* The order matters: what is put in place first must not be what a later one needs. Returns 0 or an errno. */
static int spawn(int image, int channel, const char *const *argv, char *const *envp, pid_t *ret_pid)
{
	char path[32];
	posix_spawn_file_actions_t actions;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", HELPER_IMAGE);
	posix_spawn_file_actions_init(&actions);
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
	posix_spawn_file_actions_adddup2(&actions, channel, HELPER_CHANNEL);
	posix_spawn_file_actions_adddup2(&actions, image, HELPER_IMAGE);
	return program_spawn(path, &actions, HELPER_IMAGE, (char *const *)argv, envp, ret_pid);
}

int helper_start(int image, int channel, const char *const *argv, char *const *envp, pid_t *ret_pid,
		 struct error *err)
{
	/* above those that the helper's own are put at */
	_cleanup_fd_ int image_up = fcntl(image, F_DUPFD_CLOEXEC, HELPER_IMAGE + 1);
	_cleanup_fd_ int channel_up = fcntl(channel, F_DUPFD_CLOEXEC, HELPER_IMAGE + 1);
	int failure;

	if (image_up < 0 || channel_up < 0)
		return error_errno(err, errno, argv[0], "prepare the helper %s", argv[0]);
	failure = spawn(image_up, channel_up, argv, envp, ret_pid);
	return failure ? error_errno(err, failure, argv[0], "start the helper %s", argv[0]) : 0;
}

void end_words(int status, char ret_words[32])
{
	if (WIFSIGNALED(status))
		snprintf(ret_words, 32, "killed by signal %d", WTERMSIG(status));
	else
		snprintf(ret_words, 32, "exit status %d", WEXITSTATUS(status));
}
