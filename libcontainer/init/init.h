/* The process that becomes the container's program, and the bridge before it. Private to this room.
 */
#pragma once

#include <limits.h>
#include <sched.h>

#include "libcontainer/init/plan.h"
#include "libcontainer/init/spawn.h"
#include "libcontainer/rootfs/rootfs.h"

/* What the process has at hand while it walks its steps. */
struct init {
	const struct plan *plan;
	struct progress *progress;
	int channel; /* to the parent, later to `start` */
	struct rootfs rootfs;
	int procfs;	       /* the container's, made by us, verified */
	int terminal;	       /* the pty's slave, -1 */
	bool setgroups_denied; /* by the user namespace */
	bool cwd_entered;
	bool bounded;		/* the bounding set is the program's already */
	bool filtered;		/* seccomp without no_new_privs: the filter is loaded */
	size_t mount;		/* of the plan, the one that is being made; for mounts */
	char program[PATH_MAX]; /* the file that is executed */
};

/* One thing that is done on the way, in the order of the table in steps.c. */
struct step {
	const char *name;      /* as in errors and the trace */
	unsigned int purposes; /* 1 << PURPOSE_… */
	int (*run)(struct init *init, struct error *err);
	const char *after;  /* names of steps that must have been, and … */
	const char *before; /* … that must not have been; a test holds the table to both */
	const char *why;    /* the reason for that order */
};
extern const struct step init_steps[];
extern const size_t init_step_count;

/* Walk the table; never returns. */
_Noreturn void init_main(const struct plan *plan, int socket, struct progress *progress);

/* Bridge: join what must be joined before init is cloned, then become init in a clone. */
_Noreturn void bridge_main(const struct plan *plan, int socket, struct progress *progress);

/* What a clone is made with that changes nothing but the process: by clone(2), since the profiles of engines answer
 * clone3(2) with ENOSYS. */
#define CLONE_AGAIN (CLONE_PARENT | CLONE_PIDFD)

/* Go on in a clone with the given CLONE_NEW… flags, in the plan's cgroup if @into_cgroup; the
 * process that called ends, the parent gets the pidfd of the new one. Returns in the clone only. */
int continue_in_clone(int channel, uint64_t flags, int cgroup, struct error *err);

/* Note which step is running, for the trace and for whoever finds us dead. */
void step_begin(struct progress *progress, const char *name);

/* Report @error to whoever we speak to, and end. */
_Noreturn void init_fail(int channel, const struct error *error);

/* console.c: a pty of the container's own devpts; the master is handed over, the slave kept. */
int console_open(struct init *init, int root, struct error *err);
/* Make the slave the standard streams; then, as leader of a session, make that the controlling terminal. */
int console_streams(struct init *init, struct error *err);
int console_control(struct error *err);
/* Send a pty's master, and its name, to the console socket: one message with one descriptor. Also by restore, in the parent. */
int console_hand_over(int socket, int master, struct error *err);
