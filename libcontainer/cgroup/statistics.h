/* What the files of a cgroup count. One table (statistic_rows.c) says of each number where it is in the
 * files, where it goes in runc's JSON, and what it is to Prometheus and to people; who prints walks what
 * was found. A number whose file or line isn't there (no controller, no PSI, an older kernel) is left
 * out. Caller's process. */
#pragma once

#include "libcontainer/cgroup/cgroup.h"

/* What runc's JSON does about a number, for which decoders are written. */
enum statistic_rule {
	STATISTIC_ALWAYS = 1 << 0,    /* 0 where it isn't there */
	STATISTIC_OMIT_ZERO = 1 << 1, /* left out where it is 0 */
	STATISTIC_MAX_IS_0 = 1 << 2,  /* no limit is 0; elsewhere it is 2^64-1 */
};

enum statistic_unit {
	UNIT_COUNT,
	UNIT_BYTES,
	UNIT_SECONDS, /* the files have microseconds */
	UNIT_PERCENT,
};

struct statistic {
	/* In a file of the cgroup, "*" in whose name stands for a size of huge pages; in its line that begins
	 * with the word @line, "*" being every line, NULL the only one; there behind "@key=", or NULL: all
	 * that follows. @plus: add the number in that file. NULL for @file: nothing to be read, a constant of
	 * runc's JSON. */
	const char *file, *line, *key, *plus;

	/* "cpu.usage.total" is data.cpu.usage.total; a "*" is the size or the word of the line. "…[]": an entry of
	 * a list, with the numbers of the device and @op. "…." without a name: an object, perhaps empty. NULL: not
	 * in the JSON. */
	const char *place, *op;
	unsigned int rules;
	uint64_t factor;       /* what the JSON has for 1 in the file; 0: 1 */
	unsigned int decimals; /* of the number in the file: 2 for "0.12" */

	/* Prometheus: a counter if its name ends with _total, else a gauge. NULL: not told. */
	const char *metric, *labels, *instance, *help;

	const char *name; /* for people; NULL: not told */
	enum statistic_unit unit;
};

extern const struct statistic
    statistic_rows[]; /* ended by one without a place, a metric and a name */

/* Is it the end of the table? Pure. */
bool statistic_is_last(const struct statistic *row);

/* A number that was found. */
struct statistic_value {
	const struct statistic *row;
	const char *instance; /* "2MB", "8:0", "anon": what stands for the "*"; NULL */
	uint64_t number;      /* without the point: 12 for "0.12" */
	bool max;	      /* no limit */
	bool found;	      /* else a constant, or a STATISTIC_ALWAYS that isn't there */
};

/* In the order of the table, what has the same instance together. */
struct statistics {
	struct statistic_value *items;
	size_t count, capacity;
};

/* Read all. A cgroup that is gone has err->errnum ENODEV. */
int cgroup_statistics(int cgroupfd, struct arena *arena, struct statistics *ret_statistics,
		      struct error *err);

/* The value @row has in @text, the content of its file; with "*" one for each line. Pure. */
void statistic_parse(const struct statistic *row, const char *instance, const char *text,
		     struct arena *arena, struct statistics *statistics);
