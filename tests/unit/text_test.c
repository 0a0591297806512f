/* base/text.c: numbers, sizes, texts that have no room. */
#include "tests/unit/support.h"

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

static int64_t duration_of(const char *text)
{
	int64_t ns = -7;

	return parse_duration(text, &ns) ? ns : -7;
}

TEST(durations_as_go_writes_them)
{
	CHECK_INT(duration_of("0"), 0);
	CHECK_INT(duration_of("0s"), 0);
	CHECK_INT(duration_of("5s"), 5000000000);
	CHECK_INT(duration_of("1m30s"), 90000000000);
	CHECK_INT(duration_of("1h0m0.5s"), 3600500000000);
	CHECK_INT(duration_of("1.5h"), 5400000000000);
	CHECK_INT(duration_of(".5s"), 500000000);
	CHECK_INT(duration_of("5.s"), 5000000000);
	CHECK_INT(duration_of("300ms"), 300000000);
	CHECK_INT(duration_of("7us"), 7000);
	CHECK_INT(duration_of("7\u00b5s"), 7000);
	CHECK_INT(duration_of("7\u03bcs"), 7000);
	CHECK_INT(duration_of("1ns"), 1);
	CHECK_INT(duration_of("0.1ns"), 0);
	CHECK_INT(duration_of("9223372036854775807ns"), -7); /* 19 digits are too many */
	CHECK_INT(duration_of("2562047h47m16.854775807s"), INT64_MAX);
}

TEST(what_is_no_duration)
{
	static const char *const wrong[] = {
		"",	"5",	  "s",	      ".s",
		"-1s",	"+1s",	  "1 s",      "1s ",
		"1d",	"1s0",	  "1s5",      "1S",
		"1e3s", "1.5.5s", "2562048h", "2562047h47m16.854775808s",
		"0x1s", "00"
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (duration_of(wrong[i]) != -7)
			harness_fail(__FILE__, __LINE__, "accepted: \"%s\"", wrong[i]);
}

static const char *decimal(uint64_t number, unsigned int decimals)
{
	static char text[DECIMAL_SIZE];

	decimal_text(number, decimals, text);
	return text;
}

TEST(decimals)
{
	CHECK_STR(decimal(0, 2), "0");
	CHECK_STR(decimal(12, 2), "0.12");
	CHECK_STR(decimal(120, 2), "1.2");
	CHECK_STR(decimal(10000, 2), "100");
	CHECK_STR(decimal(5, 6), "0.000005");
	CHECK_STR(decimal(70, 0), "70");
	CHECK_STR(decimal(UINT64_MAX, 9), "18446744073.709551615");
}

TEST(what_has_no_room_is_cut_or_aborts)
{
	char text[8];
	pid_t pid;

	text_cut(text, sizeof(text), "%s", "too long for it");
	CHECK_STR(text, "too lon");
	text_fit(text, sizeof(text), "%d %s", 1234, "12");
	CHECK_STR(text, "1234 12");
	pid = fork();
	if (pid == 0) {
		text_fit(text, sizeof(text), "%d %s", 1234, "123");
		_exit(0);
	}
	CHECK_INT(exit_of(pid), 128 + TRAP_SIGNAL);
}
