/* checkpoint: a running container into images. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/termination.h"
#include "base/text.h"
#include "base/trace.h"
#include "checkpoint/config_file.h"
#include "checkpoint/dump.h"
#include "checkpoint/log.h"
#include "libcontainer/lifecycle/delete.h"
#include "oci/json.h"

/* ---- the container ---- */

static int check_status(const struct container_state *state, struct error *err)
{
	switch (state->status) {
	case STATUS_RUNNING:
	case STATUS_PAUSED: /* as containerd does before it asks for a checkpoint */
		return 0;
	case STATUS_CREATED:
		return error_set(err, ERROR_STATE, state->id,
				 "cannot checkpoint a container that has not been started");
	case STATUS_CREATING:
		return error_set(err, ERROR_STATE, state->id,
				 "cannot checkpoint a container that is still being created");
	case STATUS_STOPPED:
		break;
	}
	return state_not_running(state, err);
}

static int open_container(struct dump *dump, const struct runtime *runtime, struct error *err)
{
	const char *id = dump->options->id, *export = dump->options->export;

	if (criu_check_caller(err) < 0)
		return -1;
	/* before the lock, since a fifo is waited for until somebody reads it, and nobody is to wait for us meanwhile */
	if (export && export_open(export, &dump->export, err) < 0)
		return -1;
	if (arena_init(&dump->arena, STATE_ARENA_SIZE + CONFIG_ARENA_SIZE, err) < 0 ||
	    store_open(runtime, id, STORE_LOCKED, &dump->record, err) < 0 ||
	    store_load(&dump->record, id, &dump->arena, &dump->state, err) < 0 ||
	    check_status(dump->state, err) < 0)
		return -1;
	return store_config(&dump->record, &dump->arena, &dump->config, err);
}

/* ---- the images ---- */

/* What runc and crun look for. */
static int write_descriptors(const struct dump *dump, struct error *err)
{
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;
	struct json_writer writer;

	json_begin(&writer, false);
	json_strings(&writer, &dump->state->descriptors);
	if (json_finish(&writer, &text, err) < 0)
		return -1;
	return file_replace(dump->images.dir, IMAGES_DESCRIPTORS, 0600, text.bytes, text.length,
			    false, err);
}

/* ---- the dump ---- */

/* Once others may fetch pages. Who waits at the other end gets its end of file even when that failed. */
static int tell_status(struct dump *dump, struct error *err)
{
	if (dump->status_fd < 0)
		return 0;
	if (fd_write_all(dump->status_fd, "", 1) < 0)
		return error_errno(err, errno, "status-fd", "write to --status-fd");
	close(steal_fd(&dump->status_fd));
	return 0;
}

static int renew_parent(void *context, int parent, struct error *err)
{
	struct dump *dump = context;

	return manifest_renew(parent, &dump->arena, err);
}

/* Own manifest last: with it the checkpoint is there. */
static int write_manifests(struct dump *dump, struct error *err)
{
	if (dump->options->criu.auto_dedup &&
	    images_visit_parents(dump->images.dir, false, renew_parent, dump, err) < 0)
		return -1;
	return manifest_write(&dump->manifest, dump->images.dir, &dump->arena, err);
}

static struct export_contents contents_of(const struct dump *dump)
{
	return (struct export_contents){
		.manifest = &dump->manifest,
		.images = dump->images.dir,
		.record = dump->record.dir,
		.rootfs = dump->options->with_rootfs ? dump->state->rootfs : NULL,
	};
}

static int write_export(struct dump *dump, struct error *err)
{
	const struct export_contents contents = contents_of(dump);
	struct sigaction broken_pipe;
	int result;

	if (!dump->options->export)
		return 0;
	trace_phase("export");
	/* where the reader has gone, write(2) is to fail, and we undo */
	(void)sigaction(SIGPIPE, &(struct sigaction){ .sa_handler = SIG_IGN }, &broken_pipe);
	result = export_write(&dump->export, &contents, err);
	(void)sigaction(SIGPIPE, &broken_pipe, NULL);
	return result;
}

/* SIGKILL reaches all who are in the cgroup, also those whom CRIU holds; none of them executes another instruction, and no end
 * of CRIU's or ours can change that. */
static int kill_container(const struct dump *dump, struct error *err)
{
	_cleanup_fd_ int cgroup = state_open_cgroup(dump->state, err);

	return cgroup < 0 ? -1 : cgroup_signal(cgroup, SIGKILL, err);
}

