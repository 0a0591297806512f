#include "libcontainer/rootfs/copy_up.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fd.h"

#define DEPTH_MAX 128 /* each level holds two descriptors */

static int copy_directory(int from, int to, unsigned int depth, struct error *err);

/* sendfile(2) refuses a count that would lead beyond the largest offset of a file. */
#define COPY_AT_ONCE (1 << 30)

static int copy_content(int from, int to, const char *name)
{
	_cleanup_fd_ int in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	_cleanup_fd_ int out =
	    openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	ssize_t sent;

	if (in < 0 || out < 0)
		return -1;
	do
		sent = sendfile(out, in, NULL, COPY_AT_ONCE);
	while (sent > 0);
	return (int)sent;
}

static int copy_link(int from, int to, const char *name)
{
	char target[PATH_MAX];
	ssize_t length = readlinkat(from, name, target, sizeof(target) - 1);

	if (length < 0)
		return -1;
	target[length] = '\0';
	return symlinkat(target, to, name);
}

static int copy_subdirectory(int from, int to, const char *name, unsigned int depth,
			     struct error *err)
{
	_cleanup_fd_ int in = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_fd_ int out = -1;

	if (in < 0 || mkdirat(to, name, 0700) < 0)
		return error_errno(err, errno, name, "copy directory %s", name);
	out = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (out < 0)
		return error_errno(err, errno, name, "copy directory %s", name);
	return copy_directory(in, out, depth + 1, err);
}

/* Owner before permissions: chown(2) takes set-user-ID away. */
static int copy_attributes(int to, const char *name, const struct stat *st)
{
	const struct timespec times[] = { st->st_atim, st->st_mtim };

	if (fchownat(to, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	if (!S_ISLNK(st->st_mode) && fchmodat(to, name, st->st_mode & 07777, 0) < 0)
		return -1;
	return utimensat(to, name, times, AT_SYMLINK_NOFOLLOW);
}

/* One that is no directory. Sockets are left out: nobody listens at a copy. */
static int copy_node(int from, int to, const char *name, const struct stat *st)
{
	int result;

	if (S_ISREG(st->st_mode))
		result = copy_content(from, to, name);
	else if (S_ISLNK(st->st_mode))
		result = copy_link(from, to, name);
	else
		result = mknodat(to, name, (st->st_mode & S_IFMT) | 0600, st->st_rdev);
	/* a user namespace makes no devices */
	if (result < 0 && errno == EPERM && (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode)))
		return 0;
	return result < 0 ? -1 : copy_attributes(to, name, st);
}

static int copy_entry(int from, int to, const char *name, unsigned int depth, struct error *err)
{
	struct stat st;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return error_errno(err, errno, name, "look at %s", name);
	if (S_ISSOCK(st.st_mode))
		return 0;
	if (S_ISDIR(st.st_mode)) {
		if (copy_subdirectory(from, to, name, depth, err) < 0)
			return -1;
		if (copy_attributes(to, name, &st) == 0)
			return 0;
	} else if (copy_node(from, to, name, &st) == 0) {
		return 0;
	}
	return error_errno(err, errno, name, "copy %s", name);
}

static int copy_directory(int from, int to, unsigned int depth, struct error *err)
{
	_cleanup_dir_ DIR *dir = dir_list(from);
	const char *name;

	if (depth > DEPTH_MAX)
		return error_set(err, ERROR_INVALID, NULL,
				 "directories are nested more than %d deep", DEPTH_MAX);
	if (!dir)
		return error_errno(err, errno, NULL, "read a directory");
	while ((name = dir_next(dir)))
		if (copy_entry(from, to, name, depth, err) < 0)
			return -1;
	return errno ? error_errno(err, errno, NULL, "read a directory") : 0;
}

int copy_up(int from, int to, struct error *err)
{
	struct stat st;

	if (fstat(from, &st) < 0)
		return error_errno(err, errno, NULL, "look at what tmpcopyup copies");
	if (copy_directory(from, to, 0, err) < 0)
		return error_prefix(err, "tmpcopyup");
	/* the directory itself: its permissions are the option mode= or were taken over before */
	if (fchownat(to, "", st.st_uid, st.st_gid, AT_EMPTY_PATH) < 0)
		return error_errno(err, errno, NULL, "tmpcopyup: set the owner");
	return 0;
}
