/* The procfs of a container that joins a pid namespace. Private to this room. */
#pragma once

#include "base/error.h"
#include "libcontainer/init/plan.h"

/* Parent: the detached procfs that is mount @index of @plan, made in the pid namespace that the
 * container is about to join. Returns its descriptor. */
int joined_procfs_open(const struct plan *plan, size_t index, struct error *err);
