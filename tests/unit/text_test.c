#include "tests/unit/support.h"

#include "base/cleanup.h"
#include "base/text.h"

/* ---- numbers: the whole string, or nothing ---- */

static const char *const never_numbers[] = {
	"",    " ",  "+1", "1 ",  " 1", "1\n", "0x10", "1e3",
	"1.0", "1,", "--", "1-1", "٣",	"a",   "/",    ":",
};

TEST(what_is_no_number_parses_as_none)
{
	uint64_t u64 = 7;
	int64_t i64 = 7;
	uint32_t u32 = 7, octal = 7;
	int i = 7;

	for (size_t n = 0; n < array_length(never_numbers); n++) {
		const char *text = never_numbers[n];

		if (parse_u64(text, &u64) || parse_i64(text, &i64) || parse_u32(text, &u32) ||
		    parse_int(text, &i) || parse_octal(text, &octal))
			harness_fail(__FILE__, __LINE__, "\"%s\" parsed", text);
	}
	CHECK(u64 == 7 && i64 == 7 && u32 == 7 && i == 7 && octal == 7);
}

TEST(unsigned_64)
{
	uint64_t value = 1;

	CHECK(parse_u64("0", &value) && value == 0);
	CHECK(parse_u64("18446744073709551615", &value) && value == UINT64_MAX);
	CHECK(!parse_u64("18446744073709551616", &value));
	CHECK(!parse_u64("99999999999999999999", &value));
	CHECK(!parse_u64("-1", &value));
	CHECK(value == UINT64_MAX);
	CHECK(parse_u64("007", &value) && value == 7);
}

TEST(signed_64)
{
	int64_t value = 1;

	CHECK(parse_i64("9223372036854775807", &value) && value == INT64_MAX);
	CHECK(parse_i64("-9223372036854775808", &value) && value == INT64_MIN);
	CHECK(!parse_i64("9223372036854775808", &value));
	CHECK(!parse_i64("-9223372036854775809", &value));
	CHECK(!parse_i64("-", &value) && !parse_i64("--1", &value));
	CHECK(value == INT64_MIN);
	CHECK(parse_i64("-0", &value) && value == 0);
}

/* CVE-2026-30892: a user that doesn't parse must not become root. */
TEST(unsigned_32_does_not_wrap)
{
	uint32_t value = 7;

	CHECK(parse_u32("4294967295", &value) && value == UINT32_MAX);
	CHECK(!parse_u32("4294967296", &value));
	CHECK(!parse_u32("-1", &value));
	CHECK(value == UINT32_MAX);
}

TEST(int_keeps_its_range)
{
	int value = 7;

	CHECK(parse_int("2147483647", &value) && value == INT32_MAX);
	CHECK(parse_int("-2147483648", &value) && value == INT32_MIN);
	CHECK(!parse_int("2147483648", &value) && !parse_int("-2147483649", &value));
	CHECK(value == INT32_MIN);
}

TEST(octal_has_eight_digits)
{
	uint32_t value = 7;

	CHECK(parse_octal("0755", &value) && value == 0755);
	CHECK(parse_octal("37777777777", &value) && value == UINT32_MAX);
	CHECK(!parse_octal("8", &value) && !parse_octal("79", &value));
	CHECK(!parse_octal("40000000000", &value));
	CHECK(value == UINT32_MAX);
}

/* ---- strings ---- */

TEST(starts_and_ends)
{
	CHECK(text_starts("abc", "ab") && text_starts("abc", "") && text_starts("abc", "abc"));
	CHECK(!text_starts("abc", "abcd") && !text_starts("abc", "b"));
	CHECK(text_ends("abc", "bc") && text_ends("abc", "") && text_ends("abc", "abc"));
	CHECK(!text_ends("abc", "0abc") && !text_ends("abc", "b"));
}

TEST(lists)
{
	char a[] = "a", b[] = "b", *items[] = { a, b };
	struct strings list = { items, 2 }, none = { NULL, 0 };

	CHECK(text_in(&list, "b"));
	CHECK(!text_in(&list, "c") && !text_in(&list, "") && !text_in(&none, "a"));
}

TEST(printable_has_no_control_bytes)
{
	CHECK(text_printable("") && text_printable("a b~") && text_printable("größe"));
	CHECK(!text_printable("a\nb") && !text_printable("\033[2J") && !text_printable("\x7f"));
}

