/* libcontainer/cgroup/statistics.c and the three ways in which src/ shows what it found. The cgroups here are
 * directories with files that were copied from cgroups of Linux 6.12. */
#include "tests/unit/harness.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "src/statistics.h"

static char directory[32];
static int cgroup;
static struct error err;

static struct arena *test_arena(void)
{
	static struct arena arena;

	if (!arena.base)
		CHECK(arena_init(&arena, 4 << 20, &err) == 0);
	return &arena;
}

static void remove_directory(void)
{
	struct error ignored = ERROR_INIT;

	dir_remove(AT_FDCWD, directory, &ignored);
}

static void put(const char *file, const char *text)
{
	if (!directory[0]) {
		snprintf(directory, sizeof(directory), "/tmp/proa-test-XXXXXX");
		CHECK(mkdtemp(directory) != NULL);
		atexit(remove_directory);
		cgroup = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		put("cgroup.procs", "1\n");
	}
	CHECK(file_replace(cgroup, file, 0600, text, strlen(text), false, &err) == 0);
}

static const struct statistics *read_all(void)
{
	static struct statistics statistics;

	if (cgroup_statistics(cgroup, test_arena(), &statistics, &err) < 0)
		harness_fail(__FILE__, __LINE__, "%s", err.text);
	return &statistics;
}

static const char *json(void)
{
	static struct buffer text;

	text.length = 0;
	CHECK(statistics_json("web", read_all(), &text, &err) == 0);
	return text.bytes;
}

static const char *prom(void)
{
	static struct buffer text;

	text.length = 0;
	statistics_prom("web", read_all(), &text);
	return text.bytes ? text.bytes : "";
}

static const char *table(void)
{
	static struct buffer text;

	text.length = 0;
	statistics_table(read_all(), test_arena(), &text);
	return text.bytes;
}

#define CPUSET                                                                                     \
	"\"cpuset\":{\"cpu_exclusive\":0,\"mem_hardwall\":0,\"mem_exclusive\":0,"                  \
	"\"memory_migrate\":0,\"memory_spread_page\":0,\"memory_spread_slab\":0,"                  \
	"\"memory_pressure\":0,\"sched_load_balance\":0,\"sched_relax_domain_level\":0}"
#define KERNEL "\"kernel\":{\"limit\":0,\"failcnt\":0},\"kernelTCP\":{\"limit\":0,\"failcnt\":0}"

TEST(without_controllers_runc_s_decoders_find_what_they_expect)
{
	put("unknown.file", "1\n");
	CHECK_STR(json(), "{\"type\":\"stats\",\"id\":\"web\",\"data\":{"
			  "\"cpu\":{\"usage\":{\"kernel\":0,\"user\":0},\"throttling\":{}}," CPUSET
			  ",\"memory\":{\"usage\":{\"limit\":0,\"failcnt\":0},"
			  "\"swap\":{\"limit\":0,\"failcnt\":0}," KERNEL "},\"pids\":{},"
			  "\"blkio\":{},\"hugetlb\":{},\"intel_rdt\":{},"
			  "\"network_interfaces\":null}}");
	CHECK_STR(prom(), "");
	CHECK_STR(table(), "STATISTIC   VALUE\n");
}

static void put_cpu(void)
{
	put("cpu.stat", "usage_usec 1155541\nuser_usec 368639\nsystem_usec 786902\nnice_usec 0\n"
			"nr_periods 8\nnr_throttled 4\nthrottled_usec 257299\nnr_bursts 0\n"
			"burst_usec 0\n");
	put("cpu.pressure", "some avg10=1.20 avg60=0.05 avg300=0.00 total=257\n"
			    "full avg10=100.00 avg60=0.00 avg300=0.00 total=0\n");
}

