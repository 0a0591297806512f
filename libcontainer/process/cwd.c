#include "libcontainer/process/cwd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/kernel.h"
#include "base/path.h"
#include "base/text.h"
#include "libcontainer/process/execute.h"

int cwd_make(int rootfd, const char *cwd, struct error *err)
{
	_cleanup_fd_ int fd = path_make_directory(rootfd, cwd, 0755, 0, err);

	/* where root has no access the user may have it: cwd_enter() will see */
	return fd < 0 && err->errnum != EACCES ? error_prefix(err, "process.cwd") : 0;
}

static int enter(const char *cwd)
{
	_cleanup_fd_ int fd =
	    sys_openat2(AT_FDCWD, cwd, O_PATH | O_DIRECTORY, 0, RESOLVE_NO_MAGICLINKS);

	return fd < 0 ? -1 : fchdir(fd);
}

int cwd_enter(const char *cwd, struct error *err)
{
	char what[PATH_MAX + 32];

	if (enter(cwd) == 0)
		return 0;
	/* To engines it is like a program that is missing or forbidden: exit code 127 or 126. */
	text_cut(what, sizeof(what), "process.cwd: enter %s", cwd);
	return execute_failed(err, errno, "process.cwd", what);
}

int cwd_try(const char *cwd, bool *ret_entered, struct error *err)
{
	struct error failure = ERROR_INIT;
	int result = cwd_enter(cwd, &failure);

	if (result < 0 && failure.errnum != EACCES) {
		*err = failure;
		return -1;
	}
	*ret_entered = result == 0;
	return 0;
}

int cwd_verify(struct error *err)
{
	char cwd[PATH_MAX];

	/* The system call, not the C library's function, which hides the kernel's answer: a path
	 * that begins with "(unreachable)" for a directory outside the root. */
	if (syscall(SYS_getcwd, cwd, sizeof(cwd)) < 0)
		return error_errno(err, errno, "process.cwd", "process.cwd: ask where it is");
	if (cwd[0] != '/')
		return error_set(err, ERROR_REFUSED, "process.cwd",
				 "process.cwd: the current directory is outside the container's "
				 "root filesystem");
	return 0;
}
