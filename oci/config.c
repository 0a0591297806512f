#include "oci/config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "oci/annotations.h"
#include "oci/schema.h"
#include "oci/validate.h"

typedef int decode_function(const struct schema *schema, const char *bytes, size_t length,
			    const char *name, struct arena *arena, void *object, struct error *err);

/* What a config has beyond the specification is for others to know (config.md, Extensibility). The
 * resources of an update, and mounts that are added, are for us alone: a property that is misspelt would
 * change nothing. */
static const struct {
	const struct schema *schema;
	const char *prefix; /* of its paths in a config */
	decode_function *decode;
} documents[] = {
	[DOCUMENT_CONFIG] = { &schema_config, "", schema_decode },
	[DOCUMENT_PROCESS] = { &schema_process, "process.", schema_decode },
	[DOCUMENT_RESOURCES] = { &schema_resources, "linux.resources.", schema_decode_closed },
	[DOCUMENT_MOUNTS] = { &schema_mounts, "", schema_decode_closed },
};

/* A config with what is never NULL; decoding puts what the document has in its place. */
static struct config *make_config(enum config_document document, struct arena *arena)
{
	struct config *config = arena_alloc(arena, sizeof(*config));

	config->process = arena_alloc(arena, sizeof(*config->process));
	config->linux_ = arena_alloc(arena, sizeof(*config->linux_));
	if (document == DOCUMENT_RESOURCES)
		config->linux_->resources = arena_alloc(arena, sizeof(*config->linux_->resources));
	return config;
}

static void *object_of(struct config *config, enum config_document document)
{
	switch (document) {
	case DOCUMENT_PROCESS:
		return config->process;
	case DOCUMENT_RESOURCES:
		return config->linux_->resources;
	default:
		return config;
	}
}

/* The rules write paths from the root of a config; in another document they begin further down. */
static void shorten_path(const char *prefix, struct error *err)
{
	size_t length = strlen(prefix);

	if (text_starts(err->object, prefix))
		memmove(err->object, err->object + length, strlen(err->object + length) + 1);
	if (text_starts(err->text, prefix))
		memmove(err->text, err->text + length, strlen(err->text + length) + 1);
}

int config_parse(const char *bytes, size_t length, const char *name, enum config_document document,
		 struct arena *arena, struct config **ret_config, struct error *err)
{
	const struct schema *schema = documents[document].schema;
	struct config *config;

	if (arena_left(arena) < 16384)
		return error_set(err, ERROR_MEMORY, name, "%s: no memory to read it", name);
	config = make_config(document, arena);
	if (documents[document].decode(schema, bytes, length, name, arena,
				       object_of(config, document), err) < 0)
		return -1;
	if (validate(config, document, arena, err) < 0 || annotations_apply(config, err) < 0) {
		shorten_path(documents[document].prefix, err);
		return schema_locate(schema, bytes, length, name, err);
	}
	*ret_config = config;
	return 0;
}

/* A FIFO must not keep us waiting in open(2) for somebody to write, a pipe that somebody writes
 * must; a file that is too long is refused before any of it is read. */
static int open_document(int dirfd, const char *name, struct error *err)
{
	_cleanup_fd_ int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return error_errno(err, errno, name, "open %s", name);
	if (S_ISDIR(st.st_mode))
		return error_set(err, ERROR_INVALID, name, "%s is a directory", name);
	if (S_ISREG(st.st_mode) && st.st_size > JSON_SIZE_MAX)
		return error_set(err, ERROR_INVALID, name, "%s: longer than %u bytes", name,
				 JSON_SIZE_MAX);
	if (fcntl(fd, F_SETFL, O_RDONLY) < 0)
		return error_errno(err, errno, name, "open %s", name);
	return steal_fd(&fd);
}

/* The bytes go into the arena and nowhere else: whoever keeps the arena from a child keeps them
 * all. */
static int read_bytes(int fd, const char *name, struct arena *arena, struct config_text *ret_text,
		      struct error *err)
{
	size_t size = JSON_SIZE_MAX + 1, length = 0;
	ssize_t got = 1;
	char *bytes;

	if (arena_left(arena) < size + 1)
		return error_set(err, ERROR_MEMORY, name, "%s: no memory to read it", name);
	bytes = arena_alloc(arena, size + 1);
	while (got > 0 && length < size) {
		got = read(fd, bytes + length, size - length);
		if (got < 0 && errno != EINTR)
			return error_errno(err, errno, name, "read %s", name);
		length += got > 0 ? (size_t)got : 0;
		got = got < 0 ? 1 : got;
	}
	if (length > JSON_SIZE_MAX)
		return error_set(err, ERROR_INVALID, name, "%s: longer than %u bytes", name,
				 JSON_SIZE_MAX);
	arena_shrink_last(arena, bytes, length + 1);
	*ret_text = (struct config_text){ bytes, length };
	return 0;
}

int config_load(int dirfd, const char *name, enum config_document document, struct arena *arena,
		struct config_text *ret_text, struct config **ret_config, struct error *err)
{
	_cleanup_fd_ int fd = open_document(dirfd, name, err);

	if (fd < 0 || read_bytes(fd, name, arena, ret_text, err) < 0)
		return -1;
	return config_parse(ret_text->bytes, ret_text->length, name, document, arena, ret_config,
			    err);
}

int config_read(int bundlefd, const char *name, struct arena *arena, struct config **ret_config,
		struct error *err)
{
	struct config_text text;

	return config_load(bundlefd, name, DOCUMENT_CONFIG, arena, &text, ret_config, err);
}

int config_locate(const struct config_text *text, const char *name, struct error *err)
{
	return schema_locate(&schema_config, text->bytes, text->length, name, err);
}

int config_encode_mounts(const struct mount_list *mounts, struct buffer *buffer, struct error *err)
{
	struct json_writer writer;

	json_begin(&writer, mounts->count > 0);
	json_array(&writer);
	for (size_t i = 0; i < mounts->count; i++)
		schema_encode(&schema_mount, &mounts->items[i], &writer);
	json_array_end(&writer);
	if (json_finish(&writer, buffer, err) < 0)
		return -1;
	buffer_puts(buffer, mounts->count ? "" : "\n");
	return 0;
}

const struct config_namespace *config_namespace_find(const struct config *config, const char *type)
{
	for (size_t i = 0; i < config->linux_->namespaces.count; i++)
		if (strcmp(config->linux_->namespaces.items[i].type, type) == 0)
			return &config->linux_->namespaces.items[i];
	return NULL;
}

bool config_namespace_is_joined(const struct config *config, const char *type)
{
	const struct config_namespace *found = config_namespace_find(config, type);

	return found && found->path; /* an empty one is none: oci/schema_linux.c */
}

bool config_namespace_is_new(const struct config *config, const char *type)
{
	return config_namespace_find(config, type) && !config_namespace_is_joined(config, type);
}
