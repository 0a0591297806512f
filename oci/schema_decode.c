/* The decoder: a document's events become structs, as the tables of rows say. */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "oci/config.h"
#include "oci/schema_decoder.h"

static struct frame *top(struct decoder *decoder)
{
	return &decoder->frames[decoder->depth - 1];
}

/* One more item at the end of the list: its place, zeroed. The count isn't known beforehand, so
 * the room doubles; nothing points into a list while it grows. */
static char *list_grow(struct decoder *decoder, struct frame *frame, size_t size)
{
	struct any_list list = decoder_list(frame);

	if (list.count == frame->capacity) {
		size_t capacity = frame->capacity ? frame->capacity * 2 : 4;
		char *items = decoder_take(decoder, capacity * size);

		if (!items)
			return NULL;
		if (list.count)
			memcpy(items, list.items, list.count * size);
		list.items = items;
		frame->capacity = capacity;
	}
	list.count++;
	memcpy(frame->base, &list, sizeof(list));
	return list.items + (list.count - 1) * size;
}

/* ---- objects, lists, maps ---- */

static void push(struct decoder *decoder, struct frame frame)
{
	decoder->frames[decoder->depth++] = frame;
}

static int begin_object(struct decoder *decoder, const struct schema_row *row,
			const struct schema *schema, char *base, const struct json_event *event)
{
	if (event->kind != JSON_OBJECT)
		return decoder_refuse_found(decoder, "an object", event);
	push(decoder,
	     (struct frame){ .shape = SHAPE_OBJECT, .row = row, .schema = schema, .base = base });
	return 0;
}

static int begin_pointer(struct decoder *decoder, const struct schema_row *row, char *at,
			 const struct json_event *event)
{
	char *base;

	if (event->kind != JSON_OBJECT)
		return decoder_refuse_found(decoder, "an object", event);
	base = decoder_take(decoder, row->object->size);
	if (!base)
		return -1;
	memcpy(at, &base, sizeof(base));
	return begin_object(decoder, row, row->object, base, event);
}

static int begin_list(struct decoder *decoder, const struct schema_row *row, char *at,
		      const struct json_event *event)
{
	if (event->kind != JSON_ARRAY)
		return decoder_refuse_found(decoder, "an array", event);
	push(decoder, (struct frame){ .shape = SHAPE_LIST, .row = row, .base = at });
	return 0;
}

static int begin_map(struct decoder *decoder, const struct schema_row *row, char *at,
		     const struct json_event *event)
{
	if (event->kind != JSON_OBJECT)
		return decoder_refuse_found(decoder, "an object", event);
	push(decoder, (struct frame){ .shape = SHAPE_MAP, .row = row, .base = at });
	return 0;
}

/* ---- the value of a property, of an item, of a map's key ---- */

static uint64_t bit_of(const struct frame *frame, const struct schema_row *row)
{
	return UINT64_C(1) << (row - frame->schema->rows);
}

static int on_property(struct decoder *decoder, struct frame *frame, const struct json_event *event)
{
	const struct schema_row *row = frame->pending;
	char *at = frame->base + row->offset;

	if (event->kind == JSON_NULL)
		return 0;
	frame->present |= bit_of(frame, row);
	if (row->given)
		memcpy(frame->base + row->given, &(bool){ true }, sizeof(bool));
	switch (row->kind) {
	case SCHEMA_STRING:
		return decoder_store_string(decoder, row, at, event);
	case SCHEMA_BOOL:
		return decoder_store_bool(decoder, row, at, event);
	case SCHEMA_INT:
		return decoder_store_int(decoder, row, at, event);
	case SCHEMA_UINT:
		return decoder_store_uint(decoder, row, at, event);
	case SCHEMA_OBJECT:
		return begin_object(decoder, row, row->object, at, event);
	case SCHEMA_POINTER:
		return begin_pointer(decoder, row, at, event);
	case SCHEMA_STRINGS:
	case SCHEMA_IDS:
	case SCHEMA_LIST:
		return begin_list(decoder, row, at, event);
	case SCHEMA_STRING_MAP:
	case SCHEMA_OBJECT_MAP:
		return begin_map(decoder, row, at, event);
	}
	__builtin_unreachable();
}

static int on_item(struct decoder *decoder, struct frame *frame, const struct json_event *event)
{
	const struct schema_row *row = frame->row;
	size_t size = row->kind == SCHEMA_STRINGS ? sizeof(char *)
		      : row->kind == SCHEMA_IDS	  ? sizeof(uint32_t)
						  : row->object->size;
	char *at = list_grow(decoder, frame, size);

	if (!at)
		return -1;
	if (row->kind == SCHEMA_STRINGS)
		return decoder_store_string(decoder, row, at, event);
	if (row->kind == SCHEMA_IDS)
		return decoder_store_id(decoder, at, event);
	return begin_object(decoder, row, row->object, at, event);
}

static int on_entry(struct decoder *decoder, struct frame *frame, const struct json_event *event)
{
	const struct schema_row *row = frame->row;
	bool strings = row->kind == SCHEMA_STRING_MAP;
	char *at;

	if (event->kind == JSON_NULL)
		return 0;
	at = list_grow(decoder, frame,
		       strings ? sizeof(struct string_map_entry) : row->object->size);
	if (!at)
		return -1;
	memcpy(at, &frame->key, sizeof(frame->key));
	if (!strings)
		return begin_object(decoder, row, row->object, at, event);
	return decoder_store_string(decoder, row, at + offsetof(struct string_map_entry, value),
				    event);
}

