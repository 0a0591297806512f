/* restore: a container out of images. All but its first process is made as create makes it; that one, and those
 * below it, come from CRIU. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/kernel.h"
#include "base/termination.h"
#include "base/text.h"
#include "checkpoint/config_file.h"
#include "checkpoint/foreign.h"
#include "checkpoint/guard.h"
#include "checkpoint/lazy.h"
#include "checkpoint/log.h"
#include "checkpoint/restore.h"
#include "checkpoint/rights.h"
#include "libcontainer/init/init.h"
#include "libcontainer/lifecycle/hooks_after.h"

/* ---- what CRIU tells ---- */

static int hand_over_terminal(struct restore *restore, int master, struct error *err)
{
	int socket = restore->creation->plan->console_socket;

	if (socket < 0)
		return error_set(err, ERROR_INVALID, "process.terminal",
				 "the checkpoint has a terminal, the config has none: set "
				 "process.terminal");
	return console_hand_over(socket, master, err);
}

/* CRIU has put its processes there beside the container's; limits are neither to refuse nor to charge it. */
static int leave_cgroup(struct restore *restore, struct error *err)
{
	_cleanup_fd_ int own = -1;
	char *path;

	if (restore->creation->cgroup.fd < 0)
		return 0;
	if (cgroup_of(0, &restore->arena, &path, err) < 0)
		return -1;
	own = cgroup_open(path, err);
	return own < 0 ? -1 : cgroup_attach(own, restore->criu.pid, err);
}

/* All is restored, and nothing of it runs yet. */
static int finish(struct restore *restore, pid_t pid, struct error *err)
{
	struct creation *creation = restore->creation;
	struct spawned *spawned = &creation->spawned;

	restore->verify = (struct verify){
		.stage = &restore->stage,
		.criu = restore->criu.pid,
		.container = pid,
		.config = creation->config,
		.cgroup = creation->state->cgroup_path,
		.enabled = &restore->options->criu.enable_fs,
		.arena = &restore->arena,
	};
	spawned->pid = pid;
	spawned->pidfd = pidfd_open(pid, 0);
	if (spawned->pidfd < 0)
		return error_errno(err, errno, NULL, "open the restored process");
	if (lazy_watch(&restore->images, &restore->lazy, creation->cgroup.fd, spawned->pidfd, err) <
		0 ||
	    verify_namespaces(&restore->verify, &creation->plan->namespaces, err) < 0 ||
	    verify_mounts(&restore->verify, err) < 0 || leave_cgroup(restore, err) < 0)
		return -1;
	if (creation_finish(creation, pid, spawned->pidfd, err) < 0)
		return -1;
	/* others see it running: from now on signals are for the program, or for us once it is left to itself */
	restore->criu.yields = false;
	return 0;
}

/* First those that it traces: without a tracer they would run. Then CRIU: it would wait for an init that waits for those whom
 * only the tracer can reap. */
static void kill_all(const struct restore *restore)
{
	struct error ignored = ERROR_INIT;

	if (restore->creation->cgroup.fd >= 0)
		(void)cgroup_signal(restore->creation->cgroup.fd, SIGKILL, &ignored);
	(void)sys_pidfd_send_signal(restore->creation->spawned.pidfd, SIGKILL);
	(void)kill(restore->criu.pid, SIGKILL);
}

/* They have their rights now, and are about to run. */
static int judge_rights(struct restore *restore, struct error *err)
{
	if (restore->verify.container == 0)
		return error_set(err, ERROR_PROTOCOL, "criu",
				 "CRIU resumes what it hasn't restored");
	if (verify_rights(&restore->verify, err) < 0) {
		kill_all(restore);
		return -1;
	}
	restore->verified = true;
	return 0;
}

static int ask_giver(struct restore *restore, struct error *err)
{
	const struct restore_giver *giver = restore->options->giver;

	if (!giver)
		return 0;
	if (giver->may_run(giver->context, err) < 0) {
		restore->refused = true;
		kill_all(restore);
		return -1;
	}
	criu_kill(&restore->guard);
	return 0;
}

static int notified(void *context, const char *script, pid_t pid, int fd, struct error *err)
{
	struct restore *restore = context;

	if (strcmp(script, "setup-namespaces") == 0)
		return creation_run_hooks(restore->creation, pid, err);
	if (strcmp(script, "orphan-pts-master") == 0)
		return hand_over_terminal(restore, fd, err);
	if (strcmp(script, "post-restore") == 0)
		return finish(restore, pid, err);
	if (strcmp(script, "pre-resume") == 0)
		return judge_rights(restore, err) < 0 ? -1 : ask_giver(restore, err);
	return 0;
}

/* ---- instead of a clone ---- */

