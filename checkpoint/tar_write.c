#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "checkpoint/tar.h"
#include "checkpoint/tar_header.h"

_Static_assert(sizeof(struct tar_header) == TAR_BLOCK, "a header is a block");

/* The largest numbers of fields of 8 and of 12 characters. */
#define OCTAL_8	 07777777U
#define OCTAL_12 UINT64_C(077777777777)

static void put_octal(char *field, size_t size, uint64_t value)
{
	field[size - 1] = '\0';
	for (size_t i = size - 1; i > 0; i--, value >>= 3)
		field[i - 1] = (char)('0' + (value & 7));
}

static int put_padding(struct stream *stream, uint64_t size, struct error *err)
{
	static const char zeroes[TAR_BLOCK];

	return stream_write(stream, zeroes, tar_padding(size), err);
}

int tar_put_bytes(struct stream *stream, const void *bytes, size_t length, struct error *err)
{
	return stream_write(stream, bytes, length, err) < 0 ? -1 : put_padding(stream, length, err);
}

/* "LENGTH KEY=VALUE\n"; LENGTH counts itself. */
static void add_record(struct buffer *records, const char *key, const char *value, size_t length)
{
	size_t rest = strlen(key) + length + 3, total = rest + 1;

	while ((size_t)snprintf(NULL, 0, "%zu", total) + rest != total)
		total++;
	buffer_printf(records, "%zu %s=", total, key);
	buffer_add(records, value, length);
	buffer_puts(records, "\n");
}

static void add_number(struct buffer *records, const char *key, uint64_t value, uint64_t limit)
{
	char text[24];

	if (value <= limit)
		return;
	snprintf(text, sizeof(text), "%" PRIu64, value);
	add_record(records, key, text, strlen(text));
}

static void add_text(struct buffer *records, const char *key, const char *text, size_t limit)
{
	if (text && strlen(text) > limit)
		add_record(records, key, text, strlen(text));
}

/* What has no room in the header. */
static void collect(struct buffer *records, const struct tar_entry *entry)
{
	add_text(records, "path", entry->name, sizeof(((struct tar_header *)NULL)->name));
	add_text(records, "linkpath", entry->link, sizeof(((struct tar_header *)NULL)->link));
	add_number(records, "size", entry->size, OCTAL_12);
	add_number(records, "uid", entry->uid, OCTAL_8);
	add_number(records, "gid", entry->gid, OCTAL_8);
	for (size_t i = 0; i < entry->record_count; i++)
		add_record(records, entry->records[i].key, entry->records[i].value,
			   entry->records[i].length);
}

static int put_header(struct stream *stream, const struct tar_entry *entry, struct error *err)
{
	struct tar_header header = { .type = entry->type };
	uint64_t mtime = entry->mtime > 0 ? (uint64_t)entry->mtime : 0;

	memcpy(header.name, entry->name, strnlen(entry->name, sizeof(header.name)));
	if (entry->link)
		memcpy(header.link, entry->link, strnlen(entry->link, sizeof(header.link)));
	put_octal(header.mode, sizeof(header.mode), entry->mode & 07777);
	put_octal(header.uid, sizeof(header.uid), entry->uid > OCTAL_8 ? 0 : entry->uid);
	put_octal(header.gid, sizeof(header.gid), entry->gid > OCTAL_8 ? 0 : entry->gid);
	put_octal(header.size, sizeof(header.size), entry->size > OCTAL_12 ? 0 : entry->size);
	put_octal(header.mtime, sizeof(header.mtime), mtime > OCTAL_12 ? OCTAL_12 : mtime);
	memcpy(header.magic, TAR_MAGIC, sizeof(header.magic));
	put_octal(header.checksum, sizeof(header.checksum) - 1, tar_checksum(&header));
	header.checksum[7] = ' ';
	return stream_write(stream, &header, sizeof(header), err);
}

int tar_put(struct stream *stream, const struct tar_entry *entry, struct error *err)
{
	_cleanup_buffer_ struct buffer records = BUFFER_INIT;
	struct tar_entry before = { .type = TAR_PAX, .name = "pax", .mode = 0600 };

	collect(&records, entry);
	if (buffer_failed(&records))
		return error_set(err, ERROR_MEMORY, NULL, "no memory for a tar header");
	before.size = records.length;
	if (before.size > TAR_RECORDS_BYTES_MAX)
		return error_set(err, ERROR_UNSUPPORTED, NULL,
				 "a file has more than %d bytes of attributes",
				 TAR_RECORDS_BYTES_MAX);
	if (before.size && (put_header(stream, &before, err) < 0 ||
			    tar_put_bytes(stream, records.bytes, records.length, err) < 0))
		return -1;
	return put_header(stream, entry, err);
}

/* Nothing has to be read there. Behind its end there is no hole. */
static bool is_hole(int fd, uint64_t at, size_t length)
{
	off_t end = (off_t)(at + length), data = lseek(fd, (off_t)at, SEEK_DATA);

	return data < 0 ? errno == ENXIO && lseek(fd, 0, SEEK_END) >= end : data >= end;
}

static ssize_t read_at(int fd, char *bytes, size_t length, uint64_t at)
{
	if (!is_hole(fd, at, length))
		return pread(fd, bytes, length, (off_t)at);
	memset(bytes, 0, length);
	return (ssize_t)length;
}

int tar_put_content(struct stream *stream, int fd, uint64_t size, struct error *err)
{
	_cleanup_free_ char *chunk = malloc(TAR_CHUNK);

	if (!chunk)
		return error_set(err, ERROR_MEMORY, NULL, "no memory to copy a file");
	for (uint64_t at = 0; at < size;) {
		ssize_t length =
		    read_at(fd, chunk, size - at < TAR_CHUNK ? (size_t)(size - at) : TAR_CHUNK, at);

		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0)
			return error_errno(err, errno, NULL, "read a file for the stream");
		if (length == 0)
			return error_set(err, ERROR_BUSY, NULL,
					 "a file became shorter while it was read");
		if (stream_write(stream, chunk, (size_t)length, err) < 0)
			return -1;
		at += (uint64_t)length;
	}
	return put_padding(stream, size, err);
}

int tar_put_end(struct stream *stream, struct error *err)
{
	static const char zeroes[2 * TAR_BLOCK];

	return stream_write(stream, zeroes, sizeof(zeroes), err);
}
