#include "base/cleanup.h"
#include "src/command.h"
#include "src/output.h"

struct list_options {
	int format; /* enum output_format */
	bool quiet;
};

static const struct option options[] = {
	CHOICE("format", "f", "FORMAT", output_format_names, "table", struct list_options, format,
	       "table or json"),
	FLAG("quiet", "q", struct list_options, quiet, "show the ids only, one per line"),
	OPTIONS_END,
};

static void add_ids(struct buffer *text, const struct container_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		buffer_printf(text, "%s\n", list->items[i]->id);
}

static const char *const headings[] = { "ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER" };

static void add_table(struct buffer *text, const struct container_list *list, struct arena *arena)
{
	const size_t columns = array_length(headings);
	const char **cells = arena_calloc(arena, (list->count + 1) * columns, sizeof(*cells));
	const char **cell = cells;

	for (size_t i = 0; i < columns; i++)
		*cell++ = headings[i];
	for (size_t i = 0; i < list->count; i++) {
		const struct container_state *state = list->items[i];

		*cell++ = state->id;
		*cell++ = arena_printf(arena, "%lld", (long long)state->pid);
		*cell++ = container_status_name(state->status);
		*cell++ = state->bundle ? state->bundle : "";
		*cell++ = state->created ? state->created : "";
		*cell++ = output_user_name(state->owner_uid, arena);
	}
	output_table(text, cells, list->count + 1, columns);
}

static int add_json(struct buffer *text, const struct container_list *list, struct arena *arena,
		    struct error *err)
{
	buffer_puts(text, "[");
	for (size_t i = 0; i < list->count; i++) {
		const struct container_state *state = list->items[i];

		buffer_puts(text, i ? "," : "");
		if (state_encode_for_people(state, output_user_name(state->owner_uid, arena), text,
					    err) < 0)
			return -1;
	}
	buffer_puts(text, "]\n");
	return 0;
}

static int run(struct invocation *invocation, struct error *err)
{
	const struct list_options *wanted = invocation->options;
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;
	struct container_list list;

	if (container_list(&invocation->runtime, &invocation->arena, &list, err) < 0)
		return -1;
	if (wanted->quiet)
		add_ids(&text, &list);
	else if (wanted->format == OUTPUT_TABLE)
		add_table(&text, &list, &invocation->arena);
	else if (add_json(&text, &list, &invocation->arena, err) < 0)
		return -1;
	return output_write(&text, err);
}

const struct command cmd_list = {
	.name = "list",
	.usage = "",
	.summary = "list the containers of the state root",
	.options = options,
	.options_size = sizeof(struct list_options),
	.run = run,
};
