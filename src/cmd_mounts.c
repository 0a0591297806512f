#include "src/command.h"

#include <string.h>

#include "base/cleanup.h"
#include "src/document.h"
#include "src/output.h"

struct mounts_options {
	int format; /* enum output_format */
};

static const struct option options[] = {
	CHOICE("format", "f", "FORMAT", output_format_names, "table", struct mounts_options, format,
	       "of list: table, or json as add and remove read it"),
	OPTIONS_END,
};

static const char *const headings[] = { "DESTINATION", "TYPE", "SOURCE", "OPTIONS" };

static const char *joined(const struct strings *words, struct arena *arena)
{
	const char *text = "";

	for (size_t i = 0; i < words->count; i++)
		text = arena_printf(arena, "%s%s%s", text, i ? "," : "", words->items[i]);
	return text;
}

static void add_table(struct buffer *text, const struct mount_list *mounts, struct arena *arena)
{
	const size_t columns = array_length(headings);
	const char **cells = arena_calloc(arena, (mounts->count + 1) * columns, sizeof(*cells));
	const char **cell = cells;

	for (size_t i = 0; i < columns; i++)
		*cell++ = headings[i];
	for (size_t i = 0; i < mounts->count; i++) {
		const struct config_mount *mount = &mounts->items[i];

		*cell++ = mount->destination;
		*cell++ = mount->type ? mount->type : "";
		*cell++ = mount->source ? mount->source : "";
		*cell++ = joined(&mount->options, arena);
	}
	output_table(text, cells, mounts->count + 1, columns);
}

static int list(struct invocation *invocation, const char *id, struct error *err)
{
	const struct mounts_options *wanted = invocation->options;
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;
	struct mount_list mounts;

	if (container_mounts_list(&invocation->runtime, id, &invocation->arena, &mounts, err) < 0)
		return -1;
	if (wanted->format == OUTPUT_TABLE)
		add_table(&text, &mounts, &invocation->arena);
	else if (config_encode_mounts(&mounts, &text, err) < 0)
		return -1;
	return output_write(&text, err);
}

typedef int change_function(const struct runtime *runtime, const char *id,
			    const struct mount_list *mounts, struct error *err);

static const struct verb {
	const char *name;
	change_function *change; /* by a FILE; NULL: list */
} verbs[] = {
	{ "add", container_mounts_add },
	{ "remove", container_mounts_remove },
	{ "list", NULL },
};

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; i < array_length(verbs); i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

static int run(struct invocation *invocation, struct error *err)
{
	const struct strings *words = &invocation->arguments;
	const struct verb *verb = find_verb(words->items[0]);
	const char *id = words->items[1];
	struct config *document;

	if (!verb)
		return error_set(err, ERROR_USAGE, words->items[0],
				 "mounts: \"%s\" is none of add, remove and list",
				 text_printable(words->items[0]) ? words->items[0] : "?");
	if (words->count != (verb->change ? 3 : 2))
		return error_set(err, ERROR_USAGE, id, "mounts %s: %s", verb->name,
				 verb->change ? "ID and FILE are wanted" : "only ID is wanted");
	if (!verb->change)
		return list(invocation, id, err);
	if (document_read(words->items[2], DOCUMENT_MOUNTS, &invocation->arena, &document, err) < 0)
		return -1;
	return verb->change(&invocation->runtime, id, &document->mounts, err);
}

const struct command cmd_mounts = {
	.name = "mounts",
	.usage = "add|remove|list ID [FILE]",
	.summary = "add mounts to a running container, remove and list them",
	.options = options,
	.options_size = sizeof(struct mounts_options),
	.arguments_min = 2,
	.arguments_max = 3,
	.protected = true,
	.run = run,
};
