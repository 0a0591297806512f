/* The annotations org.systemd.property.NAME, whose values are in GVariant's text format
 * (https://docs.gtk.org/glib/gvariant-text-format.html). Pure. */
#include "base/text.h"
#include "libcontainer/cgroup/systemd.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "libcontainer/cgroup/systemd_message.h"

#define SIGNATURE_MAX 64
#define VALUES_MAX    4096
#define DEPTH_MAX     4

struct reader {
	const char *at;
	struct arena *arena;
	const char **values;
	size_t count;
	const char *why; /* it can't be read; NULL: it can */
};

/* Each takes the type that is wanted ("" if any will do), and appends the one that it has found to @signature. */
static bool read_value(struct reader *reader, const char *wanted, char signature[SIGNATURE_MAX],
		       unsigned int depth);

static bool fail(struct reader *reader, const char *why)
{
	if (!reader->why)
		reader->why = why;
	return false;
}

static void skip_spaces(struct reader *reader)
{
	reader->at += strspn(reader->at, " \t\n");
}

/* Is @c next? Then it is read. */
static bool take(struct reader *reader, char c)
{
	skip_spaces(reader);
	if (*reader->at != c)
		return false;
	reader->at++;
	return true;
}

static bool append(struct reader *reader, char signature[SIGNATURE_MAX], const char *type,
		   size_t length)
{
	size_t used = strlen(signature);

	if (used + length + 1 > SIGNATURE_MAX)
		return fail(reader, "its type is too long");
	memcpy(signature + used, type, length);
	signature[used + length] = '\0';
	return true;
}

static bool add_value(struct reader *reader, const char *value)
{
	if (reader->count == VALUES_MAX)
		return fail(reader, "it has too many values");
	reader->values[reader->count++] = value;
	return true;
}

/* ---- strings ---- */

static const char escapes[][2] = { { 'a', '\a' }, { 'b', '\b' }, { 'f', '\f' }, { 'n', '\n' },
				   { 'r', '\r' }, { 't', '\t' }, { 'v', '\v' } };

/* \uXXXX isn't among them: there is UTF-8. */
static char unescape(char c)
{
	for (size_t i = 0; i < array_length(escapes); i++)
		if (escapes[i][0] == c)
			return escapes[i][1];
	return c;
}

static bool read_string(struct reader *reader, const char *wanted, char signature[SIGNATURE_MAX])
{
	char quote = *reader->at++, *text = arena_alloc(reader->arena, strlen(reader->at) + 1);
	const char *type = *wanted ? wanted : "s";
	size_t length = 0;

	if (!strchr("sog", *type))
		return fail(reader, "a string is not of the type that is wanted");
	for (; *reader->at && *reader->at != quote; reader->at++)
		if (*reader->at == '\\' && reader->at[1])
			text[length++] = unescape(*++reader->at);
		else
			text[length++] = *reader->at;
	if (!take(reader, quote))
		return fail(reader, "a string doesn't end");
	return append(reader, signature, type, 1) && add_value(reader, text);
}

/* ---- numbers and words ---- */

static const struct {
	char type;
	bool is_signed;
	unsigned int bits;
} integers[] = {
	{ 'y', false, 8 },  { 'n', true, 16 }, { 'q', false, 16 }, { 'i', true, 32 },
	{ 'u', false, 32 }, { 'x', true, 64 }, { 't', false, 64 },
};

static bool fits(char type, const char *text, size_t length)
{
	bool negative = text[0] == '-';
	char number[32], *end;
	uint64_t value, limit;

	if (length >= sizeof(number))
		return false;
	memcpy(number, text, length);
	number[length] = '\0';
	errno = 0;
	value = strtoull(number + negative, &end, 0);
	if (*end || errno || !isdigit((unsigned char)number[negative]))
		return false;
	for (size_t i = 0; i < array_length(integers); i++) {
		if (integers[i].type != type)
			continue;
		limit = UINT64_MAX >> (64 - integers[i].bits + integers[i].is_signed);
		return negative ? integers[i].is_signed && value <= limit + 1 : value <= limit;
	}
	return false;
}

/* Decimal, as the helper takes it. */
static const char *decimal(struct arena *arena, const char *text, size_t length)
{
	const char *number = arena_strndup(arena, text, length);

	if (number[0] == '-')
		return arena_printf(arena, "%" PRId64, (int64_t)strtoll(number, NULL, 0));
	return arena_printf(arena, "%" PRIu64, (uint64_t)strtoull(number, NULL, 0));
}

