/* checkpoint/wire.c: what the two sides of a migration say, and what they don't take from each other. */
#include "tests/unit/support.h"

#include <endian.h>
#include <signal.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/termination.h"
#include "checkpoint/wire.h"

static struct wire source, destination;

static void set_up(void)
{
	int ends[2];

	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
	source = (struct wire){ .in = ends[0], .out = ends[0], .peer = "web2" };
	destination = (struct wire){ .in = ends[1], .out = ends[1], .peer = "the source" };
}

static void hang_up(struct wire *wire)
{
	close(wire->in);
}

static void raw(uint32_t kind, uint32_t length, const char *bytes, size_t given)
{
	const struct wire_head head = { htole32(kind), htole32(length) };

	CHECK(write(source.out, &head, sizeof(head)) == sizeof(head));
	CHECK(write(source.out, bytes, given) == (ssize_t)given);
}

TEST(each_word_is_heard_in_its_turn)
{
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;

	set_up();
	SUCCEEDS(wire_send(&source, WIRE_HELLO, "who", 3, &err));
	SUCCEEDS(wire_expect(&destination, WIRE_HELLO, &text, &err));
	CHECK_STR(text.bytes, "who");
	SUCCEEDS(wire_send(&destination, WIRE_WELCOME, NULL, 0, &err));
	SUCCEEDS(wire_expect(&source, WIRE_WELCOME, NULL, &err));
	CHECK_INT(source.bytes, sizeof(struct wire_head) + 3);
}

TEST(a_word_out_of_turn_is_none_least_of_all_go)
{
	enum wire_kind kind;

	for (uint32_t wrong = 0; wrong < 13; wrong++) {
		set_up();
		if (wrong == WIRE_GO || wrong == WIRE_FAILED)
			continue;
		raw(wrong, 0, "", 0);
		FAILS(wire_expect(&destination, WIRE_GO, NULL, &err), ERROR_PROTOCOL);
		CHECK_HAS(err.text, "the source doesn't speak as proa migrate does");
	}
	set_up();
	raw(WIRE_GO, 0, "", 0);
	FAILS(wire_expect_images(&destination, &kind, &err), ERROR_PROTOCOL);
}

TEST(what_is_too_long_is_refused_before_it_is_read)
{
	set_up();
	raw(WIRE_HELLO, WIRE_TEXT_MAX + 1, "", 0);
	FAILS(wire_expect(&destination, WIRE_HELLO, NULL, &err), ERROR_PROTOCOL);
	set_up();
	raw(WIRE_DATA, WIRE_DATA_MAX + 1, "", 0);
	FAILS(wire_expect(&destination, WIRE_HELLO, NULL, &err), ERROR_PROTOCOL);
}

TEST(the_end_in_the_middle_of_a_word_is_the_end)
{
	set_up();
	raw(WIRE_GO, 5, "bye", 3);
	hang_up(&source);
	FAILS(wire_expect(&destination, WIRE_GO, NULL, &err), ERROR_PROTOCOL);
	CHECK_STR(err.text, "the source has gone");
	CHECK(destination.gone && !destination.told);
	/* nor can anything be said */
	FAILS(wire_send(&destination, WIRE_READY, NULL, 0, &err), ERROR_PROTOCOL);
	CHECK(destination.gone);
}

TEST(a_failure_is_told_once_with_its_text_and_nothing_that_acts_on_a_terminal)
{
	set_up();
	error_set(&err, ERROR_EXISTS, "web", "there is a container web already");
	wire_send_failure(&destination, &err);
	wire_send_failure(&destination, &err);
	FAILS(wire_expect(&source, WIRE_WELCOME, NULL, &err), ERROR_SYSTEM);
	CHECK_STR(err.text, "web2: there is a container web already");
	CHECK(source.told);
	hang_up(&destination);
	FAILS(wire_expect(&source, WIRE_WELCOME, NULL, &err), ERROR_PROTOCOL);
	set_up();
	raw(WIRE_FAILED, 6, "\033[2Jno", 6);
	FAILS(wire_expect(&destination, WIRE_GO, NULL, &err), ERROR_SYSTEM);
	CHECK_STR(err.text, "the source: it has failed");
}

/* ---- streams ---- */

