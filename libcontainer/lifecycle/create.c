/* create: runtime.md, lifecycle 1 to 6. Everything is decided before anything is made; what is made
 * is undone in reverse when a later part fails. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/procfs.h"
#include "base/socket.h"
#include "base/trace.h"
#include "libcontainer/cgroup/intel_rdt.h"
#include "libcontainer/init/executable.h"
#include "libcontainer/init/hooks.h"
#include "libcontainer/lifecycle/creation.h"
#include "libcontainer/lifecycle/hooks_after.h"
#include "libcontainer/lifecycle/notify.h"
#include "libcontainer/lifecycle/rootfs_request.h"
#include "libcontainer/lifecycle/terminal.h"

#define CGROUP_REMOVE_MS 5000

/* ---- make ---- */

/* The config as it was read: the bundle's may change, the container doesn't (runtime.md). */
static int keep_config(struct creation *creation, struct error *err)
{
	return file_replace(creation->record.dir, STORE_CONFIG, 0600, creation->text.bytes,
			    creation->text.length, false, err);
}

static int open_callers_sockets(struct creation *creation, struct error *err)
{
	const struct create_options *options = creation->options;
	struct plan *plan = creation->plan;

	if (plan->process->terminal) {
		plan->terminal_relayed = !options->console_socket;
		plan->console_socket =
		    terminal_connect(options->terminal, options->console_socket, -1, err);
		if (plan->console_socket < 0)
			return -1;
	}
	if (options->pidfd_socket) {
		creation->pidfd_socket =
		    socket_connect_path(options->pidfd_socket, SOCK_STREAM, -1, err);
		if (creation->pidfd_socket < 0)
			return -1;
	}
	return 0;
}

/* It is the container's from now on, with the duty to remove it if another one had that. Where it can't be marked its path must
 * do. */
static void take_cgroup(struct creation *creation)
{
	struct container_state *state = creation->state;
	struct cgroup *cgroup = &creation->cgroup;

	cgroup->created = cgroup->created || cgroup_was_made(cgroup->fd);
	state->cgroup_created = cgroup->created;
	if (cgroup_mark(cgroup->fd, state->cgroup_mark, cgroup->created) < 0)
		state->cgroup_mark = NULL;
}

/* Where the first process can't be made: a scope has to wait for it, and in a cgroup in which cgroup.kill was ever written
 * the kernel kills whom clone3(2) puts there (seen on 6.18). Of ours it wasn't. So creation_enter_cgroup() moves it. */
static int make_cgroup(struct creation *creation, struct error *err)
{
	trace_phase("cgroup");
	creation->plan->enters_cgroup = creation->cgroup_plan->unit != NULL;
	if (creation->plan->enters_cgroup)
		return 0;
	if (cgroup_create(creation->cgroup_plan, &creation->cgroup, err) < 0)
		return -1;
	creation->plan->enters_cgroup = creation->cgroup.fd >= 0 && !creation->cgroup.created;
	if (creation->cgroup.fd >= 0)
		take_cgroup(creation);
	else
		creation->state->cgroup_path = NULL;
	if (!creation->plan->enters_cgroup)
		creation->plan->cgroup = creation->cgroup.fd;
	return 0;
}

/* ---- what the makers call ---- */

/* From here on the scope is ours to take away. */
int creation_enter_cgroup(struct creation *creation, pid_t pid, struct error *err)
{
	const struct cgroup_plan *plan = creation->cgroup_plan;

	if (!plan->unit)
		return cgroup_attach(creation->cgroup.fd, pid, err);
	if (systemd_start(&creation->systemd, plan->unit, pid, err) < 0)
		return -1;
	creation->cgroup.created = creation->state->cgroup_created = true;
	if (cgroup_adopt(plan, pid, &creation->cgroup, err) < 0)
		return -1;
	take_cgroup(creation);
	creation->plan->cgroup = creation->cgroup.fd;
	return 0;
}

static int run_hooks(struct creation *creation, const char *kind, const struct hook_list *list,
		     struct error *err)
{
	_cleanup_buffer_ struct buffer state = BUFFER_INIT;

	if (!list->count)
		return 0;
	if (state_encode_for_hooks(creation->state, &state, err) < 0)
		return -1;
	return hooks_run(kind, list, state.bytes, err);
}

