/* A checkpoint as one stream (tar.h, stream.h), for --export and --import:
 *
 *	proa.json     the manifest: it says which images follow, and how long each is
 *	config.json   the container's, as it was at create
 *	IMAGE…        in the manifest's order
 *	rootfs/…      with --with-rootfs: what has changed there (rootfs_changes.h)
 *
 * What is read may come from anybody: an entry that isn't the one the manifest announces is refused, names lead nowhere but
 * into the directory of the images, and nothing is started before all of them are there. */
#pragma once

#include "checkpoint/images.h"
#include "checkpoint/manifest.h"
#include "checkpoint/tar.h"

#define EXPORT_ROOTFS "rootfs"

/* ---- to write ---- */

/* The file beside which it is written, to replace it once it is whole. */
struct export
{
	int fd, dir; /* dir: -1 for what is no regular file, "-" among it */
	char name[NAME_MAX + 1], partial[NAME_MAX + 1];
};

#define EXPORT_INIT                                                                                \
	{                                                                                          \
		.fd = -1, .dir = -1                                                                \
	}

/* Open the file that --export names; "-" is our standard output. */
int export_open(const char *path, struct export *ret_export, struct error *err);

/* What goes into it: the manifest, also as it lies with the images in the directory @images; the config in @record, a container's
 * directory; and of @rootfs, that of the container, what has changed there, NULL to leave it out. Who writes it sees that
 * nothing is written there meanwhile. */
struct export_contents {
	const struct manifest *manifest;
	int images, record;
	const char *rootfs;
};

/* Write all of it; the second to a stream that is the caller's, and comes to its end. */
int export_write(struct export *export, const struct export_contents *contents, struct error *err);
int export_put(struct stream *stream, const struct export_contents *contents, struct error *err);

/* Let it replace the file, if it is @whole; else nothing is left. One that was never opened is fine. */
int export_close(struct export *export, bool whole, struct error *err);

/* ---- to read ---- */

struct import {
	int fd; /* -1: through the door */
	const struct stream_door *door;
	const char *path; /* as it was given; where there is a door, who sends it */
	struct stream stream;
	struct tar_reader reader;
	struct tar_entry entry; /* the next one, if there @is_next */
	bool is_next;
};

#define IMPORT_INIT                                                                                \
	{                                                                                          \
		.fd = -1, .stream = STREAM_INIT                                                    \
	}

/* Open the file that --import names, "-" is our standard input; a fifo waits for somebody to write. The string is lent. */
int import_open(const char *path, struct import *import, struct error *err);

/* Put images and config into @dir, an empty directory. ERROR_INVALID for what is damaged or no checkpoint, the errors of
 * manifest_parse(). Damage to the images themselves is found by manifest_read(). */
int import_images(struct import *import, int dir, struct arena *arena, struct error *err);

/* Put the rest into the root filesystem, and see that this is then what the container had; without that part nothing is
 * done. */
int import_rootfs(struct import *import, const char *rootfs, struct error *err);

/* Close what is open of it; one that was never opened is fine. */
void import_close(struct import *import);
