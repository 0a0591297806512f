#include "tests/unit/harness.h"

#include "src/output.h"
#include "src/ps_filter.h"

TEST(a_table_is_shaped_as_runc_s)
{
	static const char *const cells[] = {
		"ID",	 "PID",	      "STATUS", "web", "7", "running", "a-name-of-20-letters",
		"12345", "st\nopped",
	};
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;

	output_table(&text, cells, 3, 3);
	CHECK_STR(text.bytes, "ID                     PID         STATUS\n"
			      "web                    7           running\n"
			      "a-name-of-20-letters   12345       st?opped\n");
}

TEST(users_have_names_or_numbers)
{
	_cleanup_arena_ struct arena arena = ARENA_INIT;
	struct error err = ERROR_INIT;

	CHECK(arena_init(&arena, 1 << 16, &err) == 0);
	CHECK_STR(output_user_name(0, &arena), "root");
	CHECK_STR(output_user_name(4123456789u, &arena), "#4123456789");
}

TEST(a_full_disk_is_an_error)
{
	struct buffer text = { .bytes = (char *)"x", .length = 1 };
	struct error err = ERROR_INIT;

	CHECK(freopen("/dev/full", "w", stdout));
	CHECK(output_write(&text, &err) < 0);
	CHECK(err.errnum == ENOSPC);
}

/* ---- ps ---- */

static pid_t some_pids[] = { 7, 123 };
static const struct pid_list pids = { some_pids, 2 };

static void check_filter(const char *table, const char *expected)
{
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;
	struct error err = ERROR_INIT;

	CHECK(ps_filter(table, &pids, &text, &err) == 0);
	CHECK_STR(text.bytes, expected);
}

TEST(ps_keeps_the_lines_of_the_pids)
{
	check_filter("UID   PID  PPID CMD\n"
		     "root    7     1 sh -c 123\n"
		     "root    1     7 init\n"
		     "u     123     7 sleep  9\n"
		     "u    1234   123 sleep\n",
		     "UID   PID  PPID CMD\n"
		     "root    7     1 sh -c 123\n"
		     "u     123     7 sleep  9\n");
	check_filter("  PID\n    8\n   77", "  PID\n");
	check_filter("  PID\n    7", "  PID\n    7\n");
	check_filter("PID A\n", "PID A\n");
	check_filter("A PID\nshort\n\n\nx 7\n", "A PID\nx 7\n");
}

TEST(ps_keeps_the_threads_of_the_pids)
{
	check_filter("PID TID\n7 -\n- 7\n- 8\n9 -\n- 9\n123 -\n- 10\n",
		     "PID TID\n7 -\n- 7\n- 8\n123 -\n- 10\n");
}

TEST(ps_without_a_pid_column_is_an_error)
{
	static const char *const tables[] = { "", "\n", "CMD\nsh\n", "PPID\n7\n", "\nPID\n" };

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		_cleanup_buffer_ struct buffer text = BUFFER_INIT;
		struct error err = ERROR_INIT;

		CHECK(ps_filter(tables[i], &pids, &text, &err) < 0);
		CHECK(err.code == ERROR_INVALID);
	}
}
