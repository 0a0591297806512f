/* The directories of a checkpoint: images, and logs. What lies there may have been made, or changed, by anybody. */
#pragma once

#include <stdbool.h>

#include "base/error.h"

#define IMAGES_INVENTORY                                                                           \
	"inventory.img" /* CRIU writes it last: images without it are no checkpoint */
#define IMAGES_DESCRIPTORS "descriptors.json"
#define IMAGES_PARENT	   "parent"
#define IMAGES_MANIFEST	   "proa.json"
#define IMAGES_CONFIG	   "config.json" /* only beside imported ones */

struct images {
	int dir;  /* of the images */
	int work; /* of logs and statistics */
	const char *path, *work_path;
};

#define IMAGES_INIT                                                                                \
	{                                                                                          \
		.dir = -1, .work = -1                                                              \
	}

/* Make the directories where they are missing, with those above them, and set an older checkpoint in them aside. A directory
 * that has files but no checkpoint is ERROR_INVALID, as is one that can't be written to, and with @passing, for images that are
 * to be removed again, one that has a checkpoint. One where another dump or import is at work is ERROR_BUSY. @work_path NULL:
 * @path. The strings are lent. */
int images_open_for_dump(const char *path, const char *work_path, bool passing,
			 struct images *ret_images, struct error *err);

/* Make the directory for images that are imported: as for a dump, with @passing. It is ours until *ret_dir is closed. */
int images_open_for_import(const char *path, int *ret_dir, struct error *err);

/* Open them to restore from: what isn't a regular file, but for the link to a parent below the same directory, is
 * ERROR_REFUSED: CRIU would follow it. So is, with @dedup, a file that has another name, too: CRIU takes from the images what
 * it has used. */
int images_open_for_restore(const char *path, const char *work_path, bool dedup,
			    struct images *ret_images, struct error *err);

/* Call @visit with the directory of the parent's images, checked the same way, of the parent's parent, and so on, until there
 * is none, or one call fails. The descriptors stay ours. */
int images_visit_parents(int dir, bool dedup,
			 int (*visit)(void *context, int parent, struct error *err), void *context,
			 struct error *err);

/* The dump has come to its end: if it is @whole, the older checkpoint goes, else what CRIU and we have written, but not the
 * logs, and the older one is there again. */
void images_settle(const struct images *images, bool whole);

/* Remove all of those that were there for a while, and the directory unless logs are in it. */
void images_remove(const char *path);

/* Is it a file of a checkpoint, to be listed in the manifest? */
bool images_is_image(const char *name);

/* Is it an image of memory, one that a page server writes? */
bool images_is_memory(const char *name);

/* Close what is open. */
void images_close(struct images *images);
#define _cleanup_images_ __attribute__((cleanup(images_close)))
