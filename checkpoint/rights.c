#include "checkpoint/rights.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/path.h"
#include "checkpoint/tasks.h"
#include "libcontainer/cgroup/cgroup.h"
#include "libcontainer/security/capabilities.h"

#define STATUS_MAX (1u << 20)
#define MAP_MAX	   (64u << 10)
#define FILTER	   2 /* SECCOMP_MODE_FILTER */

/* ---- what the config gives ---- */

struct rights rights_of(const struct config *config)
{
	const struct config_process *process = config->process;
	struct capabilities_plan plan;

	capabilities_plan(process ? process->capabilities : NULL, &plan);
	return (struct rights){
		.capabilities = plan.bounding | plan.effective | plan.inheritable | plan.permitted |
				plan.ambient,
		.no_new_privileges = process && process->no_new_privileges.value,
		.filtered = config->linux_->seccomp,
	};
}

/* The number on the line that begins so; all bits where there is no such line. */
static uint64_t field(const char *status, const char *name, int base)
{
	const char *at = strstr(status, name);

	return at && at[-1] == '\n' ? strtoull(at + strlen(name), NULL, base) : UINT64_MAX;
}

int rights_check(const struct rights *rights, const char *status, struct error *err)
{
	static const char *const sets[] = { "CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:" };

	for (size_t i = 0; i < array_length(sets); i++) {
		uint64_t more = field(status, sets[i], 16) & ~rights->capabilities;

		if (more)
			return error_set(err, ERROR_REFUSED, "process.capabilities",
					 "a restored process has capabilities that the config "
					 "doesn't give (%.6s %" PRIx64 ")",
					 sets[i], more);
	}
	if (rights->no_new_privileges && field(status, "NoNewPrivs:", 10) != 1)
		return error_set(
		    err, ERROR_REFUSED, "process.noNewPrivileges",
		    "a restored process isn't under noNewPrivileges as the config says "
		    "(CRIU restores that from version 3.19 on)");
	if (rights->filtered && field(status, "Seccomp:", 10) != FILTER)
		return error_set(err, ERROR_REFUSED, "linux.seccomp",
				 "a restored process isn't under a seccomp filter, the config has "
				 "one");
	return 0;
}

/* ---- id maps ---- */

struct range {
	unsigned long inside, outside, count;
};

/* The next one of a map; false at its end. */
static bool next_range(const char **at, struct range *range)
{
	int length = 0;

	if (sscanf(*at, "%lu %lu %lu%n", &range->inside, &range->outside, &range->count, &length) <
	    3)
		return false;
	*at += length;
	return true;
}

static bool has_all(const char *map, const char *other)
{
	struct range wanted, range;

	while (next_range(&other, &wanted)) {
		const char *at = map;
		bool found = false;

		while (!found && next_range(&at, &range))
			found = range.inside == wanted.inside && range.outside == wanted.outside &&
				range.count == wanted.count;
		if (!found)
			return false;
	}
	return true;
}

bool rights_same_map(const char *map, const char *other)
{
	return has_all(map, other) && has_all(other, map);
}

static int verify_map(pid_t pid, const char *file, const struct id_map *map, struct error *err)
{
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;
	char path[64];

	text_fit(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	if (file_read(AT_FDCWD, path, MAP_MAX, &text, err) < 0)
		return -1;
	if (rights_same_map(text.bytes ? text.bytes : "", map->text ? map->text : ""))
		return 0;
	return error_set(err, ERROR_REFUSED, file,
			 "the ids that the images map in the user namespace are not the config's");
}

/* ---- where they are ---- */

static int verify_namespace(pid_t task, const struct namespace_kind *kind, struct error *err)
{
	ino_t own, theirs;

	if (task_namespace(getpid(), kind->file, &own, err) < 0 ||
	    task_namespace(task, kind->file, &theirs, err) < 0)
		return -1;
	if (own != theirs)
		return 0;
	return error_set(err, ERROR_REFUSED, "linux.namespaces",
			 "a restored process is in the host's %s namespace, the config has one of "
			 "the container's",
			 kind->type);
}

/* A path in the cgroup of a container is that, or goes on below it. */
static int verify_cgroup(const struct verify *verify, pid_t task, struct error *err)
{
	char *path;

	if (!verify->cgroup)
		return 0;
	if (cgroup_of(task, verify->arena, &path, err) < 0)
		return -1;
	if (path_below(path, verify->cgroup))
		return 0;
	return error_set(err, ERROR_REFUSED, path,
			 "a restored process is in the cgroup %s, outside of the container's",
			 path);
}

static int verify_task(const struct verify *verify, pid_t task, uint64_t namespaces,
		       struct error *err)
{
	for (size_t i = 0; i < namespace_kind_count; i++)
		if (namespaces & namespace_kinds[i].flag &&
		    verify_namespace(task, &namespace_kinds[i], err) < 0)
			return -1;
	return verify_cgroup(verify, task, err);
}

/* The first process must be in those that the config names by path. */
static int verify_joined(const struct verify *verify, const struct namespace_join *join,
			 struct error *err)
{
	struct stat st;
	ino_t theirs;

	if (fstat(join->fd, &st) < 0)
		return error_errno(err, errno, join->path, "look at a namespace");
	if (task_namespace(verify->container, join->kind->file, &theirs, err) < 0)
		return -1;
	if (theirs == st.st_ino)
		return 0;
	return error_set(err, ERROR_REFUSED, join->path,
			 "the restored container isn't in the %s namespace that the config names",
			 join->kind->type);
}

int verify_namespaces(const struct verify *verify, const struct namespace_plan *plan,
		      struct error *err)
{
	uint64_t namespaces = plan->created;
	struct task_list tasks;

	for (size_t i = 0; i < plan->join_count; i++) {
		namespaces |= plan->joins[i].kind->flag;
		if (verify_joined(verify, &plan->joins[i], err) < 0)
			return -1;
	}
	if (plan->created & CLONE_NEWUSER &&
	    (verify_map(verify->container, "uid_map", &plan->uid_map, err) < 0 ||
	     verify_map(verify->container, "gid_map", &plan->gid_map, err) < 0))
		return -1;
	if (tasks_read(verify->container, verify->arena, &tasks, err) < 0)
		return -1;
	for (size_t i = 0; i < tasks.count; i++)
		if (verify_task(verify, tasks.items[i], namespaces, err) < 0)
			return -1;
	return 0;
}

/* ---- what they may ---- */

static int verify_status(const struct rights *rights, pid_t task, struct error *err)
{
	_cleanup_buffer_ struct buffer status = BUFFER_INIT;
	char path[64];

	text_fit(path, sizeof(path), "/proc/%d/status", (int)task);
	if (file_read(AT_FDCWD, path, STATUS_MAX, &status, err) < 0)
		return -1;
	return rights_check(rights, status.bytes ? status.bytes : "", err);
}

static int verify_all(const struct verify *verify, const struct task_list *tasks, struct error *err)
{
	const struct rights rights = rights_of(verify->config);

	for (size_t i = 0; i < tasks->count; i++)
		if (verify_status(&rights, tasks->items[i], err) < 0)
			return -1;
	return 0;
}

int verify_rights(const struct verify *verify, struct error *err)
{
	struct task_list tasks = { NULL, 0 };

	if (tasks_read(verify->container, verify->arena, &tasks, err) == 0 &&
	    verify_all(verify, &tasks, err) == 0)
		return 0;
	/* stopped by CRIU, none has gone and left its number to another */
	(void)kill(verify->container, SIGKILL);
	for (size_t i = 0; i < tasks.count; i++)
		(void)kill(tasks.items[i], SIGKILL);
	return -1;
}
