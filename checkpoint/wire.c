#include "checkpoint/wire.h"

#include <endian.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/termination.h"

#define FAILURE_MS 5000

/* ---- to wait ---- */

static int left_ms(const struct wire *wire)
{
	int64_t left = wire->deadline_ms - clock_ms();

	if (!wire->deadline_ms)
		return -1;
	return left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

/* Until there is something to read, or room to write. */
static int await(struct wire *wire, bool output, struct error *err)
{
	int ms = left_ms(wire);
	struct pollfd fd = { .fd = output ? wire->out : wire->in,
			     .events = output ? POLLOUT : POLLIN };

	if (wire->deaf)
		while (poll(&fd, 1, ms) < 0 && errno == EINTR)
			;
	else if (output)
		(void)termination_or_output(wire->out, ms);
	else
		(void)termination_or_input(wire->in, ms);
	if (!wire->deaf && termination_waits())
		return error_set(err, ERROR_BUSY, NULL, "ended by a signal");
	if (wire->deadline_ms && clock_ms() >= wire->deadline_ms)
		return error_set(err, ERROR_BUSY, NULL, "%s has taken too long", wire->peer);
	return 0;
}

static int gone(struct wire *wire, struct error *err)
{
	wire->gone = true;
	return error_set(err, ERROR_PROTOCOL, NULL, "%s has gone", wire->peer);
}

/* ---- to say ---- */

static int take_message(struct wire *wire, struct wire_head *ret_head, struct buffer *text,
			struct error *err);

/* Nobody listens any more: he may have said why before he went. */
static int hear_why(struct wire *wire, struct error *err)
{
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;
	struct error error = ERROR_INIT;
	struct wire_head head;

	wire->deaf = true;
	wire->deadline_ms = clock_ms() + FAILURE_MS;
	(void)take_message(wire, &head, &text, &error);
	if (!wire->told)
		return gone(wire, err);
	*err = error;
	return -1;
}

/* As much as there is room for: a socket says how much that is, a pipe has it for so many. */
static ssize_t write_some(const struct wire *wire, const char *bytes, size_t length)
{
	ssize_t sent = send(wire->out, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
	struct sigaction broken_pipe;

	if (sent >= 0 || errno != ENOTSOCK)
		return sent;
	(void)sigaction(SIGPIPE, &(struct sigaction){ .sa_handler = SIG_IGN }, &broken_pipe);
	sent = write(wire->out, bytes, length < PIPE_BUF ? length : PIPE_BUF);
	(void)sigaction(SIGPIPE, &broken_pipe, NULL);
	return sent;
}

static int put_bytes(struct wire *wire, const char *bytes, size_t length, struct error *err)
{
	while (length) {
		ssize_t sent;

		if (await(wire, true, err) < 0)
			return -1;
		sent = write_some(wire, bytes, length);
		if (sent < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (sent < 0)
			return hear_why(wire, err);
		bytes += sent;
		length -= (size_t)sent;
		wire->bytes += (uint64_t)sent;
	}
	return 0;
}

int wire_send(struct wire *wire, enum wire_kind kind, const void *bytes, size_t length,
	      struct error *err)
{
	const struct wire_head head = { htole32(kind), htole32((uint32_t)length) };

	if (put_bytes(wire, (const char *)&head, sizeof(head), err) < 0)
		return -1;
	return put_bytes(wire, bytes, length, err);
}

void wire_send_failure(struct wire *wire, const struct error *why)
{
	struct error ignored = ERROR_INIT;

	if (wire->told || wire->gone || wire->out < 0)
		return;
	/* a signal, or the deadline, may be why we fail */
	wire->deaf = wire->told = true;
	wire->deadline_ms = clock_ms() + FAILURE_MS;
	(void)wire_send(wire, WIRE_FAILED, why->text, strlen(why->text), &ignored);
}

/* ---- to hear ---- */

static int take_bytes(struct wire *wire, char *bytes, size_t length, struct error *err)
{
	while (length) {
		ssize_t got;

		if (await(wire, false, err) < 0)
			return -1;
		got = fd_read_some(wire->in, bytes, length);
		if (got <= 0)
			return gone(wire, err);
		bytes += got;
		length -= (size_t)got;
	}
	return 0;
}

static int take_text(struct wire *wire, uint32_t length, struct buffer *text, struct error *err)
{
	char chunk[4096];

	while (length) {
		size_t part = length < sizeof(chunk) ? length : sizeof(chunk);

		if (take_bytes(wire, chunk, part, err) < 0)
			return -1;
		buffer_add(text, chunk, part);
		length -= (uint32_t)part;
	}
	return buffer_failed(text) ? error_set(err, ERROR_MEMORY, NULL, "no memory") : 0;
}

/* The other end's words are data: nothing of them may act on a terminal, or look like lines of a log. */
static int tell_failure(struct wire *wire, struct buffer *text, struct error *err)
{
	const char *words = text->bytes ?: "";

	wire->told = true;
	return error_set(err, ERROR_SYSTEM, NULL, "%s: %s", wire->peer,
			 *words && text_printable(words) ? words : "it has failed");
}

static int out_of_turn(struct wire *wire, uint32_t kind, struct error *err)
{
	return error_set(err, ERROR_PROTOCOL, NULL,
			 "%s doesn't speak as proa migrate does (message %u)", wire->peer, kind);
}

/* The head of a message, with what it is about where that is text. DATA is left to be taken. */
static int take_head(struct wire *wire, struct wire_head *ret_head, struct buffer *text,
		     struct error *err)
{
	struct wire_head head;
	bool data;

	if (take_bytes(wire, (char *)&head, sizeof(head), err) < 0)
		return -1;
	head = (struct wire_head){ le32toh(head.kind), le32toh(head.length) };
	data = head.kind == WIRE_DATA;
	if (head.length > (data ? WIRE_DATA_MAX : WIRE_TEXT_MAX))
		return out_of_turn(wire, head.kind, err);
	if (!data && take_text(wire, head.length, text, err) < 0)
		return -1;
	*ret_head = head;
	return 0;
}

static int take_message(struct wire *wire, struct wire_head *ret_head, struct buffer *text,
			struct error *err)
{
	if (take_head(wire, ret_head, text, err) < 0)
		return -1;
	return ret_head->kind == WIRE_FAILED ? tell_failure(wire, text, err) : 0;
}

int wire_expect(struct wire *wire, enum wire_kind wanted, struct buffer *text, struct error *err)
{
	_cleanup_buffer_ struct buffer own = BUFFER_INIT;
	struct wire_head head;

	if (take_message(wire, &head, text ?: &own, err) < 0)
		return -1;
	return head.kind == wanted ? 0 : out_of_turn(wire, head.kind, err);
}

int wire_expect_images(struct wire *wire, enum wire_kind *ret_kind, struct error *err)
{
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;
	struct wire_head head;

	if (take_message(wire, &head, &text, err) < 0)
		return -1;
	if (head.kind != WIRE_ROUND && head.kind != WIRE_FINAL)
		return out_of_turn(wire, head.kind, err);
	*ret_kind = head.kind;
	wire->left = 0;
	return 0;
}

/* ---- streams ---- */

static int put_data(void *context, const void *bytes, size_t length, struct error *err)
{
	struct wire *wire = context;
	const char *at = bytes;

	while (length) {
		size_t part = length < WIRE_DATA_MAX ? length : WIRE_DATA_MAX;

		if (wire_send(wire, WIRE_DATA, at, part, err) < 0)
			return -1;
		at += part;
		length -= part;
	}
	return 0;
}

static ssize_t take_data(void *context, void *bytes, size_t size, struct error *err)
{
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;
	struct wire *wire = context;
	struct wire_head head;

	while (!wire->left) {
		if (take_message(wire, &head, &text, err) < 0)
			return -1;
		if (head.kind == WIRE_END)
			return 0;
		if (head.kind != WIRE_DATA)
			return out_of_turn(wire, head.kind, err);
		wire->left = head.length;
	}
	if (size > wire->left)
		size = wire->left;
	if (take_bytes(wire, bytes, size, err) < 0)
		return -1;
	wire->left -= (uint32_t)size;
	return (ssize_t)size;
}

struct stream_door wire_door(struct wire *wire)
{
	return (struct stream_door){ .put = put_data, .take = take_data, .context = wire };
}

int wire_end_stream(struct wire *wire, struct error *err)
{
	return wire_send(wire, WIRE_END, NULL, 0, err);
}
