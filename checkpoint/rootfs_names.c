#include "checkpoint/rootfs_names.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"

#define KEPT_MAX (64 << 20)

const struct tar_record *rootfs_names_of(const struct tar_entry *entry)
{
	for (size_t i = 0; i < entry->record_count; i++)
		if (strcmp(entry->records[i].key, TAR_NAMES) == 0)
			return &entry->records[i];
	return NULL;
}

void rootfs_names_add(struct buffer *names, const char *name, bool left_out)
{
	buffer_puts(names, name);
	buffer_puts(names, left_out ? "//" : "/");
}

/* The next name of what is left of a list; false at its end. */
static bool next(struct tar_record *rest, struct tar_record *ret_name, bool *ret_left_out)
{
	const char *slash = memchr(rest->value, '/', rest->length);
	size_t length = slash ? (size_t)(slash - rest->value) : 0, used = length + 1;

	if (!slash)
		return false;
	*ret_name = (struct tar_record){ .value = rest->value, .length = length };
	*ret_left_out = used < rest->length && rest->value[used] == '/';
	used += *ret_left_out;
	rest->value += used;
	rest->length -= used;
	return true;
}

static int by_name(const void *one, const void *other)
{
	const struct tar_record *a = one, *b = other;
	int order = memcmp(a->value, b->value, a->length < b->length ? a->length : b->length);

	return order ? order : (a->length > b->length) - (a->length < b->length);
}

void rootfs_names_sort(const struct tar_record *names, struct buffer *ret_sorted)
{
	struct tar_record rest = *names, one;
	bool left_out;

	while (next(&rest, &one, &left_out))
		buffer_add(ret_sorted, &one, sizeof(one));
	if (ret_sorted->length)
		qsort(ret_sorted->bytes, ret_sorted->length / sizeof(one), sizeof(one), by_name);
}

bool rootfs_names_have(const struct buffer *sorted, const char *name)
{
	const struct tar_record wanted = { .value = name, .length = strlen(name) };

	return sorted->length && bsearch(&wanted, sorted->bytes, sorted->length / sizeof(wanted),
					 sizeof(wanted), by_name);
}

/* ---- once all is taken ---- */

/* Before a path and its list, which follow: their lengths. */
struct kept {
	size_t path, names;
	int64_t mtime;
};

int rootfs_names_keep(struct buffer *kept, const char *path, const struct tar_entry *entry,
		      struct error *err)
{
	const struct tar_record *names = rootfs_names_of(entry);
	struct kept one = { .path = strlen(path) + 1, .mtime = entry->mtime };

	if (!names)
		return error_set(err, ERROR_INVALID, "rootfs",
				 "the stream is damaged: a directory comes without its names");
	one.names = names->length;
	if (kept->length + one.path + one.names > KEPT_MAX)
		return error_set(err, ERROR_UNSUPPORTED, "rootfs",
				 "directories have changed whose names are more than %d bytes long",
				 KEPT_MAX);
	buffer_add(kept, &one, sizeof(one));
	buffer_add(kept, path, one.path);
	buffer_add(kept, names->value, names->length);
	return buffer_failed(kept) ? error_set(err, ERROR_MEMORY, "rootfs", "no memory") : 0;
}

static int missing(const char *path, const char *name, struct error *err)
{
	return error_set(err, ERROR_INVALID, "rootfs",
			 "%s/%s is missing: the root filesystem of the bundle is not what the "
			 "container was made of, or the stream is damaged",
			 text_printable(path) ? path : "?", text_printable(name) ? name : "?");
}

static int check_directory(int dir, const char *path, struct tar_record names, struct error *err)
{
	struct tar_record one;
	bool left_out;

	while (next(&names, &one, &left_out)) {
		char name[NAME_MAX + 1];

		text_cut(name, sizeof(name), "%.*s", (int)one.length, one.value);
		if (!left_out &&
		    (one.length > NAME_MAX || faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0))
			return missing(path, name, err);
	}
	return 0;
}

static int finish_directory(int root, const char *path, const struct kept *kept, struct error *err)
{
	_cleanup_fd_ int dir =
	    path_open(root, *path ? path : "/", PATH_NO_SYMLINKS | PATH_DIRECTORY, err);
	const struct tar_record names = { .value = path + kept->path, .length = kept->names };
	const struct timespec times[2] = { { 0, UTIME_OMIT }, { kept->mtime, 0 } };

	if (dir < 0 || check_directory(dir, path, names, err) < 0)
		return -1;
	if (utimensat(dir, ".", times, AT_SYMLINK_NOFOLLOW) < 0)
		return error_errno(err, errno, path, "set the time of %s", path);
	return 0;
}

int rootfs_names_check(const struct buffer *kept, int root, struct error *err)
{
	const char *at = kept->bytes, *end = at + kept->length;

	while (at < end) {
		const char *path = at + sizeof(struct kept);
		struct kept one;

		memcpy(&one, at, sizeof(one));
		if (finish_directory(root, path, &one, err) < 0)
			return -1;
		at = path + one.path + one.names;
	}
	return 0;
}
