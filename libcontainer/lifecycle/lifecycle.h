/* The verbs on a container: what `proa VERB` does, without a word about flags or output. One file
 * per verb. All run in the caller; none prints or exits. Each takes the container's lock for as
 * long as it changes something, so that calls on one container at the same time are ordered;
 * waiting for the lock has a deadline (ERROR_BUSY). Where a verb fails, nothing of what it made is
 * left. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "libcontainer/cgroup/cgroup.h"
#include "libcontainer/cgroup/statistics.h"
#include "libcontainer/cgroup/transaction.h"
#include "oci/config.h"
#include "oci/state.h"

/* What all verbs share: made once by the command line. */
struct runtime {
	const char *root;	     /* the state root, absolute; made 0700 when missing */
	enum cgroup_manager manager; /* for containers made now; others remember their own */
	bool rootless;
	bool user_manager; /* the manager systemd is the user's own, not the machine's */
	unsigned int lock_deadline_ms;	   /* to wait for another command; 0: 30 s */
	void (*warn)(const char *message); /* a tolerated oddity, for the log; never NULL */
	/* what went wrong with the container, where the exit code is the container's; never NULL */
	void (*report)(const struct error *err);
};

/* ---- create, start, wait ---- */

struct terminal;

struct create_options {
	const char *id;
	const char *bundle;	    /* directory, absolute or relative to the cwd */
	const char *config_file;    /* in place of BUNDLE/config.json; NULL */
	const char *console_socket; /* AF_UNIX path that gets the terminal's master; NULL */
	const char *pidfd_socket;   /* AF_UNIX path that gets init's pidfd; NULL */
	const char *pid_file;	    /* decimal pid without a newline, replaced atomically; NULL */
	bool no_pivot;
	bool no_new_keyring;
	unsigned int preserve_fds; /* 3 … 3+N-1, after those of LISTEN_FDS */
	struct terminal
	    *terminal; /* foreground: gets the master in place of a console socket; NULL */
	bool detached; /* a terminal then needs a console socket (create, run -d) */
};

/* runtime.md, lifecycle steps 1-6: claim the id, make everything, leave init waiting to be started.
 */
int container_create(const struct runtime *runtime, const struct create_options *options,
		     struct error *err);

/* Steps 7-10: release init, return once it executes the program (or has failed to: then the
 * container is stopped and err says why). */
int container_start(const struct runtime *runtime, const char *id, struct error *err);

struct run_options {
	struct create_options create;
	bool keep; /* don't delete it at the end */
	bool no_subreaper;
};

/* create + start + (unless create.detached) wait + delete. *ret_status is 0 when detached. */
int container_run(const struct runtime *runtime, const struct run_options *options, int *ret_status,
		  struct error *err);

/* ---- exec ---- */

struct exec_options {
	const char *id;
	const char
	    *process_file; /* a process object; then @args and what follows it are not used */
	struct strings args;
	const char *cwd;    /* NULL: the container's */
	struct strings env; /* NAME=VALUE, added to the container's */
	bool terminal;
	const char *user;		/* "USER[:GROUP]", numbers or names; NULL: the container's */
	struct strings additional_gids; /* decimal */
	struct strings capabilities; /* added to the container's bounding, effective, permitted */
	const char *apparmor;
	const char *process_label;
	bool no_new_privs;
	const char *cgroup; /* "[controllers:]path" below the container's; NULL */
	bool ignore_paused;
	bool detach;
	bool no_subreaper;
	const char *console_socket;
	const char *pidfd_socket;
	const char *pid_file;
	unsigned int preserve_fds;
};

/* Run a process in a running container. *ret_status as of container_run(), 0 when detached. */
int container_exec(const struct runtime *runtime, const struct exec_options *options,
		   int *ret_status, struct error *err);

/* ---- the others ---- */

/* Send @signal to init; with @all, and SIGKILL where the container has no pid namespace of its own, to every process of
 * the container's cgroup. A dead container is ERROR_NOT_RUNNING (not an error with @all). */
int container_kill(const struct runtime *runtime, const char *id, int signal, bool all,
		   struct error *err);

/* Remove all that create made: processes (with @force, or when only created), cgroup, state; run
 * the poststop hooks. Finishes what a killed predecessor left in any state. With @force a missing
 * container is fine. */
int container_delete(const struct runtime *runtime, const char *id, bool force, struct error *err);

/* Freeze all processes of the container, and let them go on. ERROR_STATE for one that isn't running,
 * or not paused; without a cgroup of its own ERROR_UNSUPPORTED. */
