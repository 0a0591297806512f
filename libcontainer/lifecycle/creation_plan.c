/* What create decides before it makes anything: the config, what the state says, the plans of cgroup and init. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/text.h"
#include "base/trace.h"
#include "libcontainer/init/executable.h"
#include "libcontainer/lifecycle/creation.h"
#include "libcontainer/lifecycle/notify.h"
#include "libcontainer/lifecycle/rootfs_request.h"
#include "libcontainer/lifecycle/terminal.h"

#define PLAN_ARENA (192 << 20)

/* A --config file is relative to where we are, not to the bundle. */
static const char *config_name(const struct create_options *options)
{
	return options->config_file ? options->config_file : "config.json";
}

int creation_read(struct creation *creation, struct error *err)
{
	const struct create_options *options = creation->options;
	_cleanup_fd_ int bundle = open(options->bundle, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (bundle < 0)
		return error_errno(err, errno, options->bundle, "open the bundle %s",
				   options->bundle);
	trace_phase("config");
	if (arena_init(&creation->config_arena, CONFIG_ARENA_SIZE, err) < 0 ||
	    arena_init(&creation->plan_arena, PLAN_ARENA, err) < 0 ||
	    config_load(options->config_file ? AT_FDCWD : bundle, config_name(options),
			DOCUMENT_CONFIG, &creation->config_arena, &creation->text,
			&creation->config, err) < 0)
		return -1;
	for (size_t i = 0; i < creation->config->warnings.count; i++)
		creation->runtime->warn(creation->config->warnings.items[i]);
	return terminal_check(creation->config->process->terminal.value, options->detached,
			      options->console_socket, err);
}

/* What a plan refuses stands in the config: tell on which line. */
static int config_error(const struct creation *creation, struct error *err)
{
	if (err->code != ERROR_INVALID && err->code != ERROR_UNSUPPORTED)
		return -1;
	return config_locate(&creation->text, config_name(creation->options), err);
}

static struct strings namespaces_of(const struct config *config, struct arena *arena)
{
	struct strings names = {
		arena_calloc(arena, config->linux_->namespaces.count, sizeof(char *)), 0
	};

	for (size_t i = 0; i < config->linux_->namespaces.count; i++)
		names.items[names.count++] = config->linux_->namespaces.items[i].type;
	return names;
}

/* Which of the container's standard streams are pipes, whose other end somebody else holds: a checkpoint has to know
 * them, restore puts others in their place. The form is that of runc's and crun's descriptors.json. */
static struct strings describe_streams(const struct config *config, struct arena *arena)
{
	struct strings streams = { arena_calloc(arena, 3, sizeof(char *)), 0 };
	char path[32], target[64] = "";

	for (int fd = 0; fd < 3 && !config->process->terminal.value; fd++) {
		ssize_t length;

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		length = readlink(path, target, sizeof(target) - 1);
		target[length > 0 ? length : 0] = '\0';
		streams.items[streams.count++] =
		    arena_strdup(arena, text_starts(target, "pipe:[") ? target : "/dev/null");
	}
	return streams;
}

int creation_describe(struct creation *creation, struct error *err)
{
	struct arena *arena = &creation->config_arena;
	const struct config *config = creation->config;
	_cleanup_fd_ int fd = open(creation->options->bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	char bundle[PATH_MAX];

	/* realpath(3) asks for every directory on the way */
	if (fd < 0 || fd_path(fd, bundle) < 0)
		return error_errno(err, errno, creation->options->bundle, "find the bundle");
	creation->state = arena_alloc(arena, sizeof(*creation->state));
	*creation->state = (struct container_state){
		.version = STATE_VERSION,
		.id = arena_strdup(arena, creation->options->id),
		.oci_version = config->oci_version,
		.bundle = arena_strdup(arena, bundle),
		.owner_uid = geteuid(),
		.cgroup_manager =
		    arena_strdup(arena, cgroup_manager_name(creation->runtime->manager)),
		.namespaces = namespaces_of(config, arena),
		.no_new_keyring = creation->options->no_new_keyring,
		.has_poststart = config->hooks && config->hooks->poststart.count,
		.has_poststop = config->hooks && config->hooks->poststop.count,
		.descriptors = describe_streams(config, arena),
		.annotations = config->annotations,
		.status = STATUS_CREATING,
	};
	return 0;
}

int creation_plan_cgroup(struct creation *creation, struct error *err)
{
	struct cgroup_request request = {
		.manager = creation->runtime->manager,
		.id = creation->options->id,
		.rootless = creation->runtime->rootless,
		.systemd = &creation->systemd.facts,
	};

	if (request.manager == CGROUP_SYSTEMD &&
	    systemd_connect(executable_path(), creation->runtime->user_manager, &creation->systemd,
			    err) < 0)
		return -1;
	if (request.rootless &&
	    cgroup_of(0, &creation->config_arena, (char **)&request.own, err) < 0)
		return -1;
	if (cgroup_plan(creation->config, &request, &creation->config_arena, &creation->cgroup_plan,
			err) < 0)
		return config_error(creation, err);
	if (creation->cgroup_plan->warning)
		creation->runtime->warn(creation->cgroup_plan->warning);
	creation->state->cgroup_path = creation->cgroup_plan->path;
	creation->state->systemd_user = creation->systemd.facts.user;
	/* the intent: whoever deletes what we leave when we are killed must not take the cgroup of
	 * others for ours, nor ours for that of others */
	creation->state->cgroup_created =
	    creation->cgroup_plan->path && !cgroup_exists(creation->cgroup_plan->path);
	return 0;
}

/* config.md#linux-process: what can't be granted is told, and the container runs without it. */
static void warn_of_capabilities(struct creation *creation)
{
	struct arena *arena = &creation->config_arena;
	struct error ignored = ERROR_INIT;
	char *missing = NULL;

	if (config_namespace_find(creation->config, "user") ||
	    capabilities_missing(&creation->plan->capabilities, arena, &missing, &ignored) < 0 ||
	    !missing)
		return;
	creation->runtime->warn(arena_printf(
	    arena, "process.capabilities: going without what can't be granted here: %s", missing));
}

int creation_plan_init(struct creation *creation, struct error *err)
{
	struct arena *arena = &creation->plan_arena;
	struct strings env = { arena_calloc(arena, EXTRA_ENV_MAX, sizeof(char *)), 0 };
	unsigned int listen_fds = inherited_listen_fds(arena, &env);
	const char *notify_dir =
	    notify_directory(creation->runtime, creation->options->id, arena, &env);
	struct rootfs_request rootfs = rootfs_request_make(
	    creation->runtime, creation->config, creation->state, &creation->config_arena);
	_cleanup_fd_ int cache = store_seccomp_cache(&creation->record, creation->config);
	struct plan_request request = {
		.purpose = PURPOSE_CREATE,
		.id = creation->options->id,
		.state = creation->state,
		.rootfs = &rootfs,
		.extra_env = &env,
		.seccomp_cache = cache,
		.no_new_keyring = creation->options->no_new_keyring,
		.rootless = creation->runtime->rootless,
		.preserve_fds = creation->options->preserve_fds + listen_fds,
	};

	rootfs.no_pivot = creation->options->no_pivot;
	rootfs.notify_dir = notify_dir;
	if (inherited_fds_check((uint64_t)creation->options->preserve_fds + listen_fds, err) < 0)
		return -1;
	if (notify_dir && notify_make_directory(&creation->record, err) < 0)
		return -1;
	if (plan_make(creation->config, &request, arena, &creation->plan, err) < 0 ||
	    rootfs_check(creation->plan->rootfs, err) < 0)
		return config_error(creation, err);
	warn_of_capabilities(creation);
	creation->state->rootfs = arena_strdup(arena, rootfs_path(creation->plan->rootfs));
	return 0;
}
