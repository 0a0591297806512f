#include "oci/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yajl/yajl_gen.h>
#include <yajl/yajl_parse.h>

#include "base/text.h"
#include "base/wipe.h"

/* UTF-8 as RFC 3629 has it; yajl's own checks let overlong forms and surrogates pass. Behind a text
 * there is always a byte that ends a sequence: its quote, or a zero. */
static bool is_utf8(const char *text, size_t length)
{
	const char *end = text + length;

	while (text < end) {
		size_t step = (unsigned char)*text < 0x80 ? 1 : utf8_length(text);

		if (step == 0)
			return false;
		text += step;
	}
	return true;
}

/* ---- reading ---- */

struct reader {
	const char *bytes;
	yajl_handle parser;
	size_t event_end; /* where the token of the last event ended */
	unsigned int depth;
	json_handler *handler;
	void *context;
	struct error *err;
};

/* yajl's callbacks return 0 to stop. */
#define CONTINUE 1
#define STOP	 0

static bool hex4(const char *at, const char *end, unsigned int *ret_value)
{
	unsigned int value = 0;

	for (int i = 0; i < 4; i++, at++) {
		const char *digits = "0123456789abcdef", *digit;

		if (at == end || !*at)
			return false;
		digit = strchr(digits, *at | 0x20);
		if (!digit)
			return false;
		value = value << 4 | (unsigned int)(digit - digits);
	}
	*ret_value = value;
	return true;
}

/* Whether each half of a surrogate pair among the \u escapes in @from … @end has its other half:
 * yajl makes "?" of a lone first half and bytes that are no UTF-8 of a lone second one. */
static bool surrogates_paired(const char *from, const char *end)
{
	bool half = false;
	unsigned int unit;

	for (const char *at = from; at < end; at++) {
		bool escape = *at == '\\' && at + 1 < end;

		if (escape && at[1] == 'u' && hex4(at + 2, end, &unit)) {
			bool second = unit >= 0xdc00 && unit <= 0xdfff;

			if (second != half)
				return false;
			half = unit >= 0xd800 && unit <= 0xdbff;
			at += 5;
			continue;
		}
		if (half)
			return false;
		at += escape;
	}
	return true;
}

/* What is wrong with a string, NULL if nothing. One that yajl had to decode doesn't lie in the
 * document itself; between the token before it and its end nothing else could hold a backslash. */
static const char *flaw_of(const struct reader *reader, const struct json_event *event,
			   size_t token_end)
{
	const char *end = reader->bytes + token_end;

	if (event->length && memchr(event->text, '\0', event->length))
		return "a string holds a NUL byte";
	if ((event->text < reader->bytes || event->text >= end) &&
	    !surrogates_paired(reader->bytes + reader->event_end, end))
		return "a string holds half a surrogate pair";
	if (!is_utf8(event->text, event->length))
		return "a string is not valid UTF-8";
	return NULL;
}

static int emit(struct reader *reader, struct json_event event)
{
	size_t token_end = yajl_get_bytes_consumed(reader->parser);
	bool text = event.kind == JSON_STRING || event.kind == JSON_KEY;
	const char *flaw = text ? flaw_of(reader, &event, token_end) : NULL;

	if (flaw) {
		error_set(reader->err, ERROR_INVALID, NULL, "%s", flaw);
		return STOP;
	}
	reader->event_end = token_end;
	event.depth = reader->depth;
	return reader->handler(reader->context, &event, reader->err) < 0 ? STOP : CONTINUE;
}

static int on_null(void *context)
{
	return emit(context, (struct json_event){ .kind = JSON_NULL });
}

static int on_boolean(void *context, int value)
{
	return emit(context, (struct json_event){ .kind = JSON_BOOL, .boolean = value != 0 });
}

static int on_number(void *context, const char *text, size_t length)
{
	return emit(context, (struct json_event){ JSON_NUMBER, .text = text, .length = length });
}

