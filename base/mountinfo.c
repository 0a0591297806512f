#include "base/mountinfo.h"

#include <limits.h>
#include <string.h>
#include <sys/sysmacros.h>

/* The next word of the line *@at, without the space that ends it; empty at the end of the line. */
static struct mountinfo_field next_field(const char **at)
{
	struct mountinfo_field field = { *at, strcspn(*at, " \n") };

	*at += field.length;
	*at += **at == ' ';
	return field;
}

static bool read_id(struct mountinfo_field field, uint64_t *ret_id)
{
	uint64_t id = 0;

	for (size_t i = 0; i < field.length; i++) {
		unsigned int digit = (unsigned int)field.at[i] - '0';

		if (digit > 9 || __builtin_mul_overflow(id, 10, &id) ||
		    __builtin_add_overflow(id, digit, &id))
			return false;
	}
	*ret_id = id;
	return field.length > 0;
}

/* 0, which no filesystem has, for what is none. */
static dev_t read_device(struct mountinfo_field field)
{
	const char *colon = memchr(field.at, ':', field.length);
	struct mountinfo_field first = { field.at, colon ? (size_t)(colon - field.at) : 0 }, second;
	uint64_t major_number, minor_number;

	if (!colon)
		return 0;
	second = (struct mountinfo_field){ colon + 1, field.length - first.length - 1 };
	if (!read_id(first, &major_number) || !read_id(second, &minor_number))
		return 0;
	return makedev((unsigned int)major_number, (unsigned int)minor_number);
}

/* The type follows the one field that is "-"; before it stand the options and a number of others. */
static bool parse(const char *at, struct mountinfo_line *line)
{
	struct mountinfo_field field;

	if (!read_id(next_field(&at), &line->id))
		return false;
	next_field(&at); /* the parent */
	line->device = read_device(next_field(&at));
	line->root = next_field(&at);
	line->point = next_field(&at);
	line->options = next_field(&at);
	do
		field = next_field(&at);
	while (field.length && !mountinfo_is(field, "-"));
	line->type = next_field(&at);
	return line->type.length > 0;
}

bool mountinfo_next(const char **text, struct mountinfo_line *ret_line)
{
	while (**text) {
		const char *line = *text;
		struct mountinfo_line parsed;

		*text += strcspn(line, "\n");
		*text += **text == '\n';
		if (parse(line, &parsed)) {
			*ret_line = parsed;
			return true;
		}
	}
	return false;
}

bool mountinfo_is(struct mountinfo_field field, const char *word)
{
	return field.length == strlen(word) && memcmp(field.at, word, field.length) == 0;
}

bool mountinfo_has(struct mountinfo_field options, const char *option)
{
	while (options.length) {
		struct mountinfo_field one = { options.at, 0 };

		while (one.length < options.length && options.at[one.length] != ',')
			one.length++;
		if (mountinfo_is(one, option))
			return true;
		one.length += one.length < options.length;
		options.at += one.length;
		options.length -= one.length;
	}
	return false;
}

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

/* A backslash and three octal digits stand for a byte. */
static bool is_escape(const char *text, size_t length)
{
	return length >= 4 && text[0] == '\\' && text[1] >= '0' && text[1] <= '3' &&
	       is_octal(text[2]) && is_octal(text[3]);
}

bool mountinfo_path(struct mountinfo_field field, char *ret_path)
{
	size_t used = 0;

	for (size_t i = 0; i < field.length; used++) {
		const char *text = field.at + i;
		bool escape = is_escape(text, field.length - i);

		if (used == PATH_MAX - 1)
			return false;
		ret_path[used] =
		    escape ? (char)((text[1] - '0') << 6 | (text[2] - '0') << 3 | (text[3] - '0'))
			   : *text;
		i += escape ? 4 : 1;
	}
	ret_path[used] = '\0';
	return true;
}

bool mountinfo_find(const char *text, uint64_t id, char *ret_path)
{
	struct mountinfo_line line;

	while (mountinfo_next(&text, &line))
		if (line.id == id)
			return mountinfo_path(line.point, ret_path);
	return false;
}
