/* The processes of a cgroup and of all cgroups below it. */
#include "libcontainer/cgroup/internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"

/* A container that was given its cgroup can nest as deep as it likes; each level costs us a
 * descriptor and some stack. */
#define DEPTH_LIMIT 200

struct listing {
	struct arena *arena;
	pid_t *pids;
	size_t count, capacity;
};

static void add_pid(struct listing *listing, pid_t pid)
{
	listing->pids = arena_grow(listing->arena, listing->pids, listing->count,
				   &listing->capacity, sizeof(pid));
	listing->pids[listing->count++] = pid;
}

/* A cgroup that is removed meanwhile has no processes; those of a threaded one can't be listed
 * (EOPNOTSUPP), but the root of its threaded subtree shows them. */
static bool has_no_list(int errnum)
{
	return errnum == ENOENT || errnum == ENODEV || errnum == EOPNOTSUPP;
}

static int add_procs(struct listing *listing, int dirfd, struct error *err)
{
	_cleanup_buffer_ struct buffer lines = BUFFER_INIT;
	char *rest = NULL;
	int pid;

	if (file_read(dirfd, "cgroup.procs", CGROUP_LINES_LIMIT, &lines, err) < 0)
		return has_no_list(err->errnum) ? 0 : -1;
	/* a pid of 0 is a process that our pid namespace can't see */
	for (char *line = strtok_r(lines.bytes, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest))
		if (parse_int(line, &pid) && pid > 0)
			add_pid(listing, pid);
	return 0;
}

static int add_tree(struct listing *listing, int dirfd, int depth, struct error *err)
{
	_cleanup_dir_ DIR *children = dir_list(dirfd);
	const char *name;

	if (!children)
		return errno == ENOENT ? 0 : error_errno(err, errno, NULL, "list a cgroup");
	if (depth > DEPTH_LIMIT)
		return error_set(err, ERROR_REFUSED, NULL,
				 "the container has cgroups more than %d deep", DEPTH_LIMIT);
	if (add_procs(listing, dirfd, err) < 0)
		return -1;
	while ((name = cgroup_next_child(children))) {
		_cleanup_fd_ int child =
		    openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (child < 0 && errno != ENOENT)
			return error_errno(err, errno, name, "open cgroup %s", name);
		if (child >= 0 && add_tree(listing, child, depth + 1, err) < 0)
			return -1;
	}
	return 0;
}

int cgroup_pids(int cgroupfd, struct arena *arena, pid_t **ret_pids, size_t *ret_count,
		struct error *err)
{
	struct listing listing = { .arena = arena };

	if (add_tree(&listing, cgroupfd, 0, err) < 0)
		return -1;
	*ret_pids = listing.pids;
	*ret_count = listing.count;
	return 0;
}

int cgroup_attach(int cgroupfd, pid_t pid, struct error *err)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", (int)pid);
	if (file_write(cgroupfd, "cgroup.procs", text) == 0)
		return 0;
	if (errno == EBUSY)
		return error_errno(
		    err, errno, "cgroup.procs",
		    "move process %d into the cgroup, which has controllers enabled for "
		    "its children and so takes no processes",
		    (int)pid);
	return error_errno(err, errno, "cgroup.procs", "move process %d into the cgroup", (int)pid);
}
