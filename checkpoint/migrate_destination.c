/* migrate --receive: the side on which the container is to run. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/termination.h"
#include "base/trace.h"
#include "checkpoint/hello.h"
#include "checkpoint/migrate.h"
#include "checkpoint/passing.h"
#include "checkpoint/restore.h"
#include "checkpoint/wire.h"

#define ARENA (64 << 20) /* for the manifests of all rounds */
#define GO_MS 60000	 /* the source says it at once, or never */

enum turn {
	TURN_MEETING, /* the container runs there */
	TURN_READY,   /* it was told that ours is ready: whether its own still runs isn't known */
	TURN_GO,      /* it doesn't any more */
};

struct destination {
	const struct runtime *runtime;
	const struct receive_options *options;
	struct arena arena;
	struct wire wire;
	struct hello hello;
	const char *bundle;
	struct passing passing;
	unsigned int count; /* of the dumps that have come */
	struct stream_door door;
	struct import import;
	enum turn turn;
};

/* ---- to meet ---- */

static int check_id(struct destination *destination, struct error *err)
{
	const char *id = destination->hello.id;
	struct error none = ERROR_INIT;
	struct container_state *state;

	if (container_id_check(id, err) < 0)
		return -1;
	if (container_state(destination->runtime, id, &destination->arena, &state, &none) < 0 &&
	    none.code == ERROR_NOT_FOUND)
		return 0;
	return error_set(err, ERROR_EXISTS, id,
			 "there is a container %s already: proa delete it first", id);
}

