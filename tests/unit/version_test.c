#include "tests/unit/harness.h"
#include "src/version.h"

TEST(commit_is_told)
{
	CHECK(proa_commit[0] != '\0');
	CHECK(strpbrk(proa_commit, " \t\n\"") == NULL);
}