static int give(struct dump *dump, struct error *err)
{
	const struct checkpoint_taker *taker = dump->options->taker;
	const struct export_contents contents = contents_of(dump);

	if (!taker)
		return 0;
	if (taker->take(taker->context, &contents, err) < 0) {
		dump->refused = true;
		return -1;
	}
	if (dump->options->pre_dump)
		return 0;
	trace_phase("give up");
	/* without it the container has run on, and is no longer what the images are of */
	if (!criu_lives(&dump->criu))
		return error_set(err, ERROR_PROTOCOL, "criu",
				 "CRIU was ended while it held the container");
	if (kill_container(dump, err) < 0)
		return -1;
	dump->given = true;
	taker->given(taker->context);
	return 0;
}

/* The images are complete, and the container still there, frozen: if the rest can't be written, it goes on. With lazy pages
 * that is before others begin to restore, and what memory is left is served after it. */
static int complete(struct dump *dump, const char *script, struct error *err)
{
	bool ready = strcmp(script, "status-ready") == 0;

	if (ready != dump->options->criu.lazy_pages)
		return 0;
	if (write_manifests(dump, err) < 0 || write_export(dump, err) < 0 || give(dump, err) < 0)
		return -1;
	/* from now on CRIU ends the processes: we may not leave them and remove the images, whoever signals */
	dump->criu.yields = ready;
	return 0;
}

/* Its memory is served from now on. */
static int begin_to_serve(struct dump *dump, struct error *err)
{
	struct error ignored = ERROR_INIT;
	_cleanup_fd_ int cgroup = -1;

	if (dump->state->cgroup_path && dump->state->status != STATUS_PAUSED)
		cgroup = cgroup_open(dump->state->cgroup_path, &ignored);
	if (serve_begin(&dump->serve, dump->criu.pid, cgroup, err) < 0)
		return -1;
	dump->serves = true;
	return 0;
}

static int notified(void *context, const char *script, pid_t pid, int fd, struct error *err)
{
	struct dump *dump = context;

	(void)pid;
	(void)fd;
	if (strcmp(script, "pre-dump") == 0 && dump->options->taker)
		dump->options->taker->begin(dump->options->taker->context);
	if (strcmp(script, "post-dump") == 0)
		return complete(dump, script, err);
	if (strcmp(script, "status-ready") != 0)
		return 0;
	if (complete(dump, script, err) < 0 ||
	    (dump->options->criu.lazy_pages && begin_to_serve(dump, err) < 0))
		return -1;
	return tell_status(dump, err);
}

static int ask(struct dump *dump, struct error *err)
{
	struct request request;

	if (dump_fill_request(dump, &request, err) < 0)
		return -1;
	log_forget(dump->images.work, DUMP_LOG);
	log_forget(dump->images.work, LOG_DUMP_STATISTICS);
	if (dump->tracks && dump_forget_mark(dump, err) < 0)
		return -1;
	if (criu_ask(&dump->criu, &request.message, notified, dump, NULL, err) == 0)
		return 0;
	/* what CRIU says of a container that is dead already is of no account */
	if (dump->given && !dump->serves) {
		*err = (struct error)ERROR_INIT;
		return 0;
	}
	if (dump->serves && err->code == ERROR_PROTOCOL && serve_was_cut(&dump->serve))
		return error_set(err, ERROR_SYSTEM, "page-server",
				 "who fetched the memory has gone before it had all: the "
				 "container runs on here");
	if (!dump->refused && (err->code == ERROR_SYSTEM || err->code == ERROR_PROTOCOL))
		log_explain(dump->images.work, dump->images.work_path, DUMP_LOG, err);
	return -1;
}

/* A CRIU that was killed leaves the container frozen. */
static void recover(struct dump *dump)
{
	struct error ignored = ERROR_INIT;
	_cleanup_fd_ int cgroup = -1;

	if (dump->serves)
		criu_kill(&dump->criu);
	criu_end(&dump->criu);
	images_settle(&dump->images, false);
	if (!dump->state->cgroup_path || dump->state->status == STATUS_PAUSED)
		return;
	cgroup = cgroup_open(dump->state->cgroup_path, &ignored);
	/* it isn't asked whether it is frozen: it may be just about to be */
	if (cgroup >= 0)
		cgroup_thaw(cgroup, &ignored);
}

