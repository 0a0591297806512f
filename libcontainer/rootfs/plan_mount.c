/* The plan of the mounts (config.md#mounts, config-linux.md#mount-label). */
#include <string.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "libcontainer/rootfs/plan.h"

/* What is particular about a filesystem; any other is mounted as the config says. */
static const struct filesystem {
	const char *type;
	const char *kernel_type;
	/* One superblock may be mounted elsewhere, too: read-only is for the mount alone, or it would
	 * be so for a container that shares our namespaces. */
	bool shared;
	bool own_label;	 /* takes no mountLabel as an option */
	bool root_label; /* but its root may have it, as runc gives it */
	/* No link may lead to it (CVE-2019-19921, CVE-2023-27561, CVE-2025-54867). */
	bool real_path;
} filesystems[] = {
	{ "cgroup", "cgroup2", .shared = true, .own_label = true },
	{ "cgroup2", "cgroup2", .shared = true, .own_label = true },
	{ "devpts", "devpts" },
	{ "mqueue", "mqueue", .shared = true, .own_label = true, .root_label = true },
	{ "proc", "proc", .shared = true, .own_label = true, .real_path = true },
	{ "sysfs", "sysfs", .shared = true, .own_label = true, .real_path = true },
	{ "tmpfs", "tmpfs" },
};

/* What may be mounted over in a container's /proc: statistics that tools like lxcfs provide. All
 * else could deceive those who read or write there (CVE-2019-16884). */
static const char *const proc_allowed[] = {
	"/proc/cpuinfo",
	"/proc/diskstats",
	"/proc/loadavg",
	"/proc/meminfo",
	"/proc/slabinfo",
	"/proc/stat",
	"/proc/swaps",
	"/proc/uptime",
	"/proc/sys/crypto/fips_enabled",
	"/proc/sys/kernel/ns_last_pid",
};

/* Where a link would make others believe that something is what it isn't. */
static const char *const real_paths[] = { "/dev", "/proc", "/sys" };

static bool listed(const char *const *list, size_t count, const char *path)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i], path) == 0)
			return true;
	return false;
}

static const struct filesystem *filesystem_find(const char *type)
{
	for (size_t i = 0; i < array_length(filesystems); i++)
		if (strcmp(filesystems[i].type, type) == 0)
			return &filesystems[i];
	return NULL;
}

static int plan_destination(const struct planner *planner, const struct config_mount *config,
			    struct mount_plan *mount, struct error *err)
{
	const char *path = plan_clean_path(planner, config->destination, err);

	if (!path)
		return -1;
	if (strcmp(path, "/") == 0)
		return error_set(err, ERROR_INVALID, path,
				 "destination %s is the root filesystem itself",
				 config->destination);
	mount->destination = path;
	mount->on_proc =
	    strcmp(path, "/proc") == 0 || listed(proc_allowed, array_length(proc_allowed), path);
	if (text_starts(path, "/proc/") && !mount->on_proc)
		return error_set(err, ERROR_INVALID, path,
				 "%s can't be mounted over: it is inside /proc", path);
	if (text_starts(path, "/proc/") || listed(real_paths, array_length(real_paths), path))
		mount->resolve = PATH_NO_SYMLINKS;
	return 0;
}

/* Text for /proc/PID/uid_map. */
static const char *map_text(struct arena *arena, const struct id_mapping_list *list)
{
	const char *text = "";

	for (size_t i = 0; i < list->count; i++)
		text = arena_printf(arena, "%s%llu %llu %llu\n", text,
				    (unsigned long long)list->items[i].container_id.value,
				    (unsigned long long)list->items[i].host_id.value,
				    (unsigned long long)list->items[i].size.value);
	return text;
}

/* config.md#mounts, uidMappings: the mount's own, or without any those of the container. */
static int plan_idmap(const struct planner *planner, const struct config_mount *config,
		      struct mount_plan *mount, struct error *err)
{
	const struct config_linux *linux_ = planner->config->linux_;
	bool own = config->uid_mappings.count || config->gid_mappings.count;
	struct idmap *idmap;

