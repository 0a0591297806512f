/* libcontainer/lifecycle/relay.c: bytes go on when they can, and keep nobody. */
#include "tests/unit/support.h"

#include <sys/socket.h>

#include "libcontainer/lifecycle/relay.h"

static int source[2], target[2];
static struct relay relay;

static void make(void)
{
	CHECK(pipe2(source, O_CLOEXEC | O_NONBLOCK) == 0 &&
	      pipe2(target, O_CLOEXEC | O_NONBLOCK) == 0);
	relay = (struct relay){ .from = source[0], .to = target[1] };
	signal(SIGPIPE, SIG_IGN);
}

/* One turn of a loop; false if there was nothing to do. */
static bool turn(void)
{
	struct pollfd fds[2] = { { .fd = -1 }, { .fd = -1 } };

	relay_want(&relay, &fds[0], &fds[1]);
	if (poll(fds, 2, 0) <= 0)
		return false;
	relay_move(&relay, &fds[0], &fds[1]);
	return true;
}

static void turn_all(void)
{
	for (int i = 0; i < 10000 && turn(); i++)
		;
}

TEST(bytes_arrive_in_order)
{
	char got[32] = "";

	make();
	CHECK(write(source[1], "one ", 4) == 4);
	turn_all();
	CHECK(write(source[1], "two", 3) == 3);
	turn_all();
	CHECK(read(target[0], got, sizeof(got)) == 7);
	CHECK_STR(got, "one two");
	CHECK(!turn());
}

TEST(what_is_not_taken_is_kept_and_no_more_is_read)
{
	static char block[1 << 20], got[1 << 20];
	size_t sent = 0, received = 0;
	ssize_t moved;

	make();
	for (size_t i = 0; i < sizeof(block); i++)
		block[i] = (char)(i * 7 + i / 4096);
	/* nobody reads: both pipes and the relay fill up, and it is at rest */
	for (;;) {
		moved = write(source[1], block + sent, sizeof(block) - sent);
		if (moved > 0)
			sent += (size_t)moved;
		if (!turn() && moved <= 0)
			break;
	}
	CHECK(relay_holds(&relay) && sent < sizeof(block));
	/* now somebody does: nothing is lost or changed */
	for (;;) {
		moved = read(target[0], got + received, sizeof(got) - received);
		if (moved > 0)
			received += (size_t)moved;
		if (!turn() && moved <= 0)
			break;
	}
	CHECK_INT(received, sent);
	CHECK(memcmp(block, got, sent) == 0);
}

/* A terminal whose program prints and doesn't read: what is typed must not keep us from reading. */
TEST(two_directions_do_not_keep_each_other)
{
	struct relay input, output;
	int there_and_back[2], out[2], in[2];
	char bytes[4096] = "";
	size_t printed = 0;

	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, there_and_back) ==
	      0);
	CHECK(pipe2(out, O_CLOEXEC | O_NONBLOCK) == 0 && pipe2(in, O_CLOEXEC | O_NONBLOCK) == 0);
	input = (struct relay){ .from = in[0], .to = there_and_back[0] };
	output = (struct relay){ .from = there_and_back[0], .to = out[1] };
	for (int i = 0; i < 3000; i++) {
		struct pollfd fds[3] = { { .fd = -1 }, { .fd = -1 }, { .fd = -1 } };
		ssize_t got;

		/* typed without end, never read; printed without end */
		while (write(in[1], bytes, sizeof(bytes)) > 0)
			;
		while (write(there_and_back[1], bytes, sizeof(bytes)) > 0)
			;
		relay_want(&input, &fds[0], &fds[1]);
		relay_want(&output, &fds[1], &fds[2]);
		CHECK(poll(fds, 3, 1000) > 0);
		relay_move(&input, &fds[0], &fds[1]);
		relay_move(&output, &fds[1], &fds[2]);
		while ((got = read(out[0], bytes, sizeof(bytes))) > 0)
			printed += (size_t)got;
	}
	CHECK(relay_holds(&input));
	CHECK(printed > 1000000);
}

TEST(the_end_of_the_source_comes_after_its_last_bytes)
{
	char got[8] = "";

	make();
	CHECK(write(source[1], "last", 4) == 4);
	close(source[1]);
	turn_all();
	CHECK_INT(relay.from, -1);
	CHECK(read(target[0], got, sizeof(got)) == 4);
	CHECK(!turn());
}

/* Who writes must not have to wait for ever because nobody listens any more. */
TEST(without_a_reader_the_bytes_are_lost_and_the_writer_goes_on)
{
	static char block[65536];
	size_t sent = 0;

	make();
	close(target[0]);
	for (int i = 0; i < 10000 && sent < 10 * sizeof(block); i++) {
		ssize_t moved = write(source[1], block, sizeof(block));

		sent += moved > 0 ? (size_t)moved : 0;
		turn();
	}
	CHECK(sent >= 10 * sizeof(block));
	CHECK_INT(relay.to, -1);
}

TEST(a_relay_without_a_source_waits_for_nothing)
{
	relay = (struct relay){ .from = -1, .to = -1 };
	CHECK(!turn());
	CHECK(!relay_holds(&relay));
}
