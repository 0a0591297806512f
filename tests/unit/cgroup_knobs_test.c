/* libcontainer/cgroup/knobs.c: linux.resources as writes. */
#include "tests/unit/harness.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "libcontainer/cgroup/cgroup.h"

#define INT(n)                                                                                     \
	{                                                                                          \
		.value = (n), .set = true                                                          \
	}
#define UINT(n)                                                                                    \
	{                                                                                          \
		.value = (n), .set = true                                                          \
	}

/* "FILE=VALUE" per write, then "?" if it is harmless and "|" if it is an alternative. */
static const char *writes_of(const struct config_resources *resources)
{
	static struct buffer text;
	static struct arena arena;
	struct cgroup_writes writes;
	struct error err = ERROR_INIT;

	text.length = 0;
	buffer_puts(&text, "");
	if (!arena.base)
		CHECK(arena_init(&arena, 1 << 26, &err) == 0);
	if (cgroup_plan_writes(resources, &arena, &writes, &err) < 0) {
		buffer_printf(&text, "%s", err.text);
		return text.bytes;
	}
	for (size_t i = 0; i < writes.count; i++)
		buffer_printf(&text, "%s%s%s=%s%s", i ? "; " : "",
			      writes.items[i].alternative ? "|" : "", writes.items[i].file,
			      writes.items[i].value, writes.items[i].harmless ? "?" : "");
	return text.bytes;
}

static const char *memory(struct config_memory memory)
{
	return writes_of(&(struct config_resources){ .memory = &memory });
}

static const char *cpu(struct config_cpu cpu)
{
	return writes_of(&(struct config_resources){ .cpu = &cpu });
}

static const char *block_io(struct config_block_io block_io)
{
	return writes_of(&(struct config_resources){ .block_io = &block_io });
}

static const char *pids(struct config_pids pids)
{
	return writes_of(&(struct config_resources){ .pids = &pids });
}

static const char *unified(const char *key, const char *value)
{
	struct string_map_entry entry = { (char *)key, (char *)value };

	return writes_of(&(struct config_resources){ .unified = { &entry, 1 } });
}

TEST(nothing_given_writes_nothing)
{
	CHECK_STR(writes_of(&(struct config_resources){ 0 }), "");
	CHECK_STR(memory((struct config_memory){ 0 }), "");
	CHECK_STR(cpu((struct config_cpu){ 0 }), "");
	CHECK_STR(block_io((struct config_block_io){ 0 }), "");
	CHECK_STR(pids((struct config_pids){ 0 }), "");
}

TEST(memory_limit)
{
	CHECK_STR(memory((struct config_memory){ .limit = INT(1048576) }), "memory.max=1048576");
	CHECK_STR(memory((struct config_memory){ .limit = INT(0) }), "");
	CHECK_STR(memory((struct config_memory){ .limit = INT(-2) }),
		  "linux.resources.memory.limit: expected -1 (unlimited) or a number from 0 up, "
		  "found -2");
	CHECK_STR(memory((struct config_memory){ .limit = INT(INT64_MAX) }),
		  "memory.max=9223372036854775807");
}

TEST(memory_reservation_is_low_and_no_limit)
{
	CHECK_STR(memory((struct config_memory){ .reservation = INT(4096) }), "memory.low=4096");
	CHECK_STR(memory((struct config_memory){ .reservation = INT(-1) }), "memory.low=max?");
}

TEST(swap_is_counted_without_memory)
{
	CHECK_STR(memory((struct config_memory){ .limit = INT(1000), .swap = INT(3000) }),
		  "memory.swap.max=2000; memory.max=1000");
	CHECK_STR(memory((struct config_memory){ .limit = INT(1000), .swap = INT(1000) }),
		  "memory.swap.max=0?; memory.max=1000");
	CHECK_STR(memory((struct config_memory){ .limit = INT(1000), .swap = INT(-1) }),
		  "memory.swap.max=max?; memory.max=1000");
	CHECK_STR(memory((struct config_memory){ .limit = INT(1000) }), "memory.max=1000");
	CHECK_STR(memory((struct config_memory){ .swap = INT(-1) }), "memory.swap.max=max?");
}

TEST(unlimited_memory_means_unlimited_swap)
{
	CHECK_STR(memory((struct config_memory){ .limit = INT(-1) }),
		  "memory.swap.max=max?; memory.max=max?");
}

