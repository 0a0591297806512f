/* The foreground end of run and exec. Private to this room. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "libcontainer/lifecycle/lifecycle.h"
#include "libcontainer/lifecycle/terminal.h"

/* Kills for memory, noted as they happen: systemd may remove the cgroup, and what it has counted, as soon as it is empty.
 * The cgroup above stays, and its memory.events count for all below. So what that has more of once ours is gone, since
 * the last look at both, were kills of ours. Each kill elsewhere below wakes us to look again. */
struct memory_watch {
	int cgroup;
	int events;	      /* memory.events; -1: not watched, or gone */
	int above;	      /* that of the cgroup above, -1: it has none */
	uint64_t kills;	      /* so far */
	uint64_t kills_above; /* when the cgroup's own were last read */
	char limit[64];	      /* once there were any: cgroup_limit_text() */
};

/* Begin to watch the cgroup, -1: none is; one without the memory controller has nothing to be watched. */
void memory_watch_begin(struct memory_watch *watch, int cgroupfd);
/* Look again, when one of the descriptors has POLLPRI, and at the end. */
void memory_watch_look(struct memory_watch *watch);
void memory_watch_end(struct memory_watch *watch);

/* Tell, by runtime->report(), that @what ("container web") was killed for memory. */
void report_death(const struct runtime *runtime, const char *id, const char *what,
		  const char *limit);

struct foreground {
	pid_t pid;
	int pidfd;		   /* a child of ours */
	struct terminal *terminal; /* master -1: none */
	int notify;		   /* readiness is passed on meanwhile, -1 */
	struct memory_watch *memory;
	void (*warn)(const char *message);
};

/* Take all signals that are to be relayed out of their normal course, from now on until the process
 * ends. To be called before the process runs, so that none is lost. Returns a signalfd. */
int wait_begin(bool subreaper, struct error *err);

/* Relay the terminal, its size and all signals until the process ends, and reap whatever falls to
 * us. *ret_status: its exit code, or 128 + signal. */
int wait_foreground(const struct foreground *foreground, int signals, int *ret_status,
		    struct error *err);
