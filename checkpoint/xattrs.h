/* Extended attributes of files on their way through a stream: those of users, capabilities of programs and access control
 * lists. What the kernel and filesystems keep for themselves stays out (trusted.*, security labels). Caller's process. */
#pragma once

#include "checkpoint/tar.h"

struct xattrs {
	struct tar_record items[TAR_RECORDS_MAX];
	size_t count;
};

#define XATTRS_INIT                                                                                \
	{                                                                                          \
		.count = 0                                                                         \
	}

/* Those of the file @fd; a filesystem without any has none. */
int xattrs_read(int fd, struct xattrs *ret_xattrs, struct error *err);
void xattrs_free(struct xattrs *xattrs);
#define _cleanup_xattrs_ __attribute__((cleanup(xattrs_free)))

/* Give the file those of @entry; ERROR_REFUSED for one that xattrs_read() leaves out. */
int xattrs_write(int fd, const struct tar_entry *entry, struct error *err);
