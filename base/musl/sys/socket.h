/* <sys/socket.h>, fortified. */
#pragma once

#include_next <sys/socket.h>

#include "base/musl/fortify.h"

#ifdef FORTIFIED
/* The C library's own. */
ssize_t fortify_recv(int fd, void *to, size_t size, int flags) __asm__("recv");

FORTIFIED ssize_t recv(int fd, void *to, size_t size, int flags)
{
	return fortify_recv(fd, fortify_room(to, size), size, flags);
}
#endif
