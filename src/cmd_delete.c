#include "src/command.h"
#include "src/pattern.h"

struct delete_options {
	bool force, regex;
};

static const struct option options[] = {
	FLAG("force", "f", struct delete_options, force,
	     "kill what still runs; a container that isn't there is fine"),
	FLAG("regex", "r", struct delete_options, regex,
	     "ID is a regular expression: delete all containers that match"),
	OPTIONS_END,
};

static int delete_one(struct invocation *invocation, const char *id, void *context,
		      struct error *err)
{
	const struct delete_options *wanted = context;

	return container_delete(&invocation->runtime, id, wanted->force, err);
}

static int run(struct invocation *invocation, struct error *err)
{
	struct delete_options *wanted = invocation->options;
	const char *id = invocation->arguments.items[0];

	if (wanted->regex)
		return pattern_each(invocation, id, delete_one, wanted, err);
	return delete_one(invocation, id, wanted, err);
}

const struct command cmd_delete = {
	.name = "delete",
	.usage = "ID",
	.summary = "remove all that is left of a stopped container",
	.options = options,
	.options_size = sizeof(struct delete_options),
	.arguments_min = 1,
	.arguments_max = 1,
	.run = run,
};
