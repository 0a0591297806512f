#include "libcontainer/lifecycle/rootfs_request.h"

struct rootfs_request rootfs_request_make(const struct runtime *runtime,
					  const struct config *config,
					  const struct container_state *state, struct arena *arena)
{
	const struct config_namespace *user = config_namespace_find(config, "user");

	return (struct rootfs_request){
		.bundle = state->bundle,
		.mount_namespace = config_namespace_find(config, "mount"),
		.user_namespace = user,
		.network_namespace_own = config_namespace_is_new(config, "network"),
		.cgroup_namespace_own = config_namespace_is_new(config, "cgroup"),
		.pid_namespace_joined = config_namespace_is_joined(config, "pid"),
		.parent_mounts = !runtime->rootless,
		.user_namespace_path = user ? user->path : NULL,
		.cgroup_mount = cgroup_mount_point(arena),
		.cgroup_path = state->cgroup_path,
	};
}
