/* <string.h>, fortified. */
#pragma once

#include_next <string.h>

#include "base/musl/fortify.h"

#ifdef FORTIFIED
FORTIFIED void *memcpy(void *to, const void *from, size_t size)
{
	return __builtin___memcpy_chk(to, from, size, FORTIFIED_ROOM(to));
}

FORTIFIED void *memmove(void *to, const void *from, size_t size)
{
	return __builtin___memmove_chk(to, from, size, FORTIFIED_ROOM(to));
}

FORTIFIED void *memset(void *to, int byte, size_t size)
{
	return __builtin___memset_chk(to, byte, size, FORTIFIED_ROOM(to));
}
#endif
