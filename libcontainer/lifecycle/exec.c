/* exec: one more process in a container that is there. It walks the same spawn as init, by way of a
 * bridge that joins the container's namespaces; the last one, of pids, is entered when everything
 * else is done. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/procfs.h"
#include "base/socket.h"
#include "base/text.h"
#include "base/trace.h"
#include "libcontainer/cgroup/intel_rdt.h"
#include "libcontainer/init/message.h"
#include "libcontainer/lifecycle/creation.h"
#include "libcontainer/lifecycle/enter.h"
#include "libcontainer/lifecycle/exec_process.h"
#include "libcontainer/lifecycle/hooks_after.h"
#include "libcontainer/lifecycle/notify.h"
#include "libcontainer/lifecycle/terminal.h"
#include "libcontainer/lifecycle/unit.h"
#include "libcontainer/lifecycle/wait.h"

#define PLAN_ARENA (192 << 20)

#define LOCK_SECONDS 5 /* that a process may be silent, and others have to wait for it */

struct execution {
	const struct runtime *runtime;
	const struct exec_options *options;
	struct record record;
	unsigned int silent_seconds; /* of the process, on its way to the program */
	struct arena config_arena, plan_arena;
	struct container_state *state;
	struct config *config;
	struct plan *plan;
	const char *cgroup_path; /* where it is to run */
	int cgroup;		 /* the same, where it is moved there; else plan->cgroup */
	int init; /* pidfd of the container's init: while it is open its pid means nobody else */
	int pidfd_socket;
	struct terminal terminal;
	struct spawned spawned;
};

static int check_status(const struct execution *execution, struct error *err)
{
	const char *id = execution->options->id;

	switch (execution->state->status) {
	case STATUS_RUNNING:
	case STATUS_CREATED:
		return 0;
	case STATUS_PAUSED:
		if (execution->options->ignore_paused)
			return 0;
		return error_set(
		    err, ERROR_STATE, id,
		    "cannot exec in a paused container (use --ignore-paused to override)");
	case STATUS_CREATING:
		return error_set(err, ERROR_STATE, id,
				 "cannot exec in a container that is being created");
	case STATUS_STOPPED:
		break;
	}
	return error_set(
	    err, ERROR_NOT_RUNNING, id,
	    "cannot exec in a stopped container: container not running: no such process");
}

static int load(struct execution *execution, struct error *err)
{
	const char *id = execution->options->id;
	/* into a paused one our process doesn't get before somebody has resumed it: who does that
	 * must not wait for us */
	enum store_lock how = execution->options->ignore_paused ? STORE_UNLOCKED : STORE_SHARED;

	trace_phase("state");
	if (arena_init(&execution->config_arena, STATE_ARENA_SIZE + CONFIG_ARENA_SIZE, err) < 0 ||
	    arena_init(&execution->plan_arena, PLAN_ARENA, err) < 0 ||
	    store_open(execution->runtime, id, how, &execution->record, err) < 0 ||
	    store_load(&execution->record, id, &execution->config_arena, &execution->state, err) <
		0 ||
	    check_status(execution, err) < 0)
		return -1;
	trace_phase("config");
	if (store_config(&execution->record, &execution->config_arena, &execution->config, err) <
		0 ||
	    exec_process(execution->options, &execution->config_arena, execution->config, err) < 0)
		return -1;
	return terminal_check(execution->config->process->terminal.value,
			      execution->options->detach, execution->options->console_socket, err);
}

/* ---- where it runs ---- */

static bool has_children_with_controllers(int cgroup)
{
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;
	struct error ignored = ERROR_INIT;

	return file_read(cgroup, "cgroup.subtree_control", 4096, &text, &ignored) == 0 &&
	       text.length > 1;
}

/* The container's cgroup, or one below it that the caller names. A container that has handed its
 * controllers on to cgroups of its own (systemd does) takes no process at the top any more: then
 * that of its init. Its path, and in *ret_cgroup a descriptor of it; NULL with the error. */
static const char *choose_cgroup(struct execution *execution, int *ret_cgroup, struct error *err)
{
	const char *below = execution->options->cgroup, *top = execution->state->cgroup_path;
	struct arena *arena = &execution->plan_arena;
	_cleanup_fd_ int cgroup = -1;
	char *path = below ? exec_cgroup_path(top, below, arena, err) : arena_strdup(arena, top);

	cgroup = path ? cgroup_open(path, err) : -1;
	if (cgroup < 0)
		return NULL;
	if (!below && has_children_with_controllers(cgroup)) {
		if (cgroup_of((pid_t)execution->state->pid, arena, &path, err) < 0)
			return NULL;
		*ret_cgroup = cgroup_open(path, err);
		return *ret_cgroup < 0 ? NULL : path;
	}
	*ret_cgroup = steal_fd(&cgroup);
	return path;
}

