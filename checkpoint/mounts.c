#include "checkpoint/mounts.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mountinfo.h"
#include "base/path.h"
#include "base/text.h"
#include "libcontainer/rootfs/rootfs.h"

/* ---- the list ---- */

static uint64_t restrictions_of(const struct mountinfo_line *line)
{
	static const struct {
		const char *name;
		uint64_t attribute;
	} rows[] = {
		{ "ro", MOUNT_ATTR_RDONLY },
		{ "nosuid", MOUNT_ATTR_NOSUID },
		{ "nodev", MOUNT_ATTR_NODEV },
		{ "noexec", MOUNT_ATTR_NOEXEC },
		{ "nosymfollow", MOUNT_ATTR_NOSYMFOLLOW },
	};
	uint64_t restrictions = 0;

	for (size_t i = 0; i < array_length(rows); i++)
		if (mountinfo_has(line->options, rows[i].name))
			restrictions |= rows[i].attribute;
	return restrictions;
}

static bool take_line(const struct mountinfo_line *line, struct arena *arena,
		      struct mount_info *ret_mount)
{
	char path[PATH_MAX];

	if (!mountinfo_path(line->root, path))
		return false;
	ret_mount->root = arena_strdup(arena, path);
	if (!mountinfo_path(line->point, path))
		return false;
	ret_mount->mountpoint = arena_strdup(arena, path);
	ret_mount->id = line->id;
	ret_mount->device = line->device;
	ret_mount->type = arena_strndup(arena, line->type.at, line->type.length);
	ret_mount->restrictions = restrictions_of(line);
	ret_mount->idmapped = mountinfo_has(line->options, "idmapped");
	return true;
}

/* One with a path that is too long for us is for CRIU as well, and it says so. */
void mounts_parse(const char *text, struct arena *arena, struct mountinfo_list *ret_list)
{
	struct mountinfo_list list = { NULL, 0 };
	struct mountinfo_line line;
	size_t lines = 0;

	for (const char *at = text; *at; at++)
		lines += *at == '\n';
	list.items = arena_calloc(arena, lines + 1, sizeof(*list.items));
	while (mountinfo_next(&text, &line))
		list.count += take_line(&line, arena, &list.items[list.count]);
	*ret_list = list;
}

int mounts_read(pid_t pid, struct arena *arena, struct mountinfo_list *ret_list, struct error *err)
{
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/mountinfo", (int)pid);
	if (file_read(AT_FDCWD, path, MOUNTINFO_MAX, &text, err) < 0)
		return -1;
	mounts_parse(text.bytes ? text.bytes : "", arena, ret_list);
	return 0;
}

const struct mount_info *mounts_find(const struct mountinfo_list *list, const char *mountpoint)
{
	for (size_t i = list->count; i > 0; i--)
		if (strcmp(list->items[i - 1].mountpoint, mountpoint) == 0)
			return &list->items[i - 1];
	return NULL;
}

/* ---- types ---- */

/* Filesystems that have nothing of the host's in them, so that CRIU may make them as the images say. */
static const struct own_type {
	const char *name;
	const char
	    *namespace; /* what it shows is this namespace's; NULL: an instance has nothing but its own */
	bool
	    guarded; /* ways into the kernel, which the config masks and makes read-only where it has them */
} own_types[] = {
	{ "cgroup2", "cgroup", true }, { "devpts", NULL, false },    { "mqueue", "ipc", false },
	{ "proc", "pid", true },       { "sysfs", "network", true }, { "tmpfs", NULL, false },
};

static const struct own_type *own_type(const char *name)
{
	for (size_t i = 0; i < array_length(own_types); i++)
		if (strcmp(own_types[i].name, name) == 0)
			return &own_types[i];
	return NULL;
}

bool mount_type_is_own(const char *type)
{
	return own_type(type);
}

/* ---- which are the host's ---- */

struct sorter {
	const struct mountinfo_list *container, *host;
	const struct config *config;
	struct arena *arena;
	const struct mount_info *root; /* NULL: none is seen */
	struct mountinfo_list own;     /* filesystems that the container mounted itself */
};

static bool clean_destination(const struct config_mount *mount, char ret_clean[static PATH_MAX])
{
	struct error ignored = ERROR_INIT;

	return path_clean(mount->destination, ret_clean, PATH_MAX, &ignored) == 0;
}

/* The mount of the config on that mountpoint, NULL. A remount makes none. */
static const struct config_mount *configured(const struct config *config, const char *mountpoint,
					     struct arena *arena)
{
	char clean[PATH_MAX];

