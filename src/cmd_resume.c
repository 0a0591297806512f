#include "src/command.h"

static int run(struct invocation *invocation, struct error *err)
{
	return container_resume(&invocation->runtime, invocation->arguments.items[0], err);
}

const struct command cmd_resume = {
	.name = "resume",
	.usage = "ID",
	.summary = "let the processes of a paused container go on",
	.arguments_min = 1,
	.arguments_max = 1,
	.run = run,
};
