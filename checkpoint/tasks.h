/* The processes that CRIU has restored, as our /proc has them. They wait for CRIU, so that none comes, goes or changes
 * meanwhile. Caller's process. */
#pragma once

#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"

struct task_list {
	pid_t *items;
	size_t count;
};

/* The threads of process @pid and of all that descend from it, in @arena; none that has ended. */
int tasks_read(pid_t pid, struct arena *arena, struct task_list *ret_list, struct error *err);

/* What tells its namespace of a kind from all others, @kind as in /proc/PID/ns. An error with ENOENT or ESRCH for a
 * process that is gone. */
int task_namespace(pid_t pid, const char *kind, ino_t *ret_namespace, struct error *err);
