/* A procfs of a pid namespace that the container joins. A procfs shows the namespace of the process
 * that makes it, and init enters that namespace only at its end, for then its neighbours see it. So
 * somebody else goes in: a child that is not dumpable and has one socket open, and nothing else
 * that a neighbour could reach for. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/kernel.h"
#include "libcontainer/init/message.h"
#include "libcontainer/lifecycle/creation.h"
#include "libcontainer/lifecycle/joined_procfs.h"

/* Keep nothing open but @socket, which becomes the first descriptor. */
static int keep_only(int socket)
{
	if (dup3(socket, 0, O_CLOEXEC) < 0 && socket != 0)
		return -1;
	return close_range(1, ~0U, 0);
}

static _Noreturn void make_procfs(const struct rootfs_plan *plan, size_t index)
{
	struct error error = ERROR_INIT;
	int procfs = rootfs_open_procfs(plan, index, &error);

	if (procfs < 0 || message_send(0, MESSAGE_DONE, 0, procfs, &error) < 0)
		message_send_error(0, &error);
	_exit(0);
}

static _Noreturn void fail(int socket, const struct error *error)
{
	message_send_error(socket, error);
	_exit(1);
}

/* setns(2) to a pid namespace is for the children: so the one that enters is a grandchild. */
static _Noreturn void enter(const struct plan *plan, size_t index, int socket)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	struct error error = ERROR_INIT;
	pid_t child;

	environment_forget();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_DUMPABLE, 0);
	if (namespace_join_pid(&plan->namespaces, &error) < 0)
		fail(socket, &error);
	if (keep_only(socket) < 0)
		_exit(1);
	child = sys_clone3(&args);
	if (child == 0)
		make_procfs(plan->rootfs, index);
	if (child > 0)
		waitpid(child, NULL, 0);
	_exit(child < 0);
}

int joined_procfs_open(const struct plan *plan, size_t index, struct error *err)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	_cleanup_fd_ int procfs = -1;
	struct message message;
	int sockets[2], got;
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
		return error_errno(err, errno, "/proc", "make a pair of sockets");
	child = sys_clone3(&args);
	if (child == 0)
		enter(plan, index, sockets[1]);
	close(sockets[1]);
	if (child < 0) {
		close(sockets[0]);
		return error_errno(err, errno, "/proc", "start the helper that makes /proc");
	}
	got = message_receive(sockets[0], &message, &procfs, err);
	close(sockets[0]);
	waitpid(child, NULL, 0);
	if (got > 0 && message.type == MESSAGE_DONE && procfs >= 0)
		return steal_fd(&procfs);
	if (got > 0 && message.type == MESSAGE_ERROR)
		*err = message.error;
	else if (got >= 0)
		error_set(err, ERROR_PROTOCOL, "/proc", "the helper that makes /proc died");
	return -1;
}
