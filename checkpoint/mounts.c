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
	ret_mount->readonly = mountinfo_has(line->options, "ro");
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

/* ---- which are the host's ---- */

struct sorter {
	const struct mountinfo_list *container, *host;
	const struct config *config;
	struct arena *arena;
	const struct mount_info *root; /* NULL: none is seen */
	struct mountinfo_list own;     /* filesystems that the container mounted itself */
};

/* The mount of the config on that mountpoint, NULL. */
static const struct config_mount *configured(const struct sorter *sorter, const char *mountpoint)
{
	const struct config *config = sorter->config;
	struct error ignored = ERROR_INIT;
	char clean[PATH_MAX];

	for (size_t i = config->mounts.count; i > 0; i--) {
		const struct config_mount *mount = &config->mounts.items[i - 1];

		if (path_clean(mount->destination, clean, sizeof(clean), &ignored) == 0 &&
		    strcmp(clean, mountpoint) == 0)
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
		const struct config_mount *wanted = configured(sorter, mount->mountpoint);

		if (wanted && !rootfs_is_bind(wanted, sorter->arena) &&
		    (cgroup_namespace || strcmp(mount->type, "cgroup2") != 0))
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

static bool is_external(const struct sorter *sorter, const struct mount_info *mount)
{
	const struct config_mount *wanted = configured(sorter, mount->mountpoint);

	if (mount == sorter->root)
		return false;
	if (wanted && rootfs_is_bind(wanted, sorter->arena))
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

/* What follows @root in @path, "" if they are the same; NULL if it isn't below it. */
static const char *below(const char *path, const char *root)
{
	size_t length = strcmp(root, "/") == 0 ? 0 : strlen(root);

	if (strncmp(path, root, length) != 0 || (path[length] && path[length] != '/'))
		return NULL;
	return strcmp(path + length, "/") == 0 ? "" : path + length;
}

const char *mounts_wide_path(const struct mountinfo_list *list, const struct mount_info *mount,
			     struct arena *arena)
{
	const struct mount_info *widest = NULL;

	for (size_t i = 0; i < list->count; i++) {
		const struct mount_info *one = &list->items[i];

		if (one->device == mount->device && one->id != mount->id &&
		    below(mount->root, one->root) &&
		    (!widest || strlen(one->root) < strlen(widest->root)))
			widest = one;
	}
	if (!widest)
		return NULL;
	return arena_printf(arena, "%s%s",
			    strcmp(widest->mountpoint, "/") == 0 ? "" : widest->mountpoint,
			    below(mount->root, widest->root));
}
