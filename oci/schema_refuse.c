/* What is wrong in a document, and where. */
#include <stdarg.h>
#include <string.h>

#include "base/text.h"
#include "oci/names.h"
#include "oci/schema_decoder.h"

__attribute__((format(printf, 3, 4))) static void append(char *out, size_t size, const char *format,
							 ...)
{
	size_t at = strlen(out);
	va_list args;

	va_start(args, format);
	text_cutv(out + at, size - at, format, args);
	va_end(args);
}

/* Text from the document, made fit for a terminal and a log: short, and no control characters. */
static void append_text(char *out, size_t size, const char *text, size_t length)
{
	char clean[64];
	size_t shown = length < sizeof(clean) ? length : sizeof(clean) - 1;

	while (shown < length && shown > 0 && (text[shown] & 0xc0) == 0x80)
		shown--; /* not amid a character */
	for (size_t i = 0; i < shown; i++)
		clean[i] = (unsigned char)text[i] < 0x20 || text[i] == 0x7f ? '?' : text[i];
	append(out, size, "%.*s%s", (int)shown, clean, shown < length ? "..." : "");
}

void decoder_path(const struct decoder *decoder, char *out, size_t size)
{
	out[0] = '\0';
	for (unsigned int i = 0; i < decoder->depth; i++) {
		const struct frame *frame = &decoder->frames[i];

		if (frame->shape == SHAPE_OBJECT && frame->pending) {
			append(out, size, "%s%s", *out ? "." : "", frame->pending->key);
		} else if (frame->shape == SHAPE_LIST) {
			size_t count = decoder_list(frame).count;

			append(out, size, "[%zu]", count ? count - 1 : 0);
		} else if (frame->shape == SHAPE_MAP && frame->key) {
			append(out, size, "[\"");
			append_text(out, size, frame->key, strlen(frame->key));
			append(out, size, "\"]");
		}
	}
}

int decoder_refuse(struct decoder *decoder, const char *format, ...)
{
	char path[sizeof(decoder->err->object)], text[740];
	va_list args;

	va_start(args, format);
	text_cutv(text, sizeof(text), format, args);
	va_end(args);
	decoder_path(decoder, path, sizeof(path));
	return error_set(decoder->err, ERROR_INVALID, path, "%s%s%s", path, *path ? ": " : "",
			 text);
}

int decoder_refuse_found(struct decoder *decoder, const char *wanted,
			 const struct json_event *found)
{
	static const char *const kinds[] = {
		[JSON_NULL] = "null",
		[JSON_OBJECT] = "an object",
		[JSON_ARRAY] = "an array",
	};
	const char *quote = found->kind == JSON_STRING ? "\"" : "";
	char text[80] = "";

	if (found->kind == JSON_BOOL)
		append(text, sizeof(text), "%s", found->boolean ? "true" : "false");
	else if (found->text)
		append_text(text, sizeof(text), found->text, found->length);
	else
		append(text, sizeof(text), "%s", kinds[found->kind]);
	return decoder_refuse(decoder, "expected %s, found %s%s%s", wanted, quote, text, quote);
}

int decoder_refuse_name(struct decoder *decoder, const struct name_value *names,
			const struct json_event *found)
{
	char wanted[600] = "one of "; /* the longest list, that of architectures, takes 460 */

	for (; names->name; names++)
		append(wanted, sizeof(wanted), "\"%s\"%s", names->name, names[1].name ? ", " : "");
	return decoder_refuse_found(decoder, wanted, found);
}

int decoder_refuse_key(struct decoder *decoder, const struct json_event *key)
{
	char text[80] = "";

	append_text(text, sizeof(text), key->text, key->length);
	return decoder_refuse(decoder, "\"%s\" is unknown", text);
}
