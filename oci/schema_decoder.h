/* Inside the decoder: what schema_decode.c, schema_scalars.c, schema_refuse.c and schema_locate.c share; not for use
 * outside of them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "oci/json.h"
#include "oci/schema.h"

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

static inline struct any_list decoder_list(const struct frame *frame)
{
	struct any_list list;

	memcpy(&list, frame->base, sizeof(list));
	return list;
}

/* Take an event of the document; the decoder is @context. */
int decoder_event(void *context, const struct json_event *event, struct error *err);

/* ---- schema_refuse.c: what is wrong, and where ---- */

/* The place of the value that is being decoded: linux.namespaces[2].type, annotations["org.x"]. */
void decoder_path(const struct decoder *decoder, char *out, size_t size);

/* Sets ERROR_INVALID, "PATH: …", err->object being PATH; returns -1. */
__attribute__((format(printf, 2, 3), cold)) int decoder_refuse(struct decoder *decoder,
							       const char *format, ...);

/* The same: "expected WANTED, found …". */
int decoder_refuse_found(struct decoder *decoder, const char *wanted,
			 const struct json_event *found);

/* The same for a name that isn't one of @names. */
int decoder_refuse_name(struct decoder *decoder, const struct name_value *names,
			const struct json_event *found);

/* The same for a key of the document that no row has. */
int decoder_refuse_key(struct decoder *decoder, const struct json_event *key);

/* ---- memory of the document ---- */

/* Zeroed memory of the arena; NULL with the error if the document may not have that much. */
void *decoder_take(struct decoder *decoder, size_t size);
char *decoder_take_text(struct decoder *decoder, const struct json_event *event);

/* ---- schema_scalars.c ---- */

/* A value without parts: checked as its row says, and written to @at. Of an id only the range matters. */
int decoder_store_string(struct decoder *decoder, const struct schema_row *row, char *at,
			 const struct json_event *event);
int decoder_store_bool(struct decoder *decoder, const struct schema_row *row, char *at,
		       const struct json_event *event);
int decoder_store_uint(struct decoder *decoder, const struct schema_row *row, char *at,
		       const struct json_event *event);
int decoder_store_int(struct decoder *decoder, const struct schema_row *row, char *at,
		      const struct json_event *event);
int decoder_store_id(struct decoder *decoder, char *at, const struct json_event *event);