/* The document is the value of the only property, whose name doesn't stand in it; null is none. */
static int begin_bare(struct decoder *decoder, const struct json_event *event)
{
	push(decoder, (struct frame){ .shape = SHAPE_OBJECT,
				      .schema = decoder->schema,
				      .base = decoder->object,
				      .pending = decoder->schema->rows });
	if (event->kind == JSON_NULL)
		return decoder_refuse_found(decoder, "an array", event);
	return on_property(decoder, top(decoder), event);
}

static int on_value(struct decoder *decoder, const struct json_event *event)
{
	struct frame *frame;

	if (decoder->depth == 0 && decoder->schema->bare)
		return begin_bare(decoder, event);
	if (decoder->depth == 0)
		return begin_object(decoder, NULL, decoder->schema, decoder->object, event);
	frame = top(decoder);
	switch (frame->shape) {
	case SHAPE_OBJECT:
		return on_property(decoder, frame, event);
	case SHAPE_LIST:
		return on_item(decoder, frame, event);
	case SHAPE_MAP:
		return on_entry(decoder, frame, event);
	}
	__builtin_unreachable();
}

/* ---- keys and ends ---- */

const struct schema_row *schema_find(const struct schema *schema, const char *key, size_t length)
{
	for (const struct schema_row *row = schema->rows; row < schema->rows + schema->count; row++)
		if (row->length == length && memcmp(row->key, key, length) == 0)
			return row;
	return NULL;
}

static int unknown_key(struct decoder *decoder, struct frame *frame, const struct json_event *event)
{
	if (!frame->schema->closed && !decoder->closed) {
		decoder->skipping = true;
		decoder->skip_depth = event->depth;
		return 0;
	}
	frame->pending = NULL;
	return decoder_refuse_key(decoder, event);
}

static int on_key(struct decoder *decoder, const struct json_event *event)
{
	struct frame *frame = top(decoder);
	const struct schema_row *row;

	if (frame->shape == SHAPE_MAP) {
		frame->key = decoder_take_text(decoder, event);
		return frame->key ? 0 : -1;
	}
	row = schema_find(frame->schema, event->text, event->length);
	if (!row)
		return unknown_key(decoder, frame, event);
	frame->pending = row;
	if (frame->seen & bit_of(frame, row))
		return decoder_refuse(decoder, "given twice");
	frame->seen |= bit_of(frame, row);
	return 0;
}

static int end_object(struct decoder *decoder, struct frame *frame)
{
	const struct schema *schema = frame->schema;

	for (const struct schema_row *row = schema->rows; row < schema->rows + schema->count;
	     row++) {
		frame->pending = row;
		if (row->rules & RULE_REQUIRED && !(frame->present & bit_of(frame, row)))
			return decoder_refuse(decoder, "is required");
	}
	return 0;
}

static int compare_keys(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The keys of a map are anybody's; two that are the same leave open which one counts. */
static int end_map(struct decoder *decoder, struct frame *frame)
{
	struct any_list list = decoder_list(frame);
	size_t size = frame->row->kind == SCHEMA_STRING_MAP ? sizeof(struct string_map_entry)
							    : frame->row->object->size;
	_cleanup_free_ char **keys = NULL;

	frame->key = NULL;
	if (list.count < 2)
		return 0;
	keys = calloc(list.count, sizeof(*keys));
	if (!keys)
		return decoder_refuse(decoder, "no memory to compare the keys");
	for (size_t i = 0; i < list.count; i++)
		memcpy(&keys[i], list.items + i * size, sizeof(*keys));
	qsort(keys, list.count, sizeof(*keys), compare_keys);
	for (size_t i = 1; i < list.count; i++) {
		if (strcmp(keys[i - 1], keys[i]) == 0) {
			frame->key = keys[i];
			return decoder_refuse(decoder, "given twice");
		}
	}
	return 0;
}

static int on_end(struct decoder *decoder)
{
	struct frame *frame = top(decoder);

	if (frame->shape == SHAPE_OBJECT && end_object(decoder, frame) < 0)
		return -1;
	if (frame->shape == SHAPE_MAP && end_map(decoder, frame) < 0)
		return -1;
	decoder->depth--;
	if (frame->shape == SHAPE_LIST && frame->row->rules & RULE_NOT_EMPTY &&
	    decoder_list(frame).count == 0)
		return decoder_refuse(decoder, "must not be empty");
	return 0;
}

/* ---- the whole ---- */

static void skip(struct decoder *decoder, const struct json_event *event)
{
	bool begins = event->kind == JSON_OBJECT || event->kind == JSON_ARRAY;

	if (event->depth == decoder->skip_depth && !begins)
		decoder->skipping = false;
}

int decoder_event(void *context, const struct json_event *event, struct error *err)
{
	struct decoder *decoder = context;

	decoder->err = err;
	if (decoder->skipping) {
		skip(decoder, event);
		return 0;
	}
	switch (event->kind) {
	case JSON_KEY:
		return on_key(decoder, event);
	case JSON_OBJECT_END:
	case JSON_ARRAY_END:
		return on_end(decoder);
	default:
		return on_value(decoder, event);
	}
}

int schema_decode(const struct schema *schema, const char *bytes, size_t length, const char *name,
		  struct arena *arena, void *object, struct error *err)
{
	struct decoder decoder = { .schema = schema, .arena = arena, .object = object };

	return json_read(bytes, length, name, decoder_event, &decoder, err);
}

int schema_decode_closed(const struct schema *schema, const char *bytes, size_t length,
			 const char *name, struct arena *arena, void *object, struct error *err)
{
	struct decoder decoder = {
		.schema = schema, .arena = arena, .object = object, .closed = true
	};

	return json_read(bytes, length, name, decoder_event, &decoder, err);
}
