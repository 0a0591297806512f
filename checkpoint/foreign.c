#include "checkpoint/foreign.h"

#include <limits.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/path.h"
#include "checkpoint/images.h"
#include "libcontainer/rootfs/rootfs.h"
#include "oci/json.h"

#define DESCRIPTORS_MAX (64 << 10)

struct collector {
	struct strings *streams;
	struct arena *arena;
};

static int collect_stream(void *context, const struct json_event *event, struct error *err)
{
	const struct collector *collector = context;
	struct strings *streams = collector->streams;

	(void)err;
	if (event->kind == JSON_STRING && streams->count < MANIFEST_STREAMS)
		streams->items[streams->count++] =
		    arena_strndup(collector->arena, event->text, event->length);
	return 0;
}

int foreign_manifest(int dir, struct arena *arena, struct manifest **ret_manifest,
		     struct error *err)
{
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;
	struct manifest *manifest = arena_alloc(arena, sizeof(*manifest));
	struct collector collector = { &manifest->descriptors, arena };

	manifest->descriptors.items = arena_calloc(arena, MANIFEST_STREAMS, sizeof(char *));
	if (file_read(dir, IMAGES_DESCRIPTORS, DESCRIPTORS_MAX, &text, err) < 0)
		return error_prefix(err,
				    "these images are of another program than proa, runc or crun");
	if (json_read(text.bytes, text.length, IMAGES_DESCRIPTORS, collect_stream, &collector,
		      err) < 0)
		return -1;
	*ret_manifest = manifest;
	return 0;
}

static void add(struct manifest *manifest, char *key, const char *mountpoint, struct arena *arena)
{
	manifest->mounts.items[manifest->mounts.count++] =
	    (struct manifest_mount){ key, arena_strdup(arena, mountpoint) };
}

int foreign_mounts(struct manifest *manifest, const struct config *config, struct arena *arena,
		   struct error *err)
{
	const struct strings *masks = &config->linux_->masked_paths;
	char clean[PATH_MAX];

	manifest->mounts.items = arena_calloc(arena, config->mounts.count + masks->count,
					      sizeof(*manifest->mounts.items));
	for (size_t i = 0; i < config->mounts.count; i++) {
		const struct config_mount *mount = &config->mounts.items[i];

		if (!rootfs_is_bind(mount, arena))
			continue;
		if (path_clean(mount->destination, clean, sizeof(clean), err) < 0)
			return -1;
		add(manifest, arena_printf(arena, "proa-m%zu", i), clean, arena);
	}
	for (size_t i = 0; i < masks->count; i++)
		add(manifest, (char *)MANIFEST_MASK, masks->items[i], arena);
	return 0;
}