static int on_string(void *context, const unsigned char *text, size_t length)
{
	return emit(context, (struct json_event){ JSON_STRING, .text = (const char *)text,
						  .length = length });
}

static int on_key(void *context, const unsigned char *text, size_t length)
{
	return emit(context,
		    (struct json_event){ JSON_KEY, .text = (const char *)text, .length = length });
}

/* yajl keeps a byte per level, so a limit here is one on its memory too. */
static int on_begin(struct reader *reader, enum json_kind kind)
{
	if (reader->depth == JSON_DEPTH_MAX) {
		error_set(reader->err, ERROR_INVALID, NULL, "nested deeper than %d levels",
			  JSON_DEPTH_MAX);
		return STOP;
	}
	if (emit(reader, (struct json_event){ .kind = kind }) == STOP)
		return STOP;
	reader->depth++;
	return CONTINUE;
}

static int on_end(struct reader *reader, enum json_kind kind)
{
	reader->depth--;
	return emit(reader, (struct json_event){ .kind = kind });
}

static int on_object(void *context)
{
	return on_begin(context, JSON_OBJECT);
}

static int on_object_end(void *context)
{
	return on_end(context, JSON_OBJECT_END);
}

static int on_array(void *context)
{
	return on_begin(context, JSON_ARRAY);
}

static int on_array_end(void *context)
{
	return on_end(context, JSON_ARRAY_END);
}

static const yajl_callbacks callbacks = {
	.yajl_null = on_null,
	.yajl_boolean = on_boolean,
	.yajl_number = on_number, /* in place of integer and double: no number is cut */
	.yajl_string = on_string,
	.yajl_start_map = on_object,
	.yajl_map_key = on_key,
	.yajl_end_map = on_object_end,
	.yajl_start_array = on_array,
	.yajl_end_array = on_array_end,
};

static unsigned int line_at(const char *bytes, size_t offset)
{
	unsigned int line = 1;

	for (const char *at = bytes, *end = bytes + offset;
	     (at = memchr(at, '\n', (size_t)(end - at))) != NULL; at++)
		line++;
	return line;
}

/* yajl's words for what is wrong: "lexical error: invalid char in json text.\n". */
static void syntax_error(struct reader *reader, struct error *err)
{
	unsigned char *words = yajl_get_error(reader->parser, 0, NULL, 0);
	int length = words ? (int)strcspn((const char *)words, "\n") : 0;

	error_set(err, ERROR_INVALID, NULL, "not valid JSON: %.*s", length,
		  words ? (const char *)words : "");
	if (words)
		yajl_free_error(reader->parser, words);
}

static void *allocate(void *context, size_t size)
{
	(void)context;
	return wiping_malloc(size);
}

static void *reallocate(void *context, void *memory, size_t size)
{
	(void)context;
	return wiping_realloc(memory, size);
}

static void release(void *context, void *memory)
{
	(void)context;
	wiping_free(memory);
}

/* What yajl decodes and encodes is the caller's secret. */
static yajl_alloc_funcs wiping = { .malloc = allocate, .realloc = reallocate, .free = release };

int json_read(const char *bytes, size_t length, const char *name, json_handler *handler,
	      void *context, struct error *err)
{
	struct reader reader = {
		.bytes = bytes, .handler = handler, .context = context, .err = err
	};
	yajl_status status;

	if (length == 0)
		return error_set(err, ERROR_INVALID, name, "%s: empty", name);
	if (length > JSON_SIZE_MAX)
		return error_set(err, ERROR_INVALID, name, "%s: longer than %u bytes", name,
				 JSON_SIZE_MAX);
	reader.parser = yajl_alloc(&callbacks, &wiping, &reader);
	if (!reader.parser)
		return error_set(err, ERROR_MEMORY, name, "%s: no memory to read it", name);
	yajl_config(reader.parser, yajl_dont_validate_strings, 1); /* see is_utf8() */
	status = yajl_parse(reader.parser, (const unsigned char *)bytes, length);
	if (status == yajl_status_ok)
		status = yajl_complete_parse(reader.parser);
	if (status == yajl_status_error)
		syntax_error(&reader, err);
	if (status != yajl_status_ok)
		error_prefix(err, "%s:%u", name,
			     line_at(bytes, yajl_get_bytes_consumed(reader.parser)));
	yajl_free(reader.parser);
	return status == yajl_status_ok ? 0 : -1;
}

