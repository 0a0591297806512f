/* The texts of a cgroup's files: what one says, whether that is what was written, what has to be
 * written to have it say the same again. A file holds one value (memory.max, cpuset.cpus), or a line
 * for each device, of which a write changes one (io.max, rdma.max). @text is a file's whole content;
 * newlines at its end don't matter. Pure; any process. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

enum value_match {
	VALUE_SAME,
	VALUE_OTHER,
	VALUE_UNKNOWN, /* the file isn't known here, and may say it in words of its own */
};

/* Has the file a line for each device? */
bool value_is_of_device(const char *file);

/* Is the file a limit in bytes (memory.max, hugetlb.2MB.max)? */
bool value_is_size(const char *file);

/* A size in decimal digits, or "max", in @arena: what the kernel makes of @value, which it reads by memparse() (spaces
 * around, a base by its prefix, a unit). NULL if it is none, or more than the kernel can count: that would wrap, and nothing
 * at all is 0 for it. */
char *value_size(const char *value, struct arena *arena);

/* Does @text say what a write of @value wants? The kernel rounds amounts of memory down to whole
 * pages, sorts lists, and completes lines. */
enum value_match value_compare(const char *file, const char *text, const char *value);

/* What to write to get back what a write of @value changes, in @arena: all of @text, or the line of
 * the device that @value names (for one that has none, what takes its line away again). */
char *value_restoring(const char *file, const char *text, const char *value, struct arena *arena);

/* Is @value less than what @text says: a lower limit, fewer CPUs? Not what can't be told. */
bool value_shrinks(const char *file, const char *text, const char *value);

/* Is each member of the list @value ("0-2,4") one of @set's? 1, 0, or -1 if it is no such list. */
int set_within(const char *value, const char *set);

/* The number that @text begins with, with the kernel's suffix (memparse: 1G); "max" is UINT64_MAX. */
bool value_number(const char *text, uint64_t *ret_number);
