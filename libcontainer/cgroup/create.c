/* Make the container's cgroup, with the controllers it needs, and see that it is fit for use. */
#include "base/text.h"
#include "libcontainer/cgroup/internal.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "libcontainer/cgroup/systemd.h"

/* How far the way down has come. */
struct descent {
	const struct cgroup_plan *plan;
	int hierarchy;
	int fd;				  /* the cgroup reached */
	char path[PATH_MAX];		  /* its path; "" at the root */
	char available[CGROUP_TEXT_SIZE]; /* the controllers that it could enable */
	size_t made_from; /* length of the path of the first cgroup that we made; 0: none yet */
	pid_t adopted;	  /* the process that is in it already; 0: none may be */
};

/* What was made goes away again, the deepest first; whatever somebody else has put to use since
 * then stays, which is why the result is not looked at. */
static void undo(struct descent *descent)
{
	char *path = descent->path;

	while (descent->made_from && strlen(path) >= descent->made_from) {
		unlinkat(descent->hierarchy, path + 1, AT_REMOVEDIR);
		*strrchr(path, '/') = '\0';
	}
	descent->made_from = 0;
}

static int mkdir_failed(const struct descent *descent, int errnum, struct error *err)
{
	const char *cure = "";

	if (errnum == EROFS)
		cure = "; the cgroup filesystem is mounted read-only: mount -o remount,rw it, or "
		       "do without by --cgroup-manager disabled";
	else if ((errnum == EACCES || errnum == EPERM) && descent->plan->rootless)
		cure = "; rootless needs no limits and no cgroupsPath when no permission is "
		       "granted for cgroups: have the parent cgroup delegated to you, as systemd "
		       "does for units with Delegate=yes";
	else if (errnum == EAGAIN)
		cure = "; cgroup.max.descendants or cgroup.max.depth of an ancestor is reached";
	error_set(err, ERROR_SYSTEM, descent->path, "make cgroup %s: %s%s", descent->path,
		  error_words(errnum), cure);
	err->errnum = errnum;
	return -1;
}

/* Take one step: enable the controllers here, make the child @name, go there. */
static int go_down(struct descent *descent, const char *name, size_t length, struct error *err)
{
	const char *here = descent->path[0] ? descent->path : "/";
	size_t used = strlen(descent->path);
	const char *child = descent->path + used + 1;
	int fd;

	if (controllers_enable(descent->plan, descent->fd, here, descent->available, err) < 0)
		return -1;
	text_fit(descent->path + used, sizeof(descent->path) - used, "/%.*s", (int)length, name);
	if (mkdirat(descent->fd, child, 0755) == 0) {
		if (!descent->made_from)
			descent->made_from = strlen(descent->path);
	} else if (errno != EEXIST) {
		return mkdir_failed(descent, errno, err);
	}
	fd = openat(descent->fd, child, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, errno, descent->path, "open cgroup %s", descent->path);
	close(descent->fd);
	descent->fd = fd;
	return 0;
}

static int descend(struct descent *descent, struct error *err)
{
	const char *name = descent->plan->path;

	while (*(name += strspn(name, "/"))) {
		size_t length = strcspn(name, "/");

		if (go_down(descent, name, length, err) < 0)
			return -1;
		name += length;
	}
	return 0;
}

static int check_events(const struct descent *descent, struct error *err)
{
	_cleanup_arena_ struct arena arena = ARENA_INIT;
	char events[CGROUP_TEXT_SIZE];
	uint64_t populated = 0, frozen = 0;
	size_t count = 0;
	pid_t *pids;

	if (cgroup_read(descent->fd, "cgroup.events", events, sizeof(events)) < 0)
		return error_errno(err, errno, descent->path, "read cgroup.events of cgroup %s",
				   descent->path);
	cgroup_find_value(events, "populated", &populated);
	cgroup_find_value(events, "frozen", &frozen);
	if (frozen)
		return error_set(err, ERROR_STATE, descent->path,
				 "container's cgroup unexpectedly frozen: %s, or one above it; "
				 "write 0 into its cgroup.freeze",
				 descent->path);
	if (!populated)
		return 0;
	if (arena_init(&arena, CGROUP_PIDS_ARENA, err) < 0 ||
	    cgroup_pids(descent->fd, &arena, &pids, &count, err) < 0)
		return -1;
	if (descent->adopted && count == 1 && pids[0] == descent->adopted)
		return 0;
	return error_set(err, ERROR_STATE, descent->path,
			 "container's cgroup is not empty: %zu process(es) found in %s", count,
			 descent->path);
}

