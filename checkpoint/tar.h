/* The entries of a stream, as tar(1) has them (POSIX ustar, with pax records where that has no room): what is exported can be
 * looked at by other programs. To read is only what we write ourselves: anything else is refused, since the reader is
 * where others' bytes come in. Caller's process. */
#pragma once

#include <limits.h>

#include "base/text.h"
#include "checkpoint/stream.h"

#define TAR_FILE      '0'
#define TAR_LINK      '2' /* symbolic */
#define TAR_DIRECTORY '5'
#define TAR_FIFO      '6'

/* Something that a file has and ustar hasn't: SCHILY.xattr.NAME is an extended attribute, as all tars write it, PROA.… ours. */
struct tar_record {
	const char *key;
	const char *value; /* of @length, any bytes */
	size_t length;
};

#define TAR_XATTR	"SCHILY.xattr."
#define TAR_OURS	"PROA."
#define TAR_NAMES	TAR_OURS "names" /* what is in a directory (rootfs_names.h) */
#define TAR_RECORDS_MAX 64

struct tar_entry {
	char type;
	const char *name, *link; /* @link: what a symbolic link says */
	uint32_t mode, uid, gid;
	int64_t mtime;
	uint64_t size; /* of a file; its bytes follow the entry */
	struct tar_record records[TAR_RECORDS_MAX];
	size_t record_count;
};

/* Write an entry; then its bytes, by tar_put_bytes() or from a descriptor of a file that must have them; last the end. */
int tar_put(struct stream *stream, const struct tar_entry *entry, struct error *err);
int tar_put_bytes(struct stream *stream, const void *bytes, size_t length, struct error *err);
int tar_put_content(struct stream *stream, int fd, uint64_t size, struct error *err);
int tar_put_end(struct stream *stream, struct error *err);

struct tar_reader {
	struct stream *stream; /* lent */
	struct buffer records; /* of the entry: what it points to */
	char name[PATH_MAX], link[PATH_MAX];
};

#define TAR_READER_INIT(stream_)                                                                   \
	{                                                                                          \
		.stream = (stream_)                                                                \
	}

/* The next entry: 1, or 0 at the end of all, behind which nothing may be. Its strings live until the next call. Names are any
 * text without a NUL: who uses them sees what they lead to. ERROR_INVALID. */
int tar_next(struct tar_reader *reader, struct tar_entry *ret_entry, struct error *err);

/* Take the bytes of the file that was just read, all of them: into a buffer if they are no more than @limit, or into a file
 * that is empty. */
int tar_take_bytes(struct tar_reader *reader, const struct tar_entry *entry, size_t limit,
		   struct buffer *buffer, struct error *err);
int tar_take_content(struct tar_reader *reader, const struct tar_entry *entry, int fd,
		     struct error *err);

/* Give back what it holds; the stream stays open. */
void tar_reader_free(struct tar_reader *reader);
#define _cleanup_tar_reader_ __attribute__((cleanup(tar_reader_free)))
