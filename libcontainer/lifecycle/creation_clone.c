/* The container's first process by clone3(2): an init that asks us for what only we can do, and then waits to be started. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/socket.h"
#include "libcontainer/init/message.h"
#include "libcontainer/lifecycle/creation.h"
#include "libcontainer/lifecycle/joined_procfs.h"
#include "libcontainer/namespace/net_devices.h"

static int open_start_socket(struct creation *creation, struct error *err)
{
	creation->plan->start_socket =
	    socket_bind_at(creation->record.dir, STORE_START, SOCK_SEQPACKET, 0600, err);
	return creation->plan->start_socket < 0 ? -1 : 0;
}

/* ---- what init asks for ---- */

static int serve_enter_cgroup(void *context, struct exchange *exchange, struct error *err)
{
	return creation_enter_cgroup(context, exchange->spawned->pid, err);
}

static int serve_map_ids(void *context, struct exchange *exchange, struct error *err)
{
	struct creation *creation = context;
	struct plan *plan = creation->plan;

	return id_maps_write(&plan->namespaces, exchange->spawned->pid, plan->procfs, err);
}

static int serve_net_devices(void *context, struct exchange *exchange, struct error *err)
{
	struct creation *creation = context;
	char path[64];
	_cleanup_fd_ int target = -1;

	snprintf(path, sizeof(path), "%d/ns/net", (int)exchange->spawned->pid);
	target = openat(creation->plan->procfs, path, O_RDONLY | O_CLOEXEC);
	if (target < 0)
		return error_errno(err, errno, "linux.netDevices",
				   "open the container's network namespace");
	return net_devices_move(creation->config->linux_, target, exchange->received, err);
}

static int serve_mount_source(void *context, struct exchange *exchange, struct error *err)
{
	struct creation *creation = context;
	const struct rootfs_plan *rootfs = creation->plan->rootfs;
	size_t mount = exchange->index == UINT32_MAX ? ROOTFS_ROOT : exchange->index;
	enum rootfs_source source = ROOTFS_SOURCE_OWN;

	if (mount == ROOTFS_ROOT || mount < rootfs_mount_count(rootfs))
		source = rootfs_source(rootfs, mount);
	if (source == ROOTFS_SOURCE_OWN)
		return error_set(err, ERROR_PROTOCOL, NULL,
				 "init asks for mount %u, not one of ours", exchange->index);
	exchange->reply = source == ROOTFS_SOURCE_PARENT
			      ? rootfs_open_source(rootfs, mount, err)
			      : joined_procfs_open(creation->plan, mount, err);
	return exchange->reply < 0 ? -1 : 0;
}

static int serve_runtime_hooks(void *context, struct exchange *exchange, struct error *err)
{
	return creation_run_hooks(context, exchange->spawned->pid, err);
}

static int serve_created(void *context, struct exchange *exchange, struct error *err)
{
	struct creation *creation = context;
	const struct spawned *spawned = exchange->spawned;

	if (!creation->plan->asks_for_hooks && creation_run_hooks(creation, spawned->pid, err) < 0)
		return -1;
	if (plan_apply_outside(creation->plan, spawned->pid, err) < 0)
		return -1;
	return creation_finish(creation, spawned->pid, spawned->pidfd, err);
}

static int clone_and_serve(struct creation *creation, const struct service *service,
			   struct error *err)
{
	struct plan *plan = creation->plan;

	if (open_start_socket(creation, err) < 0 || spawn(plan, &creation->spawned, err) < 0)
		return -1;
	/* init's alone: while we had it, a run would be let in although init is dead */
	close(steal_fd(&plan->start_socket));
	/* while init is busy: the kernel's verifier takes its time */
	if (creation->device_program < 0 &&
	    device_program_load(creation->cgroup_plan, &creation->device_program, err) < 0)
		return -1;
	return spawned_serve(&creation->spawned, service, MESSAGE_CREATED, err);
}

int creation_clone(void *context, struct creation *creation, struct error *err)
{
	const struct service service = {
		.context = creation,
		.enter_cgroup = serve_enter_cgroup,
		.map_ids = serve_map_ids,
		.net_devices = serve_net_devices,
		.mount_source = serve_mount_source,
		.runtime_hooks = serve_runtime_hooks,
		.created = serve_created,
	};
	struct plan *plan = creation->plan;

	(void)context;
	if (namespaces_open_for_create(&plan->namespaces, err) < 0 ||
	    arena_keep_from_children(&creation->config_arena, err) < 0)
		return -1;
	if (clone_and_serve(creation, &service, err) == 0)
		return 0;
	if (!spawned_enter_otherwise(plan, &creation->spawned))
		return -1;
	plan->cgroup = -1; /* creation->cgroup has it */
	unlinkat(creation->record.dir, STORE_START, 0);
	return clone_and_serve(creation, &service, err);
}
