/* User and group id maps. Root writes any map itself; others may write one range of one id, their
 * own, and need the set-user-ID helpers newuidmap(1) and newgidmap(1) for the ranges of subuid(5)
 * and subgid(5). */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/procfs.h"
#include "base/program.h"
#include "base/text.h"
#include "libcontainer/namespace/namespace.h"

#define HELPER_ARGS_MAX (3 * 340 + 3) /* 340 ranges are the kernel's limit */

extern char **environ;

static const struct map_kind {
	const char *file, *helper;
} uid_kind = { "uid_map", "newuidmap" }, gid_kind = { "gid_map", "newgidmap" };

static int run_helper(const struct map_kind *kind, const struct id_map *map, pid_t pid,
		      struct error *err)
{
	const int streams[] = { STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO };
	char *argv[HELPER_ARGS_MAX], pid_text[16];
	size_t count = 0;
	int status, failure;
	pid_t child;

	if (map->ranges * 3 + 3 > HELPER_ARGS_MAX)
		return error_set(err, ERROR_INVALID, kind->file, "more than 340 id mappings");
	snprintf(pid_text, sizeof(pid_text), "%d", (int)pid);
	argv[count++] = (char *)kind->helper;
	argv[count++] = pid_text;
	for (size_t i = 0; map->words[i]; i++)
		argv[count++] = map->words[i];
	argv[count] = NULL;
	failure = program_spawn(kind->helper, streams, array_length(streams), argv, environ, &child);
	if (failure)
		return error_errno(err, failure, kind->helper, "run %s (package uidmap)",
				   kind->helper);
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return error_errno(err, errno, kind->helper, "wait for %s", kind->helper);
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		return error_set(
		    err, ERROR_SYSTEM, kind->helper,
		    "%s failed: are the ids listed for this user in /etc/subuid and /etc/subgid?",
		    kind->helper);
	return 0;
}

static int write_file(const struct map_kind *kind, const char *text, pid_t pid, int procfs,
		      struct error *err)
{
	char path[64];

	text_fit(path, sizeof(path), "%d/%s", (int)pid, kind->file);
	if (procfs_write(procfs, path, text) < 0)
		return error_errno(err, errno, kind->file, "write %s of the user namespace",
				   kind->file);
	return 0;
}

/* Without privilege a process may map its group only after it gave up setgroups(2): a group can
 * also take rights away (CVE-2014-8989). */
static int deny_setgroups(pid_t pid, int procfs, struct error *err)
{
	static const struct map_kind kind = { "setgroups", NULL };

	return write_file(&kind, "deny", pid, procfs, err);
}

static int write_map(const struct map_kind *kind, const struct id_map *map, pid_t pid, int procfs,
		     struct error *err)
{
	if (geteuid() != 0 && !map->only_own_id)
		return run_helper(kind, map, pid, err);
	if (geteuid() != 0 && kind == &gid_kind && deny_setgroups(pid, procfs, err) < 0)
		return -1;
	return write_file(kind, map->text, pid, procfs, err);
}

int id_maps_write(const struct namespace_plan *plan, pid_t pid, int procfs, struct error *err)
{
	if (write_map(&uid_kind, &plan->uid_map, pid, procfs, err) < 0)
		return -1;
	return write_map(&gid_kind, &plan->gid_map, pid, procfs, err);
}

int groups_drop(struct error *err)
{
	/* not ours to drop: a caller without privileges, or a user namespace where setgroups is denied */
	if (setgroups(0, NULL) < 0 && errno != EPERM)
		return error_errno(err, errno, NULL, "drop the caller's groups");
	return 0;
}

int id_maps_become_root(bool keep_groups, struct error *err)
{
	if (!keep_groups && groups_drop(err) < 0)
		return -1;
	if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		return error_errno(err, errno, "linux.uidMappings",
				   "become root of the user namespace (is id 0 mapped?)");
	return 0;
}
