/* The manifest and the files it tells of. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/hash.h"
#include "base/termination.h"
#include "checkpoint/images.h"
#include "checkpoint/manifest.h"

#define MANIFEST_SIZE_MAX (4 << 20)
#define CHUNK		  (1 << 20)

/* ---- to write ---- */

int manifest_begin(struct manifest *manifest, const struct mountinfo_list *external,
		   const struct config *config, struct arena *arena, struct error *err)
{
	struct utsname machine;

	uname(&machine);
	*manifest = (struct manifest){
		.version = MANIFEST_VERSION,
		.proa = arena_strdup(arena, PACKAGE_VERSION),
		.architecture = arena_strdup(arena, machine.machine),
	};
	manifest->mounts.items =
	    arena_calloc(arena, external->count, sizeof(*manifest->mounts.items));
	for (size_t i = 0; i < external->count; i++) {
		const struct mount_info *mount = &external->items[i];

		if (manifest_check_mountpoint(mount->mountpoint, err) < 0)
			return -1;
		manifest->mounts.items[manifest->mounts.count++] = (struct manifest_mount){
			mount_is_mask(mount, config) ? arena_strdup(arena, MANIFEST_MASK)
						     : arena_printf(arena, "proa-m%zu", i),
			mount->mountpoint,
		};
	}
	return 0;
}

/* Less than @size is a failure. */
static int read_whole(int fd, char *bytes, size_t size)
{
	const char *end = bytes + size;

	while (bytes < end) {
		ssize_t got = fd_read_some(fd, bytes, (size_t)(end - bytes));

		if (got <= 0)
			return -1;
		bytes += got;
	}
	return 0;
}

/* Of the first @size bytes; fewer are a failure, as is a signal that waits. */
static int hash_file(int fd, uint64_t size, uint64_t *ret_hash)
{
	_cleanup_free_ char *chunk = malloc(CHUNK);
	uint64_t hash = HASH_START;

	if (!chunk)
		return -1;
	while (size) {
		size_t wanted = size < CHUNK ? (size_t)size : CHUNK;

		if (termination_waits()) {
			errno = EINTR;
			return -1;
		}
		if (read_whole(fd, chunk, wanted) < 0)
			return -1;
		hash = hash_bytes(hash, chunk, wanted);
		size -= wanted;
	}
	*ret_hash = hash;
	return 0;
}

/* Regular, and opened through no link. */
static int open_image(int dir, const char *name, uint64_t *ret_size, struct error *err)
{
	_cleanup_fd_ int fd =
	    openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return error_errno(err, errno, name, "open the image %s", name);
	if (!S_ISREG(st.st_mode))
		return error_set(err, ERROR_REFUSED, name, "the image %s is no regular file", name);
	*ret_size = (uint64_t)st.st_size;
	return steal_fd(&fd);
}

static int add_image(struct manifest *manifest, int dir, const char *name, struct arena *arena,
		     struct error *err)
{
	struct manifest_image *image = &manifest->images.items[manifest->images.count];
	_cleanup_fd_ int fd = open_image(dir, name, &image->size, err);
	uint64_t hash;

	if (fd < 0)
		return -1;
	if (hash_file(fd, image->size, &hash) < 0)
		return error_errno(err, errno, name, "read the image %s", name);
	image->name = arena_strdup(arena, name);
	image->hash = arena_printf(arena, "%016" PRIx64, hash);
	manifest->images.count++;
	return 0;
}

static int by_name(const void *one, const void *other)
{
	return strcmp(((const struct manifest_image *)one)->name,
		      ((const struct manifest_image *)other)->name);
}

static int add_images(struct manifest *manifest, int dir, struct arena *arena, struct error *err)
{
	_cleanup_dir_ DIR *entries = dir_list(dir);
	const char *name = NULL;
	size_t count = 0;

	if (!entries)
		return error_errno(err, errno, NULL, "list the images");
	while (dir_next(entries))
		count++;
	if (errno)
		return error_errno(err, errno, NULL, "list the images");
	rewinddir(entries);
	manifest->images.items = arena_calloc(arena, count, sizeof(*manifest->images.items));
	while (manifest->images.count < count && (name = dir_next(entries)))
		if (images_is_image(name) && add_image(manifest, dir, name, arena, err) < 0)
			return -1;
	if (!name && errno)
		return error_errno(err, errno, NULL, "list the images");
	if (manifest->images.count)
		qsort(manifest->images.items, manifest->images.count,
		      sizeof(*manifest->images.items), by_name);
	return 0;
}

