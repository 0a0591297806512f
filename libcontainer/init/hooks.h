/* POSIX-platform hooks (config.md#posix-platform-hooks): programs run at given moments with the
 * container's state on their standard input. Run by the parent in the runtime's namespaces
 * (prestart, createRuntime, poststart, poststop), or by init in the container's (createContainer,
 * startContainer). */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "oci/config.h"

/* A deep copy, for init. */
struct hook_list hooks_copy(struct arena *arena, const struct hook_list *list);

/* Run the hooks in order until one fails: it can't be executed, exits with another code than 0, is killed, or outlives its
 * timeout (it is then killed), or a signal that would end us waits (base/termination.h). ERROR_HOOK names the hook and
 * quotes the end of what it printed. @kind is the spec's name ("prestart"). @state is the JSON for standard input; the
 * hook's output goes nowhere else. Any process. */
int hooks_run(const char *kind, const struct hook_list *list, const char *state, struct error *err);

/* The same for one hook, with no regard to signals: those of poststart and poststop. */
int hook_run(const char *kind, const struct config_hook *hook, const char *state,
	     struct error *err);
