/* Text: strict numbers, a growing buffer, and lists of strings. */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

/* A list of strings, as the config holds them. Not NULL-terminated. */
struct strings {
	char **items;
	size_t count;
};

/* Name and number, for tables of names (signals, rlimits, capabilities, …). */
struct name_value {
	const char *name;
	int64_t value;
};

/* Whole-string parsers: no spaces, no sign for unsigned, no rest, no overflow, decimal. Return false and leave the
 * out-parameter untouched when it doesn't parse. */
bool parse_u64(const char *text, uint64_t *ret_value);
bool parse_i64(const char *text, int64_t *ret_value);
bool parse_u32(const char *text, uint32_t *ret_value);
bool parse_int(const char *text, int *ret_value);
/* A number of bytes as people write it: digits, then k, m, g, t or p in either case for powers of
 * 1024, which "b" or "ib" may follow: "300M", "1GiB", "4096". */
bool parse_size(const char *text, int64_t *ret_bytes);
/* A duration as Go writes them (time.ParseDuration): numbers, each with a unit of ns, us, ms, s, m, h: "5s",
 * "1m30s", "1.5h"; "0" needs none. */
bool parse_duration(const char *text, int64_t *ret_ns);

/* @number with its last @decimals (at most 9) digits behind a point, without zeros at the end: 120 and 3 is "0.12". */
#define DECIMAL_SIZE 32
void decimal_text(uint64_t number, unsigned int decimals, char ret_text[DECIMAL_SIZE]);

/* Does @text begin or end with the other, is it one of @strings? */
bool text_starts(const char *text, const char *prefix);
bool text_ends(const char *text, const char *suffix);
bool text_in(const struct strings *strings, const char *text);
/* No byte that would break a line, a terminal or a log: nothing below 0x20 and no 0x7f. */
bool text_printable(const char *text);
/* The length of the UTF-8 sequence that @bytes begin with (RFC 3629), 0 if it is none. */
size_t utf8_length(const char *bytes);

/* The row of @table (ended by a NULL name) with this name or value; NULL if there is none. */
const struct name_value *name_find(const struct name_value *table, const char *name);
const char *name_of(const struct name_value *table, int64_t value);
/* All names of @table. */
struct strings name_list(const struct name_value *table, struct arena *arena);

/* A deep copy in the arena. */
struct strings strings_copy(struct arena *arena, const struct strings *strings);
/* A NULL-terminated vector for execve(2), in the arena; the strings are copied too. */
char **strings_vector(struct arena *arena, const struct strings *strings);

/* What printf(3) makes, in @ret of @size bytes. text_cut() cuts off what has no room there: for words
 * to people. text_fit() is for names and paths, which would mean something else if they were cut: the
 * caller knows that there is room, and is ended (abort(3)) if there isn't. */
void text_cut(char *ret, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void text_cutv(char *ret, size_t size, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));
void text_fit(char *ret, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A growing buffer on the heap, cleared when it is freed (base/wipe.h); always NUL-terminated once something was added.
 * Running out of memory is remembered and reported by buffer_failed(), so that a row of additions needs one check. */
struct buffer {
	char *bytes;
	size_t length;
	size_t capacity;
	bool failed;
};

#define BUFFER_INIT                                                                                \
	{                                                                                          \
		.bytes = NULL                                                                      \
	}

/* Append bytes, a string, or what printf(3) makes. */
void buffer_add(struct buffer *buffer, const void *bytes, size_t length);
void buffer_puts(struct buffer *buffer, const char *text);
void buffer_printf(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* @text as a JSON string with its quotes; what is no UTF-8 becomes U+FFFD. */
void buffer_add_json(struct buffer *buffer, const char *text);
bool buffer_failed(const struct buffer *buffer);
void buffer_free(struct buffer *buffer);
#define _cleanup_buffer_ __attribute__((cleanup(buffer_free)))
