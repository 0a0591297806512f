#include "libcontainer/cgroup/statistics.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "libcontainer/cgroup/internal.h"

/* memory.stat and io.stat of a machine with hundreds of disks */
#define FILE_LIMIT (1 << 20)

bool statistic_is_last(const struct statistic *row)
{
	return !row->place && !row->metric && !row->name;
}

static void add(struct statistics *statistics, struct arena *arena, struct statistic_value value)
{
	statistics->items = arena_grow(arena, statistics->items, statistics->count,
				       &statistics->capacity, sizeof(value));
	statistics->items[statistics->count++] = value;
}

/* ---- numbers in text ---- */

/* "max", "12", or with two decimals "0.12" as 12. */
static bool read_number(const char *text, size_t length, unsigned int decimals,
			struct statistic_value *value)
{
	char digits[32];
	const char *point = memchr(text, '.', length);
	size_t kept = point ? (size_t)(point - text) : length;

	if (length == 3 && strncmp(text, "max", 3) == 0) {
		value->max = true;
		value->number = UINT64_MAX;
		return true;
	}
	if (length >= sizeof(digits) || (point && length - kept - 1 != decimals) ||
	    !point != !decimals)
		return false;
	memcpy(digits, text, kept);
	if (point)
		memcpy(digits + kept, point + 1, decimals);
	digits[kept + decimals] = '\0';
	return parse_u64(digits, &value->number);
}

/* What stands behind "@key=" in the words of a line. */
static const char *find_key(const char *words, const char *key, size_t *ret_length)
{
	size_t key_length = strlen(key);

	for (words += strspn(words, " "); *words && *words != '\n'; words += strspn(words, " ")) {
		size_t length = strcspn(words, " \n");

		if (length > key_length && strncmp(words, key, key_length) == 0 &&
		    words[key_length] == '=') {
			*ret_length = length - key_length - 1;
			return words + key_length + 1;
		}
		words += length;
	}
	return NULL;
}

/* A line without the word it begins with. */
static bool read_words(const struct statistic *row, const char *words,
		       struct statistic_value *value)
{
	const char *number = words + strspn(words, " ");
	size_t length = strcspn(number, "\n");

	if (row->key)
		number = find_key(words, row->key, &length);
	return number && read_number(number, length, row->decimals, value);
}

void statistic_parse(const struct statistic *row, const char *instance, const char *text,
		     struct arena *arena, struct statistics *statistics)
{
	bool every = row->line && strcmp(row->line, "*") == 0;

	for (const char *line = text; *line; line += *line == '\n') {
		size_t first = row->line ? strcspn(line, " \n") : 0;
		struct statistic_value value = { .row = row, .instance = instance, .found = true };
		bool wanted = !row->line || every ||
			      (strlen(row->line) == first && strncmp(line, row->line, first) == 0);

		if (wanted && read_words(row, line + first, &value)) {
			if (every)
				value.instance = arena_strndup(arena, line, first);
			add(statistics, arena, value);
		}
		line += strcspn(line, "\n");
	}
}

/* ---- files ---- */

struct reading {
	int cgroup;
	struct arena *arena;
	struct statistics *statistics;
	const char *file; /* whose content is @text */
	struct buffer text;
};

/* What isn't there, or isn't switched on (PSI: EOPNOTSUPP), has no numbers. */
static bool is_absent(int errnum)
{
	return errnum == ENOENT || errnum == EOPNOTSUPP;
}

static int read_file(struct reading *reading, const char *file, struct error *err)
{
	if (reading->file && strcmp(reading->file, file) == 0)
		return 0;
	buffer_free(&reading->text);
	reading->text = (struct buffer)BUFFER_INIT;
	reading->file = file;
	if (file_read(reading->cgroup, file, FILE_LIMIT, &reading->text, err) < 0 &&
	    !is_absent(err->errnum))
		return -1;
	return 0;
}

/* runc keeps to what cgroup v1 counted: swap is memory and swap. */
static int add_plus(struct reading *reading, const struct statistic *row, size_t from,
		    struct error *err)
{
	struct statistic_value other = { .number = 0 };

