/* To write them. */
#include "checkpoint/rootfs_changes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/text.h"
#include "checkpoint/rootfs_names.h"
#include "checkpoint/xattrs.h"

#define DEPTH_MAX 256

struct walk {
	struct stream *stream;
	const struct timespec *since;
	uint64_t mount;	     /* the only one that is walked */
	char path[PATH_MAX]; /* of what is looked at */
	int depth;
	bool in_changed; /* the directory that it lies in has changed */
	bool in_moved;	 /* one that it lies in may have come from elsewhere */
};

/* In which mount is it? Its device doesn't tell: files of an overlay have that of the layer which they lie in. "": @dir
 * itself. */
static int find_mount(int dir, const char *name, uint64_t *ret_mount)
{
	struct statx stx;

	if (statx(dir, name, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH, STATX_MNT_ID, &stx) < 0)
		return -1;
	*ret_mount = stx.stx_mnt_id;
	return 0;
}

static bool has_changed(const struct walk *walk, const struct stat *st)
{
	const struct timespec *ctime = &st->st_ctim, *since = walk->since;

	return walk->in_moved || ctime->tv_sec > since->tv_sec ||
	       (ctime->tv_sec == since->tv_sec && ctime->tv_nsec >= since->tv_nsec);
}

/* ---- one of them ---- */

static int add_record(struct tar_entry *entry, const char *key, const char *value, size_t length,
		      const char *path, struct error *err)
{
	if (entry->record_count == TAR_RECORDS_MAX)
		return error_set(err, ERROR_UNSUPPORTED, path, "%s has more than %d attributes",
				 path, TAR_RECORDS_MAX);
	entry->records[entry->record_count++] = (struct tar_record){ key, value, length };
	return 0;
}

/* Those of @fd; they live as long as @xattrs. */
static int add_xattrs(const struct walk *walk, int fd, struct xattrs *xattrs,
		      struct tar_entry *entry, struct error *err)
{
	if (xattrs_read(fd, xattrs, err) < 0)
		return error_prefix(err, "%s", walk->path);
	for (size_t i = 0; i < xattrs->count; i++)
		if (add_record(entry, xattrs->items[i].key, xattrs->items[i].value,
			       xattrs->items[i].length, walk->path, err) < 0)
			return -1;
	return 0;
}

static struct tar_entry entry_of(const struct walk *walk, const struct stat *st, char type)
{
	return (struct tar_entry){ .type = type,
				   .name = walk->path,
				   .mode = st->st_mode & 07777,
				   .uid = st->st_uid,
				   .gid = st->st_gid,
				   .mtime = st->st_mtim.tv_sec };
}

static int put_file(const struct walk *walk, int dir, const char *name, const struct stat *st,
		    struct error *err)
{
	_cleanup_fd_ int fd =
	    openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	_cleanup_xattrs_ struct xattrs xattrs = XATTRS_INIT;
	struct tar_entry entry = entry_of(walk, st, TAR_FILE);
	struct stat now;

	if (fd < 0 || fstat(fd, &now) < 0)
		return error_errno(err, errno, walk->path, "open %s", walk->path);
	if (!S_ISREG(now.st_mode))
		return error_set(err, ERROR_REFUSED, walk->path, "%s was exchanged", walk->path);
	entry.size = (uint64_t)now.st_size;
	if (add_xattrs(walk, fd, &xattrs, &entry, err) < 0 ||
	    tar_put(walk->stream, &entry, err) < 0 ||
	    tar_put_content(walk->stream, fd, entry.size, err) < 0)
		return error_prefix(err, "%s", walk->path);
	return 0;
}

static int put_link(const struct walk *walk, int dir, const char *name, const struct stat *st,
		    struct error *err)
{
	struct tar_entry entry = entry_of(walk, st, TAR_LINK);
	char target[PATH_MAX];
	ssize_t length = readlinkat(dir, name, target, sizeof(target) - 1);

	if (length < 0)
		return error_errno(err, errno, walk->path, "read the link %s", walk->path);
	target[length] = '\0';
	entry.link = target;
	return tar_put(walk->stream, &entry, err);
}

static int put_other(const struct walk *walk, int dir, const char *name, const struct stat *st,
		     struct error *err)
{
	struct tar_entry fifo = entry_of(walk, st, TAR_FIFO);

	switch (st->st_mode & S_IFMT) {
	case S_IFREG:
		return put_file(walk, dir, name, st, err);
	case S_IFLNK:
		return put_link(walk, dir, name, st, err);
	case S_IFIFO:
		return tar_put(walk->stream, &fifo, err);
	default:
		return 0;
	}
}

/* ---- all of them ---- */

