/* Where a container's cgroup is: linux.cgroupsPath (config-linux.md, Cgroups Path), and the cgroup
 * of a process. */
#include "base/text.h"
#include "libcontainer/cgroup/internal.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/procfs.h"

#define PROPERTY "linux.cgroupsPath"

const struct name_value cgroup_manager_names[] = {
	{ "cgroupfs", CGROUP_CGROUPFS },
	{ "systemd", CGROUP_SYSTEMD },
	{ "disabled", CGROUP_DISABLED },
	{ NULL },
};

const char *cgroup_manager_name(enum cgroup_manager manager)
{
	return name_of(cgroup_manager_names, manager);
}

static int refuse(struct error *err, const char *path, const char *why)
{
	return error_set(err, ERROR_INVALID, PROPERTY, PROPERTY ": \"%.200s\" %s",
			 text_printable(path) ? path : "", why);
}

/* Append one component of @length bytes to the clean path, or say why it can't be one. */
static const char *append(char *clean, size_t size, const char *name, size_t length)
{
	size_t used = strlen(clean);

	if (length == 0 || (length == 1 && name[0] == '.'))
		return NULL;
	if (length == 2 && name[0] == '.' && name[1] == '.')
		return "contains \"..\"";
	if (length > NAME_MAX || used + length + 2 > size)
		return "is too long";
	text_fit(clean + used, size - used, "/%.*s", (int)length, name);
	return NULL;
}

/* Clean means "/a/b": absolute, no "." and no empty components. ".." is refused and not resolved:
 * nobody means it, and it would leave the place that was delegated to the caller. */
static int clean_path(const char *parent, const char *path, char *clean, size_t size,
		      struct error *err)
{
	const char *parts[] = { parent, path };

	if (!text_printable(path))
		return refuse(err, path, "contains control characters");
	clean[0] = '\0';
	for (size_t i = 0; i < array_length(parts); i++) {
		for (const char *name = parts[i]; *name; name += strspn(name, "/")) {
			size_t length = strcspn(name, "/");
			const char *why = append(clean, size, name, length);

			if (why)
				return refuse(err, path, why);
			name += length;
		}
	}
	if (!clean[0])
		return refuse(err, path, "is the root cgroup, which can't be a container's");
	return 0;
}

/* What isn't absolute is placed below the root cgroup; rootless, where that is not ours, beside the
 * caller's own: below it no controller could be enabled, because the caller is in it. That is also so
 * for "slice:prefix:name", the name of a unit: dockerd's BuildKit gives it to the manager cgroupfs. */
static const char *runtime_place(const struct cgroup_request *request, struct arena *arena)
{
	const char *slash = request->rootless && request->own ? strrchr(request->own, '/') : NULL;

	return slash ? arena_strndup(arena, request->own, (size_t)(slash - request->own)) : "/";
}

int cgroup_path_decide(const char *cgroups_path, const struct cgroup_request *request,
		       struct arena *arena, char **ret_path, struct error *err)
{
	const char *path = cgroups_path && *cgroups_path ? cgroups_path : request->id;
	const char *parent = path[0] == '/' ? "/" : runtime_place(request, arena);
	char clean[PATH_MAX];

	if (clean_path(parent, path, clean, sizeof(clean), err) < 0)
		return -1;
	*ret_path = arena_strdup(arena, clean);
	return 0;
}

/* The line of the v2 hierarchy in /proc/PID/cgroup is "0::PATH". */
static char *find_v2_line(char *lines)
{
	char *rest = NULL;

	for (char *line = strtok_r(lines, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (text_starts(line, "0::"))
			return line + strlen("0::");
	return NULL;
}

int cgroup_of(pid_t pid, struct arena *arena, char **ret_path, struct error *err)
{
	_cleanup_buffer_ struct buffer lines = BUFFER_INIT;
	_cleanup_fd_ int procfs = procfs_open(err);
	_cleanup_fd_ int fd = -1;
	char name[32] = "self/cgroup";
	char *path;

	if (procfs < 0)
		return -1;
	if (pid)
		snprintf(name, sizeof(name), "%d/cgroup", (int)pid);
	fd = procfs_open_at(procfs, name, O_RDONLY);
	if (fd < 0)
		return error_errno(err, errno, name, "read the cgroup of process %d", (int)pid);
	if (fd_read(fd, CGROUP_LINES_LIMIT, &lines, name, err) < 0)
		return -1;
	path = find_v2_line(lines.bytes);
	if (!path)
		return error_set(err, ERROR_UNSUPPORTED, name,
				 "process %d has no cgroup v2: the kernel was built without",
				 (int)pid);
	*ret_path = arena_strdup(arena, path);
	return 0;
}

/* How much of both paths is the way to their nearest common ancestor. */
static size_t common_ancestor(const char *a, const char *b)
{
	size_t length = 0;

	for (size_t i = 0;; i++) {
		bool ends = (!a[i] || a[i] == '/') && (!b[i] || b[i] == '/');

		if (ends)
			length = i;
		if (a[i] != b[i] || !a[i])
			return length;
	}
}

bool cgroup_may_enter(const char *path)
{
	_cleanup_arena_ struct arena arena = ARENA_INIT;
	struct error ignored = ERROR_INIT; /* who can't look may try */
	_cleanup_fd_ int ancestor = -1;
	char *own;

	if (arena_init(&arena, 1 << 20, &ignored) < 0 || cgroup_of(0, &arena, &own, &ignored) < 0)
		return true;
	own[common_ancestor(own, path)] = '\0';
	ancestor = cgroup_open(own, &ignored);
	return ancestor < 0 || faccessat(ancestor, "cgroup.procs", W_OK, AT_EACCESS) == 0;
}
