#include "libcontainer/namespace/namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"

const struct namespace_kind namespace_kinds[] = {
	{ "user", "user", CLONE_NEWUSER },
	{ "ipc", "ipc", CLONE_NEWIPC },
	{ "uts", "uts", CLONE_NEWUTS },
	{ "network", "net", CLONE_NEWNET },
	{ "cgroup", "cgroup", CLONE_NEWCGROUP },
	{ "time", "time", CLONE_NEWTIME },
	{ "pid", "pid", CLONE_NEWPID },
	/* last: afterwards paths mean something else */
	{ "mount", "mnt", CLONE_NEWNS },
};
const size_t namespace_kind_count = array_length(namespace_kinds);

static void plan_join(struct namespace_plan *plan, const struct namespace_kind *kind,
		      const char *path)
{
	plan->joined |= kind->flag;
	plan->joins[plan->join_count++] =
	    (struct namespace_join){ .kind = kind, .path = path, .fd = -1 };
}

/* In the order of the table of kinds, whatever order the config has. */
static void plan_kinds(const struct config *config, struct arena *arena,
		       struct namespace_plan *plan)
{
	for (size_t i = 0; i < namespace_kind_count; i++) {
		const struct namespace_kind *kind = &namespace_kinds[i];
		const struct config_namespace *wanted = config_namespace_find(config, kind->type);

		if (wanted && wanted->path)
			plan_join(plan, kind, arena_strdup(arena, wanted->path));
		else if (wanted)
			plan->created |= kind->flag;
	}
}

static void plan_map(const struct id_mapping_list *list, uint32_t own_id, struct arena *arena,
		     struct id_map *map)
{
	size_t words = 0;
	char *text = arena_strdup(arena, "");

	*map = (struct id_map){ .ranges = list->count, .root = (uint32_t)-1 };
	map->words = arena_calloc(arena, list->count * 3 + 1, sizeof(char *));
	for (size_t i = 0; i < list->count; i++) {
		const struct config_id_mapping *range = &list->items[i];
		uint64_t inside = range->container_id.value, outside = range->host_id.value,
			 count = range->size.value;

		text = arena_printf(arena, "%s%lu %lu %lu\n", text, inside, outside, count);
		map->words[words++] = arena_printf(arena, "%lu", inside);
		map->words[words++] = arena_printf(arena, "%lu", outside);
		map->words[words++] = arena_printf(arena, "%lu", count);
		if (inside == 0 && count)
			map->root = (uint32_t)outside;
		map->only_own_id = list->count == 1 && count == 1 && outside == own_id;
	}
	map->text = text;
}

static void plan_clocks(const struct config *config, struct arena *arena,
			struct namespace_plan *plan)
{
	const struct config_time_offsets *offsets = config->linux_->time_offsets;
	const struct {
		const char *clock;
		const struct config_time_offset *offset;
	} clocks[] = {
		{ "monotonic", offsets ? offsets->monotonic : NULL },
		{ "boottime", offsets ? offsets->boottime : NULL },
	};

	for (size_t i = 0; i < array_length(clocks); i++)
		if (clocks[i].offset)
			plan->time_offsets = arena_printf(
			    arena, "%s%s %ld %lu\n", plan->time_offsets ? plan->time_offsets : "",
			    clocks[i].clock, clocks[i].offset->secs.value,
			    clocks[i].offset->nanosecs.value);
}

void namespace_plan(const struct config *config, bool rootless, struct arena *arena,
		    struct namespace_plan *ret_plan)
{
	struct namespace_plan plan = { 0 };

	plan_kinds(config, arena, &plan);
	if (plan.created & CLONE_NEWUSER) {
		plan_map(&config->linux_->uid_mappings, geteuid(), arena, &plan.uid_map);
		plan_map(&config->linux_->gid_mappings, getegid(), arena, &plan.gid_map);
	}
	plan_clocks(config, arena, &plan);
	plan.time_by_init =
	    rootless && plan.created & CLONE_NEWTIME && plan.created & CLONE_NEWUSER;
	plan.hostname = arena_strdup(arena, config->hostname);
	plan.domainname = arena_strdup(arena, config->domainname);
	*ret_plan = plan;
}

void namespace_plan_join_process(const struct strings *types, pid_t pid, struct arena *arena,
				 struct namespace_plan *ret_plan)
{
	struct namespace_plan plan = { 0 };

