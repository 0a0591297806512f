/* What init does, in order. The order is the security of the thing, so each row says what it must
 * follow and precede, and why; tests/unit/steps_test.c holds the table to its own words. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/procfs.h"
#include "base/termination.h"
#include "base/trace.h"
#include "libcontainer/init/hooks.h"
#include "libcontainer/init/init.h"
#include "libcontainer/init/message.h"
#include "libcontainer/namespace/net_devices.h"
#include "libcontainer/process/cwd.h"
#include "libcontainer/process/executable.h"
#include "libcontainer/process/execute.h"
#include "libcontainer/process/fds.h"
#include "libcontainer/process/io_priority.h"
#include "libcontainer/process/keyring.h"
#include "libcontainer/process/personality.h"
#include "libcontainer/security/labels.h"

/* Handlers were cleared by clone3(2); what our caller ignores (nohup(1)) the program must not
 * inherit. */
static int step_signals(struct init *init, struct error *err)
{
	_cleanup_fd_ int fd = procfs_open_at(init->plan->procfs, "self/status", O_RDONLY);
	_cleanup_buffer_ struct buffer status = BUFFER_INIT;
	unsigned long long ignored;
	sigset_t none;
	char *line;

	if (fd < 0 || fd_read(fd, 65536, &status, "/proc/self/status", err) < 0)
		return error_set(err, ERROR_SYSTEM, NULL, "read which signals are ignored");
	line = strstr(status.bytes, "\nSigIgn:");
	if (!line || sscanf(line, "\nSigIgn: %llx", &ignored) != 1)
		return error_set(err, ERROR_SYSTEM, NULL, "no SigIgn in /proc/self/status");
	for (int number = 1; ignored; number++, ignored >>= 1)
		/* the C library keeps some for itself: EINVAL */
		if (ignored & 1 && signal(number, SIG_DFL) == SIG_ERR && errno != EINVAL)
			return error_errno(err, errno, NULL, "reset signal %d", number);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	return 0;
}

static bool has_new_user_namespace(const struct init *init)
{
	return init->plan->namespaces.created & CLONE_NEWUSER;
}

/* Where nothing is shared, hooks of a caller without privileges may find our namespaces, to set up a network. */
static bool stays_found(const struct init *init)
{
	return plan_caller_finds_init(init->plan) && !init->plan->namespaces.joined;
}

/* Die with the parent, and let nobody in a namespace that we share look into us. A change of ids
 * clears both (prctl(2)), so this is said again after each. */
static int guard(struct init *init, struct error *err)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || prctl(PR_SET_DUMPABLE, stays_found(init)) < 0)
		return error_errno(err, errno, NULL, "guard the process");
	/* the parent may have died before: its end of the conversation is then closed */
	if (recv(init->channel, &(char){ 0 }, 1, MSG_PEEK | MSG_DONTWAIT) == 0)
		return error_set(err, ERROR_PROTOCOL, NULL, "the parent has ended");
	return 0;
}

static int step_lifeline(struct init *init, struct error *err)
{
	if (plan_caller_finds_init(init->plan)) {
		/* guarded once the id maps are written, see user-namespace */
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
			return error_errno(err, errno, NULL, "guard the process");
		return 0;
	}
	return guard(init, err);
}

static int step_user_namespace(struct init *init, struct error *err)
{
	/* the one that our caller is in, perhaps in a container */
	if (!has_new_user_namespace(init) && !init->plan->joins_user)
		return init->plan->rootless
			   ? user_setgroups_denied(init->plan->procfs, &init->setgroups_denied, err)
			   : 0;
	if (has_new_user_namespace(init) &&
	    message_ask(init->channel, MESSAGE_MAP_IDS, 0, -1, NULL, err) < 0)
		return -1;
	if (namespace_time_enter(&init->plan->namespaces, init->plan->procfs, err) < 0)
		return -1;
	if (id_maps_become_root(plan_keeps_groups(init->plan), err) < 0 ||
	    user_setgroups_denied(init->plan->procfs, &init->setgroups_denied, err) < 0)
		return -1;
	return guard(init, err);
}

