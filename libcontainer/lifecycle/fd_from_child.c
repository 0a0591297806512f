#include "libcontainer/lifecycle/fd_from_child.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/kernel.h"
#include "libcontainer/init/message.h"
#include "libcontainer/process/environment.h"

void fd_tell(int socket, int fd, const struct error *error)
{
	struct error failure = *error;

	if (fd < 0 || message_send(socket, MESSAGE_DONE, 0, fd, &failure) < 0)
		message_send_error(socket, &failure);
	_exit(0);
}

static int receive(int socket, const char *what, struct error *err)
{
	_cleanup_fd_ int fd = -1;
	struct message message;
	int got = message_receive(socket, &message, &fd, err);

	if (got > 0 && message.type == MESSAGE_DONE && fd >= 0)
		return steal_fd(&fd);
	if (got > 0 && message.type == MESSAGE_ERROR)
		*err = message.error;
	else if (got >= 0)
		error_set(err, ERROR_PROTOCOL, what, "the helper that makes %s died", what);
	return -1;
}

int fd_from_child(child_function *function, void *context, const char *what, struct error *err)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	int sockets[2], fd, errnum;
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
		return error_errno(err, errno, what, "make a pair of sockets");
	child = sys_clone3(&args);
	if (child == 0) {
		environment_forget();
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_DUMPABLE, 0);
		close(sockets[0]);
		function(context, sockets[1]);
		_exit(1);
	}
	errnum = errno;
	close(sockets[1]);
	fd = child < 0 ? error_errno(err, errnum, what, "start the helper that makes %s", what)
		       : receive(sockets[0], what, err);
	close(sockets[0]);
	if (child > 0)
		waitpid(child, NULL, 0);
	return fd;
}
