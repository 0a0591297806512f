/* The schema: each object of a document is a table of properties, each property a row. From the
 * rows come the decoder, the encoder, the errors that name a place, the lists in `features` and the
 * test that no property of the runtime-spec was forgotten. Any process. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "oci/json.h"

/* What a property is in JSON, and in the struct. */
enum schema_kind {
	SCHEMA_STRING,	   /* string: char * */
	SCHEMA_STRINGS,	   /* array of strings: struct strings */
	SCHEMA_BOOL,	   /* true or false: struct optional_bool, or bool with RULE_PLAIN */
	SCHEMA_INT,	   /* integer: struct optional_int, or int64_t with RULE_PLAIN */
	SCHEMA_UINT,	   /* integer: struct optional_uint, or uint64_t with RULE_PLAIN */
	SCHEMA_IDS,	   /* array of integers: { uint32_t *items; size_t count; } */
	SCHEMA_OBJECT,	   /* object: the struct of .object inside */
	SCHEMA_POINTER,	   /* object: a pointer to the struct of .object */
	SCHEMA_LIST,	   /* array of objects: a list of the structs of .object */
	SCHEMA_STRING_MAP, /* object, any keys, values strings: struct string_map */
	SCHEMA_OBJECT_MAP, /* object, any keys, values objects: a list of the structs of .object,
			      whose first member is char *key */
};

enum schema_rule {
	RULE_REQUIRED = 1 << 0,
	RULE_NOT_EMPTY = 1 << 1,       /* a string or an array that is there has something in it */
	RULE_ABSOLUTE = 1 << 2,	       /* a path, or each of a list of them, begins with "/" */
	RULE_PLAIN = 1 << 3,	       /* the struct doesn't tell absence: 0 or false */
	RULE_EMPTY_IS_ABSENT = 1 << 4, /* many callers can't leave a string out, only empty it */
};

struct schema_row {
	const char *key;
	size_t length; /* of the key */
	enum schema_kind kind;
	unsigned int rules;
	size_t offset;
	const struct schema *object;
	const struct name_value *names; /* what a string, or each of a list, may be; NULL: any */
	int64_t min;			/* of a number; both 0: any of its 64 bits */
	uint64_t max;
	size_t given; /* offset of a bool that tells an empty list from none; 0: there is none */
	const char *applied_by; /* the C function that acts on it */
};

struct schema {
	const struct schema_row *rows;
	size_t count;
	size_t size; /* of the struct */
	bool closed; /* an unknown key is an error: the keys are values here, not extensions */
	bool bare;   /* as a document it is no object, but the value of its only property */
};

/* ---- rows ---- */

/* The offset of @field, refusing to compile unless the field has the type that the kind needs. */
#define SCHEMA_OFFSET(type, field, wanted)                                                         \
	(offsetof(type, field) +                                                                   \
	 0 * sizeof(char[__builtin_types_compatible_p(__typeof__(((type *)NULL)->field), wanted)   \
			     ? 1                                                                   \
			     : -1]))

#define SCHEMA_KEY(key_) .key = (key_), .length = sizeof(key_) - 1

#define ROW_STRING(type, field, key_, ...)                                                         \
	{                                                                                          \
		SCHEMA_KEY(key_), .kind = SCHEMA_STRING,                                           \
				  .offset = SCHEMA_OFFSET(type, field, char *), __VA_ARGS__        \
	}
#define ROW_STRINGS(type, field, key_, ...)                                                        \
	{                                                                                          \
		SCHEMA_KEY(key_), .kind = SCHEMA_STRINGS,                                          \
				  .offset = SCHEMA_OFFSET(type, field, struct strings),            \
				  __VA_ARGS__                                                      \
	}
#define ROW_BOOL(type, field, key_, ...)                                                           \
	{                                                                                          \
		SCHEMA_KEY(key_), .kind = SCHEMA_BOOL,                                             \
				  .offset = SCHEMA_OFFSET(type, field, struct optional_bool),      \
				  __VA_ARGS__                                                      \
	}
#define ROW_INT(type, field, key_, ...)                                                            \
	{                                                                                          \
		SCHEMA_KEY(key_), .kind = SCHEMA_INT,                                              \
				  .offset = SCHEMA_OFFSET(type, field, struct optional_int),       \
				  __VA_ARGS__                                                      \
	}
#define ROW_UINT(type, field, key_, ...)                                                           \
	{                                                                                          \
		SCHEMA_KEY(key_), .kind = SCHEMA_UINT,                                             \
				  .offset = SCHEMA_OFFSET(type, field, struct optional_uint),      \
				  __VA_ARGS__                                                      \
	}
#define ROW_PLAIN_BOOL(type, field, key_, ...)                                                     \
	{                                                                                          \
		SCHEMA_KEY(key_), .kind = SCHEMA_BOOL, .rules = RULE_PLAIN,                        \
				  .offset = SCHEMA_OFFSET(type, field, bool), __VA_ARGS__          \
	}
#define ROW_PLAIN_INT(type, field, key_, ...)                                                      \
	{                                                                                          \
		SCHEMA_KEY(key_), .kind = SCHEMA_INT, .rules = RULE_PLAIN,                         \
				  .offset = SCHEMA_OFFSET(type, field, int64_t), __VA_ARGS__       \
	}
#define ROW_PLAIN_UINT(type, field, key_, ...)                                                     \
	{                                                                                          \
		SCHEMA_KEY(key_), .kind = SCHEMA_UINT, .rules = RULE_PLAIN,                        \
				  .offset = SCHEMA_OFFSET(type, field, uint64_t), __VA_ARGS__      \
	}
