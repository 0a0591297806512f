/* What create holds while it makes a container, and what it gives to run. Private to this room. */
#pragma once

#include "libcontainer/cgroup/systemd.h"
#include "libcontainer/init/spawn.h"
#include "libcontainer/lifecycle/lifecycle.h"
#include "libcontainer/lifecycle/store.h"

struct creation {
	const struct runtime *runtime;
	const struct create_options *options;
	struct record record;
	bool claimed;
	/* the config and the state: kept out of init; the plan: what init gets */
	struct arena config_arena, plan_arena;
	struct config_text text;
	struct config *config;
	struct container_state *state;
	struct cgroup_plan *cgroup_plan;
	struct cgroup cgroup;
	struct systemd systemd; /* of that manager, while the container is made */
	int device_program;
	struct plan *plan;
	struct spawned spawned;
	bool hooks_begun; /* from then on a failure owes the poststop hooks */
	int pidfd_socket;
};

/* container_create(), whose traces the caller keeps: on success creation->spawned is init, waiting
 * to be started, a child of ours. To be ended by creation_end() in either case. */
int creation_make(struct creation *creation, const struct runtime *runtime,
		  const struct create_options *options, struct error *err);
void creation_end(struct creation *creation);

/* Descriptors that the caller of proa passes on: systemd's LISTEN_FDS (sd_listen_fds(3)) come
 * before those of
 * --preserve-fds. Returns how many those are, and what the program's environment says about them.
 */
unsigned int inherited_listen_fds(struct arena *arena, struct strings *env);

/* Are the descriptors 3 to 3+@count-1, which the program is to get, the caller's? ERROR_USAGE if not: better told now than by
 * init when the container is started. */
int inherited_fds_check(unsigned int count, struct error *err);

#define LISTEN_FDS_MAX 1024
#define EXTRA_ENV_MAX  8 /* entries that we add to the program's environment */

/* Write a pid as engines read it: decimal, no newline, the file replaced atomically. */
int pid_file_write(const char *path, pid_t pid, struct error *err);

/* Send a pidfd to the socket that --pidfd-socket names. */
int pidfd_send(int socket, int pidfd, struct error *err);
