#include "tests/unit/harness.h"

#include "libcontainer/process/mask.h"

static struct mask parsed(const char *list)
{
	static struct arena arena = ARENA_INIT;
	struct error err = ERROR_INIT;
	struct mask mask = { 0 };

	if (!arena.base)
		CHECK(arena_init(&arena, 1 << 20, &err) == 0);
	CHECK(mask_parse(list, "object", &arena, &mask, &err) == 0);
	return mask;
}

static int has(const struct mask *mask, size_t bit)
{
	const size_t word = 8 * sizeof(unsigned long);

	return bit < mask->bits && mask->words[bit / word] >> bit % word & 1;
}

TEST(nothing_is_the_empty_mask)
{
	CHECK_INT(parsed(NULL).bits, 0);
	CHECK_INT(parsed("").bits, 0);
	CHECK(parsed("").words == NULL);
}

TEST(single_numbers_ranges_and_overlaps)
{
	struct mask mask = parsed("7,0-3,2-4,65,66-66");

	CHECK_INT(mask.bits, 67);
	CHECK_INT(mask_bytes(&mask) % sizeof(unsigned long), 0);
	CHECK(mask_bytes(&mask) * 8 >= 67);
	for (size_t bit = 0; bit < 70; bit++)
		CHECK_INT(has(&mask, bit), bit <= 4 || bit == 7 || bit == 65 || bit == 66);
}

TEST(more_bits_than_a_cpu_set_of_the_library)
{
	struct mask mask = parsed("5000,65535");

	CHECK_INT(mask.bits, MASK_BITS_MAX);
	CHECK(has(&mask, 5000) && has(&mask, 65535) && !has(&mask, 5001));
}

TEST(anything_else_is_refused)
{
	static const char *const lists[] = {
		"a",   "-1",   "1-",	"-",	   ",",	 "1,",
		",1",  "1,,2", "3-2",	"1 ",	   " 1", "1-2-3",
		"0x1", "1;2",  "65536", "0-65536", "+1", "99999999999999999999999",
		"1\n",
	};
	struct arena arena = ARENA_INIT;
	struct error err = ERROR_INIT;

	CHECK(arena_init(&arena, 1 << 20, &err) == 0);
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct mask mask = { .bits = 42 };

		err = (struct error)ERROR_INIT;
		if (mask_parse(lists[i], "object", &arena, &mask, &err) == 0)
			harness_fail(__FILE__, __LINE__, "\"%s\" was taken", lists[i]);
		CHECK_INT(err.code, ERROR_INVALID);
		CHECK_STR(err.object, "object");
		CHECK_INT(mask.bits, 42);
	}
}