static int open_cgroup(struct execution *execution, struct error *err)
{
	const char *below = execution->options->cgroup, *path;
	const struct container_state *state = execution->state;
	int cgroup;

	if (!state->cgroup_path && below)
		return error_set(err, ERROR_STATE, "cgroup",
				 "--cgroup %s: the container has no cgroup of its own",
				 text_printable(below) ? below : "?");
	if (!state->cgroup_path)
		return 0;
	path = choose_cgroup(execution, &cgroup, err);
	if (!path)
		return -1;
	/* where others may have written cgroup.kill, the kernel would kill it (creation: make_cgroup()) */
	execution->plan->enters_cgroup =
	    below || !state->cgroup_created || state_must_attach(state, path);
	if (execution->plan->enters_cgroup)
		execution->cgroup = cgroup;
	else
		execution->plan->cgroup = cgroup;
	execution->cgroup_path = path;
	return 0;
}

static int open_root(struct execution *execution, struct error *err)
{
	struct plan *plan = execution->plan;

	if (plan->namespaces.joined & CLONE_NEWNS)
		return 0;
	plan->root = open(execution->state->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (plan->root < 0)
		return error_errno(err, errno, execution->state->rootfs,
				   "open the root filesystem");
	return 0;
}

static int open_namespaces(struct execution *execution, struct error *err)
{
	struct plan *plan = execution->plan;

	if (state_open_namespaces(execution->state, &execution->state->namespaces,
				  &execution->plan_arena, &plan->namespaces, &execution->init,
				  err) < 0)
		return -1;
	plan->joins_user = plan->namespaces.joined & CLONE_NEWUSER;
	return 0;
}

static int open_callers_sockets(struct execution *execution, struct error *err)
{
	const struct exec_options *options = execution->options;
	struct plan *plan = execution->plan;

	if (plan->process->terminal) {
		plan->terminal_relayed = !options->console_socket;
		plan->console_socket = terminal_connect(
		    &execution->terminal, options->console_socket, execution->init, err);
		if (plan->console_socket < 0)
			return -1;
	}
	if (options->pidfd_socket) {
		execution->pidfd_socket =
		    socket_connect_path(options->pidfd_socket, SOCK_STREAM, execution->init, err);
		if (execution->pidfd_socket < 0)
			return -1;
	}
	return 0;
}

static int make_plan(struct execution *execution, struct error *err)
{
	struct arena *arena = &execution->plan_arena;
	_cleanup_fd_ int cache = store_seccomp_cache(&execution->record, execution->config);
	const struct plan_request request = {
		.purpose = PURPOSE_EXEC,
		.id = execution->options->id,
		.seccomp_cache = cache,
		.rootless = execution->runtime->rootless,
		.no_new_keyring = execution->state->no_new_keyring,
		/* LISTEN_FDS is for the container's own program, as with runc: sd_listen_fds(3) takes only what
		 * is meant for its pid, which nobody knows before the process is there */
		.preserve_fds = execution->options->preserve_fds,
	};

	if (inherited_fds_check(request.preserve_fds, err) < 0)
		return -1;
	trace_phase("plan");
	if (plan_make(execution->config, &request, arena, &execution->plan, err) < 0)
		return -1;
	return exec_capabilities(execution->options, &execution->plan->capabilities, err);
}

/* ---- run ---- */

static int serve_enter_cgroup(void *context, struct exchange *exchange, struct error *err)
{
	const struct execution *execution = context;

	if (state_must_attach(execution->state, execution->cgroup_path))
		return state_attach(execution->state, execution->cgroup_path,
				    exchange->spawned->pid, err);
	return cgroup_attach(execution->cgroup, exchange->spawned->pid, err);
}

/* Our own class is another one than the container's, and children inherit it. */
static int follow_intel_rdt(const struct execution *execution, pid_t pid, struct error *err)
{
	const struct config_intel_rdt *config = execution->config->linux_->intel_rdt;
	_cleanup_fd_ int root = -1;

	if (!config)
		return 0;
	root = intel_rdt_open(err);
	return root < 0 ? -1 : intel_rdt_follow(root, config, execution->options->id, pid, err);
}

static int serve_created(void *context, struct exchange *exchange, struct error *err)
{
	struct execution *execution = context;
	pid_t pid = exchange->spawned->pid;

	if (plan_apply_outside(execution->plan, pid, err) < 0 ||
	    follow_intel_rdt(execution, pid, err) < 0)
		return -1;
	return terminal_receive(&execution->terminal, err);
}

static int serve_listener(void *context, struct exchange *exchange, struct error *err)
{
	struct execution *execution = context;

	return listener_send(execution->config, execution->state, exchange->spawned,
			     exchange->received, err);
}

static int spawn_and_serve(struct execution *execution, const struct service *service,
			   struct error *err)
{
	if (spawn(execution->plan, &execution->spawned, err) < 0)
		return -1;
	return spawned_serve(&execution->spawned, service, MESSAGE_EXECUTING, err);
}

static int clone_and_serve(struct execution *execution, const struct service *service,
			   struct error *err)
{
	if (spawn_and_serve(execution, service, err) == 0)
		return 0;
	if (!spawned_enter_otherwise(execution->plan, &execution->spawned))
		return -1;
	execution->cgroup = steal_fd(&execution->plan->cgroup);
	return spawn_and_serve(execution, service, err);
}

/* A process of the container, of the same user, can stop ours on its way to the program, and a file or a seccomp agent can
 * hold it up: others don't wait for our lock as long as that. The process is in the container's cgroup by then, where they
 * reach it. */
static void serve_silence(void *context)
{
	struct execution *execution = context;

	if (++execution->silent_seconds == LOCK_SECONDS)
		record_unlock(&execution->record);
}

static int start(struct execution *execution, struct error *err)
{
	const struct service service = {
		.context = execution,
		.enter_cgroup = serve_enter_cgroup,
		.created = serve_created,
		.listener = serve_listener,
		.silent = serve_silence,
	};
	struct plan *plan = execution->plan;

	plan->procfs = procfs_open(err);
	if (plan->procfs < 0 || open_namespaces(execution, err) < 0 ||
	    open_root(execution, err) < 0 || open_cgroup(execution, err) < 0 ||
	    open_callers_sockets(execution, err) < 0 ||
	    fds_cloexec_from(3 + plan->preserve_fds, err) < 0 ||
	    arena_keep_from_children(&execution->config_arena, err) < 0)
		return -1;
	/* config.md: before the container's cgroup is entered; the child inherits it */
	if (affinity_apply(&plan->process->affinity.initial, 0, err) < 0)
		return -1;
	if (clone_and_serve(execution, &service, err) < 0)
		return -1;
	if (execution->pidfd_socket >= 0 &&
	    pidfd_send(execution->pidfd_socket, execution->spawned.pidfd, err) < 0)
		return -1;
	return 0;
}

static int announce(struct execution *execution, struct error *err)
{
	const char *path = execution->options->pid_file;

	return path ? pid_file_write(path, execution->spawned.pid, err) : 0;
}

/* Others of the container may be killed for memory meanwhile, with it or not: the process is meant if it is dead by
 * SIGKILL, too. */
static void tell_death(const struct execution *execution, const char *limit, int status)
{
	const char *id = execution->options->id;
	char what[300];

	if (status != 128 + SIGKILL)
		return;
	text_cut(what, sizeof(what), "process %d of container %s", (int)execution->spawned.pid, id);
	report_death(execution->runtime, id, what, limit);
}

static int wait_for(struct execution *execution, int signals, int *ret_status, struct error *err)
{
	struct memory_watch memory;
	const struct foreground foreground = {
		.pid = execution->spawned.pid,
		.pidfd = execution->spawned.pidfd,
		.terminal = &execution->terminal,
		.notify = -1,
		.memory = &memory,
		.warn = execution->runtime->warn,
	};
	uint64_t before;
	int result = -1;

	arena_trim(&execution->config_arena);
	arena_trim(&execution->plan_arena);
	memory_watch_begin(&memory, execution->plan->enters_cgroup ? execution->cgroup
								   : execution->plan->cgroup);
	before = memory.kills;
	if (terminal_begin(&execution->terminal, err) == 0)
		result = wait_foreground(&foreground, signals, ret_status, err);
	if (result == 0 && memory.kills > before)
		tell_death(execution, memory.limit, *ret_status);
	memory_watch_end(&memory);
	return result;
}

static int execute(struct execution *execution, int *ret_status, struct error *err)
{
	const struct exec_options *options = execution->options;
	_cleanup_fd_ int signals = -1;

	if (!options->detach) {
		signals = wait_begin(!options->no_subreaper, err);
		if (signals < 0)
			return -1;
	}
	if (start(execution, err) < 0)
		return state_explain_failure(execution->state, err);
	if (announce(execution, err) < 0)
		return -1;
	record_close(&execution->record);
	*ret_status = 0;
	if (options->detach)
		return 0;
	return wait_for(execution, signals, ret_status, err);
}

static void end(struct execution *execution, bool failed)
{
	struct plan *plan = execution->plan;

	terminal_end(&execution->terminal);
	spawned_end(&execution->spawned, failed);
	cleanup_fd_(&execution->init);
	cleanup_fd_(&execution->cgroup);
	cleanup_fd_(&execution->pidfd_socket);
	if (plan)
		plan_close(plan);
	record_close(&execution->record);
	arena_free(&execution->plan_arena);
	arena_free(&execution->config_arena);
}

int container_exec(const struct runtime *runtime, const struct exec_options *options,
		   int *ret_status, struct error *err)
{
	struct execution execution = {
		.runtime = runtime,
		.options = options,
		.record = RECORD_INIT,
		.cgroup = -1,
		.init = -1,
		.pidfd_socket = -1,
		.terminal = TERMINAL_INIT,
		.spawned = SPAWNED_INIT,
	};
	int result = -1;

	if (load(&execution, err) == 0 && make_plan(&execution, err) == 0)
		result = execute(&execution, ret_status, err);
	end(&execution, result < 0);
	return result;
}
