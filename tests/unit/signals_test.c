#include "tests/unit/harness.h"

#include <ctype.h>

#include "base/cleanup.h"
#include "src/signals.h"

static int parse(const char *text)
{
	int signal = -1;

	return signal_parse(text, &signal) ? signal : -1;
}

TEST(every_name_parses_in_every_style)
{
	for (const struct name_value *row = signal_names; row->name; row++) {
		char text[32], lower[32];

		snprintf(text, sizeof(text), "SIG%s", row->name);
		CHECK(parse(row->name) == row->value);
		CHECK(parse(text) == row->value);
		for (size_t i = 0; i <= strlen(text); i++)
			lower[i] = (char)tolower(text[i]);
		CHECK(parse(lower) == row->value);
		CHECK(parse(lower + 3) == row->value);
		for (const struct name_value *other = signal_names; other < row; other++)
			CHECK(strcmp(other->name, row->name) != 0);
	}
}

/* None below the real-time ones; and where the C library can tell, by its names. */
TEST(no_signal_is_missing)
{
	uint64_t named = 0;

	for (const struct name_value *row = signal_names; row->name; row++)
		named |= 1ull << row->value;
	CHECK((named & 0xfffffffe) == 0xfffffffe);
#ifdef __GLIBC__
	for (int signal = 1; signal < 32; signal++)
		CHECK(parse(sigabbrev_np(signal)) == signal);
#endif
}

TEST(real_time_signals_count_as_everybody_does)
{
	CHECK(parse("SIGRTMIN") == 34 && parse("rtmin+3") == 37);
	CHECK(parse("SIGRTMAX") == 64 && parse("RTMAX-14") == 50);
	CHECK(parse("SIGRTMIN+30") == 64 && parse("SIGRTMAX-30") == 34);
}

TEST(numbers_from_0_to_64)
{
	char text[8];

	for (int signal = 0; signal <= 64; signal++) {
		snprintf(text, sizeof(text), "%d", signal);
		CHECK(parse(text) == signal);
	}
}

TEST(all_else_is_refused)
{
	static const char *const wrong[] = {
		"",	      " ",
		"SIG",	      "SIGSIGKILL",
		"KILLED",     "KIL",
		"65",	      "-1",
		"-9",	      "+9",
		"9 ",	      " 9",
		"0x9",	      "9.0",
		"KILL ",      "RTMIN+",
		"RTMIN-1",    "RTMIN+31",
		"RTMIN+-1",   "RTMAX+1",
		"RTMAX-31",   "RTMIN3",
		"RTMI",	      "SIG9",
		"4294967305", "18446744073709551625",
	};

	for (size_t i = 0; i < array_length(wrong); i++)
		CHECK(parse(wrong[i]) == -1);
}
