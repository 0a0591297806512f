/* <unistd.h>, fortified, and with close_range(2). */
#pragma once

#include_next <unistd.h>

#include "base/musl/fortify.h"

/* As in its manual page, and in glibc. */
int close_range(unsigned int first, unsigned int last, int flags);

#ifdef FORTIFIED
/* The C library's own. */
ssize_t fortify_read(int fd, void *to, size_t size) __asm__("read");
ssize_t fortify_pread(int fd, void *to, size_t size, off_t offset) __asm__("pread");
ssize_t fortify_readlink(const char *path, char *to, size_t size) __asm__("readlink");
ssize_t fortify_readlinkat(int dir, const char *path, char *to, size_t size) __asm__("readlinkat");

FORTIFIED ssize_t read(int fd, void *to, size_t size)
{
	return fortify_read(fd, fortify_room(to, size), size);
}

FORTIFIED ssize_t pread(int fd, void *to, size_t size, off_t offset)
{
	return fortify_pread(fd, fortify_room(to, size), size, offset);
}

FORTIFIED ssize_t readlink(const char *path, char *to, size_t size)
{
	return fortify_readlink(path, fortify_room(to, size), size);
}

FORTIFIED ssize_t readlinkat(int dir, const char *path, char *to, size_t size)
{
	return fortify_readlinkat(dir, path, fortify_room(to, size), size);
}
#endif
