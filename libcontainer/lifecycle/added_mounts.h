/* Mounts that were added to a running container, remembered in mounts.json beside the state: for `mounts list` and `mounts
 * remove`, and for whoever has to make the container anew. Caller's process, with the record's lock where it writes. Private
 * to this room. */
#pragma once

#include "libcontainer/lifecycle/store.h"
#include "libcontainer/rootfs/rootfs.h"

struct added_mount {
	struct config_mount mount; /* as it was asked for, its destination absolute and clean */
	uint64_t id, unique;	   /* struct mount_identity */
	/* The intent: it is about to be attached, or detached. Whoever finds it so takes it away. */
	bool pending;
};

struct added_mounts {
	uint64_t version;
	struct added_list {
		struct added_mount *items;
		size_t count;
	} mounts; /* the oldest first */
};

/* What there is, with room for @more in @arena; none if there is no such file. */
int added_mounts_load(const struct record *record, size_t more, struct arena *arena,
		      struct added_mounts *ret_added, struct error *err);
int added_mounts_save(const struct record *record, const struct added_mounts *added,
		      struct error *err);

/* Put one at the end. */
void added_mounts_append(struct added_mounts *added, const struct config_mount *mount,
			 const struct mount_identity *identity);

/* Forget those that are pending. */
void added_mounts_drop_pending(struct added_mounts *added);

/* Mark the last settled mount at each of the @wanted destinations, which are unclean paths, as pending. ERROR_INVALID
 * where there is none; @config, the container's, is for the error. */
int added_mounts_mark(struct added_mounts *added, const struct mount_list *wanted,
		      const struct mount_list *config, struct error *err);
