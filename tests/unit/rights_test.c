/* checkpoint/rights.c: what restored processes may do, against the config. */
#include "tests/unit/harness.h"

#include "base/cleanup.h"
#include "checkpoint/rights.h"

#define STATUS(caps, bounding, nnp, seccomp)                                                       \
	"Name:\tsh\nUid:\t0\t0\t0\t0\nCapInh:\t0000000000000000\nCapPrm:\t" caps                   \
	"\nCapEff:\t" caps "\nCapBnd:\t" bounding "\nCapAmb:\t0000000000000000\nNoNewPrivs:\t" nnp \
	"\nSeccomp:\t" seccomp "\nSeccomp_filters:\t1\n"

static const struct rights narrow = { 0x5, true, true }, wide = { UINT64_MAX, false, false };

static const struct {
	const struct rights *rights;
	const char *status, *words; /* NULL: it has no more */
} rows[] = {
	{ &narrow, STATUS("0000000000000005", "0000000000000005", "1", "2"), NULL },
	{ &narrow, STATUS("0000000000000000", "0000000000000000", "1", "2"), NULL },
	{ &narrow, STATUS("0000000000000000", "0000000000000007", "1", "2"), "CapBnd 2" },
	{ &narrow, STATUS("0000000000200005", "0000000000000005", "1", "2"), "CapPrm 200000" },
	{ &narrow, STATUS("0000000000000005", "0000000000000005", "0", "2"), "noNewPrivileges" },
	{ &narrow, STATUS("0000000000000005", "0000000000000005", "1", "0"), "seccomp" },
	{ &narrow, STATUS("0000000000000005", "0000000000000005", "1", "1"), "seccomp" },
	{ &narrow, "", "CapInh" },
	/* a name is what a process likes, but for the end of a line */
	{ &narrow, "Name:\tCapBnd:\t0\n", "CapInh" },
	{ &wide, STATUS("000001ffffffffff", "000001ffffffffff", "0", "0"), NULL },
	{ &wide, STATUS("0000000000000000", "0000000000000000", "1", "2"), NULL },
};

TEST(less_than_the_config_gives_is_fine_and_more_is_not)
{
	for (size_t i = 0; i < array_length(rows); i++) {
		struct error err = ERROR_INIT;
		int result = rights_check(rows[i].rights, rows[i].status, &err);

		if (rows[i].words ? result == 0 || !strstr(err.text, rows[i].words) : result < 0)
			harness_fail(__FILE__, __LINE__, "row %zu: %s", i, err.text);
		CHECK(result == 0 || err.code == ERROR_REFUSED);
	}
}

TEST(the_config_gives_what_is_in_any_of_its_sets)
{
	char *bounding = (char *)"CAP_CHOWN", *permitted = (char *)"CAP_KILL";
	struct config_capabilities capabilities = { .bounding = { &bounding, 1 },
						    .permitted = { &permitted, 1 } };
	struct config_process process = { .capabilities = &capabilities,
					  .no_new_privileges = { true, true } };
	struct config_linux linux_ = { .seccomp = NULL };
	struct config config = { .process = &process, .linux_ = &linux_ };
	struct rights rights = rights_of(&config);

	CHECK(rights.capabilities == (1 << 0 | 1 << 5));
	CHECK(rights.no_new_privileges && !rights.filtered);
	process.capabilities = NULL;
	CHECK(rights_of(&config).capabilities == 0);
}

TEST(id_maps_are_compared_by_their_ranges)
{
	CHECK(rights_same_map("         0     100000      65536\n", "0 100000 65536\n"));
	CHECK(rights_same_map("0 1000 1\n1 100000 10\n", "1 100000 10\n0 1000 1\n"));
	CHECK(rights_same_map("", ""));
	CHECK(!rights_same_map("0 0 4294967295\n", "0 100000 65536\n"));
	CHECK(!rights_same_map("0 100000 65536\n", ""));
	CHECK(!rights_same_map("0 1000 1\n", "0 1000 1\n1 100000 10\n"));
	CHECK(!rights_same_map("0 1000 1\n1 0 10\n", "0 1000 1\n"));
}
