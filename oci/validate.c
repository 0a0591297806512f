#include "oci/validate.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

#define CONFIG	(1u << DOCUMENT_CONFIG)
#define PROCESS (1u << DOCUMENT_PROCESS)

static const struct {
	validate_rule *check;
	unsigned int documents;
} rules[] = {
	{ validate_version, CONFIG },	   { validate_annotations, CONFIG },
	{ validate_namespaces, CONFIG },   { validate_names, CONFIG },
	{ validate_mounts, CONFIG },	   { validate_capabilities, CONFIG | PROCESS },
	{ validate_mappings, CONFIG },	   { validate_ids, CONFIG },
	{ validate_time_offsets, CONFIG }, { validate_devices, CONFIG },
};

/* More than anybody reads; the rest of them is left out. */
#define WARNINGS_MAX 32

int validate(struct config *config, enum config_document document, struct arena *arena,
	     struct error *err)
{
	struct validation v = { .config = config, .arena = arena, .err = err };

	if (arena_left(arena) < WARNINGS_MAX * (sizeof(char *) + sizeof(err->text)))
		return error_set(err, ERROR_INVALID, NULL,
				 "the document needs more memory than it may have");
	config->warnings.items = arena_calloc(arena, WARNINGS_MAX, sizeof(char *));
	for (size_t i = 0; i < array_length(rules); i++)
		if (rules[i].documents & 1u << document && rules[i].check(&v) < 0)
			return -1;
	return 0;
}

struct place at(const char *format, ...)
{
	struct place place;
	va_list args;

	va_start(args, format);
	text_cutv(place.path, sizeof(place.path), format, args);
	va_end(args);
	return place;
}

/* Names from the document are quoted in the text: nothing in it may act on a terminal. */
static void format_text(char *text, size_t size, const char *format, va_list args)
{
	text_cutv(text, size, format, args);
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = '?';
}

int invalid(const struct validation *v, struct place place, const char *format, ...)
{
	char text[sizeof(v->err->text) / 2];
	va_list args;

	va_start(args, format);
	format_text(text, sizeof(text), format, args);
	va_end(args);
	return error_set(v->err, ERROR_INVALID, place.path, "%s: %s", place.path, text);
}

void warn(const struct validation *v, struct place place, const char *format, ...)
{
	struct strings *warnings = &v->config->warnings;
	char text[sizeof(v->err->text) / 2];
	va_list args;

	if (warnings->count == WARNINGS_MAX)
		return;
	va_start(args, format);
	format_text(text, sizeof(text), format, args);
	va_end(args);
	warnings->items[warnings->count++] = arena_printf(v->arena, "%s: %s", place.path, text);
}

bool has_namespace(const struct validation *v, const char *type)
{
	return config_namespace_find(v->config, type) != NULL;
}

bool has_new_namespace(const struct validation *v, const char *type)
{
	return config_namespace_is_new(v->config, type);
}
