/* start: runtime.md, lifecycle 6 to 9. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/socket.h"
#include "base/trace.h"
#include "libcontainer/init/hooks.h"
#include "libcontainer/init/message.h"
#include "libcontainer/init/spawn.h"
#include "libcontainer/lifecycle/hooks_after.h"
#include "libcontainer/lifecycle/notify.h"
#include "libcontainer/lifecycle/start.h"

static int check_status(const struct container_state *state, struct error *err)
{
	switch (state->status) {
	case STATUS_CREATED:
		return 0;
	case STATUS_STOPPED:
		return error_set(err, ERROR_STATE, state->id,
				 "cannot start a container that has stopped");
	case STATUS_CREATING:
		return error_set(err, ERROR_STATE, state->id,
				 "cannot start a container that is still being created");
	case STATUS_PAUSED:
		return error_set(err, ERROR_STATE, state->id, "cannot start a paused container");
	case STATUS_RUNNING:
		break;
	}
	return error_set(err, ERROR_STATE, state->id, "cannot start an already running container");
}

/* Whoever answers at the socket must be the init that create has noted. */
static int connect_init(const struct record *record, const struct container_state *state,
			struct error *err)
{
	_cleanup_fd_ int socket = socket_connect_at(record->dir, STORE_START, SOCK_SEQPACKET, err);
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (socket < 0)
		return error_prefix(err, "container's init doesn't wait to be started");
	if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return error_errno(err, errno, state->id, "ask who waits at the start socket");
	if (peer.pid != state->pid)
		return error_set(
		    err, ERROR_REFUSED, state->id,
		    "process %d waits at the start socket, not the container's init %d",
		    (int)peer.pid, (int)state->pid);
	return steal_fd(&socket);
}

struct start_context {
	const struct record *record;
	const struct container_state *state;
	struct config *config; /* NULL until somebody needs it */
	struct arena arena;
};

static int read_config(struct start_context *context, struct error *err)
{
	if (context->config)
		return 0;
	if (!context->arena.base && arena_init(&context->arena, CONFIG_ARENA_SIZE, err) < 0)
		return -1;
	return store_config(context->record, &context->arena, &context->config, err);
}

static int serve_listener(void *opaque, struct exchange *exchange, struct error *err)
{
	struct start_context *context = opaque;

	if (read_config(context, err) < 0)
		return -1;
	return listener_send(context->config, context->state, exchange->spawned, exchange->received,
			     err);
}

/* The program doesn't run: was there too little memory to get to it? */
static void explain_death(const struct container_state *state, struct error *err)
{
	struct error ignored = ERROR_INIT;
	_cleanup_fd_ int cgroup =
	    state->cgroup_path ? cgroup_open(state->cgroup_path, &ignored) : -1;

	if (cgroup >= 0)
		cgroup_explain_death(cgroup, err);
}

static int release(struct start_context *context, struct error *err)
{
	const struct service service = { .context = context, .listener = serve_listener };
	struct spawned init = SPAWNED_INIT;
	struct error ignored = ERROR_INIT;
	int result = -1, alive;

	trace_phase("start");
	init.pid = (pid_t)context->state->pid;
	alive = state_init_alive(context->state, &init.pidfd, err);
	if (alive < 0)
		return -1;
	if (!alive)
		return error_set(err, ERROR_STATE, context->state->id,
				 "cannot start a container that has stopped");
	init.socket = connect_init(context->record, context->state, err);
	if (init.socket >= 0 && message_send(init.socket, MESSAGE_START, 0, -1, err) == 0)
		result = spawned_serve(&init, &service, MESSAGE_EXECUTING, err);
	/* it ends by itself, but who is told of the failure may look at once */
	if (result < 0 && init.socket >= 0)
		state_end_init(context->state, &ignored);
	if (result < 0)
		explain_death(context->state, err);
	spawned_end(&init, false);
	return result;
}

/* The container runs, and so others may have it: a hook that takes its time must not keep them from it, nor one that uses it
 * itself. */
static int run_poststart(struct start_context *context, struct record *record, struct error *err)
{
	if (!context->state->has_poststart)
		return 0;
	trace_phase("poststart");
	if (read_config(context, err) < 0)
		return -1;
	record_unlock(record);
	return hooks_after_start(&context->config->hooks->poststart, context->state, err);
}

/* config.md: a failed poststart hook stops the container. By now its cgroup and its id may be those of another one: not as
 * long as its init lives. */
static void stop(const struct container_state *state)
{
	struct error ignored = ERROR_INIT;

	if (state_init_alive(state, NULL, &ignored) > 0 &&
	    state_kill(state, SIGKILL, &ignored) == 0)
		state_end_init(state, &ignored);
}

static int start_locked(struct record *record, struct container_state *state, struct error *err)
{
	struct start_context context = { .record = record, .state = state, .arena = ARENA_INIT };
	int result = release(&context, err);

	if (result == 0) {
		unlinkat(record->dir, STORE_START, 0);
		state->status = STATUS_RUNNING;
		result = run_poststart(&context, record, err);
		if (result < 0)
			stop(state);
	}
	arena_free(&context.arena);
	return result;
}

static int lock_and_start(const struct runtime *runtime, struct record *record, const char *id,
			  struct started *ret_started, struct error *err)
{
	_cleanup_arena_ struct arena arena = ARENA_INIT;
	_cleanup_fd_ int notify = -1;
	struct container_state *state;

	if (arena_init(&arena, STATE_ARENA_SIZE, err) < 0 ||
	    store_lock(runtime, record, id, STORE_LOCKED, err) < 0 ||
	    store_load(record, id, &arena, &state, err) < 0 || check_status(state, err) < 0)
		return -1;
	if (notify_bind(record, &notify, err) < 0 || start_locked(record, state, err) < 0)
		return -1;
	ret_started->pid = (pid_t)state->pid;
	ret_started->notify = steal_fd(&notify);
	return 0;
}

int start_container(const struct runtime *runtime, struct record *record, const char *id,
		    struct started *ret_started, struct error *err)
{
	int result = lock_and_start(runtime, record, id, ret_started, err);

	record_unlock(record);
	return result;
}

int container_start(const struct runtime *runtime, const char *id, struct error *err)
{
	_cleanup_record_ struct record record = RECORD_INIT;
	struct started started = { .notify = -1 };
	_cleanup_fd_ int notify = -1, pidfd = -1;

	if (store_open(runtime, id, STORE_UNLOCKED, &record, err) < 0 ||
	    start_container(runtime, &record, id, &started, err) < 0)
		return -1;
	notify = started.notify;
	if (notify < 0)
		return 0;
	pidfd = pidfd_open(started.pid, 0);
	return pidfd < 0 ? 0 : notify_relay(notify, pidfd, started.pid, err);
}
