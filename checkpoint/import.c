/* To read a checkpoint that is one stream. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/path.h"
#include "checkpoint/export.h"
#include "checkpoint/rootfs_changes.h"
#include "checkpoint/rootfs_names.h"

#define DOCUMENT_MAX (16 << 20)

int import_open(const char *path, struct import *import, struct error *err)
{
	import->fd = strcmp(path, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
					    : open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	if (import->fd < 0)
		return error_errno(err, errno, path, "--import: open %s", path);
	import->path = path;
	return 0;
}

static int advance(struct import *import, struct error *err)
{
	int found = tar_next(&import->reader, &import->entry, err);

	import->is_next = found > 0;
	return found < 0 ? -1 : 0;
}

static int expect(const struct import *import, const char *name, struct error *err)
{
	if (import->is_next && import->entry.type == TAR_FILE &&
	    strcmp(import->entry.name, name) == 0)
		return 0;
	return error_set(err, ERROR_INVALID, name,
			 "the stream is damaged, or no checkpoint: %s isn't where it is expected",
			 name);
}

/* What follows all else, or nothing. */
static int expect_rootfs(const struct import *import, struct error *err)
{
	if (!import->is_next || path_below(import->entry.name, EXPORT_ROOTFS))
		return 0;
	return expect(import, EXPORT_ROOTFS, err);
}

/* A document: kept, and put where the images are. */
static int take_document(struct import *import, int dir, const char *name, struct buffer *text,
			 struct error *err)
{
	if (expect(import, name, err) < 0 ||
	    tar_take_bytes(&import->reader, &import->entry, DOCUMENT_MAX, text, err) < 0 ||
	    file_replace(dir, name, 0600, text->bytes ?: "", text->length, false, err) < 0)
		return -1;
	return advance(import, err);
}

/* The manifest has been parsed: its names are names and nothing else. The file is new, so nothing is followed. */
static int take_image(struct import *import, int dir, const struct manifest_image *image,
		      struct error *err)
{
	_cleanup_fd_ int fd = -1;

	if (expect(import, image->name, err) < 0)
		return -1;
	if (import->entry.size != image->size)
		return error_set(err, ERROR_INVALID, image->name,
				 "the stream is damaged: the image %s has %" PRIu64
				 " bytes instead of %" PRIu64,
				 image->name, import->entry.size, image->size);
	fd = openat(dir, image->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	/* as CRIU's own are: the directory keeps others out, but for the root of a user namespace */
	if (fd < 0 || fchmod(fd, 0644) < 0)
		return error_errno(err, errno, image->name, "make the image %s", image->name);
	if (tar_take_content(&import->reader, &import->entry, fd, err) < 0)
		return error_prefix(err, "%s", image->name);
	return advance(import, err);
}

static int open_stream(struct import *import, struct error *err)
{
	return import->door ? stream_open_at(import->door, &import->stream, err)
			    : stream_open(import->fd, &import->stream, err);
}

static int take_all(struct import *import, int dir, struct arena *arena, struct error *err)
{
	_cleanup_buffer_ struct buffer text = BUFFER_INIT, config = BUFFER_INIT;
	struct manifest *manifest;

	if (open_stream(import, err) < 0)
		return -1;
	import->reader = (struct tar_reader)TAR_READER_INIT(&import->stream);
	if (advance(import, err) < 0 ||
	    take_document(import, dir, IMAGES_MANIFEST, &text, err) < 0 ||
	    manifest_parse(text.bytes ?: "", text.length, arena, &manifest, err) < 0 ||
	    take_document(import, dir, IMAGES_CONFIG, &config, err) < 0)
		return -1;
	for (size_t i = 0; i < manifest->images.count; i++)
		if (take_image(import, dir, &manifest->images.items[i], err) < 0)
			return -1;
	return expect_rootfs(import, err);
}

static int name_source(const struct import *import, struct error *err)
{
	return error_prefix(err, "%s%s", import->door ? "" : "--import ", import->path);
}

int import_images(struct import *import, int dir, struct arena *arena, struct error *err)
{
	return take_all(import, dir, arena, err) < 0 ? name_source(import, err) : 0;
}

static int take_change(struct import *import, int root, struct buffer *kept, struct error *err)
{
	const bool directory = rootfs_names_of(&import->entry);
	const char *path = import->entry.name + strlen(EXPORT_ROOTFS);

	if (rootfs_change_take(&import->reader, &import->entry, path, root, err) < 0 ||
	    (directory && rootfs_names_keep(kept, path, &import->entry, err) < 0))
		return -1;
	return advance(import, err) < 0 ? -1 : expect_rootfs(import, err);
}

int import_rootfs(struct import *import, const char *rootfs, struct error *err)
{
	_cleanup_buffer_ struct buffer kept = BUFFER_INIT;
	_cleanup_fd_ int root = -1;

	if (!import->is_next)
		return 0;
	root = open(rootfs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return error_errno(err, errno, rootfs, "open the root filesystem %s", rootfs);
	while (import->is_next)
		if (take_change(import, root, &kept, err) < 0)
			return name_source(import, err);
	return rootfs_names_check(&kept, root, err) < 0 ? name_source(import, err) : 0;
}

void import_close(struct import *import)
{
	tar_reader_free(&import->reader);
	stream_close(&import->stream);
	cleanup_fd_(&import->fd);
	*import = (struct import)IMPORT_INIT;
}
