#include "tests/unit/support.h"

TEST(set_fills_everything)
{
	struct error e = ERROR_INIT;

	CHECK_INT(error_set(&e, ERROR_INVALID, "linux.seccomp", "%s is %d", "it", 7), -1);
	CHECK_INT(e.code, ERROR_INVALID);
	CHECK_INT(e.errnum, 0);
	CHECK_STR(e.object, "linux.seccomp");
	CHECK_STR(e.text, "it is 7");
}

TEST(set_replaces_what_was_there)
{
	struct error e = ERROR_INIT;

	error_errno(&e, EIO, "old", "old");
	error_set(&e, ERROR_STATE, NULL, "new");
	CHECK_INT(e.errnum, 0);
	CHECK_STR(e.object, "");
	CHECK_STR(e.text, "new");
}

TEST(errno_is_kept_as_a_number_and_in_words)
{
	struct error e = ERROR_INIT;

	CHECK_INT(error_errno(&e, ENOSPC, "/x", "write %s", "/x"), -1);
	CHECK_INT(e.code, ERROR_SYSTEM);
	CHECK_INT(e.errnum, ENOSPC);
	CHECK_STR(e.text, "write /x: No space left on device");
}

TEST(prefix_comes_first_and_keeps_the_code)
{
	struct error e = ERROR_INIT;

	error_errno(&e, ENOSPC, "/x", "write");
	CHECK_INT(error_prefix(&e, "mounts[%d]", 3), -1);
	CHECK_STR(e.text, "mounts[3]: write: No space left on device");
	CHECK_INT(e.errnum, ENOSPC);
	CHECK_STR(e.object, "/x");
}

TEST(too_long_texts_are_cut)
{
	struct error e = ERROR_INIT;
	char longer[4096];

	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	error_set(&e, ERROR_INVALID, longer, "%s", longer);
	CHECK_INT(strlen(e.text), sizeof(e.text) - 1);
	CHECK_INT(strlen(e.object), sizeof(e.object) - 1);
	error_errno(&e, EIO, longer, "%s", longer);
	CHECK_INT(strlen(e.text), sizeof(e.text) - 1);
	error_prefix(&e, "%s", longer);
	CHECK_INT(strlen(e.text), sizeof(e.text) - 1);
	error_prefix(&e, "short");
	CHECK(strncmp(e.text, "short: xxx", 10) == 0);
	CHECK_INT(strlen(e.text), sizeof(e.text) - 1);
}

/* What engines look for in an error belongs to the container's program alone. */
TEST(no_errno_is_worded_as_engines_grep_for)
{
	static const char *const forbidden[] = {
		"no such file or directory", "permission denied", "operation not permitted",
		"no such process",	     "does not exist",
	};

	for (int errnum = 1; errnum < 134; errnum++)
		for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++)
			if (strcasestr(error_words(errnum), forbidden[i]))
				harness_fail(__FILE__, __LINE__, "errno %d: %s", errnum,
					     error_words(errnum));
}

/* Engines turn this one into "are you trying to mount a directory onto a file?" */
TEST(a_wrong_kind_of_file_is_worded_as_docker_greps_for)
{
	CHECK_STR(error_words(ENOTDIR), "not a directory");
}

TEST(each_code_has_a_name_of_its_own)
{
	for (int code = 0; code <= ERROR_SYSTEM; code++) {
		CHECK(error_code_name(code) && *error_code_name(code));
		for (int other = 0; other < code; other++)
			CHECK(strcmp(error_code_name(code), error_code_name(other)) != 0);
	}
	CHECK_STR(error_code_name(ERROR_SYSTEM + 1), "unknown");
	CHECK_STR(error_code_name((enum error_code) - 1), "unknown");
}