TEST(cpu)
{
	put_cpu();
	CHECK_HAS(json(), "\"cpu\":{\"usage\":{\"total\":1155541000,\"kernel\":786902000,"
			  "\"user\":368639000},\"throttling\":{\"periods\":8,"
			  "\"throttledPeriods\":4,\"throttledTime\":257299000},"
			  "\"psi\":{\"some\":{\"avg10\":1.2,\"avg60\":0.05,\"avg300\":0,"
			  "\"total\":257},\"full\":{\"avg10\":100,\"avg60\":0,\"avg300\":0,"
			  "\"total\":0}}}");
	CHECK_STR(
	    prom(),
	    "# HELP proa_cpu_seconds_total CPU time.\n"
	    "# TYPE proa_cpu_seconds_total counter\n"
	    "proa_cpu_seconds_total{id=\"web\",mode=\"system\"} 0.786902\n"
	    "proa_cpu_seconds_total{id=\"web\",mode=\"user\"} 0.368639\n"
	    "# HELP proa_cpu_periods_total Periods of cpu.max that have passed.\n"
	    "# TYPE proa_cpu_periods_total counter\n"
	    "proa_cpu_periods_total{id=\"web\"} 8\n"
	    "# HELP proa_cpu_throttled_periods_total Periods in which the quota was used up.\n"
	    "# TYPE proa_cpu_throttled_periods_total counter\n"
	    "proa_cpu_throttled_periods_total{id=\"web\"} 4\n"
	    "# HELP proa_cpu_throttled_seconds_total Time for which processes were held back.\n"
	    "# TYPE proa_cpu_throttled_seconds_total counter\n"
	    "proa_cpu_throttled_seconds_total{id=\"web\"} 0.257299\n"
	    "# HELP proa_cpu_burst_periods_total Periods with a burst beyond the quota.\n"
	    "# TYPE proa_cpu_burst_periods_total counter\n"
	    "proa_cpu_burst_periods_total{id=\"web\"} 0\n"
	    "# HELP proa_cpu_burst_seconds_total CPU time beyond the quota.\n"
	    "# TYPE proa_cpu_burst_seconds_total counter\n"
	    "proa_cpu_burst_seconds_total{id=\"web\"} 0\n"
	    "# HELP proa_pressure_seconds_total Time in which some or all processes waited "
	    "for the resource.\n"
	    "# TYPE proa_pressure_seconds_total counter\n"
	    "proa_pressure_seconds_total{id=\"web\",resource=\"cpu\",stalled=\"some\"} "
	    "0.000257\n"
	    "proa_pressure_seconds_total{id=\"web\",resource=\"cpu\",stalled=\"full\"} 0\n");
	CHECK_STR(table(), "STATISTIC                  VALUE\n"
			   "CPU time                   1.156 s\n"
			   "CPU time, system           0.787 s\n"
			   "CPU time, user             0.369 s\n"
			   "CPU throttled, periods     4\n"
			   "CPU throttled, time        0.257 s\n"
			   "cpu pressure, some, 10 s   1.2 %\n"
			   "cpu pressure, full, 10 s   100 %\n");
}

TEST(memory)
{
	put("memory.stat", "anon 110592\nfile 438272\nkernel 339968\n");
	put("memory.max", "49999872\n");
	put("memory.current", "888832\n");
	put("memory.peak", "13578240\n");
	put("memory.swap.max", "9998336\n");
	put("memory.swap.current", "4096\n");
	put("memory.events", "low 0\nhigh 0\nmax 7\noom 2\noom_kill 1\noom_group_kill 0\n");
	CHECK_HAS(json(), "\"memory\":{\"cache\":438272,\"usage\":{\"limit\":49999872,"
			  "\"usage\":888832,\"max\":13578240,\"failcnt\":0},"
			  "\"swap\":{\"limit\":59998208,\"usage\":892928,\"failcnt\":0}," KERNEL
			  ",\"raw\":{\"anon\":110592,\"file\":438272,\"kernel\":339968},"
			  "\"event_count\":{\"low\":0,\"high\":0,\"max\":7,\"oom\":2,"
			  "\"oom_kill\":1,\"oom_group_kill\":0}}");
	CHECK_HAS(prom(), "proa_memory_limit_bytes{id=\"web\"} 49999872\n");
	CHECK_HAS(prom(), "# TYPE proa_memory_events_total counter\n"
			  "proa_memory_events_total{id=\"web\",event=\"low\"} 0\n");
	CHECK_HAS(prom(), "proa_memory_events_total{id=\"web\",event=\"oom_kill\"} 1\n");
	CHECK_HAS(prom(), "proa_swap_usage_bytes{id=\"web\"} 4096\n");
	CHECK_HAS(table(), "memory limit        48 MiB\nmemory              868 KiB\n"
			   "memory, peak        13 MiB\nswap limit          9.5 MiB\n"
			   "swap                4.0 KiB\nkilled for memory   1\n");
}

TEST(no_limit)
{
	put("memory.max", "max\n");
	put("memory.current", "4096\n");
	put("memory.swap.max", "4096\n");
	put("pids.max", "max\n");
	put("pids.current", "3\n");
	CHECK_HAS(json(), "\"usage\":{\"limit\":18446744073709551615,\"usage\":4096,");
	CHECK_HAS(json(), "\"swap\":{\"limit\":18446744073709551615,");
	CHECK_HAS(json(), "\"pids\":{\"current\":3}");
	CHECK_HAS(prom(), "proa_memory_limit_bytes{id=\"web\"} +Inf\n");
	CHECK_HAS(prom(), "proa_pids_limit{id=\"web\"} +Inf\n");
	CHECK_HAS(table(), "pids limit     max\n");
}

