/* A restore while it is made: what restore.c, restore_images.c and restore_request.c share. */
#pragma once

#include <signal.h>

#include "checkpoint/checkpoint.h"
#include "checkpoint/criu.h"
#include "checkpoint/export.h"
#include "checkpoint/images.h"
#include "checkpoint/manifest.h"
#include "checkpoint/request.h"
#include "checkpoint/stage.h"
#include "checkpoint/verify.h"
#include "libcontainer/lifecycle/creation.h"

#define RESTORE_LOG	  "restore.log"
#define NAMESPACE_FDS_MAX 2

/* Who has sent the images, and has a container that is to end before this one runs. Its images, and those that they stand on,
 * have been verified as they came, but for the last ones. */
struct restore_giver {
	struct import *rest; /* what follows the images in the stream */
	/* All is restored, and was judged: whether it may run now. If not, nothing of it is left. */
	int (*may_run)(void *context, struct error *err);
	void *context;
};

struct restore {
	const struct restore_options *options;
	struct arena arena;
	struct images images;
	struct import own, *import; /* who gives has one */
	int imported;		    /* their directory, where they are there for a while; -1 */
	struct manifest *manifest;  /* of other runtimes' images one is made up */
	struct creation *creation;  /* while it is made */
	struct stage stage;
	struct verify verify; /* once CRIU has restored */
	bool verified;
	bool refused;	  /* it may not run: that isn't CRIU's doing */
	sigset_t signals; /* those that were held before */
	struct criu criu, lazy, guard;
	struct criu_start start;
	int fds[NAMESPACE_FDS_MAX];
};

/* restore_images.c: open the images, those of a stream unpacked before, and read their manifest; all is verified. */
int restore_open_images(struct restore *restore, struct error *err);

/* What a stream was unpacked to is removed. */
void restore_forget_imported(struct restore *restore);

/* restore_request.c: what CRIU is asked for, but for the mounts, whose place is known once the stage is built:
 * restore_add_mounts(). */
int restore_fill_request(struct restore *restore, struct request *request, struct error *err);
int restore_add_mounts(struct restore *restore, struct request *request, struct error *err);
