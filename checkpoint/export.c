/* To write a checkpoint as one stream. */
#include "checkpoint/export.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "checkpoint/rootfs_changes.h"
#include "libcontainer/lifecycle/store.h"

/* ---- the file ---- */

static int open_output(struct export *export, struct error *err)
{
	if (isatty(STDOUT_FILENO))
		return error_set(err, ERROR_USAGE, "export",
				 "--export -: standard output is a terminal");
	export->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
	return export->fd < 0 ? error_errno(err, errno, "export", "use standard output") : 0;
}

/* A name that nobody has: of another's file he would get the container's memory. */
static int name_partial(struct export *export)
{
	uint64_t number;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return -1;
	if (snprintf(export->partial, sizeof(export->partial), "%s.%016" PRIx64, export->name,
		     number) < (int)sizeof(export->partial))
		return 0;
	errno = ENAMETOOLONG;
	return -1;
}

/* A regular file, or none yet: what is written gets its name when it is whole. */
static int open_beside(const char *path, struct export *export, struct error *err)
{
	_cleanup_free_ char *copy = strdup(path), *other = strdup(path);
	const char *name = copy ? basename(copy) : NULL;

	if (!name || !other)
		return error_set(err, ERROR_MEMORY, NULL, "no memory");
	text_cut(export->name, sizeof(export->name), "%s", name);
	if (name_partial(export) < 0)
		return error_errno(err, errno, path, "--export %s", path);
	export->dir = open(dirname(other), O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (export->dir < 0)
		return error_errno(err, errno, path, "--export: open the directory of %s", path);
	export->fd = openat(export->dir, export->partial,
			    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return export->fd < 0 ? error_errno(err, errno, path, "--export: make %s", path) : 0;
}

int export_open(const char *path, struct export *ret_export, struct error *err)
{
	struct export export = EXPORT_INIT;
	struct stat st;
	int result;

	if (strcmp(path, "-") == 0) {
		result = open_output(&export, err);
	} else if (stat(path, &st) < 0 || S_ISREG(st.st_mode)) {
		result = open_beside(path, &export, err);
	} else {
		export.fd = open(path, O_WRONLY | O_CLOEXEC);
		result =
		    export.fd < 0 ? error_errno(err, errno, path, "--export: open %s", path) : 0;
	}
	if (result < 0) {
		cleanup_fd_(&export.dir);
		return -1;
	}
	*ret_export = export;
	return 0;
}

int export_close(struct export *export, bool whole, struct error *err)
{
	_cleanup_fd_ int dir = steal_fd(&export->dir);

	cleanup_fd_(&export->fd);
	export->fd = -1;
	if (dir >= 0 && !whole)
		unlinkat(dir, export->partial, 0);
	if (dir >= 0 && whole && renameat(dir, export->partial, dir, export->name) < 0)
		return error_errno(err, errno, export->name, "rename %s", export->partial);
	return 0;
}

/* ---- what is in it ---- */

static int put_file(struct stream *stream, int dir, const char *name, struct error *err)
{
	_cleanup_fd_ int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct tar_entry entry = { .type = TAR_FILE, .name = name, .mode = 0600 };
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return error_errno(err, errno, name, "open %s", name);
	entry.size = (uint64_t)st.st_size;
	entry.mtime = st.st_mtim.tv_sec;
	if (tar_put(stream, &entry, err) < 0 || tar_put_content(stream, fd, entry.size, err) < 0)
		return error_prefix(err, "%s", name);
	return 0;
}

static int put_rootfs(struct stream *stream, const struct manifest *manifest, const char *rootfs,
		      struct error *err)
{
	const struct timespec since = { (time_t)(manifest->rootfs_since / NS_PER_S),
					(long)(manifest->rootfs_since % NS_PER_S) };

	return rootfs_changes_put(stream, EXPORT_ROOTFS, rootfs, &since, err);
}

int export_put(struct stream *stream, const struct export_contents *contents, struct error *err)
{
	const struct manifest *manifest = contents->manifest;

	if (put_file(stream, contents->images, IMAGES_MANIFEST, err) < 0 ||
	    put_file(stream, contents->record, STORE_CONFIG, err) < 0)
		return -1;
	for (size_t i = 0; i < manifest->images.count; i++)
		if (put_file(stream, contents->images, manifest->images.items[i].name, err) < 0)
			return -1;
	if (contents->rootfs && put_rootfs(stream, manifest, contents->rootfs, err) < 0)
		return -1;
	return tar_put_end(stream, err) < 0 ? -1 : stream_finish(stream, err);
}

int export_write(struct export *export, const struct export_contents *contents, struct error *err)
{
	_cleanup_stream_ struct stream stream = STREAM_INIT;

	if (stream_create(export->fd, &stream, err) < 0 || export_put(&stream, contents, err) < 0)
		return error_prefix(err, "--export");
	/* some filesystems tell only now that there is no room */
	if (close(steal_fd(&export->fd)) < 0)
		return error_errno(err, errno, NULL, "--export: close the stream");
	return 0;
}
