/* base/text.c: numbers and sizes. */
#include "tests/unit/harness.h"

#include "base/text.h"

static int64_t size_of(const char *text)
{
	int64_t bytes = -7;

	return parse_size(text, &bytes) ? bytes : -7;
}

TEST(sizes_as_people_write_them)
{
	CHECK_INT(size_of("0"), 0);
	CHECK_INT(size_of("4096"), 4096);
	CHECK_INT(size_of("1k"), 1024);
	CHECK_INT(size_of("300M"), 314572800);
	CHECK_INT(size_of("300mb"), 314572800);
	CHECK_INT(size_of("300MiB"), 314572800);
	CHECK_INT(size_of("2G"), 2ll << 30);
	CHECK_INT(size_of("3t"), 3ll << 40);
	CHECK_INT(size_of("8191p"), 8191ll << 50);
	CHECK_INT(size_of("9223372036854775807"), INT64_MAX);
}

TEST(what_is_no_size)
{
	static const char *const wrong[] = { "",
					     " ",
					     "M",
					     "-1",
					     "+1",
					     "1.5G",
					     "1e3",
					     "0x10",
					     "1 M",
					     "1M ",
					     "1b",
					     "1Q",
					     "1MM",
					     "1ibM",
					     "1,000",
					     "8192p",
					     "99999999999999999p",
					     "9223372036854775808",
					     "99999999999999999999999999" };

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (size_of(wrong[i]) != -7)
			harness_fail(__FILE__, __LINE__, "accepted: \"%s\"", wrong[i]);
}
