/* A procfs of a pid namespace that the container joins. A procfs shows the namespace of the process
 * that makes it, and init enters that namespace only at its end, for then its neighbours see it. So
 * somebody else goes in: a child that is not dumpable and has one socket open, and nothing else
 * that a neighbour could reach for. */
#include "libcontainer/lifecycle/joined_procfs.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/kernel.h"
#include "libcontainer/lifecycle/fd_from_child.h"

/* Keep nothing open but @socket, which becomes the first descriptor. */
static int keep_only(int socket)
{
	if (dup3(socket, 0, O_CLOEXEC) < 0 && socket != 0)
		return -1;
	return close_range(1, ~0U, 0);
}

struct wanted {
	const struct plan *plan;
	size_t index; /* of the mount */
};

static _Noreturn void make_procfs(const struct wanted *wanted)
{
	struct error error = ERROR_INIT;

	fd_tell(0, rootfs_open_procfs(wanted->plan->rootfs, wanted->index, &error), &error);
}

/* setns(2) to a pid namespace is for the children: so the one that enters is a grandchild. */
static _Noreturn void enter(void *context, int socket)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	const struct wanted *wanted = context;
	struct error error = ERROR_INIT;
	pid_t child;

	/* the container's own, whose owner is another user namespace than ours */
	if (wanted->plan->purpose == PURPOSE_MOUNTS && wanted->plan->rootless &&
	    wanted->plan->joins_user &&
	    namespaces_enter_user(&wanted->plan->namespaces, &error) < 0)
		fd_tell(socket, -1, &error);
	if (namespace_join_pid(&wanted->plan->namespaces, &error) < 0)
		fd_tell(socket, -1, &error);
	if (keep_only(socket) < 0)
		_exit(1);
	child = sys_clone3(&args);
	if (child == 0)
		make_procfs(wanted);
	if (child > 0)
		waitpid(child, NULL, 0);
	_exit(child < 0);
}

int joined_procfs_open(const struct plan *plan, size_t index, struct error *err)
{
	struct wanted wanted = { plan, index };

	return fd_from_child(enter, &wanted, "/proc", err);
}
