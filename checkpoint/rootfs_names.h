/* What is in a directory that has changed, as its entry in a stream lists it: PAX record PROA.names, each name with "/" behind
 * it, and two of them where the thing itself is left out. Those that haven't changed are listed, too: they are the image's. */
#pragma once

#include <sys/stat.h>

#include "checkpoint/tar.h"

/* The list of an entry, NULL if it has none. */
const struct tar_record *rootfs_names_of(const struct tar_entry *entry);

/* Its names in an order to be searched in, struct tar_record each, which lie in the list; is @name among them? Pure. */
void rootfs_names_sort(const struct tar_record *names, struct buffer *ret_sorted);
bool rootfs_names_have(const struct buffer *sorted, const char *name);

/* Append a name. */
void rootfs_names_add(struct buffer *names, const char *name, bool left_out);

/* Keep the list of @entry, the directory @path ("" or "/…"), to be checked once all is taken; others may have written the
 * stream, so there is a limit to what is kept. */
int rootfs_names_keep(struct buffer *kept, const char *path, const struct tar_entry *entry,
		      struct error *err);

/* Give each of those directories its time, which what was made in it has changed. Is all there below @root that the lists tell
 * of? What the stream hasn't brought must have been there, as in the image that the container was made of. ERROR_INVALID, with
 * the name of what is missing. */
int rootfs_names_check(const struct buffer *kept, int root, struct error *err);