static int let_group(int dir, uint32_t group, mode_t rights, struct error *err)
{
	struct stat st;

	if (fstat(dir, &st) < 0)
		return error_errno(err, errno, NULL, "look at the directory");
	if ((st.st_mode & rights >> 3) == rights >> 3 ||
	    ((st.st_mode & rights) == rights && st.st_gid == group))
		return 0;
	return fchown(dir, (uid_t)-1, group) < 0 || fchmod(dir, (st.st_mode | rights) & 07777) < 0
		   ? error_errno(err, errno, NULL, "change its group and mode")
		   : 0;
}

/* CRIU opens it from there by the link. */
static int let_read_parent(void *context, int parent, struct error *err)
{
	const struct restore *restore = context;

	return let_group(parent, restore->creation->plan->namespaces.gid_map.root,
			 S_IRGRP | S_IXGRP, err);
}

/* In a user namespace the restored root reads the images with rights of its own, and they lie in directories that only
 * the machine's root may enter: their group may as well, then. The files can be read by all who get that far. */
static int let_read(struct restore *restore, struct error *err)
{
	const struct namespace_plan *namespaces = &restore->creation->plan->namespaces;
	const struct criu_options *options = &restore->options->criu;
	int dir = restore->images.dir;

	if (!(namespaces->created & CLONE_NEWUSER) || namespaces->gid_map.root == (uint32_t)-1)
		return 0;
	if (let_group(dir, namespaces->gid_map.root, S_IXGRP, err) < 0 ||
	    images_visit_parents(dir, options->auto_dedup, let_read_parent, restore, err) < 0)
		return error_prefix(err, "let the container's root read the images in %s",
				    restore->images.path);
	return 0;
}

static int prepare(struct restore *restore, struct error *err)
{
	struct creation *creation = restore->creation;
	const struct criu_options *options = &restore->options->criu;

	if (let_read(restore, err) < 0)
		return -1;
	if (!restore->manifest->version &&
	    foreign_mounts(restore->manifest, creation->config, &restore->arena, err) < 0)
		return -1;
	restore->stage = (struct stage){
		.plan = creation->plan,
		.directory = arena_printf(&restore->arena, "%s/%s", creation->runtime->root,
					  creation->options->id),
		.manifest = restore->manifest,
		.given = &options->external,
	};
	restore->start = (struct criu_start){
		.plugin_dir = options->plugin_dir,
		.cgroup = creation->cgroup.fd,
		.holds = restore->options->giver,
		.fds = restore->fds,
		.prepare = stage_build,
		.context = &restore->stage,
	};
	return 0;
}

static int start_criu(struct restore *restore, struct error *err)
{
	struct creation *creation = restore->creation;
	const struct criu_needs needs = { .lazy_pages = restore->options->criu.lazy_pages };

	if (criu_clone(&restore->start, &restore->criu, err) < 0)
		return -1;
	if (creation->plan->enters_cgroup &&
	    creation_enter_cgroup(creation, restore->criu.pid, err) < 0)
		return -1;
	restore->criu.yields = true;
	if (criu_release(&restore->criu, err) < 0 ||
	    criu_limit(&restore->criu, restore->options->criu.timeout, err) < 0)
		return -1;
	return criu_probe(&restore->criu, &needs, err);
}

/* CRIU works in that directory, and mounts there what it needs for a while: so it must be that of CRIU's mount
 * namespace, not of ours. */
