/* oci/json.c */
#include "tests/unit/harness.h"

#include "base/cleanup.h"
#include "oci/json.h"

/* A handler that writes the events down, one word each. */
static int take_down(void *context, const struct json_event *event, struct error *err)
{
	static const char *const words[] = {
		[JSON_NULL] = "null",	 [JSON_OBJECT] = "{",	 [JSON_ARRAY] = "[",
		[JSON_OBJECT_END] = "}", [JSON_ARRAY_END] = "]",
	};
	struct buffer *text = context;

	(void)err;
	if (event->kind == JSON_BOOL)
		buffer_puts(text, event->boolean ? "true " : "false ");
	else if (event->text)
		buffer_printf(text, "%s%.*s ",
			      event->kind == JSON_KEY	   ? "key:"
			      : event->kind == JSON_NUMBER ? "number:"
							   : "string:",
			      (int)event->length, event->text);
	else
		buffer_printf(text, "%s%u ", words[event->kind], event->depth);
	return 0;
}

static const char *events_of(const char *text)
{
	static struct buffer log;
	struct error err = ERROR_INIT;

	log.length = 0;
	if (json_read(text, strlen(text), "f", take_down, &log, &err) < 0)
		return harness_fail(__FILE__, __LINE__, "%s: %s", text, err.text), NULL;
	return log.bytes;
}

static const char *error_of(const char *text, size_t length)
{
	static struct error err;
	struct buffer log = BUFFER_INIT;

	err = (struct error)ERROR_INIT;
	if (json_read(text, length, "f", take_down, &log, &err) == 0)
		harness_fail(__FILE__, __LINE__, "accepted: %s", text);
	buffer_free(&log);
	CHECK_INT(err.code, ERROR_INVALID);
	return err.text;
}

#define REFUSED(text, words) CHECK_STR(error_of(text, strlen(text)), words)

TEST(events_come_in_order_with_their_depth)
{
	CHECK_STR(events_of("{\"a\": [1, \"b\", {}], \"c\": null, \"d\": true}"),
		  "{0 key:a [1 number:1 string:b {2 }2 ]1 key:c null1 key:d true }0 ");
	CHECK_STR(events_of(" 7 "), "number:7 ");
}

TEST(numbers_keep_their_text)
{
	CHECK_STR(events_of("[18446744073709551616, -0, 1.50, 1e400]"),
		  "[0 number:18446744073709551616 number:-0 number:1.50 number:1e400 ]0 ");
}

TEST(strings_are_decoded)
{
	CHECK_STR(events_of("[\"\\\"\\\\\\/\\n\\u00e4\\ud83d\\ude00\", \"\xc3\xa4\"]"),
		  "[0 string:\"\\/\n\xc3\xa4\xf0\x9f\x98\x80 string:\xc3\xa4 ]0 ");
}

TEST(malformed_text_is_refused_with_its_line)
{
	REFUSED("", "f: empty");
	REFUSED(" ", "f:1: not valid JSON: parse error: premature EOF");
	REFUSED("{\n\n\"a\": x}", "f:3: not valid JSON: lexical error: invalid char in json text.");
	REFUSED("{\"a\": 1} x", "f:1: not valid JSON: parse error: trailing garbage");
	REFUSED("{} {}", "f:1: not valid JSON: parse error: trailing garbage");
	REFUSED("{\"a\" 1}", "f:1: not valid JSON: parse error: object key and value must be "
			     "separated by a colon (':')");
	CHECK(strstr(error_of("// c\n{}", 7), "not valid JSON"));
	CHECK(strstr(error_of("[01]", 4), "not valid JSON"));
	CHECK(strstr(error_of("{\"a\": 1,}", 9), "not valid JSON"));
}

TEST(strings_that_are_no_text_are_refused)
{
	REFUSED("[\"\xff\"]", "f:1: a string is not valid UTF-8");
	REFUSED("[\"a\xc3\"]", "f:1: a string is not valid UTF-8");
	REFUSED("[\"\xc0\xaf\"]", "f:1: a string is not valid UTF-8");
	REFUSED("[\"\xed\xa0\x80\"]", "f:1: a string is not valid UTF-8");
	REFUSED("[\"\xf4\x90\x80\x80\"]", "f:1: a string is not valid UTF-8");
	REFUSED("[\"\\n\xe4\"]", "f:1: a string is not valid UTF-8");
	REFUSED("{\n\"\xff\": 1}", "f:2: a string is not valid UTF-8");
	CHECK(strstr(error_of("[\"a\0b\"]", 7), "not valid JSON"));
	REFUSED("[\"a\\u0000b\"]", "f:1: a string holds a NUL byte");
	REFUSED("{\n\"\\u0000\": 1}", "f:2: a string holds a NUL byte");
}

