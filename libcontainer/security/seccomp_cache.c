#include "libcontainer/security/seccomp_cache.h"

#include <fcntl.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/hash.h"

#define SLOTS	   256
#define FILE_LIMIT (1024 * 1024)
#define NAME_SIZE  16

/* Raised whenever seccomp_compile.c makes another program of the same profile. */
#define PROGRAM_VERSION 3

/* A file: this, the key, the instructions. */
struct header {
	char magic[8];
	uint32_t key_length;
	uint32_t count;
	uint64_t checksum; /* of the key and the instructions: against damage, not against malice */
};

static const char magic[8] = "proaBPF";

/* ---- the key: every field in a row, strings with their NUL and numbers in 8 bytes, so that no two
 * profiles have one key ---- */

static void add_number(struct buffer *key, uint64_t number)
{
	buffer_add(key, &number, sizeof(number));
}

static void add_optional(struct buffer *key, const struct optional_uint *number)
{
	add_number(key, number->set);
	add_number(key, number->value);
}

static void add_string(struct buffer *key, const char *string)
{
	string = string ?: "";
	buffer_add(key, string, strlen(string) + 1);
}

static void add_strings(struct buffer *key, const struct strings *strings)
{
	add_number(key, strings->count);
	for (size_t i = 0; i < strings->count; i++)
		add_string(key, strings->items[i]);
}

static void add_rule(struct buffer *key, const struct config_seccomp_syscall *rule)
{
	add_strings(key, &rule->names);
	add_string(key, rule->action);
	add_optional(key, &rule->errno_ret);
	add_number(key, rule->args.count);
	for (size_t i = 0; i < rule->args.count; i++) {
		add_optional(key, &rule->args.items[i].index);
		add_optional(key, &rule->args.items[i].value);
		add_optional(key, &rule->args.items[i].value_two);
		add_string(key, rule->args.items[i].op);
	}
}

void seccomp_cache_key(const struct config_seccomp *seccomp, struct buffer *key)
{
	const struct scmp_version *version = seccomp_version();

	add_number(key, PROGRAM_VERSION);
	add_number(key, version->major);
	add_number(key, version->minor);
	add_number(key, version->micro);
	add_number(key, seccomp_arch_native());
	add_string(key, seccomp->default_action);
	add_optional(key, &seccomp->default_errno_ret);
	add_strings(key, &seccomp->architectures);
	add_number(key, seccomp->syscalls.count);
	for (size_t i = 0; i < seccomp->syscalls.count; i++)
		add_rule(key, &seccomp->syscalls.items[i]);
}

/* ---- files ---- */

static void slot_name(const struct buffer *key, char name[NAME_SIZE])
{
	snprintf(name, NAME_SIZE, "seccomp-%02x",
		 (unsigned int)(hash_bytes(HASH_START, key->bytes, key->length) % SLOTS));
}

static uint64_t checksum(const struct buffer *key, const void *instructions, size_t size)
{
	return hash_bytes(hash_bytes(HASH_START, key->bytes, key->length), instructions, size);
}

static bool is_valid(const struct header *header, const struct buffer *file,
		     const struct buffer *key)
{
	const char *rest = file->bytes + sizeof(*header);
	size_t size = header->count * sizeof(struct sock_filter);

	return memcmp(header->magic, magic, sizeof(magic)) == 0 && header->count > 0 &&
	       header->count <= BPF_MAXINSNS && header->key_length == key->length &&
	       file->length == sizeof(*header) + key->length + size &&
	       memcmp(rest, key->bytes, key->length) == 0 &&
	       header->checksum == checksum(key, rest + key->length, size);
}

bool seccomp_cache_get(int dirfd, const struct buffer *key, struct arena *arena,
		       struct seccomp_program *ret_program)
{
	_cleanup_buffer_ struct buffer file = BUFFER_INIT;
	struct error ignored = ERROR_INIT;
	struct header header;
	char name[NAME_SIZE];

	if (buffer_failed(key))
		return false;
	slot_name(key, name);
	if (file_read(dirfd, name, FILE_LIMIT, &file, &ignored) < 0 || file.length < sizeof(header))
		return false;
	memcpy(&header, file.bytes, sizeof(header));
	if (!is_valid(&header, &file, key))
		return false;
	ret_program->instructions = arena_memdup(arena, file.bytes + sizeof(header) + key->length,
						 header.count * sizeof(struct sock_filter));
	ret_program->count = header.count;
	return true;
}

void seccomp_cache_put(int dirfd, const struct buffer *key, const struct seccomp_program *program)
{
	_cleanup_buffer_ struct buffer file = BUFFER_INIT;
	size_t size = program->count * sizeof(struct sock_filter);
	struct header header = { .key_length = (uint32_t)key->length,
				 .count = (uint32_t)program->count };
	struct error ignored = ERROR_INIT;
	char name[NAME_SIZE];

	if (buffer_failed(key) || key->length > FILE_LIMIT / 2)
		return;
	memcpy(header.magic, magic, sizeof(magic));
	header.checksum = checksum(key, program->instructions, size);
	buffer_add(&file, &header, sizeof(header));
	buffer_add(&file, key->bytes, key->length);
	buffer_add(&file, program->instructions, size);
	slot_name(key, name);
	if (!buffer_failed(&file))
		file_replace(dirfd, name, 0600, file.bytes, file.length, false, &ignored);
}
