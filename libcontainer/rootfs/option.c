#include "libcontainer/rootfs/option.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "libcontainer/rootfs/rootfs.h"

/* clang-format off */
#define SETS(bits)     .attributes = { .set = (bits) }
#define CLEARS(bits)   .attributes = { .clear = (bits) }
/* How access times are kept is one field and not a set of bits: whoever changes it must clear it whole
 * (mount_setattr(2)). Without a bit it says relatime, the kernel's default. */
#define ATIME(mode)    .attributes = { .set = (mode), .clear = MOUNT_ATTR__ATIME }

const struct mount_option mount_options[] = {
	{ "acl",		.old_set = MS_POSIXACL },
	{ "async",		.superblock = true, .old_clear = MS_SYNCHRONOUS },
	{ "atime",		ATIME(MOUNT_ATTR_RELATIME) },
	{ "bind",		.flags = OPTION_BIND },
	{ "defaults" },
	{ "dev",		CLEARS(MOUNT_ATTR_NODEV) },
	{ "diratime",		CLEARS(MOUNT_ATTR_NODIRATIME) },
	{ "dirsync",		.superblock = true, .old_set = MS_DIRSYNC },
	{ "exec",		CLEARS(MOUNT_ATTR_NOEXEC) },
	{ "idmap",		.flags = OPTION_IDMAP },
	{ "iversion",		.old_set = MS_I_VERSION },
	{ "lazytime",		.superblock = true, .old_set = MS_LAZYTIME },
	{ "loud",		.old_clear = MS_SILENT },
	{ "mand",		.superblock = true, .old_set = MS_MANDLOCK },
	{ "noacl",		.old_clear = MS_POSIXACL },
	{ "noatime",		ATIME(MOUNT_ATTR_NOATIME) },
	{ "nodev",		SETS(MOUNT_ATTR_NODEV) },
	{ "nodiratime",		SETS(MOUNT_ATTR_NODIRATIME) },
	{ "noexec",		SETS(MOUNT_ATTR_NOEXEC) },
	{ "noiversion",		.old_clear = MS_I_VERSION },
	{ "nolazytime",		.superblock = true, .old_clear = MS_LAZYTIME },
	{ "nomand",		.superblock = true, .old_clear = MS_MANDLOCK },
	{ "norelatime",		ATIME(MOUNT_ATTR_RELATIME) },
	{ "nostrictatime",	ATIME(MOUNT_ATTR_RELATIME) },
	{ "nosuid",		SETS(MOUNT_ATTR_NOSUID) },
	{ "nosymfollow",	SETS(MOUNT_ATTR_NOSYMFOLLOW) },
	{ "private",		.propagation = MS_PRIVATE },
	{ "ratime",		ATIME(MOUNT_ATTR_RELATIME), .recursive = true },
	{ "rbind",		.flags = OPTION_BIND | OPTION_RECURSIVE },
	{ "rdev",		CLEARS(MOUNT_ATTR_NODEV), .recursive = true },
	{ "rdiratime",		CLEARS(MOUNT_ATTR_NODIRATIME), .recursive = true },
	{ "relatime",		ATIME(MOUNT_ATTR_RELATIME) },
	{ "remount",		.flags = OPTION_REMOUNT },
	{ "rexec",		CLEARS(MOUNT_ATTR_NOEXEC), .recursive = true },
	{ "ridmap",		.flags = OPTION_IDMAP | OPTION_IDMAP_RECURSIVE },
	{ "rnoatime",		ATIME(MOUNT_ATTR_NOATIME), .recursive = true },
	{ "rnodev",		SETS(MOUNT_ATTR_NODEV), .recursive = true },
	{ "rnodiratime",	SETS(MOUNT_ATTR_NODIRATIME), .recursive = true },
	{ "rnoexec",		SETS(MOUNT_ATTR_NOEXEC), .recursive = true },
	{ "rnorelatime",	ATIME(MOUNT_ATTR_RELATIME), .recursive = true },
	{ "rnostrictatime",	ATIME(MOUNT_ATTR_RELATIME), .recursive = true },
	{ "rnosuid",		SETS(MOUNT_ATTR_NOSUID), .recursive = true },
	{ "rnosymfollow",	SETS(MOUNT_ATTR_NOSYMFOLLOW), .recursive = true },
	{ "ro",			SETS(MOUNT_ATTR_RDONLY) },
	{ "rprivate",		.propagation = MS_PRIVATE | MS_REC },
	{ "rrelatime",		ATIME(MOUNT_ATTR_RELATIME), .recursive = true },
	{ "rro",		SETS(MOUNT_ATTR_RDONLY), .recursive = true },
	{ "rrw",		CLEARS(MOUNT_ATTR_RDONLY), .recursive = true },
	{ "rshared",		.propagation = MS_SHARED | MS_REC },
	{ "rslave",		.propagation = MS_SLAVE | MS_REC },
	{ "rstrictatime",	ATIME(MOUNT_ATTR_STRICTATIME), .recursive = true },
	{ "rsuid",		CLEARS(MOUNT_ATTR_NOSUID), .recursive = true },
	{ "rsymfollow",		CLEARS(MOUNT_ATTR_NOSYMFOLLOW), .recursive = true },
	{ "runbindable",	.propagation = MS_UNBINDABLE | MS_REC },
	{ "rw",			CLEARS(MOUNT_ATTR_RDONLY) },
	{ "shared",		.propagation = MS_SHARED },
	{ "silent",		.old_set = MS_SILENT },
	{ "slave",		.propagation = MS_SLAVE },
	{ "strictatime",	ATIME(MOUNT_ATTR_STRICTATIME) },
	{ "suid",		CLEARS(MOUNT_ATTR_NOSUID) },
	{ "symfollow",		CLEARS(MOUNT_ATTR_NOSYMFOLLOW) },
	{ "sync",		.superblock = true, .old_set = MS_SYNCHRONOUS },
	{ "tmpcopyup",		.flags = OPTION_COPY_UP },
	{ "unbindable",		.propagation = MS_UNBINDABLE },
};
/* clang-format on */
const size_t mount_option_count = array_length(mount_options);

