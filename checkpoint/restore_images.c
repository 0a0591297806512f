/* restore: the images, which nobody trusts. */
#include <unistd.h>

#include "base/cleanup.h"
#include "base/trace.h"
#include "checkpoint/foreign.h"
#include "checkpoint/restore.h"

#define ARENA (64 << 20)

/* What we have made stands on what we have made; images of others have no manifest to be compared with anyway. */
static int verify_parent(void *context, int parent, struct error *err)
{
	struct restore *restore = context;
	struct manifest *manifest;

	if (manifest_read(parent, &restore->arena, &manifest, err) < 0)
		return -1;
	if (manifest || !restore->manifest->version)
		return 0;
	return error_set(err, ERROR_INVALID, IMAGES_MANIFEST,
			 "the checkpoint is damaged: " IMAGES_MANIFEST " is missing there");
}

/* From the stream to a directory, where they are checked as all others. */
static int import(struct restore *restore, struct error *err)
{
	trace_phase("import");
	if (images_open_for_import(restore->options->criu.image_path, &restore->imported, err) < 0)
		return -1;
	return import_images(&restore->own, restore->imported, &restore->arena, err);
}

void restore_forget_imported(struct restore *restore)
{
	if (restore->imported < 0)
		return;
	images_remove(restore->options->criu.image_path);
	close(steal_fd(&restore->imported));
}

int restore_open_images(struct restore *restore, struct error *err)
{
	const struct criu_options *options = &restore->options->criu;

	if (arena_init(&restore->arena, ARENA, err) < 0 ||
	    (restore->options->import && import(restore, err) < 0) ||
	    images_open_for_restore(options->image_path, options->work_path, options->auto_dedup,
				    &restore->images, err) < 0)
		return -1;
	trace_phase("verify");
	if (manifest_read(restore->images.dir, &restore->arena, &restore->manifest, err) < 0)
		return error_prefix(err, "%s", restore->images.path);
	if (!restore->manifest &&
	    foreign_manifest(restore->images.dir, &restore->arena, &restore->manifest, err) < 0)
		return error_prefix(err, "%s", restore->images.path);
	if (restore->manifest->pre_dump)
		return error_set(err, ERROR_INVALID, restore->images.path,
				 "%s holds a pre-dump, which is only the memory: restore from the "
				 "checkpoint that was made after it",
				 restore->images.path);
	if (restore->options->giver)
		return 0;
	return images_visit_parents(restore->images.dir, options->auto_dedup, verify_parent,
				    restore, err);
}
