#include "libcontainer/process/fds.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/procfs.h"

#define FIRST_PRESERVED 3

/* Every descriptor of ours is close-on-exec from birth, so this bit tells ours from the caller's.
 */
static int check_kept(int fd, int flags, struct error *err)
{
	if (flags & FD_CLOEXEC)
		return error_set(err, ERROR_REFUSED, NULL,
				 "descriptor %d is not one that the caller passed", fd);
	return 0;
}

static int check_stdio(int fd, struct error *err)
{
	int flags = fcntl(fd, F_GETFD);
	struct stat st;

	if (flags < 0) /* closed, as the caller's was */
		return 0;
	if (check_kept(fd, flags, err) < 0)
		return -1;
	if (fstat(fd, &st) < 0)
		return error_errno(err, errno, NULL, "look at descriptor %d", fd);
	if (S_ISDIR(st.st_mode))
		return error_set(err, ERROR_REFUSED, NULL, "descriptor %d is a directory", fd);
	return 0;
}

static int check_preserved(int fd, struct error *err)
{
	int flags = fcntl(fd, F_GETFD);

	if (flags < 0)
		return error_errno(err, errno, NULL, "preserve descriptor %d", fd);
	return check_kept(fd, flags, err);
}

int fds_verify(unsigned int preserved, struct error *err)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (check_stdio(fd, err) < 0)
			return -1;
	for (unsigned int i = 0; i < preserved; i++)
		if (check_preserved((int)(FIRST_PRESERVED + i), err) < 0)
			return -1;
	return fds_cloexec_from(FIRST_PRESERVED + preserved, err);
}

static bool is_null(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3);
}

void fds_own_null(int root, int procfs)
{
	struct error ignored = ERROR_INIT;
	_cleanup_fd_ int node = path_open(root, "/dev/null", PATH_NO_SYMLINKS, &ignored);

	if (node < 0 || !is_null(node))
		return;
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		_cleanup_fd_ int own = -1;
		int flags = is_null(fd) ? fcntl(fd, F_GETFL) : -1;

		if (flags < 0)
			continue;
		own = procfs_reopen(procfs, node, flags & O_ACCMODE);
		if (own >= 0)
			dup2(own, fd);
	}
}
