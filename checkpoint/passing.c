#include "checkpoint/passing.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/text.h"

/* With room for the names of images below it. */
#define NAMES_SIZE 32

/* The directories of images are closed to others; but the root of a user namespace, who is to read the images at restore, has
 * to get there (restore.c). */
static int open_to_pass(const char *path, struct error *err)
{
	return chmod(path, 0711) < 0 ? error_errno(err, errno, path, "change the mode of %s", path)
				     : 0;
}

int passing_make(const char *parent, const char *id, struct passing *ret_passing, struct error *err)
{
	_cleanup_free_ char *absolute = realpath(parent, NULL);
	struct passing passing;

	if (!absolute)
		return error_errno(err, errno, parent, "--image-path: find the directory %s",
				   parent);
	if (strlen(absolute) + strlen(id) + NAMES_SIZE > sizeof(passing.path))
		return error_set(err, ERROR_INVALID, parent, "--image-path: the path is too long");
	text_fit(passing.path, sizeof(passing.path), "%s/proa-%s.XXXXXX", absolute, id);
	if (!mkdtemp(passing.path))
		return error_errno(err, errno, parent, "--image-path: make a directory in %s",
				   parent);
	*ret_passing = passing;
	return open_to_pass(passing.path, err);
}

void passing_images(const struct passing *passing, unsigned int number, char ret_path[PATH_MAX])
{
	text_fit(ret_path, PATH_MAX, "%s/%u", passing->path, number);
}

void passing_beside(unsigned int number, char ret_path[PATH_MAX])
{
	text_fit(ret_path, PATH_MAX, "../%u", number);
}

void passing_remove(struct passing *passing, const struct error *err)
{
	const bool logs = err && (err->code == ERROR_SYSTEM || err->code == ERROR_PROTOCOL);
	_cleanup_fd_ int dir =
	    *passing->path ? open(passing->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	_cleanup_dir_ DIR *entries = dir < 0 ? NULL : dir_list(dir);
	struct error ignored = ERROR_INIT;
	const char *name;

	while (entries && (name = dir_next(entries)))
		if (!logs || !text_ends(name, ".log"))
			(void)dir_remove(dir, name, &ignored);
	if (dir >= 0)
		(void)rmdir(passing->path);
	*passing->path = '\0';
}
