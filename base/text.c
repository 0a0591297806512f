#include "base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool parse_digits(const char *text, unsigned int base, uint64_t *ret_value)
{
	uint64_t value = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		unsigned int digit = (unsigned int)(*text - '0');

		if (*text < '0' || digit >= base)
			return false;
		if (__builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, digit, &value))
			return false;
	}
	*ret_value = value;
	return true;
}

bool parse_u64(const char *text, uint64_t *ret_value)
{
	return parse_digits(text, 10, ret_value);
}

bool parse_i64(const char *text, int64_t *ret_value)
{
	bool negative = *text == '-';
	uint64_t magnitude;

	if (!parse_digits(text + negative, 10, &magnitude))
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

bool parse_octal(const char *text, uint32_t *ret_value)
{
	uint64_t value;

	if (!parse_digits(text, 8, &value) || value > UINT32_MAX)
		return false;
	*ret_value = (uint32_t)value;
	return true;
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
	bytes = realloc(buffer->bytes, capacity);
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

bool buffer_failed(const struct buffer *buffer)
{
	return buffer->failed;
}

void buffer_free(struct buffer *buffer)
{
	int saved = errno;

	free(buffer->bytes);
	*buffer = (struct buffer)BUFFER_INIT;
	errno = saved;
}
