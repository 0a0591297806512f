#include "libcontainer/init/spawn.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/kernel.h"
#include "base/trace.h"
#include "libcontainer/init/init.h"
#include "libcontainer/init/message.h"
#include "libcontainer/process/oom.h"

#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif

static pid_t clone_process(uint64_t flags, int exit_signal, int cgroup, int *ret_pidfd)
{
	struct clone_args args = {
		.flags = flags | CLONE_PIDFD | (cgroup >= 0 ? CLONE_INTO_CGROUP : 0),
		.pidfd = (uintptr_t)ret_pidfd,
		.exit_signal = (uint64_t)exit_signal,
		.cgroup = (uint64_t)(cgroup >= 0 ? cgroup : 0),
	};

	return sys_clone3(&args);
}

static int clone_failed(int cgroup, struct error *err)
{
	if (cgroup >= 0 && (errno == EBUSY || errno == EOPNOTSUPP || errno == EACCES))
		return error_errno(
		    err, errno, "cgroup",
		    "start a process in the container's cgroup (it must be a leaf of type domain, "
		    "and delegated to the caller together with the caller's own cgroup)");
	if (errno == ENOSPC || errno == EUSERS)
		return error_errno(
		    err, errno, "namespaces",
		    "make the namespaces (a limit in /proc/sys/user/max_*_namespaces?)");
	if (errno == EPERM && geteuid() != 0)
		return error_errno(
		    err, errno, "namespaces",
		    "make the container's process (without a new user namespace, as in the "
		    "config that proa spec --rootless writes, only root may)");
	return error_errno(err, errno, "namespaces", "make the container's process");
}

void step_begin(struct progress *progress, const char *name)
{
	progress->step = name;
	trace_phase(name);
}

void init_fail(int channel, const struct error *error)
{
	message_send_error(channel, error);
	/* 255 as runc's init; the reason has been told */
	_exit(255);
}

/* exit_signal 0, as clone3(2) wants it with CLONE_PARENT; a later parent gets SIGCHLD all the same.
 */
int continue_in_clone(int channel, uint64_t flags, int cgroup, struct error *err)
{
	_cleanup_fd_ int pidfd = -1;
	pid_t pid = flags || cgroup >= 0
			? clone_process(flags | CLONE_PARENT, 0, cgroup, &pidfd)
			: (pid_t)syscall(SYS_clone, CLONE_AGAIN, NULL, &pidfd, NULL, NULL);

	/* until the parent knows us, what we ask it for would go to our predecessor */
	if (pid == 0)
		return message_await_done(channel, MESSAGE_SPAWNED, NULL, err);
	if (pid < 0)
		return clone_failed(cgroup, err);
	if (message_send(channel, MESSAGE_SPAWNED, 0, pidfd, err) < 0)
		init_fail(channel, err);
	_exit(0);
}

/* Does the first process enter the cgroup, and the others inherit it? It must where a user namespace is joined, over
 * which the host's cgroup is out of reach, or a cgroup namespace, out of which no process may be moved any more
 * (nsdelegate, cgroups(7): ENOENT). And an exec'd process does, since that leaves no descriptor of the cgroup to be
 * carried into the container. Other helpers stay out, where no limit can refuse or charge them. */
static bool enters_cgroup_first(const struct plan *plan)
{
	return plan->purpose == PURPOSE_EXEC ||
	       plan->namespaces.joined & (CLONE_NEWUSER | CLONE_NEWCGROUP) ||
	       namespaces_unshared(&plan->namespaces);
}

/* What is cloned once more when it enters the pid namespace isn't cloned here: an exec'd process, and an init for which
 * the bridge makes the namespaces around itself. */
static int become_init(const struct plan *plan, int socket, struct error *err)
{
	uint64_t flags = namespaces_clone_flags(&plan->namespaces);

	if (plan->purpose != PURPOSE_CREATE)
		return 0;
	if (namespaces_unshared(&plan->namespaces))
		return unshare((int)flags) < 0 ? clone_failed(-1, err) : 0;
	return continue_in_clone(socket, flags, enters_cgroup_first(plan) ? -1 : plan->cgroup, err);
}