static bool read_number(struct reader *reader, const char *wanted, char signature[SIGNATURE_MAX])
{
	size_t length = strspn(reader->at, "+-.0123456789abcdefABCDEFxX");
	const char *text = reader->at, *value;
	bool hexadecimal = strncasecmp(text + (text[0] == '-'), "0x", 2) == 0;
	bool fraction = !hexadecimal && strcspn(text, ".eE") < length;
	char type = *wanted ? *wanted : fraction ? 'd' : 'i';
	char *end;

	reader->at += length;
	value = arena_strndup(reader->arena, text, length);
	if (type == 'd') {
		strtod(value, &end);
		if (*end || hexadecimal)
			return fail(reader, "a number can't be read");
	} else if (!fits(type, text, length)) {
		return fail(reader, "a number doesn't fit its type (\"uint64 N\" says another)");
	} else {
		value = decimal(reader->arena, text, length);
	}
	return append(reader, signature, &type, 1) && add_value(reader, value);
}

static bool read_boolean(struct reader *reader, const char *wanted, const char *value,
			 char signature[SIGNATURE_MAX])
{
	if (*wanted && *wanted != 'b')
		return fail(reader, "a boolean is not of the type that is wanted");
	return append(reader, signature, "b", 1) && add_value(reader, value);
}

static const struct {
	const char *word, *type;
} keywords[] = {
	{ "boolean", "b" }, { "byte", "y" },   { "int16", "n" },      { "uint16", "q" },
	{ "int32", "i" },   { "uint32", "u" }, { "int64", "x" },      { "uint64", "t" },
	{ "double", "d" },  { "string", "s" }, { "objectpath", "o" }, { "signature", "g" },
};

/* true, false, or the name of a type before its value */
static bool read_word(struct reader *reader, const char *wanted, char signature[SIGNATURE_MAX],
		      unsigned int depth)
{
	size_t length = strspn(reader->at, "abcdefghijklmnopqrstuvwxyz0123456789");
	const char *word = arena_strndup(reader->arena, reader->at, length);

	reader->at += length;
	if (strcmp(word, "true") == 0 || strcmp(word, "false") == 0)
		return read_boolean(reader, wanted, word[0] == 't' ? "1" : "0", signature);
	for (size_t i = 0; i < array_length(keywords); i++) {
		if (strcmp(keywords[i].word, word) != 0)
			continue;
		if (*wanted && *wanted != keywords[i].type[0])
			return fail(reader, "a value is not of the type that is wanted");
		return read_value(reader, keywords[i].type, signature, depth + 1);
	}
	return fail(reader, "it has an unknown word");
}

/* ---- arrays and tuples ---- */

/* The number of elements comes before them. All have the type of the first. */
static bool read_array(struct reader *reader, const char *wanted, char signature[SIGNATURE_MAX],
		       unsigned int depth)
{
	char element[SIGNATURE_MAX] = "", next[SIGNATURE_MAX];
	size_t place = reader->count, elements = 0;

	if (*wanted && *wanted != 'a')
		return fail(reader, "an array is not of the type that is wanted");
	if (*wanted)
		append(reader, element, wanted + 1, signature_type(wanted + 1));
	if (!add_value(reader, NULL))
		return false;
	while (!take(reader, ']')) {
		if (elements && !take(reader, ','))
			return fail(reader, "an array doesn't end");
		next[0] = '\0';
		if (!read_value(reader, element, next, depth + 1))
			return false;
		if (*element && strcmp(element, next) != 0)
			return fail(reader, "the elements of an array are of different types");
		memcpy(element, next, sizeof(next));
		elements++;
	}
	if (!*element)
		return fail(reader, "an empty array needs its type before it, as in \"@as []\"");
	reader->values[place] = arena_printf(reader->arena, "%zu", elements);
	return append(reader, signature, "a", 1) &&
	       append(reader, signature, element, strlen(element));
}