/* The signals of a terminal are for us: CRIU has to undo what it has begun. */
static int leave_session(void *context, struct error *err)
{
	(void)context;
	return setsid() < 0 ? error_errno(err, errno, "criu", "make a session for CRIU") : 0;
}

static int start_criu(struct dump *dump, struct error *err)
{
	const struct checkpoint_options *options = dump->options;
	int fds[SERVE_FDS];
	const struct criu_start start = { .plugin_dir = options->criu.plugin_dir,
					  .cgroup = -1,
					  .fds = fds,
					  .fd_count = options->criu.lazy_pages ? SERVE_FDS : 0,
					  .prepare = leave_session };
	const struct criu_needs needs = {
		.mem_track = dump->tracks,
		.lazy_pages = options->criu.lazy_pages,
	};

	/* the caller's own are none for CRIU: who reads at the other end of --status-fd waits for our closing it */
	if (fds_cloexec_from(3, err) < 0 ||
	    (options->criu.lazy_pages &&
	     serve_open(&options->page_server, criu_config_file(dump->config), &dump->serve, fds,
			err) < 0) ||
	    criu_clone(&start, &dump->criu, err) < 0 || criu_release(&dump->criu, err) < 0)
		return -1;
	serve_release(&dump->serve);
	dump->criu.yields = true;
	return criu_probe(&dump->criu, &needs, err);
}

static char *cgroup_directory(struct dump *dump)
{
	const char *mount_point = cgroup_mount_point(&dump->arena);

	if (!dump->state->cgroup_path || !mount_point)
		return NULL;
	return arena_printf(&dump->arena, "%s%s", mount_point, dump->state->cgroup_path);
}

static int dump_container(struct dump *dump, struct error *err)
{
	const struct checkpoint_options *options = dump->options;

	/* first of all: without CRIU nothing is touched */
	if (start_criu(dump, err) < 0 ||
	    images_open_for_dump(options->criu.image_path, options->criu.work_path, options->export,
				 &dump->images, err) < 0)
		return -1;
	dump->cgroup = cgroup_directory(dump);
	trace_phase("dump");
	if (dump_check_parent(dump, err) == 0 && dump_begin_manifest(dump, err) == 0 &&
	    (options->pre_dump || write_descriptors(dump, err) == 0) && ask(dump, err) == 0 &&
	    /* no notification tells of the end of a pre-dump */
	    (!options->pre_dump || (write_manifests(dump, err) == 0 && give(dump, err) == 0))) {
		if (dump->tracks)
			dump_keep_mark(dump);
		images_settle(&dump->images, true);
		return 0;
	}
	recover(dump);
	return -1;
}

/* The images have gone into it; if it doesn't get its name, they are all there is. */
static int close_export(struct dump *dump, bool whole, struct error *err)
{
	if (export_close(&dump->export, whole, err) < 0)
		return error_prefix(err, "the images are in %s", dump->images.path);
	if (dump->options->export && dump->images.dir >= 0)
		images_remove(dump->images.path);
	return whole ? 0 : -1;
}

int container_checkpoint(const struct runtime *runtime, const struct checkpoint_options *options,
			 struct error *err)
{
	struct dump dump = { .options = options,
			     .record = RECORD_INIT,
			     .arena = ARENA_INIT,
			     .images = IMAGES_INIT,
			     .export = EXPORT_INIT,
			     .criu = CRIU_INIT,
			     .serve = SERVE_INIT,
			     .status_fd = options->status_fd,
			     .tracks = options->pre_dump || options->parent_path };
	int result = open_container(&dump, runtime, err);
	sigset_t signals;

	/* one that would end us makes us hurry, and comes once the container runs on, or is gone */
	termination_hold(&signals);
	if (result == 0)
		result = dump_container(&dump, err);
	criu_end(&dump.criu);
	serve_end(&dump.serve);
	result = close_export(&dump, result == 0, err);
	images_close(&dump.images);
	cleanup_fd_(&dump.status_fd);
	record_unlock(&dump.record);
	/* what it was lies in the images now */
	if (result == 0 && !options->pre_dump && !options->leave_running)
		result = delete_container(runtime, &dump.record, options->id, true, err);
	termination_release(&signals);
	record_close(&dump.record);
	arena_free(&dump.arena);
	return result;
}
