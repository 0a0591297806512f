/* Mounts with id mappings of their own (config.md#mounts, uidMappings). Private to this room. */
#pragma once

#include "libcontainer/rootfs/plan.h"

/* Parent. Give the detached mount @tree the mappings. ERROR_UNSUPPORTED if its filesystem can't. */
int idmap_apply(const struct idmap *idmap, int tree, const char *source, struct error *err);
