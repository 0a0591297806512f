/* The manifest as a document. */
#include "checkpoint/manifest.h"

#include <inttypes.h>
#include <string.h>
#include <sys/utsname.h>

#include "checkpoint/images.h"
#include "oci/schema.h"

#define KEY_SIZE 32

#define TABLE struct manifest_mount
static const struct schema_row mount_rows[] = {
	ROW_STRING(TABLE, key, "key", REQUIRED_FILLED),
	ROW_STRING(TABLE, mountpoint, "mountpoint", REQUIRED_PATH),
};
static const struct schema mount_schema = SCHEMA(mount_rows, TABLE, .closed = true);
#undef TABLE

#define TABLE struct manifest_image
static const struct schema_row image_rows[] = {
	ROW_STRING(TABLE, name, "name", REQUIRED_FILLED),
	ROW_PLAIN_UINT(TABLE, size, "size"),
	ROW_STRING(TABLE, hash, "hash", REQUIRED_FILLED),
};
static const struct schema image_schema = SCHEMA(image_rows, TABLE, .closed = true);
#undef TABLE

#define TABLE struct manifest
static const struct schema_row manifest_rows[] = {
	ROW_PLAIN_UINT(TABLE, version, "version"),
	ROW_STRING(TABLE, proa, "proa", REQUIRED),
	ROW_PLAIN_UINT(TABLE, criu, "criu"),
	ROW_STRING(TABLE, architecture, "architecture", REQUIRED_FILLED),
	ROW_STRING(TABLE, id, "id", REQUIRED_FILLED),
	ROW_PLAIN_UINT(TABLE, rootfs_since, "rootfsSince"),
	ROW_PLAIN_BOOL(TABLE, pre_dump, "preDump"),
	ROW_STRING(TABLE, tracked, "tracked", 0),
	ROW_PLAIN_BOOL(TABLE, pages_elsewhere, "pagesElsewhere"),
	ROW_LIST(TABLE, mounts, "mounts", struct manifest_mount, mount_schema),
	ROW_STRINGS(TABLE, descriptors, "descriptors"),
	ROW_LIST(TABLE, images, "images", struct manifest_image, image_schema),
};
static const struct schema manifest_schema = SCHEMA(manifest_rows, TABLE);
#undef TABLE

int manifest_encode(const struct manifest *manifest, struct buffer *buffer, struct error *err)
{
	struct json_writer writer;

	json_begin(&writer, true);
	schema_encode(&manifest_schema, manifest, &writer);
	if (json_finish(&writer, buffer, err) < 0)
		return error_prefix(err, "manifest");
	return 0;
}

/* CRIU takes "mnt[MOUNTPOINT]:KEY" apart at the brackets. */
int manifest_check_mountpoint(const char *mountpoint, struct error *err)
{
	if (text_printable(mountpoint) && !strpbrk(mountpoint, "[]"))
		return 0;
	return error_set(err, ERROR_UNSUPPORTED, text_printable(mountpoint) ? mountpoint : NULL,
			 "a mount of the host can't be checkpointed at %s: CRIU has no way to name "
			 "a path with brackets or control characters",
			 text_printable(mountpoint) ? mountpoint
						    : "a path with control characters");
}

bool manifest_is_key(const char *key)
{
	return *key && strlen(key) < KEY_SIZE &&
	       key[strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0';
}

static int check_mounts(const struct manifest *manifest, struct error *err)
{
	for (size_t i = 0; i < manifest->mounts.count; i++) {
		const struct manifest_mount *mount = &manifest->mounts.items[i];

		if (!manifest_is_key(mount->key) ||
		    manifest_check_mountpoint(mount->mountpoint, err) < 0)
			return error_set(err, ERROR_INVALID, IMAGES_MANIFEST,
					 "%s: mounts[%zu] is none that we have written",
					 IMAGES_MANIFEST, i);
	}
	return 0;
}

/* Of the name of an image nothing may be left to be resolved. */
static int check_images(const struct manifest *manifest, struct error *err)
{
	for (size_t i = 0; i < manifest->images.count; i++) {
		const char *name = manifest->images.items[i].name;

		if (strchr(name, '/') || !text_printable(name) || !images_is_image(name))
			return error_set(err, ERROR_INVALID, IMAGES_MANIFEST,
					 "%s: images[%zu] is the name of no image", IMAGES_MANIFEST,
					 i);
	}
	return 0;
}

static int check_descriptors(const struct manifest *manifest, struct error *err)
{
	if (manifest->descriptors.count <= MANIFEST_STREAMS)
		return 0;
	return error_set(err, ERROR_INVALID, IMAGES_MANIFEST,
			 "%s: descriptors: there are %d standard streams, not %zu", IMAGES_MANIFEST,
			 MANIFEST_STREAMS, manifest->descriptors.count);
}

int manifest_parse(const char *bytes, size_t length, struct arena *arena,
		   struct manifest **ret_manifest, struct error *err)
{
	struct manifest *manifest = arena_alloc(arena, sizeof(*manifest));
	struct utsname machine;

	if (schema_decode(&manifest_schema, bytes, length, IMAGES_MANIFEST, arena, manifest, err) <
	    0)
		return -1;
	if (manifest->version == 0)
		return error_set(err, ERROR_INVALID, IMAGES_MANIFEST, "%s: version: is required",
				 IMAGES_MANIFEST);
	if (manifest->version > MANIFEST_VERSION)
		return error_set(err, ERROR_UNSUPPORTED, IMAGES_MANIFEST,
				 "the checkpoint was made by a newer proa (%s has version %" PRIu64
				 ", known is %d): restore it with that one",
				 IMAGES_MANIFEST, manifest->version, MANIFEST_VERSION);
	uname(&machine);
	if (strcmp(manifest->architecture, machine.machine) != 0)
		return error_set(err, ERROR_UNSUPPORTED, IMAGES_MANIFEST,
				 "the checkpoint was made on another architecture, %.32s, and this "
				 "is %s",
				 text_printable(manifest->architecture) ? manifest->architecture
									: "?",
				 machine.machine);
	if (check_mounts(manifest, err) < 0 || check_images(manifest, err) < 0 ||
	    check_descriptors(manifest, err) < 0)
		return -1;
	*ret_manifest = manifest;
	return 0;
}