static int compare(const void *name, const void *row)
{
	return strcmp(name, ((const struct mount_option *)row)->name);
}

const struct mount_option *mount_option_find(const char *name)
{
	return bsearch(name, mount_options, mount_option_count, sizeof(mount_options[0]), compare);
}

const char *rootfs_mount_option(size_t index)
{
	return index < mount_option_count ? mount_options[index].name : NULL;
}

struct attributes attributes_join(struct attributes first, struct attributes second)
{
	return (struct attributes){
		.set = (first.set & ~second.clear) | second.set,
		.clear = (first.clear & ~second.set) | second.clear,
	};
}

void mount_options_add(struct mount_options *options, const char *key, const char *value,
		       const char *text)
{
	options->parameters.items[options->parameters.count++] =
	    (struct parameter){ .key = key, .value = value, .text = text };
}

static void apply(struct mount_options *options, const struct mount_option *row)
{
	struct attributes *attributes = row->recursive ? &options->recursive : &options->own;

	*attributes = attributes_join(*attributes, row->attributes);
	options->old_flags = (options->old_flags & ~row->old_clear) | row->old_set;
	options->flags |= row->flags;
	if (row->propagation)
		options->propagation.items[options->propagation.count++] = row->propagation;
	if (row->superblock)
		mount_options_add(options, row->name, NULL, NULL);
}

/* key, key=value, key="value": the quotes only keep mount(2) from splitting the value. */
static void add_unknown(struct mount_options *options, const char *text, struct arena *arena)
{
	const char *equals = strchr(text, '=');
	char *key = equals ? arena_strndup(arena, text, (size_t)(equals - text)) : NULL;
	const char *value = equals ? equals + 1 : NULL;
	size_t length = value ? strlen(value) : 0;

	if (length >= 2 && value[0] == '"' && value[length - 1] == '"')
		value = arena_strndup(arena, value + 1, length - 2);
	mount_options_add(options, key ? key : text, value, text);
	if (!options->unknown)
		options->unknown = text;
}

static size_t option_length(const char *text)
{
	bool quoted = false;
	size_t length = 0;

	for (; text[length] && (quoted || text[length] != ','); length++) {
		if (text[length] == '"')
			quoted = !quoted;
		else if (text[length] == '\\' && text[length + 1])
			length++;
	}
	return length;
}

static size_t count_at_most(const struct strings *options)
{
	size_t count = options->count;

	for (size_t i = 0; i < options->count; i++)
		for (const char *p = options->items[i]; *p; p++)
			count += *p == ',';
	return count;
}

struct mount_options mount_options_parse(const struct strings *options, struct arena *arena)
{
	size_t count = count_at_most(options);
	struct mount_options parsed = { 0 };

	parsed.parameters.items =
	    arena_calloc(arena, count + OPTIONS_SPARE, sizeof(*parsed.parameters.items));
	parsed.propagation.items = arena_calloc(arena, count, sizeof(*parsed.propagation.items));
	for (size_t i = 0; i < options->count; i++) {
		const char *next = options->items[i];

		while (*next) {
			size_t length = option_length(next);
			const char *text = arena_strndup(arena, next, length);
			const struct mount_option *row = mount_option_find(text);

			if (row)
				apply(&parsed, row);
			else if (length)
				add_unknown(&parsed, text, arena);
			next += length + (next[length] == ',');
		}
	}
	return parsed;
}
