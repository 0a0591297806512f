/* The time that passes, whatever is done to the clock on the wall. */
#pragma once

#include <stdint.h>

/* Milliseconds of CLOCK_MONOTONIC (clock_gettime(2)), to count deadlines by. Any process. */
int64_t clock_ms(void);
