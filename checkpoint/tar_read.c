#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/text.h"
#include "checkpoint/tar.h"
#include "checkpoint/tar_header.h"

static int not_ours(struct error *err)
{
	return error_set(err, ERROR_INVALID, NULL,
			 "the stream is damaged, or none that proa has written");
}

static int skip_padding(struct tar_reader *reader, uint64_t size, struct error *err)
{
	char rest[TAR_BLOCK];

	return stream_read(reader->stream, rest, tar_padding(size), err);
}

int tar_take_bytes(struct tar_reader *reader, const struct tar_entry *entry, size_t limit,
		   struct buffer *buffer, struct error *err)
{
	char chunk[TAR_BLOCK];

	if (entry->size > limit)
		return error_set(err, ERROR_INVALID, NULL,
				 "the stream has %" PRIu64 " bytes where at most %zu are expected",
				 entry->size, limit);
	for (uint64_t left = entry->size; left;) {
		size_t length = left < sizeof(chunk) ? (size_t)left : sizeof(chunk);

		if (stream_read(reader->stream, chunk, length, err) < 0)
			return -1;
		buffer_add(buffer, chunk, length);
		left -= length;
	}
	if (buffer_failed(buffer))
		return error_set(err, ERROR_MEMORY, NULL, "no memory to read the stream");
	return skip_padding(reader, entry->size, err);
}

static bool is_zero(const char *bytes, size_t length)
{
	return !length || (!*bytes && memcmp(bytes, bytes + 1, length - 1) == 0);
}

/* Into a new file: of zeroes come holes. */
static int write_sparse(int fd, const char *bytes, size_t length)
{
	if (is_zero(bytes, length))
		return lseek(fd, (off_t)length, SEEK_CUR) < 0 ? -1 : 0;
	return fd_write_all(fd, bytes, length);
}

int tar_take_content(struct tar_reader *reader, const struct tar_entry *entry, int fd,
		     struct error *err)
{
	_cleanup_free_ char *chunk = malloc(TAR_CHUNK);

	if (!chunk)
		return error_set(err, ERROR_MEMORY, NULL, "no memory to copy a file");
	for (uint64_t left = entry->size; left;) {
		size_t length = left < TAR_CHUNK ? (size_t)left : TAR_CHUNK;

		if (stream_read(reader->stream, chunk, length, err) < 0)
			return -1;
		if (write_sparse(fd, chunk, length) < 0)
			return error_errno(err, errno, NULL, "write a file of the stream");
		left -= length;
	}
	if (ftruncate(fd, (off_t)entry->size) < 0)
		return error_errno(err, errno, NULL, "write a file of the stream");
	return skip_padding(reader, entry->size, err);
}

static bool get_octal(const char *field, size_t size, uint64_t *ret_value)
{
	uint64_t value = 0;

	if (field[size - 1])
		return false;
	for (size_t i = 0; i + 1 < size; i++) {
		if (field[i] < '0' || field[i] > '7')
			return false;
		value = value << 3 | (uint64_t)(field[i] - '0');
	}
	*ret_value = value;
	return true;
}

/* A block of zeroes is a header, too: the end. */
static bool is_end(const struct tar_header *header)
{
	static const struct tar_header zeroes;

	return memcmp(header, &zeroes, sizeof(zeroes)) == 0;
}

static bool parse_header(struct tar_reader *reader, const struct tar_header *header,
			 struct tar_entry *entry)
{
	uint64_t checksum, mode, uid, gid, mtime;

	if (memcmp(header->magic, TAR_MAGIC, sizeof(header->magic)) != 0 || header->prefix[0] ||
	    !get_octal(header->checksum, sizeof(header->checksum) - 1, &checksum) ||
	    checksum != tar_checksum(header) ||
	    !get_octal(header->mode, sizeof(header->mode), &mode) ||
	    !get_octal(header->uid, sizeof(header->uid), &uid) ||
	    !get_octal(header->gid, sizeof(header->gid), &gid) ||
	    !get_octal(header->size, sizeof(header->size), &entry->size) ||
	    !get_octal(header->mtime, sizeof(header->mtime), &mtime))
		return false;
	entry->type = header->type;
	entry->mode = (uint32_t)mode & 07777;
	entry->uid = (uint32_t)uid;
	entry->gid = (uint32_t)gid;
	entry->mtime = (int64_t)mtime;
	text_cut(reader->name, sizeof(reader->name), "%.100s", header->name);
	text_cut(reader->link, sizeof(reader->link), "%.100s", header->link);
	return true;
}

static bool take_text(const struct tar_record *record, char text[static PATH_MAX])
{
	if (record->length >= PATH_MAX || memchr(record->value, '\0', record->length))
		return false;
	memcpy(text, record->value, record->length);
	text[record->length] = '\0';
	return true;
}

