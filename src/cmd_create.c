#include "src/command.h"
#include "src/create_options.h"

static const struct option options[] = {
	CREATE_OPTIONS(struct create_options, ),
	IGNORED_FLAG("no-subreaper"), /* crun's callers: nothing is reaped here */
	IGNORED_FLAG("detach"),	      /* go-runc's: create always is */
	OPTIONS_END,
};

static int run(struct invocation *invocation, struct error *err)
{
	struct create_options *create = invocation->options;

	create->id = invocation->arguments.items[0];
	create->detached = true;
	return container_create(&invocation->runtime, create, err);
}

const struct command cmd_create = {
	.name = "create",
	.usage = "ID",
	.summary = "make a container from a bundle and leave it waiting for start",
	.options = options,
	.options_size = sizeof(struct create_options),
	.arguments_min = 1,
	.arguments_max = 1,
	.protected = true,
	.makes = true,
	.run = run,
};