	if (!own && !(mount->options.flags & OPTION_IDMAP))
		return 0;
	if (mount->kind != MOUNT_BIND)
		return error_set(err, ERROR_UNSUPPORTED, mount->destination,
				 "only bind mounts can have id mappings");
	if (own && !(config->uid_mappings.count && config->gid_mappings.count))
		return error_set(err, ERROR_INVALID, mount->destination,
				 "uidMappings and gidMappings need each other");
	if (!own && !planner->request->user_namespace)
		return error_set(err, ERROR_INVALID, mount->destination,
				 "idmap needs id mappings of the mount or a user namespace");
	if (!planner->request->parent_mounts)
		return error_set(err, ERROR_UNSUPPORTED, mount->destination,
				 "mounts with id mappings need CAP_SYS_ADMIN on the host");
	idmap = arena_alloc(planner->arena, sizeof(*idmap));
	idmap->recursive = mount->options.flags & OPTION_IDMAP_RECURSIVE;
	if (!own && planner->request->user_namespace_path) {
		idmap->user_namespace =
		    arena_strdup(planner->arena, planner->request->user_namespace_path);
	} else {
		idmap->uid_map =
		    map_text(planner->arena, own ? &config->uid_mappings : &linux_->uid_mappings);
		idmap->gid_map =
		    map_text(planner->arena, own ? &config->gid_mappings : &linux_->gid_mappings);
	}
	mount->idmap = idmap;
	mount->from = ROOTFS_SOURCE_PARENT;
	return 0;
}

static int plan_bind(const struct planner *planner, const struct config_mount *config,
		     struct mount_plan *mount, struct error *err)
{
	mount->kind = MOUNT_BIND;
	if (!config->source || !config->source[0])
		return error_set(err, ERROR_INVALID, mount->destination, "a bind without a source");
	if (mount->options.unknown)
		return error_set(err, ERROR_INVALID, mount->options.unknown,
				 "unknown mount option \"%s\" for a bind", mount->options.unknown);
	mount->source = plan_host_path(planner, config->source);
	/* in a running container a path of the host means nothing */
	if (planner->request->running ||
	    (planner->request->user_namespace && planner->request->parent_mounts))
		mount->from = ROOTFS_SOURCE_PARENT;
	return 0;
}

/* A bind of the host's @source with the attributes asked for in @mount. init makes it from its own
 * copy of the host's mounts, in which a user namespace finds flags locked. */
static struct mount_plan *bind_instead(const struct planner *planner,
				       const struct mount_plan *mount, const char *source)
{
	struct mount_plan *bind = arena_memdup(planner->arena, mount, sizeof(*mount));

	bind->kind = MOUNT_BIND;
	bind->source = source;
	bind->from = planner->request->running ? ROOTFS_SOURCE_PARENT : ROOTFS_SOURCE_OWN;
	bind->options.parameters.count = 0;
	bind->readonly_later = bind->old_api = bind->keep_mode = false;
	return bind;
}

/* The host's /sys for want of a sysfs of our own, with all that is mounted in it, and all
 * read-only: it holds the host's cgroups (CVE-2023-25809). */
static void plan_sysfs(const struct planner *planner, struct mount_plan *mount)
{
	struct mount_plan *bind;

	if (!planner->request->user_namespace)
		return;
	bind = bind_instead(planner, mount, "/sys");
	bind->options.flags |= OPTION_RECURSIVE;
	bind->options.recursive.set |= MOUNT_ATTR_RDONLY;
	bind->options.own.clear &= ~(uint64_t)MOUNT_ATTR_RDONLY;
	if (planner->request->network_namespace_own)
		mount->instead = bind;
	else
		*mount = *bind;
}

/* An empty read-only directory. */
static struct mount_plan *nothing_instead(const struct planner *planner,
					  const struct mount_plan *mount)
{
	struct mount_plan *nothing = arena_memdup(planner->arena, mount, sizeof(*mount));

	nothing->type = "tmpfs";
	nothing->options.parameters.count = 0;
	nothing->options.own =
	    attributes_join(mount->options.own, (struct attributes){ .set = MOUNT_ATTR_RDONLY });
	return nothing;
}

/* In a cgroup namespace of its own the container mounts cgroup2 and sees its cgroup as the root. Else it
 * gets its own cgroup's directory, and if there is none, which only happens without privilege, nothing: never
 * the host's tree (CVE-2023-25809). */
static void plan_cgroup(const struct planner *planner, struct mount_plan *mount)
{
	const struct rootfs_request *request = planner->request;
	struct mount_plan *other = nothing_instead(planner, mount);

	if (request->cgroup_mount && request->cgroup_path) {
		const char *own = request->cgroup_path + strspn(request->cgroup_path, "/");
		struct mount_plan *bind =
		    bind_instead(planner, mount,
				 arena_printf(planner->arena, "%s/%s", request->cgroup_mount, own));

		bind->instead = request->user_namespace ? other : NULL;
		other = bind;
	}
	if (request->cgroup_namespace_own)
		mount->instead = other;
	else
		*mount = *other;
}