	for (size_t i = config->mounts.count; i > 0; i--) {
		const struct config_mount *mount = &config->mounts.items[i - 1];

		if (clean_destination(mount, clean) && strcmp(clean, mountpoint) == 0 &&
		    !rootfs_is_remount(mount, arena))
			return mount;
	}
	return NULL;
}

static bool has_device(const struct mountinfo_list *list, dev_t device)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].device == device)
			return true;
	return false;
}

bool mount_is_new(const struct mount_info *mount, const struct config_mount *wanted,
		  struct arena *arena)
{
	const char *type = wanted->type ? wanted->type : "";

	/* the spec's name for whatever the machine has */
	if (strcmp(type, "cgroup") == 0)
		type = "cgroup2";
	return strcmp(type, mount->type) == 0 && !rootfs_is_bind(wanted, arena);
}

/* Does the config have such a new filesystem at @mountpoint? */
static bool is_configured(const struct config *config, const char *mountpoint,
			  const struct mount_info *mount, struct arena *arena)
{
	const struct config_mount *wanted = configured(config, mountpoint, arena);

	return wanted && mount_is_new(mount, wanted, arena);
}

/* Those that the host has too, like a procfs of the host's pid namespace or cgroup2: CRIU mounts them anew. A
 * cgroup2 without a cgroup namespace is a bind of the host's. */
static void find_own(struct sorter *sorter)
{
	bool cgroup_namespace = config_namespace_find(sorter->config, "cgroup");
	const struct mountinfo_list *container = sorter->container;

	sorter->own.items =
	    arena_calloc(sorter->arena, container->count, sizeof(*container->items));
	for (size_t i = 0; i < container->count; i++) {
		const struct mount_info *mount = &container->items[i];
		bool cgroup = strcmp(mount->type, "cgroup2") == 0;

		if (mount_type_is_own(mount->type) &&
		    is_configured(sorter->config, mount->mountpoint, mount, sorter->arena) &&
		    (cgroup ? cgroup_namespace : strcmp(mount->root, "/") == 0))
			sorter->own.items[sorter->own.count++] = *mount;
	}
}

/* readonlyPaths: a part of the root, on itself. */
static bool is_part_of_root(const struct mount_info *mount, const struct mount_info *root)
{
	size_t length = strcmp(root->root, "/") == 0 ? 0 : strlen(root->root);

	return mount->device == root->device && strncmp(mount->root, root->root, length) == 0 &&
	       strcmp(mount->root + length, mount->mountpoint) == 0;
}

/* A filesystem that lies on something of the host, like an overlay, is for the config to make again. */
static bool is_the_configs(const struct sorter *sorter, const struct mount_info *mount)
{
	const struct config_mount *wanted =
	    configured(sorter->config, mount->mountpoint, sorter->arena);

	return wanted &&
	       (rootfs_is_bind(wanted, sorter->arena) ||
		(!mount_type_is_own(mount->type) && mount_is_new(mount, wanted, sorter->arena)));
}

static bool is_external(const struct sorter *sorter, const struct mount_info *mount)
{
	if (mount == sorter->root)
		return false;
	if (is_the_configs(sorter, mount))
		return true;
	return has_device(sorter->host, mount->device) &&
	       !has_device(&sorter->own, mount->device) &&
	       !(sorter->root && is_part_of_root(mount, sorter->root));
}

void mounts_external(const struct mountinfo_list *container, const struct mountinfo_list *host,
		     const struct config *config, struct arena *arena,
		     struct mountinfo_list *ret_external)
{
	struct sorter sorter = { container,  host, config, arena, mounts_find(container, "/"),
				 { NULL, 0 } };
	struct mountinfo_list external = {
		arena_calloc(arena, container->count, sizeof(*external.items)), 0
	};

	find_own(&sorter);
	for (size_t i = 0; i < container->count; i++)
		if (is_external(&sorter, &container->items[i]))
			external.items[external.count++] = container->items[i];
	*ret_external = external;
}

bool mount_is_mask(const struct mount_info *mount, const struct config *config)
{
	return strcmp(mount->root, "/null") == 0 &&
	       text_in(&config->linux_->masked_paths, mount->mountpoint);
}

const char *mounts_wide_path(const struct mountinfo_list *list, const struct mount_info *mount,
			     struct arena *arena)
{
	const struct mount_info *widest = NULL;