TEST(copies_are_deep)
{
	_cleanup_arena_ struct arena arena = ARENA_INIT;
	char a[] = "a", b[] = "b", *items[] = { a, b };
	struct strings list = { items, 2 }, copy;
	char **vector;

	SUCCEEDS(arena_init(&arena, 4096, &err));
	copy = strings_copy(&arena, &list);
	vector = strings_vector(&arena, &list);
	a[0] = b[0] = 'x';
	items[0] = NULL;
	CHECK_INT(copy.count, 2);
	CHECK_STR(copy.items[0], "a");
	CHECK_STR(copy.items[1], "b");
	CHECK_STR(vector[0], "a");
	CHECK_STR(vector[1], "b");
	CHECK(!vector[2]);
	list.count = 0;
	CHECK(!strings_vector(&arena, &list)[0]);
}

TEST(tables_of_names)
{
	static const struct name_value table[] = { { "one", 1 }, { "minus", -1 }, { NULL } };
	_cleanup_arena_ struct arena arena = ARENA_INIT;
	struct strings names;

	SUCCEEDS(arena_init(&arena, 4096, &err));
	CHECK_INT(name_find(table, "minus")->value, -1);
	CHECK(!name_find(table, "two") && !name_find(table, ""));
	CHECK_STR(name_of(table, 1), "one");
	CHECK(!name_of(table, 0));
	names = name_list(table, &arena);
	CHECK_INT(names.count, 2);
	CHECK_STR(names.items[0], "one");
	CHECK_STR(names.items[1], "minus");
}

/* ---- UTF-8, RFC 3629 ---- */

static const struct {
	const char *bytes;
	size_t length;
} sequences[] = {
	{ "a", 1 },
	{ "\x7f", 1 },
	{ "\xc2\x80", 2 },
	{ "\xdf\xbf", 2 },
	{ "\xe0\xa0\x80", 3 },
	{ "\xed\x9f\xbf", 3 },
	{ "\xee\x80\x80", 3 },
	{ "\xf0\x90\x80\x80", 4 },
	{ "\xf4\x8f\xbf\xbf", 4 },
	/* a continuation first, overlong forms, surrogates, beyond U+10FFFF, cut short */
	{ "\x80", 0 },
	{ "\xbf", 0 },
	{ "\xc0\x80", 0 },
	{ "\xc1\xbf", 0 },
	{ "\xe0\x9f\xbf", 0 },
	{ "\xed\xa0\x80", 0 },
	{ "\xf0\x8f\xbf\xbf", 0 },
	{ "\xf4\x90\x80\x80", 0 },
	{ "\xf5\x80\x80\x80", 0 },
	{ "\xff", 0 },
	{ "\xc2", 0 },
	{ "\xe2\x82", 0 },
	{ "\xf0\x9f\x98", 0 },
	{ "\xe2\x28\xa1", 0 },
	{ "\xe2\x82\x28", 0 },
	{ "\xf0\x9f\x98\x28", 0 },
};

TEST(utf8)
{
	for (size_t i = 0; i < array_length(sequences); i++)
		if (utf8_length(sequences[i].bytes) != sequences[i].length)
			harness_fail(__FILE__, __LINE__, "row %zu: %zu", i,
				     utf8_length(sequences[i].bytes));
}

/* ---- the buffer ---- */

TEST(a_buffer_grows_and_stays_terminated)
{
	_cleanup_buffer_ struct buffer buffer = BUFFER_INIT;

	for (int i = 0; i < 1000; i++)
		buffer_printf(&buffer, "%03d ", i);
	CHECK_INT(buffer.length, 4000);
	CHECK_INT(strlen(buffer.bytes), 4000);
	CHECK(strncmp(buffer.bytes + 3996, "999 ", 5) == 0);
	buffer_add(&buffer, "\0x", 2);
	CHECK_INT(buffer.length, 4002);
	CHECK_INT(buffer.bytes[4002], 0);
	CHECK(!buffer_failed(&buffer));
	buffer_free(&buffer);
	CHECK(!buffer.bytes && !buffer.length);
}

TEST(a_buffer_remembers_that_there_was_no_memory)
{
	_cleanup_buffer_ struct buffer buffer = BUFFER_INIT;

	buffer_puts(&buffer, "before");
	buffer.failed = true;
	buffer_puts(&buffer, "after");
	buffer_printf(&buffer, "%s", "after");
	CHECK(buffer_failed(&buffer));
	CHECK_STR(buffer.bytes, "before");
}

TEST(json_strings)
{
	_cleanup_buffer_ struct buffer buffer = BUFFER_INIT;

	buffer_add_json(&buffer, "a\"b\\c\n\x01\x7f/é\xff\xe2\x82");
	CHECK_STR(buffer.bytes, "\"a\\\"b\\\\c\\u000a\\u0001\\u007f/é\\ufffd\\ufffd\\ufffd\"");
}