TEST(half_a_surrogate_pair_is_refused)
{
	static const char *const halves[] = {
		"[\"\\ud800\"]",    "[\"\\udc00\"]",
		"[\"\\ud800x\"]",   "[\"\\ud800\\ud800\"]",
		"[\"\\ud800\\n\"]", "[\"\\u0041\\udfff\"]",
		"{\"\\uD800\": 1}", "[\"\\\\\\\\\\uDBFF\\\\\"]",
	};

	for (size_t i = 0; i < sizeof(halves) / sizeof(halves[0]); i++)
		REFUSED(halves[i], "f:1: a string holds half a surrogate pair");
	/* a backslash that is text is no escape */
	CHECK_STR(events_of("[\"\\\\ud800\"]"), "[0 string:\\ud800 ]0 ");
}

/* Valid until the next call. */
static const char *nested(size_t levels)
{
	static char text[200001];

	memset(text, '[', levels);
	memset(text + levels, ']', levels);
	text[2 * levels] = '\0';
	return text;
}

static int count_events(void *context, const struct json_event *event, struct error *err)
{
	(void)event;
	(void)err;
	(*(size_t *)context)++;
	return 0;
}

TEST(depth_is_limited_before_memory_is_taken)
{
	const char *deep;
	struct error err = ERROR_INIT;
	size_t events = 0;

	events_of(nested(JSON_DEPTH_MAX));
	REFUSED(nested(JSON_DEPTH_MAX + 1), "f:1: nested deeper than 64 levels");
	deep = nested(100000);
	CHECK(json_read(deep, strlen(deep), "f", count_events, &events, &err) < 0);
	CHECK_STR(err.text, "f:1: nested deeper than 64 levels");
	CHECK_INT(events, JSON_DEPTH_MAX);
}

TEST(size_is_limited)
{
	size_t size = JSON_SIZE_MAX + 1, events = 0;
	_cleanup_free_ char *text = malloc(size);
	struct error err = ERROR_INIT;

	memset(text, ' ', size);
	CHECK_STR(error_of(text, size), "f: longer than 16777216 bytes");
	text[size - 2] = '7';
	CHECK(json_read(text, size - 1, "f", count_events, &events, &err) == 0);
	CHECK_INT(events, 1);
}

static int stop_at_string(void *context, const struct json_event *event, struct error *err)
{
	(*(int *)context)++;
	if (event->kind != JSON_STRING)
		return 0;
	return error_set(err, ERROR_STATE, "object", "no strings");
}

TEST(a_handler_can_stop_with_its_error)
{
	struct error err = ERROR_INIT;
	const char *text = "[1,\n2,\n\"a\", 3, x";
	int calls = 0;

	CHECK(json_read(text, strlen(text), "f", stop_at_string, &calls, &err) < 0);
	CHECK_STR(err.text, "f:3: no strings");
	CHECK_STR(err.object, "object");
	CHECK_INT(err.code, ERROR_STATE);
	CHECK_INT(calls, 4);
}

/* ---- writing ---- */

static void write_all_kinds(struct json_writer *writer)
{
	char *items[] = { (char *)"a", (char *)"\"\n\x01" };
	struct strings strings = { items, 2 };

	json_object(writer);
	json_key(writer, "strings");
	json_strings(writer, &strings);
	json_key(writer, "numbers");
	json_array(writer);
	json_int(writer, INT64_MIN);
	json_uint(writer, UINT64_MAX);
	json_decimal(writer, 50, 2);
	json_array_end(writer);
	json_key(writer, "none");
	json_string(writer, NULL);
	json_key(writer, "yes");
	json_bool(writer, true);
	json_object_end(writer);
}

static const char *written(bool pretty)
{
	static struct buffer buffer;
	struct json_writer writer;
	struct error err = ERROR_INIT;

	buffer.length = 0;
	json_begin(&writer, pretty);
	write_all_kinds(&writer);
	CHECK(json_finish(&writer, &buffer, &err) == 0);
	return buffer.bytes;
}

TEST(all_kinds_are_written)
{
	CHECK_STR(written(false), "{\"strings\":[\"a\",\"\\\"\\n\\u0001\"],\"numbers\":"
				  "[-9223372036854775808,18446744073709551615,0.5],\"none\":null,"
				  "\"yes\":true}");
	CHECK(strncmp(written(true), "{\n\t\"strings\": [\n\t\t\"a\",\n", 22) == 0);
}

TEST(what_is_written_can_be_read)
{
	_cleanup_free_ char *copy = strdup(events_of(written(false)));

	CHECK_STR(events_of(written(true)), copy);
}

TEST(text_that_is_no_utf8_fails_and_names_its_key)
{
	_cleanup_buffer_ struct buffer buffer = BUFFER_INIT;
	struct json_writer writer;
	struct error err = ERROR_INIT;

	json_begin(&writer, false);
	json_object(&writer);
	json_key(&writer, "bundle");
	json_string(&writer, "/b\xed\xa0\x80");
	json_key(&writer, "other");
	json_string(&writer, "x");
	json_object_end(&writer);
	CHECK(json_finish(&writer, &buffer, &err) < 0);
	CHECK_INT(err.code, ERROR_INVALID);
	CHECK_STR(err.text, "bundle: not valid UTF-8");
	CHECK_INT(buffer.length, 0);
}
