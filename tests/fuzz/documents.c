/* JSON documents (config.json, process.json, resources, state.json, a manifest, a greeting), and the stream of an export. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cleanup.h"
#if HAVE_CRIU
#include "checkpoint/hello.h"
#include "checkpoint/manifest.h"
#include "checkpoint/tar.h"
#endif
#include "libcontainer/cgroup/cgroup.h"
#include "libcontainer/cgroup/values.h"
#include "oci/config.h"
#include "oci/state.h"
#include "tests/fuzz/targets.h"

#define ARENA_SIZE (256u << 20)

/* One for all calls, since to make it costs more than to read a document. */
static struct arena *empty_arena(void)
{
	static struct arena arena;
	struct error err;

	arena_free(&arena);
	if (arena_init(&arena, ARENA_SIZE, &err) < 0)
		__builtin_trap();
	return &arena;
}

static struct config *parse(const char *bytes, size_t length, enum config_document document)
{
	struct error err = ERROR_INIT;
	struct config *config;

	if (config_parse(bytes, length, "fuzz.json", document, empty_arena(), &config, &err) == 0)
		return config;
	/* an error has words, and a place that can be looked for */
	if (!err.text[0])
		__builtin_trap();
	config_locate(&(struct config_text){ bytes, length }, "fuzz.json", &err);
	return NULL;
}

void fuzz_config(const char *bytes, size_t length)
{
	parse(bytes, length, DOCUMENT_CONFIG);
}

void fuzz_process(const char *bytes, size_t length)
{
	struct config *config = parse(bytes, length, DOCUMENT_PROCESS);

	if (config && !config->process)
		__builtin_trap();
}

/* What an update does with a file's content: here the value of any other write. */
static void compare(const struct cgroup_writes *writes, struct arena *arena)
{
	for (size_t i = 0; i < writes->count && i < 32; i++) {
		const struct cgroup_write *write = &writes->items[i];

		value_is_of_device(write->file);
		for (size_t j = 0; j < writes->count && j < 32; j++) {
			const char *text = writes->items[j].value;

			value_compare(write->file, text, write->value);
			value_restoring(write->file, text, write->value, arena);
			value_shrinks(write->file, text, write->value);
			set_within(write->value, text);
		}
	}
}

/* What was read is also planned: the knobs' texts, the device program. */
void fuzz_resources(const char *bytes, size_t length)
{
	struct config *config = parse(bytes, length, DOCUMENT_RESOURCES);
	static struct arena arena;
	struct device_program program;
	struct cgroup_writes writes;
	struct error err = ERROR_INIT;

	if (!config)
		return;
	if (!config->linux_ || !config->linux_->resources)
		__builtin_trap();
	arena_free(&arena);
	if (arena_init(&arena, ARENA_SIZE, &err) < 0)
		__builtin_trap();
	if (cgroup_plan_writes(config->linux_->resources, &arena, &writes, &err) == 0)
		compare(&writes, &arena);
	device_program_compile(config->linux_->resources, &arena, &program, &err);
}

/* What was read is written again, in all forms; the one on disk must be read as the same. */
void fuzz_state(const char *bytes, size_t length)
{
	_cleanup_buffer_ struct buffer first = BUFFER_INIT, second = BUFFER_INIT,
				       other = BUFFER_INIT;
	struct container_state *state;
	struct error err = ERROR_INIT;

	if (state_decode(bytes, length, empty_arena(), &state, &err) < 0)
		return;
	if (state_encode(state, &first, &err) < 0)
		return;
	state_encode_for_hooks(state, &other, &err);
	state_encode_for_people(state, "somebody", &other, &err);
	if (state_decode(first.bytes, first.length, empty_arena(), &state, &err) < 0 ||
	    state_encode(state, &second, &err) < 0 || second.length != first.length)
		__builtin_trap();
}

/* The key and the mountpoint of a mount that was let through go to CRIU as text. */
void fuzz_manifest(const char *bytes, size_t length)
{
#if HAVE_CRIU
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;
	struct manifest *manifest;
	struct error err = ERROR_INIT;

	if (manifest_parse(bytes, length, empty_arena(), &manifest, &err) < 0) {
		if (!err.text[0])
			__builtin_trap();
		return;
	}
	for (size_t i = 0; i < manifest->mounts.count; i++)
		if (strpbrk(manifest->mounts.items[i].key, "[]:/.") ||
		    strpbrk(manifest->mounts.items[i].mountpoint, "[]\n"))
			__builtin_trap();
	for (size_t i = 0; i < manifest->images.count; i++)
		if (strchr(manifest->images.items[i].name, '/'))
			__builtin_trap();
	if (manifest->descriptors.count > MANIFEST_STREAMS)
		__builtin_trap();
	manifest_encode(manifest, &text, &err);
#else
	(void)bytes;
	(void)length;
#endif
}

/* Nothing that the other side says reaches a terminal as it is. */
void fuzz_hello(const char *bytes, size_t length)
{
#if HAVE_CRIU
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;
	struct hello hello, here = { .architecture = (char *)"x86_64", .kernel = (char *)"6.1" };
	struct error err = ERROR_INIT;

	if (hello_decode(bytes, length, empty_arena(), &hello, &err) == 0) {
		hello_encode(&hello, &text, &err);
		if (hello_check(&hello, &here, &err) < 0 && !text_printable(err.text))
			__builtin_trap();
	} else if (!err.text[0]) {
		__builtin_trap();
	}
#else
	(void)bytes;
	(void)length;
#endif
}

#if HAVE_CRIU
/* What a name says is for others to judge, but its entry is whole. */
static void read_entries(struct stream *stream)
{
	_cleanup_tar_reader_ struct tar_reader reader = TAR_READER_INIT(stream);
	struct tar_entry entry;
	struct error err = ERROR_INIT;

	while (tar_next(&reader, &entry, &err) > 0) {
		_cleanup_buffer_ struct buffer content = BUFFER_INIT;

		if (strlen(entry.name) >= PATH_MAX || strlen(entry.link) >= PATH_MAX)
			__builtin_trap();
		for (size_t i = 0; i < entry.record_count; i++)
			if (entry.records[i].value[entry.records[i].length] != '\0')
				__builtin_trap();
		if (entry.type == TAR_FILE &&
		    tar_take_bytes(&reader, &entry, 1 << 20, &content, &err) < 0)
			break;
	}
}
#endif

/* As the content of a whole stream: the library behind that has fuzzers of its own. */
void fuzz_tar(const char *bytes, size_t length)
{
#if HAVE_CRIU
	_cleanup_fd_ int fd = memfd_create("fuzz", MFD_CLOEXEC);
	struct stream stream = STREAM_INIT;
	struct error err = ERROR_INIT;

	if (fd < 0 || stream_create(fd, &stream, &err) < 0 ||
	    stream_write(&stream, bytes, length, &err) < 0 || stream_finish(&stream, &err) < 0)
		__builtin_trap();
	stream_close(&stream);
	lseek(fd, 0, SEEK_SET);
	if (stream_open(fd, &stream, &err) < 0)
		__builtin_trap();
	read_entries(&stream);
	stream_close(&stream);
#else
	(void)bytes;
	(void)length;
#endif
}
