#include "libcontainer/cgroup/values.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"

enum shape {
	SHAPE_NUMBER, /* "max" or a number; what the table below doesn't name */
	SHAPE_QUOTA,  /* "QUOTA PERIOD" */
	SHAPE_SET,    /* "0-3,5" */
	SHAPE_LINES,  /* "DEVICE WORD…" for each device */
	SHAPE_WEIGHT, /* the same; a number alone is the line "default NUMBER" */
	SHAPE_WORD,   /* shown as it was written */
	SHAPE_CLASS,  /* "RESOURCE:DOMAINS" for each resource; shown padded and rounded */
};

static const struct file_shape {
	const char *file;
	enum shape shape;
	const char *absent; /* what a device without a line has */
} shapes[] = {
	{ "cpu.idle", SHAPE_WORD, NULL },
	{ "cpu.max", SHAPE_QUOTA, NULL },
	{ "cpu.weight.nice", SHAPE_WORD, NULL },
	{ "cpuset.cpus", SHAPE_SET, NULL },
	{ "cpuset.cpus.exclusive", SHAPE_SET, NULL },
	{ "cpuset.cpus.partition", SHAPE_WORD, NULL },
	{ "cpuset.mems", SHAPE_SET, NULL },
	{ "dmem.low", SHAPE_LINES, "0" },
	{ "dmem.max", SHAPE_LINES, "max" },
	{ "dmem.min", SHAPE_LINES, "0" },
	{ "io.bfq.weight", SHAPE_WEIGHT, "default" },
	{ "io.latency", SHAPE_LINES, "target=max" },
	{ "io.max", SHAPE_LINES, "rbps=max wbps=max riops=max wiops=max" },
	{ "io.weight", SHAPE_WEIGHT, "default" },
	{ "misc.max", SHAPE_LINES, "max" },
	{ "oom_score_adj", SHAPE_WORD, NULL },
	{ "rdma.max", SHAPE_LINES, "hca_handle=max hca_object=max" },
	{ "schemata", SHAPE_CLASS, NULL },
};

static const struct file_shape *shape_of(const char *file)
{
	static const struct file_shape number = { NULL, SHAPE_NUMBER, NULL };
	const char *slash = strrchr(file, '/');

	for (size_t i = 0; i < array_length(shapes); i++)
		if (strcmp(shapes[i].file, slash ? slash + 1 : file) == 0)
			return &shapes[i];
	return &number;
}

bool value_is_of_device(const char *file)
{
	enum shape shape = shape_of(file)->shape;

	return shape == SHAPE_LINES || shape == SHAPE_WEIGHT;
}

/* ---- pieces of text ---- */

struct span {
	const char *at;
	size_t length;
};

static struct span trimmed(struct span span)
{
	while (span.length && strchr(" \n", span.at[span.length - 1]))
		span.length--;
	while (span.length && *span.at == ' ') {
		span.at++;
		span.length--;
	}
	return span;
}

static struct span span_of(const char *text)
{
	return trimmed((struct span){ text, strlen(text) });
}

static bool span_equals(struct span a, struct span b)
{
	return a.length == b.length && (!a.length || memcmp(a.at, b.at, a.length) == 0);
}

/* Take the part before the first @separator from @rest; false at the end. */
static bool take(struct span *rest, char separator, struct span *ret_part)
{
	const char *end;

	if (!rest->length)
		return false;
	end = memchr(rest->at, separator, rest->length);
	*ret_part = (struct span){ rest->at, end ? (size_t)(end - rest->at) : rest->length };
	rest->length -= ret_part->length + (end != NULL);
	rest->at += ret_part->length + (end != NULL);
	return true;
}

static bool has_word(struct span words, struct span word)
{
	struct span each;

	while (take(&words, ' ', &each))
		if (span_equals(each, word))
			return true;
	return false;
}

/* ---- numbers ---- */

