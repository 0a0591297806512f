/* migrate: the side on which the container runs. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/termination.h"
#include "base/trace.h"
#include "checkpoint/dump.h"
#include "checkpoint/hello.h"
#include "checkpoint/migrate.h"
#include "checkpoint/passing.h"
#include "checkpoint/peer.h"

#define ARENA	   (STATE_ARENA_SIZE + (1 << 20))
#define RUNNING_MS 120000 /* to hear that it runs, once it may */

struct source {
	const struct runtime *runtime;
	const struct migrate_options *options;
	struct migrate_report *report;
	struct arena arena;
	struct peer peer;
	struct passing passing;
	struct round *round; /* that is being dumped */
	bool last;
	int64_t began_ms, frozen_ms;
	bool given;	    /* the container is dead here */
	struct error after; /* what went wrong then */
};

/* ---- the images ---- */

static uint64_t memory_of(const struct manifest *manifest)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < manifest->images.count; i++)
		if (text_starts(manifest->images.items[i].name, "pages-"))
			bytes += manifest->images.items[i].size;
	return bytes;
}

static int send_stream(struct source *source, const struct export_contents *contents,
		       struct error *err)
{
	const struct stream_door door = wire_door(&source->peer.wire);
	_cleanup_stream_ struct stream stream = STREAM_INIT;

	if (stream_create_at(&door, &stream, err) < 0 || export_put(&stream, contents, err) < 0)
		return -1;
	return wire_end_stream(&source->peer.wire, err);
}

static void begin(void *context)
{
	struct source *source = context;

	source->frozen_ms = clock_ms();
	if (source->last && source->options->max_downtime_ms)
		source->peer.wire.deadline_ms =
		    source->frozen_ms + source->options->max_downtime_ms;
}

static int take(void *context, const struct export_contents *contents, struct error *err)
{
	struct source *source = context;
	struct wire *wire = &source->peer.wire;
	const uint64_t before = wire->bytes;

	trace_phase(source->last ? "send the checkpoint" : "send a round");
	source->round->memory = memory_of(contents->manifest);
	if (wire_send(wire, source->last ? WIRE_FINAL : WIRE_ROUND, NULL, 0, err) < 0 ||
	    send_stream(source, contents, err) < 0 ||
	    wire_expect(wire, source->last ? WIRE_READY : WIRE_TAKEN, NULL, err) < 0)
		return -1;
	source->round->sent = wire->bytes - before;
	return 0;
}

/* It may be that this never arrives, or no answer; in any case there is none here any more. */
static void given(void *context)
{
	struct source *source = context;
	struct wire *wire = &source->peer.wire;

	source->given = true;
	wire->deaf = true;
	wire->deadline_ms = clock_ms() + RUNNING_MS;
	trace_phase("go");
	if (wire_send(wire, WIRE_GO, NULL, 0, &source->after) == 0 &&
	    wire_expect(wire, WIRE_RUNNING, NULL, &source->after) == 0)
		source->report->downtime_ms = clock_ms() - source->frozen_ms;
}

/* ---- dumps ---- */

static int dump(struct source *source, unsigned int number, bool last, struct round *round,
		struct error *err)
{
	const struct checkpoint_taker taker = {
		.begin = begin, .take = take, .given = given, .context = source
	};
	struct checkpoint_options checkpoint = {
		.id = source->options->id,
		.criu = source->options->criu,
		.pre_dump = !last,
		.status_fd = -1,
		.with_rootfs = last && source->options->with_rootfs,
		.taker = &taker,
	};
	char images[PATH_MAX], parent[PATH_MAX];
	const int64_t before = clock_ms();

	passing_images(&source->passing, number, images);
	passing_beside(number - 1, parent);
	checkpoint.criu.image_path = images;
	checkpoint.criu.work_path = source->passing.path;
	checkpoint.parent_path = number > 1 ? parent : NULL;
	source->last = last;
	source->round = round;
	source->frozen_ms = before;
	if (container_checkpoint(source->runtime, &checkpoint, err) < 0)
		return -1;
	round->ms = clock_ms() - before;
	return 0;
}

/* ---- before and after ---- */

static int check_container(struct source *source, struct container_state **ret_state,
			   struct error *err)
{
	const char *id = source->options->id;
	struct container_state *state = NULL;

