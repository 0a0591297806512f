/* Lists of numbers as the kernel writes them for CPUs and NUMA nodes ("0-3,7"; cpuset(7), "List
 * format"), and the bit masks that its system calls want. */
#pragma once

#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"

#define MASK_BITS_MAX 65536

struct mask {
	unsigned long *words; /* NULL: no bit is set */
	size_t bits;	      /* the highest bit that is set, plus 1 */
};

/* @object names the property in errors. NULL and "" are the empty mask. Anything else that isn't
 * such a list, or has a number from MASK_BITS_MAX on, is ERROR_INVALID. Pure. */
int mask_parse(const char *list, const char *object, struct arena *arena, struct mask *ret_mask,
	       struct error *err);

/* The bytes that mask->words occupy. */
size_t mask_bytes(const struct mask *mask);
