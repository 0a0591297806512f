#include "src/command.h"
#include "src/create_options.h"

static const struct option options[] = {
	CREATE_OPTIONS(struct run_options, create.),
	FLAG("detach", "d", struct run_options, create.detached,
	     "return once the program runs, don't wait for its end"),
	FLAG("keep", NULL, struct run_options, keep, "don't delete the container at its end"),
	FLAG("no-subreaper", NULL, struct run_options, no_subreaper,
	     "don't reap what the container's processes leave behind"),
	OPTIONS_END,
};

static int run(struct invocation *invocation, struct error *err)
{
	struct run_options *run_options = invocation->options;

	run_options->create.id = invocation->arguments.items[0];
	if (!run_options->create.detached)
		arena_trim(&invocation->arena);
	return container_run(&invocation->runtime, run_options, &invocation->status, err);
}

const struct command cmd_run = {
	.name = "run",
	.usage = "ID",
	.summary = "create a container, start it, wait for its end and delete it",
	.options = options,
	.options_size = sizeof(struct run_options),
	.arguments_min = 1,
	.arguments_max = 1,
	.protected = true,
	.makes = true,
	.run = run,
};