	if (container_state(source->runtime, id, &source->arena, &state, err) < 0)
		return -1;
	if (state->status == STATUS_STOPPED) {
		state_not_running(state, err);
		return -1;
	}
	if (state->status != STATUS_RUNNING)
		return error_set(err, ERROR_STATE, id, "cannot migrate a container that is %s%s",
				 container_status_name(state->status),
				 state->status == STATUS_PAUSED ? ": resume it first" : "");
	if (!state->cgroup_path)
		return error_set(err, ERROR_UNSUPPORTED, id,
				 "cannot migrate a container without a cgroup of its own: that is "
				 "how all of its processes are ended for sure");
	*ret_state = state;
	return 0;
}

static int greet(struct source *source, const struct container_state *state, int criu,
		 struct error *err)
{
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;
	struct wire *wire = &source->peer.wire;
	struct hello hello;

	if (hello_of_host((uint64_t)criu, &source->arena, &hello, err) < 0)
		return -1;
	hello.id = state->id;
	hello.bundle = (char *)(source->options->bundle ?: state->bundle);
	hello.manager = state->cgroup_manager;
	hello_add_options(&hello, &source->options->criu);
	if (hello_encode(&hello, &text, err) < 0 ||
	    wire_send(wire, WIRE_HELLO, text.bytes, text.length, err) < 0)
		return -1;
	return wire_expect(wire, WIRE_WELCOME, NULL, err);
}

/* Nothing is touched here, and nothing made there, before both sides know that it can be done. */
static int meet(struct source *source, struct error *err)
{
	const struct criu_needs needs = {
		.mem_track = source->options->mode == MIGRATE_PRE_COPY,
	};
	struct container_state *state = NULL;
	int criu;

	if (criu_check_caller(err) < 0 || arena_init(&source->arena, ARENA, err) < 0 ||
	    check_container(source, &state, err) < 0 || criu_look(&needs, &criu, err) < 0 ||
	    peer_start(source->options->command, source->options->peer, &source->peer, err) < 0)
		return -1;
	if (greet(source, state, criu, err) < 0)
		return -1;
	return passing_make(source->options->directory, state->id, &source->passing, err);
}

static int move(struct source *source, struct error *err)
{
	struct migrate_report *report = source->report;
	const struct rounds_limits none = { 0 };
	const struct rounds_limits *limits =
	    source->options->mode == MIGRATE_COLD ? &none : &source->options->rounds;

	if (meet(source, err) < 0)
		return -1;
	while (rounds_go_on(report->rounds, report->round_count, limits)) {
		size_t count = report->round_count;

		if (dump(source, (unsigned int)count + 1, false, &report->rounds[count], err) < 0)
			return -1;
		report->round_count++;
	}
	return dump(source, (unsigned int)report->round_count + 1, true, &report->last, err);
}

/* The container is dead here, and whether it lives there isn't known, or known not to be. */
static int tell_where(struct source *source, struct error *err)
{
	char images[PATH_MAX];

	passing_images(&source->passing, (unsigned int)source->report->round_count + 1, images);
	*err = source->after;
	return error_prefix(
	    err,
	    "the container was given up here and should run there, but: see with proa "
	    "state there; if it doesn't, proa restore --image-path %s, here, or there "
	    "from a copy of the directory above",
	    images);
}

static int settle(struct source *source, int result, struct error *err)
{
	const bool failed = result < 0 && !source->given;

	if (source->given && source->after.code != ERROR_NONE)
		return tell_where(source, err);
	passing_remove(&source->passing,
		       failed && !source->peer.wire.told && !source->peer.wire.gone ? err : NULL);
	if (failed)
		wire_send_failure(&source->peer.wire, err);
	if (result < 0 && source->given)
		return error_prefix(err,
				    "the container runs there, but what is left here wasn't "
				    "removed: proa delete -f %s",
				    source->options->id);
	return result;
}

int container_migrate(const struct runtime *runtime, const struct migrate_options *options,
		      struct migrate_report *ret_report, struct error *err)
{
	struct source source = { .runtime = runtime,
				 .options = options,
				 .report = ret_report,
				 .arena = ARENA_INIT,
				 .peer = PEER_INIT,
				 .after = ERROR_INIT,
				 .began_ms = clock_ms() };
	sigset_t signals;
	int result;

	*ret_report = (struct migrate_report){ .round_count = 0 };
	/* one that would end us makes us give up, and comes when all is undone */
	termination_hold(&signals);
	result = move(&source, err);
	result = settle(&source, result, err);
	/* what comes now takes the container no time */
	ret_report->sent = source.peer.wire.bytes;
	ret_report->total_ms = clock_ms() - source.began_ms;
	peer_end(&source.peer, source.given ? NULL : err);
	arena_free(&source.arena);
	termination_release(&signals);
	return result;
}
