/* CRIU's log, for people: why did it fail, and what can be done about it? */
#pragma once

#include "base/error.h"

#define LOG_DUMP_STATISTICS    "stats-dump"
#define LOG_RESTORE_STATISTICS "stats-restore"

/* Remove what CRIU is to write as @name, its log or statistics: one that dies early writes none, and one that doesn't
 * writes through a link that somebody has left in its place. */
void log_forget(int workfd, const char *name);

/* Put CRIU's own last errors, out of the log @name in the directory @workfd, into @err in place of the text that is there,
 * with a hint where we know one, and where the whole log is (@path, a directory). If the log has no errors the text
 * stays. Returns -1. */
int log_explain(int workfd, const char *path, const char *name, struct error *err);

/* The same from the end of a log. Pure. */
int log_explain_text(const char *log, const char *place, struct error *err);