	if (read_file(reading, row->plus, err) < 0)
		return -1;
	if (!reading->text.length ||
	    !read_number(reading->text.bytes, strcspn(reading->text.bytes, "\n"), 0, &other))
		return 0;
	for (size_t i = from; i < reading->statistics->count; i++) {
		struct statistic_value *value = &reading->statistics->items[i];

		value->max |= other.max;
		if (value->max ||
		    __builtin_add_overflow(value->number, other.number, &value->number))
			value->number = UINT64_MAX;
	}
	return 0;
}

static int read_row(struct reading *reading, const struct statistic *row, const char *file,
		    const char *instance, struct error *err)
{
	size_t from = reading->statistics->count;

	if (read_file(reading, file, err) < 0)
		return -1;
	if (reading->text.length)
		statistic_parse(row, instance, reading->text.bytes, reading->arena,
				reading->statistics);
	return row->plus ? add_plus(reading, row, from, err) : 0;
}

/* The sizes of huge pages that the kernel has files for, in the kernel's order. */
static int read_sizes(struct reading *reading, const struct statistic *row, struct error *err)
{
	const char *star = strchr(row->file, '*');
	_cleanup_dir_ DIR *dir = dir_list(reading->cgroup);
	size_t before = (size_t)(star - row->file);
	const char *name;

	while (dir && (name = dir_next(dir))) {
		const char *size = name + before;
		size_t length;

		if (strncmp(name, row->file, before) != 0)
			continue;
		length = strcspn(size, ".");
		if (strcmp(size + length, star + 1) != 0)
			continue;
		if (read_row(reading, row, arena_strdup(reading->arena, name),
			     arena_strndup(reading->arena, size, length), err) < 0)
			return -1;
	}
	return 0;
}

/* A constant, or a number that runc's decoders expect and that isn't there. */
static void add_absent(struct reading *reading, const struct statistic *row, size_t from)
{
	if (reading->statistics->count == from && (!row->file || row->rules & STATISTIC_ALWAYS))
		add(reading->statistics, reading->arena, (struct statistic_value){ .row = row });
}

/* ---- order ---- */

static bool is_grouped(const struct statistic *row)
{
	const char *star = row->place ? strchr(row->place, '*') : NULL;

	return star && star[1];
}

/* "hugetlb.*.usage" and "hugetlb.*.failcnt" are in one object per size: by instance, then by row. */
static void group(struct statistics *statistics, size_t from)
{
	struct statistic_value *items = statistics->items;

	for (size_t i = from + 1; i < statistics->count; i++)
		for (size_t j = i; j > from && items[j].instance && items[j - 1].instance &&
				   strcmp(items[j].instance, items[j - 1].instance) < 0;
		     j--) {
			struct statistic_value other = items[j];

			items[j] = items[j - 1];
			items[j - 1] = other;
		}
}

/* In a cgroup that is gone no file is there. */
static int check_cgroup(int cgroupfd, struct error *err)
{
	if (faccessat(cgroupfd, "cgroup.procs", F_OK, 0) == 0)
		return 0;
	return error_errno(err, ENODEV, NULL, "read statistics: the container's cgroup is gone");
}

int cgroup_statistics(int cgroupfd, struct arena *arena, struct statistics *ret_statistics,
		      struct error *err)
{
	struct statistics found = { NULL, 0, 0 };
	struct reading reading = { cgroupfd, arena, &found, NULL, BUFFER_INIT };
	size_t group_begins = 0;
	int result = 0;

	for (const struct statistic *row = statistic_rows; !statistic_is_last(row) && result == 0;
	     row++) {
		size_t from = found.count;

		if (!is_grouped(row))
			group_begins = from;
		if (row->file)
			result = strchr(row->file, '*')
				     ? read_sizes(&reading, row, err)
				     : read_row(&reading, row, row->file, NULL, err);
		add_absent(&reading, row, from);
		if (is_grouped(row))
			group(&found, group_begins);
	}
	buffer_free(&reading.text);
	if (result == 0)
		result = check_cgroup(cgroupfd, err);
	if (result == 0)
		*ret_statistics = found;
	return result;
}
