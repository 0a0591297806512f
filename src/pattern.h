/* Commands on many containers at once: on all, or on those whose id matches an extended regular expression (regex(7)),
 * somewhere in the id as crun has it. */
#pragma once

#include "src/command.h"

/* What is to be done with one; @context is the caller's. */
typedef int container_act(struct invocation *invocation, const char *id, void *context,
			  struct error *err);

/* Call @act for each container that matches @pattern (NULL: for each), ordered by id. All are tried: the first
 * failure is the error, those after it are warnings. None matching is fine. */
int pattern_each(struct invocation *invocation, const char *pattern, container_act *act,
		 void *context, struct error *err);