	for (size_t i = 0; i < list->count; i++) {
		const struct mount_info *one = &list->items[i];

		if (one->device == mount->device && one->id != mount->id &&
		    path_below(mount->root, one->root) &&
		    (!widest || strlen(one->root) < strlen(widest->root)))
			widest = one;
	}
	if (!widest)
		return NULL;
	return arena_printf(arena, "%s%s",
			    strcmp(widest->mountpoint, "/") == 0 ? "" : widest->mountpoint,
			    path_below(mount->root, widest->root));
}

/* ---- which the config covers ---- */

bool mounts_cover(const struct config *config, size_t index, struct arena *arena)
{
	const struct config_mount *mounts = config->mounts.items;
	const struct strings *masks = &config->linux_->masked_paths;
	char own[PATH_MAX], other[PATH_MAX];
	struct error ignored = ERROR_INIT;

	if (!clean_destination(&mounts[index], own))
		return false;
	for (size_t i = index + 1; i < config->mounts.count; i++) {
		const char *rest =
		    clean_destination(&mounts[i], other) ? path_below(own, other) : NULL;

		if (rest && (!*rest || !rootfs_is_remount(&mounts[i], arena)))
			return true;
	}
	for (size_t i = 0; i < masks->count; i++)
		if (path_clean(masks->items[i], other, sizeof(other), &ignored) == 0 &&
		    path_below(own, other))
			return true;
	return false;
}

bool mounts_hide(const struct config *config, const char *mountpoint, struct arena *arena)
{
	bool later = false;

	for (size_t i = config->mounts.count; i > 0; i--) {
		const struct config_mount *mount = &config->mounts.items[i - 1];
		char clean[PATH_MAX];
		const char *rest =
		    clean_destination(mount, clean) ? path_below(mountpoint, clean) : NULL;

		if (!rest || rootfs_is_remount(mount, arena))
			continue;
		if (!*rest && rootfs_is_bind(mount, arena))
			return later;
		later = true;
	}
	return false;
}

/* ---- what CRIU has made ---- */

bool mount_forbids(const struct mount_info *mount, uint64_t restrictions)
{
	return !(restrictions & MOUNT_RESTRICTIONS & ~mount->restrictions);
}

bool mount_is_same(const struct mount_info *mount, const struct mount_info *other)
{
	return mount && other && mount->device == other->device &&
	       strcmp(mount->root, other->root) == 0;
}

bool mount_is_within(const struct mount_info *mount, const struct mount_info *root)
{
	return mount->device == root->device && path_below(mount->root, root->root);
}

static bool is_elsewhere(const struct mounts_judge *judge, dev_t device)
{
	for (size_t i = 0; i < judge->elsewhere_count; i++)
		if (judge->elsewhere[i] == device)
			return true;
	return false;
}

/* Is it an instance of the container's own, not a bind of one that somebody else has? All cgroup2 are one. */
static bool is_own_instance(const struct mounts_judge *judge, const struct mount_info *mount,
			    const struct own_type *type)
{
	if (strcmp(type->name, "cgroup2") == 0)
		return config_namespace_find(judge->config, "cgroup") && judge->cgroup &&
		       path_below(mount->root, judge->cgroup);
	return !is_elsewhere(judge, mount->device) ||
	       (type->namespace && !config_namespace_is_new(judge->config, type->namespace));
}

/* Where the config has it, or a part of that on itself: read-only, or it would undo the readonlyPaths. */
static bool is_in_place(const struct mounts_judge *judge, const struct mount_info *mount)
{
	size_t root = strlen(mount->root), point = strlen(mount->mountpoint);
	const char *place = mount->mountpoint;

	if (strcmp(mount->root, "/") != 0 && strcmp(mount->type, "cgroup2") != 0) {
		if (root >= point || strcmp(place + point - root, mount->root) != 0 ||
		    !mount_forbids(mount, MOUNT_ATTR_RDONLY))
			return false;
		place = arena_strndup(judge->arena, place, point - root);
	}
	return is_configured(judge->config, place, mount, judge->arena);
}

bool mounts_are_free(const struct config *config)
{
	const struct config_process *process = config->process;

	return process && process->capabilities &&
	       text_in(&process->capabilities->bounding, "CAP_SYS_ADMIN");
}

bool mount_is_own(const struct mount_info *mount, const struct mounts_judge *judge)
{
	const struct own_type *type = own_type(mount->type);

	if (!type)
		return text_in(judge->enabled, mount->type) && !is_elsewhere(judge, mount->device);
	return is_own_instance(judge, mount, type) &&
	       (!type->guarded || /* who may mount has no need of images to get at the kernel */
		mounts_are_free(judge->config) || is_in_place(judge, mount));
}
