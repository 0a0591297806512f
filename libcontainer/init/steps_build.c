/* Steps: what surrounds the program is made, up to the root filesystem, with the host's files at hand. Their order, and why,
 * is in steps.c. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/procfs.h"
#include "libcontainer/init/hooks.h"
#include "libcontainer/init/message.h"
#include "libcontainer/init/steps.h"
#include "libcontainer/namespace/net_devices.h"
#include "libcontainer/process/keyring.h"
#include "libcontainer/security/labels.h"

/* Handlers were cleared by clone3(2); what our caller ignores (nohup(1)) the program must not
 * inherit. */
int step_signals(struct init *init, struct error *err)
{
	_cleanup_fd_ int fd = procfs_open_at(init->plan->procfs, "self/status", O_RDONLY);
	_cleanup_buffer_ struct buffer status = BUFFER_INIT;
	unsigned long long ignored;
	sigset_t none;
	char *line;

	if (fd < 0)
		return error_errno(err, errno, NULL, "open /proc/self/status");
	if (fd_read(fd, 65536, &status, "/proc/self/status", err) < 0)
		return error_prefix(err, "read which signals are ignored");
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
bool init_stays_found(const struct init *init)
{
	return plan_caller_finds_init(init->plan) && !init->plan->namespaces.joined;
}

/* Die with the parent, and let nobody in a namespace that we share look into us. A change of ids
 * clears both (prctl(2)), so this is said again after each. */
int init_guard(struct init *init, struct error *err)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ||
	    prctl(PR_SET_DUMPABLE, init_stays_found(init)) < 0)
		return error_errno(err, errno, NULL, "guard the process");
	/* the parent may have died before: its end of the conversation is then closed */
	if (recv(init->channel, &(char){ 0 }, 1, MSG_PEEK | MSG_DONTWAIT) == 0)
		return error_set(err, ERROR_PROTOCOL, NULL, "the parent has ended");
	return 0;
}

int step_lifeline(struct init *init, struct error *err)
{
	if (plan_caller_finds_init(init->plan)) {
		/* guarded once the id maps are written, see user-namespace */
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
			return error_errno(err, errno, NULL, "guard the process");
		return 0;
	}
	return init_guard(init, err);
}

int step_user_namespace(struct init *init, struct error *err)
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
	return init_guard(init, err);
}

int step_session(struct init *init, struct error *err)
{
	(void)init;
	if (setsid() < 0)
		return error_errno(err, errno, NULL, "make a session");
	return 0;
}

int step_keyring(struct init *init, struct error *err)
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

int step_loopback(struct init *init, struct error *err)
{
	return init->plan->namespaces.created & CLONE_NEWNET ? network_loopback_up(err) : 0;
}

int step_net_devices(struct init *init, struct error *err)
{
	_cleanup_fd_ int socket = -1;

	if (!init->plan->has_net_devices)
		return 0;
	socket = net_devices_socket(err);
	if (socket < 0)
		return -1;
	return message_ask(init->channel, MESSAGE_NET_DEVICES, 0, socket, NULL, err);
}

int step_uts(struct init *init, struct error *err)
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

int step_rootfs(struct init *init, struct error *err)
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

int step_mounts(struct init *init, struct error *err)
{
	for (size_t i = 0; i < rootfs_mount_count(init->plan->rootfs); i++)
		if (mount_one(init, i, err) < 0)
			return -1;
	return 0;
}

int step_devices(struct init *init, struct error *err)
{
	return rootfs_devices(init->plan->rootfs, &init->rootfs, err);
}

int step_console(struct init *init, struct error *err)
{
	if (!init->plan->process->terminal)
		return 0;
	if (console_open(init, init->rootfs.root, err) < 0)
		return -1;
	return rootfs_console(&init->rootfs, init->terminal, err);
}

int step_runtime_hooks(struct init *init, struct error *err)
{
	return init->plan->asks_for_hooks
		   ? message_ask(init->channel, MESSAGE_RUNTIME_HOOKS, 0, -1, NULL, err)
		   : 0;
}

/* Where a pid namespace is joined before a user namespace is made, createContainer hooks already run in it, as the
 * specification wants it, and the neighbours see them: they are the caller's programs.
 *
 * Hooks in the container's namespaces are told its pid as it is there
 * (config.md#posix-platform-hooks). */
int init_run_hooks(struct init *init, const char *kind, const struct hook_list *hooks,
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

int step_create_container_hooks(struct init *init, struct error *err)
{
	return init_run_hooks(init, "createContainer", &init->plan->create_container,
			      STATUS_CREATING, err);
}

int step_pivot(struct init *init, struct error *err)
{
	return rootfs_pivot(init->plan->rootfs, &init->rootfs, err);
}

int step_chroot(struct init *init, struct error *err)
{
	if (init->plan->root < 0)
		return 0;
	if (fchdir(init->plan->root) < 0 || chroot(".") < 0)
		return error_errno(err, errno, "rootfs", "change the root to the container's");
	return 0;
}

/* A procfs of the container, made by us: for what is written after the host's is given up. */
int step_procfs(struct init *init, struct error *err)
{
	const struct plan *plan = init->plan;

	if (!plan->sysctl.count && !plan->apparmor && !plan->selinux)
		return 0;
	init->procfs = rootfs_procfs(&init->rootfs, err);
	return init->procfs < 0 ? -1 : 0;
}

int step_sysctl(struct init *init, struct error *err)
{
	return init->plan->sysctl.count ? sysctl_apply(init->procfs, &init->plan->sysctl, err) : 0;
}

int step_protect(struct init *init, struct error *err)
{
	return rootfs_protect(init->plan->rootfs, &init->rootfs, err);
}

int step_root(struct init *init, struct error *err)
{
	init->rootfs = (struct rootfs)ROOTFS_INIT;
	init->rootfs.root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (init->rootfs.root < 0)
		return error_errno(err, errno, "/", "open the container's root");
	return 0;
}

int step_unmount(struct init *init, struct error *err)
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

int step_added_mounts(struct init *init, struct error *err)
{
	size_t count = init->plan->rootfs ? rootfs_mount_count(init->plan->rootfs) : 0;

	init->rootfs.announce = announce_mount;
	init->rootfs.context = init;
	for (init->mount = 0; init->mount < count; init->mount++)
		if (mount_one(init, init->mount, err) < 0)
			return -1;
	return 0;
}

int step_mounted(struct init *init, struct error *err)
{
	if (message_send(init->channel, MESSAGE_MOUNTED, 0, -1, err) < 0)
		return -1;
	_exit(0);
}
