/* For tests of oci/: documents from text and from tests/data. */
#pragma once

#include <fcntl.h>

#include "base/fd.h"
#include "oci/config.h"
#include "oci/json.h"
#include "tests/unit/harness.h"

/* An arena for the test's process, which ends with it. */
static inline struct arena *test_arena(void)
{
	static struct arena arena;
	struct error err = ERROR_INIT;

	if (!arena.base)
		CHECK(arena_init(&arena, CONFIG_ARENA_SIZE, &err) == 0);
	return &arena;
}

struct data {
	char *bytes; /* in the arena, NUL-terminated */
	size_t length;
};

static inline struct data read_data(const char *name)
{
	_cleanup_buffer_ struct buffer bytes = BUFFER_INIT;
	struct error err = ERROR_INIT;
	char path[4096];

	snprintf(path, sizeof(path), "%s/tests/data/%s", getenv("PROA_SRC"), name);
	if (file_read(AT_FDCWD, path, JSON_SIZE_MAX, &bytes, &err) < 0)
		harness_fail(__FILE__, __LINE__, "%s", err.text);
	return (struct data){ arena_memdup(test_arena(), bytes.bytes, bytes.length + 1),
			      bytes.length };
}

/* Parse @text, which must be right. */
static inline struct config *parse(const char *text, enum config_document document)
{
	struct config *config;
	struct error err = ERROR_INIT;

	if (config_parse(text, strlen(text), "f", document, test_arena(), &config, &err) < 0)
		harness_fail(__FILE__, __LINE__, "%s: %s", text, err.text);
	return config;
}

/* The error of @text, which must be wrong. */
static inline struct error refused(const char *text, enum config_document document)
{
	struct config *config = (struct config *)-1;
	struct error err = ERROR_INIT;

	if (config_parse(text, strlen(text), "f", document, test_arena(), &config, &err) == 0)
		harness_fail(__FILE__, __LINE__, "accepted: %s", text);
	CHECK(config == (struct config *)-1);
	return err;
}
