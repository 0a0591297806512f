/* Pre-copy: memory is sent while the container runs, again and again what has changed meanwhile, until so little is left that
 * the container can stop for it. Or until it is seen that more rounds won't help. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ROUNDS_MAX 100

struct round {
	uint64_t memory; /* bytes of the container's memory that were written */
	uint64_t sent;	 /* bytes that went over the wire, compressed */
	int64_t ms;	 /* that it took, until the other side had it */
};

struct rounds_limits {
	unsigned int max; /* so many rounds at most */
	uint64_t goal;	  /* one that had no more bytes of memory is enough */
};

/* Is another round of use, after those? Pure. */
bool rounds_go_on(const struct round *rounds, size_t count, const struct rounds_limits *limits);
