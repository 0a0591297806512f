/* The door (libcontainer/cgroup/transaction.h) to the cgroup and the processes of a container. Runs
 * in the caller. */
#pragma once

#include "libcontainer/cgroup/transaction.h"
#include "oci/state.h"

struct container_door {
	struct cgroup_door door; /* its context is this struct, or one that begins with it */
	int cgroup, procfs;
};

#define CONTAINER_DOOR_INIT                                                                        \
	{                                                                                          \
		.cgroup = -1, .procfs = -1                                                         \
	}

/* The caller gives ->door.note and, if he wants it, ->door.list. A cgroup that is gone has
 * err->errnum ENOENT; what isn't in it can be reached all the same. */
int container_door_open(const struct container_state *state, struct container_door *door,
			struct error *err);
void container_door_close(struct container_door *door);
#define _cleanup_container_door_ __attribute__((cleanup(container_door_close)))

/* A change of oom_score_adj to @value for each process in the cgroup, which is frozen. */
int container_door_list(const struct container_door *door, int64_t value, struct arena *arena,
			struct cgroup_changes *ret_changes, struct error *err);
