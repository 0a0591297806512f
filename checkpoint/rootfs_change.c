/* To make them elsewhere. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/path.h"
#include "checkpoint/rootfs_changes.h"
#include "checkpoint/rootfs_names.h"
#include "checkpoint/xattrs.h"

static int refuse(const char *path, struct error *err)
{
	return error_set(err, ERROR_REFUSED, NULL,
			 "the stream has what no export writes: the root filesystem's %s",
			 text_printable(path) ? path : "?");
}

/* Each part of it is a name, so there is nothing to be resolved. */
static bool is_plain(const char *path)
{
	while (*path) {
		size_t length = strcspn(path + 1, "/");

		if (*path != '/' || length == 0 || length > NAME_MAX ||
		    (length <= 2 && strspn(path + 1, ".") == length))
			return false;
		path += 1 + length;
	}
	return true;
}

static void times_of(const struct tar_entry *entry, struct timespec ret_times[2])
{
	ret_times[0] = (struct timespec){ 0, UTIME_OMIT };
	ret_times[1] = (struct timespec){ entry->mtime, 0 };
}

static int set_owner(int fd, const struct tar_entry *entry, const char *path, struct error *err)
{
	struct timespec times[2];

	/* the owner first: changing it takes the set-id bits, and capabilities, away */
	if (fchown(fd, entry->uid, entry->gid) < 0 || fchmod(fd, entry->mode) < 0)
		return error_errno(err, errno, path, "set owner and mode of %s", path);
	if (xattrs_write(fd, entry, err) < 0)
		return error_prefix(err, "%s", path);
	times_of(entry, times);
	return futimens(fd, times) < 0 ? error_errno(err, errno, path, "set the time of %s", path)
				       : 0;
}

/* ---- directories ---- */

/* What isn't in it any more. */
static int remove_others(int dir, const struct tar_record *names, struct error *err)
{
	_cleanup_buffer_ struct buffer sorted = BUFFER_INIT;
	_cleanup_dir_ DIR *entries = dir_list(dir);
	const char *name;

	if (!entries)
		return error_errno(err, errno, NULL, "list what is in it");
	rootfs_names_sort(names, &sorted);
	if (buffer_failed(&sorted))
		return error_set(err, ERROR_MEMORY, NULL, "no memory to compare a directory");
	while ((name = dir_next(entries)))
		if (!rootfs_names_have(&sorted, name) && dir_remove(dir, name, err) < 0)
			return -1;
	return errno ? error_errno(err, errno, NULL, "list a directory of the root filesystem") : 0;
}

static int take_directory(const struct tar_entry *entry, const char *path, int dir,
			  struct error *err)
{
	const struct tar_record *names = rootfs_names_of(entry);

	if (!names)
		return refuse(path, err);
	if (remove_others(dir, names, err) < 0)
		return error_prefix(err, "%s", path);
	return set_owner(dir, entry, path, err);
}

static int make_directory(const struct tar_entry *entry, const char *path, int parent,
			  const char *name, struct error *err)
{
	_cleanup_fd_ int dir = -1;
	struct stat st;

	if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(st.st_mode) &&
	    unlinkat(parent, name, 0) < 0)
		return error_errno(err, errno, path, "remove %s", path);
	dir = dir_make(parent, name, 0700, err);
	return dir < 0 ? -1 : take_directory(entry, path, dir, err);
}

/* ---- all else, in place of what is there ---- */

static int make_file(struct tar_reader *reader, const struct tar_entry *entry, const char *path,
		     int parent, const char *name, struct error *err)
{
	_cleanup_fd_ int fd =
	    openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return error_errno(err, errno, path, "make %s", path);
	if (tar_take_content(reader, entry, fd, err) < 0)
		return error_prefix(err, "%s", path);
	return set_owner(fd, entry, path, err);
}

static int make_special(const struct tar_entry *entry, const char *path, int parent,
			const char *name, struct error *err)
{
	bool link = entry->type == TAR_LINK;
	struct timespec times[2];

	if (link ? symlinkat(entry->link, parent, name) < 0
		 : mknodat(parent, name, S_IFIFO | 0600, 0) < 0)
		return error_errno(err, errno, path, "make %s", path);
	if (fchownat(parent, name, entry->uid, entry->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return error_errno(err, errno, path, "set the owner of %s", path);
	/* nobody but us is there, and it was made a moment ago: no link */
	if (!link && fchmodat(parent, name, entry->mode, 0) < 0)
		return error_errno(err, errno, path, "set the mode of %s", path);
	times_of(entry, times);
	return utimensat(parent, name, times, AT_SYMLINK_NOFOLLOW) < 0
		   ? error_errno(err, errno, path, "set the time of %s", path)
		   : 0;
}

static int make(struct tar_reader *reader, const struct tar_entry *entry, const char *path,
		int parent, const char *name, struct error *err)
{
	if (entry->type == TAR_DIRECTORY)
		return make_directory(entry, path, parent, name, err);
	if (dir_remove(parent, name, err) < 0)
		return -1;
	return entry->type == TAR_FILE ? make_file(reader, entry, path, parent, name, err)
				       : make_special(entry, path, parent, name, err);
}

int rootfs_change_take(struct tar_reader *reader, const struct tar_entry *entry, const char *path,
		       int root, struct error *err)
{
	_cleanup_fd_ int above = -1, parent = -1;
	char directory[PATH_MAX], *name;

	if (!is_plain(path) || (!*path && entry->type != TAR_DIRECTORY))
		return refuse(path, err);
	if (!*path)
		return take_directory(entry, "/", root, err);
	if (snprintf(directory, sizeof(directory), "%s", path) >= (int)sizeof(directory))
		return refuse(path, err);
	name = strrchr(directory, '/');
	*name++ = '\0';
	above =
	    path_open(root, *directory ? directory : "/", PATH_NO_SYMLINKS | PATH_DIRECTORY, err);
	if (above < 0)
		return error_prefix(err, "find the directory of %s", path);
	parent = openat(above, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (parent < 0)
		return error_errno(err, errno, path, "open the directory of %s", path);
	return make(reader, entry, path, parent, name, err);
}
