#include "checkpoint/stream.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/termination.h"

/* The container is frozen meanwhile: memory is full of zeroes and repetitions, of which the lowest level takes most. */
#define LEVEL 1

void stream_close(struct stream *stream)
{
	ZSTD_freeCCtx(stream->compressor);
	ZSTD_freeDCtx(stream->decompressor);
	free(stream->packed);
	*stream = (struct stream)STREAM_INIT;
}

static int no_memory(struct stream *stream, struct error *err)
{
	stream_close(stream);
	return error_set(err, ERROR_MEMORY, NULL, "no memory to compress with");
}

/* ---- to write ---- */

/* How much can be written once poll(2) says that there is room: a pipe that nobody reads is left when a signal waits. */
static size_t at_once(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? SIZE_MAX : PIPE_BUF;
}

static int create(struct stream stream, struct stream *ret_stream, struct error *err)
{
	stream.compressor = ZSTD_createCCtx();
	stream.packed_size = ZSTD_CStreamOutSize();
	stream.packed = malloc(stream.packed_size);
	if (!stream.packed || !stream.compressor)
		return no_memory(&stream, err);
	ZSTD_CCtx_setParameter(stream.compressor, ZSTD_c_compressionLevel, LEVEL);
	ZSTD_CCtx_setParameter(stream.compressor, ZSTD_c_checksumFlag, 1);
	*ret_stream = stream;
	return 0;
}

int stream_create(int fd, struct stream *ret_stream, struct error *err)
{
	return create((struct stream){ .fd = fd, .at_once = at_once(fd) }, ret_stream, err);
}

int stream_create_at(const struct stream_door *door, struct stream *ret_stream, struct error *err)
{
	return create((struct stream){ .fd = -1, .door = door }, ret_stream, err);
}

static bool goes_on(const struct stream *stream, size_t length)
{
	return (length == 0 || termination_or_output(stream->fd, -1)) && !termination_waits();
}

static int put(const struct stream *stream, const char *bytes, size_t length, struct error *err)
{
	if (stream->door)
		return stream->door->put(stream->door->context, bytes, length, err);
	do {
		size_t part = length < stream->at_once ? length : stream->at_once;

		if (!goes_on(stream, part))
			return error_set(err, ERROR_BUSY, NULL, "ended by a signal");
		if (fd_write_all(stream->fd, bytes, part) < 0)
			return error_errno(err, errno, NULL, "write the stream");
		bytes += part;
		length -= part;
	} while (length);
	return 0;
}

/* *ret_left: what zstd still keeps to itself. */
static int compress(struct stream *stream, ZSTD_inBuffer *in, ZSTD_EndDirective how,
		    size_t *ret_left, struct error *err)
{
	ZSTD_outBuffer out = { stream->packed, stream->packed_size, 0 };

	*ret_left = ZSTD_compressStream2(stream->compressor, &out, in, how);
	if (ZSTD_isError(*ret_left))
		return error_set(err, ERROR_MEMORY, NULL, "compress: %s",
				 ZSTD_getErrorName(*ret_left));
	return put(stream, stream->packed, out.pos, err);
}

int stream_write(struct stream *stream, const void *bytes, size_t length, struct error *err)
{
	ZSTD_inBuffer in = { bytes, length, 0 };
	size_t left;

	while (in.pos < in.size)
		if (compress(stream, &in, ZSTD_e_continue, &left, err) < 0)
			return -1;
	return 0;
}

int stream_finish(struct stream *stream, struct error *err)
{
	ZSTD_inBuffer in = { NULL, 0, 0 };
	size_t left;

	do
		if (compress(stream, &in, ZSTD_e_end, &left, err) < 0)
			return -1;
	while (left);
	return 0;
}

/* ---- to read ---- */

static int damaged(struct error *err, const char *how)
{
	return error_set(err, ERROR_INVALID, NULL, "the stream is damaged: %s", how);
}

static int open_(struct stream stream, struct stream *ret_stream, struct error *err)
{
	stream.decompressor = ZSTD_createDCtx();
	stream.packed_size = ZSTD_DStreamInSize();
	stream.packed = malloc(stream.packed_size);
	if (!stream.packed || !stream.decompressor)
		return no_memory(&stream, err);
	*ret_stream = stream;
	return 0;
}

int stream_open(int fd, struct stream *ret_stream, struct error *err)
{
	return open_((struct stream){ .fd = fd }, ret_stream, err);
}

int stream_open_at(const struct stream_door *door, struct stream *ret_stream, struct error *err)
{
	return open_((struct stream){ .fd = -1, .door = door }, ret_stream, err);
}

static ssize_t take(const struct stream *stream, struct error *err)
{
	ssize_t length;

	if (stream->door)
		return stream->door->take(stream->door->context, stream->packed,
					  stream->packed_size, err);
	if (!termination_or_input(stream->fd, -1) || termination_waits())
		return error_set(err, ERROR_BUSY, NULL, "ended by a signal");
	length = fd_read_some(stream->fd, stream->packed, stream->packed_size);
	return length < 0 ? error_errno(err, errno, NULL, "read the stream") : length;
}

/* Some more of what is packed; 0 at the end of it. */
static ssize_t refill(struct stream *stream, struct error *err)
{
	ssize_t length = take(stream, err);

	if (length < 0)
		return -1;
	stream->in = (ZSTD_inBuffer){ stream->packed, (size_t)length, 0 };
	return length;
}

/* What zstd has unpacked may wait in it although all input is used up: so it is asked before more is read. */
static int decompress(struct stream *stream, ZSTD_outBuffer *out, struct error *err)
{
	size_t before = out->pos, result;

	if (stream->ended)
		return damaged(err, "it ends too early");
	result = ZSTD_decompressStream(stream->decompressor, out, &stream->in);
	if (ZSTD_isError(result))
		return damaged(err, ZSTD_getErrorName(result));
	stream->ended = result == 0;
	if (out->pos == before && !stream->ended && stream->in.pos == stream->in.size) {
		ssize_t length = refill(stream, err);

		if (length <= 0)
			return length < 0 ? -1 : damaged(err, "it is cut off");
	}
	return 0;
}

int stream_read(struct stream *stream, void *bytes, size_t length, struct error *err)
{
	ZSTD_outBuffer out = { bytes, length, 0 };

	while (out.pos < out.size)
		if (decompress(stream, &out, err) < 0)
			return -1;
	return 0;
}

int stream_read_end(struct stream *stream, struct error *err)
{
	char more;
	ZSTD_outBuffer out = { &more, 1, 0 };

	while (!stream->ended) {
		if (decompress(stream, &out, err) < 0)
			return -1;
		if (out.pos)
			return damaged(err, "something follows its end");
	}
	if (stream->in.pos == stream->in.size && refill(stream, err) < 0)
		return -1;
	return stream->in.size > stream->in.pos ? damaged(err, "something follows its end") : 0;
}