/* 1, 0, or -1 with errno set. What has gone meanwhile is left out. */
static int is_left_out(const struct walk *walk, int dir, const char *name)
{
	struct stat st;
	uint64_t mount;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || find_mount(dir, name, &mount) < 0)
		return errno == ENOENT ? 1 : -1;
	if (mount != walk->mount)
		return 1;
	return !S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode) && !S_ISFIFO(st.st_mode) &&
	       !S_ISDIR(st.st_mode);
}

static int put_directory(const struct walk *walk, int dir, const struct stat *st, struct error *err)
{
	_cleanup_buffer_ struct buffer names = BUFFER_INIT;
	_cleanup_xattrs_ struct xattrs xattrs = XATTRS_INIT;
	_cleanup_dir_ DIR *entries = dir_list(dir);
	struct tar_entry entry = entry_of(walk, st, TAR_DIRECTORY);
	const char *name;

	if (!entries)
		return error_errno(err, errno, walk->path, "list %s", walk->path);
	while ((name = dir_next(entries))) {
		int left_out = is_left_out(walk, dir, name);

		if (left_out < 0)
			return error_errno(err, errno, walk->path, "look at what is in %s",
					   walk->path);
		rootfs_names_add(&names, name, left_out);
	}
	if (errno)
		return error_errno(err, errno, walk->path, "list %s", walk->path);
	if (buffer_failed(&names))
		return error_set(err, ERROR_MEMORY, walk->path, "no memory to list %s", walk->path);
	if (add_record(&entry, TAR_NAMES, names.bytes ?: "", names.length, walk->path, err) < 0 ||
	    add_xattrs(walk, dir, &xattrs, &entry, err) < 0)
		return -1;
	return tar_put(walk->stream, &entry, err) < 0 ? error_prefix(err, "%s", walk->path) : 0;
}

static int walk_directory(struct walk *walk, int dir, const struct stat *st, struct error *err);

static int walk_entry(struct walk *walk, int dir, const char *name, struct error *err)
{
	_cleanup_fd_ int fd = -1;
	struct stat st;
	uint64_t mount;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || find_mount(dir, name, &mount) < 0)
		return error_errno(err, errno, walk->path, "look at %s", walk->path);
	if (mount != walk->mount)
		return 0;
	if (!S_ISDIR(st.st_mode))
		return has_changed(walk, &st) ? put_other(walk, dir, name, &st, err) : 0;
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, errno, walk->path, "open %s", walk->path);
	return walk_directory(walk, fd, &st, err);
}

static int walk_entries(struct walk *walk, int dir, struct error *err)
{
	_cleanup_dir_ DIR *entries = dir_list(dir);
	size_t length = strlen(walk->path);
	const char *name;

	if (!entries)
		return error_errno(err, errno, walk->path, "list %s", walk->path);
	if (++walk->depth > DEPTH_MAX)
		return error_set(err, ERROR_UNSUPPORTED, walk->path,
				 "directories lie more than %d deep: %s", DEPTH_MAX, walk->path);
	while ((name = dir_next(entries))) {
		if ((size_t)snprintf(walk->path + length, sizeof(walk->path) - length, "/%s",
				     name) >= sizeof(walk->path) - length)
			return error_errno(err, ENAMETOOLONG, walk->path, "walk %.512s",
					   walk->path);
		if (walk_entry(walk, dir, name, err) < 0)
			return -1;
	}
	if (errno)
		return error_errno(err, errno, walk->path, "list %s", walk->path);
	walk->path[length] = '\0';
	walk->depth--;
	return 0;
}

/* Renaming a directory marks it and the one that it gets into, but nothing of what is in it. */
static int walk_directory(struct walk *walk, int dir, const struct stat *st, struct error *err)
{
	const bool in_changed = walk->in_changed, in_moved = walk->in_moved;

	walk->in_changed = has_changed(walk, st);
	if (walk->in_changed && put_directory(walk, dir, st, err) < 0)
		return -1;
	walk->in_moved = in_moved || (in_changed && walk->in_changed);
	if (walk_entries(walk, dir, err) < 0)
		return -1;
	walk->in_changed = in_changed;
	walk->in_moved = in_moved;
	return 0;
}

int rootfs_changes_put(struct stream *stream, const char *prefix, const char *rootfs,
		       const struct timespec *since, struct error *err)
{
	_cleanup_fd_ int root = open(rootfs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct walk walk = { .stream = stream, .since = since };
	struct stat st;

	if (root < 0 || fstat(root, &st) < 0 || find_mount(root, "", &walk.mount) < 0)
		return error_errno(err, errno, rootfs, "open the root filesystem %s", rootfs);
	text_fit(walk.path, sizeof(walk.path), "%s", prefix);
	return walk_directory(&walk, root, &st, err);
}