static void plan_special(const struct planner *planner, struct mount_plan *mount)
{
	if (strcmp(mount->type, "sysfs") == 0)
		plan_sysfs(planner, mount);
	else if (strcmp(mount->type, "cgroup2") == 0)
		plan_cgroup(planner, mount);
	else if (strcmp(mount->type, "mqueue") == 0 && planner->request->user_namespace)
		mount->instead = bind_instead(planner, mount, "/dev/mqueue");
	else if (strcmp(mount->type, "proc") == 0 && planner->request->pid_namespace_joined)
		mount->from = ROOTFS_SOURCE_PROCFS;
	/* whoever adds it is told what the kernel refuses */
	if (planner->request->running)
		mount->instead = NULL;
}

static bool has_parameter(const struct mount_options *options, const char *key)
{
	for (size_t i = 0; i < options->parameters.count; i++)
		if (strcmp(options->parameters.items[i].key, key) == 0)
			return true;
	return false;
}

/* fsconfig(2) takes no longer value, and has no word for some flags of mount(2). */
static bool needs_old_api(const struct mount_options *options)
{
	const size_t value_max = 255;

	for (size_t i = 0; i < options->parameters.count; i++)
		if (options->parameters.items[i].value &&
		    strlen(options->parameters.items[i].value) > value_max)
			return true;
	return options->old_flags & OLD_FLAGS_ONLY;
}

static const char *mount_label(const struct planner *planner)
{
	const char *label = planner->config->linux_->mount_label;

	return label && label[0] ? arena_strdup(planner->arena, label) : NULL;
}

static void plan_label(const struct planner *planner, struct mount_options *options)
{
	const char *label = mount_label(planner);
	const char *type = planner->config->linux_->mount_context_type ?: "context";

	if (label)
		mount_options_add(options, type, label,
				  arena_printf(planner->arena, "%s=\"%s\"", type, label));
}

const struct mount_plan *plan_empty(const struct planner *planner)
{
	struct mount_plan *empty = arena_calloc(planner->arena, 1, sizeof(*empty));

	*empty = (struct mount_plan){
		.type = "tmpfs",
		.destination = "maskedPaths",
		.source = "tmpfs",
		.options.own.set = MOUNT_ATTR_RDONLY,
		.options.parameters.items =
		    arena_calloc(planner->arena, 2, sizeof(struct parameter)),
	};
	mount_options_add(&empty->options, "ro", NULL, NULL); /* the superblock, too */
	plan_label(planner, &empty->options);
	return empty;
}

static int plan_filesystem(const struct planner *planner, const struct config_mount *config,
			   struct mount_plan *mount, struct error *err)
{
	const struct filesystem *known;
	bool tmpfs;

	if (!config->type || !config->type[0] || strcmp(config->type, "none") == 0)
		return error_set(err, ERROR_INVALID, mount->destination,
				 "neither a type nor bind among the options");
	known = filesystem_find(config->type);
	mount->kind = MOUNT_FILESYSTEM;
	mount->type = known ? known->kernel_type : arena_strdup(planner->arena, config->type);
	mount->source = arena_strdup(planner->arena, config->source);
	if (known && known->real_path)
		mount->resolve |= PATH_NO_SYMLINKS;
	if (strcmp(mount->destination, "/proc") == 0 && strcmp(mount->type, "proc") != 0)
		return error_set(err, ERROR_INVALID, mount->destination,
				 "only a procfs can be mounted on /proc, not %s", mount->type);

	/* nothing is mounted beneath a new instance */
	mount->options.own = attributes_join(mount->options.own, mount->options.recursive);
	mount->options.recursive = (struct attributes){ 0 };
	if (!known || !known->own_label)
		plan_label(planner, &mount->options);
	if (known && known->root_label)
		mount->label = mount_label(planner);
	tmpfs = strcmp(mount->type, "tmpfs") == 0;
	mount->readonly_later = mount->options.own.set & MOUNT_ATTR_RDONLY &&
				(tmpfs || strcmp(mount->destination, "/dev") == 0);
	if (mount->options.own.set & MOUNT_ATTR_RDONLY && !mount->readonly_later &&
	    !(known && known->shared)) {
		mount_options_add(&mount->options, "ro", NULL, NULL);
		mount->options.old_flags |= MS_RDONLY;
	}
	mount->keep_mode = tmpfs && !has_parameter(&mount->options, "mode");
	/* without rights on the host we may be in a user namespace ourselves */
	mount->gid_optional =
	    (planner->request->user_namespace || !planner->request->parent_mounts) &&
	    strcmp(mount->type, "devpts") == 0;
	mount->old_api = needs_old_api(&mount->options);
	/* mount(2) takes a place in the tree, where everybody sees what is being made */
	if (mount->old_api && planner->request->running)
		return error_set(err, ERROR_UNSUPPORTED, mount->destination,
				 "an option of %s is one that a running container can't be given",
				 mount->destination);
	plan_special(planner, mount);
	return 0;
}