/* config-linux.md, Control groups: a cgroup that isn't fit for purpose is an error. */
static int check_fitness(const struct descent *descent, struct error *err)
{
	char type[CGROUP_TEXT_SIZE];

	if (cgroup_read(descent->fd, "cgroup.type", type, sizeof(type)) < 0)
		return error_errno(err, errno, descent->path, "read cgroup.type of cgroup %s",
				   descent->path);
	if (strcmp(type, "domain") != 0 && strcmp(type, "domain threaded") != 0)
		return error_set(err, ERROR_STATE, descent->path,
				 "cgroup %s is in a threaded subtree (its cgroup.type is \"%s\"), "
				 "where a container can't start; choose another cgroupsPath",
				 descent->path, type);
	return check_events(descent, err);
}

static int start(struct descent *descent, struct error *err)
{
	descent->hierarchy = hierarchy_open(err);
	if (descent->hierarchy < 0)
		return -1;
	if (cgroup_read(descent->hierarchy, "cgroup.controllers", descent->available,
			sizeof(descent->available)) < 0)
		return error_errno(err, errno, "cgroup.controllers",
				   "read cgroup.controllers of the root cgroup");
	if (controllers_check(descent->plan, descent->hierarchy, descent->available, err) < 0)
		return -1;
	descent->fd = fcntl(descent->hierarchy, F_DUPFD_CLOEXEC, 0);
	if (descent->fd < 0)
		return error_errno(err, errno, NULL, "duplicate a descriptor");
	return 0;
}

static int make(struct descent *descent, struct error *err)
{
	if (start(descent, err) < 0)
		return -1;
	if (descend(descent, err) == 0 && check_fitness(descent, err) == 0)
		return 0;
	undo(descent);
	close(descent->fd);
	descent->fd = -1;
	return -1;
}

/* Who has no permission and wants nothing gets a container without a cgroup of its own. */
static bool can_do_without(const struct cgroup_plan *plan, int errnum)
{
	return plan->rootless && !plan->asked &&
	       (errnum == EACCES || errnum == EPERM || errnum == EROFS);
}

int cgroup_create(const struct cgroup_plan *plan, struct cgroup *ret_cgroup, struct error *err)
{
	struct descent descent = { .plan = plan, .hierarchy = -1, .fd = -1 };
	int result = plan->path ? make(&descent, err) : 0;

	if (descent.hierarchy >= 0)
		close(descent.hierarchy);
	if (result < 0 && !can_do_without(plan, err->errnum))
		return -1;
	*ret_cgroup = (struct cgroup){ .fd = descent.fd, .created = descent.made_from > 0 };
	return 0;
}

/* It is there, so nothing is made on the way down to it. */
int cgroup_adopt(const struct cgroup_plan *plan, pid_t pid, struct cgroup *ret_cgroup,
		 struct error *err)
{
	struct descent descent = { .plan = plan, .hierarchy = -1, .fd = -1, .adopted = pid };
	_cleanup_arena_ struct arena arena = ARENA_INIT;
	char *path;
	int result;

	if (arena_init(&arena, 1 << 20, err) < 0 || cgroup_of(pid, &arena, &path, err) < 0)
		return -1;
	if (strcmp(path, plan->path) != 0)
		return error_set(err, ERROR_SYSTEM, plan->path,
				 "systemd has put the container into cgroup %s, not into %s", path,
				 plan->path);
	result = make(&descent, err);
	if (descent.hierarchy >= 0)
		close(descent.hierarchy);
	if (result < 0)
		return -1;
	*ret_cgroup = (struct cgroup){ .fd = descent.fd, .created = true };
	return 0;
}
