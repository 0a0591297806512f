/* base/wipe.c; free(3) is wrapped, to look at what is given back. */
#include "tests/unit/harness.h"

#include <malloc.h>
#include <stdlib.h>

#include "base/text.h"
#include "base/wipe.h"

void __real_free(void *memory);
void __wrap_free(void *memory);

static bool looking;
static size_t dirty, given_back;

void __wrap_free(void *memory)
{
	size_t size = looking && memory ? malloc_usable_size(memory) : 0;

	for (size_t i = 0; i < size; i++)
		dirty += ((unsigned char *)memory)[i] != 0;
	given_back += size != 0;
	__real_free(memory);
}

#define LARGE 100000 /* larger than what is kept */

TEST(what_is_freed_is_cleared)
{
	char *memory = wiping_malloc(LARGE);

	memset(memory, 'x', LARGE);
	looking = true;
	wiping_free(memory);
	looking = false;
	CHECK_INT(given_back, 1);
	CHECK_INT(dirty, 0);
	wiping_free(NULL);
}

TEST(what_is_kept_for_the_next_is_cleared)
{
	enum { PIECES = 20, SIZE = 100 };
	char *pieces[PIECES];

	for (size_t i = 0; i < PIECES; i++) {
		pieces[i] = wiping_malloc(SIZE + i);
		memset(pieces[i], 'x', SIZE + i);
	}
	looking = true;
	for (size_t i = 0; i < PIECES; i++)
		wiping_free(pieces[i]);
	looking = false;
	CHECK(given_back > PIECES / 2 && given_back < PIECES);
	CHECK_INT(dirty, 0);
	pieces[0] = wiping_malloc(SIZE);
	for (size_t i = 0; i < SIZE; i++)
		CHECK_INT(pieces[0][i], 0);
	wiping_free(pieces[0]);
}

TEST(what_grows_is_kept_and_its_old_place_cleared)
{
	char *memory = wiping_realloc(NULL, LARGE);

	memcpy(memory, "secret", 7);
	looking = true;
	memory = wiping_realloc(memory, 2 * LARGE);
	looking = false;
	CHECK_STR(memory, "secret");
	CHECK_INT(given_back, 1);
	CHECK_INT(dirty, 0);
	CHECK(wiping_realloc(memory, 5) == memory);
	CHECK_STR(memory, "secret");
	wiping_free(memory);
}

TEST(a_buffer_leaves_nothing)
{
	struct buffer buffer = BUFFER_INIT;

	looking = true;
	for (int i = 0; i < 10000; i++)
		buffer_puts(&buffer, "secret");
	CHECK_INT(buffer.length, 60000);
	buffer_free(&buffer);
	looking = false;
	CHECK(given_back > 1);
	CHECK_INT(dirty, 0);
}
