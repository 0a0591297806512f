#include "libcontainer/lifecycle/updates.h"

#include <string.h>

#include "oci/schema.h"

#define UPDATES_VERSION 1

#define TABLE struct updates
static const struct schema_row rows[] = {
	ROW_PLAIN_UINT(TABLE, version, "version", RANGE(0, UPDATES_VERSION)),
	ROW_OBJECT(TABLE, resources, "resources", struct config_resources, schema_resources),
	ROW_INT(TABLE, oom_score_adj, "oomScoreAdj"),
};
static const struct schema schema = SCHEMA(rows, TABLE);
#undef TABLE

int updates_load(const struct record *record, struct arena *arena, struct updates *ret_updates,
		 struct error *err)
{
	struct updates updates = { .version = UPDATES_VERSION };

	if (store_read_document(record, STORE_UPDATES, &schema, arena, &updates, err) < 0)
		return -1;
	*ret_updates = updates;
	return 0;
}

int updates_save(const struct record *record, const struct updates *updates, struct error *err)
{
	return store_write_document(record, STORE_UPDATES, &schema, updates, err);
}

/* ---- maps ---- */

static struct string_map_entry *find(const struct string_map *map, const char *key)
{
	for (size_t i = 0; i < map->count; i++)
		if (strcmp(map->items[i].key, key) == 0)
			return &map->items[i];
	return NULL;
}

static void put(struct string_map *map, const char *key, const char *value, struct arena *arena)
{
	struct string_map_entry *entry = find(map, key), *grown;

	if (!entry) {
		grown = arena_calloc(arena, map->count + 1, sizeof(*grown));
		if (map->count)
			memcpy(grown, map->items, map->count * sizeof(*grown));
		map->items = grown;
		entry = &grown[map->count++];
		entry->key = arena_strdup(arena, key);
	}
	entry->value = arena_strdup(arena, value);
}

static void drop(struct string_map *map, const char *key)
{
	struct string_map_entry *entry = find(map, key);

	if (entry)
		*entry = map->items[--map->count];
}

/* Two names for one weight: what comes later holds. It is kept while the cgroup is idle, and has none. */
static void put_file(struct string_map *unified, const char *file, const char *text,
		     struct arena *arena)
{
	put(unified, file, text, arena);
	if (strcmp(file, "cpu.weight") == 0)
		drop(unified, "cpu.weight.nice");
	if (strcmp(file, "cpu.weight.nice") == 0)
		drop(unified, "cpu.weight");
}

void updates_set(struct updates *updates, const char *file, const char *text, struct arena *arena)
{
	put_file(&updates->resources.unified, file, text, arena);
}

void updates_apply(const struct updates *updates, struct arena *arena, struct config *config)
{
	const struct string_map *unified = &updates->resources.unified;
	struct config_resources *resources = config->linux_->resources;

	if (!resources)
		resources = arena_alloc(arena, sizeof(*resources));
	for (size_t i = 0; i < unified->count; i++)
		put_file(&resources->unified, unified->items[i].key, unified->items[i].value,
			 arena);
	if (updates->resources.devices.count)
		resources->devices = updates->resources.devices;
	if (updates->oom_score_adj.set)
		config->process->oom_score_adj = updates->oom_score_adj;
	config->linux_->resources = resources;
}
