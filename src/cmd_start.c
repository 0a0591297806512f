#include "src/command.h"

static int run(struct invocation *invocation, struct error *err)
{
	return container_start(&invocation->runtime, invocation->arguments.items[0], err);
}

const struct command cmd_start = {
	.name = "start",
	.usage = "ID",
	.summary = "let a created container execute its program",
	.arguments_min = 1,
	.arguments_max = 1,
	.run = run,
};
