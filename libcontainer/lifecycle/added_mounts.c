#include "libcontainer/lifecycle/added_mounts.h"

#include <limits.h>
#include <string.h>

#include "base/path.h"
#include "oci/schema.h"

#define ADDED_VERSION 1

#define TABLE struct added_mount
static const struct schema_row mount_rows[] = {
	ROW_OBJECT(TABLE, mount, "mount", struct config_mount, schema_mount),
	ROW_PLAIN_UINT(TABLE, id, "id"),
	ROW_PLAIN_UINT(TABLE, unique, "unique"),
	ROW_PLAIN_BOOL(TABLE, pending, "pending"),
};
static const struct schema schema_added_mount = SCHEMA(mount_rows, TABLE);
#undef TABLE

#define TABLE struct added_mounts
static const struct schema_row rows[] = {
	ROW_PLAIN_UINT(TABLE, version, "version", RANGE(0, ADDED_VERSION)),
	ROW_LIST(TABLE, mounts, "mounts", struct added_mount, schema_added_mount),
};
static const struct schema schema = SCHEMA(rows, TABLE);
#undef TABLE

int added_mounts_load(const struct record *record, size_t more, struct arena *arena,
		      struct added_mounts *ret_added, struct error *err)
{
	struct added_mounts added = { .version = ADDED_VERSION };
	struct added_mount *items;

	if (store_read_document(record, STORE_MOUNTS, &schema, arena, &added, err) < 0)
		return -1;
	items = arena_calloc(arena, added.mounts.count + more + 1, sizeof(*items));
	if (added.mounts.count)
		memcpy(items, added.mounts.items, added.mounts.count * sizeof(*items));
	added.mounts.items = items;
	*ret_added = added;
	return 0;
}

int added_mounts_save(const struct record *record, const struct added_mounts *added,
		      struct error *err)
{
	return store_write_document(record, STORE_MOUNTS, &schema, added, err);
}

void added_mounts_append(struct added_mounts *added, const struct config_mount *mount,
			 const struct mount_identity *identity)
{
	added->mounts.items[added->mounts.count++] = (struct added_mount){
		.mount = *mount,
		.id = identity->id,
		.unique = identity->unique,
		.pending = true,
	};
}

void added_mounts_drop_pending(struct added_mounts *added)
{
	struct added_list *mounts = &added->mounts;
	size_t kept = 0;

	for (size_t i = 0; i < mounts->count; i++)
		if (!mounts->items[i].pending)
			mounts->items[kept++] = mounts->items[i];
	mounts->count = kept;
}

static struct added_mount *find(const struct added_mounts *added, const char *destination)
{
	for (size_t i = added->mounts.count; i-- > 0;) {
		struct added_mount *mount = &added->mounts.items[i];

		if (!mount->pending && strcmp(mount->mount.destination, destination) == 0)
			return mount;
	}
	return NULL;
}

static bool in_config(const struct mount_list *config, const char *destination)
{
	struct error ignored = ERROR_INIT;
	char clean[PATH_MAX];

	for (size_t i = 0; i < config->count; i++)
		if (path_clean(config->items[i].destination, clean, sizeof(clean), &ignored) == 0 &&
		    strcmp(clean, destination) == 0)
			return true;
	return false;
}

int added_mounts_mark(struct added_mounts *added, const struct mount_list *wanted,
		      const struct mount_list *config, struct error *err)
{
	char clean[PATH_MAX];

	for (size_t i = 0; i < wanted->count; i++) {
		struct added_mount *found;

		if (path_clean(wanted->items[i].destination, clean, sizeof(clean), err) < 0)
			return error_prefix(err, "mounts[%zu]", i);
		found = find(added, clean);
		if (!found)
			return error_set(err, ERROR_INVALID, clean, "mounts[%zu]: %s: %s", i, clean,
					 in_config(config, clean)
					     ? "a mount of the container's config can't be "
					       "removed, only one that was added"
					     : "no mount was added there");
		found->pending = true;
	}
	return 0;
}
