#include "base/wipe.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

void wiping_free(void *memory)
{
	if (memory)
		explicit_bzero(memory, malloc_usable_size(memory));
	free(memory);
}

void *wiping_realloc(void *memory, size_t size)
{
	size_t old = memory ? malloc_usable_size(memory) : 0;
	void *grown;

	if (memory && size <= old)
		return memory;
	grown = malloc(size);
	if (!grown)
		return NULL;
	if (memory)
		memcpy(grown, memory, old);
	wiping_free(memory);
	return grown;
}