int manifest_write(struct manifest *manifest, int dir, struct arena *arena, struct error *err)
{
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;

	if (add_images(manifest, dir, arena, err) < 0 || manifest_encode(manifest, &text, err) < 0)
		return -1;
	if (text.length > MANIFEST_SIZE_MAX)
		return error_set(err, ERROR_UNSUPPORTED, IMAGES_MANIFEST,
				 "the container has too many processes: %zu images are more than "
				 "%s has room for",
				 manifest->images.count, IMAGES_MANIFEST);
	return file_replace(dir, IMAGES_MANIFEST, 0600, text.bytes, text.length, false, err);
}

/* ---- to read ---- */

static int verify_image(int dir, const struct manifest_image *image, struct error *err)
{
	uint64_t size, hash;
	_cleanup_fd_ int fd = open_image(dir, image->name, &size, err);
	char text[17];

	if (fd < 0)
		return err->errnum == ENOENT
			   ? error_set(err, ERROR_INVALID, image->name,
				       "the checkpoint is damaged: the image %s is missing",
				       image->name)
			   : -1;
	if (size != image->size)
		return error_set(err, ERROR_INVALID, image->name,
				 "the checkpoint is damaged: the image %s has %" PRIu64
				 " bytes instead of %" PRIu64,
				 image->name, size, image->size);
	if (hash_file(fd, size, &hash) < 0)
		return error_errno(err, errno, image->name, "read the image %s", image->name);
	snprintf(text, sizeof(text), "%016" PRIx64, hash);
	if (strcmp(text, image->hash) != 0)
		return error_set(err, ERROR_INVALID, image->name,
				 "the checkpoint is damaged: the image %s has changed since it was "
				 "written",
				 image->name);
	return 0;
}

static bool is_expected(const struct manifest *manifest, const char *name)
{
	if (!images_is_image(name) || (manifest->pages_elsewhere && images_is_memory(name)))
		return true;
	for (size_t i = 0; i < manifest->images.count; i++)
		if (strcmp(name, manifest->images.items[i].name) == 0)
			return true;
	return false;
}

/* One that isn't listed was put there by somebody else, and CRIU would read it. */
static int verify_list(const struct manifest *manifest, int dir, struct error *err)
{
	_cleanup_dir_ DIR *entries = dir_list(dir);
	bool memory = false;
	const char *name;

	if (!entries)
		return error_errno(err, errno, NULL, "list the images");
	while ((name = dir_next(entries))) {
		memory |= images_is_memory(name);
		if (!is_expected(manifest, name))
			return error_set(err, ERROR_INVALID, IMAGES_MANIFEST,
					 "the checkpoint is damaged: the image %s is not in %s",
					 text_printable(name) ? name : "?", IMAGES_MANIFEST);
	}
	if (errno)
		return error_errno(err, errno, NULL, "list the images");
	if (manifest->pages_elsewhere && !memory)
		return error_set(err, ERROR_INVALID, IMAGES_MANIFEST,
				 "the memory went to a page server: put its pages-*.img and "
				 "pagemap-*.img beside the other images");
	return 0;
}

int manifest_load(int dir, struct arena *arena, struct manifest **ret_manifest, struct error *err)
{
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;

	*ret_manifest = NULL;
	if (faccessat(dir, IMAGES_MANIFEST, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
		return 0;
	if (file_read(dir, IMAGES_MANIFEST, MANIFEST_SIZE_MAX, &text, err) < 0)
		return -1;
	return manifest_parse(text.bytes ? text.bytes : "", text.length, arena, ret_manifest, err);
}

int manifest_renew(int dir, struct arena *arena, struct error *err)
{
	struct manifest *manifest;

	if (manifest_load(dir, arena, &manifest, err) < 0)
		return -1;
	if (!manifest)
		return 0;
	manifest->images.count = 0;
	return manifest_write(manifest, dir, arena, err);
}

int manifest_read(int dir, struct arena *arena, struct manifest **ret_manifest, struct error *err)
{
	struct manifest *manifest;

	*ret_manifest = NULL;
	if (manifest_load(dir, arena, &manifest, err) < 0)
		return -1;
	if (!manifest)
		return 0;
	for (size_t i = 0; i < manifest->images.count; i++)
		if (verify_image(dir, &manifest->images.items[i], err) < 0)
			return -1;
	if (verify_list(manifest, dir, err) < 0)
		return -1;
	*ret_manifest = manifest;
	return 0;
}