static int step_session(struct init *init, struct error *err)
{
	(void)init;
	if (setsid() < 0)
		return error_errno(err, errno, NULL, "make a session");
	return 0;
}

static int step_keyring(struct init *init, struct error *err)
{
	const char *selinux = init->plan->selinux;

	if (!init->plan->new_keyring)
		return 0;
	if (selinux && labels_keyring(init->plan->procfs, selinux, err) < 0)
		return -1;
	if (keyring_join(init->plan->id, err) < 0)
		return -1;
	return selinux ? labels_keyring(init->plan->procfs, NULL, err) : 0;
}

static int step_loopback(struct init *init, struct error *err)
{
	return init->plan->namespaces.created & CLONE_NEWNET ? network_loopback_up(err) : 0;
}

static int step_net_devices(struct init *init, struct error *err)
{
	_cleanup_fd_ int socket = -1;

	if (!init->plan->has_net_devices)
		return 0;
	socket = net_devices_socket(err);
	if (socket < 0)
		return -1;
	return message_ask(init->channel, MESSAGE_NET_DEVICES, 0, socket, NULL, err);
}

static int step_uts(struct init *init, struct error *err)
{
	return uts_apply(&init->plan->namespaces, err);
}

/* A detached mount that we can't make ourselves, from the parent; -1 for those we can. */
static int ask_source(struct init *init, size_t index, int *ret_source, struct error *err)
{
	*ret_source = -1;
	if (rootfs_source(init->plan->rootfs, index) == ROOTFS_SOURCE_OWN)
		return 0;
	return message_ask(init->channel, MESSAGE_MOUNT_SOURCE, (uint32_t)index, -1, ret_source,
			   err);
}

static int step_rootfs(struct init *init, struct error *err)
{
	_cleanup_fd_ int source = -1;

	if (ask_source(init, ROOTFS_ROOT, &source, err) < 0)
		return -1;
	return rootfs_begin(init->plan->rootfs, source, &init->rootfs, err);
}

static int mount_one(struct init *init, size_t index, struct error *err)
{
	_cleanup_fd_ int source = -1;

	if (ask_source(init, index, &source, err) < 0)
		return -1;
	return rootfs_mount(init->plan->rootfs, &init->rootfs, index, source, err);
}

static int step_mounts(struct init *init, struct error *err)
{
	for (size_t i = 0; i < rootfs_mount_count(init->plan->rootfs); i++)
		if (mount_one(init, i, err) < 0)
			return -1;
	return 0;
}

static int step_devices(struct init *init, struct error *err)
{
	return rootfs_devices(init->plan->rootfs, &init->rootfs, err);
}

static int step_console(struct init *init, struct error *err)
{
	if (!init->plan->process->terminal)
		return 0;
	if (console_open(init, init->rootfs.root, err) < 0)
		return -1;
	return rootfs_console(&init->rootfs, init->terminal, err);
}

static int step_runtime_hooks(struct init *init, struct error *err)
{
	return message_ask(init->channel, MESSAGE_RUNTIME_HOOKS, 0, -1, NULL, err);
}

/* Where a pid namespace is joined before a user namespace is made, createContainer hooks already run in it, as the
 * specification wants it, and the neighbours see them: they are the caller's programs.
 *
 * Hooks in the container's namespaces are told its pid as it is there
 * (config.md#posix-platform-hooks). */
static int run_hooks(struct init *init, const char *kind, const struct hook_list *hooks,
		     enum container_status status, struct error *err)
{
	_cleanup_buffer_ struct buffer state = BUFFER_INIT;
	struct container_state *told = init->plan->hook_state;

	if (!hooks->count)
		return 0;
	told->pid = getpid();
	told->status = status;
	if (state_encode_for_hooks(told, &state, err) < 0)
		return -1;
	return hooks_run(kind, hooks, state.bytes, err);
}

