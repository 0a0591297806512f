#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/wipe.h"

static bool parse_digits(const char *text, uint64_t *ret_value)
{
	uint64_t value = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		unsigned int digit = (unsigned int)(*text - '0');

		if (*text < '0' || digit >= 10)
			return false;
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, digit, &value))
			return false;
	}
	*ret_value = value;
	return true;
}

bool parse_u64(const char *text, uint64_t *ret_value)
{
	return parse_digits(text, ret_value);
}

bool parse_i64(const char *text, int64_t *ret_value)
{
	bool negative = *text == '-';
	uint64_t magnitude;

	if (!parse_digits(text + negative, &magnitude))
		return false;
	if (magnitude > (uint64_t)INT64_MAX + negative)
		return false;
	*ret_value = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
	return true;
}

bool parse_u32(const char *text, uint32_t *ret_value)
{
	uint64_t value;

	if (!parse_u64(text, &value) || value > UINT32_MAX)
		return false;
	*ret_value = (uint32_t)value;
	return true;
}

bool parse_int(const char *text, int *ret_value)
{
	int64_t value;

	if (!parse_i64(text, &value) || value < INT32_MIN || value > INT32_MAX)
		return false;
	*ret_value = (int)value;
	return true;
}

/* Is @text nothing, "b" or "ib", in either case? */
static bool ends_size(const char *text)
{
	return strcasecmp(text, "") == 0 || strcasecmp(text, "b") == 0 ||
	       strcasecmp(text, "ib") == 0;
}

bool parse_size(const char *text, int64_t *ret_bytes)
{
	static const char units[] = "kmgtp";
	size_t digits = strspn(text, "0123456789");
	const char *unit = text[digits] ? strchr(units, text[digits] | 0x20) : NULL;
	char number[24];
	uint64_t value;

	if (snprintf(number, sizeof(number), "%.*s", (int)digits, text) >= (int)sizeof(number) ||
	    !parse_u64(number, &value) || (!unit && text[digits]))
		return false;
	if (unit && (!ends_size(text + digits + 1) ||
		     __builtin_mul_overflow(value, 1ull << (10 * (unit - units + 1)), &value)))
		return false;
	if (value > INT64_MAX)
		return false;
	*ret_bytes = (int64_t)value;
	return true;
}

static const struct {
	const char *name;
	int64_t ns;
} duration_units[] = {
	/* what begins with another stands before it */
	{ "ns", 1 },	     { "us", 1000 },	  { "\u00b5s", 1000 }, /* the micro sign */
	{ "\u03bcs", 1000 },					       /* the letter mu */
	{ "ms", 1000000 },   { "s", 1000000000 }, { "m", 60000000000 }, { "h", 3600000000000 },
};

static int64_t take_unit(const char **text)
{
	for (size_t i = 0; i < array_length(duration_units); i++)
		if (text_starts(*text, duration_units[i].name)) {
			*text += strlen(duration_units[i].name);
			return duration_units[i].ns;
		}
	return 0;
}

/* The digits at *@text, at most 18 of them, as a number; how many there were. */
static size_t take_digits(const char **text, int64_t *ret_number)
{
	size_t count = strspn(*text, "0123456789");

	*ret_number = 0;
	for (size_t i = 0; i < count && i < 18; i++)
		*ret_number = *ret_number * 10 + ((*text)[i] - '0');
	*text += count;
	return count;
}

/* "1.5h": what is less than a nanosecond is cut off. */
static bool take_duration(const char **text, int64_t *total)
{
	int64_t whole, rest = 0, unit, scale = 1;
	size_t digits = take_digits(text, &whole), decimals = 0;

	if (**text == '.') {
		++*text;
		decimals = take_digits(text, &rest);
	}
	unit = take_unit(text);
	if (digits + decimals == 0 || digits > 18 || decimals > 18 || !unit)
		return false;
	for (size_t i = 0; i < decimals; i++)
		scale *= 10;
	return !__builtin_mul_overflow(whole, unit, &whole) &&
	       !__builtin_add_overflow(*total, whole, total) &&
	       !__builtin_add_overflow(*total, (int64_t)((__int128)rest * unit / scale), total);
}

bool parse_duration(const char *text, int64_t *ret_ns)
{
	int64_t total = 0;

	bool zero = strcmp(text, "0") == 0;

	if (!*text)
		return false;
	while (*text && !zero)
		if (!take_duration(&text, &total))
			return false;
	*ret_ns = total;
	return true;
}

void decimal_text(uint64_t number, unsigned int decimals, char ret_text[DECIMAL_SIZE])
{
	uint64_t scale = 1;

	while (decimals && number % 10 == 0) {
		number /= 10;
		decimals--;
	}
	for (unsigned int i = 0; i < decimals; i++)
		scale *= 10;
	if (decimals)
		snprintf(ret_text, DECIMAL_SIZE, "%" PRIu64 ".%0*" PRIu64, number / scale,
			 (int)decimals, number % scale);
	else
		snprintf(ret_text, DECIMAL_SIZE, "%" PRIu64, number);
}

