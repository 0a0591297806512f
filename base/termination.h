/* Signals that would end us (INT, TERM, HUP, QUIT) wait while what was begun is finished or undone. */
#pragma once

#include <signal.h>
#include <stdbool.h>

#include "base/error.h"

/* From now on they wait, but for those that are ignored (nohup(1)); until they are let in again, which may end us. Any
 * process. */
void termination_hold(sigset_t *ret_before);
void termination_release(const sigset_t *before);

/* Is one waiting? Whoever waits for something long looks, and hurries to the end. */
bool termination_waits(void);

/* From now on one of them ends the process by _exit(2) with 128 + its number, also a process that is the first of its pid
 * namespace: such a one gets no signal that it doesn't handle (pid_namespaces(7)). execve(2) ends that. Init. */
int termination_exits(struct error *err);

/* Wait until there is something to read at @fd, or its end, or @ms are over (-1: never): true. False as soon as one is waiting
 * and there is nothing to read. The other: room to write, of a pipe for PIPE_BUF bytes, or nobody who reads. */
bool termination_or_input(int fd, int ms);
bool termination_or_output(int fd, int ms);