/* In a child, since no socket takes all of it. */
static void send_stream(size_t length, enum wire_kind last)
{
	const struct stream_door door = wire_door(&source);
	struct stream stream = STREAM_INIT;
	char *bytes = calloc(1, length);

	for (size_t i = 0; i < length; i++)
		bytes[i] = (char)(i * i >> 7);
	SUCCEEDS(wire_send(&source, WIRE_ROUND, NULL, 0, &err));
	SUCCEEDS(stream_create_at(&door, &stream, &err));
	SUCCEEDS(stream_write(&stream, bytes, length, &err));
	if (last == WIRE_END)
		SUCCEEDS(stream_finish(&stream, &err));
	if (last)
		SUCCEEDS(wire_send(&source, last, "cut", last == WIRE_FAILED ? 3 : 0, &err));
	stream_close(&stream);
	free(bytes);
	_exit(0);
}

static void stream_from_child(size_t length, enum wire_kind last)
{
	enum wire_kind kind;

	set_up();
	if (fork() == 0)
		send_stream(length, last);
	hang_up(&source);
	SUCCEEDS(wire_expect_images(&destination, &kind, &err));
	CHECK_INT(kind, WIRE_ROUND);
}

static int take_stream(size_t length)
{
	const struct stream_door door = wire_door(&destination);
	_cleanup_stream_ struct stream stream = STREAM_INIT;
	_cleanup_free_ char *bytes = malloc(length);

	SUCCEEDS(stream_open_at(&door, &stream, &err));
	if (stream_read(&stream, bytes, length, &err) < 0)
		return -1;
	for (size_t i = 0; i < length; i++)
		if (bytes[i] != (char)(i * i >> 7))
			harness_fail(__FILE__, __LINE__, "byte %zu differs", i);
	return stream_read_end(&stream, &err);
}

TEST(a_stream_comes_through_whole_and_ends_at_its_end)
{
	stream_from_child(3000000, WIRE_END);
	SUCCEEDS(take_stream(3000000));
}

TEST(a_stream_that_is_cut_off_or_given_up_is_an_error)
{
	stream_from_child(1000000, 0);
	FAILS(take_stream(1000000), ERROR_PROTOCOL);
	stream_from_child(1000000, WIRE_FAILED);
	FAILS(take_stream(1000000), ERROR_SYSTEM);
	CHECK_STR(err.text, "the source: cut");
	/* END where zstd isn't at its own, or another word */
	stream_from_child(1000000, WIRE_TAKEN);
	FAILS(take_stream(1000000), ERROR_PROTOCOL);
}

/* ---- waiting ---- */

TEST(a_deadline_ends_a_wait_and_a_signal_does_but_for_the_deaf)
{
	sigset_t before;

	set_up();
	source.deadline_ms = clock_ms() + 1;
	FAILS(wire_expect(&source, WIRE_READY, NULL, &err), ERROR_BUSY);
	CHECK_STR(err.text, "web2 has taken too long");
	source.deadline_ms = 0;
	termination_hold(&before);
	CHECK(raise(SIGTERM) == 0);
	FAILS(wire_expect(&source, WIRE_READY, NULL, &err), ERROR_BUSY);
	FAILS(wire_send(&source, WIRE_FINAL, NULL, 0, &err), ERROR_BUSY);
	source.deaf = true;
	SUCCEEDS(wire_send(&source, WIRE_GO, NULL, 0, &err));
	SUCCEEDS(wire_send(&destination, WIRE_RUNNING, NULL, 0, &err) < 0 ? 0 : -1);
	destination.deaf = true;
	SUCCEEDS(wire_send(&destination, WIRE_RUNNING, NULL, 0, &err));
	SUCCEEDS(wire_expect(&source, WIRE_RUNNING, NULL, &err));
	/* that it fails can be said in any case */
	source.deaf = false;
	wire_send_failure(&source, &err);
	SUCCEEDS(wire_expect(&destination, WIRE_GO, NULL, &err));
	FAILS(wire_expect(&destination, WIRE_GO, NULL, &err), ERROR_SYSTEM);
}

/* ssh(1) gives the other side pipes. */
TEST(pipes_will_do_and_one_without_a_reader_is_no_signal)
{
	int ends[2];

	CHECK(pipe(ends) == 0);
	source = (struct wire){ .in = -1, .out = ends[1], .peer = "web2" };
	destination = (struct wire){ .in = ends[0], .out = -1, .peer = "the source" };
	SUCCEEDS(wire_send(&source, WIRE_HELLO, "who", 3, &err));
	SUCCEEDS(wire_expect(&destination, WIRE_HELLO, NULL, &err));
	close(ends[0]);
	FAILS(wire_send(&source, WIRE_HELLO, "who", 3, &err), ERROR_PROTOCOL);
}
