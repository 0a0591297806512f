/* What create holds while it makes a container, and what it gives to run. Private to this room. */
#pragma once

#include "libcontainer/cgroup/systemd.h"
#include "libcontainer/init/spawn.h"
#include "libcontainer/lifecycle/lifecycle.h"
#include "libcontainer/lifecycle/store.h"

/* Descriptors that are kept free for undoing it: of the cgroup's tree, its files, the state directory. */
#define CREATION_SPARE 6

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
	bool running;	  /* the program runs: there is nothing to be started */
	bool told_pid;	  /* by the pid file, which is to go when it fails later */
	int pidfd_socket;
	int spare[CREATION_SPARE];
	size_t spare_count;
};

/* Makes the container's first process once all is decided, the id is claimed and the cgroup made (a scope has to
 * wait for a process: creation_enter_cgroup()): by clone3(2), or by CRIU out of images. On success creation->spawned is
 * that process, a child of ours; on failure it is killed if it is there. */
typedef int creation_maker(void *context, struct creation *creation, struct error *err);

/* Make a container whose first process comes from @maker; container_create()'s own is creation_clone(), which
 * leaves an init that waits to be started. What a failure leaves is undone. To be ended by
 * creation_end() in either case. */
int creation_make(struct creation *creation, const struct runtime *runtime,
		  const struct create_options *options, creation_maker *maker, void *context,
		  struct error *err);
creation_maker creation_clone;
void creation_end(struct creation *creation);

/* creation_plan.c: decide all before anything is made, in this order. What a plan refuses names the line of the config.
 *
 * read: the config of the bundle, validated. describe: the state as it will be, without what is only known later.
 * plan_cgroup: the cgroup's place and limits; asks systemd where that manages it. plan_init: all that init is to do; the id is
 * claimed. */
int creation_read(struct creation *creation, struct error *err);
int creation_describe(struct creation *creation, struct error *err);
int creation_plan_cgroup(struct creation *creation, struct error *err);
int creation_plan_init(struct creation *creation, struct error *err);

/* For makers, in this order, @pid being as we see it.
 *
 * enter_cgroup: the process is put into the cgroup, or is the first of the scope; only where creation->plan->enters_cgroup.
 * run_hooks: the namespaces are there: the device program is attached, then prestart and createRuntime hooks run.
 * finish: the process is what it is to be: limits, state, pidfd, terminal, and last the pid file, for which others
 * wait. */
int creation_enter_cgroup(struct creation *creation, pid_t pid, struct error *err);
int creation_run_hooks(struct creation *creation, pid_t pid, struct error *err);
int creation_finish(struct creation *creation, pid_t pid, int pidfd, struct error *err);

/* run and restore: make the container, start it unless it runs, wait for its end and delete it, as @options say. */
int creation_run(const struct runtime *runtime, const struct run_options *options,
		 creation_maker *maker, void *context, int *ret_status, struct error *err);

/* Descriptors that the caller of proa passes on: systemd's LISTEN_FDS (sd_listen_fds(3)) come
 * before those of
 * --preserve-fds. Returns how many those are, and what the program's environment says about them.
 */
unsigned int inherited_listen_fds(struct arena *arena, struct strings *env);

/* Are the descriptors 3 to 3+@count-1, which the program is to get, the caller's? ERROR_USAGE if not: better told now than by
 * init when the container is started. */
int inherited_fds_check(uint64_t count, struct error *err);

#define LISTEN_FDS_MAX 1024
#define EXTRA_ENV_MAX  8 /* entries that we add to the program's environment */

/* Write a pid as engines read it: decimal, no newline, the file replaced atomically. */
int pid_file_write(const char *path, pid_t pid, struct error *err);

/* Send a pidfd to the socket that --pidfd-socket names. */
int pidfd_send(int socket, int pidfd, struct error *err);
