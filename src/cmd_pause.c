#include "src/command.h"

static int run(struct invocation *invocation, struct error *err)
{
	return container_pause(&invocation->runtime, invocation->arguments.items[0], err);
}

const struct command cmd_pause = {
	.name = "pause",
	.usage = "ID",
	.summary = "freeze all processes of a container",
	.arguments_min = 1,
	.arguments_max = 1,
	.run = run,
};
