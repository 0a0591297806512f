/* libcontainer/cgroup/values.c: what the files of a cgroup say. */
#include "tests/unit/harness.h"

#include "libcontainer/cgroup/values.h"

static const char *restoring(const char *file, const char *text, const char *value)
{
	static struct arena arena;
	struct error err = ERROR_INIT;

	if (!arena.base)
		CHECK(arena_init(&arena, 1 << 20, &err) == 0);
	return value_restoring(file, text, value, &arena);
}

TEST(numbers_with_the_suffixes_of_the_kernel)
{
	uint64_t number = 5;

	CHECK(value_number("max\n", &number) && number == UINT64_MAX);
	CHECK(value_number("0\n", &number) && number == 0);
	CHECK(value_number("100000 50000\n", &number) && number == 100000);
	CHECK(value_number("max 100000\n", &number) && number == UINT64_MAX);
	CHECK(value_number("1K", &number) && number == 1024);
	CHECK(value_number("3g", &number) && number == 3ull << 30);
	CHECK(value_number("16E", &number) && number == UINT64_MAX);
	number = 5;
	CHECK(!value_number("", &number) && !value_number("K", &number));
	CHECK(!value_number("-1", &number) && !value_number("1x", &number));
	CHECK(!value_number("18446744073709551616", &number) && number == 5);
}

