#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "oci/json.h"
#include "src/statistics.h"

#define DEPTH_MAX 8

struct component {
	char name[64];
	bool list;
};

/* The objects and lists that are open, from data on. */
struct places {
	struct json_writer json;
	struct component open[DEPTH_MAX];
	size_t depth;
};

/* Cut the place of a number into its components; the last is its key, or "" for an object alone. */
static size_t split(const struct statistic_value *value, struct component parts[DEPTH_MAX])
{
	const char *place = value->row->place;
	size_t count = 0;

	for (; count < DEPTH_MAX; count++) {
		size_t length = strcspn(place, ".");
		bool list = length > 2 && strncmp(place + length - 2, "[]", 2) == 0;

		if (length == 1 && *place == '*')
			text_cut(parts[count].name, sizeof(parts[count].name), "%s",
				 value->instance);
		else
			text_cut(parts[count].name, sizeof(parts[count].name), "%.*s",
				 (int)(list ? length - 2 : length), place);
		parts[count].list = list;
		if (!place[length])
			return count + 1;
		place += length + 1;
	}
	return count;
}

static void close_last(struct places *places)
{
	if (places->open[--places->depth].list)
		json_array_end(&places->json);
	else
		json_object_end(&places->json);
}

static void close_to(struct places *places, size_t depth)
{
	while (places->depth > depth)
		close_last(places);
}

static void go_to(struct places *places, const struct component *parts, size_t count)
{
	size_t common = 0;

	while (common < count && common < places->depth &&
	       strcmp(parts[common].name, places->open[common].name) == 0)
		common++;
	close_to(places, common);
	for (; places->depth < count; places->depth++) {
		places->open[places->depth] = parts[places->depth];
		json_key(&places->json, parts[places->depth].name);
		if (parts[places->depth].list)
			json_array(&places->json);
		else
			json_object(&places->json);
	}
}

static uint64_t number_of(const struct statistic_value *value)
{
	if (value->max)
		return value->row->rules & STATISTIC_MAX_IS_0 ? 0 : UINT64_MAX;
	return value->number * (value->row->factor ?: 1);
}

/* An entry of a list of I/O, as Go leaves out what is 0. */
static void add_entry(struct json_writer *json, const struct statistic_value *value)
{
	unsigned int device[2] = { 0, 0 };
	uint64_t number = number_of(value);

	sscanf(value->instance, "%u:%u", &device[0], &device[1]);
	json_object(json);
	for (size_t i = 0; i < 2; i++) {
		if (!device[i])
			continue;
		json_key(json, i ? "minor" : "major");
		json_uint(json, device[i]);
	}
	json_key(json, "op");
	json_string(json, value->row->op);
	if (number) {
		json_key(json, "value");
		json_uint(json, number);
	}
	json_object_end(json);
}

static void add_value(struct json_writer *json, const struct statistic_value *value)
{
	if (!value->found && !(value->row->rules & STATISTIC_ALWAYS))
		json_string(json, NULL);
	else if (value->row->decimals)
		json_decimal(json, value->number, value->row->decimals);
	else
		json_uint(json, number_of(value));
}

static void add(struct places *places, const struct statistic_value *value)
{
	struct component parts[DEPTH_MAX];
	size_t count;

	if (!value->row->place ||
	    (value->row->rules & STATISTIC_OMIT_ZERO && number_of(value) == 0))
		return;
	count = split(value, parts);
	if (parts[count - 1].list) {
		go_to(places, parts, count);
		add_entry(&places->json, value);
		return;
	}
	go_to(places, parts, count - 1);
	if (!parts[count - 1].name[0])
		return;
	json_key(&places->json, parts[count - 1].name);
	add_value(&places->json, value);
}

int statistics_json(const char *id, const struct statistics *statistics, struct buffer *text,
		    struct error *err)
{
	struct places places = { .depth = 0 };
	struct json_writer *json = &places.json;

	json_begin(json, false);
	json_object(json);
	json_key(json, "type");
	json_string(json, "stats");
	json_key(json, "id");
	json_string(json, id);
	json_key(json, "data");
	json_object(json);
	for (size_t i = 0; i < statistics->count; i++)
		add(&places, &statistics->items[i]);
	close_to(&places, 0);
	json_object_end(json);
	json_object_end(json);
	return json_finish(json, text, err);
}
