/* The manifest: proa.json beside the images, written last. It says what the images are of, gives each external mount the key by
 * which CRIU knows it, and has length and hash of every image, so that damage is seen before anything starts.
 *
 * A key is made up by us (proa-m0, proa-m1, …), or given by whoever asks for the checkpoint. Destinations of mounts are the
 * container's own words: as keys, as other runtimes have used them, they could be made to look like other keys, and at restore
 * bind what they like of the host (CVE-2026-119101, CVE-2026-115520). The mountpoint stands beside its key, and at restore only
 * chooses one of the mounts that the config asks for (stage.h). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "checkpoint/mounts.h"

#define MANIFEST_VERSION 1
#define MANIFEST_MASK	 "proa-null" /* the key of every masked file */
#define MANIFEST_STREAMS 3

struct manifest_mount {
	char *key;
	char *mountpoint;
};

struct manifest_image {
	char *name;
	uint64_t size;
	char *hash; /* 16 hexadecimal digits of hash_bytes() */
};

struct manifest {
	uint64_t version;
	char *proa;	    /* its version */
	uint64_t criu;	    /* its version, 40101 is 4.1.1 */
	char *architecture; /* as uname(2) has it */
	char *id;	    /* of the container */
	/* since when changes of the root filesystem are its own (store_since()); 0: unknown */
	uint64_t rootfs_since;
	bool pre_dump;
	/* a random word: the kernel counts changes of the memory from here on (dump_parent.c); NULL */
	char *tracked;
	bool pages_elsewhere; /* a page server writes the memory: its images aren't listed */
	LIST(struct manifest_mount) mounts;
	/* what the standard streams were: "/dev/null", "pipe:[123]", … No more than those: the index is the descriptor of
	 * CRIU's that takes the pipe's place, and from 3 on these are others */
	struct strings descriptors;
	LIST(struct manifest_image) images;
};

/* Begin one: for @external mounts of a container. ERROR_UNSUPPORTED for one whose mountpoint can't be told to CRIU. */
int manifest_begin(struct manifest *manifest, const struct mountinfo_list *external,
		   const struct config *config, struct arena *arena, struct error *err);

/* List the images that lie in the directory, and write the manifest into it. ERROR_UNSUPPORTED for so many that it couldn't be
 * read again. */
int manifest_write(struct manifest *manifest, int dir, struct arena *arena, struct error *err);

/* Read the manifest of a directory. *ret_manifest is NULL if there is none. */
int manifest_load(int dir, struct arena *arena, struct manifest **ret_manifest, struct error *err);

/* Read the manifest of a directory, and see that its images are what it says. *ret_manifest is NULL if there is none: then
 * another runtime made them. What is damaged, or no manifest, is ERROR_INVALID, what a newer proa or another
 * architecture made ERROR_UNSUPPORTED; what isn't a regular file ERROR_REFUSED. */
int manifest_read(int dir, struct arena *arena, struct manifest **ret_manifest, struct error *err);

/* List the images of a manifest that lies there anew, where CRIU has taken out of them what a later dump has
 * (--auto-dedup). Without a manifest nothing is done. */
int manifest_renew(int dir, struct arena *arena, struct error *err);

/* The document alone, from and to bytes. Pure. */
int manifest_parse(const char *bytes, size_t length, struct arena *arena,
		   struct manifest **ret_manifest, struct error *err);
int manifest_encode(const struct manifest *manifest, struct buffer *buffer, struct error *err);

/* Has it the form of a key? Pure. */
bool manifest_is_key(const char *key);

/* Can CRIU be told of a mount there? ERROR_UNSUPPORTED. Pure. */
int manifest_check_mountpoint(const char *mountpoint, struct error *err);
