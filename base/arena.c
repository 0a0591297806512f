#include "base/arena.h"

#include <errno.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* What may still be taken of one that was trimmed: errors, paths and the like. */
#define TRIMMED_LEFT (64u << 10)

int arena_init(struct arena *arena, size_t capacity, struct error *err)
{
	void *base = mmap(NULL, capacity, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (base == MAP_FAILED)
		return error_errno(err, errno, NULL, "reserve %zu bytes of memory", capacity);
	*arena = (struct arena){ .base = base, .capacity = capacity };
	return 0;
}

int arena_keep_from_children(struct arena *arena, struct error *err)
{
	if (madvise(arena->base, arena->capacity, MADV_DONTFORK) < 0)
		return error_errno(err, errno, NULL, "keep the config out of init");
	return 0;
}

void arena_trim(struct arena *arena)
{
	size_t page = (size_t)getpagesize();
	size_t kept = (arena->used + TRIMMED_LEFT + page - 1) & ~(page - 1);

	if (kept < arena->capacity && munmap(arena->base + kept, arena->capacity - kept) == 0)
		arena->capacity = kept;
}

void arena_wipe(struct arena *arena, size_t used)
{
	explicit_bzero(arena->base + used, arena->used - used);
}

void arena_free(struct arena *arena)
{
	if (arena->base)
		munmap(arena->base, arena->capacity);
	*arena = (struct arena)ARENA_INIT;
}

static size_t aligned(size_t size)
{
	return (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
}

size_t arena_left(const struct arena *arena)
{
	return arena->capacity - arena->used;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	void *piece = arena->base + arena->used;

	if (size > arena_left(arena) || aligned(size) > arena_left(arena))
		__builtin_trap();
	arena->used += aligned(size);
	return piece;
}

void arena_shrink_last(struct arena *arena, const void *piece, size_t size)
{
	arena->used = aligned((size_t)((const char *)piece - arena->base) + size);
}

void *arena_calloc(struct arena *arena, size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total))
		__builtin_trap();
	return arena_alloc(arena, total);
}

void *arena_grow(struct arena *arena, void *items, size_t count, size_t *capacity, size_t size)
{
	void *grown;

	if (count < *capacity)
		return items;
	*capacity = *capacity ? 2 * *capacity : 16;
	grown = arena_calloc(arena, *capacity, size);
	if (count)
		memcpy(grown, items, count * size);
	return grown;
}

void *arena_memdup(struct arena *arena, const void *bytes, size_t size)
{
	void *copy = arena_alloc(arena, size);

	if (size)
		memcpy(copy, bytes, size);
	return copy;
}

char *arena_strndup(struct arena *arena, const char *bytes, size_t length)
{
	char *copy = arena_alloc(arena, length + 1);

	memcpy(copy, bytes, length);
	return copy;
}

char *arena_strdup(struct arena *arena, const char *string)
{
	return string ? arena_strndup(arena, string, strlen(string)) : NULL;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list args;
	int length;
	char *text;

	va_start(args, format);
	length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (length < 0)
		__builtin_trap();
	text = arena_alloc(arena, (size_t)length + 1);
	va_start(args, format);
	vsnprintf(text, (size_t)length + 1, format, args);
	va_end(args);
	return text;
}
