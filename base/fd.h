/* Descriptors: whole files, atomic replacement, directories. Every descriptor made here is CLOEXEC. All
 * may run in any process.
 */
#pragma once

#include <dirent.h>
#include <limits.h>
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

/* Where @fd lies, as this process sees it: for errors, and for what takes no descriptor. 0, or -1 with errno set. */
int fd_path(int fd, char ret_path[PATH_MAX]);

/* Write @text by one write(2) to an existing file, as procfs and cgroupfs want it. 0, or -1 with
 * errno set. */
int file_write(int dirfd, const char *path, const char *text);

/* Make or replace the file @name in @dirfd so that a reader, or a crash, sees the old or the new
 * content and nothing between: temporary file, write, rename. With @durable also fsync(2). */
int file_replace(int dirfd, const char *name, mode_t mode, const void *bytes, size_t length,
		 bool durable, struct error *err);

/* Make a directory (as mkdirat(2), one that is there is fine) and open it, never through a link. */
int dir_make(int dirfd, const char *name, mode_t mode, struct error *err);

/* Whether a directory may be believed: it belongs to us, and nobody else can write to it. @name is one in @dirfd, or ""
 * for @dirfd itself. A link is none. */
bool dir_is_ours(int dirfd, const char *name);

/* List the directory @dirfd, whose own position stays where it is; NULL with errno set. To be closed by closedir(3), or
 * _cleanup_dir_. next: a name in it that isn't "." or ".."; NULL at the end with errno 0, or else with what kept from reading
 * on: who draws conclusions from what isn't there has to look. */
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