int container_pause(const struct runtime *runtime, const char *id, struct error *err);
int container_resume(const struct runtime *runtime, const char *id, struct error *err);

struct update_options {
	const char *id;
	const struct config_resources *resources; /* what isn't given in it is kept */
	struct optional_int oom_score_adj;	  /* of all processes, those of later execs too */
	const char *l3_cache_schema, *mem_bw_schema; /* of linux.intelRdt; NULL */
	bool force;   /* lower memory.max though the kernel may kill for it */
	bool dry_run; /* change nothing, only say what would be */
};

/* What a dry run says: what is to be changed, in the order in which it would be. */
struct update_report {
	struct cgroup_changes changes;
	bool devices;	      /* the device program is replaced */
	size_t processes;     /* that get another oom_score_adj */
	uint64_t memory_used; /* bytes, if that is more than a lower memory.max; else 0 */
};

/* Change the limits of a created, running or paused container, all or none (cgroup/transaction.h):
 * on failure everything is as before. What was changed holds for later commands, too. Where the
 * memory in use can't be brought below a lower limit it is ERROR_MEMORY, unless forced, which
 * memory.checkBeforeUpdate forbids. Signals that would end the caller wait for the end. @arena needs
 * room for state and config. *ret_report is set by a dry run only. A dead container is ERROR_NOT_RUNNING,
 * one without a cgroup ERROR_UNSUPPORTED. */
int container_update(const struct runtime *runtime, const struct update_options *options,
		     struct arena *arena, struct update_report *ret_report, struct error *err);

/* Mount @mounts in a created, running or paused container, all or none, in their order; what was added is kept for the
 * other two. Remove the last that were added at the destinations of @mounts, all or none, with what is mounted beneath
 * them. Those that were added and are still there, the oldest first. A dead container is ERROR_NOT_RUNNING. */
int container_mounts_add(const struct runtime *runtime, const char *id,
			 const struct mount_list *mounts, struct error *err);
int container_mounts_remove(const struct runtime *runtime, const char *id,
			    const struct mount_list *mounts, struct error *err);
int container_mounts_list(const struct runtime *runtime, const char *id, struct arena *arena,
			  struct mount_list *ret_mounts, struct error *err);

/* The state as of now (status is derived, not stored), in @arena, which needs STATE_ARENA_SIZE. */
int container_state(const struct runtime *runtime, const char *id, struct arena *arena,
		    struct container_state **ret_state, struct error *err);

/* The same for whoever shows all of them: one whose state is damaged is a stopped one, of which nothing but the id is
 * known. It is there, and can be deleted. */
int container_list_state(const struct runtime *runtime, const char *id, struct arena *arena,
			 struct container_state **ret_state, struct error *err);

/* The ids of all containers of the root, in order, in @arena. Nothing of theirs is read. A missing root is an empty
 * list. */
int container_ids(const struct runtime *runtime, struct arena *arena, struct strings *ret_ids,
		  struct error *err);

/* The pids (as the caller sees them) of all processes in the container's cgroup and below. */
struct pid_list {
	pid_t *items;
	size_t count;
};
int container_pids(const struct runtime *runtime, const char *id, struct arena *arena,
		   struct pid_list *ret_pids, struct error *err);

struct events_options {
	const char *id;
	int64_t interval_ns; /* between two samples; 0: one sample, and nothing else */

	/* What a cgroup counts now, at once and then at each interval; a process of it was killed for memory. What
	 * they return, if it is -1, ends it. */
	int (*sample)(void *context, const struct statistics *statistics, struct error *err);
	int (*oom)(void *context, struct error *err);
	void *context;
};

/* Look at a created, running or paused container until its init ends. Who is killed for memory is told as it
 * happens, nothing is asked again and again. A stopped container is ERROR_NOT_RUNNING, one without a cgroup
 * ERROR_UNSUPPORTED. */
int container_events(const struct runtime *runtime, const struct events_options *options,
		     struct error *err);

/* Each line of each file that its controllers have in the container's cgroup, as FILE:LINE, as libcgroup reads them.
 * ERROR_UNSUPPORTED in a build without it; else errors as container_events(). */
int container_snapshot(const struct runtime *runtime, const char *id, struct buffer *text,
		       struct error *err);

/* [A-Za-z0-9_+.-]+, neither "." nor "..", at most 255 bytes: else ERROR_INVALID. */
int container_id_check(const char *id, struct error *err);
