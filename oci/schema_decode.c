#include "base/text.h"
#include "oci/schema.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "oci/config.h"

/* An object, array or map that was begun and not yet ended. */
enum shape { SHAPE_OBJECT, SHAPE_LIST, SHAPE_MAP };

struct frame {
	enum shape shape;
	const struct schema_row *row; /* the property that this is the value of; NULL at the top */
	const struct schema *schema;  /* of an object */
	char *base;		      /* an object's struct; a list's or map's { items, count } */
	const struct schema_row *pending; /* of an object: the property whose value comes next */
	uint64_t seen, present; /* of an object: bit n is row n; null is seen, not present */
	size_t capacity;	/* of a list or map */
	char *key;		/* of a map: whose value comes next */
};

struct decoder {
	const struct schema *schema;
	struct arena *arena;
	void *object;
	struct error *err;
	bool closed;			     /* no property may be unknown */
	unsigned int depth;		     /* frames in use */
	bool skipping;			     /* the value of an unknown property */
	unsigned int skip_depth;	     /* where it lies in the document */
	struct frame frames[JSON_DEPTH_MAX]; /* a frame per level at most */
};

/* What all lists look like: struct strings, LIST(…), struct string_map, … */
struct any_list {
	char *items;
	size_t count;
};

static struct frame *top(struct decoder *decoder)
{
	return &decoder->frames[decoder->depth - 1];
}

static struct any_list list_of(const struct frame *frame)
{
	struct any_list list;

	memcpy(&list, frame->base, sizeof(list));
	return list;
}

/* ---- errors ---- */

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

/* The value that is being decoded: linux.namespaces[2].type, annotations["org.x"]. */
static void write_path(const struct decoder *decoder, char *out, size_t size)
{
	out[0] = '\0';
	for (unsigned int i = 0; i < decoder->depth; i++) {
		const struct frame *frame = &decoder->frames[i];

		if (frame->shape == SHAPE_OBJECT && frame->pending) {
			append(out, size, "%s%s", *out ? "." : "", frame->pending->key);
		} else if (frame->shape == SHAPE_LIST) {
			size_t count = list_of(frame).count;

			append(out, size, "[%zu]", count ? count - 1 : 0);
		} else if (frame->shape == SHAPE_MAP && frame->key) {
			append(out, size, "[\"");
			append_text(out, size, frame->key, strlen(frame->key));
			append(out, size, "\"]");
		}
	}
}

__attribute__((format(printf, 2, 3), cold)) static int refuse(struct decoder *decoder,
							      const char *format, ...)
{
	char path[sizeof(decoder->err->object)], text[740];
	va_list args;

	va_start(args, format);
	text_cutv(text, sizeof(text), format, args);
	va_end(args);
	write_path(decoder, path, sizeof(path));
	return error_set(decoder->err, ERROR_INVALID, path, "%s%s%s", path, *path ? ": " : "",
			 text);
}

static int refuse_found(struct decoder *decoder, const char *wanted, const struct json_event *found)
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
	return refuse(decoder, "expected %s, found %s%s%s", wanted, quote, text, quote);
}

static int refuse_name(struct decoder *decoder, const struct name_value *names,
		       const struct json_event *found)
{
	char wanted[600] = "one of "; /* the longest list, that of architectures, takes 460 */

	for (; names->name; names++)
		append(wanted, sizeof(wanted), "\"%s\"%s", names->name, names[1].name ? ", " : "");
	return refuse_found(decoder, wanted, found);
}

/* ---- memory ---- */

/* The arena's limit is the document's: checked before anything is taken. NULL with the error. */
static void *take(struct decoder *decoder, size_t size)
{
	size_t left = arena_left(decoder->arena);

	if (size >= left || left - size < 64) {
		refuse(decoder, "the document needs more memory than it may have");
		return NULL;
	}
	return arena_alloc(decoder->arena, size);
}

static char *take_text(struct decoder *decoder, const struct json_event *event)
{
	char *copy = take(decoder, event->length + 1);

	if (copy)
		memcpy(copy, event->text, event->length);
	return copy;
}

/* One more item at the end of the list: its place, zeroed. The count isn't known beforehand, so
 * the room doubles; nothing points into a list while it grows. */