static int check_bundle(struct destination *destination, struct error *err)
{
	const char *bundle = destination->options->bundle ?: destination->hello.bundle;
	_cleanup_fd_ int dir = open(bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		return error_errno(err, errno, bundle,
				   "the bundle %s is needed, with the root filesystem of the "
				   "container",
				   text_printable(bundle) ? bundle : "?");
	destination->bundle = bundle;
	return 0;
}

static int check_source(struct destination *destination, struct error *err)
{
	const struct criu_needs needs = { .mem_track = false };
	struct hello here;
	int criu;

	if (criu_look(&needs, &criu, err) < 0 ||
	    hello_of_host((uint64_t)criu, &destination->arena, &here, err) < 0 ||
	    hello_check(&destination->hello, &here, err) < 0)
		return -1;
	return check_id(destination, err) < 0 ? -1 : check_bundle(destination, err);
}

static int meet(struct destination *destination, struct error *err)
{
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;

	if (criu_check_caller(err) < 0 || arena_init(&destination->arena, ARENA, err) < 0 ||
	    wire_expect(&destination->wire, WIRE_HELLO, &text, err) < 0 ||
	    hello_decode(text.bytes ?: "", text.length, &destination->arena, &destination->hello,
			 err) < 0 ||
	    check_source(destination, err) < 0 ||
	    passing_make(destination->options->directory, destination->hello.id,
			 &destination->passing, err) < 0)
		return -1;
	return wire_send(&destination->wire, WIRE_WELCOME, NULL, 0, err);
}

/* ---- the images ---- */

/* CRIU finds what they stand on by this link, and restore has looked where it leads. */
static int link_parent(const struct destination *destination, int dir, struct error *err)
{
	char parent[PATH_MAX];

	if (destination->count == 1)
		return 0;
	passing_beside(destination->count - 1, parent);
	return symlinkat(parent, dir, IMAGES_PARENT) < 0
		   ? error_errno(err, errno, IMAGES_PARENT, "make the link %s", IMAGES_PARENT)
		   : 0;
}

static int take_images(struct destination *destination, int *ret_dir, struct error *err)
{
	char path[PATH_MAX];
	_cleanup_fd_ int dir = -1;

	destination->count++;
	passing_images(&destination->passing, destination->count, path);
	if (images_open_for_import(path, &dir, err) < 0)
		return -1;
	destination->door = wire_door(&destination->wire);
	destination->import =
	    (struct import){ .fd = -1, .door = &destination->door, .path = destination->wire.peer };
	if (import_images(&destination->import, dir, &destination->arena, err) < 0 ||
	    link_parent(destination, dir, err) < 0)
		return -1;
	*ret_dir = steal_fd(&dir);
	return 0;
}

static int take_round(struct destination *destination, struct error *err)
{
	_cleanup_fd_ int dir = -1;
	struct manifest *manifest;

	trace_phase("take a round");
	if (take_images(destination, &dir, err) < 0)
		return -1;
	import_close(&destination->import);
	/* now, while it runs there: restore looks at the last ones only */
	if (manifest_read(dir, &destination->arena, &manifest, err) < 0)
		return -1;
	return wire_send(&destination->wire, WIRE_TAKEN, NULL, 0, err);
}

/* ---- the container ---- */

static int may_run(void *context, struct error *err)
{
	struct destination *destination = context;
	struct wire *wire = &destination->wire;

	trace_phase("ready");
	if (wire_send(wire, WIRE_READY, NULL, 0, err) < 0)
		return -1;
	destination->turn = TURN_READY;
	wire->deadline_ms = clock_ms() + GO_MS;
	if (wire_expect(wire, WIRE_GO, NULL, err) < 0)
		return -1;
	destination->turn = TURN_GO;
	/* the container is ours now: it is to run, and the source to hear of it */
	wire->deaf = true;
	return 0;
}

/* That of the bundle, which the caller trusts, or else the source's. */
static const char *find_config(struct destination *destination, const char *images)
{
	const char *in_bundle =
	    arena_printf(&destination->arena, "%s/" IMAGES_CONFIG, destination->bundle);

	if (access(in_bundle, F_OK) == 0)
		return NULL;
	return arena_printf(&destination->arena, "%s/" IMAGES_CONFIG, images);
}

/* As the container's creator had it. */
static struct runtime runtime_of(const struct destination *destination)
{
	struct runtime runtime = *destination->runtime;

	if (strcmp(destination->hello.manager, cgroup_manager_name(CGROUP_SYSTEMD)) == 0)
		runtime.manager = CGROUP_SYSTEMD;
	return runtime;
}

static int restore(struct destination *destination, struct error *err)
{
	const struct runtime runtime = runtime_of(destination);
	const struct restore_giver giver = { &destination->import, may_run, destination };
	struct restore_options restore = {
		.run.create = {
			.id = destination->hello.id,
			.bundle = destination->bundle,
			.console_socket = destination->options->console_socket,
			.pid_file = destination->options->pid_file,
			.detached = true,
		},
		.criu = hello_options(&destination->hello),
		.giver = &giver,
	};
	struct error unheard = ERROR_INIT;
	char images[PATH_MAX];
	int status;

	passing_images(&destination->passing, destination->count, images);
	restore.criu.image_path = images;
	restore.criu.work_path = destination->passing.path;
	restore.run.create.config_file = find_config(destination, images);
	if (container_restore(&runtime, &restore, &status, err) < 0)
		return -1;
	/* it runs, whether the source hears of it or not */
	(void)wire_send(&destination->wire, WIRE_RUNNING, NULL, 0, &unheard);
	return 0;
}

static int take_last(struct destination *destination, struct error *err)
{
	_cleanup_fd_ int dir = -1;

	trace_phase("take the checkpoint");
	if (take_images(destination, &dir, err) < 0)
		return -1;
	return restore(destination, err);
}

static int receive(struct destination *destination, struct error *err)
{
	enum wire_kind kind;

	if (meet(destination, err) < 0)
		return -1;
	for (;;) {
		if (wire_expect_images(&destination->wire, &kind, err) < 0)
			return -1;
		if (kind == WIRE_FINAL)
			return take_last(destination, err);
		if (take_round(destination, err) < 0)
			return -1;
	}
}

/* ---- the end ---- */

/* The images are all there may be of the container, unless the source has said that its own runs on. */
static int settle(struct destination *destination, int result, struct error *err)
{
	const bool doubt = destination->turn == TURN_READY && !destination->wire.told;
	const bool ours = !destination->wire.told && !destination->wire.gone;

	if (result == 0 || (destination->turn != TURN_GO && !doubt)) {
		passing_remove(&destination->passing, result < 0 && ours ? err : NULL);
		return result;
	}
	return error_prefix(
	    err,
	    "%s was restored and is gone again: if it doesn't run at the source, proa "
	    "restore --bundle %s --image-path %s/%u %s",
	    destination->hello.id, destination->bundle, destination->passing.path,
	    destination->count, destination->hello.id);
}

int container_receive(const struct runtime *runtime, const struct receive_options *options,
		      bool *ret_told, struct error *err)
{
	struct destination destination = {
		.runtime = runtime,
		.options = options,
		.arena = ARENA_INIT,
		.wire = { .in = options->in, .out = options->out, .peer = "the source" },
		.import = IMPORT_INIT,
	};
	sigset_t signals;
	int result;

	/* one that would end us makes us give up, and comes when all is undone */
	termination_hold(&signals);
	result = receive(&destination, err);
	import_close(&destination.import);
	result = settle(&destination, result, err);
	if (result < 0)
		wire_send_failure(&destination.wire, err);
	*ret_told = destination.wire.told;
	arena_free(&destination.arena);
	termination_release(&signals);
	return result;
}
