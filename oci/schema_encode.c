#include "oci/schema.h"

#include <string.h>

#include "oci/config.h"

/* What all lists look like. */
struct any_list {
	const char *items;
	size_t count;
};

static struct any_list list_at(const char *at)
{
	struct any_list list;

	memcpy(&list, at, sizeof(list));
	return list;
}

static const char *pointer_at(const char *at)
{
	const char *pointer;

	memcpy(&pointer, at, sizeof(pointer));
	return pointer;
}

static bool flag_at(const char *at)
{
	bool flag;

	memcpy(&flag, at, sizeof(flag));
	return flag;
}

static bool object_present(const struct schema *schema, const char *object);

static bool present(const struct schema_row *row, const char *object)
{
	const char *at = object + row->offset;

	if (row->rules & RULE_PLAIN || (row->given && flag_at(object + row->given)))
		return true;
	switch (row->kind) {
	case SCHEMA_STRING:
	case SCHEMA_POINTER:
		return pointer_at(at) != NULL;
	case SCHEMA_BOOL:
		return flag_at(at + offsetof(struct optional_bool, set));
	case SCHEMA_INT:
	case SCHEMA_UINT:
		return flag_at(at + offsetof(struct optional_int, set));
	case SCHEMA_OBJECT:
		return object_present(row->object, at);
	default:
		return list_at(at).count > 0;
	}
}

/* An object that lies inside another has no mark of its own: it is there if anything in it is. */
static bool object_present(const struct schema *schema, const char *object)
{
	for (size_t i = 0; i < schema->count; i++)
		if (present(&schema->rows[i], object))
			return true;
	return false;
}

static void write_list(const struct schema_row *row, const char *at, struct json_writer *writer)
{
	struct any_list list = list_at(at);

	json_array(writer);
	for (size_t i = 0; i < list.count; i++) {
		if (row->kind == SCHEMA_STRINGS)
			json_string(writer, ((char *const *)(const void *)list.items)[i]);
		else if (row->kind == SCHEMA_IDS)
			json_uint(writer, ((const uint32_t *)(const void *)list.items)[i]);
		else
			schema_encode(row->object, list.items + i * row->object->size, writer);
	}
	json_array_end(writer);
}

static void write_map(const struct schema_row *row, const char *at, struct json_writer *writer)
{
	struct any_list list = list_at(at);
	bool strings = row->kind == SCHEMA_STRING_MAP;
	size_t size = strings ? sizeof(struct string_map_entry) : row->object->size;

	json_object(writer);
	for (size_t i = 0; i < list.count; i++) {
		const char *entry = list.items + i * size;

		json_key(writer, pointer_at(entry));
		if (strings)
			json_string(writer,
				    pointer_at(entry + offsetof(struct string_map_entry, value)));
		else
			schema_encode(row->object, entry, writer);
	}
	json_object_end(writer);
}

static void write_value(const struct schema_row *row, const char *at, struct json_writer *writer)
{
	uint64_t number;

	switch (row->kind) {
	case SCHEMA_STRING:
		json_string(writer, pointer_at(at));
		break;
	case SCHEMA_BOOL:
		json_bool(writer, flag_at(at));
		break;
	case SCHEMA_INT:
	case SCHEMA_UINT:
		memcpy(&number, at, sizeof(number));
		if (row->kind == SCHEMA_INT)
			json_int(writer, (int64_t)number);
		else
			json_uint(writer, number);
		break;
	case SCHEMA_OBJECT:
		schema_encode(row->object, at, writer);
		break;
	case SCHEMA_POINTER:
		schema_encode(row->object, pointer_at(at), writer);
		break;
	case SCHEMA_STRINGS:
	case SCHEMA_IDS:
	case SCHEMA_LIST:
		write_list(row, at, writer);
		break;
	case SCHEMA_STRING_MAP:
	case SCHEMA_OBJECT_MAP:
		write_map(row, at, writer);
		break;
	}
}

void schema_encode(const struct schema *schema, const void *object, struct json_writer *writer)
{
	json_object(writer);
	for (const struct schema_row *row = schema->rows; row < schema->rows + schema->count;
	     row++) {
		if (!present(row, object))
			continue;
		json_key(writer, row->key);
		write_value(row, (const char *)object + row->offset, writer);
	}
	json_object_end(writer);
}
