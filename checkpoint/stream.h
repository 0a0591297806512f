/* A stream of bytes, compressed by zstd on its way to or from a descriptor, which may be a pipe, or through a door. One frame
 * with a checksum (RFC 8878). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <zstd.h>

#include "base/error.h"

/* In place of a descriptor, where other things are said before and after on the same way. */
struct stream_door {
	int (*put)(void *context, const void *bytes, size_t length, struct error *err);
	/* how many bytes, 0 at the end */
	ssize_t (*take)(void *context, void *bytes, size_t size, struct error *err);
	void *context;
};

struct stream {
	int fd; /* the caller's; -1: */
	const struct stream_door *door;
	ZSTD_CCtx *compressor;
	ZSTD_DCtx *decompressor;
	char *packed; /* between zstd and the descriptor */
	size_t packed_size;
	size_t at_once;	  /* to write: no more than that in one go */
	ZSTD_inBuffer in; /* to read: what of @packed isn't yet unpacked */
	bool ended;	  /* to read: the frame is complete */
};

#define STREAM_INIT                                                                                \
	{                                                                                          \
		.fd = -1                                                                           \
	}

/* Both ways: ERROR_BUSY as soon as a signal waits (base/termination.h).
 *
 * To write: everything, in its order, then the end, without which the stream counts as cut off. */
int stream_create(int fd, struct stream *ret_stream, struct error *err);
int stream_create_at(const struct stream_door *door, struct stream *ret_stream, struct error *err);
int stream_write(struct stream *stream, const void *bytes, size_t length, struct error *err);
int stream_finish(struct stream *stream, struct error *err);

/* To read: so many bytes, not fewer; ERROR_INVALID for what zstd didn't write or somebody has changed or cut off. The end: the
 * frame is complete and nothing follows it. */
int stream_open(int fd, struct stream *ret_stream, struct error *err);
int stream_open_at(const struct stream_door *door, struct stream *ret_stream, struct error *err);
int stream_read(struct stream *stream, void *bytes, size_t length, struct error *err);
int stream_read_end(struct stream *stream, struct error *err);

/* Either; the descriptor stays open. */
void stream_close(struct stream *stream);
#define _cleanup_stream_ __attribute__((cleanup(stream_close)))