/* Without "bind" the filesystem itself changes, too. */
static int plan_change(const struct planner *planner, struct mount_plan *mount, struct error *err)
{
	struct mount_options *options = &mount->options;

	if (planner->request->running)
		return error_set(
		    err, ERROR_UNSUPPORTED, mount->destination,
		    "remount: mounts can be added to a running container, not changed");
	mount->kind = MOUNT_CHANGE;
	if (options->own.set & MOUNT_ATTR_RDONLY)
		mount_options_add(options, "ro", NULL, NULL);
	else if (options->own.clear & MOUNT_ATTR_RDONLY)
		mount_options_add(options, "rw", NULL, NULL);
	return 0;
}

static bool is_bind(const struct config_mount *config, const struct mount_options *options)
{
	return options->flags & OPTION_BIND || (config->type && strcmp(config->type, "bind") == 0);
}

bool rootfs_is_bind(const struct config_mount *mount, struct arena *arena)
{
	struct mount_options options = mount_options_parse(&mount->options, arena);

	return is_bind(mount, &options) && !(options.flags & OPTION_REMOUNT);
}

bool rootfs_is_remount(const struct config_mount *mount, struct arena *arena)
{
	return mount_options_parse(&mount->options, arena).flags & OPTION_REMOUNT;
}

uint64_t rootfs_attributes(const struct config_mount *mount, struct arena *arena)
{
	struct mount_options options = mount_options_parse(&mount->options, arena);

	return options.own.set | options.recursive.set;
}

static int plan_kind(const struct planner *planner, const struct config_mount *config,
		     struct mount_plan *mount, struct error *err)
{
	bool bind = is_bind(config, &mount->options);

	if (mount->options.flags & OPTION_COPY_UP &&
	    (bind || !config->type || strcmp(config->type, "tmpfs") != 0))
		return error_set(err, ERROR_INVALID, mount->destination,
				 "tmpcopyup is for a tmpfs only");
	if (mount->options.flags & OPTION_REMOUNT)
		return plan_change(planner, mount, err);
	return bind ? plan_bind(planner, config, mount, err)
		    : plan_filesystem(planner, config, mount, err);
}

static int plan_mount(const struct planner *planner, const struct config_mount *config,
		      struct error *err)
{
	struct rootfs_plan *plan = planner->plan;
	struct mount_plan *mount = &plan->mounts.items[plan->mounts.count];

	mount->options = mount_options_parse(&config->options, planner->arena);
	if (plan_destination(planner, config, mount, err) < 0 ||
	    plan_kind(planner, config, mount, err) < 0 ||
	    plan_idmap(planner, config, mount, err) < 0)
		return -1;
	plan->mounts.count++;
	return 0;
}

/* NOTIFY_SOCKET of sd_notify(3): the directory of the socket that we listen at. */
static int plan_notify(const struct planner *planner, struct error *err)
{
	char *options = arena_strdup(planner->arena, "bind,ro,nosuid,nodev,noexec,private");
	const struct config_mount notify = {
		.destination = arena_strdup(planner->arena, "/run/notify"),
		.source = arena_strdup(planner->arena, planner->request->notify_dir),
		.options = { &options, 1 },
	};

	return notify.source ? plan_mount(planner, &notify, err) : 0;
}

int plan_mounts(const struct planner *planner, struct error *err)
{
	const struct config *config = planner->config;
	struct rootfs_plan *plan = planner->plan;

	/* all of ours at once: one for sd_notify */
	plan->mounts.items =
	    arena_calloc(planner->arena, config->mounts.count + 1, sizeof(*plan->mounts.items));
	for (size_t i = 0; i < config->mounts.count; i++)
		if (plan_mount(planner, &config->mounts.items[i], err) < 0)
			return error_prefix(err, "mounts[%zu]", i);
	if (plan_notify(planner, err) < 0)
		return -1;
	plan->readonly_later =
	    arena_calloc(planner->arena, plan->mounts.count, sizeof(*plan->readonly_later));
	return 0;
}