static uint64_t times(uint64_t a, uint64_t b)
{
	uint64_t product;

	return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

static bool span_number(struct span span, uint64_t *ret_number)
{
	static const char units[] = "kmgtpe";
	const char *unit = span.length ? strchr(units, span.at[span.length - 1] | 0x20) : NULL;
	char digits[24];
	uint64_t number;

	if (span_equals(span, span_of("max"))) {
		*ret_number = UINT64_MAX;
		return true;
	}
	if (unit)
		span.length--;
	if (span.length >= sizeof(digits))
		return false;
	text_fit(digits, sizeof(digits), "%.*s", (int)span.length, span.at);
	if (!parse_u64(digits, &number))
		return false;
	*ret_number = unit ? times(number, 1ull << (10 * (unit - units + 1))) : number;
	return true;
}

bool value_number(const char *text, uint64_t *ret_number)
{
	struct span rest = span_of(text), word;

	return take(&rest, ' ', &word) && span_number(trimmed(word), ret_number);
}

/* The limits are; memory.oom.group and memory.zswap.writeback, and who knows what else, aren't. */
bool value_is_size(const char *file)
{
	static const char *const limits[] = { ".min", ".low", ".high", ".max" };

	for (size_t i = 0; i < array_length(limits); i++)
		if (text_ends(file, limits[i]))
			return text_starts(file, "memory.") || text_starts(file, "hugetlb.");
	return false;
}

char *value_size(const char *value, struct arena *arena)
{
	static const char spaces[] = " \t\n\v\f\r", units[] = "kmgtpe";
	const char *start = value + strspn(value, spaces), *unit;
	uint64_t number;
	char *end;

	if (text_starts(start, "max") && !start[3 + strspn(start + 3, spaces)])
		return arena_strdup(arena, "max");
	if (*start < '0' || *start > '9')
		return NULL;
	errno = 0;
	number = strtoull(start, &end, 0);
	unit = *end ? strchr(units, *end | 0x20) : NULL;
	if (unit)
		end++;
	if (errno || end[strspn(end, spaces)] ||
	    (unit && __builtin_mul_overflow(number, 1ull << (10 * (unit - units + 1)), &number)))
		return NULL;
	return arena_printf(arena, "%" PRIu64, number);
}

/* What the kernel counts in: it rounds down to that. */
static uint64_t granularity(const char *file)
{
	struct span rest = span_of(file), word;
	uint64_t size;

	if (value_is_size(file) && text_starts(file, "memory."))
		return (uint64_t)sysconf(_SC_PAGESIZE);
	if (!text_starts(file, "hugetlb.") || !take(&rest, '.', &word) || !take(&rest, '.', &word))
		return 1;
	word.length -= word.length > 0; /* "2MB" */
	return span_number(word, &size) && size ? size : 1;
}

/* A number that the kernel can't count is none at all for it: it shows "max". */
static bool same_number(const char *file, uint64_t shown, uint64_t wanted)
{
	uint64_t step = granularity(file);

	if (shown == UINT64_MAX)
		return wanted >= INT64_MAX - step;
	return shown <= wanted && wanted - shown < step;
}

static enum value_match compare_words(struct span text, struct span value)
{
	return span_equals(text, value) ? VALUE_SAME : VALUE_OTHER;
}

static enum value_match compare_numbers(const char *file, struct span text, struct span value)
{
	uint64_t shown, wanted;

	if (span_equals(text, value))
		return VALUE_SAME;
	if (!span_number(text, &shown) || !span_number(value, &wanted))
		return VALUE_UNKNOWN;
	return same_number(file, shown, wanted) ? VALUE_SAME : VALUE_OTHER;
}

/* A value without a period leaves the period alone. */
static enum value_match compare_quotas(struct span text, struct span value)
{
	struct span shown, wanted;
	uint64_t a, b;

	while (take(&value, ' ', &wanted)) {
		if (!take(&text, ' ', &shown) || !span_number(shown, &a) ||
		    !span_number(wanted, &b))
			return VALUE_UNKNOWN;
		if (a != b)
			return VALUE_OTHER;
	}
	return VALUE_SAME;
}

/* ---- sets of CPUs and of memory nodes ---- */

#define SET_SIZE 8192 /* more than any kernel is built for */

struct id_set {
	uint64_t words[SET_SIZE / 64];
};

static bool add_range(struct id_set *set, struct span range)
{
	bool two = range.length && memchr(range.at, '-', range.length);
	struct span first, last;
	uint64_t from, to;

	if (!take(&range, '-', &first) || !span_number(first, &from))
		return false;
	to = from;
	if (two && (!take(&range, '-', &last) || !span_number(last, &to)))
		return false;
	if (range.length || to < from || to >= SET_SIZE)
		return false;
	for (uint64_t id = from; id <= to; id++)
		set->words[id / 64] |= 1ull << id % 64;
	return true;
}

static bool parse_set(struct span list, struct id_set *ret_set)
{
	struct span range;

	*ret_set = (struct id_set){ 0 };
	while (take(&list, ',', &range))
		if (!add_range(ret_set, trimmed(range)))
			return false;
	return true;
}

static enum value_match compare_sets(struct span text, struct span value)
{
	struct id_set shown, wanted;

	if (!parse_set(text, &shown) || !parse_set(value, &wanted))
		return VALUE_UNKNOWN;
	return memcmp(&shown, &wanted, sizeof(shown)) == 0 ? VALUE_SAME : VALUE_OTHER;
}

/* An empty set means all that the parent has. */
static bool set_shrinks(struct span text, struct span value)
{
	struct id_set shown, wanted;

	if (!value.length || !parse_set(text, &shown) || !parse_set(value, &wanted))
		return false;
	for (size_t i = 0; i < array_length(shown.words); i++)
		if (shown.words[i] & ~wanted.words[i])
			return true;
	return !text.length;
}

int set_within(const char *value, const char *set)
{
	struct id_set wanted, all;

	if (!parse_set(span_of(value), &wanted) || !parse_set(span_of(set), &all))
		return -1;
	for (size_t i = 0; i < array_length(wanted.words); i++)
		if (wanted.words[i] & ~all.words[i])
			return 0;
	return 1;
}

/* ---- lines ---- */

struct line {
	struct span key, words;
};

/* Of a value, and of a line of the file. */
static struct line line_of(const struct file_shape *shape, struct span text)
{
	struct line line = { .words = text };

	take(&line.words, ' ', &line.key);
	if (shape->shape == SHAPE_WEIGHT && !line.words.length)
		line = (struct line){ .key = span_of("default"), .words = line.key };
	line.words = trimmed(line.words);
	return line;
}

static bool find_line(const struct file_shape *shape, const char *text, struct span key,
		      struct line *ret_line)
{
	struct span rest = span_of(text), each;

	while (take(&rest, '\n', &each)) {
		struct line line = line_of(shape, trimmed(each));

		if (span_equals(line.key, key)) {
			*ret_line = line;
			return true;
		}
	}
	return false;
}

static struct line present_line(const struct file_shape *shape, const char *text, const char *value)
{
	struct line wanted = line_of(shape, span_of(value)), line;

	if (find_line(shape, text, wanted.key, &line))
		return line;
	return (struct line){ wanted.key, span_of(shape->absent) };
}

/* A value may name some of a line's words; the others stay. */
static enum value_match compare_lines(const struct file_shape *shape, const char *text,
				      const char *value)
{
	struct line shown = present_line(shape, text, value);
	struct line wanted = line_of(shape, span_of(value));
	struct span word;

	while (take(&wanted.words, ' ', &word))
		if (word.length && !has_word(shown.words, word))
			return VALUE_OTHER;
	return VALUE_SAME;
}

/* ---- classes of resctrl ---- */

/* The line of the resource that @value names; empty if the class has none. */
static struct span class_line(const char *text, const char *value)
{
	struct span rest = span_of(text), wanted = span_of(value), key, each, name;

	if (!take(&wanted, ':', &key))
		return (struct span){ text, 0 };
	while (take(&rest, '\n', &each)) {
		struct span line = each = trimmed(each);

		if (take(&each, ':', &name) && span_equals(trimmed(name), key))
			return line;
	}
	return (struct span){ text, 0 };
}

/* ---- all shapes ---- */

enum value_match value_compare(const char *file, const char *text, const char *value)
{
	const struct file_shape *shape = shape_of(file);
	struct span shown = span_of(text), wanted = span_of(value);

	switch (shape->shape) {
	case SHAPE_QUOTA:
		return compare_quotas(shown, wanted);
	case SHAPE_SET:
		return compare_sets(shown, wanted);
	case SHAPE_LINES:
	case SHAPE_WEIGHT:
		return compare_lines(shape, text, value);
	case SHAPE_WORD:
		return compare_words(shown, wanted);
	case SHAPE_CLASS:
		return span_equals(class_line(text, value), wanted) ? VALUE_SAME : VALUE_UNKNOWN;
	case SHAPE_NUMBER:
		break;
	}
	return compare_numbers(file, shown, wanted);
}

/* An empty text is written as an empty line: a write of nothing doesn't reach the kernel. */
char *value_restoring(const char *file, const char *text, const char *value, struct arena *arena)
{
	const struct file_shape *shape = shape_of(file);
	struct span whole = span_of(text);
	struct line line;

	if (shape->shape == SHAPE_CLASS)
		whole = class_line(text, value);
	if (shape->shape != SHAPE_LINES && shape->shape != SHAPE_WEIGHT)
		return whole.length ? arena_strndup(arena, whole.at, whole.length)
				    : arena_strdup(arena, "\n");
	line = present_line(shape, text, value);
	return arena_printf(arena, "%.*s %.*s", (int)line.key.length, line.key.at,
			    (int)line.words.length, line.words.at);
}

/* Of cpu.max the quota counts, not its part of the period: cpu.max.burst may not be above it. */
bool value_shrinks(const char *file, const char *text, const char *value)
{
	uint64_t shown, wanted;

	switch (shape_of(file)->shape) {
	case SHAPE_SET:
		return set_shrinks(span_of(text), span_of(value));
	case SHAPE_NUMBER:
	case SHAPE_QUOTA:
		return value_number(text, &shown) && value_number(value, &wanted) && wanted < shown;
	default:
		return false;
	}
}
