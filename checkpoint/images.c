#include "checkpoint/images.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/text.h"

#define PARENTS_MAX 1024

/* Directories among the images, while a dump replaces them: an older checkpoint that is all in there, and one that is on its
 * way. */
#define OLDER  ".proa-older"
#define MOVING ".proa-moving"

/* What is there besides images: logs, statistics, and what else an engine keeps beside them. */
bool images_is_image(const char *name)
{
	return text_ends(name, ".img") || strcmp(name, IMAGES_DESCRIPTORS) == 0;
}

bool images_is_memory(const char *name)
{
	return text_starts(name, "pages-") || text_starts(name, "pagemap-");
}

static bool is_ours(const char *name)
{
	return images_is_image(name) || strcmp(name, IMAGES_MANIFEST) == 0 ||
	       strcmp(name, IMAGES_PARENT) == 0;
}

/* An older checkpoint counts as well as one that lies open. */
static bool is_checkpoint(const char *name)
{
	return is_ours(name) || strcmp(name, OLDER) == 0 || strcmp(name, MOVING) == 0;
}

static bool is_there(const struct images *images, const char *name)
{
	return faccessat(images->dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* ---- to write ---- */

static void make_parents(const char *path)
{
	_cleanup_free_ char *copy = strdup(path);
	char *slash = copy && *copy ? strchr(copy + 1, '/') : NULL;

	for (; slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mkdir(copy, 0700); /* what isn't there then is told by what is to lie in it */
		*slash = '/';
	}
}

static int make(const char *path, const char *option, struct error *err)
{
	int fd;

	make_parents(path);
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return error_errno(err, errno, path, "%s: make the directory %s", option, path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, errno, path, "%s: open the directory %s", option, path);
	if (faccessat(fd, ".", W_OK | X_OK, AT_EACCESS) < 0) {
		close(fd);
		return error_errno(err, errno, path, "%s: the directory %s can't be written to",
				   option, path);
	}
	return fd;
}

/* For one checkpoint at a time, as long as the descriptor is open: each would take the other's images for its own. Some
 * filesystems know no locks of directories. */
static int make_locked(const char *path, struct error *err)
{
	_cleanup_fd_ int fd = make(path, "--image-path", err);

	if (fd < 0)
		return -1;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
		return error_set(err, ERROR_BUSY, path,
				 "--image-path: another checkpoint or import is at work in the "
				 "directory %s: give another one",
				 path);
	return steal_fd(&fd);
}

/* Files that aren't images are left alone; but where there are only such, images would be lost among them. */
static int check_contents(const struct images *images, struct error *err)
{
	_cleanup_dir_ DIR *entries = dir_list(images->dir);
	char foreign[NAME_MAX + 1] = "";
	bool checkpoint = false;
	const char *name;

	if (!entries)
		return error_errno(err, errno, images->path, "list %s", images->path);
	while ((name = dir_next(entries))) {
		struct stat st;
		bool log = text_ends(name, ".log") || text_starts(name, "stats-");

		checkpoint |= is_checkpoint(name);
		/* engines make empty files for the logs beforehand, and keep notes beside the images */
		if (!is_checkpoint(name) && !log &&
		    fstatat(images->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			text_cut(foreign, sizeof(foreign), "%s", name);
	}
	if (errno)
		return error_errno(err, errno, images->path, "list %s", images->path);
	if (!*foreign || checkpoint)
		return 0;
	return error_set(err, ERROR_INVALID, images->path,
			 "--image-path: the directory %s is not empty and holds no checkpoint "
			 "(%s is there): give another one",
			 images->path, text_printable(foreign) ? foreign : "a file");
}

static bool holds_images(const struct images *images)
{
	_cleanup_dir_ DIR *entries = dir_list(images->dir);
	const char *name;

	while (entries && (name = dir_next(entries)))
		if (is_checkpoint(name))
			return true;
	return false;
}

/* First the manifest: with it a checkpoint is whole. */
static void clear(const struct images *images)
{
	_cleanup_dir_ DIR *entries = dir_list(images->dir);
	const char *name;

	(void)unlinkat(images->dir, IMAGES_MANIFEST, 0);
	while (entries && (name = dir_next(entries)))
		if (is_ours(name))
			unlinkat(images->dir, name, 0);
}

/* ---- the older checkpoint, until the new one is whole ---- */

static int move_images(int from, int to)
{
	_cleanup_dir_ DIR *entries = dir_list(from);
	const char *name;

	if (!entries)
		return -1;
	while ((name = dir_next(entries)))
		if (is_ours(name) && renameat(from, name, to, name) < 0)
			return -1;
	return errno ? -1 : 0;
}

static void drop_older(const struct images *images)
{
	struct error ignored = ERROR_INIT;

	(void)dir_remove(images->dir, OLDER, &ignored);
}

/* Also from where a killed dump has left it, unless that was killed when all but this was done. Whenever that is cut off, too,
 * it goes on the next time. */
static void bring_back(const struct images *images)
{
	_cleanup_fd_ int moving = -1;

	if (is_there(images, OLDER) && is_there(images, IMAGES_MANIFEST)) {
		drop_older(images);
	} else if (is_there(images, OLDER)) {
		clear(images);
		(void)renameat(images->dir, OLDER, images->dir, MOVING);
	}
	moving = openat(images->dir, MOVING, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (moving < 0)
		return;
	(void)move_images(moving, images->dir);
	(void)unlinkat(images->dir, MOVING, AT_REMOVEDIR);
}

static int set_aside(const struct images *images, struct error *err)
{
	_cleanup_fd_ int moving = -1;

	bring_back(images);
	if (!holds_images(images))
		return 0;
	moving = dir_make(images->dir, MOVING, 0700, err);
	if (moving < 0)
		return error_prefix(err, "--image-path");
	if (move_images(images->dir, moving) == 0 &&
	    renameat(images->dir, MOVING, images->dir, OLDER) == 0)
		return 0;
	error_errno(err, errno, images->path, "--image-path: set the older checkpoint in %s aside",
		    images->path);
	bring_back(images);
	return -1;
}

void images_settle(const struct images *images, bool whole)
{
	if (whole) {
		drop_older(images);
	} else {
		clear(images);
		bring_back(images);
	}
}

/* For images that are only there for a while: none of an earlier checkpoint may go with them. */
static int check_no_images(const struct images *images, struct error *err)
{
	if (!holds_images(images))
		return 0;
	return error_set(
	    err, ERROR_INVALID, images->path,
	    "--image-path: the directory %s holds a checkpoint, and is to hold another "
	    "for a while: give another one",
	    images->path);
}

int images_open_for_dump(const char *path, const char *work_path, bool passing,
			 struct images *ret_images, struct error *err)
{
	_cleanup_images_ struct images images = { -1, -1, path, work_path ?: path };

	images.dir = make_locked(images.path, err);
	if (images.dir < 0 || check_contents(&images, err) < 0 ||
	    (passing && check_no_images(&images, err) < 0))
		return -1;
	images.work = make(images.work_path, "--work-path", err);
	if (images.work < 0)
		return -1;
	if (set_aside(&images, err) < 0)
		return -1;
	*ret_images = images;
	images = (struct images)IMAGES_INIT;
	return 0;
}

int images_open_for_import(const char *path, int *ret_dir, struct error *err)
{
	_cleanup_images_ struct images images = { make_locked(path, err), -1, path, path };

	if (images.dir < 0 || check_contents(&images, err) < 0 || check_no_images(&images, err) < 0)
		return -1;
	*ret_dir = steal_fd(&images.dir);
	return 0;
}

void images_remove(const char *path)
{
	struct images images = { open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), -1, path, path };

	if (images.dir < 0)
		return;
	clear(&images);
	/* it was empty: so that is none of others */
	unlinkat(images.dir, IMAGES_CONFIG, 0);
	images_close(&images);
	(void)rmdir(path); /* the logs may be there */
}

/* ---- to read ---- */

/* CRIU opens the parent's directory through this link: it may lead beside, but nowhere else. */
static int check_parent(int dir, struct error *err)
{
	char target[PATH_MAX];
	ssize_t length = readlinkat(dir, IMAGES_PARENT, target, sizeof(target) - 1);

	if (length < 0)
		return error_errno(err, errno, IMAGES_PARENT, "read the link %s", IMAGES_PARENT);
	target[length] = '\0';
	if (text_starts(target, "../") && !strstr(target + 3, "..") && !strchr(target + 3, '/'))
		return 0;
	return error_set(err, ERROR_REFUSED, IMAGES_PARENT,
			 "the images' link to their parent leads to %s: it may only lead to a "
			 "directory beside them",
			 text_printable(target) ? target : "?");
}

/* Among images that another user has made may be a hard link to a file of the host. */
static int check_entry(int dir, const char *name, bool dedup, struct error *err)
{
	const char *printed = text_printable(name) ? name : "?";
	struct stat st;

	if (!is_ours(name))
		return 0;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return error_errno(err, errno, name, "look at %s", printed);
	if (S_ISLNK(st.st_mode) && strcmp(name, IMAGES_PARENT) == 0)
		return check_parent(dir, err);
	if (!S_ISREG(st.st_mode))
		return error_set(err, ERROR_REFUSED, name, "%s among the images is no regular file",
				 printed);
	if (dedup && st.st_nlink != 1)
		return error_set(
		    err, ERROR_REFUSED, name,
		    "%s among the images is a file under another name, too: copy the images, "
		    "or restore without --auto-dedup",
		    printed);
	return 0;
}

static int check_entries(int dir, bool dedup, struct error *err)
{
	_cleanup_dir_ DIR *entries = dir_list(dir);
	const char *name;

	if (!entries)
		return error_errno(err, errno, NULL, "list the images");
	while ((name = dir_next(entries)))
		if (check_entry(dir, name, dedup, err) < 0)
			return -1;
	return errno ? error_errno(err, errno, NULL, "list the images") : 0;
}

/* *ret_found false, and -1, if there is none. */
static int open_parent(int dir, bool dedup, bool *ret_found, struct error *err)
{
	_cleanup_fd_ int parent = openat(dir, IMAGES_PARENT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	*ret_found = parent >= 0 || errno != ENOENT ||
		     faccessat(dir, IMAGES_PARENT, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	if (!*ret_found)
		return -1;
	if (parent < 0)
		return error_errno(err, errno, IMAGES_PARENT,
				   "open the parent of the images (was it moved?)");
	if (check_entries(parent, dedup, err) < 0)
		return error_prefix(err, "parent of the images");
	return steal_fd(&parent);
}

/* A chain may be long, but not endless: links can be made to go round. */
int images_visit_parents(int dir, bool dedup,
			 int (*visit)(void *context, int parent, struct error *err), void *context,
			 struct error *err)
{
	_cleanup_fd_ int child = fcntl(dir, F_DUPFD_CLOEXEC, 0);

	for (int depth = 0; depth < PARENTS_MAX; depth++) {
		bool found;
		int parent = open_parent(child, dedup, &found, err);

		if (!found)
			return 0;
		if (parent < 0)
			return -1;
		close(child);
		child = parent;
		if (visit(context, child, err) < 0)
			return error_prefix(err, "parent images");
	}
	return error_set(err, ERROR_INVALID, IMAGES_PARENT,
			 "the images have more than %d generations of parents", PARENTS_MAX);
}

/* Whether that dump still goes on isn't known, so nothing is brought back here. */
static int check_whole(const struct images *images, struct error *err)
{
	if (is_there(images, OLDER) && !is_there(images, IMAGES_MANIFEST))
		return error_set(err, ERROR_INVALID, images->path,
				 "--image-path: the checkpoint in %s is not complete, and the "
				 "older one is in %s/" OLDER ": if no proa checkpoint is at work "
				 "there, move that beside %s, and restore from it",
				 images->path, images->path, images->path);
	if (!is_there(images, IMAGES_INVENTORY))
		return error_set(err, ERROR_INVALID, images->path,
				 "--image-path: %s holds no checkpoint (no %s)", images->path,
				 IMAGES_INVENTORY);
	return 0;
}

int images_open_for_restore(const char *path, const char *work_path, bool dedup,
			    struct images *ret_images, struct error *err)
{
	_cleanup_images_ struct images images = { -1, -1, path, work_path ?: path };

	images.dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (images.dir < 0)
		return error_errno(err, errno, path, "--image-path: open the directory %s", path);
	if (check_whole(&images, err) < 0)
		return -1;
	if (check_entries(images.dir, dedup, err) < 0)
		return error_prefix(err, "--image-path %s", path);
	images.work = make(images.work_path, "--work-path", err);
	if (images.work < 0)
		return -1;
	*ret_images = (struct images){ steal_fd(&images.dir), steal_fd(&images.work), path,
				       images.work_path };
	return 0;
}

void images_close(struct images *images)
{
	cleanup_fd_(&images->dir);
	cleanup_fd_(&images->work);
	*images = (struct images)IMAGES_INIT;
}