int creation_run_hooks(struct creation *creation, pid_t pid, struct error *err)
{
	const struct config_hooks *hooks = creation->config->hooks;

	creation->state->pid = pid;
	/* before the hooks: some of them add devices to the programs that they find */
	if (creation->cgroup_plan->unit &&
	    systemd_set(&creation->systemd, creation->cgroup_plan->unit->name,
			&creation->cgroup_plan->unit->devices, err) < 0)
		return -1;
	if (device_program_attach(creation->cgroup.fd, creation->device_program, err) < 0)
		return -1;
	if (!hooks)
		return 0;
	/* those of createContainer are init's, soon after */
	creation->hooks_begun =
	    hooks->prestart.count || hooks->create_runtime.count || hooks->create_container.count;
	if (run_hooks(creation, "prestart", &hooks->prestart, err) < 0)
		return -1;
	return run_hooks(creation, "createRuntime", &hooks->create_runtime, err);
}

static int plan_intel_rdt(struct creation *creation, struct error *err)
{
	const struct config_intel_rdt *config = creation->config->linux_->intel_rdt;
	struct container_state *state = creation->state;
	struct intel_rdt_made made;
	_cleanup_fd_ int root = -1;

	if (!config)
		return 0;
	root = intel_rdt_open(err);
	if (root < 0 ||
	    intel_rdt_plan(root, config, state->id, &creation->config_arena, &made, err) < 0)
		return -1;
	state->intel_rdt_clos = made.clos;
	state->intel_rdt_monitoring = made.monitoring;
	return 0;
}

static int join_intel_rdt(struct creation *creation, pid_t pid, struct error *err)
{
	const struct config_intel_rdt *config = creation->config->linux_->intel_rdt;
	struct intel_rdt_made made; /* as planned */
	_cleanup_fd_ int root = -1;

	if (!config)
		return 0;
	root = intel_rdt_open(err);
	return root < 0 ? -1
			: intel_rdt_join(root, config, creation->state->id, pid,
					 &creation->config_arena, &made, err);
}

static int apply_limits(struct creation *creation, struct error *err)
{
	const struct cgroup_plan *plan = creation->cgroup_plan;

	if (cgroup_apply(plan, creation->cgroup.fd, err) < 0)
		return -1;
	return plan->unit ? systemd_keep(&creation->systemd, plan->unit->name, creation->cgroup.fd,
					 &plan->writes, NULL, &plan->unit->limits, err)
			  : 0;
}

static char *now_text(struct arena *arena)
{
	struct timespec now;
	struct tm utc;
	char day[32];

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &utc);
	return arena_printf(arena, "%s.%09ldZ", day, now.tv_nsec);
}

int creation_finish(struct creation *creation, pid_t pid, int pidfd, struct error *err)
{
	struct container_state *state = creation->state;
	struct procfs_stat stat;

	if (apply_limits(creation, err) < 0 || join_intel_rdt(creation, pid, err) < 0)
		return -1;
	if (procfs_stat(pid, &stat, err) < 0)
		return -1;
	state->pid = pid;
	state->pid_start = stat.start;
	state->created = now_text(&creation->config_arena);
	state->status = STATUS_CREATED;
	if (store_save(&creation->record, state, err) < 0)
		return -1;
	if (creation->pidfd_socket >= 0 && pidfd_send(creation->pidfd_socket, pidfd, err) < 0)
		return -1;
	if (creation->options->terminal && terminal_receive(creation->options->terminal, err) < 0)
		return -1;
	if (!creation->options->pid_file)
		return 0;
	/* last: who waits for the file takes it for the container being there */
	if (pid_file_write(creation->options->pid_file, pid, err) < 0)
		return -1;
	creation->told_pid = true;
	return 0;
}

/* Who has too few descriptors to make a container may have too few to take away what he has made: so some are put by,
 * before anything is. */
static int put_by_descriptors(struct creation *creation, struct error *err)
{
	while (creation->spare_count < CREATION_SPARE) {
		int fd = open("/", O_PATH | O_CLOEXEC);

		if (fd < 0)
			return error_errno(err, errno, NULL, "put descriptors by");
		creation->spare[creation->spare_count++] = fd;
	}
	return 0;
}

