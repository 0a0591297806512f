#include "libcontainer/lifecycle/hooks_after.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/socket.h"
#include "libcontainer/init/hooks.h"

int hooks_after_start(const struct hook_list *poststart, const struct container_state *state,
		      struct error *err)
{
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;

	if (state_encode_for_hooks(state, &text, err) < 0)
		return -1;
	/* with no regard to signals: they are for the program, which runs */
	for (size_t i = 0; i < poststart->count; i++)
		if (hook_run("poststart", &poststart->items[i], text.bytes, err) < 0)
			return -1;
	return 0;
}

void hooks_after_stop(const struct runtime *runtime, const struct hook_list *poststop,
		      struct container_state *state)
{
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;
	struct error error = ERROR_INIT;

	state->status = STATUS_STOPPED;
	if (poststop->count && state_encode_for_hooks(state, &text, &error) < 0) {
		runtime->warn(error.text);
		return;
	}
	for (size_t i = 0; i < poststop->count; i++)
		if (hook_run("poststop", &poststop->items[i], text.bytes, &error) < 0)
			runtime->warn(error.text);
}

int listener_send(const struct config *config, const struct container_state *state,
		  const struct spawned *process, int listener, struct error *err)
{
	const struct config_seccomp *seccomp = config->linux_->seccomp;
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;
	_cleanup_fd_ int socket = -1;

	if (state_encode_for_listener(state, process->pid, seccomp->listener_metadata, &text, err) <
	    0)
		return -1;
	socket = socket_connect_path(seccomp->listener_path, SOCK_STREAM, process->pidfd, err);
	if (socket < 0)
		return error_prefix(err, "linux.seccomp.listenerPath");
	if (socket_send(socket, text.bytes, text.length, &listener, 1) < 0)
		return error_errno(err, errno, seccomp->listener_path,
				   "send the seccomp listener to %s", seccomp->listener_path);
	return 0;
}
