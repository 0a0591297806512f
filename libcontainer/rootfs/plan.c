/* The plan of the file tree as a whole: config.md#root, config-linux.md#masked-paths,
 * #readonly-paths, #rootfs-mount-propagation. */
#include "libcontainer/rootfs/plan.h"

#include <limits.h>
#include <string.h>

#include "base/path.h"
#include "oci/names.h"

char *plan_host_path(const struct planner *planner, const char *path)
{
	return path[0] == '/'
		   ? arena_strdup(planner->arena, path)
		   : arena_printf(planner->arena, "%s/%s", planner->request->bundle, path);
}

const char *plan_clean_path(const struct planner *planner, const char *path, struct error *err)
{
	char clean[PATH_MAX];

	if (path_clean(path, clean, sizeof(clean), err) < 0)
		return NULL;
	return arena_strdup(planner->arena, clean);
}

static int plan_root(const struct planner *planner, struct error *err)
{
	const struct config_root *root = planner->config->root;
	struct rootfs_plan *plan = planner->plan;

	if (!root || !root->path || !root->path[0])
		return error_set(err, ERROR_INVALID, "root.path", "root.path is missing");
	plan->bundle = arena_strdup(planner->arena, planner->request->bundle);
	plan->root = plan_host_path(planner, root->path);
	/* Links must not lead out of the bundle; a path that says ".." in the open may. */
	if (root->path[0] != '/' && !text_starts(root->path, "../"))
		plan->root_in_bundle = arena_strdup(planner->arena, root->path);
	if (planner->request->user_namespace && planner->request->parent_mounts &&
	    planner->request->mount_namespace)
		plan->root_from = ROOTFS_SOURCE_PARENT;
	plan->readonly = root->readonly.set && root->readonly.value;
	return 0;
}

static int plan_propagation(const struct planner *planner, struct error *err)
{
	const char *name = planner->config->linux_->rootfs_propagation;
	const struct name_value *row;
	unsigned long type;

	planner->plan->isolation = MS_SLAVE;
	if (!name || !name[0])
		return 0;
	row = name_find(names_propagations, name);
	if (!row)
		return error_set(err, ERROR_INVALID, "linux.rootfsPropagation",
				 "linux.rootfsPropagation: unknown value \"%s\"", name);
	planner->plan->propagation = (unsigned long)row->value;
	type = planner->plan->propagation & ~(unsigned long)MS_REC;
	if (type == MS_SHARED || type == MS_PRIVATE)
		planner->plan->isolation = type;
	return 0;
}

/* Without a mount namespace everything would be done to the host, and stay there. */
static int check_mount_namespace(const struct planner *planner, struct error *err)
{
	const struct rootfs_plan *plan = planner->plan;
	const char *property = plan->mounts.count	    ? "mounts"
			       : plan->readonly		    ? "root.readonly"
			       : plan->masked_paths.count   ? "linux.maskedPaths"
			       : plan->readonly_paths.count ? "linux.readonlyPaths"
			       : plan->propagation	    ? "linux.rootfsPropagation"
							    : NULL;

	if (plan->mount_namespace || !property)
		return 0;
	return error_set(err, ERROR_INVALID, property, "%s needs a mount namespace", property);
}

/* In create masks come after all mounts; here they are there already, and what is mounted over them
 * would bring to light what they hide. */
static int check_covers(const struct planner *planner, const struct strings *covered,
			struct error *err)
{
	for (size_t i = 0; i < covered->count; i++) {
		const char *clean = plan_clean_path(planner, covered->items[i], err);

		if (!clean)
			return -1;
		for (size_t j = 0; j < planner->plan->mounts.count; j++) {
			const char *destination = planner->plan->mounts.items[j].destination;

			if (path_below(clean, destination))
				return error_set(
				    err, ERROR_INVALID, destination,
				    "%s can't be mounted over in a running container: "
				    "it would uncover %s, which is masked or read-only",
				    destination, clean);
		}
	}
	return 0;
}

/* What is added to a container that is there. */
static int plan_added(const struct planner *planner, struct error *err)
{
	const struct config_linux *linux_ = planner->config->linux_;

	if (!planner->request->mount_namespace)
		return error_set(err, ERROR_UNSUPPORTED, "mounts",
				 "the container has no mount namespace of its own");
	if (plan_propagation(planner, err) < 0 || plan_mounts(planner, err) < 0 ||
	    check_covers(planner, &linux_->masked_paths, err) < 0)
		return -1;
	return check_covers(planner, &linux_->readonly_paths, err);
}

int rootfs_plan(const struct config *config, const struct rootfs_request *request,
		struct arena *arena, struct rootfs_plan **ret_plan, struct error *err)
{
	struct rootfs_plan *plan = arena_alloc(arena, sizeof(*plan));
	const struct planner planner = { config, request, arena, plan };

	plan->mount_namespace = request->mount_namespace;
	plan->user_namespace = request->user_namespace;
	plan->no_pivot = request->no_pivot;
	*ret_plan = plan;
	if (request->running)
		return plan_added(&planner, err);
	plan->masked_paths = strings_copy(arena, &config->linux_->masked_paths);
	plan->empty = plan_empty(&planner);
	plan->readonly_paths = strings_copy(arena, &config->linux_->readonly_paths);
	if (plan_root(&planner, err) < 0 || plan_propagation(&planner, err) < 0 ||
	    plan_mounts(&planner, err) < 0 || plan_devices(&planner, err) < 0 ||
	    check_mount_namespace(&planner, err) < 0)
		return -1;
	return 0;
}

const char *rootfs_path(const struct rootfs_plan *plan)
{
	return plan->root;
}

size_t rootfs_mount_count(const struct rootfs_plan *plan)
{
	return plan->mounts.count;
}

const char *rootfs_new_filesystem(const struct rootfs_plan *plan, size_t index, const char **ret_at)
{
	const struct mount_plan *mount = &plan->mounts.items[index];

	if (mount->kind != MOUNT_FILESYSTEM)
		return NULL;
	*ret_at = mount->destination;
	return mount->type;
}

enum rootfs_source rootfs_source(const struct rootfs_plan *plan, size_t index)
{
	return index == ROOTFS_ROOT ? plan->root_from : plan->mounts.items[index].from;
}
