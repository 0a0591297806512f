/* Remove a cgroup and all below it. */
#include "base/text.h"
#include "libcontainer/cgroup/internal.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"

/* The container's processes may have nested cgroups so deep that neither a path nor a descriptor
 * for each level could be had: so we go down and up (..) with one descriptor, removing what has no
 * children. Nobody can move a cgroup elsewhere meanwhile: v2 has no rename. */
struct removal {
	const char *path; /* of the whole, for errors */
	int fd;		  /* the cgroup whose children are being removed */
	int depth;	  /* 0: above the one to be removed */
	int64_t end;	  /* of the time that processes get to end */
	unsigned int deadline_ms;
};

static bool first_child(int dirfd, char name[NAME_MAX + 1])
{
	_cleanup_dir_ DIR *children = dir_list(dirfd);
	const char *first = children ? cgroup_next_child(children) : NULL;

	if (first)
		text_fit(name, NAME_MAX + 1, "%s", first);
	return first;
}

static int go_to(struct removal *removal, const char *name, int levels, struct error *err)
{
	int fd = openat(removal->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT && levels > 0)
		return 0; /* gone meanwhile: the next look finds another */
	if (fd < 0)
		return error_errno(err, errno, removal->path, "open %s in cgroup %s", name,
				   removal->path);
	close(removal->fd);
	removal->fd = fd;
	removal->depth += levels;
	return 0;
}

/* Processes that end leave the cgroup soon, and zombies don't hold it. */
static int wait_until_empty(const struct removal *removal, int fd, struct error *err)
{
	int64_t left = removal->end - clock_ms();
	char culprit[256];

	if (left > 0 && cgroup_wait_event(fd, "populated", 0, (unsigned int)left) != 0) {
		poll(NULL, 0, 1); /* whatever still holds it, don't spin */
		return 0;
	}
	cgroup_describe_process(fd, true, culprit, sizeof(culprit));
	return error_set(err, ERROR_BUSY, removal->path,
			 "can't remove cgroup %s: after %u ms it is still held by %s",
			 removal->path, removal->deadline_ms, culprit);
}

/* The kernel refused to remove @name: it has children or processes. */
static int make_removable(struct removal *removal, const char *name, struct error *err)
{
	_cleanup_fd_ int fd =
	    openat(removal->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	char child[NAME_MAX + 1];

	if (fd < 0 || first_child(fd, child))
		return go_to(removal, name, 1, err);
	return wait_until_empty(removal, fd, err);
}

static int remove_tree(struct removal *removal, const char *target, struct error *err)
{
	char name[NAME_MAX + 1];

	for (;;) {
		if (removal->depth == 0) {
			text_fit(name, sizeof(name), "%s", target);
		} else if (!first_child(removal->fd, name)) {
			if (go_to(removal, "..", -1, err) < 0)
				return -1;
			continue;
		}
		if (unlinkat(removal->fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT) {
			if (removal->depth == 0)
				return 0;
		} else if (errno != EBUSY) {
			return error_errno(err, errno, removal->path, "remove cgroup %s",
					   removal->path);
		} else if (make_removable(removal, name, err) < 0) {
			return -1;
		}
	}
}

int cgroup_remove(const char *path, unsigned int deadline_ms, struct error *err)
{
	const char *slash = strrchr(path, '/');
	struct removal removal = {
		.path = path,
		.fd = -1,
		.end = clock_ms() + deadline_ms,
		.deadline_ms = deadline_ms,
	};
	char parent[PATH_MAX];
	int result;

	if (!slash || !slash[1] || slash - path >= PATH_MAX)
		return error_set(err, ERROR_INVALID, path, "%s is not the path of a cgroup", path);
	text_fit(parent, sizeof(parent), "%.*s", (int)(slash - path), path);
	removal.fd = cgroup_open(parent, err);
	if (removal.fd < 0)
		return err->errnum == ENOENT ? 0 : -1;
	result = remove_tree(&removal, slash + 1, err);
	close(removal.fd);
	return result;
}
