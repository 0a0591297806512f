#include "libcontainer/process/sysctl.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "base/procfs.h"

/* Which namespace a sysctl belongs to; a name that ends in "/" is a whole directory. Those for
 * which the config has properties of its own are refused by a NULL namespace. */
static const struct {
	const char *name, *namespace, *reason;
} known[] = {
	{ "net/", "network", NULL },
	{ "fs/mqueue/", "ipc", NULL },
	{ "kernel/msgmax", "ipc", NULL },
	{ "kernel/msgmnb", "ipc", NULL },
	{ "kernel/msgmni", "ipc", NULL },
	{ "kernel/sem", "ipc", NULL },
	{ "kernel/shmall", "ipc", NULL },
	{ "kernel/shmmax", "ipc", NULL },
	{ "kernel/shmmni", "ipc", NULL },
	{ "kernel/shm_rmid_forced", "ipc", NULL },
	{ "kernel/domainname", "uts", NULL },
	{ "kernel/hostname", NULL, "it conflicts with the property hostname" },
	{ "user/", "user", NULL },
};

static bool covers(const char *known_name, const char *name)
{
	return text_ends(known_name, "/") ? text_starts(name, known_name)
					  : strcmp(name, known_name) == 0;
}

/* Joining a namespace by path may mean one's own. Only asked for the network, as in runc. */
static bool is_hosts_own(const struct config_namespace *namespace)
{
	struct stat theirs, ours;

	return namespace->path && strcmp(namespace->type, "network") == 0 &&
	       stat(namespace->path, &theirs) == 0 && stat("/proc/self/ns/net", &ours) == 0 &&
	       theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino;
}

static int refuse(struct error *err, const char *name, const char *reason)
{
	return error_set(err, ERROR_INVALID, "linux.sysctl", "linux.sysctl: %s: %s", name, reason);
}

static int check_namespace(const struct config *config, const char *name, const char *path,
			   struct error *err)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		const struct config_namespace *namespace;

		if (!covers(known[i].name, path))
			continue;
		if (!known[i].namespace)
			return refuse(err, name, known[i].reason);
		namespace = config_namespace_find(config, known[i].namespace);
		if (namespace && !is_hosts_own(namespace))
			return 0;
		return error_set(err, ERROR_INVALID, "linux.sysctl",
				 "linux.sysctl: %s: needs a %s namespace of the container's own",
				 name, known[i].namespace);
	}
	return refuse(err, name, "is not of a namespace, it would change the host");
}

/* The name as a path. The first separator, if it is a dot, says that dots and slashes are swapped.
 */
static char *to_path(const char *name, struct arena *arena)
{
	bool dotted = name[strcspn(name, "./")] == '.';
	char *path = arena_strdup(arena, name);

	for (char *c = path; dotted && *c; c++)
		*c = *c == '.' ? '/' : *c == '/' ? '.' : *c;
	return path;
}

/* No empty component, no "." and no "..": "net/../kernel/core_pattern" begins as it should. */
static bool is_plain(const char *path)
{
	while (path) {
		size_t length = strcspn(path, "/");

		if (!length || (length == 1 && path[0] == '.') ||
		    (length == 2 && path[0] == '.' && path[1] == '.'))
			return false;
		path = path[length] ? path + length + 1 : NULL;
	}
	return true;
}

int sysctl_plan(const struct config *config, struct arena *arena, struct sysctl_plan *ret_plan,
		struct error *err)
{
	const struct string_map *map = &config->linux_->sysctl;
	struct sysctl_plan plan = { arena_calloc(arena, map->count, sizeof(*plan.items)),
				    map->count };

	for (size_t i = 0; i < map->count; i++) {
		struct sysctl_row *row = &plan.items[i];
		char *path = to_path(map->items[i].key, arena);

		if (!is_plain(path))
			return refuse(err, map->items[i].key, "is not a name of a sysctl");
		if (check_namespace(config, map->items[i].key, path, err) < 0)
			return -1;
		row->name = arena_strdup(arena, map->items[i].key);
		row->path = arena_printf(arena, "sys/%s", path);
		row->value = arena_strdup(arena, map->items[i].value);
	}
	*ret_plan = plan;
	return 0;
}

int sysctl_apply(int procfs, const struct sysctl_plan *plan, struct error *err)
{
	for (size_t i = 0; i < plan->count; i++)
		if (procfs_write(procfs, plan->items[i].path, plan->items[i].value) < 0)
			return error_errno(err, errno, "linux.sysctl",
					   "linux.sysctl: write \"%s\" to /proc/%s",
					   plan->items[i].value, plan->items[i].path);
	return 0;
}
