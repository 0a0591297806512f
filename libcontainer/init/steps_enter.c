/* Steps: the host is left behind, and the process becomes its program. Their order, and why, is in steps.c. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/termination.h"
#include "base/trace.h"
#include "libcontainer/init/message.h"
#include "libcontainer/init/steps.h"
#include "libcontainer/process/cwd.h"
#include "libcontainer/process/executable.h"
#include "libcontainer/process/execute.h"
#include "libcontainer/process/fds.h"
#include "libcontainer/process/io_priority.h"
#include "libcontainer/process/personality.h"
#include "libcontainer/security/labels.h"

/* Close all but what the rest of the way needs, and @pid_namespace, by which that is entered (-1: it is not). */
static int close_rest(struct init *init, int pid_namespace, struct error *err)
{
	const struct plan *plan = init->plan;
	const int keep[] = { init->channel,	 init->procfs,	     init->terminal,
			     plan->start_socket, trace_descriptor(), pid_namespace };

	return fds_close_others(3 + plan->preserve_fds, keep, array_length(keep), err);
}

/* What we have inherited from the parent, and what was needed to build: a descriptor of the host's, where others
 * see us, would show them the way out (CVE-2024-21626). */
int step_forget_host(struct init *init, struct error *err)
{
	const struct namespace_plan *namespaces = &init->plan->namespaces;
	bool last = namespaces_pid_last(namespaces);

	arena_wipe(init->plan->arena, init->plan->building);
	return close_rest(init, last ? namespace_descriptor(namespaces, CLONE_NEWPID) : -1, err);
}

static bool filters_early(const struct plan *plan)
{
	return plan->seccomp && !plan->process->no_new_privs;
}

/* Until the program runs, whoever has CAP_SYS_PTRACE in our pid namespace can take what we have: a neighbour in a joined
 * one, what exec has started in one of our own. So that is, besides what the program gets, what the rest of the way takes:
 * to give the streams to the user and make his cwd, to become him, and what few configs ask for. Hooks in the container have
 * the rights of its root (config.md): then all are kept. */
static int shed_capabilities(struct init *init, struct error *err)
{
	const struct plan *plan = init->plan;
	struct capabilities_plan keep = plan->capabilities;

	if (plan->start_container.count)
		return 0;
	keep.permitted |= keep.bounding | keep.inheritable | UINT64_C(1) << CAP_CHOWN |
			  UINT64_C(1) << CAP_DAC_OVERRIDE | UINT64_C(1) << CAP_SETUID |
			  UINT64_C(1) << CAP_SETGID;
	if (plan->process->scheduler || plan->process->io_priority.set)
		keep.permitted |= UINT64_C(1) << CAP_SYS_NICE;
	if (filters_early(plan))
		keep.permitted |= UINT64_C(1) << CAP_SYS_ADMIN;
	keep.effective = keep.permitted;
	keep.inheritable = keep.ambient = 0;
	init->bounded = true;
	return capabilities_reduce(&keep, err);
}

/* A clone leads no session, and only a leader can take a terminal. */
static int settle_in_clone(struct init *init, struct error *err)
{
	return step_session(init, err) < 0 ? -1 : init_guard(init, err);
}

int step_pid_namespace(struct init *init, struct error *err)
{
	const struct namespace_plan *namespaces = &init->plan->namespaces;
	bool last = namespaces_pid_last(namespaces);

	if ((last && namespace_join_pid(namespaces, err) < 0) || shed_capabilities(init, err) < 0)
		return -1;
	if (!last && !namespaces_unshared(namespaces))
		return 0;
	if (continue_in_clone(init->channel, 0, -1, err) < 0 || close_rest(init, -1, err) < 0)
		return -1;
	return settle_in_clone(init, err);
}

/* The namespace is for the clone that step_enter() makes; joining takes rights that are given up before. */
int step_leave_host(struct init *init, struct error *err)
{
	if (namespace_join_pid(&init->plan->namespaces, err) < 0)
		return -1;
	return close_rest(init, -1, err);
}

/* What a clone doesn't inherit from a deadline scheduler, or one that is reset on fork, it has to set for itself. */
static bool sets_scheduler_late(const struct init *init)
{
	return init->plan->purpose == PURPOSE_EXEC && init->plan->process->scheduler;
}

/* Rights that a process of exec has to take along into the container, beyond those of its program: mostly none. */
static uint64_t taken_along(const struct init *init)
{
	uint64_t rights = 0;

	if (sets_scheduler_late(init))
		rights |= UINT64_C(1) << CAP_SYS_NICE;
	if (init->plan->purpose == PURPOSE_EXEC && filters_early(init->plan) && !init->filtered)
		rights |= UINT64_C(1) << CAP_SYS_ADMIN;
	return rights;
}

