/* Commands: one file src/cmd_NAME.c each, with one constant that says everything about it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "libcontainer/lifecycle/lifecycle.h"
#include "src/options.h"

/* One call of proa: made by the entry, read by the command. */
struct invocation {
	struct arena arena; /* for all that lives as long as the call */
	const struct command *command;
	void *options; /* the struct that the command's table fills */
	struct strings arguments;
	struct runtime runtime;
	int status; /* the exit code of a call that succeeds */
};

struct command {
	const char *name;
	const char *usage;	      /* its arguments, "ID [SIGNAL]"; optional ones in brackets */
	const char *summary;	      /* one sentence in lower case, without a full stop */
	const struct option *options; /* NULL: --help only */
	size_t options_size;
	unsigned int arguments_min, arguments_max;
	bool ordered;	/* the options end at the first argument, which may belong to a program */
	bool protected; /* runs code of a container, and so from a protected image of ourselves */
	bool host_free; /* touches neither the kernel nor the state root */
	bool makes;	/* makes a container, with the cgroup manager asked for */
	const char *missing; /* what this build lacks for it: refused, --help too, by which engines ask; NULL */
	int failure;	/* the exit code of our own errors, bad options included; 0: 1 */

	/* May leave an exit code in invocation->status. */
	int (*run)(struct invocation *invocation, struct error *err);
};

#define ARGUMENTS_ANY ((unsigned int)-1)

/* All of them, in the order of --help, NULL at the end. */
extern const struct command *const commands[];

/* NULL if there is no such command. */
const struct command *command_find(const char *name);
