/* --trace: which phase began when, in which process, as JSON lines. Off, it costs one comparison.
 * The descriptor is the one piece of state here that is global: every process of a command writes
 * to it. */
#pragma once

#include "base/error.h"

/* Begin to trace into @path (made if missing, appended to). CLOEXEC: no program we execute has it.
 */
int trace_open(const char *path, struct error *err);

/* Name the process in the lines that follow: "parent", "bridge", "init", "exec". @name must stay.
 */
void trace_process(const char *name);

/* A phase begins: one line {"phase":…,"us":…,"process":…,"pid":…}, us of CLOCK_MONOTONIC. */
void trace_phase(const char *phase);

/* The descriptor that is written to, for whoever closes all others; -1 if there is none. */
int trace_descriptor(void);