static int move_work(struct restore *restore, struct request *request, struct error *err)
{
	char path[PATH_MAX], inside[PATH_MAX + 64];
	int work;

	if (fd_path(restore->images.work, path) < 0)
		return error_errno(err, errno, restore->images.work_path, "find the work path");
	text_fit(inside, sizeof(inside), "/proc/%d/root%s", (int)restore->criu.pid, path);
	work = open(inside, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (work < 0)
		return error_errno(err, errno, path, "open the work path as CRIU sees it");
	close(restore->images.work);
	restore->images.work = work;
	request->opts.work_dir_fd = work;
	return 0;
}

static int ask(struct restore *restore, const struct request *request, struct error *err)
{
	log_forget(restore->images.work, RESTORE_LOG);
	log_forget(restore->images.work, LOG_RESTORE_STATISTICS);
	if (criu_ask(&restore->criu, &request->message, notified, restore, NULL, err) == 0)
		return 0;
	/* what it has made so far goes with the cgroup */
	if (termination_waits())
		criu_kill(&restore->criu);
	if (!restore->refused && (err->code == ERROR_SYSTEM || err->code == ERROR_PROTOCOL))
		log_explain(restore->images.work, restore->images.work_path, RESTORE_LOG, err);
	return -1;
}

static int start_lazy_pages(struct restore *restore, struct error *err)
{
	if (!restore->options->criu.lazy_pages)
		return 0;
	return lazy_start(&restore->images, &restore->options->page_server, &restore->lazy, err);
}

/* Before the one that gives it says so, it must not run here, whatever becomes of us. */
static int begin_guard(struct restore *restore, struct error *err)
{
	if (!restore->options->giver)
		return 0;
	if (restore->creation->cgroup.fd < 0)
		return error_set(err, ERROR_UNSUPPORTED, restore->creation->options->id,
				 "a container without a cgroup of its own can't be taken over");
	return guard_begin(restore->criu.pid, restore->creation->cgroup.fd, &restore->guard, err);
}

static int run_poststart(struct creation *creation, struct error *err)
{
	const struct config_hooks *hooks = creation->config->hooks;

	creation->state->status = STATUS_RUNNING;
	creation->running = true;
	return hooks ? hooks_after_start(&hooks->poststart, creation->state, err) : 0;
}

static int run_criu(struct restore *restore, struct error *err)
{
	struct creation *creation = restore->creation;
	struct request request;

	if (device_program_load(creation->cgroup_plan, &creation->device_program, err) < 0 ||
	    prepare(restore, err) < 0 || restore_fill_request(restore, &request, err) < 0 ||
	    start_criu(restore, err) < 0 || begin_guard(restore, err) < 0 ||
	    restore_add_mounts(restore, &request, err) < 0 ||
	    move_work(restore, &request, err) < 0 || start_lazy_pages(restore, err) < 0 ||
	    ask(restore, &request, err) < 0)
		return -1;
	if (creation->spawned.pidfd < 0 || !restore->verified)
		return error_set(err, ERROR_PROTOCOL, "criu",
				 "CRIU didn't say that it has restored");
	return 0;
}

/* Changes that a stream brings are made now, and so the new record's; else they are there since the container began. */
static int take_rootfs(struct restore *restore, struct error *err)
{
	struct creation *creation = restore->creation;

	if (restore->import->is_next)
		return import_rootfs(restore->import, creation->state->rootfs, err);
	return store_set_back(&creation->record, restore->manifest->rootfs_since, err);
}

static int restore_processes(void *context, struct creation *creation, struct error *err)
{
	struct restore *restore = context;
	int result;

	restore->creation = creation;
	result = take_rootfs(restore, err);
	if (result == 0)
		result = run_criu(restore, err);
	/* it takes its own processes away where it failed, before the cgroup is to go */
	criu_end(&restore->criu);
	criu_kill(&restore->guard);
	restore_forget_imported(restore);
	if (result < 0)
		return -1;
	/* it runs: what comes now is nothing to be undone */
	if (restore->options->run.create.detached)
		termination_release(&restore->signals);
	if (run_poststart(creation, err) < 0)
		return -1;
	lazy_leave(&restore->images, &restore->lazy);
	arena_trim(&restore->arena);
	return 0;
}

/* The config of the bundle holds, and is what the caller trusts; the one of the stream only where there is none. */
static const char *config_of(struct restore *restore)
{
	const struct create_options *create = &restore->options->run.create;
	const char *in_bundle = arena_printf(&restore->arena, "%s/" IMAGES_CONFIG, create->bundle);

	if (create->config_file || restore->imported < 0 || access(in_bundle, F_OK) == 0)
		return create->config_file;
	return arena_printf(&restore->arena, "%s/" IMAGES_CONFIG,
			    restore->options->criu.image_path);
}

static int run(struct restore *restore, const struct runtime *runtime, int *ret_status,
	       struct error *err)
{
	struct run_options run = restore->options->run;

	if (restore_open_images(restore, err) < 0)
		return -1;
	run.create.config_file = config_of(restore);
	return creation_run(runtime, &run, restore_processes, restore, ret_status, err);
}

int container_restore(const struct runtime *runtime, const struct restore_options *options,
		      int *ret_status, struct error *err)
{
	struct restore restore = { .options = options,
				   .arena = ARENA_INIT,
				   .images = IMAGES_INIT,
				   .imported = -1,
				   .own = IMPORT_INIT,
				   .import = &restore.own,
				   .criu = CRIU_INIT,
				   .lazy = CRIU_INIT,
				   .guard = CRIU_INIT };
	int result = criu_check_caller(err);

	if (options->giver)
		restore.import = options->giver->rest;
	/* not held yet, since a fifo is waited for until somebody writes to it */
	if (result == 0 && options->import)
		result = import_open(options->import, &restore.own, err);
	/* one that would end us makes us hurry, and comes once all is undone, or the container runs */
	termination_hold(&restore.signals);
	if (result == 0)
		result = run(&restore, runtime, ret_status, err);
	lazy_stop(&restore.images, &restore.lazy);
	criu_end(&restore.criu);
	for (size_t i = 0; i < restore.start.fd_count; i++)
		close(restore.fds[i]);
	images_close(&restore.images);
	restore_forget_imported(&restore);
	import_close(&restore.own);
	arena_free(&restore.arena);
	/* where it ran in the foreground they were for the container */
	if (result < 0)
		termination_release(&restore.signals);
	return result;
}
