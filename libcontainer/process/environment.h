/* process.env (config.md, "Process"). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"

struct environment {
	char **vector; /* for execve(2): NULL-terminated, with one slot to spare */
	size_t count;
	bool home_missing; /* no HOME, or an empty one, which was left out */
	char *home;	   /* room for "HOME=…" */
};

/* @env, then @extra (LISTEN_FDS, NOTIFY_SOCKET, …; may be NULL), deep copies. Of entries with one
 * name the last wins and keeps its place, as in runc. An entry without "=" or without a name is
 * ERROR_INVALID. Pure. */
int environment_plan(const struct strings *env, const struct strings *extra, struct arena *arena,
		     struct environment *ret_environment, struct error *err);

/* The value of @name, NULL if it isn't there. */
const char *environment_get(const struct environment *environment, const char *name);

/* Clear what our own caller's environment and command line say: they aren't the container's to read in /proc/PID/environ
 * and, without any right, /proc/PID/cmdline, where a shared pid namespace shows us; --env may hold a secret. Plans have
 * copies of what they need. The first thing in each process that the parent clones. */
void environment_forget(void);

/* Where the command line lies, which only main() is told. */
void environment_note_arguments(char **argv);

/* Where HOME is missing: set it to the home directory of @uid in /etc/passwd of the root filesystem
 * @rootfd, or to "/". That file is the container's: whatever is wrong with it (a FIFO, too long, a
 * link that leads nowhere) means "/", never a failure. Changes the caller's copy of the plan. Init,
 * after pivot_root. */
void environment_set_home(struct environment *environment, int rootfd, uid_t uid);