static void free_spare_descriptors(struct creation *creation)
{
	while (creation->spare_count)
		close(creation->spare[--creation->spare_count]);
}

static int prepare(struct creation *creation, struct error *err)
{
	if (put_by_descriptors(creation, err) < 0)
		return -1;
	trace_phase("plan");
	if (creation_describe(creation, err) < 0 || creation_plan_cgroup(creation, err) < 0)
		return -1;
	trace_phase("claim");
	if (store_claim(creation->runtime, creation->options->id, &creation->record, err) < 0)
		return -1;
	creation->claimed = true;
	if (state_cgroup_mark(&creation->record, &creation->config_arena,
			      &creation->state->cgroup_mark, err) < 0 ||
	    creation_plan_init(creation, err) < 0 || plan_intel_rdt(creation, err) < 0)
		return -1;
	/* before anything is made that a successor would have to find */
	trace_phase("intent");
	return store_save(&creation->record, creation->state, err);
}

static int make(struct creation *creation, creation_maker *maker, void *context, struct error *err)
{
	if (keep_config(creation, err) < 0 || open_callers_sockets(creation, err) < 0 ||
	    make_cgroup(creation, err) < 0)
		return -1;
	/* a caller's descriptor must reach neither a hook nor the container, but for those it said
	 */
	if (fds_cloexec_from(3 + creation->plan->preserve_fds, err) < 0)
		return -1;
	creation->plan->procfs = procfs_open(err);
	return creation->plan->procfs < 0 ? -1 : maker(context, creation, err);
}

/* ---- undo, in reverse ---- */

static void undo(struct creation *creation)
{
	struct error ignored = ERROR_INIT;

	free_spare_descriptors(creation);
	if (creation->told_pid)
		(void)unlink(creation->options->pid_file);
	spawned_end(&creation->spawned, true);
	if (creation->cgroup.fd >= 0)
		cgroup_signal(creation->cgroup.fd, SIGKILL, &ignored);
	if (creation->cgroup.created && creation->cgroup_plan->unit)
		systemd_stop(&creation->systemd, creation->cgroup_plan->unit->name, &ignored);
	if (creation->cgroup.created)
		cgroup_remove(creation->cgroup_plan->path, CGROUP_REMOVE_MS, &ignored);
	else if (creation->cgroup.fd >= 0)
		cgroup_unmark(creation->cgroup.fd);
	if (creation->state)
		state_remove_intel_rdt(creation->state, &ignored);
	if (creation->hooks_begun)
		hooks_after_stop(creation->runtime, &creation->config->hooks->poststop,
				 creation->state);
	if (creation->claimed)
		store_remove(&creation->record, creation->options->id, &ignored);
}

int creation_make(struct creation *creation, const struct runtime *runtime,
		  const struct create_options *options, creation_maker *maker, void *context,
		  struct error *err)
{
	*creation = (struct creation){
		.runtime = runtime,
		.options = options,
		.record = RECORD_INIT,
		.cgroup = CGROUP_INIT,
		.systemd = SYSTEMD_INIT,
		.spawned = SPAWNED_INIT,
		.device_program = -1,
		.pidfd_socket = -1,
	};
	if (container_id_check(options->id, err) < 0)
		return -1;
	if (creation_read(creation, err) == 0 && prepare(creation, err) == 0 &&
	    make(creation, maker, context, err) == 0) {
		systemd_end(&creation->systemd); /* run may wait for long */
		free_spare_descriptors(creation);
		return 0;
	}
	if (creation->cgroup.fd >= 0)
		cgroup_explain_death(creation->cgroup.fd, err);
	undo(creation);
	return -1;
}

void creation_end(struct creation *creation)
{
	/* the cgroup's descriptor is the plan's */
	cleanup_fd_(&creation->device_program);
	cleanup_fd_(&creation->pidfd_socket);
	systemd_end(&creation->systemd);
	if (creation->plan)
		plan_close(creation->plan);
	spawned_end(&creation->spawned, false);
	record_close(&creation->record);
	arena_free(&creation->plan_arena);
	arena_free(&creation->config_arena);
}

int container_create(const struct runtime *runtime, const struct create_options *options,
		     struct error *err)
{
	struct creation creation;
	int result = creation_make(&creation, runtime, options, creation_clone, NULL, err);

	creation_end(&creation);
	return result;
}
