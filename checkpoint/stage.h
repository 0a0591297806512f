/* The stage of a restore: what CRIU mounts into the container. In a mount namespace of CRIU's own the root filesystem is
 * set up once as create does it, by the same code: mountpoints are made, binds get their sources and their
 * attributes. Then each mount that the images call external is looked up there by its mountpoint, without following a
 * link, and must be a mount; a clone of it lies at STAGE/KEY, and CRIU is told of that and of nothing else. So images
 * can only ask for what the config has. When CRIU ends, the namespace is gone with all in it. */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "checkpoint/manifest.h"
#include "libcontainer/init/plan.h"

#define STAGE_ROOT "root"

struct stage {
	const struct plan *plan;
	const char *directory; /* absolute, there; gets covered */
	const struct manifest *manifest;
	const struct strings *given; /* --external */
};

/* What follows "mnt[@name]:" among the --external @given; NULL. Pure. */
const char *stage_given(const struct strings *given, const char *name);

/* CRIU's child, before it executes CRIU: enter a mount namespace and build the stage, a struct stage. */
int stage_build(void *stage, struct error *err);

/* The path at which CRIU is to take the mount of @key from. A clone in the stage is a mount of its own, and CRIU can't make
 * mounts of several such members of one peer group again (MOVE_MOUNT_SET_GROUP wants one that reaches all of them): so it
 * is the path at which the host has the same, if that is reached there, else the clone. *ret_idmapped: CRIU can only mount it
 * in the way that it had before it knew of those groups. */
int stage_path(const struct stage *stage, pid_t criu, const char *key, struct arena *arena,
	       const char **ret_path, bool *ret_idmapped, struct error *err);