static int step_create_container_hooks(struct init *init, struct error *err)
{
	return run_hooks(init, "createContainer", &init->plan->create_container, STATUS_CREATING,
			 err);
}

static int step_pivot(struct init *init, struct error *err)
{
	return rootfs_pivot(init->plan->rootfs, &init->rootfs, err);
}

static int step_chroot(struct init *init, struct error *err)
{
	if (init->plan->root < 0)
		return 0;
	if (fchdir(init->plan->root) < 0 || chroot(".") < 0)
		return error_errno(err, errno, "rootfs", "change the root to the container's");
	return 0;
}

/* A procfs of the container, made by us: for what is written after the host's is given up. */
static int step_procfs(struct init *init, struct error *err)
{
	const struct plan *plan = init->plan;

	if (!plan->sysctl.count && !plan->apparmor && !plan->selinux)
		return 0;
	init->procfs = rootfs_procfs(&init->rootfs, err);
	return init->procfs < 0 ? -1 : 0;
}

static int step_sysctl(struct init *init, struct error *err)
{
	return init->plan->sysctl.count ? sysctl_apply(init->procfs, &init->plan->sysctl, err) : 0;
}

static int step_protect(struct init *init, struct error *err)
{
	return rootfs_protect(init->plan->rootfs, &init->rootfs, err);
}

static int step_root(struct init *init, struct error *err)
{
	init->rootfs = (struct rootfs)ROOTFS_INIT;
	init->rootfs.root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (init->rootfs.root < 0)
		return error_errno(err, errno, "/", "open the container's root");
	return 0;
}

static int step_unmount(struct init *init, struct error *err)
{
	const struct plan *plan = init->plan;

	return rootfs_unmount(init->rootfs.root, plan->procfs, plan->unmounts.items,
			      plan->unmounts.count, err);
}

static int announce_mount(void *context, int tree, struct error *err)
{
	struct init *init = context;

	return message_ask(init->channel, MESSAGE_MOUNT_MADE, (uint32_t)init->mount, tree, NULL,
			   err);
}

static int step_added_mounts(struct init *init, struct error *err)
{
	size_t count = init->plan->rootfs ? rootfs_mount_count(init->plan->rootfs) : 0;

	init->rootfs.announce = announce_mount;
	init->rootfs.context = init;
	for (init->mount = 0; init->mount < count; init->mount++)
		if (mount_one(init, init->mount, err) < 0)
			return -1;
	return 0;
}

static int step_mounted(struct init *init, struct error *err)
{
	if (message_send(init->channel, MESSAGE_MOUNTED, 0, -1, err) < 0)
		return -1;
	_exit(0);
}

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
static int step_forget_host(struct init *init, struct error *err)
{
	const struct namespace_plan *namespaces = &init->plan->namespaces;
	bool last = namespaces_pid_last(namespaces);

	return close_rest(init, last ? namespace_descriptor(namespaces, CLONE_NEWPID) : -1, err);
}

static bool filters_early(const struct plan *plan)
{
	return plan->seccomp && !plan->process->no_new_privs;
}

/* A neighbour who has CAP_SYS_PTRACE can take what we have. So that is, besides what the program gets, what the rest of
 * the way takes: to give the streams to the user and make his cwd, to become him, and what few configs ask for. Hooks
 * in the container have the rights of its root (config.md): then all are kept. */
static int shed_capabilities(const struct plan *plan, struct error *err)
{
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
	return capabilities_reduce(&keep, err);
}

/* A clone leads no session, and only a leader can take a terminal. */
static int settle_in_clone(struct init *init, struct error *err)
{
	return step_session(init, err) < 0 ? -1 : guard(init, err);
}

static int step_pid_namespace(struct init *init, struct error *err)
{
	const struct namespace_plan *namespaces = &init->plan->namespaces;
	bool last = namespaces_pid_last(namespaces);

	if (!last && !namespaces_unshared(namespaces))
		return 0;
	if ((last && namespace_join_pid(namespaces, err) < 0) ||
	    shed_capabilities(init->plan, err) < 0 ||
	    continue_in_clone(init->channel, 0, -1, err) < 0 || close_rest(init, -1, err) < 0)
		return -1;
	return settle_in_clone(init, err);
}

