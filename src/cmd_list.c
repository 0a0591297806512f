#include "base/cleanup.h"
#include "oci/json.h"
#include "src/command.h"
#include "src/output.h"
#include "src/pattern.h"

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

static int list_ids(struct invocation *invocation, struct buffer *text, struct error *err)
{
	struct strings ids;

	if (container_ids(&invocation->runtime, &invocation->arena, &ids, err) < 0)
		return -1;
	for (size_t i = 0; i < ids.count; i++)
		buffer_printf(text, "%s\n", ids.items[i]);
	return 0;
}

static const char *const headings[] = { "ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER" };

/* What is shown of the states. They themselves go one by one, since all at once may have no room in memory. */
struct shown {
	struct buffer *text; /* as JSON */
	struct buffer cells; /* const char *, in the invocation's arena */
};

static void add_cell(struct shown *shown, const char *cell)
{
	buffer_add(&shown->cells, &cell, sizeof(cell));
}

static int add_row(struct shown *shown, const struct container_state *state, const char *owner,
		   struct arena *arena, struct error *err)
{
	/* a state has no longer texts than its file, which is a document */
	if (arena_left(arena) < 2 * JSON_SIZE_MAX)
		return error_set(err, ERROR_MEMORY, NULL, "no memory for so many containers");
	add_cell(shown, arena_strdup(arena, state->id));
	add_cell(shown, arena_printf(arena, "%lld", (long long)state->pid));
	add_cell(shown, container_status_name(state->status));
	add_cell(shown, arena_strdup(arena, state->bundle ?: ""));
	add_cell(shown, arena_strdup(arena, state->created ?: ""));
	add_cell(shown, arena_strdup(arena, owner));
	return 0;
}

static int add_object(struct shown *shown, const struct container_state *state, const char *owner,
		      struct error *err)
{
	buffer_puts(shown->text, shown->text->length > 1 ? "," : "");
	return state_encode_for_people(state, owner, shown->text, err);
}

static int show(struct invocation *invocation, const char *id, void *context, struct error *err)
{
	const struct list_options *wanted = invocation->options;
	_cleanup_arena_ struct arena arena = ARENA_INIT;
	struct container_state *state;
	const char *owner;

	if (arena_init(&arena, STATE_ARENA_SIZE, err) < 0)
		return -1;
	if (container_list_state(&invocation->runtime, id, &arena, &state, err) < 0)
		return err->code == ERROR_NOT_FOUND ? 0 : -1; /* deleted while we look */
	owner = output_user_name(state->owner_uid, &arena);
	return wanted->format == OUTPUT_TABLE
		   ? add_row(context, state, owner, &invocation->arena, err)
		   : add_object(context, state, owner, err);
}

static int list_table(struct invocation *invocation, struct buffer *text, struct error *err)
{
	const size_t columns = array_length(headings);
	struct shown shown = { .cells = BUFFER_INIT };
	int result;

	for (size_t i = 0; i < columns; i++)
		add_cell(&shown, headings[i]);
	result = pattern_each(invocation, NULL, show, &shown, err);
	if (buffer_failed(&shown.cells))
		result = error_set(err, ERROR_MEMORY, NULL, "no memory for so many containers");
	else
		output_table(text, (const char *const *)shown.cells.bytes,
			     shown.cells.length / sizeof(char *) / columns, columns);
	buffer_free(&shown.cells);
	return result;
}

static int list_json(struct invocation *invocation, struct buffer *text, struct error *err)
{
	struct shown shown = { .text = text, .cells = BUFFER_INIT };
	int result;

	buffer_puts(text, "[");
	result = pattern_each(invocation, NULL, show, &shown, err);
	buffer_puts(text, "]\n");
	return result;
}

/* Where some can't be looked at the others are shown all the same. */
static int run(struct invocation *invocation, struct error *err)
{
	const struct list_options *wanted = invocation->options;
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;
	struct error later = ERROR_INIT;
	int result;

	if (wanted->quiet)
		result = list_ids(invocation, &text, err);
	else if (wanted->format == OUTPUT_TABLE)
		result = list_table(invocation, &text, err);
	else
		result = list_json(invocation, &text, err);
	return output_write(&text, result < 0 ? &later : err) < 0 ? -1 : result;
}

const struct command cmd_list = {
	.name = "list",
	.usage = "",
	.summary = "list the containers of the state root",
	.options = options,
	.options_size = sizeof(struct list_options),
	.run = run,
};
