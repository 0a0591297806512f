/* The directory in which the images of a migration lie while they are needed, on either side: 1, 2, … for each dump, and logs
 * beside them. Nobody else can write there. */
#pragma once

#include <limits.h>

#include "base/error.h"

struct passing {
	char path[PATH_MAX]; /* "": none */
};

/* Make one under @parent, for the container @id. */
int passing_make(const char *parent, const char *id, struct passing *ret_passing,
		 struct error *err);

/* The directory of the images of dump @number; the second as it is seen from another of them, "../2". */
void passing_images(const struct passing *passing, unsigned int number, char ret_path[PATH_MAX]);
void passing_beside(unsigned int number, char ret_path[PATH_MAX]);

/* Remove it with all in it; but for the logs, if there are any and @err, which may be NULL, is what they would explain. One
 * that was never made is fine. */
void passing_remove(struct passing *passing, const struct error *err);
