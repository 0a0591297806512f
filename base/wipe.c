#include "base/wipe.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

/* Of what is given back a few pieces are kept for who asks next: after one file another is read, one document after the
 * other is parsed, and musl gives all to the kernel at once, which takes longer than the reading. Large ones aren't worth
 * their memory. */
#define KEPT	 4
#define KEPT_MAX (8 << 10)
static void *kept[KEPT];

static size_t room(void *memory)
{
	return memory ? malloc_usable_size(memory) : 0;
}

/* In place of a smaller one. */
static void keep_or_free(void *memory)
{
	for (size_t i = 0; i < KEPT && room(memory) <= KEPT_MAX; i++)
		if (room(kept[i]) < room(memory)) {
			void *smaller = kept[i];

			kept[i] = memory;
			memory = smaller;
		}
	free(memory);
}

void *wiping_malloc(size_t size)
{
	for (size_t i = 0; i < KEPT; i++)
		if (kept[i] && room(kept[i]) >= size) {
			void *memory = kept[i];

			kept[i] = NULL;
			return memory;
		}
	return malloc(size);
}

void wiping_free(void *memory)
{
	if (!memory)
		return;
	explicit_bzero(memory, room(memory));
	keep_or_free(memory);
}

void *wiping_realloc(void *memory, size_t size)
{
	size_t old = room(memory);
	void *grown;

	if (memory && size <= old)
		return memory;
	grown = wiping_malloc(size);
	if (!grown)
		return NULL;
	if (memory)
		memcpy(grown, memory, old);
	wiping_free(memory);
	return grown;
}
