/* Making the process that becomes a container's program: cloned by the parent, or by a bridge that
 * has joined namespaces first, it walks a table of steps and executes the program. */
#pragma once

#include <sys/types.h>

#include "base/error.h"
#include "libcontainer/init/plan.h"

/* What the parent holds of the process it has made. */
struct spawned {
	pid_t pid; /* as the parent sees it */
	int pidfd;
	int socket;		   /* the conversation of message.h */
	struct progress *progress; /* shared with the child: which step it is at */
};

#define SPAWNED_INIT                                                                               \
	{                                                                                          \
		.pid = -1, .pidfd = -1, .socket = -1                                               \
	}

/* Written by the process that is made, read by the parent when it is gone without a word. */
struct progress {
	_Atomic(const char *) step; /* a string constant: parent and child have the same image */
};

/* The step before the first. */
#define STEP_CLONE "clone"

/* Parent: clone the process. It is a child of the caller (also when a bridge made it); killed when
 * the caller dies before it was released. @ret_spawned is to be given to spawned_end(). */
int spawn(const struct plan *plan, struct spawned *ret_spawned, struct error *err);

/* A question of init, and what goes back with the answer. */
struct exchange {
	const struct spawned *spawned;
	unsigned int index; /* of MOUNT_SOURCE and MOUNT_MADE */
	int received; /* the descriptor that came with it, of NET_DEVICES, MOUNT_MADE and LISTENER; lent */
	int reply; /* the descriptor to be sent back, taken; -1 */
};

/* What the parent does for init, by message; each returns 0 or -1. What is NULL may not be asked
 * for. */
struct service {
	void *context;
	int (*enter_cgroup)(void *context, struct exchange *exchange, struct error *err);
	int (*map_ids)(void *context, struct exchange *exchange, struct error *err);
	int (*net_devices)(void *context, struct exchange *exchange, struct error *err);
	int (*mount_source)(void *context, struct exchange *exchange, struct error *err);
	int (*mount_made)(void *context, struct exchange *exchange, struct error *err);
	int (*runtime_hooks)(void *context, struct exchange *exchange, struct error *err);
	int (*created)(void *context, struct exchange *exchange, struct error *err);
	int (*listener)(void *context, struct exchange *exchange, struct error *err);
	/* each time that init has said nothing for a second */
	void (*silent)(void *context);
};

/* Parent: answer what is asked until the end of file after @last. MESSAGE_CREATED: init has heard the answer and no longer
 * dies with its parent. MESSAGE_MOUNTED: all mounts are there. MESSAGE_EXECUTING: the program runs, or has run. A signal
 * that would end us, if it is blocked and init is silent for a second, is a failure (base/termination.h). On failure the
 * error is init's own, or says at which step it died and how; the process is still to be killed by the caller. */
int spawned_serve(struct spawned *spawned, const struct service *service, uint32_t last,
		  struct error *err);

/* The process was killed before it did anything, where clone3(2) was to put it into the cgroup: a fault of the kernel (seen on
 * 6.18), which takes it for one that cgroup.kill has missed if that was ever written in the caller's own cgroup. Then it is
 * reaped and the plan changed: spawned once more it enters by way of the bridge, for which it takes service.enter_cgroup.
 * plan->cgroup is left, for the caller to take. */
bool spawned_enter_otherwise(struct plan *plan, struct spawned *spawned);

/* Kill and reap the process if @kill_it; close what is held. */
void spawned_end(struct spawned *spawned, bool kill_it);