/* ---- writing ---- */

void json_begin(struct json_writer *writer, bool pretty)
{
	*writer = (struct json_writer){ .generator = yajl_gen_alloc(&wiping) };
	if (!writer->generator) {
		writer->failed = true;
		return;
	}
	yajl_gen_config(writer->generator, yajl_gen_beautify, pretty);
	yajl_gen_config(writer->generator, yajl_gen_indent_string, "\t");
}

int json_finish(struct json_writer *writer, struct buffer *buffer, struct error *err)
{
	struct json_writer done = *writer;
	const unsigned char *bytes;
	size_t length;

	*writer = (struct json_writer){ .failed = true };
	if (!done.failed && yajl_gen_get_buf(done.generator, &bytes, &length) == yajl_gen_status_ok)
		buffer_add(buffer, bytes, length);
	else
		done.failed = true;
	if (done.generator)
		yajl_gen_free(done.generator);
	if (done.bad_text)
		return error_set(err, ERROR_INVALID, done.key, "%s: not valid UTF-8", done.key);
	if (done.failed || buffer_failed(buffer))
		return error_set(err, ERROR_MEMORY, NULL, "no memory to write JSON");
	return 0;
}

#define WRITE(writer, call)                                                                        \
	do {                                                                                       \
		if (!(writer)->failed)                                                             \
			(writer)->failed = (call) != yajl_gen_status_ok;                           \
	} while (0)

void json_object(struct json_writer *writer)
{
	WRITE(writer, yajl_gen_map_open(writer->generator));
}

void json_object_end(struct json_writer *writer)
{
	WRITE(writer, yajl_gen_map_close(writer->generator));
}

void json_array(struct json_writer *writer)
{
	WRITE(writer, yajl_gen_array_open(writer->generator));
}

void json_array_end(struct json_writer *writer)
{
	WRITE(writer, yajl_gen_array_close(writer->generator));
}

void json_key(struct json_writer *writer, const char *key)
{
	if (!writer->failed)
		text_cut(writer->key, sizeof(writer->key), "%s", key);
	json_string(writer, key);
}

void json_string(struct json_writer *writer, const char *text)
{
	size_t length = text ? strlen(text) : 0;

	if (!text)
		WRITE(writer, yajl_gen_null(writer->generator));
	else if (is_utf8(text, length))
		WRITE(writer,
		      yajl_gen_string(writer->generator, (const unsigned char *)text, length));
	else if (!writer->failed)
		writer->failed = writer->bad_text = true;
}

void json_int(struct json_writer *writer, int64_t value)
{
	WRITE(writer, yajl_gen_integer(writer->generator, value));
}

void json_uint(struct json_writer *writer, uint64_t value)
{
	char digits[24];
	int length = snprintf(digits, sizeof(digits), "%" PRIu64, value);

	WRITE(writer, yajl_gen_number(writer->generator, digits, (size_t)length));
}

void json_decimal(struct json_writer *writer, uint64_t number, unsigned int decimals)
{
	char text[DECIMAL_SIZE];

	decimal_text(number, decimals, text);
	WRITE(writer, yajl_gen_number(writer->generator, text, strlen(text)));
}

void json_bool(struct json_writer *writer, bool value)
{
	WRITE(writer, yajl_gen_bool(writer->generator, value));
}

void json_strings(struct json_writer *writer, const struct strings *strings)
{
	json_array(writer);
	for (size_t i = 0; i < strings->count; i++)
		json_string(writer, strings->items[i]);
	json_array_end(writer);
}
