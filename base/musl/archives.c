/* Names of glibc that the packages' archives (libseccomp, libcap, yajl, protobuf-c, zstd) want, as they were compiled against its
 * headers; and, of the same kind, those that fortify.h wants. On x86_64 and aarch64 the types in them are musl's, too. */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- _FORTIFY_SOURCE: the last size is that of the object. LSB Core, "Interfaces for libc" ---- */

static void must_fit(size_t size, size_t room)
{
	if (size > room)
		__builtin_trap();
}

void *__memcpy_chk(void *to, const void *from, size_t size, size_t room)
{
	must_fit(size, room);
	return memcpy(to, from, size);
}

void *__memmove_chk(void *to, const void *from, size_t size, size_t room)
{
	must_fit(size, room);
	return memmove(to, from, size);
}

void *__memset_chk(void *to, int byte, size_t size, size_t room)
{
	must_fit(size, room);
	return memset(to, byte, size);
}

int __vsnprintf_chk(char *to, size_t size, int flag, size_t room, const char *format, va_list args)
{
	(void)flag;
	must_fit(size, room);
	return vsnprintf(to, size, format, args);
}

int __snprintf_chk(char *to, size_t size, int flag, size_t room, const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = __vsnprintf_chk(to, size, flag, room, format, args);
	va_end(args);
	return length;
}

int __sprintf_chk(char *to, int flag, size_t room, const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = __vsnprintf_chk(to, room, flag, room, format, args);
	va_end(args);
	must_fit((size_t)length + 1, room);
	return length;
}

int __fprintf_chk(FILE *file, int flag, const char *format, ...)
{
	va_list args;
	int length;

	(void)flag;
	va_start(args, format);
	length = vfprintf(file, format, args);
	va_end(args);
	return length;
}

int __asprintf_chk(char **ret_text, int flag, const char *format, ...)
{
	va_list args;
	int length;

	(void)flag;
	va_start(args, format);
	length = vasprintf(ret_text, format, args);
	va_end(args);
	return length;
}

/* ---- other spellings ---- */

#undef fopen64
#undef fstat64
#undef open64

FILE *fopen64(const char *path, const char *mode)
{
	return fopen(path, mode);
}

int fstat64(int fd, struct stat *ret_st)
{
	return fstat(fd, ret_st);
}

int open64(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list args;

	if (flags & (O_CREAT | O_TMPFILE)) {
		va_start(args, flags);
		mode = va_arg(args, mode_t);
		va_end(args);
	}
	return open(path, flags, mode);
}

unsigned long __isoc23_strtoul(const char *text, char **ret_end, int base)
{
	return strtoul(text, ret_end, base);
}
