/* Descriptors: whole files, atomic replacement, sockets addressed relative to a directory, and
 * descriptors passed over them. Every descriptor made here is CLOEXEC. All may run in any process.
 */
#pragma once

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/text.h"

/* Read all of @fd, at most @limit bytes; a longer file is ERROR_INVALID. */
int fd_read(int fd, size_t limit, struct buffer *buffer, const char *object, struct error *err);

/* Open @path relative to @dirfd (no links followed in its last component) and read it whole. */
int file_read(int dirfd, const char *path, size_t limit, struct buffer *buffer, struct error *err);

/* read(2), begun anew where a signal interrupts it. */
ssize_t fd_read_some(int fd, void *bytes, size_t size);

/* Write everything; EINTR and short writes are continued. Returns 0, or -1 with errno set. */
int fd_write_all(int fd, const void *bytes, size_t length);

/* Write @text by one write(2) to an existing file, as procfs and cgroupfs want it. 0, or -1 with
 * errno set. */
int file_write(int dirfd, const char *path, const char *text);

/* Make or replace the file @name in @dirfd so that a reader, or a crash, sees the old or the new
 * content and nothing between: temporary file, write, rename. With @durable also fsync(2). */
int file_replace(int dirfd, const char *name, mode_t mode, const void *bytes, size_t length,
		 bool durable, struct error *err);

/* Make a directory (as mkdirat(2), one that is there is fine) and open it, never through a link. */
int dir_make(int dirfd, const char *name, mode_t mode, struct error *err);

/* List the directory @dirfd, whose own position stays where it is; NULL with errno set. To be closed by closedir(3), or
 * _cleanup_dir_. next: a name in it that isn't "." or "..", NULL at the end. */
DIR *dir_list(int dirfd);
const char *dir_next(DIR *dir);

/* Remove a file, or a directory and all below it, never following a link or crossing into another
 * mount. One that is missing is fine. */
int dir_remove(int dirfd, const char *name, struct error *err);
/* The same for all that is in the directory @dirfd but the entry @but (NULL: everything). */
int dir_empty(int dirfd, const char *but, struct error *err);

/* Close every descriptor from @first on but those in @keep, in which -1 counts as none. */
int fds_close_others(unsigned int first, const int *keep, size_t count, struct error *err);

/* Mark every descriptor from @first on as close-on-exec. */
int fds_cloexec_from(unsigned int first, struct error *err);

/* A socket of @type (SOCK_STREAM, …; SOCK_NONBLOCK may be added) bound to, or connected to, @name
 * in the directory @dirfd. An address has only 108 bytes and state roots may be deep, hence the
 * directory. The bound one's file has exactly @mode. connect returns -1 with err->errnum
 * ECONNREFUSED or ENOENT when nobody listens; EAGAIN, if it may not block, when somebody does but
 * has accepted none of many. One that may block waits SOCKET_SECONDS for its turn, and as long for
 * room for what it sends: a listener that hangs is no reason to hang, too. */
#define SOCKET_SECONDS 30
int socket_bind_at(int dirfd, const char *name, int type, mode_t mode, struct error *err);
int socket_connect_at(int dirfd, const char *name, int type, struct error *err);
/* The same for a path that may be longer than an address. */
int socket_connect_path(const char *path, int type, struct error *err);

/* One message with at most FDS_PER_MESSAGE descriptors. Returns 0, or -1 with errno set. */
#define FDS_PER_MESSAGE 16
int socket_send(int fd, const void *bytes, size_t length, const int *fds, size_t fd_count);

/* Receive one message of at most @size bytes. Returns its length (0: end of file), or -1 with errno
 * set (EMSGSIZE: message or descriptors were cut, all descriptors received are then closed). */
ssize_t socket_receive(int fd, void *bytes, size_t size, int *ret_fds, size_t fd_limit,
		       size_t *ret_fd_count);
