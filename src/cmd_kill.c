#include <signal.h>

#include "src/command.h"
#include "src/pattern.h"
#include "src/signals.h"

struct kill_options {
	bool all, regex;
	int signal; /* no option: the second argument */
};

static const struct option options[] = {
	FLAG("all", "a", struct kill_options, all,
	     "signal every process of the container, not its init alone"),
	FLAG("regex", "r", struct kill_options, regex,
	     "ID is a regular expression: signal all containers that match"),
	OPTIONS_END,
};

static int kill_one(struct invocation *invocation, const char *id, void *context, struct error *err)
{
	const struct kill_options *wanted = context;

	return container_kill(&invocation->runtime, id, wanted->signal, wanted->all, err);
}

static int run(struct invocation *invocation, struct error *err)
{
	struct kill_options *wanted = invocation->options;
	const struct strings *arguments = &invocation->arguments;
	const char *signal = arguments->count > 1 ? arguments->items[1] : "TERM";

	if (!signal_parse(signal, &wanted->signal))
		return error_set(err, ERROR_USAGE, signal, "kill: unknown signal \"%s\"", signal);
	if (wanted->regex)
		return pattern_each(invocation, arguments->items[0], kill_one, wanted, err);
	return kill_one(invocation, arguments->items[0], wanted, err);
}

const struct command cmd_kill = {
	.name = "kill",
	.usage = "ID [SIGNAL]",
	.summary = "send a signal to a container, SIGTERM unless another is given",
	.options = options,
	.options_size = sizeof(struct kill_options),
	.arguments_min = 1,
	.arguments_max = 2,
	.ordered = true,
	.run = run,
};
