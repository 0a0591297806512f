/* A procfs of a pid namespace that the container joins. A procfs shows the namespace of the process that makes it, and
 * init enters that namespace only at its end, for then its neighbours see it. From Linux 6.17 on a procfs can be made of
 * a namespace that one isn't in, and nobody enters it.
 *
 * Before, somebody else has to go in: a child that is not dumpable. That doesn't stop a neighbour who has CAP_SYS_PTRACE
 * over our user namespace; so the child takes nothing of the host along that it can leave behind. It has one socket open,
 * an empty root in a mount namespace of its own, and of the capabilities the one that mounting takes. With that one,
 * which such a neighbour could take from it, hosts aren't safe: SECURITY.md says so. */
#include "libcontainer/lifecycle/joined_procfs.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/kernel.h"
#include "libcontainer/lifecycle/fd_from_child.h"

/* Keep nothing open but @socket, which becomes the first descriptor. */
static int keep_only(int socket)
{
	if (dup3(socket, 0, O_CLOEXEC) < 0 && socket != 0)
		return -1;
	return close_range(1, ~0U, 0);
}

static int keep_only_what_mounting_takes(struct error *err)
{
	const uint64_t admin = UINT64_C(1) << CAP_SYS_ADMIN;
	const struct capabilities_plan plan = {
		.bounding = admin,
		.permitted = admin,
		.effective = admin,
	};

	return capabilities_reduce(&plan, err);
}

struct wanted {
	const struct plan *plan;
	size_t index; /* of the mount */
	int pid_namespace;
	bool enters_user; /* the container's own, whose owner is another user namespace than ours */
};

static _Noreturn void make_procfs(const struct wanted *wanted)
{
	struct error error = ERROR_INIT;

	fd_tell(0, rootfs_open_procfs(wanted->plan->rootfs, wanted->index, -1, &error), &error);
}

/* In a user namespace the kernel makes a new procfs only where another one is to be seen whole: so who has entered one keeps
 * the host's mounts, in a mount namespace of its own. Nobody in there can look into it, whatever capabilities he has:
 * its memory is of the user namespace in which proa was executed (ptrace(2)). */
static int leave_host(const struct wanted *wanted, struct error *err)
{
	return wanted->enters_user ? 0 : rootfs_leave_host(err);
}

/* setns(2) to a pid namespace is for the children: so the one that enters is a grandchild. */
static _Noreturn void enter(const struct wanted *wanted, int socket)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	struct error error = ERROR_INIT;
	pid_t child;

	if (namespace_join_pid(&wanted->plan->namespaces, &error) < 0 ||
	    leave_host(wanted, &error) < 0 || keep_only_what_mounting_takes(&error) < 0)
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

static _Noreturn void make_in_child(void *context, int socket)
{
	const struct wanted *wanted = context;
	struct error error = ERROR_INIT;
	int fd;

	if (!wanted->enters_user)
		enter(wanted, socket);
	if (namespaces_enter_user(&wanted->plan->namespaces, &error) < 0)
		fd_tell(socket, -1, &error);
	fd = rootfs_open_procfs(wanted->plan->rootfs, wanted->index, wanted->pid_namespace, &error);
	if (fd < 0 && error.code == ERROR_UNSUPPORTED)
		enter(wanted, socket);
	fd_tell(socket, fd, &error);
}

int joined_procfs_open(const struct plan *plan, size_t index, struct error *err)
{
	struct wanted wanted = {
		.plan = plan,
		.index = index,
		.pid_namespace = namespace_descriptor(&plan->namespaces, CLONE_NEWPID),
		.enters_user =
		    plan->purpose == PURPOSE_MOUNTS && plan->rootless && plan->joins_user,
	};
	struct error why = ERROR_INIT;
	int fd;

	if (!wanted.enters_user) {
		fd = rootfs_open_procfs(plan->rootfs, index, wanted.pid_namespace, &why);
		if (fd >= 0)
			return fd;
		if (why.code != ERROR_UNSUPPORTED) {
			*err = why;
			return -1;
		}
	}
	return fd_from_child(make_in_child, &wanted, "/proc", err);
}