static bool take_number(const struct tar_record *record, uint64_t *ret_value)
{
	char text[24];

	if (record->length >= sizeof(text))
		return false;
	memcpy(text, record->value, record->length);
	text[record->length] = '\0';
	return parse_u64(text, ret_value);
}

static bool take_id(const struct tar_record *record, uint32_t *ret_id)
{
	uint64_t id;

	if (!take_number(record, &id) || id > UINT32_MAX)
		return false;
	*ret_id = (uint32_t)id;
	return true;
}

static bool apply(struct tar_reader *reader, const struct tar_record *record,
		  struct tar_entry *entry)
{
	if (strcmp(record->key, "path") == 0)
		return take_text(record, reader->name);
	if (strcmp(record->key, "linkpath") == 0)
		return take_text(record, reader->link);
	if (strcmp(record->key, "size") == 0)
		return take_number(record, &entry->size);
	if (strcmp(record->key, "uid") == 0)
		return take_id(record, &entry->uid);
	if (strcmp(record->key, "gid") == 0)
		return take_id(record, &entry->gid);
	if (!text_starts(record->key, TAR_XATTR) && !text_starts(record->key, TAR_OURS))
		return false;
	if (entry->record_count == TAR_RECORDS_MAX)
		return false;
	entry->records[entry->record_count++] = *record;
	return true;
}

/* Its parts become strings where they lie: the space, the sign and the newline are NULs then. */
static bool cut_record(char **at, char *end, struct tar_record *ret_record)
{
	char *space = memchr(*at, ' ', (size_t)(end - *at)), *sign, *last;
	uint64_t total;

	if (!space)
		return false;
	*space = '\0';
	if (!parse_u64(*at, &total) || total > (uint64_t)(end - *at) ||
	    total < (uint64_t)(space - *at) + 3)
		return false;
	last = *at + total - 1;
	sign = memchr(space + 1, '=', (size_t)(last - space - 1));
	if (!sign || *last != '\n' || memchr(space + 1, '\0', (size_t)(sign - space - 1)))
		return false;
	*sign = *last = '\0';
	*ret_record = (struct tar_record){ space + 1, sign + 1, (size_t)(last - sign - 1) };
	*at = last + 1;
	return true;
}

static bool apply_records(struct tar_reader *reader, struct tar_entry *entry)
{
	char *at = reader->records.bytes, *end = at + reader->records.length;

	while (at < end) {
		struct tar_record record;

		if (!cut_record(&at, end, &record) || !apply(reader, &record, entry))
			return false;
	}
	return true;
}

/* -1 for what is none, 0 for the end. */
static int read_header(struct tar_reader *reader, struct tar_entry *entry, struct error *err)
{
	struct tar_header header;

	if (stream_read(reader->stream, &header, sizeof(header), err) < 0)
		return -1;
	if (is_end(&header))
		return 0;
	return parse_header(reader, &header, entry) ? 1 : not_ours(err);
}

static int read_end(struct tar_reader *reader, struct error *err)
{
	struct tar_header header;

	if (stream_read(reader->stream, &header, sizeof(header), err) < 0)
		return -1;
	return is_end(&header) ? stream_read_end(reader->stream, err) : not_ours(err);
}

static int read_records(struct tar_reader *reader, struct tar_entry *entry, struct error *err)
{
	int found;

	if (tar_take_bytes(reader, entry, TAR_RECORDS_BYTES_MAX, &reader->records, err) < 0)
		return -1;
	*entry = (struct tar_entry){ 0 };
	found = read_header(reader, entry, err);
	if (found <= 0)
		return found < 0 ? -1 : not_ours(err);
	return reader->records.length == 0 || apply_records(reader, entry) ? 1 : not_ours(err);
}

static bool is_known(const struct tar_entry *entry)
{
	if (entry->type == TAR_FILE)
		return true;
	return entry->size == 0 &&
	       (entry->type == TAR_DIRECTORY || entry->type == TAR_LINK || entry->type == TAR_FIFO);
}

int tar_next(struct tar_reader *reader, struct tar_entry *ret_entry, struct error *err)
{
	struct tar_entry entry = { 0 };
	int found;

	buffer_free(&reader->records);
	found = read_header(reader, &entry, err);
	if (found == 0)
		return read_end(reader, err);
	if (found > 0 && entry.type == TAR_PAX)
		found = read_records(reader, &entry, err);
	if (found < 0)
		return -1;
	if (!is_known(&entry))
		return not_ours(err);
	*ret_entry = entry;
	ret_entry->name = reader->name;
	ret_entry->link = reader->link;
	return 1;
}

void tar_reader_free(struct tar_reader *reader)
{
	buffer_free(&reader->records);
}