/* The namespace is for the clone that step_enter() makes; joining takes rights that are given up before. */
static int step_leave_host(struct init *init, struct error *err)
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

static int step_enter(struct init *init, struct error *err)
{
	const struct process_plan *process = init->plan->process;

	if (continue_in_clone(init->channel, 0, -1, err) < 0 || settle_in_clone(init, err) < 0)
		return -1;
	if (process->terminal && console_control(err) < 0)
		return -1;
	return sets_scheduler_late(init) ? scheduler_apply(process->scheduler, err) : 0;
}

static int step_names(struct init *init, struct error *err)
{
	return user_look_up(&init->plan->process->user, init->rootfs.root, err);
}

static int step_exec_console(struct init *init, struct error *err)
{
	return init->plan->process->terminal ? console_open(init, init->rootfs.root, err) : 0;
}

static int step_null(struct init *init, struct error *err)
{
	(void)err;
	fds_own_null(init->rootfs.root, init->plan->procfs);
	return 0;
}

static int step_terminal(struct init *init, struct error *err)
{
	bool terminal = init->terminal >= 0;

	if (terminal && console_streams(init, err) < 0)
		return -1;
	/* a process of exec takes it when it has its own session: see step_enter() */
	if (terminal && init->plan->purpose == PURPOSE_CREATE && console_control(err) < 0)
		return -1;
	return user_own_stdio(&init->plan->process->user, terminal, err);
}

static int step_scheduling(struct init *init, struct error *err)
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

static int step_affinity(struct init *init, struct error *err)
{
	return affinity_apply(&init->plan->process->affinity.final, 0, err);
}

/* By the parent, which has the rights to (or else, as for a caller who hasn't, by ourselves), and once none of them refuses what we still do. */
static int step_limits(struct init *init, struct error *err)
{
	if (message_ask(init->channel, MESSAGE_CREATED, 0, -1, NULL, err) < 0)
		return -1;
	return init->plan->own_rlimits ? rlimits_apply(&init->plan->process->rlimits, 0, err) : 0;
}

static int step_home(struct init *init, struct error *err)
{
	_cleanup_fd_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (root < 0)
		return error_errno(err, errno, "/", "open the container's root");
	environment_set_home(&init->plan->process->env, root, init->plan->process->user.uid);
	return 0;
}

static int step_make_cwd(struct init *init, struct error *err)
{
	_cleanup_fd_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (root < 0)
		return error_errno(err, errno, "/", "open the container's root");
	return cwd_make(root, init->plan->process->cwd, err);
}

/* An early answer for whoever creates; the judgement that counts is made again as the user. */
static int step_look_for_program(struct init *init, struct error *err)
{
	const struct process_plan *process = init->plan->process;
	char path[PATH_MAX];
	bool entered;

	if (cwd_try(process->cwd, &entered, err) < 0)
		return -1;
	return executable_find(process->args[0], &process->env, path, err);
}

static int step_termination(struct init *init, struct error *err)
{
	(void)init;
	return termination_exits(err);
}