int step_enter(struct init *init, struct error *err)
{
	const struct process_plan *process = init->plan->process;

	if (continue_in_clone(init->channel, 0, -1, err) < 0 || settle_in_clone(init, err) < 0)
		return -1;
	if (process->terminal && console_control(err) < 0)
		return -1;
	return sets_scheduler_late(init) ? scheduler_apply(process->scheduler, err) : 0;
}

int step_names(struct init *init, struct error *err)
{
	return user_look_up(&init->plan->process->user, init->rootfs.root, err);
}

int step_exec_console(struct init *init, struct error *err)
{
	return init->plan->process->terminal ? console_open(init, init->rootfs.root, err) : 0;
}

int step_null(struct init *init, struct error *err)
{
	(void)err;
	fds_own_null(init->rootfs.root, init->plan->procfs);
	return 0;
}

int step_terminal(struct init *init, struct error *err)
{
	bool terminal = init->terminal >= 0;

	if (terminal && console_streams(init, err) < 0)
		return -1;
	/* a process of exec takes it when it has its own session: see step_enter() */
	if (terminal && init->plan->purpose == PURPOSE_CREATE && console_control(err) < 0)
		return -1;
	return user_own_stdio(&init->plan->process->user, terminal, err);
}

int step_scheduling(struct init *init, struct error *err)
{
	const struct process_plan *process = init->plan->process;

	if (process->scheduler && !sets_scheduler_late(init) &&
	    scheduler_apply(process->scheduler, err) < 0)
		return -1;
	if (io_priority_apply(&process->io_priority, err) < 0)
		return -1;
	if (process->memory_policy && memory_policy_apply(process->memory_policy, err) < 0)
		return -1;
	return personality_apply(&process->personality, err);
}

int step_affinity(struct init *init, struct error *err)
{
	return affinity_apply(&init->plan->process->affinity.final, 0, err);
}

/* By the parent, which has the rights to (or else, as for a caller who hasn't, by ourselves), and once none of them refuses
 * what we still do. */
int step_limits(struct init *init, struct error *err)
{
	if (message_ask(init->channel, MESSAGE_CREATED, 0, -1, NULL, err) < 0)
		return -1;
	return init->plan->own_rlimits ? rlimits_apply(&init->plan->process->rlimits, 0, err) : 0;
}

int step_home(struct init *init, struct error *err)
{
	_cleanup_fd_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (root < 0)
		return error_errno(err, errno, "/", "open the container's root");
	environment_set_home(&init->plan->process->env, root, init->plan->process->user.uid);
	return 0;
}

int step_make_cwd(struct init *init, struct error *err)
{
	_cleanup_fd_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (root < 0)
		return error_errno(err, errno, "/", "open the container's root");
	return cwd_make(root, init->plan->process->cwd, err);
}

/* An early answer for whoever creates; the judgement that counts is made again as the user. */
int step_look_for_program(struct init *init, struct error *err)
{
	const struct process_plan *process = init->plan->process;
	char path[PATH_MAX];
	bool entered;

	if (cwd_try(process->cwd, &entered, err) < 0)
		return -1;
	return executable_find(process->args[0], &process->env, path, err);
}

int step_termination(struct init *init, struct error *err)
{
	(void)init;
	return termination_exits(err);
}

/* It listens before it says so: whoever hears that the container is created may connect at once. */
int step_created(struct init *init, struct error *err)
{
	if (listen(init->plan->start_socket, 8) < 0)
		return error_errno(err, errno, "start socket", "listen at the start socket");
	/* The parent ends as soon as it has answered, and that must not kill us any more. If it
	 * ends before, the end of the conversation tells us so. */
	if (prctl(PR_SET_PDEATHSIG, 0) < 0)
		return error_errno(err, errno, NULL, "outlive the parent");
	if (init_stays_found(init) && prctl(PR_SET_DUMPABLE, 1) < 0)
		return error_errno(err, errno, NULL, "let the caller find the process");
	if (message_ask(init->channel, MESSAGE_CREATED, 0, -1, NULL, err) < 0)
		return -1;
	close(init->channel);
	init->channel = -1;
	return 0;
}

/* Whoever can connect is the runtime: the socket lies in a directory that only it can enter. A
 * connection that ends without START is somebody who looks whether we still wait. It is execve(2) that closes the socket:
 * the container is created until its program runs, also while startContainer hooks do. */
int step_wait_for_start(struct init *init, struct error *err)
{
	int socket = init->plan->start_socket;

	for (;;) {
		_cleanup_fd_ int peer = accept4(socket, NULL, NULL, SOCK_CLOEXEC), fd = -1;
		struct message message;
		struct error ignored;

		if (peer < 0 && errno != EINTR && errno != ECONNABORTED)
			return error_errno(err, errno, "start socket", "wait for start");
		if (peer < 0 || message_receive(peer, &message, &fd, &ignored) != 1 ||
		    message.type != MESSAGE_START)
			continue;
		init->channel = steal_fd(&peer);
		break;
	}
	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		return error_errno(err, errno, NULL, "guard the process");
	return 0;
}

