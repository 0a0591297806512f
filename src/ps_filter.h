/* Of what ps(1) prints about a machine, the lines about a container. */
#pragma once

#include "base/error.h"
#include "base/text.h"
#include "libcontainer/lifecycle/lifecycle.h"

/* Append to @text the heading of @table and those of its lines whose column PID names one of @pids,
 * each with the lines of its threads, where PID is "-" (`ps -m`). A table without that column is
 * ERROR_INVALID. Columns are words: one to the left of PID that holds blanks (`-o args,pid`) hides
 * it. Pure. */
int ps_filter(const char *table, const struct pid_list *pids, struct buffer *text,
	      struct error *err);
