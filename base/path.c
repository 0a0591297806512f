#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/kernel.h"

#define LINKS_MAX 40 /* as the kernel's own limit, path_resolution(7) */

static uint64_t resolve_flags(int flags)
{
	return RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS |
	       (flags & PATH_NO_SYMLINKS ? RESOLVE_NO_SYMLINKS : 0);
}

static int try_open(int rootfd, const char *path, int flags)
{
	return sys_openat2(rootfd, path[0] ? path : ".",
			   O_PATH | (flags & PATH_NOFOLLOW ? O_NOFOLLOW : 0) |
			       (flags & PATH_DIRECTORY ? O_DIRECTORY : 0),
			   0, resolve_flags(flags));
}

static int open_failed(const char *path, int flags, struct error *err)
{
	if (errno == ELOOP && flags & PATH_NO_SYMLINKS)
		return error_set(err, ERROR_REFUSED, path, "%s: a symbolic link is in the way",
				 path);
	return error_errno(err, errno, path, "open %s in the root filesystem", path);
}

int path_open(int rootfd, const char *path, int flags, struct error *err)
{
	int fd = try_open(rootfd, path, flags);

	return fd < 0 ? open_failed(path, flags, err) : fd;
}

/* The slow walk, for paths of which a part is missing. What is resolved so far is a text without
 * links that is opened anew from the root at each step with RESOLVE_NO_SYMLINKS: whoever exchanges
 * a part of it meanwhile gets a failure, never a way out. */
struct walk {
	int rootfd;
	char done[PATH_MAX]; /* "" or "/a/b": exists, no links */
	char rest[PATH_MAX]; /* still to be resolved */
	int links;
};

/* No component is longer than NAME_MAX: set_rest() has seen to that. */
static bool next_component(struct walk *walk, char name[NAME_MAX + 1])
{
	char *start = walk->rest + strspn(walk->rest, "/");
	size_t length = strcspn(start, "/");

	if (!length)
		return false;
	memcpy(name, start, length);
	name[length] = '\0';
	memmove(walk->rest, start + length, strlen(start + length) + 1);
	return true;
}

static bool is_last(const struct walk *walk)
{
	return walk->rest[strspn(walk->rest, "/")] == '\0';
}

static void go_up(struct walk *walk)
{
	char *slash = strrchr(walk->done, '/');

	if (slash)
		*slash = '\0';
}

static int open_done(struct walk *walk, struct error *err)
{
	int fd = try_open(walk->rootfd, walk->done, PATH_NO_SYMLINKS | PATH_DIRECTORY);

	return fd < 0 ? open_failed(walk->done, PATH_NO_SYMLINKS, err) : fd;
}

static int append(struct walk *walk, const char *name, struct error *err)
{
	size_t length = strlen(walk->done);

	if (snprintf(walk->done + length, sizeof(walk->done) - length, "/%s", name) >=
	    (int)(sizeof(walk->done) - length))
		return error_set(err, ERROR_INVALID, name, "path too long");
	return 0;
}

/* What is to be resolved is now @first and then @second. */
static int set_rest(struct walk *walk, const char *first, const char *second, struct error *err)
{
	int length = snprintf(walk->rest, sizeof(walk->rest), "%s/%s", first, second);

	if (length >= (int)sizeof(walk->rest))
		return error_errno(err, ENAMETOOLONG, NULL, "resolve a path of %d bytes", length);
	for (const char *name = walk->rest; *name; name += strcspn(name, "/")) {
		name += strspn(name, "/");
		if (strcspn(name, "/") > NAME_MAX)
			return error_errno(err, ENAMETOOLONG, NULL,
					   "resolve a path with a name of "
					   "%zu bytes",
					   strcspn(name, "/"));
	}
	return 0;
}

/* Put a link's target before what is still to be resolved. */
static int follow(struct walk *walk, int parent, const char *name, struct error *err)
{
	char target[PATH_MAX], rest[PATH_MAX];
	ssize_t length = readlinkat(parent, name, target, sizeof(target) - 1);

	if (length < 0)
		return error_errno(err, errno, name, "read link %s", name);
	target[length] = '\0';
	if (++walk->links > LINKS_MAX)
		return error_errno(err, ELOOP, name, "follow link %s", name);
	if (target[0] == '/')
		walk->done[0] = '\0';
	memcpy(rest, walk->rest, strlen(walk->rest) + 1);
	return set_rest(walk, target, rest, err);
}

/* One component: make the directory if it is missing, follow the link if it is one. */
static int step(struct walk *walk, const char *name, mode_t mode, int flags, struct error *err)
{
	_cleanup_fd_ int parent = open_done(walk, err);
	struct stat st;

	if (parent < 0)
		return -1;
	if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno != ENOENT)
			return error_errno(err, errno, name, "look at %s", name);
		if (mkdirat(parent, name, mode) < 0 && errno != EEXIST)
			return error_errno(err, errno, name,
					   "make directory %s/%s in the root filesystem",
					   walk->done, name);
	} else if (S_ISLNK(st.st_mode)) {
		if (flags & PATH_NO_SYMLINKS)
			return error_set(err, ERROR_REFUSED, name,
					 "%s/%s: a symbolic link is in the way", walk->done, name);
		return follow(walk, parent, name, err);
	}
	return append(walk, name, err);
}

/* Walk all of @path but, with @ret_name, its last component, which is then no link (unless
 * PATH_NOFOLLOW asks for that). */