int step_start_container_hooks(struct init *init, struct error *err)
{
	return init_run_hooks(init, "startContainer", &init->plan->start_container, STATUS_CREATED,
			      err);
}

int step_labels(struct init *init, struct error *err)
{
	if (!init->plan->apparmor && !init->plan->selinux)
		return 0;
	/* a process of exec is still in the caller's pid namespace, and clones inherit what is set for the next execve */
	return labels_apply(init->plan->purpose == PURPOSE_EXEC ? init->plan->procfs : init->procfs,
			    init->plan->apparmor, init->plan->selinux, err);
}

int step_executing(struct init *init, struct error *err)
{
	/* an exec'd process, too, is on its own now */
	if (prctl(PR_SET_PDEATHSIG, 0) < 0)
		return error_errno(err, errno, NULL, "outlive the parent");
	return message_send(init->channel, MESSAGE_EXECUTING, 0, -1, err);
}

static int load_seccomp(struct init *init, struct error *err)
{
	_cleanup_fd_ int listener = -1;

	if (seccomp_apply(init->plan->seccomp, &listener, err) < 0)
		return -1;
	if (listener < 0)
		return 0;
	return message_ask(init->channel, MESSAGE_LISTENER, 0, listener, NULL, err);
}

/* The calls from seccomp-early to exec-rights. */
static bool filter_lets_enter(const struct plan *plan)
{
	static const struct seccomp_call calls[] = {
		{ SYS_clone, CLONE_AGAIN }, { SYS_exit_group, 0 }, { SYS_sendmsg, 0 },
		{ SYS_recvmsg, 0 },	    { SYS_recvfrom, 0 },   { SYS_setsid, 0 },
		{ SYS_prctl, 0 },	    { SYS_close, 0 },	   { SYS_ioctl, 0 },
		{ SYS_sched_setattr, 0 },   { SYS_prlimit64, 0 },  { SYS_write, 0 },
	};

	/* nobody would answer for us before the agent has the listener */
	return !plan->seccomp->notify && seccomp_lets(plan->seccomp, calls, array_length(calls));
}

int step_seccomp_early(struct init *init, struct error *err)
{
	if (!filters_early(init->plan))
		return 0;
	/* the clone that enters inherits the filter, if that lets us make it */
	init->filtered = init->plan->purpose == PURPOSE_CREATE || filter_lets_enter(init->plan);
	return init->filtered ? load_seccomp(init, err) : 0;
}

int step_cwd(struct init *init, struct error *err)
{
	if (cwd_try(init->plan->process->cwd, &init->cwd_entered, err) < 0)
		return -1;
	return init->cwd_entered ? cwd_verify(err) : 0;
}

int step_user(struct init *init, struct error *err)
{
	const struct plan *plan = init->plan;

	if (capabilities_keep(err) < 0 ||
	    (!init->bounded && capabilities_drop_bounding(&plan->capabilities, err) < 0) ||
	    user_become(&plan->process->user, init->setgroups_denied, err) < 0)
		return -1;
	/* the change of ids made us dumpable, perhaps; a process of exec isn't on its own yet */
	if (plan->purpose == PURPOSE_EXEC) {
		if (init_guard(init, err) < 0)
			return -1;
	} else if (prctl(PR_SET_DUMPABLE, 0) < 0) {
		return error_errno(err, errno, NULL, "guard the process");
	}
	user_set_umask(&plan->process->user, plan->umask);
	if (init->cwd_entered)
		return 0;
	if (cwd_enter(plan->process->cwd, err) < 0)
		return -1;
	return cwd_verify(err);
}

int step_descriptors(struct init *init, struct error *err)
{
	return fds_verify(init->plan->preserve_fds, err);
}

int step_capabilities(struct init *init, struct error *err)
{
	struct capabilities_plan capabilities = init->plan->capabilities;
	uint64_t more = taken_along(init);

	capabilities.permitted |= more;
	capabilities.effective |= more;
	return capabilities_apply(&capabilities, err);
}

/* What was taken along is used and given up. */
int step_exec_rights(struct init *init, struct error *err)
{
	if (!taken_along(init))
		return 0;
	if (filters_early(init->plan) && !init->filtered && load_seccomp(init, err) < 0)
		return -1;
	return capabilities_apply(&init->plan->capabilities, err);
}

int step_no_new_privs(struct init *init, struct error *err)
{
	return process_no_new_privs(init->plan->process, err);
}

int step_seccomp_late(struct init *init, struct error *err)
{
	if (!init->plan->seccomp || !init->plan->process->no_new_privs)
		return 0;
	return load_seccomp(init, err);
}

int step_program(struct init *init, struct error *err)
{
	const struct process_plan *process = init->plan->process;

	return executable_find(process->args[0], &process->env, init->program, err);
}

int step_execute(struct init *init, struct error *err)
{
	const struct process_plan *process = init->plan->process;

	return execute(init->program, process->args, process->env.vector, err);
}