/* It listens before it says so: whoever hears that the container is created may connect at once. */
static int step_created(struct init *init, struct error *err)
{
	if (listen(init->plan->start_socket, 8) < 0)
		return error_errno(err, errno, "start socket", "listen at the start socket");
	/* The parent ends as soon as it has answered, and that must not kill us any more. If it
	 * ends before, the end of the conversation tells us so. */
	if (prctl(PR_SET_PDEATHSIG, 0) < 0)
		return error_errno(err, errno, NULL, "outlive the parent");
	if (stays_found(init) && prctl(PR_SET_DUMPABLE, 1) < 0)
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
static int step_wait_for_start(struct init *init, struct error *err)
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

static int step_start_container_hooks(struct init *init, struct error *err)
{
	return run_hooks(init, "startContainer", &init->plan->start_container, STATUS_CREATED, err);
}

static int step_labels(struct init *init, struct error *err)
{
	if (!init->plan->apparmor && !init->plan->selinux)
		return 0;
	/* a process of exec is still in the caller's pid namespace, and clones inherit what is set for the next execve */
	return labels_apply(init->plan->purpose == PURPOSE_EXEC ? init->plan->procfs : init->procfs,
			    init->plan->apparmor, init->plan->selinux, err);
}

static int step_executing(struct init *init, struct error *err)
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

static int step_seccomp_early(struct init *init, struct error *err)
{
	if (!filters_early(init->plan))
		return 0;
	/* the clone that enters inherits the filter, if that lets us make it */
	init->filtered = init->plan->purpose == PURPOSE_CREATE || filter_lets_enter(init->plan);
	return init->filtered ? load_seccomp(init, err) : 0;
}

static int step_cwd(struct init *init, struct error *err)
{
	if (cwd_try(init->plan->process->cwd, &init->cwd_entered, err) < 0)
		return -1;
	return init->cwd_entered ? cwd_verify(err) : 0;
}

static int step_user(struct init *init, struct error *err)
{
	const struct plan *plan = init->plan;

	if (capabilities_keep(err) < 0 ||
	    capabilities_drop_bounding(&plan->capabilities, err) < 0 ||
	    user_become(&plan->process->user, init->setgroups_denied, err) < 0)
		return -1;
	/* the change of ids made us dumpable, perhaps; a process of exec isn't on its own yet */
	if (plan->purpose == PURPOSE_EXEC) {
		if (guard(init, err) < 0)
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

static int step_descriptors(struct init *init, struct error *err)
{
	return fds_verify(init->plan->preserve_fds, err);
}

static int step_capabilities(struct init *init, struct error *err)
{
	struct capabilities_plan capabilities = init->plan->capabilities;
	uint64_t more = taken_along(init);

	capabilities.permitted |= more;
	capabilities.effective |= more;
	return capabilities_apply(&capabilities, err);
}

/* What was taken along is used and given up. */
static int step_exec_rights(struct init *init, struct error *err)
{
	if (!taken_along(init))
		return 0;
	if (filters_early(init->plan) && !init->filtered && load_seccomp(init, err) < 0)
		return -1;
	return capabilities_apply(&init->plan->capabilities, err);
}

static int step_no_new_privs(struct init *init, struct error *err)
{
	return process_no_new_privs(init->plan->process, err);
}

static int step_seccomp_late(struct init *init, struct error *err)
{
	if (!init->plan->seccomp || !init->plan->process->no_new_privs)
		return 0;
	return load_seccomp(init, err);
}

static int step_program(struct init *init, struct error *err)
{
	const struct process_plan *process = init->plan->process;

	return executable_find(process->args[0], &process->env, init->program, err);
}

static int step_execute(struct init *init, struct error *err)
{
	const struct process_plan *process = init->plan->process;

	return execute(init->program, process->args, process->env.vector, err);
}

#define CREATE (1u << PURPOSE_CREATE)
#define EXEC   (1u << PURPOSE_EXEC)
#define BOTH   (CREATE | EXEC)
#define MOUNTS (1u << PURPOSE_MOUNTS)

/* clang-format off */
const struct step init_steps[] = {
	{ "signals", BOTH, step_signals,
	  "", "startContainer-hooks execute forget-host leave-host",
	  "programs start with all signals at their defaults" },
	{ "lifeline", BOTH | MOUNTS, step_lifeline,
	  "", "user-namespace mounts",
	  "init must not outlive a create that was killed, nor be looked into" },
	{ "user-namespace", BOTH | MOUNTS, step_user_namespace,
	  "lifeline", "session keyring loopback uts rootfs",
	  "whatever is made from here on belongs to the container's root" },
	{ "session", BOTH, step_session,
	  "", "terminal",
	  "only a session's leader takes a controlling terminal" },
	{ "keyring", BOTH, step_keyring,
	  "user-namespace", "forget-host leave-host seccomp-early",
	  "a keyring belongs to a user namespace" },
	{ "loopback", CREATE, step_loopback,
	  "user-namespace", "runtime-hooks",
	  "hooks find a network namespace with its loopback up" },
	{ "net-devices", CREATE, step_net_devices,
	  "loopback", "runtime-hooks",
	  "hooks find the network complete" },
	{ "uts", CREATE, step_uts,
	  "user-namespace", "runtime-hooks",
	  "hooks find the names set" },
	{ "rootfs", CREATE, step_rootfs,
	  "user-namespace", "mounts",
	  "mounts go onto the root filesystem, and must not propagate to the host" },
	{ "mounts", CREATE, step_mounts,
	  "rootfs", "devices console runtime-hooks pivot",
	  "sources are paths of the host, out of reach after pivot_root" },
	{ "devices", CREATE, step_devices,
	  "mounts", "console protect pivot",
	  "/dev is a mount; the host's device nodes are out of reach after pivot_root" },
	{ "console", CREATE, step_console,
	  "devices", "forget-host terminal",
	  "the pty comes from the container's devpts" },
	{ "runtime-hooks", CREATE, step_runtime_hooks,
	  "mounts devices", "createContainer-hooks pivot",
	  "config.md: namespaces are made, pivot_root is not; hooks look for /proc and /dev" },
	{ "createContainer-hooks", CREATE, step_create_container_hooks,
	  "runtime-hooks", "pivot",
	  "config.md: after createRuntime, before pivot_root; their paths are the host's" },
	{ "pivot", CREATE, step_pivot,
	  "createContainer-hooks", "created",
	  "the end of the host's file tree" },
	{ "procfs", CREATE, step_procfs,
	  "pivot", "sysctl protect",
	  "in a user namespace none can be made once paths of /proc are masked" },
	{ "sysctl", CREATE, step_sysctl,
	  "procfs", "protect",
	  "/proc/sys may be about to become read-only" },
	{ "protect", CREATE, step_protect,
	  "mounts devices sysctl createContainer-hooks", "startContainer-hooks created",
	  "masks must not be covered by a later mount, read-only roots still need mount points before" },
	{ "chroot", EXEC, step_chroot,
	  "user-namespace", "root",
	  "a container without a mount namespace has at least a root of its own" },
	{ "root", EXEC | MOUNTS, step_root,
	  "chroot user-namespace", "exec-console home unmount added-mounts",
	  "paths are resolved from one descriptor" },
	{ "unmount", MOUNTS, step_unmount,
	  "root", "added-mounts",
	  "what a killed predecessor left must not be in the way" },
	{ "added-mounts", MOUNTS, step_added_mounts,
	  "root unmount", "mounted",
	  "made by a process that is in no pid namespace of the container: nobody in there sees it" },
	{ "mounted", MOUNTS, step_mounted,
	  "added-mounts", "",
	  "the end of that process, which executes nothing" },
	{ "names", EXEC, step_names,
	  "root", "leave-host terminal home",
	  "--user by name: the names are the container's, and the ids are wanted from here on" },
	{ "exec-console", EXEC, step_exec_console,
	  "root", "leave-host terminal",
	  "the master is opened through the host's procfs" },
	{ "null", BOTH, step_null,
	  "devices root", "forget-host leave-host",
	  "the container's /dev/null is there, the host's procfs too" },
	{ "forget-host", CREATE, step_forget_host,
	  "protect console", "pid-namespace created",
	  "a neighbour in the pid namespace who may trace us would find what is open in /proc/PID/fd" },
	{ "pid-namespace", CREATE, step_pid_namespace,
	  "forget-host", "terminal home created",
	  "last of the namespaces: whoever is in it is visible to all who are" },
	{ "terminal", BOTH, step_terminal,
	  "session", "user",
	  "standard streams are given to the user while we may" },
	{ "scheduling", BOTH, step_scheduling,
	  "", "user seccomp-early",
	  "needs the rights of root, and the container's cpuset" },
	{ "affinity", EXEC, step_affinity,
	  "", "user",
	  "execCPUAffinity.final: once in the container's cgroup" },
	{ "home", BOTH, step_home,
	  "", "look-for-program cwd",
	  "HOME comes from the container's /etc/passwd" },
	{ "make-cwd", CREATE, step_make_cwd,
	  "pid-namespace", "look-for-program cwd",
	  "by root; exec makes none: what it is told to do may not change the container's files" },
	{ "look-for-program", CREATE, step_look_for_program,
	  "home", "created",
	  "who creates should hear of a missing program, not who starts" },
	{ "termination", CREATE, step_termination,
	  "signals", "created",
	  "who hears that the container is created may ask it to end, and the kernel spares a pid 1 that handles no signal" },
	{ "created", CREATE, step_created,
	  "look-for-program protect termination", "wait-for-start",
	  "limits are set and the state written once nothing can fail any more but the program" },
	{ "wait-for-start", CREATE, step_wait_for_start,
	  "created", "startContainer-hooks",
	  "runtime.md: the program runs when the user starts it" },
	{ "startContainer-hooks", CREATE, step_start_container_hooks,
	  "wait-for-start", "labels user executing",
	  "config.md: in the container, as part of start; with the rights of its root" },
	{ "labels", BOTH, step_labels,
	  "startContainer-hooks", "leave-host no-new-privs user seccomp-early",
	  "the label is for the next execve, which must not be a hook's; a profile may not change after "
	  "no_new_privs" },
	{ "cwd", BOTH, step_cwd,
	  "home", "descriptors executing",
	  "verified before the filter; again as the user if root may not enter" },
	{ "leave-host", EXEC, step_leave_host,
	  "root names exec-console null labels", "descriptors seccomp-early user enter",
	  "nothing of the host's is open when the container sees the process (CVE-2024-21626)" },
	{ "descriptors", BOTH, step_descriptors,
	  "terminal labels cwd", "executing seccomp-early",
	  "after the last open, before the filter (CVE-2024-21626)" },
	{ "executing", CREATE, step_executing,
	  "descriptors startContainer-hooks", "seccomp-early user",
	  "the filter may not let this message through" },
	{ "seccomp-early", BOTH, step_seccomp_early,
	  "executing", "user",
	  "without no_new_privs loading takes CAP_SYS_ADMIN, which goes with the change of ids" },
	{ "user", BOTH, step_user,
	  "seccomp-early startContainer-hooks", "capabilities",
	  "dropping the bounding set and changing ids take capabilities that are then dropped" },
	{ "capabilities", BOTH, step_capabilities,
	  "user", "seccomp-late execute",
	  "the kernel recomputes the sets at the change of ids" },
	{ "enter", EXEC, step_enter,
	  "leave-host descriptors seccomp-early user capabilities", "limits exec-executing",
	  "who may trace it in the container gets what the program has, and no right of ours" },
	{ "limits", EXEC, step_limits,
	  "enter", "exec-executing",
	  "after the last clone and before the program; for a container they are set at created" },
	{ "exec-executing", EXEC, step_executing,
	  "enter limits", "exec-rights",
	  "a filter that didn't let us enter may not let this message through" },
	{ "exec-rights", EXEC, step_exec_rights,
	  "exec-executing capabilities", "program execute",
	  "the first that the process in the container does with rights of ours is to give them up" },
	{ "program", BOTH, step_program,
	  "home cwd user capabilities", "seccomp-late execute",
	  "looked for with the rights that execve will have, before a filter that may forbid to look" },
	{ "no-new-privs", BOTH, step_no_new_privs,
	  "labels capabilities", "seccomp-late",
	  "what lets the filter be loaded without capabilities" },
	{ "seccomp-late", BOTH, step_seccomp_late,
	  "no-new-privs", "execute",
	  "with no_new_privs the filter has to let nothing of ours through but execve" },
	{ "execute", BOTH, step_execute,
	  "seccomp-late", "",
	  "the end of us" },
};
/* clang-format on */

const size_t init_step_count = array_length(init_steps);
