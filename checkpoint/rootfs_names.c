#include "checkpoint/rootfs_names.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
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

bool rootfs_names_have(const struct tar_record *names, const char *name)
{
	struct tar_record rest = *names, one;
	size_t length = strlen(name);
	bool left_out;

	while (next(&rest, &one, &left_out))
		if (one.length == length && memcmp(one.value, name, length) == 0)
			return true;
	return false;
}

/* ---- once all is taken ---- */

/* Before a path and its list, which follow. */
struct lengths {
	size_t path, names;
};

int rootfs_names_keep(struct buffer *kept, const char *path, const struct tar_record *names,
		      struct error *err)
{
	const struct lengths lengths = { strlen(path) + 1, names->length };

	if (kept->length + lengths.path + lengths.names > KEPT_MAX)
		return error_set(err, ERROR_UNSUPPORTED, "rootfs",
				 "directories have changed whose names are more than %d bytes long",
				 KEPT_MAX);
	buffer_add(kept, &lengths, sizeof(lengths));
	buffer_add(kept, path, lengths.path);
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

int rootfs_names_check(const struct buffer *kept, int root, struct error *err)
{
	const char *at = kept->bytes, *end = at + kept->length;

	while (at < end) {
		const char *path = at + sizeof(struct lengths);
		_cleanup_fd_ int dir = -1;
		struct lengths lengths;

		memcpy(&lengths, at, sizeof(lengths));
		dir = path_open(root, *path ? path : "/", PATH_NO_SYMLINKS | PATH_DIRECTORY, err);
		if (dir < 0 || check_directory(dir, path,
					       (struct tar_record){ .value = path + lengths.path,
								    .length = lengths.names },
					       err) < 0)
			return -1;
		at = path + lengths.path + lengths.names;
	}
	return 0;
}
