/* Put the plan together. Pure. */
#include "libcontainer/cgroup/internal.h"

#include <string.h>

#include "libcontainer/cgroup/systemd.h"

/* config-linux.md, Cgroup ownership: only with a cgroup namespace of its own and a writable
 * cgroupfs in the container. */
static bool has_writable_cgroupfs(const struct config *config)
{
	for (size_t i = 0; i < config->mounts.count; i++) {
		const struct config_mount *mount = &config->mounts.items[i];

		if (mount->source && strcmp(mount->source, "cgroup") == 0 &&
		    strcmp(mount->destination, "/sys/fs/cgroup") == 0)
			return !text_in(&mount->options, "ro");
	}
	return false;
}

/* The host's uid for a uid of the container; false if it has none, or only the joined user
 * namespace knows. */
static bool map_uid(const struct config *config, uint64_t uid, uid_t *ret_uid)
{
	const struct id_mapping_list *maps = &config->linux_->uid_mappings;
	const struct config_namespace *user = config_namespace_find(config, "user");

	if (!user) {
		*ret_uid = (uid_t)uid;
		return true;
	}
	for (size_t i = 0; i < maps->count; i++) {
		uint64_t first = maps->items[i].container_id.value;

		if (uid < first || uid - first >= maps->items[i].size.value)
			continue;
		*ret_uid = (uid_t)(maps->items[i].host_id.value + uid - first);
		return true;
	}
	return false;
}

static void plan_owner(const struct config *config, struct cgroup_plan *plan)
{
	uint64_t uid = config->process ? config->process->user.uid.value : 0;

	plan->delegate = config_namespace_is_new(config, "cgroup") &&
			 has_writable_cgroupfs(config) && map_uid(config, uid, &plan->owner) &&
			 plan->owner != 0;
}

/* The controllers without which a limit couldn't be set. */
static void plan_controllers(struct cgroup_plan *plan, struct arena *arena)
{
	const struct cgroup_writes *writes = &plan->writes;
	struct strings *controllers = &plan->controllers;

	controllers->items = arena_calloc(arena, writes->count, sizeof(char *));
	for (size_t i = 0; i < writes->count; i++) {
		const char *controller = writes->items[i].controller;

		if (writes->items[i].harmless || !controller || text_in(controllers, controller))
			continue;
		controllers->items[controllers->count++] = arena_strdup(arena, controller);
	}
}

static bool has_limit(const struct cgroup_plan *plan)
{
	for (size_t i = 0; i < plan->writes.count; i++)
		if (!plan->writes.items[i].harmless)
			return true;
	return false;
}

static const struct config_resources no_resources;

static int plan_resources(const struct config *config, struct arena *arena,
			  struct cgroup_plan *plan, struct error *err)
{
	const struct config_resources *resources =
	    config->linux_->resources ? config->linux_->resources : &no_resources;

	if (cgroup_plan_writes(resources, arena, &plan->writes, err) < 0)
		return -1;
	if (device_program_compile(resources, arena, &plan->devices, err) < 0)
		return -1;
	plan_controllers(plan, arena);
	return 0;
}

int cgroup_plan(const struct config *config, const struct cgroup_request *request,
		struct arena *arena, struct cgroup_plan **ret_plan, struct error *err)
{
	const char *path = config->linux_->cgroups_path;
	struct cgroup_plan *plan = arena_alloc(arena, sizeof(*plan));

	plan->manager = request->manager;
	plan->rootless = request->rootless;
	if (plan_resources(config, arena, plan, err) < 0)
		return -1;
	if (request->manager == CGROUP_DISABLED) {
		if (has_limit(plan))
			plan->warning = "cgroups are disabled: linux.resources is not applied";
		plan->devices.count = 0;
		*ret_plan = plan;
		return 0;
	}
	if ((request->manager == CGROUP_SYSTEMD
		 ? unit_plan(config, request, arena, plan, err)
		 : cgroup_path_decide(path, request, arena, &plan->path, err)) < 0)
		return -1;
	plan->asked = (path && *path) || has_limit(plan);
	plan_owner(config, plan);
	*ret_plan = plan;
	return 0;
}
