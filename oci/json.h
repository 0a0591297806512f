/* JSON: a reader that hands on events and keeps nothing, and a writer. Both stand on yajl, which
 * takes malformed text and UTF-8 off our hands; what it lets pass and a runtime must not (depth,
 * size, NUL bytes, halves of surrogate pairs, numbers cut to 64 bits) is settled here. Any process.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"

/* The documents of the runtime-spec nest less than 12 deep and are some KiB long. */
#define JSON_DEPTH_MAX 64
#define JSON_SIZE_MAX  (16u << 20)

/* ---- reading ---- */

enum json_kind {
	JSON_NULL,
	JSON_BOOL,
	JSON_NUMBER,
	JSON_STRING,
	JSON_OBJECT,
	JSON_ARRAY,
	JSON_KEY,
	JSON_OBJECT_END,
	JSON_ARRAY_END,
};

struct json_event {
	enum json_kind kind;
	bool boolean;
	const char *text; /* a string, a key or the raw text of a number; not NUL-terminated, valid
			     during the call, free of NUL bytes */
	size_t length;
	unsigned int depth; /* of the objects and arrays around it */
};

/* Returns 0, or -1 with @err filled: reading stops, and "NAME:LINE: " is put before the text. */
typedef int json_handler(void *context, const struct json_event *event, struct error *err);

/* Read one document. A text that isn't JSON, nests deeper or is longer than the limits above, holds
 * a NUL byte in a string or goes on after its end is ERROR_INVALID; depth and size are refused
 * before memory is taken for them. @name is what errors call the document. */
int json_read(const char *bytes, size_t length, const char *name, json_handler *handler,
	      void *context, struct error *err);

/* ---- writing ---- */

/* A failure is remembered and reported by json_finish(), so that a row of calls needs one check. */
struct json_writer {
	struct yajl_gen_t *generator;
	bool failed;
	bool bad_text; /* a string was not UTF-8 */
	char key[64];  /* the last key, for the error */
};

/* Indented by a tab per level with @pretty, else one line without a space. */
void json_begin(struct json_writer *writer, bool pretty);
/* Append what was written to @buffer and release the writer. ERROR_INVALID if a string was not
 * UTF-8 (a path may hold any byte, JSON may not), ERROR_MEMORY. */
int json_finish(struct json_writer *writer, struct buffer *buffer, struct error *err);

/* One piece each; calls in an order that makes no document fail at json_finish(). */
void json_object(struct json_writer *writer);
void json_object_end(struct json_writer *writer);
void json_array(struct json_writer *writer);
void json_array_end(struct json_writer *writer);
void json_key(struct json_writer *writer, const char *key);
void json_string(struct json_writer *writer, const char *text); /* NULL is null */
void json_int(struct json_writer *writer, int64_t value);
void json_uint(struct json_writer *writer, uint64_t value);
/* as decimal_text() has it */
void json_decimal(struct json_writer *writer, uint64_t number, unsigned int decimals);
void json_bool(struct json_writer *writer, bool value);
void json_strings(struct json_writer *writer, const struct strings *strings);
