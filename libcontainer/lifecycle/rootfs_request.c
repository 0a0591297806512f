#include "libcontainer/lifecycle/rootfs_request.h"

static bool joins(const struct config_namespace *found)
{
	return found && found->path && found->path[0];
}

static bool has_own(const struct config *config, const char *type)
{
	const struct config_namespace *found = config_namespace_find(config, type);

	return found && !joins(found);
}

struct rootfs_request rootfs_request_make(const struct runtime *runtime,
					  const struct config *config,
					  const struct container_state *state, struct arena *arena)
{
	const struct config_namespace *user = config_namespace_find(config, "user");

	return (struct rootfs_request){
		.bundle = state->bundle,
		.mount_namespace = config_namespace_find(config, "mount"),
		.user_namespace = user,
		.network_namespace_own = has_own(config, "network"),
		.cgroup_namespace_own = has_own(config, "cgroup"),
		.pid_namespace_joined = joins(config_namespace_find(config, "pid")),
		.parent_mounts = !runtime->rootless,
		.user_namespace_path = user ? user->path : NULL,
		.cgroup_mount = cgroup_mount_point(arena),
		.cgroup_path = state->cgroup_path,
	};
}
