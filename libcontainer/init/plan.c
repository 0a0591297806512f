#include "libcontainer/init/plan.h"

#include <linux/capability.h>
#include <sched.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "libcontainer/init/hooks.h"
#include "libcontainer/namespace/net_devices.h"
#include "libcontainer/process/oom.h"
#include "libcontainer/security/labels.h"

static mode_t current_umask(void)
{
	mode_t mask = umask(022);

	umask(mask);
	return mask;
}

static int plan_security(const struct config *config, const struct plan_request *request,
			 struct arena *arena, struct plan *plan, struct error *err)
{
	const struct config_process *process = config->process;

	capabilities_plan(process->capabilities, &plan->capabilities);
	plan->apparmor = arena_strdup(arena, process->apparmor_profile);
	plan->selinux = arena_strdup(arena, process->selinux_label);
	if (labels_check(plan->apparmor, plan->selinux, err) < 0)
		return -1;
	if (!config->linux_->seccomp)
		return 0;
	return seccomp_plan(config->linux_->seccomp, request->seccomp_cache, arena, &plan->seccomp,
			    err);
}

static struct string_map copy_map(const struct string_map *map, struct arena *arena)
{
	struct string_map copy = { arena_calloc(arena, map->count, sizeof(*map->items)),
				   map->count };

	for (size_t i = 0; i < map->count; i++)
		copy.items[i] =
		    (struct string_map_entry){ arena_strdup(arena, map->items[i].key),
					       arena_strdup(arena, map->items[i].value) };
	return copy;
}

/* As much of it as hooks are told. */
static struct container_state *copy_state(const struct container_state *state, struct arena *arena)
{
	struct container_state *copy = arena_alloc(arena, sizeof(*copy));

	*copy = (struct container_state){
		.id = arena_strdup(arena, state->id),
		.oci_version = arena_strdup(arena, state->oci_version),
		.bundle = arena_strdup(arena, state->bundle),
		.annotations = copy_map(&state->annotations, arena),
	};
	return copy;
}

static bool runs_hooks_early(const struct config_hooks *hooks)
{
	return hooks && (hooks->prestart.count || hooks->create_runtime.count ||
			 hooks->create_container.count);
}

/* Beside the program's own: the connection of `start`, without which nobody could be told that there are too few, and what
 * is opened on the way. They are limited from CREATED on. */
#define INIT_FDS 2

static int plan_create(const struct config *config, const struct plan_request *request,
		       struct arena *arena, struct plan *plan, struct error *err)
{
	if (rlimits_check_files(&plan->process->rlimits, 3 + plan->preserve_fds + INIT_FDS, err) <
	    0)
		return -1;
	namespace_plan(config, request->rootless, arena, &plan->namespaces);
	if (net_devices_check(config->linux_, err) < 0 ||
	    sysctl_plan(config, arena, &plan->sysctl, err) < 0)
		return -1;
	plan->joins_user = plan->namespaces.joined & CLONE_NEWUSER;
	plan->has_net_devices = config->linux_->net_devices.count;
	plan->asks_for_hooks = runs_hooks_early(config->hooks) || plan->namespaces.joined;
	if (config->hooks && config->hooks->start_container.count) {
		plan->start_container = hooks_copy(arena, &config->hooks->start_container);
		plan->hook_state = copy_state(request->state, arena);
	}
	/* nothing that is needed later may be taken from here on */
	plan->arena = arena;
	plan->building = arena->used;
	if (config->hooks && config->hooks->create_container.count) {
		plan->create_container = hooks_copy(arena, &config->hooks->create_container);
		if (!plan->hook_state)
			plan->hook_state = copy_state(request->state, arena);
	}
	return rootfs_plan(config, request->rootfs, arena, &plan->rootfs, err);
}

int plan_make(const struct config *config, const struct plan_request *request, struct arena *arena,
	      struct plan **ret_plan, struct error *err)
{
	struct plan *plan = arena_alloc(arena, sizeof(*plan));

	*plan = (struct plan){
		.purpose = request->purpose,
		.id = arena_strdup(arena, request->id),
		.new_keyring = !request->no_new_keyring,
		.rootless = request->rootless,
		.preserve_fds = request->preserve_fds,
		.umask = current_umask(),
		.procfs = -1,
		.cgroup = -1,
		.start_socket = -1,
		.console_socket = -1,
		.root = -1,
	};
	*ret_plan = plan;
	if (request->purpose == PURPOSE_MOUNTS)
		return request->rootfs
			   ? rootfs_plan(config, request->rootfs, arena, &plan->rootfs, err)
			   : 0;
	if (process_plan(config->process, config->linux_, request->extra_env, arena, &plan->process,
			 err) < 0 ||
	    plan_security(config, request, arena, plan, err) < 0)
		return -1;
	plan->process->user.keep_groups = config->keep_groups;
	if (request->purpose == PURPOSE_EXEC) {
		int may = capabilities_have(CAP_SYS_RESOURCE, err);

		if (may < 0)
			return -1;
		plan->own_rlimits = !may;
	}
	if (request->purpose == PURPOSE_CREATE &&
	    plan_create(config, request, arena, plan, err) < 0)
		return -1;
	return 0;
}

bool plan_caller_finds_init(const struct plan *plan)
{
	return plan->rootless && plan->namespaces.created & CLONE_NEWUSER;
}

bool plan_keeps_groups(const struct plan *plan)
{
	return plan->process && plan->process->user.keep_groups;
}

void plan_close(struct plan *plan)
{
	int *fds[] = { &plan->procfs, &plan->cgroup, &plan->start_socket, &plan->console_socket,
		       &plan->root };

	for (size_t i = 0; i < array_length(fds); i++) {
		cleanup_fd_(fds[i]);
		*fds[i] = -1;
	}
	namespaces_close(&plan->namespaces);
}

int plan_apply_outside(const struct plan *plan, pid_t pid, struct error *err)
{
	const struct process_plan *process = plan->process;

	if (!plan->own_rlimits && rlimits_apply(&process->rlimits, pid, err) < 0)
		return -1;
	return oom_score_apply(plan->procfs, pid, &process->oom_score_adj, plan->rootless, err);
}
