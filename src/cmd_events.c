#include "base/cleanup.h"
#include "src/command.h"
#include "src/output.h"
#include "src/statistics.h"

enum events_format { EVENTS_JSON, EVENTS_TABLE, EVENTS_PROM };

static const struct name_value format_names[] = {
	{ "json", EVENTS_JSON },
	{ "table", EVENTS_TABLE },
	{ "prom", EVENTS_PROM },
	{ NULL },
};

struct events_command_options {
	bool stats, snapshot;
	const char *interval;
	int format; /* enum events_format */
};

static const struct option options[] = {
	FLAG("stats", NULL, struct events_command_options, stats,
	     "show the statistics once and end, without waiting for events"),
	STRING_FILLED("interval", NULL, "DURATION", "5s", struct events_command_options, interval,
		  "between two statistics, such as 500ms, 5s or 1m30s"),
	CHOICE("format", "f", "FORMAT", format_names, "json", struct events_command_options, format,
	       "json, table, or prom, which is Prometheus' text format"),
	FLAG("snapshot", NULL, struct events_command_options, snapshot,
	     "show each file of the cgroup's controllers once, as libcgroup reads it, and end"),
	OPTIONS_END,
};

struct output {
	const char *id;
	enum events_format format;
	bool begun; /* something was printed */
};

static int print_sample(void *context, const struct statistics *statistics, struct error *err)
{
	_cleanup_arena_ struct arena arena = ARENA_INIT;
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;
	struct output *output = context;

	if (arena_init(&arena, 1 << 20, err) < 0)
		return -1;
	if (output->format != EVENTS_JSON && output->begun)
		buffer_puts(&text, "\n");
	if (output->format == EVENTS_PROM)
		statistics_prom(output->id, statistics, &text);
	else if (output->format == EVENTS_TABLE)
		statistics_table(statistics, &arena, &text);
	else if (statistics_json(output->id, statistics, &text, err) < 0)
		return -1;
	else
		buffer_puts(&text, "\n");
	output->begun = true;
	return output_write(&text, err);
}

/* To Prometheus it is a counter of the next sample. */
static int print_oom(void *context, struct error *err)
{
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;
	const struct output *output = context;

	if (output->format == EVENTS_PROM)
		return 0;
	if (output->format == EVENTS_TABLE)
		buffer_printf(&text, "\na process of %s was killed for memory\n", output->id);
	else
		buffer_printf(&text, "{\"type\":\"oom\",\"id\":\"%s\"}\n", output->id);
	return output_write(&text, err);
}

static int print_snapshot(const struct invocation *invocation, const char *id, struct error *err)
{
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;

	if (container_snapshot(&invocation->runtime, id, &text, err) < 0)
		return -1;
	return output_write(&text, err);
}

static int run(struct invocation *invocation, struct error *err)
{
	const struct events_command_options *wanted = invocation->options;
	struct output output = { .id = invocation->arguments.items[0], .format = wanted->format };
	struct events_options events = {
		.id = output.id,
		.sample = print_sample,
		.oom = print_oom,
		.context = &output,
	};

	if (!parse_duration(wanted->interval, &events.interval_ns) || events.interval_ns <= 0)
		return error_set(err, ERROR_USAGE, wanted->interval,
				 "events: --interval: expected a duration greater than 0, such as "
				 "500ms, 5s or 1m30s, found \"%s\"",
				 wanted->interval);
	if (wanted->snapshot)
		return print_snapshot(invocation, output.id, err);
	if (wanted->stats)
		events.interval_ns = 0;
	arena_trim(&invocation->arena);
	return container_events(&invocation->runtime, &events, err);
}

const struct command cmd_events = {
	.name = "events",
	.usage = "ID",
	.summary = "show the statistics of a container, and who is killed for memory",
	.options = options,
	.options_size = sizeof(struct events_command_options),
	.arguments_min = 1,
	.arguments_max = 1,
	.run = run,
};
