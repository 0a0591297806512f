/* The line of an error that was found later, in a document that could be decoded. */
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "oci/schema_decoder.h"

/* Reads on until the value at @place, and fails there with the error that was given. */
struct seeker {
	struct decoder decoder;
	const struct error *given;
	char place[sizeof(((struct error *)NULL)->object)];
	bool found;
};

static int seek(void *context, const struct json_event *event, struct error *err)
{
	struct seeker *seeker = context;
	char path[sizeof(seeker->place)];

	if (decoder_event(&seeker->decoder, event, err) < 0)
		return -1;
	decoder_path(&seeker->decoder, path, sizeof(path));
	if (strcmp(path, seeker->place) != 0)
		return 0;
	seeker->found = true;
	*err = *seeker->given;
	return -1;
}

/* From linux.namespaces[1].type to linux.namespaces[1]; false if there is nothing above. */
static bool cut_place(char *place)
{
	size_t end = strlen(place);

	while (end > 0 && place[end - 1] != '.' && place[end - 1] != '[')
		end--;
	if (end == 0)
		return false;
	place[end - 1] = '\0';
	return true;
}

int schema_locate(const struct schema *schema, const char *bytes, size_t length, const char *name,
		  struct error *err)
{
	struct error given = *err, ignored = ERROR_INIT;
	struct seeker seeker = { .given = &given };

	text_cut(seeker.place, sizeof(seeker.place), "%s", given.object);
	do {
		_cleanup_arena_ struct arena arena = ARENA_INIT;

		if (arena_init(&arena, 4 * JSON_SIZE_MAX, &ignored) < 0)
			break;
		seeker.decoder = (struct decoder){ .schema = schema, .arena = &arena };
		seeker.decoder.object = arena_alloc(&arena, schema->size);
		json_read(bytes, length, name, seek, &seeker, err);
	} while (!seeker.found && cut_place(seeker.place));
	if (seeker.found)
		return -1;
	*err = given;
	return error_prefix(err, "%s", name);
}
