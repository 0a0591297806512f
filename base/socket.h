/* Sockets that are addressed relative to a directory, and descriptors passed over them. Every
 * descriptor made here is CLOEXEC. All may run in any process.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

/* A socket of @type (SOCK_STREAM, …; SOCK_NONBLOCK may be added) bound to, or connected to, @name
 * in the directory @dirfd. An address has only 108 bytes and state roots may be deep, hence the
 * directory. The bound one's file has exactly @mode. connect returns -1 with err->errnum
 * ECONNREFUSED or ENOENT when nobody listens; EAGAIN, if it may not block, when somebody does but
 * has accepted none of many. One that may block waits SOCKET_SECONDS for its turn, and as long for
 * room for what it sends: a listener that hangs is no reason to hang, too. */
#define SOCKET_SECONDS 30
int socket_bind_at(int dirfd, const char *name, int type, mode_t mode, struct error *err);
int socket_connect_at(int dirfd, const char *name, int type, struct error *err);
/* The same for a path that may be longer than an address; the wait ends with the process @pidfd (-1: none), too. */
int socket_connect_path(const char *path, int type, int pidfd, struct error *err);

/* One message with at most FDS_PER_MESSAGE descriptors. Returns 0, or -1 with errno set. */
#define FDS_PER_MESSAGE 16
int socket_send(int fd, const void *bytes, size_t length, const int *fds, size_t fd_count);

/* Receive one message of at most @size bytes. Returns its length (0: end of file), or -1 with errno
 * set (EMSGSIZE: message or descriptors were cut, all descriptors received are then closed). */
ssize_t socket_receive(int fd, void *bytes, size_t size, int *ret_fds, size_t fd_limit,
		       size_t *ret_fd_count);
