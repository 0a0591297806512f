/* A checkpoint while it is made: what dump.c and the files below share. */
#pragma once

#include "checkpoint/checkpoint.h"
#include "checkpoint/criu.h"
#include "checkpoint/export.h"
#include "checkpoint/images.h"
#include "checkpoint/manifest.h"
#include "checkpoint/request.h"
#include "checkpoint/serve.h"
#include "libcontainer/lifecycle/store.h"

#define DUMP_LOG "dump.log"

/* Who makes a container of the images while the one that they are of is still there. */
struct checkpoint_taker {
	/* It is about to be frozen. */
	void (*begin)(void *context);
	/* The images are there, and their manifest. The container is frozen, unless it is a pre-dump, and runs on if this
	 * fails. Else it is killed now. */
	int (*take)(void *context, const struct export_contents *contents, struct error *err);
	/* Nothing of it will run here any more, whatever happens, and whoever is killed. */
	void (*given)(void *context);
	void *context;
};

struct dump {
	const struct checkpoint_options *options;
	struct record record;
	struct arena arena;
	struct container_state *state;
	struct config *config;
	struct images images;
	struct manifest manifest;
	struct export export;
	struct criu criu;
	struct serve serve;
	char *cgroup; /* its directory, NULL */
	int status_fd;
	/* the kernel counts changes of the memory from now on: also for the first of a chain */
	bool tracks;
	bool refused; /* the images weren't taken: that isn't CRIU's doing */
	bool given;   /* the container is dead, and lives where the images were taken to */
	bool serves;  /* CRIU waits for others to fetch the memory, and hears nothing */
};

/* dump_manifest.c: what is to stand in the manifest, all that lies outside the container with a key each. */
int dump_begin_manifest(struct dump *dump, struct error *err);

/* The caller's key for a mount, of --external mnt[MOUNTPOINT]:KEY; NULL. CRIU gets it with the other --external. */
const char *dump_given_key(const struct dump *dump, const char *mountpoint);

/* dump_parent.c: may these images stand on those of --parent-path? */
int dump_check_parent(struct dump *dump, struct error *err);

/* For a dump that tracks: its mark into the manifest. Before CRIU is asked no dump is the last whole one; once all is there it
 * is this one. */
int dump_make_mark(struct dump *dump, struct error *err);
int dump_forget_mark(const struct dump *dump, struct error *err);
void dump_keep_mark(const struct dump *dump);

/* dump_request.c: what CRIU is asked for; the manifest has been begun. */
int dump_fill_request(struct dump *dump, struct request *request, struct error *err);