TEST(swap_must_fit_memory)
{
	static const char no_memory[] =
	    "linux.resources.memory.swap: unable to set swap limit without memory limit";

	CHECK_STR(memory((struct config_memory){ .swap = INT(1000) }), no_memory);
	CHECK_STR(memory((struct config_memory){ .limit = INT(-1), .swap = INT(1000) }), no_memory);
	CHECK_STR(memory((struct config_memory){ .limit = INT(1000), .swap = INT(999) }),
		  "linux.resources.memory.swap: memory+swap limit should be >= memory limit, which "
		  "is 1000; found 999");
	CHECK_STR(memory((struct config_memory){ .limit = INT(1000), .swap = INT(-2) }),
		  "linux.resources.memory.swap: expected -1 (unlimited) or a number from 0 up, "
		  "found -2");
}

/* The values that kubelet and the other runtimes compute. */
TEST(cpu_shares_become_weight)
{
	static const struct {
		uint64_t shares;
		const char *weight;
	} table[] = {
		{ 1, "cpu.weight=1" },
		{ 2, "cpu.weight=1" },
		{ 3, "cpu.weight=2" },
		{ 10, "cpu.weight=4" },
		{ 102, "cpu.weight=17" },
		{ 512, "cpu.weight=59" },
		{ 1023, "cpu.weight=100" },
		{ 1024, "cpu.weight=100" },
		{ 1025, "cpu.weight=101" },
		{ 2048, "cpu.weight=174" },
		{ 262143, "cpu.weight=10000" },
		{ 262144, "cpu.weight=10000" },
		{ UINT64_MAX, "cpu.weight=10000" },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		CHECK_STR(cpu((struct config_cpu){ .shares = UINT(table[i].shares) }),
			  table[i].weight);
	CHECK_STR(cpu((struct config_cpu){ .shares = UINT(0) }), "");
}

TEST(cpu_quota_and_period)
{
	CHECK_STR(cpu((struct config_cpu){ .quota = INT(20000), .period = UINT(50000) }),
		  "cpu.max=20000 50000");
	CHECK_STR(cpu((struct config_cpu){ .quota = INT(20000) }), "cpu.max=20000");
	CHECK_STR(cpu((struct config_cpu){ .period = UINT(50000) }), "cpu.max=max 50000?");
	CHECK_STR(cpu((struct config_cpu){ .quota = INT(-1) }), "cpu.max=max?");
	CHECK_STR(cpu((struct config_cpu){ .quota = INT(-1), .period = UINT(50000) }),
		  "cpu.max=max 50000?");
	CHECK_STR(cpu((struct config_cpu){ .quota = INT(0), .period = UINT(0) }), "");
	CHECK_STR(cpu((struct config_cpu){ .quota = INT(-7) }),
		  "linux.resources.cpu.quota: expected -1 (unlimited) or 1000 to 17592186044415 "
		  "µs, found -7");
	CHECK_STR(cpu((struct config_cpu){ .quota = INT(999) }),
		  "linux.resources.cpu.quota: expected -1 (unlimited) or 1000 to 17592186044415 "
		  "µs, found "
		  "999");
	CHECK_STR(cpu((struct config_cpu){ .period = UINT(999) }),
		  "linux.resources.cpu.period: expected 1000 to 1000000 µs, found 999");
	CHECK_STR(cpu((struct config_cpu){ .period = UINT(1000001) }),
		  "linux.resources.cpu.period: expected 1000 to 1000000 µs, found 1000001");
}

TEST(cpu_burst_follows_the_quota)
{
	/* spec: config-linux.md#cpu cpu-burst */
	CHECK_STR(cpu((struct config_cpu){ .quota = INT(20000), .burst = UINT(20000) }),
		  "cpu.max=20000; cpu.max.burst=20000");
	CHECK_STR(cpu((struct config_cpu){ .quota = INT(-1), .burst = UINT(500) }),
		  "cpu.max=max?; cpu.max.burst=500");
	CHECK_STR(cpu((struct config_cpu){ .burst = UINT(0) }), "cpu.max.burst=0?");
	CHECK_STR(cpu((struct config_cpu){ .quota = INT(20000), .burst = UINT(20001) }),
		  "linux.resources.cpu.burst: a burst can't be larger than the quota, which is "
		  "20000 µs; found 20001");
}

TEST(an_idle_cpu_cgroup_has_no_weight)
{
	CHECK_STR(cpu((struct config_cpu){ .idle = INT(1), .shares = UINT(512) }), "cpu.idle=1");
	CHECK_STR(cpu((struct config_cpu){ .idle = INT(0), .shares = UINT(512) }),
		  "cpu.idle=0?; cpu.weight=59");
	CHECK_STR(cpu((struct config_cpu){ .idle = INT(2) }),
		  "linux.resources.cpu.idle: expected 0 or 1, found 2");
}

TEST(cpuset_lists_are_taken_as_they_are)
{
	CHECK_STR(cpu((struct config_cpu){ .cpus = (char *)"0-1,3", .mems = (char *)"0" }),
		  "cpuset.cpus=0-1,3; cpuset.mems=0");
	CHECK_STR(cpu((struct config_cpu){ .cpus = (char *)"", .mems = (char *)"" }), "");
}

TEST(pids_limit_of_zero_is_a_limit)
{
	CHECK_STR(pids((struct config_pids){ .limit = INT(0) }), "pids.max=0");
	CHECK_STR(pids((struct config_pids){ .limit = INT(17) }), "pids.max=17");
	CHECK_STR(pids((struct config_pids){ .limit = INT(-1) }), "pids.max=max?");
	CHECK_STR(pids((struct config_pids){ .limit = INT(-2) }),
		  "linux.resources.pids.limit: expected -1 (unlimited) or a number from 0 up, "
		  "found -2");
	CHECK_STR(pids((struct config_pids){ .limit = INT(4194304) }), "pids.max=4194304");
	CHECK_STR(pids((struct config_pids){ .limit = INT(4194305) }),
		  "linux.resources.pids.limit: expected -1 (unlimited) or a number from 0 to "
		  "4194304, found 4194305");
}

TEST(io_weight_goes_to_bfq_or_else_to_iocost)
{
	CHECK_STR(block_io((struct config_block_io){ .weight = UINT(10) }),
		  "io.bfq.weight=10; |io.weight=1");
	CHECK_STR(block_io((struct config_block_io){ .weight = UINT(500) }),
		  "io.bfq.weight=500; |io.weight=4950");
	CHECK_STR(block_io((struct config_block_io){ .weight = UINT(1000) }),
		  "io.bfq.weight=1000; |io.weight=10000");
	CHECK_STR(block_io((struct config_block_io){ .weight = UINT(0) }), "");
	CHECK_STR(block_io((struct config_block_io){ .weight = UINT(9) }),
		  "linux.resources.blockIO.weight: expected a weight from 10 to 1000, found 9");
	CHECK_STR(block_io((struct config_block_io){ .weight = UINT(1001) }),
		  "linux.resources.blockIO.weight: expected a weight from 10 to 1000, found 1001");
}

TEST(io_weight_of_a_device)
{
	/* spec: config-linux.md#block-io block-io-weight */
	struct config_weight_device devices[] = {
		{ .major = INT(8), .minor = INT(16), .weight = UINT(1000) },
	};
	struct config_weight_device empty = { .major = INT(8), .minor = INT(16) };
	struct config_block_io io = { .weight_device = { devices, 1 } };
	struct config_block_io none = { .weight_device = { &empty, 1 } };

	CHECK_STR(block_io(io), "io.bfq.weight=8:16 1000; |io.weight=8:16 10000");
	CHECK(strstr(block_io(none), "a device needs one of weight and leafWeight, or both"));
}

TEST(io_throttles)
{
	struct config_throttle_device read = { INT(8), INT(0), UINT(1000) };
	struct config_throttle_device write = { INT(8), INT(0), UINT(2000) };
	struct config_throttle_device reads = { INT(253), INT(1), UINT(30) };
	struct config_throttle_device writes = { INT(253), INT(1), UINT(0) };
	struct config_block_io io = {
		.throttle_read_bps_device = { &read, 1 },
		.throttle_write_bps_device = { &write, 1 },
		.throttle_read_iops_device = { &reads, 1 },
		.throttle_write_iops_device = { &writes, 1 },
	};

	CHECK_STR(block_io(io), "io.max=8:0 rbps=1000; io.max=8:0 wbps=2000; "
				"io.max=253:1 riops=30; io.max=253:1 wiops=max?");
	writes.rate.value = UINT32_MAX;
	CHECK(text_ends(block_io(io), "io.max=253:1 wiops=max?"));
	write.rate.value = UINT32_MAX;
	CHECK(strstr(block_io(io), "io.max=8:0 wbps=4294967295;"));
}

TEST(hugepages_limit_usage_and_reservation)
{
	struct config_hugepage_limit limits[] = {
		{ (char *)"2MB", UINT(4194304) },
		{ (char *)"1GB", UINT(0) },
	};
	struct config_resources resources = { .hugepage_limits = { limits, 2 } };

	CHECK_STR(writes_of(&resources), "hugetlb.2MB.max=4194304; hugetlb.2MB.rsvd.max=4194304?; "
					 "hugetlb.1GB.max=0; hugetlb.1GB.rsvd.max=0?");
}

TEST(a_page_size_is_no_path)
{
	static const char *const bad[] = { "",	  "2",	  "MB",	  "02MB",	 "2mb",
					   "2TB", "2MBx", "2 MB", "2MB/../../x", "-2MB" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct config_hugepage_limit limit = { (char *)bad[i], UINT(1) };
		struct config_resources resources = { .hugepage_limits = { &limit, 1 } };

		CHECK_STR(writes_of(&resources),
			  "linux.resources.hugepageLimits: a page size is written like 2MB or 1GB");
	}
}

TEST(rdma)
{
	/* spec: config-linux.md#rdma rdma-fields */
	struct config_rdma rdma[] = {
		{ (char *)"mlx5_0", UINT(2), UINT(2000) },
		{ (char *)"mlx5_1", { 0 }, UINT(7) },
	};
	struct config_rdma empty = { .key = (char *)"mlx5_0" };

	CHECK_STR(writes_of(&(struct config_resources){ .rdma = { rdma, 2 } }),
		  "rdma.max=mlx5_0 hca_handle=2 hca_object=2000; rdma.max=mlx5_1 hca_object=7");
	CHECK_STR(writes_of(&(struct config_resources){ .rdma = { &empty, 1 } }),
		  "linux.resources.rdma: a device needs one of hcaHandles and hcaObjects, or both");
}

TEST(unified_is_written_line_by_line)
{
	/* spec: config-linux.md#unified unified-unknown */
	CHECK_STR(unified("memory.high", "1000"), "memory.high=1000");
	CHECK_STR(unified("io.max", "8:0 rbps=1\n8:16 wbps=2\n"),
		  "io.max=8:0 rbps=1; io.max=8:16 wbps=2");
	CHECK_STR(unified("io.max", "\n\n8:0 rbps=1"), "io.max=8:0 rbps=1");
	CHECK_STR(unified("cpuset.cpus", ""), "cpuset.cpus=\n");
	CHECK_STR(unified("not.known", "x"), "not.known=x");
}

/* In the kernel's other spellings an update wouldn't know it for a lower limit, and let the kernel kill for it. */
TEST(a_unified_size_has_one_spelling)
{
	static const char *const sizes[][2] = {
		{ "0x1e00000", "31457280" },
		{ "0170000000", "31457280" },
		{ "\t30720K ", "31457280" },
		{ "30m\n", "31457280" },
		{ " max\n", "max" },
		{ "18446744073709551615", "18446744073709551615" },
		{ "0", "0" },
	};
	static const char *const bad[] = { "",	   "\n",  "max1",	  "18446744073709551616",
					   "-1",   "1.5", "17179869184G", "1MB",
					   "1\n2", "09" };
	char want[160];

	for (size_t i = 0; i < array_length(sizes); i++) {
		snprintf(want, sizeof(want), "memory.max=%s", sizes[i][1]);
		CHECK_STR(unified("memory.max", sizes[i][0]), want);
	}
	for (size_t i = 0; i < array_length(bad); i++)
		CHECK(text_starts(unified("hugetlb.2MB.max", bad[i]),
				  "linux.resources.unified[\"hugetlb.2MB.max\"]: expected max, or "
				  "bytes from 0 to 2^64-1"));
	CHECK_STR(unified("memory.oom.group", "1"), "memory.oom.group=1");
}

TEST(a_file_of_one_value_takes_one_line)
{
	CHECK_STR(unified("pids.max", "3\n12"),
		  "linux.resources.unified[\"pids.max\"]: expected one line, as pids.max holds one "
		  "value, found several");
	CHECK_STR(unified("pids.max", "3\n"), "pids.max=3");
}

TEST(unified_comes_last_and_in_place_of_others)
{
	struct string_map_entry entry = { (char *)"memory.max", (char *)"2000" };
	struct config_memory memory = { .limit = INT(1000) };
	struct config_hugepage_limit huge = { (char *)"2MB", UINT(0) };
	struct config_resources resources = {
		.memory = &memory,
		.hugepage_limits = { &huge, 1 },
		.unified = { &entry, 1 },
	};

	CHECK_STR(writes_of(&resources),
		  "hugetlb.2MB.max=0; hugetlb.2MB.rsvd.max=0?; memory.max=2000");
}

TEST(a_unified_key_is_a_file_of_the_cgroup)
{
	static const char *const bad[] = { "", ".", "..", "../memory.max", "a/b", "/memory.max" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char want[256];

		snprintf(want, sizeof(want),
			 "linux.resources.unified[\"%s\"]: a key is the name of a file in the "
			 "cgroup, without a slash",
			 bad[i]);
		CHECK_STR(unified(bad[i], "1"), want);
	}
	CHECK_STR(unified("memory\n.max", "1"),
		  "linux.resources.unified: a key is the name of a file in the cgroup, without a "
		  "slash");
}

TEST(unified_acts_on_no_process)
{
	CHECK_STR(
	    unified("cgroup.procs", "1"),
	    "linux.resources.unified[\"cgroup.procs\"]: cgroup.procs holds no limit, writing it "
	    "acts on processes");
	CHECK(strstr(unified("cgroup.kill", "1"), "acts on processes"));
	CHECK(strstr(unified("cgroup.freeze", "1"), "acts on processes"));
	CHECK_STR(unified("cgroup.max.depth", "1"), "cgroup.max.depth=1");
}

TEST(each_write_knows_property_and_controller)
{
	struct string_map_entry entries[] = {
		{ (char *)"cgroup.max.depth", (char *)"3" },
		{ (char *)"cgroups.x", (char *)"3" },
	};
	struct config_memory memory = { .limit = INT(1000) };
	struct config_cpu cpu = { .cpus = (char *)"0" };
	struct config_resources resources = { .memory = &memory,
					      .cpu = &cpu,
					      .unified = { entries, 2 } };
	struct arena arena;
	struct cgroup_writes writes;
	struct error err = ERROR_INIT;

	CHECK(arena_init(&arena, 1 << 20, &err) == 0);
	CHECK(cgroup_plan_writes(&resources, &arena, &writes, &err) == 0);
	CHECK_INT(writes.count, 4);
	CHECK_STR(writes.items[0].property, "linux.resources.memory.limit");
	CHECK_STR(writes.items[0].controller, "memory");
	CHECK_STR(writes.items[1].property, "linux.resources.cpu.cpus");
	CHECK_STR(writes.items[1].controller, "cpuset");
	CHECK_STR(writes.items[2].property, "linux.resources.unified[\"cgroup.max.depth\"]");
	CHECK(writes.items[2].controller == NULL);
	CHECK_STR(writes.items[3].controller, "cgroups");
}

TEST(what_only_v1_has_is_refused)
{
	/* spec: config-linux.md#unified unified-conversion */
	struct config_weight_device leaf = { .leaf_weight = UINT(10) };
	struct config_network_priority priority = { (char *)"eth0", UINT(1) };
	struct config_network networks[] = { { .class_id = UINT(1) },
					     { .priorities = { &priority, 1 } } };

	CHECK(strstr(memory((struct config_memory){ .kernel = INT(1) }),
		     "linux.resources.memory.kernel: cgroup v2 has nothing like it"));
	CHECK(strstr(memory((struct config_memory){ .kernel_tcp = INT(1) }), "memory.kernelTCP"));
	CHECK(strstr(memory((struct config_memory){ .swappiness = UINT(0) }), "memory.swappiness"));
	CHECK(strstr(memory((struct config_memory){ .disable_oom_killer = { true, true } }),
		     "memory.disableOOMKiller"));
	CHECK(
	    strstr(cpu((struct config_cpu){ .realtime_runtime = INT(1) }), "cpu.realtimeRuntime"));
	CHECK(strstr(cpu((struct config_cpu){ .realtime_period = UINT(1) }), "cpu.realtimePeriod"));
	CHECK(strstr(block_io((struct config_block_io){ .leaf_weight = UINT(10) }), "leafWeight"));
	CHECK(strstr(block_io((struct config_block_io){ .weight_device = { &leaf, 1 } }),
		     "leafWeight"));
	for (size_t i = 0; i < 2; i++)
		CHECK(strstr(writes_of(&(struct config_resources){ .network = &networks[i] }),
			     "linux.resources.network: cgroup v2 has nothing like it"));
}

/* Engines send these along; they ask for nothing. */
TEST(v1_properties_without_effect_are_fine)
{
	struct config_memory off = { .kernel = INT(-1),
				     .kernel_tcp = INT(0),
				     .disable_oom_killer = { false, true },
				     .use_hierarchy = { true, true } };
	struct config_network network = { .class_id = UINT(0) };

	CHECK_STR(memory(off), "");
	CHECK_STR(
	    cpu((struct config_cpu){ .realtime_runtime = INT(0), .realtime_period = UINT(0) }), "");
	CHECK_STR(writes_of(&(struct config_resources){ .network = &network }), "");
}

TEST(a_flood_of_entries_is_refused)
{
	static char lines[20002];

	memset(lines, '\n', sizeof(lines) - 1);
	CHECK_STR(unified("io.max", lines), "linux.resources: more than 10000 entries");
}