	for (size_t i = 0; i < namespace_kind_count; i++)
		if (text_in(types, namespace_kinds[i].type))
			plan_join(&plan, &namespace_kinds[i],
				  arena_printf(arena, "/proc/%d/ns/%s", (int)pid,
					       namespace_kinds[i].file));
	*ret_plan = plan;
}

static bool same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev;
}

/* Which user namespace owns the one in @fd? -1 when it is none that we may see: then not ours. */
static bool owned_by(int fd, const struct stat *user)
{
	_cleanup_fd_ int owner = ioctl(fd, NS_GET_USERNS);
	struct stat st;

	return owner >= 0 && fstat(owner, &st) == 0 && same(&st, user);
}

static int stat_own(const char *file, struct stat *ret_stat, struct error *err)
{
	char path[32] = "/proc/self/ns/";

	strncat(path, file, sizeof(path) - strlen(path) - 1);
	if (stat(path, ret_stat) < 0)
		return error_errno(err, errno, path, "look at %s", path);
	return 0;
}

static int open_join(struct namespace_join *join, struct error *err)
{
	_cleanup_fd_ int fd = open(join->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	const char *type = join->kind->type;
	int kind;

	if (fd < 0)
		return error_errno(err, errno, join->path, "open the %s namespace %s", type,
				   join->path);
	kind = ioctl(fd, NS_GET_NSTYPE);
	if (kind < 0 || (uint64_t)kind != join->kind->flag)
		return error_set(err, ERROR_INVALID, join->path, "%s is not a %s namespace",
				 join->path, type);
	join->fd = steal_fd(&fd);
	return 0;
}

int namespaces_open(struct namespace_plan *plan, struct error *err)
{
	struct stat user, own, there;
	size_t kept = 0;

	if (plan->join_count && stat_own("user", &user, err) < 0)
		return -1;
	for (size_t i = 0; i < plan->join_count; i++) {
		struct namespace_join join = plan->joins[i];

		if (stat_own(join.kind->file, &own, err) < 0 || open_join(&join, err) < 0)
			return -1;
		if (fstat(join.fd, &there) == 0 && same(&there, &own)) {
			close(join.fd);
			plan->joined &= ~join.kind->flag;
			continue;
		}
		/* without another user namespace all are joined at once; that one comes first in the table */
		join.ours = !(plan->joined & CLONE_NEWUSER) ||
			    (join.kind->flag != CLONE_NEWUSER && owned_by(join.fd, &user));
		plan->joins[kept++] = join;
	}
	plan->join_count = kept;
	return 0;
}

int namespaces_open_for_create(struct namespace_plan *plan, struct error *err)
{
	bool joins_mounts = plan->joined & CLONE_NEWNS;

	if (namespaces_open(plan, err) < 0)
		return -1;
	if (!joins_mounts || plan->joined & CLONE_NEWNS)
		return 0;
	return error_set(err, ERROR_REFUSED, "linux.namespaces",
			 "linux.namespaces: the mount namespace is the runtime's own, in which the "
			 "container's root would take the place of the host's");
}

int namespaces_user_is_that_of(const struct namespace_plan *plan, pid_t pid, struct error *err)
{
	int joined = namespace_descriptor(plan, CLONE_NEWUSER);
	struct stat ours, theirs;
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
	if (stat(path, &theirs) < 0 || (joined >= 0 && fstat(joined, &ours) < 0))
		return error_errno(err, errno, path, "look at %s", path);
	if (joined < 0 && stat_own("user", &ours, err) < 0)
		return -1;
	return same(&ours, &theirs);
}

void namespaces_close(struct namespace_plan *plan)
{
	for (size_t i = 0; i < plan->join_count; i++) {
		if (plan->joins[i].fd >= 0)
			close(plan->joins[i].fd);
		plan->joins[i].fd = -1;
	}
}

bool namespaces_pid_last(const struct namespace_plan *plan)
{
	return plan->joined & CLONE_NEWPID && !(plan->created & CLONE_NEWUSER);
}

bool namespaces_unshared(const struct namespace_plan *plan)
{
	return plan->joined & CLONE_NEWPID && plan->created & CLONE_NEWUSER;
}

bool namespaces_need_bridge(const struct namespace_plan *plan)
{
	uint64_t early = plan->joined;

	if (namespaces_pid_last(plan))
		early &= ~(uint64_t)CLONE_NEWPID;
	return early || (plan->created & CLONE_NEWTIME && !plan->time_by_init);
}

uint64_t namespaces_clone_flags(const struct namespace_plan *plan)
{
	return plan->created & ~(uint64_t)CLONE_NEWTIME;
}