static int walk_path(struct walk *walk, mode_t mode, int flags, char *ret_name, struct error *err)
{
	char name[NAME_MAX + 1];

	while (next_component(walk, name)) {
		if (strcmp(name, ".") == 0)
			continue;
		if (strcmp(name, "..") == 0) {
			go_up(walk);
			continue;
		}
		if (ret_name && is_last(walk)) {
			_cleanup_fd_ int parent = open_done(walk, err);
			struct stat st;

			if (parent < 0)
				return -1;
			if (flags & PATH_NOFOLLOW ||
			    fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
			    !S_ISLNK(st.st_mode)) {
				memcpy(ret_name, name, sizeof(name));
				return steal_fd(&parent);
			}
		}
		if (step(walk, name, mode, flags, err) < 0)
			return -1;
	}
	if (ret_name)
		return error_set(err, ERROR_INVALID, walk->done, "a path without a last component");
	return open_done(walk, err);
}

static int walk_start(struct walk *walk, int rootfd, const char *path, struct error *err)
{
	walk->rootfd = rootfd;
	walk->done[0] = '\0';
	walk->links = 0;
	return set_rest(walk, path, "", err);
}

/* The short cut, for paths of which only the last component is missing: a descriptor of its parent and its
 * @ret_name. -1 if it isn't that simple; then the walk does it, or says why not. */
static int open_parent(int rootfd, const char *path, int flags, char ret_name[NAME_MAX + 1])
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	char parent[PATH_MAX];
	size_t length = slash ? (size_t)(slash - path) : 0;
	int fd;

	if (!name[0] || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
	    strlen(name) > NAME_MAX || length >= sizeof(parent))
		return -1;
	memcpy(parent, path, length);
	parent[length] = '\0';
	fd = try_open(rootfd, parent, (flags & PATH_NO_SYMLINKS) | PATH_DIRECTORY);
	if (fd >= 0)
		memcpy(ret_name, name, strlen(name) + 1);
	return fd;
}

int path_make_directory(int rootfd, const char *path, mode_t mode, int flags, struct error *err)
{
	_cleanup_fd_ int parent = -1;
	char name[NAME_MAX + 1];
	struct walk walk;

	if (!(flags & PATH_MISSING)) {
		int fd = try_open(rootfd, path, flags | PATH_DIRECTORY);

		if (fd >= 0)
			return fd;
		if (errno != ENOENT)
			return open_failed(path, flags, err);
	}
	parent = open_parent(rootfd, path, flags, name);
	if (parent >= 0 && mkdirat(parent, name, mode) == 0) {
		int fd = openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		return fd < 0 ? open_failed(path, PATH_NO_SYMLINKS, err) : fd;
	}
	if (walk_start(&walk, rootfd, path, err) < 0)
		return -1;
	return walk_path(&walk, mode, flags, NULL, err);
}

int path_make_parent(int rootfd, const char *path, mode_t mode, int flags,
		     char ret_name[NAME_MAX + 1], struct error *err)
{
	struct walk walk;

	if (flags & PATH_NOFOLLOW) {
		int fd = open_parent(rootfd, path, flags, ret_name);

		if (fd >= 0)
			return fd;
	}
	if (walk_start(&walk, rootfd, path, err) < 0)
		return -1;
	return walk_path(&walk, mode, flags, ret_name, err);
}

/* O_EXCL: what appears here meanwhile is not ours (CVE-2026-88264). This descriptor is the result:
 * what has this name a moment later need not be ours either. */
static int make_file(int parent, const char *name, mode_t mode)
{
	return openat(parent, name, O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
}

int path_make_file(int rootfd, const char *path, mode_t mode, int flags, struct error *err)
{
	_cleanup_fd_ int parent = -1;
	char name[NAME_MAX + 1];
	int fd;

	if (!(flags & PATH_MISSING)) {
		fd = try_open(rootfd, path, flags);
		if (fd >= 0)
			return fd;
		if (errno != ENOENT)
			return open_failed(path, flags, err);
	}
	parent = open_parent(rootfd, path, flags, name);
	if (parent >= 0) {
		fd = make_file(parent, name, mode);
		if (fd >= 0)
			return fd;
		close(steal_fd(&parent));
	}
	parent = path_make_parent(rootfd, path, 0755, flags, name, err);
	if (parent < 0)
		return -1;
	fd = make_file(parent, name, mode);
	return fd < 0 ? error_errno(err, errno, path, "make file %s in the root filesystem", path)
		      : fd;
}

static size_t length_without_last(const char *path, size_t length)
{
	while (length && path[length - 1] != '/')
		length--;
	return length ? length - 1 : 0;
}

const char *path_below(const char *path, const char *root)
{
	size_t length = strcmp(root, "/") == 0 ? 0 : strlen(root);

	if (strncmp(path, root, length) != 0 || (path[length] && path[length] != '/'))
		return NULL;
	return strcmp(path + length, "/") == 0 ? "" : path + length;
}

int path_clean(const char *path, char *ret_clean, size_t size, struct error *err)
{
	size_t length = 0, step;

	for (const char *name = path + strspn(path, "/"); *name; name += strspn(name, "/")) {
		step = strcspn(name, "/");
		if (step == 2 && memcmp(name, "..", 2) == 0) {
			length = length_without_last(ret_clean, length);
		} else if (step != 1 || name[0] != '.') {
			if (step > NAME_MAX || length + step + 2 > size)
				return error_errno(err, ENAMETOOLONG, NULL, "path %.64s…", path);
			ret_clean[length] = '/';
			memcpy(ret_clean + length + 1, name, step);
			length += step + 1;
		}
		name += step;
	}
	if (!length)
		ret_clean[length++] = '/';
	ret_clean[length] = '\0';
	return 0;
}