static char *list_grow(struct decoder *decoder, struct frame *frame, size_t size)
{
	struct any_list list = list_of(frame);

	if (list.count == frame->capacity) {
		size_t capacity = frame->capacity ? frame->capacity * 2 : 4;
		char *items = take(decoder, capacity * size);

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

/* ---- scalars ---- */

static bool named(const struct name_value *names, const char *text)
{
	return !names || name_find(names, text);
}

static int store_string(struct decoder *decoder, const struct schema_row *row, char *at,
			const struct json_event *event)
{
	char *text;

	if (event->kind != JSON_STRING)
		return refuse_found(decoder, "a string", event);
	if (row->rules & RULE_EMPTY_IS_ABSENT && event->length == 0)
		return 0;
	if (row->rules & RULE_ABSOLUTE && (event->length == 0 || event->text[0] != '/'))
		return refuse_found(decoder, "an absolute path", event);
	if (row->rules & RULE_NOT_EMPTY && row->kind == SCHEMA_STRING && event->length == 0)
		return refuse(decoder, "must not be empty");
	text = take_text(decoder, event);
	if (!text)
		return -1;
	if (!named(row->names, text))
		return refuse_name(decoder, row->names, event);
	memcpy(at, &text, sizeof(text));
	return 0;
}

static int store_bool(struct decoder *decoder, const struct schema_row *row, char *at,
		      const struct json_event *event)
{
	struct optional_bool value = { event->boolean, true };

	if (event->kind != JSON_BOOL)
		return refuse_found(decoder, "true or false", event);
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
	return refuse_found(decoder, event->kind == JSON_NUMBER ? wanted : "an integer", event);
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

static int store_uint(struct decoder *decoder, const struct schema_row *row, char *at,
		      const struct json_event *event)
{
	struct optional_uint value = { .set = true };

	if (parse_unsigned(decoder, row->max ? row->max : UINT64_MAX, event, &value.value) < 0)
		return -1;
	memcpy(at, &value, row->rules & RULE_PLAIN ? sizeof(value.value) : sizeof(value));
	return 0;
}

static int store_int(struct decoder *decoder, const struct schema_row *row, char *at,
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

static int store_id(struct decoder *decoder, char *at, const struct json_event *event)
{
	uint64_t value;
	uint32_t id;

	if (parse_unsigned(decoder, UINT32_MAX, event, &value) < 0)
		return -1;
	id = (uint32_t)value;
	memcpy(at, &id, sizeof(id));
	return 0;
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
		return refuse_found(decoder, "an object", event);
	push(decoder,
	     (struct frame){ .shape = SHAPE_OBJECT, .row = row, .schema = schema, .base = base });
	return 0;
}

static int begin_pointer(struct decoder *decoder, const struct schema_row *row, char *at,
			 const struct json_event *event)
{
	char *base;

	if (event->kind != JSON_OBJECT)
		return refuse_found(decoder, "an object", event);
	base = take(decoder, row->object->size);
	if (!base)
		return -1;
	memcpy(at, &base, sizeof(base));
	return begin_object(decoder, row, row->object, base, event);
}

static int begin_list(struct decoder *decoder, const struct schema_row *row, char *at,
		      const struct json_event *event)
{
	if (event->kind != JSON_ARRAY)
		return refuse_found(decoder, "an array", event);
	push(decoder, (struct frame){ .shape = SHAPE_LIST, .row = row, .base = at });
	return 0;
}

static int begin_map(struct decoder *decoder, const struct schema_row *row, char *at,
		     const struct json_event *event)
{
	if (event->kind != JSON_OBJECT)
		return refuse_found(decoder, "an object", event);
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
		return store_string(decoder, row, at, event);
	case SCHEMA_BOOL:
		return store_bool(decoder, row, at, event);
	case SCHEMA_INT:
		return store_int(decoder, row, at, event);
	case SCHEMA_UINT:
		return store_uint(decoder, row, at, event);
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
		return store_string(decoder, row, at, event);
	if (row->kind == SCHEMA_IDS)
		return store_id(decoder, at, event);
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
	return store_string(decoder, row, at + offsetof(struct string_map_entry, value), event);
}

/* The document is the value of the only property, whose name doesn't stand in it; null is none. */
static int begin_bare(struct decoder *decoder, const struct json_event *event)
{
	push(decoder, (struct frame){ .shape = SHAPE_OBJECT,
				      .schema = decoder->schema,
				      .base = decoder->object,
				      .pending = decoder->schema->rows });
	if (event->kind == JSON_NULL)
		return refuse_found(decoder, "an array", event);
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
	char key[80] = "";

	if (!frame->schema->closed && !decoder->closed) {
		decoder->skipping = true;
		decoder->skip_depth = event->depth;
		return 0;
	}
	frame->pending = NULL;
	append_text(key, sizeof(key), event->text, event->length);
	return refuse(decoder, "\"%s\" is unknown", key);
}

static int on_key(struct decoder *decoder, const struct json_event *event)
{
	struct frame *frame = top(decoder);
	const struct schema_row *row;

	if (frame->shape == SHAPE_MAP) {
		frame->key = take_text(decoder, event);
		return frame->key ? 0 : -1;
	}
	row = schema_find(frame->schema, event->text, event->length);
	if (!row)
		return unknown_key(decoder, frame, event);
	frame->pending = row;
	if (frame->seen & bit_of(frame, row))
		return refuse(decoder, "given twice");
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
			return refuse(decoder, "is required");
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
	struct any_list list = list_of(frame);
	size_t size = frame->row->kind == SCHEMA_STRING_MAP ? sizeof(struct string_map_entry)
							    : frame->row->object->size;
	_cleanup_free_ char **keys = NULL;

	frame->key = NULL;
	if (list.count < 2)
		return 0;
	keys = calloc(list.count, sizeof(*keys));
	if (!keys)
		return refuse(decoder, "no memory to compare the keys");
	for (size_t i = 0; i < list.count; i++)
		memcpy(&keys[i], list.items + i * size, sizeof(*keys));
	qsort(keys, list.count, sizeof(*keys), compare_keys);
	for (size_t i = 1; i < list.count; i++) {
		if (strcmp(keys[i - 1], keys[i]) == 0) {
			frame->key = keys[i];
			return refuse(decoder, "given twice");
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
	    list_of(frame).count == 0)
		return refuse(decoder, "must not be empty");
	return 0;
}

/* ---- the whole ---- */

static void skip(struct decoder *decoder, const struct json_event *event)
{
	bool begins = event->kind == JSON_OBJECT || event->kind == JSON_ARRAY;

	if (event->depth == decoder->skip_depth && !begins)
		decoder->skipping = false;
}

static int on_event(void *context, const struct json_event *event, struct error *err)
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

	return json_read(bytes, length, name, on_event, &decoder, err);
}

int schema_decode_closed(const struct schema *schema, const char *bytes, size_t length,
			 const char *name, struct arena *arena, void *object, struct error *err)
{
	struct decoder decoder = {
		.schema = schema, .arena = arena, .object = object, .closed = true
	};

	return json_read(bytes, length, name, on_event, &decoder, err);
}

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

	if (on_event(&seeker->decoder, event, err) < 0)
		return -1;
	write_path(&seeker->decoder, path, sizeof(path));
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
