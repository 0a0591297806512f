/* Changing the limits of a cgroup that is in use: all of them, or none.
 *
 *	changes_plan       what is to be written, and what each file says now    changes.c
 *	transaction_run    grow, reclaim memory, shrink, limit memory            transaction.c shrink.c
 *	transaction_undo   put back what differs from what it was                transaction.c
 *
 * Every old value is known, and noted by the caller where it outlives him, before the first write.
 * So whoever comes after a failure, or after a process that was killed at any point, can undo: it
 * takes the notes and no knowledge of how far things went, and may be repeated.
 *
 * The cgroup is reached through a door, which tests replace. All run in the caller of the verb. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "libcontainer/cgroup/cgroup.h"
#include "oci/config.h"

/* One file, or one line of it: "memory.max" of the cgroup, "oom_score_adj" of a process, the schemata of
 * a class of resctrl by its path. */
struct cgroup_change {
	char *file;
	char *old;	    /* written, it brings the old value back */
	char *value;	    /* what is wanted; NULL: nothing, but it may change with another file */
	char *property;	    /* where that comes from, for errors */
	int64_t pid;	    /* 0: a file of the cgroup */
	uint64_t pid_start; /* the start time of @pid, field 22 of proc_pid_stat(5) */
};

/* Is it one of a file of the cgroup? */
static inline bool change_is_of_cgroup(const struct cgroup_change *change)
{
	return !change->pid && change->file[0] != '/';
}

struct cgroup_changes {
	struct cgroup_change *items;
	size_t count;
};

/* Put a change before the others. Pure. */
void changes_add_first(struct cgroup_changes *changes, const struct cgroup_change *change,
		       struct arena *arena);

struct transaction {
	struct cgroup_changes changes; /* in the order in which they are made */
	bool frozen;		       /* by us: to be thawed */
	bool memory_may_stay;	       /* too high, where an undo can't lower it: another comes */
	bool memory_stays;	       /* it did */
};

/* A cgroup as a transaction sees it. */
struct cgroup_door {
	void *context;
	int cgroup;  /* its directory, to tell why a file is missing; -1: none */
	bool paused; /* by somebody else: freeze() only waits until all stand still, nobody thaws */

	/* All of a file, one write(2) into it. Only the change's file and pid matter. 0, or -1 with
	 * errno set. */
	int (*read)(void *context, const struct cgroup_change *change, struct buffer *text);
	int (*write)(void *context, const struct cgroup_change *change, const char *value);
	int (*freeze)(void *context, struct error *err);
	int (*thaw)(void *context, struct error *err);

	/* Note what may be changed from now on. */
	int (*note)(void *context, const struct transaction *transaction, struct error *err);
	/* The changes that can be told only while nothing moves: one for each process. Called with
	 * the cgroup frozen. NULL: none. */
	int (*list)(void *context, struct cgroup_changes *ret_changes, struct error *err);
};

/* What a CPU or memory set may hold on this machine; NULL: not known, the kernel will tell. */
struct cgroup_machine {
	const char *cpus, *mems;
};

/* What has to be written for @wanted, in the order in which transaction_run() does it: growing
 * before shrinking, memory.max last. What isn't given is kept, also a quota where only the period is
 * given, and the reverse; 0 counts as not given, but for pids.limit, cpu.burst and cpu.idle. @effective is
 * what the container was made with and has been given since. What would change nothing makes no
 * change. Reads only. Errors as those of cgroup_plan(), and ERROR_UNSUPPORTED for a file that isn't
 * there. */
int changes_plan(const struct config_resources *wanted, const struct config_resources *effective,
		 const struct cgroup_machine *machine, const struct cgroup_door *door,
		 struct arena *arena, struct cgroup_changes *ret_changes, struct error *err);

/* The bytes in use, if they are more than a lower memory.max among the changes allows; else 0. */
int memory_in_the_way(const struct cgroup_changes *changes, const struct cgroup_door *door,
		      uint64_t *ret_used, struct error *err);

/* Make the changes and see that each took. Memory in use above the new limit is reclaimed first;
 * what can't be is an error (ERROR_MEMORY: used, wanted, reclaimed), since the kernel would kill for
 * it; with @force it may. The cgroup is frozen for some milliseconds while its memory is compared
 * with the limit and while the processes are gone through, and thawed at the end. On failure it is
 * left as it is: transaction_undo() follows. @transaction->changes grows in @arena. */
int transaction_run(struct transaction *transaction, const struct cgroup_door *door, bool force,
		    struct arena *arena, struct error *err);

/* Put everything back in reverse, then thaw if we froze. A file or a process that is gone is fine.
 * What can't be put back doesn't keep the rest from it: so a memory.max that grew, with more in use
 * than the old one allows, of which a second of reclaim gets too little back (ERROR_MEMORY). */
int transaction_undo(struct transaction *transaction, const struct cgroup_door *door,
		     struct error *err);
