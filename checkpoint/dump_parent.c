/* checkpoint: the images that it stands on. Together they have the memory only if the kernel has counted its changes from that
 * parent on, and if CRIU, which begins the count anew in each dump, has come to an end in none since. So each such dump has a
 * mark of its own in its manifest, and the container's record has that of the last one that is whole. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/text.h"
#include "checkpoint/dump.h"

#define MARK_MAX 64

/* ---- the mark ---- */

int dump_make_mark(struct dump *dump, struct error *err)
{
	uint64_t mark;

	if (getrandom(&mark, sizeof(mark), 0) != sizeof(mark))
		return error_errno(err, errno, NULL, "make a random number");
	dump->manifest.tracked = arena_printf(&dump->arena, "%016" PRIx64, mark);
	return 0;
}

int dump_forget_mark(const struct dump *dump, struct error *err)
{
	if (unlinkat(dump->record.dir, STORE_TRACKED, 0) < 0 && errno != ENOENT)
		return error_errno(err, errno, STORE_TRACKED, "remove %s", STORE_TRACKED);
	return 0;
}

void dump_keep_mark(const struct dump *dump)
{
	const char *mark = dump->manifest.tracked;
	struct error ignored = ERROR_INIT; /* who stands on these images is refused then */

	(void)file_replace(dump->record.dir, STORE_TRACKED, 0600, mark, strlen(mark), false,
			   &ignored);
}

/* Images without one are of before there were marks: with them it isn't known. */
static bool is_last(const struct dump *dump, const struct manifest *parent)
{
	_cleanup_buffer_ struct buffer mark = BUFFER_INIT;
	struct error none = ERROR_INIT;

	return parent->tracked &&
	       file_read(dump->record.dir, STORE_TRACKED, MARK_MAX, &mark, &none) == 0 &&
	       strcmp(mark.bytes ?: "", parent->tracked) == 0;
}

/* ---- the parent ---- */

/* A name beside the images: CRIU makes a link to it, which restore follows. */
static int check_path(const char *parent, struct error *err)
{
	if (text_starts(parent, "../") && !strchr(parent + 3, '/') && !strstr(parent + 3, "..") &&
	    text_printable(parent))
		return 0;
	return error_set(err, ERROR_USAGE, "parent-path",
			 "--parent-path: expected a directory beside the images, like ../pre1, "
			 "found %s",
			 text_printable(parent) ? parent : "?");
}

static int check_other(void *context, int parent, struct error *err)
{
	const struct dump *dump = context;
	struct stat own, theirs;

	if (fstat(dump->images.dir, &own) < 0 || fstat(parent, &theirs) < 0)
		return error_errno(err, errno, "parent-path", "look at the images");
	if (own.st_dev != theirs.st_dev || own.st_ino != theirs.st_ino)
		return 0;
	return error_set(
	    err, ERROR_USAGE, "parent-path",
	    "--parent-path %s is the directory of the images itself, or stands on that",
	    dump->options->parent_path);
}

static int check_manifest(struct dump *dump, int parent, struct error *err)
{
	struct manifest *manifest;

	if (manifest_load(parent, &dump->arena, &manifest, err) < 0)
		return error_prefix(err, "--parent-path %s", dump->options->parent_path);
	if (!manifest)
		return error_set(err, ERROR_INVALID, "parent-path",
				 "--parent-path %s holds no whole pre-dump (no " IMAGES_MANIFEST
				 ")",
				 dump->options->parent_path);
	if (is_last(dump, manifest))
		return 0;
	return error_set(err, ERROR_STATE, "parent-path",
			 "--parent-path %s is not the last dump of this container's memory, or one "
			 "has failed since, so what has changed isn't known: begin a new chain, "
			 "with --pre-dump and without --parent-path",
			 dump->options->parent_path);
}

int dump_check_parent(struct dump *dump, struct error *err)
{
	const char *path = dump->options->parent_path;
	_cleanup_fd_ int parent = -1;

	if (!path)
		return 0;
	if (check_path(path, err) < 0)
		return -1;
	parent = openat(dump->images.dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (parent < 0)
		return error_errno(err, errno, path, "--parent-path: open the directory %s", path);
	if (check_other(dump, parent, err) < 0 ||
	    images_visit_parents(parent, dump->options->criu.auto_dedup, check_other, dump, err) <
		0)
		return -1;
	return check_manifest(dump, parent, err);
}
