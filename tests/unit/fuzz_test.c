/* The targets of tests/fuzz/ on their seeds, among them what once was a finding. */
#include "tests/unit/harness.h"

#include <dirent.h>
#include <fcntl.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "tests/fuzz/targets.h"

static void replay(const char *name, void (*target)(const char *, size_t))
{
	const char *source = getenv("PROA_SRC");
	char path[4096];
	DIR *directory;
	struct dirent *entry;
	size_t count = 0;

	snprintf(path, sizeof(path), "%s/tests/fuzz/seeds/%s", source ? source : ".", name);
	directory = opendir(path);
	CHECK(directory);
	while (directory && (entry = readdir(directory))) {
		_cleanup_buffer_ struct buffer seed = BUFFER_INIT;
		struct error err = ERROR_INIT;

		if (entry->d_name[0] == '.')
			continue;
		if (file_read(dirfd(directory), entry->d_name, 1 << 20, &seed, &err) < 0)
			harness_fail(__FILE__, __LINE__, "%s", err.text);
		/* if it dies, this was the one */
		fprintf(stderr, "%s/%s\n", name, entry->d_name);
		target(seed.bytes ? seed.bytes : "", seed.length);
		count++;
	}
	closedir(directory);
	CHECK(count >= 3);
}

#define REPLAY_TEST(name, files)                                                                   \
	TEST(name)                                                                                 \
	{                                                                                          \
		replay(#name, fuzz_##name);                                                        \
	}
FUZZ_TARGETS(REPLAY_TEST)