bool text_starts(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool text_ends(const char *text, const char *suffix)
{
	size_t length = strlen(text), tail = strlen(suffix);

	return length >= tail && strcmp(text + length - tail, suffix) == 0;
}

bool text_in(const struct strings *strings, const char *text)
{
	for (size_t i = 0; i < strings->count; i++)
		if (strcmp(strings->items[i], text) == 0)
			return true;
	return false;
}

bool text_printable(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return false;
	return true;
}

/* What may follow the first byte: how many, and the range of the next one, which rules out overlong
 * forms, surrogates and what lies beyond U+10FFFF. */
static const struct {
	unsigned char first, last; /* of the first byte */
	unsigned char more, next_low, next_high;
} utf8_sequences[] = {
	{ 0x00, 0x7f, 0, 0x00, 0x00 }, { 0xc2, 0xdf, 1, 0x80, 0xbf }, { 0xe0, 0xe0, 2, 0xa0, 0xbf },
	{ 0xe1, 0xec, 2, 0x80, 0xbf }, { 0xed, 0xed, 2, 0x80, 0x9f }, { 0xee, 0xef, 2, 0x80, 0xbf },
	{ 0xf0, 0xf0, 3, 0x90, 0xbf }, { 0xf1, 0xf3, 3, 0x80, 0xbf }, { 0xf4, 0xf4, 3, 0x80, 0x8f },
};

size_t utf8_length(const char *bytes)
{
	const unsigned char *b = (const unsigned char *)bytes;
	size_t row = 0, more;

	while (row < sizeof(utf8_sequences) / sizeof(utf8_sequences[0]) &&
	       (b[0] < utf8_sequences[row].first || b[0] > utf8_sequences[row].last))
		row++;
	if (row == sizeof(utf8_sequences) / sizeof(utf8_sequences[0]))
		return 0;
	more = utf8_sequences[row].more;
	if (more && (b[1] < utf8_sequences[row].next_low || b[1] > utf8_sequences[row].next_high))
		return 0;
	for (size_t i = 2; i <= more; i++)
		if ((b[i] & 0xc0) != 0x80)
			return 0;
	return 1 + more;
}

const struct name_value *name_find(const struct name_value *table, const char *name)
{
	for (; table->name; table++)
		if (strcmp(table->name, name) == 0)
			return table;
	return NULL;
}

const char *name_of(const struct name_value *table, int64_t value)
{
	for (; table->name; table++)
		if (table->value == value)
			return table->name;
	return NULL;
}

struct strings name_list(const struct name_value *table, struct arena *arena)
{
	struct strings names = { NULL, 0 };
	size_t count = 0;

	while (table[count].name)
		count++;
	names.items = arena_calloc(arena, count, sizeof(char *));
	for (; names.count < count; names.count++)
		names.items[names.count] = arena_strdup(arena, table[names.count].name);
	return names;
}

struct strings strings_copy(struct arena *arena, const struct strings *strings)
{
	struct strings copy = { arena_calloc(arena, strings->count, sizeof(char *)),
				strings->count };

	for (size_t i = 0; i < strings->count; i++)
		copy.items[i] = arena_strdup(arena, strings->items[i]);
	return copy;
}

char **strings_vector(struct arena *arena, const struct strings *strings)
{
	char **vector = arena_calloc(arena, strings->count + 1, sizeof(char *));

	for (size_t i = 0; i < strings->count; i++)
		vector[i] = arena_strdup(arena, strings->items[i]);
	return vector;
}

void text_cut(char *ret, size_t size, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	text_cutv(ret, size, format, args);
	va_end(args);
}

void text_cutv(char *ret, size_t size, const char *format, va_list args)
{
	if (vsnprintf(ret, size, format, args) < 0 && size)
		*ret = '\0';
}

void text_fit(char *ret, size_t size, const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(ret, size, format, args);
	va_end(args);
	if (length < 0 || (size_t)length >= size)
		__builtin_trap();
}

static bool buffer_grow(struct buffer *buffer, size_t more)
{
	size_t wanted = buffer->length + more + 1,
	       capacity = buffer->capacity ? buffer->capacity : 256;
	char *bytes;

	if (buffer->failed)
		return false;
	if (wanted <= buffer->capacity)
		return true;
	while (capacity < wanted)
		capacity *= 2;
	bytes = wiping_realloc(buffer->bytes, capacity);
	if (!bytes) {
		buffer->failed = true;
		return false;
	}
	buffer->bytes = bytes;
	buffer->capacity = capacity;
	return true;
}

void buffer_add(struct buffer *buffer, const void *bytes, size_t length)
{
	if (!buffer_grow(buffer, length))
		return;
	memcpy(buffer->bytes + buffer->length, bytes, length);
	buffer->length += length;
	buffer->bytes[buffer->length] = '\0';
}

void buffer_puts(struct buffer *buffer, const char *text)
{
	buffer_add(buffer, text, strlen(text));
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
	va_list args, again;
	int length;

	va_start(args, format);
	va_copy(again, args);
	length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (length < 0)
		buffer->failed = true;
	else if (buffer_grow(buffer, (size_t)length)) {
		vsnprintf(buffer->bytes + buffer->length, (size_t)length + 1, format, again);
		buffer->length += (size_t)length;
	}
	va_end(again);
}

void buffer_add_json(struct buffer *buffer, const char *text)
{
	buffer_puts(buffer, "\"");
	while (*text) {
		size_t length = utf8_length(text);

		if (!length)
			buffer_puts(buffer, "\\ufffd");
		else if ((unsigned char)*text < 0x20 || *text == 0x7f)
			buffer_printf(buffer, "\\u%04x", (unsigned int)*text);
		else {
			if (*text == '"' || *text == '\\')
				buffer_puts(buffer, "\\");
			buffer_add(buffer, text, length);
		}
		text += length ? length : 1;
	}
	buffer_puts(buffer, "\"");
}

bool buffer_failed(const struct buffer *buffer)
{
	return buffer->failed;
}

void buffer_free(struct buffer *buffer)
{
	int saved = errno;

	wiping_free(buffer->bytes);
	*buffer = (struct buffer)BUFFER_INIT;
	errno = saved;
}
