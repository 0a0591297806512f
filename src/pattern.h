/* Commands on many containers at once: those whose id matches an extended regular expression
 * (regex(7)), somewhere in the id as crun has it. */
#pragma once

#include "src/command.h"

/* Call @act for each container that matches @pattern, ordered by id. All are tried: the first
 * failure is the error, those after it are warnings. None matching is fine. */
int pattern_each(struct invocation *invocation, const char *pattern,
		 int (*act)(struct invocation *invocation, const char *id, struct error *err),
		 struct error *err);