TEST(what_was_written_is_known_again)
{
	static const struct {
		const char *file, *text, *value;
		enum value_match match;
	} rows[] = {
		{ "pids.max", "max\n", "max", VALUE_SAME },
		{ "pids.max", "100\n", "100", VALUE_SAME },
		{ "pids.max", "99\n", "100", VALUE_OTHER },
		{ "pids.max", "max\n", "100", VALUE_OTHER },
		/* whole pages */
		{ "memory.max", "299999232\n", "300000000", VALUE_SAME },
		{ "memory.max", "299995136\n", "300000000", VALUE_OTHER },
		{ "memory.max", "300003328\n", "300000000", VALUE_OTHER },
		{ "memory.max", "314572800\n", "300M", VALUE_SAME },
		{ "memory.max", "max\n", "9223372036854775807", VALUE_SAME },
		{ "memory.max", "max\n", "9223372036854", VALUE_OTHER },
		/* switches are no bytes */
		{ "memory.oom.group", "0\n", "1", VALUE_OTHER },
		{ "memory.oom.group", "1\n", "0", VALUE_OTHER },
		{ "memory.oom.group", "1\n", "1", VALUE_SAME },
		{ "memory.zswap.writeback", "0\n", "1", VALUE_OTHER },
		{ "hugetlb.2MB.max", "2097152\n", "4194303", VALUE_SAME },
		{ "hugetlb.2MB.rsvd.max", "2097152\n", "4194304", VALUE_OTHER },
		{ "hugetlb.2MB.max", "max\n", "9223372036854771712", VALUE_SAME },
		{ "hugetlb.1GB.max", "1073741824\n", "1073741825", VALUE_SAME },
		/* the period may be left out */
		{ "cpu.max", "50000 100000\n", "50000", VALUE_SAME },
		{ "cpu.max", "50000 100000\n", "50000 100000", VALUE_SAME },
		{ "cpu.max", "50000 100000\n", "50000 50000", VALUE_OTHER },
		{ "cpu.max", "max 100000\n", "max", VALUE_SAME },
		{ "cpu.max", "max 100000\n", "50000", VALUE_OTHER },
		{ "cpu.max", "max 100000\n", "bad", VALUE_UNKNOWN },
		/* sets */
		{ "cpuset.cpus", "0-3\n", "3,2,1,0", VALUE_SAME },
		{ "cpuset.cpus", "0-3\n", "0-2", VALUE_OTHER },
		{ "cpuset.cpus", "\n", "0", VALUE_OTHER },
		{ "cpuset.mems", "\n", "\n", VALUE_SAME },
		{ "cpuset.cpus", "0\n", "0-10:2/4", VALUE_UNKNOWN },
		/* lines */
		{ "io.max", "8:0 rbps=1 wbps=max riops=max wiops=2\n", "8:0 rbps=1", VALUE_SAME },
		{ "io.max", "8:0 rbps=1 wbps=max riops=max wiops=2\n", "8:0 wiops=2 rbps=1",
		  VALUE_SAME },
		{ "io.max", "8:0 rbps=1 wbps=max riops=max wiops=2\n", "8:0 rbps=12", VALUE_OTHER },
		{ "io.max", "8:0 rbps=1 wbps=max riops=max wiops=2\n", "8:1 rbps=1", VALUE_OTHER },
		{ "io.max", "", "8:1 rbps=max", VALUE_SAME },
		{ "io.max", "18:1 rbps=1 wbps=max riops=max wiops=max\n", "8:1 rbps=1",
		  VALUE_OTHER },
		{ "io.weight", "default 100\n8:0 50\n", "100", VALUE_SAME },
		{ "io.weight", "default 100\n8:0 50\n", "default 90", VALUE_OTHER },
		{ "io.weight", "default 100\n8:0 50\n", "8:0 50", VALUE_SAME },
		{ "io.weight", "default 100\n", "8:0 default", VALUE_SAME },
		{ "io.weight", "default 100\n8:0 50\n", "8:0 default", VALUE_OTHER },
		{ "io.bfq.weight", "100\n", "100", VALUE_SAME },
		{ "rdma.max", "mlx4_0 hca_handle=2 hca_object=max\n", "mlx4_0 hca_handle=2",
		  VALUE_SAME },
		{ "rdma.max", "mlx4_0 hca_handle=2 hca_object=max\n", "mlx4_0 hca_object=2",
		  VALUE_OTHER },
		/* words */
		{ "cpuset.cpus.partition", "root invalid (why)\n", "root", VALUE_OTHER },
		{ "cpuset.cpus.partition", "member\n", "member", VALUE_SAME },
		{ "oom_score_adj", "-5\n", "-5", VALUE_SAME },
		{ "/sys/fs/resctrl/web/schemata", "    MB:0=100\n    L3:0=00f;1=fff\n",
		  "L3:0=00f;1=fff", VALUE_SAME },
		{ "/sys/fs/resctrl/web/schemata", "    MB:0=100\n    L3:0=00f\n", "L3:0=f",
		  VALUE_UNKNOWN },
		/* what isn't known */
		{ "new.file", "on\n", "on", VALUE_SAME },
		{ "new.file", "enabled\n", "on", VALUE_UNKNOWN },
		{ "new.file", "2\n", "3", VALUE_OTHER },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (value_compare(rows[i].file, rows[i].text, rows[i].value) != rows[i].match)
			harness_fail(__FILE__, __LINE__, "%s: \"%s\" for \"%s\"", rows[i].file,
				     rows[i].text, rows[i].value);
}

TEST(a_file_of_one_value_is_restored_whole)
{
	CHECK_STR(restoring("memory.max", "max\n", "5"), "max");
	CHECK_STR(restoring("cpu.max", "50000 100000\n", "max"), "50000 100000");
	CHECK_STR(restoring("cpuset.cpus", "0-3,5\n", "1"), "0-3,5");
	CHECK_STR(restoring("cpuset.cpus", "\n", "1"), "\n");
	CHECK_STR(restoring("new.file", "some words\n", "1"), "some words");
	CHECK_STR(restoring("/r/schemata", "    MB:0=100\n    L3:0=00f\n", "MB:0=5"), "MB:0=100");
}

TEST(of_a_file_of_lines_the_line_is_restored)
{
	static const char io[] = "8:0 rbps=1 wbps=max riops=max wiops=max\n8:16 rbps=7 wbps=max "
				 "riops=max wiops=max\n";

	CHECK_STR(restoring("io.max", io, "8:16 rbps=2"),
		  "8:16 rbps=7 wbps=max riops=max wiops=max");
	CHECK_STR(restoring("io.max", io, "8:32 rbps=2"),
		  "8:32 rbps=max wbps=max riops=max wiops=max");
	CHECK_STR(restoring("io.max", "", "8:32 rbps=2"),
		  "8:32 rbps=max wbps=max riops=max wiops=max");
	CHECK_STR(restoring("io.weight", "default 100\n8:0 50\n", "70"), "default 100");
	CHECK_STR(restoring("io.weight", "default 100\n8:0 50\n", "8:0 70"), "8:0 50");
	CHECK_STR(restoring("io.weight", "default 100\n", "8:0 70"), "8:0 default");
	CHECK_STR(restoring("io.bfq.weight", "100\n", "70"), "default 100");
	CHECK_STR(
	    restoring("rdma.max", "mlx4_0 hca_handle=2 hca_object=max\n", "mlx4_0 hca_handle=1"),
	    "mlx4_0 hca_handle=2 hca_object=max");
}

TEST(less_is_known_from_more)
{
	CHECK(value_shrinks("memory.max", "max\n", "5"));
	CHECK(value_shrinks("memory.max", "6\n", "5"));
	CHECK(!value_shrinks("memory.max", "5\n", "5"));
	CHECK(!value_shrinks("memory.max", "5\n", "max"));
	/* the quota alone: a burst must not be above it */
	CHECK(value_shrinks("cpu.max", "100000 1000000\n", "50000 100000"));
	CHECK(!value_shrinks("cpu.max", "50000 100000\n", "max"));
	CHECK(value_shrinks("cpuset.cpus", "0-3\n", "0-2"));
	CHECK(value_shrinks("cpuset.cpus", "0-3\n", "2-5"));
	CHECK(!value_shrinks("cpuset.cpus", "1\n", "0-3"));
	CHECK(value_shrinks("cpuset.cpus", "\n", "0-3"));
	CHECK(!value_shrinks("cpuset.cpus", "0-3\n", "\n"));
	CHECK(!value_shrinks("io.max", "8:0 rbps=9\n", "8:0 rbps=1"));
	CHECK(!value_shrinks("new.file", "on\n", "off"));
}

TEST(members_of_a_set)
{
	CHECK_INT(set_within("0-1", "0-3"), 1);
	CHECK_INT(set_within("3", "0-1,3"), 1);
	CHECK_INT(set_within("2", "0-1,3"), 0);
	CHECK_INT(set_within("8191", "0"), 0);
	CHECK_INT(set_within("8192", "0"), -1);
	CHECK_INT(set_within("3-1", "0-3"), -1);
	CHECK_INT(set_within("a", "0-3"), -1);
	CHECK_INT(set_within("-1", "0-3"), -1);
	CHECK_INT(set_within("1-", "0-3"), -1);
	CHECK_INT(set_within("0-1-2", "0-3"), -1);
	CHECK_INT(set_within("0,,1", "0-3"), -1);
}
