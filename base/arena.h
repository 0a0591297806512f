/* An arena: memory taken piece by piece and given back all at once. Each is one mapping of its own,
 * so that a whole arena can be kept out of a child (MADV_DONTFORK): init never sees the config. */
#pragma once

#include <stdarg.h>
#include <stddef.h>

#include "base/error.h"

struct arena {
	char *base;
	size_t used;
	size_t capacity;
};

#define ARENA_INIT                                                                                 \
	{                                                                                          \
		.base = NULL                                                                       \
	}

/* Reserve @capacity bytes of address space; pages cost memory only once they are used. Any process.
 */
int arena_init(struct arena *arena, size_t capacity, struct error *err);

/* Keep the arena out of every child made from now on: a pointer into it then faults there. */
int arena_keep_from_children(struct arena *arena, struct error *err);

/* Give back the address space that wasn't used, but for a little (64 KiB): before a long wait, since a machine that doesn't
 * overcommit (vm.overcommit_memory 2) counts it as memory. Any process. */
void arena_trim(struct arena *arena);

/* Give everything back; a free arena, or one that was never made, is fine. Any process. */
void arena_free(struct arena *arena);

/* Zeroed memory, aligned for any type. Whoever feeds an arena from a document checks arena_left()
 * first; a request that doesn't fit is therefore a bug and aborts. Never returns NULL. */
void *arena_alloc(struct arena *arena, size_t size) __attribute__((malloc, returns_nonnull));
void *arena_calloc(struct arena *arena, size_t count, size_t size)
    __attribute__((malloc, returns_nonnull));
size_t arena_left(const struct arena *arena);

/* Room for one item more than the @count that @items has: @items itself, or where *@capacity (0 at first) is reached a copy
 * that is twice as large, the rest of it zeroed. */
void *arena_grow(struct arena *arena, void *items, size_t count, size_t *capacity, size_t size);

/* Clear all that was taken since @used bytes were in use. */
void arena_wipe(struct arena *arena, size_t used);

/* Give back what is beyond the first @size bytes of @piece, which is the last that was taken; nothing was written there. */
void arena_shrink_last(struct arena *arena, const void *piece, size_t size);

/* Copies; arena_strdup(NULL) is NULL. */
char *arena_strdup(struct arena *arena, const char *string);
char *arena_strndup(struct arena *arena, const char *bytes, size_t length);
void *arena_memdup(struct arena *arena, const void *bytes, size_t size);
char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3), returns_nonnull));

static inline void arena_freep(struct arena *arena)
{
	arena_free(arena);
}
#define _cleanup_arena_ __attribute__((cleanup(arena_freep)))