TEST(pids)
{
	put("pids.max", "50\n");
	put("pids.current", "2\n");
	put("pids.events", "max 9\n");
	CHECK_HAS(json(), "\"pids\":{\"current\":2,\"limit\":50,\"events\":{\"max\":9}}");
	CHECK_HAS(prom(), "proa_pids_events_total{id=\"web\",event=\"max\"} 9\n");
}

TEST(io)
{
	put("io.stat", "254:0 rbytes=425984 wbytes=0 rios=10 wios=0 dbytes=0 dios=0\n"
		       "8:16 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n"
		       "9:1 \n");
	CHECK_HAS(json(), "\"blkio\":{\"ioServiceBytesRecursive\":["
			  "{\"major\":254,\"op\":\"Read\",\"value\":425984},"
			  "{\"major\":8,\"minor\":16,\"op\":\"Read\",\"value\":1},"
			  "{\"major\":254,\"op\":\"Write\"},"
			  "{\"major\":8,\"minor\":16,\"op\":\"Write\",\"value\":2},"
			  "{\"major\":254,\"op\":\"Discard\"},"
			  "{\"major\":8,\"minor\":16,\"op\":\"Discard\",\"value\":5}],"
			  "\"ioServicedRecursive\":[{\"major\":254,\"op\":\"Read\",\"value\":10},");
	CHECK_HAS(prom(), "proa_io_bytes_total{id=\"web\",operation=\"read\",device=\"8:16\"} 1\n"
			  "proa_io_bytes_total{id=\"web\",operation=\"write\",device=\"254:0\"} "
			  "0\n");
	CHECK_HAS(prom(), "proa_io_operations_total{id=\"web\",operation=\"discard\","
			  "device=\"8:16\"} 6\n");
	CHECK_HAS(table(), "I/O, bytes read (254:0)      416 KiB\n"
			   "I/O, bytes read (8:16)       1 B\n");
}

TEST(huge_pages_of_one_size_stand_together)
{
	put("hugetlb.2MB.current", "4194304\n");
	put("hugetlb.2MB.events", "max 3\n");
	put("hugetlb.2MB.rsvd.current", "77\n");
	put("hugetlb.64KB.current", "0\n");
	put("hugetlb.64KB.events", "max 0\n");
	CHECK_HAS(json(), "\"hugetlb\":{\"2MB\":{\"usage\":4194304,\"failcnt\":3},"
			  "\"64KB\":{\"failcnt\":0}}");
	CHECK_HAS(prom(), "proa_hugetlb_usage_bytes{id=\"web\",pagesize=\"2MB\"} 4194304\n");
	CHECK_LACKS(json(), "77");
}

/* What a later kernel may have made of a line is not taken for a number. */
TEST(lines_that_are_none)
{
	put("cpu.stat", "usage_usec\nuser_usec 12x\nsystem_usec -1\nsystem_usec_of_it 5\n\n");
	put("cpu.pressure", "some avg10=1.2 avg60=0.05% avg300 =0.00 total=\n");
	put("io.stat", "8:0 rbytes=1.5 wbytes= rios=99999999999999999999\n");
	CHECK_HAS(json(), "\"cpu\":{\"usage\":{\"kernel\":0,\"user\":0},\"throttling\":{}}");
	CHECK_HAS(json(), "\"blkio\":{}");
	CHECK_STR(prom(), "");
}

TEST(a_cgroup_that_is_gone)
{
	struct statistics statistics;

	put_cpu();
	CHECK(unlinkat(cgroup, "cgroup.procs", 0) == 0);
	CHECK(cgroup_statistics(cgroup, test_arena(), &statistics, &err) < 0);
	CHECK_INT(err.errnum, ENODEV);
	CHECK_HAS(err.text, "gone");
}

TEST(label_values_are_escaped)
{
	struct buffer text = BUFFER_INIT;

	put("pids.current", "3\n");
	statistics_prom("a\\b\"c\nd", read_all(), &text);
	CHECK_HAS(text.bytes, "proa_pids{id=\"a\\\\b\\\"c\\nd\"} 3\n");
	buffer_free(&text);
}

/* promtool check metrics: a counter and only a counter ends with _total; units are base units; the help isn't empty. */
TEST(every_metric_has_a_name_and_a_help_as_prometheus_wants)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz_";

	for (const struct statistic *row = statistic_rows; !statistic_is_last(row); row++) {
		if (!row->metric)
			continue;
		CHECK(text_starts(row->metric, "proa_") && row->help && row->help[0]);
		CHECK(strspn(row->metric, allowed) == strlen(row->metric));
		CHECK((row->unit == UNIT_BYTES) == (strstr(row->metric, "_bytes") != NULL));
		CHECK((row->unit == UNIT_SECONDS) == (strstr(row->metric, "_seconds") != NULL));
		CHECK(!row->instance ==
		      !(strchr(row->file, '*') || (row->line && strcmp(row->line, "*") == 0)));
	}
}