#define ROW_IDS(type, field, key_, ...)                                                            \
	{                                                                                          \
		SCHEMA_KEY(key_), .kind = SCHEMA_IDS,                                              \
				  .offset = SCHEMA_OFFSET(type, field.items, uint32_t *),          \
				  __VA_ARGS__                                                      \
	}
#define ROW_OBJECT(type, field, key_, inner, schema_, ...)                                         \
	{                                                                                          \
		SCHEMA_KEY(key_), .kind = SCHEMA_OBJECT,                                           \
				  .offset = SCHEMA_OFFSET(type, field, inner),                     \
				  .object = &(schema_), __VA_ARGS__                                \
	}
#define ROW_POINTER(type, field, key_, inner, schema_, ...)                                        \
	{                                                                                          \
		SCHEMA_KEY(key_), .kind = SCHEMA_POINTER,                                          \
				  .offset = SCHEMA_OFFSET(type, field, inner *),                   \
				  .object = &(schema_), __VA_ARGS__                                \
	}
#define ROW_LIST(type, field, key_, inner, schema_, ...)                                           \
	{                                                                                          \
		SCHEMA_KEY(key_), .kind = SCHEMA_LIST,                                             \
				  .offset = SCHEMA_OFFSET(type, field.items, inner *),             \
				  .object = &(schema_), __VA_ARGS__                                \
	}
#define ROW_STRING_MAP(type, field, key_, ...)                                                     \
	{                                                                                          \
		SCHEMA_KEY(key_), .kind = SCHEMA_STRING_MAP,                                       \
				  .offset = SCHEMA_OFFSET(type, field, struct string_map),         \
				  __VA_ARGS__                                                      \
	}
#define ROW_OBJECT_MAP(type, field, key_, inner, schema_, ...)                                     \
	{                                                                                          \
		SCHEMA_KEY(key_), .kind = SCHEMA_OBJECT_MAP,                                       \
				  .offset = SCHEMA_OFFSET(type, field.items, inner *),             \
				  .object = &(schema_), __VA_ARGS__                                \
	}

/* What a row may have besides: ROW_UINT(…, RANGE(0, 100), APPLIED_BY("cgroup_swappiness")). */
#define REQUIRED	     .rules = RULE_REQUIRED
#define NOT_EMPTY	     .rules = RULE_NOT_EMPTY
#define EMPTY_IS_ABSENT	     .rules = RULE_EMPTY_IS_ABSENT
#define REQUIRED_FILLED	     .rules = RULE_REQUIRED | RULE_NOT_EMPTY
#define REQUIRED_PATH	     .rules = RULE_REQUIRED | RULE_ABSOLUTE
#define OPTIONAL_PATH	     .rules = RULE_EMPTY_IS_ABSENT | RULE_ABSOLUTE
#define ABSOLUTE_EACH	     .rules = RULE_ABSOLUTE
#define RANGE(min_, max_)    .min = (min_), .max = (max_)
#define GIVEN(type, field)   .given = SCHEMA_OFFSET(type, field, bool)
#define UINT16		     RANGE(0, UINT16_MAX)
#define ID		     RANGE(0, UINT32_MAX - 1) /* the last one is no id but "leave it" */
#define UINT32		     RANGE(0, UINT32_MAX)
#define INT32		     RANGE(INT32_MIN, INT32_MAX)
#define ONE_OF(table)	     .names = (table)
#define APPLIED_BY(function) .applied_by = (function)

/* A table as an object: SCHEMA(memory_rows, struct config_memory). */
#define SCHEMA(table, type, ...)                                                                   \
	{                                                                                          \
		.rows = (table), .count = sizeof(table) / sizeof((table)[0]),                      \
		.size = sizeof(type), __VA_ARGS__                                                  \
	}

/* ---- what is done with them ---- */

/* Decode a document into @object, a zeroed struct of @schema; what it points to is made in @arena.
 * Unknown properties are skipped with all below them, null counts as absent. The first wrong thing
 * is ERROR_INVALID: "NAME:LINE: PATH: expected …, found …", err->object is PATH. A document that
 * needs more than the arena has left is refused, too. */
int schema_decode(const struct schema *schema, const char *bytes, size_t length, const char *name,
		  struct arena *arena, void *object, struct error *err);

/* The same for a document that somebody wrote to have an effect: an unknown property is an error. */
int schema_decode_closed(const struct schema *schema, const char *bytes, size_t length,
			 const char *name, struct arena *arena, void *object, struct error *err);

/* For an error found later in a document that could be decoded, err->object naming the place: put
 * "NAME:LINE: " before its text, the line being that of what is nearest above if the place itself
 * isn't in the document ("NAME: " if nothing is). Reads the document anew. Returns -1. */
int schema_locate(const struct schema *schema, const char *bytes, size_t length, const char *name,
		  struct error *err);

/* Write @object as a JSON object. What is absent is left out; a RULE_PLAIN row is always written.
 */
void schema_encode(const struct schema *schema, const void *object, struct json_writer *writer);

/* The row with that key, NULL if there is none. */
const struct schema_row *schema_find(const struct schema *schema, const char *key, size_t length);

/* ---- the schemas ---- */

extern const struct schema schema_config, schema_process, schema_resources;
extern const struct schema schema_hooks, schema_linux, schema_mount; /* parts of the config's */
extern const struct schema schema_mounts; /* an array of mounts, as `mounts` takes it */
