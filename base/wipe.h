/* Memory that is cleared before it is given back. Whatever the heap of the parent holds when it clones init, init has a
 * copy of, and processes of the container may be allowed to look into init: nothing of the config or the state that
 * isn't in the plan may be lying about. */
#pragma once

#include <stddef.h>

/* As malloc(3), free(3) and realloc(3); the old memory is cleared. Any process, of one thread. */
void *wiping_malloc(size_t size);
void wiping_free(void *memory);
void *wiping_realloc(void *memory, size_t size);
