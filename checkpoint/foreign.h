/* Images that runc or crun made have no manifest: it is made up, with version 0. Caller's process. */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "checkpoint/manifest.h"
#include "oci/config.h"

/* A manifest of what descriptors.json in the directory @dir says: the standard streams, no mounts yet. Images of other
 * programs have no such file: an error. */
int foreign_manifest(int dir, struct arena *arena, struct manifest **ret_manifest,
		     struct error *err);

/* Its mounts, once the config is read: CRIU knows them by the destinations of binds, and masked files as /dev/null, so all that
 * the config has are offered. */
int foreign_mounts(struct manifest *manifest, const struct config *config, struct arena *arena,
		   struct error *err);
