/* Values without parts: strings, booleans, numbers, ids. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "oci/config.h"
#include "oci/names.h"
#include "oci/schema_decoder.h"

/* The arena's limit is the document's: checked before anything is taken. NULL with the error. */
void *decoder_take(struct decoder *decoder, size_t size)
{
	size_t left = arena_left(decoder->arena);

	if (size >= left || left - size < 64) {
		decoder_refuse(decoder, "the document needs more memory than it may have");
		return NULL;
	}
	return arena_alloc(decoder->arena, size);
}

char *decoder_take_text(struct decoder *decoder, const struct json_event *event)
{
	char *copy = decoder_take(decoder, event->length + 1);

	if (copy)
		memcpy(copy, event->text, event->length);
	return copy;
}

static bool named(const struct name_value *names, const char *text)
{
	return !names || name_find(names, text);
}

int decoder_store_string(struct decoder *decoder, const struct schema_row *row, char *at,
			 const struct json_event *event)
{
	char *text;

	if (event->kind != JSON_STRING)
		return decoder_refuse_found(decoder, "a string", event);
	if (row->rules & RULE_EMPTY_IS_ABSENT && event->length == 0)
		return 0;
	if (row->rules & RULE_ABSOLUTE && (event->length == 0 || event->text[0] != '/'))
		return decoder_refuse_found(decoder, "an absolute path", event);
	if (row->rules & RULE_NOT_EMPTY && row->kind == SCHEMA_STRING && event->length == 0)
		return decoder_refuse(decoder, "must not be empty");
	text = decoder_take_text(decoder, event);
	if (!text)
		return -1;
	if (!named(row->names, text))
		return decoder_refuse_name(decoder, row->names, event);
	memcpy(at, &text, sizeof(text));
	return 0;
}

int decoder_store_bool(struct decoder *decoder, const struct schema_row *row, char *at,
		       const struct json_event *event)
{
	struct optional_bool value = { event->boolean, true };

	if (event->kind != JSON_BOOL)
		return decoder_refuse_found(decoder, "true or false", event);
	memcpy(at, &value, row->rules & RULE_PLAIN ? sizeof(bool) : sizeof(value));
	return 0;
}

/* The raw text of a number as a string; false if it can't be an integer of 64 bits. */
static bool digits_of(const struct json_event *event, char digits[24])
{
	if (event->kind != JSON_NUMBER || event->length > 20)
		return false;
	memcpy(digits, event->text, event->length);
	digits[event->length] = '\0';
	return true;
}

static int refuse_range(struct decoder *decoder, const char *min, const char *max,
			const struct json_event *event)
{
	char wanted[96];

	text_cut(wanted, sizeof(wanted), "an integer from %s to %s", min, max);
	return decoder_refuse_found(decoder, event->kind == JSON_NUMBER ? wanted : "an integer",
				    event);
}

static int parse_unsigned(struct decoder *decoder, uint64_t max, const struct json_event *event,
			  uint64_t *ret_value)
{
	char digits[24], limit[24];
	uint64_t value;

	if (digits_of(event, digits) && parse_u64(digits, &value) && value <= max) {
		*ret_value = value;
		return 0;
	}
	snprintf(limit, sizeof(limit), "%" PRIu64, max);
	return refuse_range(decoder, "0", limit, event);
}

int decoder_store_uint(struct decoder *decoder, const struct schema_row *row, char *at,
		       const struct json_event *event)
{
	struct optional_uint value = { .set = true };

	if (parse_unsigned(decoder, row->max ? row->max : UINT64_MAX, event, &value.value) < 0)
		return -1;
	memcpy(at, &value, row->rules & RULE_PLAIN ? sizeof(value.value) : sizeof(value));
	return 0;
}

int decoder_store_int(struct decoder *decoder, const struct schema_row *row, char *at,
		      const struct json_event *event)
{
	bool any = row->min == 0 && row->max == 0;
	int64_t min = any ? INT64_MIN : row->min, max = any ? INT64_MAX : (int64_t)row->max;
	struct optional_int value = { .set = true };
	char digits[24], least[24], most[24];

	if (digits_of(event, digits) && parse_i64(digits, &value.value) && value.value >= min &&
	    value.value <= max) {
		memcpy(at, &value, row->rules & RULE_PLAIN ? sizeof(value.value) : sizeof(value));
		return 0;
	}
	snprintf(least, sizeof(least), "%" PRId64, min);
	snprintf(most, sizeof(most), "%" PRId64, max);
	return refuse_range(decoder, least, most, event);
}

int decoder_store_id(struct decoder *decoder, char *at, const struct json_event *event)
{
	uint64_t value = 0;
	uint32_t id;

	if (parse_unsigned(decoder, UINT32_MAX, event, &value) < 0)
		return -1;
	id = (uint32_t)value;
	memcpy(at, &id, sizeof(id));
	return 0;
}