void bridge_main(const struct plan *plan, int socket, struct progress *progress)
{
	struct error error = ERROR_INIT;

	trace_process("bridge");
	step_begin(progress, "join");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* What enters a namespace that others live in must not be looked into by them. Where the
	 * maps of a new user namespace have yet to be written by a caller without privileges,
	 * later, in init. */
	if (!plan_caller_finds_init(plan))
		prctl(PR_SET_DUMPABLE, 0);
	if (plan->enters_cgroup &&
	    message_ask(socket, MESSAGE_ENTER_CGROUP, 0, -1, NULL, &error) < 0)
		init_fail(socket, &error);
	if (namespaces_join(&plan->namespaces, plan->procfs, plan_keeps_groups(plan), &error) < 0)
		init_fail(socket, &error);
	step_begin(progress, STEP_CLONE);
	if (become_init(plan, socket, &error) < 0)
		init_fail(socket, &error);
	init_main(plan, socket, progress);
}

static bool needs_bridge(const struct plan *plan)
{
	return plan->purpose != PURPOSE_CREATE || plan->enters_cgroup ||
	       namespaces_need_bridge(&plan->namespaces);
}

/* The first thing that a process of a caller without privileges does, and its clones inherit: later it isn't dumpable, and
 * its file belongs to root. What can't be set now is the parent's to judge, at CREATED. */
static void set_own_oom_score(const struct plan *plan)
{
	struct error ignored = ERROR_INIT;

	if (plan->rootless && plan->process)
		oom_score_apply(plan->procfs, 0, &plan->process->oom_score_adj, true, &ignored);
}

/* The process that @child runs in; the parent's end of the conversation is not for it. */
static pid_t clone_first(const struct plan *plan, const int sockets[2], struct spawned *spawned)
{
	bool bridge = needs_bridge(plan), in_cgroup = !bridge || enters_cgroup_first(plan);
	uint64_t flags = bridge ? 0 : namespaces_clone_flags(&plan->namespaces);
	pid_t pid = clone_process(flags, SIGCHLD, in_cgroup ? plan->cgroup : -1, &spawned->pidfd);

	if (pid)
		return pid;
	close(sockets[0]);
	environment_forget();
	set_own_oom_score(plan);
	if (bridge)
		bridge_main(plan, sockets[1], spawned->progress);
	init_main(plan, sockets[1], spawned->progress);
}

int spawn(const struct plan *plan, struct spawned *ret_spawned, struct error *err)
{
	struct spawned spawned = SPAWNED_INIT;
	int sockets[2];

	spawned.progress = mmap(NULL, sizeof(struct progress), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (spawned.progress == MAP_FAILED)
		return error_errno(err, errno, NULL, "prepare to see what init does");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0) {
		error_errno(err, errno, NULL, "prepare the conversation with init");
		munmap(spawned.progress, sizeof(struct progress));
		return -1;
	}
	spawned.progress->step = STEP_CLONE;
	trace_phase(STEP_CLONE);
	spawned.pid = clone_first(plan, sockets, &spawned);
	if (spawned.pid < 0)
		clone_failed(plan->cgroup, err);
	close(sockets[1]);
	spawned.socket = sockets[0];
	*ret_spawned = spawned;
	return spawned.pid < 0 ? -1 : 0;
}

void spawned_end(struct spawned *spawned, bool kill_it)
{
	if (kill_it && spawned->pidfd >= 0) {
		sys_pidfd_send_signal(spawned->pidfd, SIGKILL);
		waitid(P_PIDFD, (id_t)spawned->pidfd, &(siginfo_t){ 0 }, WEXITED | __WALL);
	}
	if (spawned->pidfd >= 0)
		close(spawned->pidfd);
	if (spawned->socket >= 0)
		close(spawned->socket);
	if (spawned->progress)
		munmap(spawned->progress, sizeof(struct progress));
	*spawned = (struct spawned)SPAWNED_INIT;
}