static bool read_tuple(struct reader *reader, const char *wanted, char signature[SIGNATURE_MAX],
		       unsigned int depth)
{
	const char *rest = *wanted ? wanted + 1 : "";
	char element[SIGNATURE_MAX];

	if (*wanted && *wanted != '(')
		return fail(reader, "a tuple is not of the type that is wanted");
	append(reader, signature, "(", 1);
	for (bool more = true; more; more = !take(reader, ')')) {
		if (!text_ends(signature, "(") && !take(reader, ','))
			return fail(reader, "a tuple doesn't end");
		element[0] = '\0';
		append(reader, element, rest, *rest == ')' ? 0 : signature_type(rest));
		if (*wanted && !*element)
			return fail(reader, "a tuple has more elements than are wanted");
		rest += strlen(element);
		if (!read_value(reader, element, signature, depth + 1))
			return false;
	}
	if (*wanted && *rest != ')')
		return fail(reader, "a tuple has fewer elements than are wanted");
	return append(reader, signature, ")", 1);
}

/* "@TYPE VALUE" */
static bool read_typed(struct reader *reader, const char *wanted, char signature[SIGNATURE_MAX],
		       unsigned int depth)
{
	size_t length = signature_type(++reader->at);
	char type[SIGNATURE_MAX] = "";

	if (!length || !append(reader, type, reader->at, length))
		return fail(reader, "it has an unknown type");
	if (*wanted && strcmp(type, wanted) != 0)
		return fail(reader, "a value is not of the type that is wanted");
	reader->at += length;
	return read_value(reader, type, signature, depth + 1);
}

static bool read_value(struct reader *reader, const char *wanted, char signature[SIGNATURE_MAX],
		       unsigned int depth)
{
	skip_spaces(reader);
	if (depth > 2 * DEPTH_MAX)
		return fail(reader, "it is too deep");
	if (*reader->at == '\'' || *reader->at == '"')
		return read_string(reader, wanted, signature);
	if (*reader->at && strchr("+-.0123456789", *reader->at))
		return read_number(reader, wanted, signature);
	if (*reader->at == '@')
		return read_typed(reader, wanted, signature, depth);
	if (take(reader, '['))
		return read_array(reader, wanted, signature, depth);
	if (take(reader, '('))
		return read_tuple(reader, wanted, signature, depth);
	return read_word(reader, wanted, signature, depth);
}

/* ---- the annotation ---- */

/* What proa decides: another value would only make a container that is none. */
static const char *const ours[] = { "PIDs", "PIDFDs", "Slice", "Delegate", "DelegateSubgroup" };

static const char *bad_name(const char *name)
{
	if (strlen(name) < 3 ||
	    strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") != strlen(name))
		return "the name of a property has letters only, three or more";
	for (size_t i = 0; i < array_length(ours); i++)
		if (strcmp(ours[i], name) == 0)
			return "this property is decided by proa, from linux.cgroupsPath";
	return NULL;
}

/* On D-Bus all times are in microseconds, and so are their names. */
static bool to_microseconds(struct reader *reader, char signature[SIGNATURE_MAX])
{
	double seconds;

	if (strlen(signature) != 1 || !strchr("nqiuxtd", signature[0]))
		return fail(reader, "a time is a number of seconds");
	seconds = strtod(reader->values[0], NULL);
	if (!(seconds >= 0 && seconds < 1e12))
		return fail(reader, "a time is a number of seconds from 0 up");
	reader->values[0] = arena_printf(reader->arena, "%.0f", seconds * 1e6);
	memcpy(signature, "t", 2);
	return true;
}

static bool read_whole(struct reader *reader, char signature[SIGNATURE_MAX])
{
	if (!read_value(reader, "", signature, 0))
		return false;
	skip_spaces(reader);
	return *reader->at ? fail(reader, "something follows the value") : true;
}

int unit_annotation(const char *name, const char *text, struct arena *arena,
		    struct unit_properties *properties, struct error *err)
{
	struct reader reader = { .at = text, .arena = arena };
	char signature[SIGNATURE_MAX] = "";
	char object[128];

	text_cut(object, sizeof(object), "annotations[\"org.systemd.property.%s\"]",
		 text_printable(name) ? name : "");
	reader.values = arena_calloc(arena, VALUES_MAX, sizeof(*reader.values));
	reader.why = bad_name(name);
	if (!reader.why && read_whole(&reader, signature) && text_ends(name, "Sec") &&
	    !text_ends(name, "USec") && to_microseconds(&reader, signature))
		name = arena_printf(arena, "%.*sUSec", (int)(strlen(name) - strlen("Sec")), name);
	if (reader.why)
		return error_set(err, ERROR_INVALID, object, "%s: can't take \"%.100s\": %s",
				 object, text_printable(text) ? text : "", reader.why);
	unit_property_set(properties, arena, name, signature, reader.values, reader.count);
	return 0;
}
