/* <stdio.h>, fortified, and with renameat2(2). */
#pragma once

#include_next <stdio.h>

#include "base/musl/fortify.h"

/* As in its manual page, and in glibc. */
int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned int flags);
#ifndef RENAME_EXCHANGE
#define RENAME_EXCHANGE (1 << 1)
#endif

#ifdef FORTIFIED
FORTIFIED int snprintf(char *to, size_t size, const char *format, ...)
{
	return __builtin___snprintf_chk(to, size, 1, FORTIFIED_ROOM(to), format, __builtin_va_arg_pack());
}

FORTIFIED int vsnprintf(char *to, size_t size, const char *format, va_list args)
{
	return __builtin___vsnprintf_chk(to, size, 1, FORTIFIED_ROOM(to), format, args);
}
#endif
