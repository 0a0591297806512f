/* The table of all statistics, in the order of runc's JSON: what is below one object stands together. */
#include "libcontainer/cgroup/statistics.h"

#define EMPTY(place_)                                                                              \
	{                                                                                          \
		.place = (place_)                                                                  \
	}
#define ZERO(place_)                                                                               \
	{                                                                                          \
		.place = (place_), .rules = STATISTIC_ALWAYS                                       \
	}

/* One of the two lines of a file of pressure stall information (kernel: accounting/psi.rst). */
#define PSI_AVERAGE(file_, where, line_, key_, name_)                                              \
	{                                                                                          \
		.file = (file_), .line = (line_), .key = (key_), .decimals = 2,                    \
		.place = where ".psi." line_ "." key_, .name = (name_), .unit = UNIT_PERCENT       \
	}
#define PSI_LINE(file_, where, resource, line_, name_)                                             \
	PSI_AVERAGE(file_, where, line_, "avg10", name_),                                          \
	    PSI_AVERAGE(file_, where, line_, "avg60", NULL),                                       \
	    PSI_AVERAGE(file_, where, line_, "avg300", NULL),                                      \
	{                                                                                          \
		.file = (file_), .line = (line_), .key = "total",                                  \
		.place = where ".psi." line_ ".total", .unit = UNIT_SECONDS,                       \
		.metric = "proa_pressure_seconds_total",                                           \
		.labels = "resource=\"" resource "\",stalled=\"" line_ "\"",                       \
		.help = "Time in which some or all processes waited for the resource."             \
	}
#define PSI(file_, where, resource)                                                                \
	PSI_LINE(file_, where, resource, "some", resource " pressure, some, 10 s"),                \
	    PSI_LINE(file_, where, resource, "full", resource " pressure, full, 10 s")

#define TIME(line_, place_, rules_, metric_, labels_, help_, name_)                                \
	{                                                                                          \
		.file = "cpu.stat", .line = (line_), .place = (place_), .rules = (rules_),         \
		.factor = 1000, .metric = (metric_), .labels = (labels_), .help = (help_),         \
		.name = (name_), .unit = UNIT_SECONDS                                              \
	}
#define PERIODS(line_, place_, metric_, help_, name_)                                              \
	{                                                                                          \
		.file = "cpu.stat", .line = (line_), .place = (place_),                            \
		.rules = STATISTIC_OMIT_ZERO, .metric = (metric_), .help = (help_),                \
		.name = (name_)                                                                    \
	}

#define MEMORY(file_, plus_, place_, rules_, metric_, help_, name_)                                \
	{                                                                                          \
		.file = (file_), .plus = (plus_), .place = (place_), .rules = (rules_),            \
		.metric = (metric_), .help = (help_), .name = (name_), .unit = UNIT_BYTES          \
	}

#define IO(key_, place_, op_, metric_, labels_, help_, name_, unit_)                               \
	{                                                                                          \
		.file = "io.stat", .line = "*", .key = (key_), .place = (place_), .op = (op_),     \
		.metric = (metric_), .labels = (labels_), .instance = "device", .help = (help_),   \
		.name = (name_), .unit = (unit_)                                                   \
	}
#define IO_BYTES(key_, op_, label, name_)                                                          \
	IO(key_, "blkio.ioServiceBytesRecursive[]", op_, "proa_io_bytes_total",                    \
	   "operation=\"" label "\"", "Bytes transferred from and to the device.", name_,          \
	   UNIT_BYTES)
#define IO_OPERATIONS(key_, op_, label)                                                            \
	IO(key_, "blkio.ioServicedRecursive[]", op_, "proa_io_operations_total",                   \
	   "operation=\"" label "\"", "I/O operations on the device.", NULL, UNIT_COUNT)

const struct statistic statistic_rows[] = {
	TIME("usage_usec", "cpu.usage.total", STATISTIC_OMIT_ZERO, NULL, NULL, NULL, "CPU time"),
	TIME("system_usec", "cpu.usage.kernel", STATISTIC_ALWAYS, "proa_cpu_seconds_total",
	     "mode=\"system\"", "CPU time.", "CPU time, system"),
	TIME("user_usec", "cpu.usage.user", STATISTIC_ALWAYS, "proa_cpu_seconds_total",
	     "mode=\"user\"", "CPU time.", "CPU time, user"),
	EMPTY("cpu.throttling."),
	PERIODS("nr_periods", "cpu.throttling.periods", "proa_cpu_periods_total",
		"Periods of cpu.max that have passed.", NULL),
	PERIODS("nr_throttled", "cpu.throttling.throttledPeriods",
		"proa_cpu_throttled_periods_total", "Periods in which the quota was used up.",
		"CPU throttled, periods"),
	TIME("throttled_usec", "cpu.throttling.throttledTime", STATISTIC_OMIT_ZERO,
	     "proa_cpu_throttled_seconds_total", NULL, "Time for which processes were held back.",
	     "CPU throttled, time"),
	PERIODS("nr_bursts", "cpu.burst.burstsPeriods", "proa_cpu_burst_periods_total",
		"Periods with a burst beyond the quota.", NULL),
	TIME("burst_usec", "cpu.burst.burstTime", STATISTIC_OMIT_ZERO,
	     "proa_cpu_burst_seconds_total", NULL, "CPU time beyond the quota.", NULL),
	PSI("cpu.pressure", "cpu", "cpu"),

	/* what cgroup v1 had */
	ZERO("cpuset.cpu_exclusive"),
	ZERO("cpuset.mem_hardwall"),
	ZERO("cpuset.mem_exclusive"),
	ZERO("cpuset.memory_migrate"),
	ZERO("cpuset.memory_spread_page"),
	ZERO("cpuset.memory_spread_slab"),
	ZERO("cpuset.memory_pressure"),
	ZERO("cpuset.sched_load_balance"),
	ZERO("cpuset.sched_relax_domain_level"),

	{ .file = "memory.stat",
	  .line = "file",
	  .place = "memory.cache",
	  .rules = STATISTIC_OMIT_ZERO,
	  .name = "memory, cache",
	  .unit = UNIT_BYTES },
	MEMORY("memory.max", NULL, "memory.usage.limit", STATISTIC_ALWAYS,
	       "proa_memory_limit_bytes", "The limit memory.max.", "memory limit"),
	MEMORY("memory.current", NULL, "memory.usage.usage", STATISTIC_OMIT_ZERO,
	       "proa_memory_usage_bytes", "Memory in use, caches included.", "memory"),
	MEMORY("memory.peak", NULL, "memory.usage.max", STATISTIC_OMIT_ZERO,
	       "proa_memory_peak_bytes", "The most memory that was in use.", "memory, peak"),
	ZERO("memory.usage.failcnt"),
	MEMORY("memory.swap.max", "memory.max", "memory.swap.limit", STATISTIC_ALWAYS, NULL, NULL,
	       NULL),
	MEMORY("memory.swap.current", "memory.current", "memory.swap.usage", STATISTIC_OMIT_ZERO,
	       NULL, NULL, NULL),
	ZERO("memory.swap.failcnt"),
	ZERO("memory.kernel.limit"),
	ZERO("memory.kernel.failcnt"),
	ZERO("memory.kernelTCP.limit"),
	ZERO("memory.kernelTCP.failcnt"),
	{ .file = "memory.stat", .line = "*", .place = "memory.raw.*" },
	{ .file = "memory.events",
	  .line = "*",
	  .place = "memory.event_count.*",
	  .metric = "proa_memory_events_total",
	  .instance = "event",
	  .help = "How often limits of memory were met (memory.events)." },
	PSI("memory.pressure", "memory", "memory"),
	MEMORY("memory.swap.max", NULL, NULL, 0, "proa_swap_limit_bytes",
	       "The limit memory.swap.max.", "swap limit"),
	MEMORY("memory.swap.current", NULL, NULL, 0, "proa_swap_usage_bytes", "Swap in use.",
	       "swap"),
	{ .file = "memory.events", .line = "oom_kill", .name = "killed for memory" },

	EMPTY("pids."),
	{ .file = "pids.current",
	  .place = "pids.current",
	  .rules = STATISTIC_OMIT_ZERO,
	  .metric = "proa_pids",
	  .help = "Processes and threads.",
	  .name = "pids" },
	{ .file = "pids.max",
	  .place = "pids.limit",
	  .rules = STATISTIC_OMIT_ZERO | STATISTIC_MAX_IS_0,
	  .metric = "proa_pids_limit",
	  .help = "The limit pids.max.",
	  .name = "pids limit" },
	{ .file = "pids.events",
	  .line = "*",
	  .place = "pids.events.*",
	  .metric = "proa_pids_events_total",
	  .instance = "event",
	  .help = "How often the limit of pids was met (pids.events)." },

	EMPTY("blkio."),
	IO_BYTES("rbytes", "Read", "read", "I/O, bytes read"),
	IO_BYTES("wbytes", "Write", "write", "I/O, bytes written"),
	IO_BYTES("dbytes", "Discard", "discard", NULL),
	IO_OPERATIONS("rios", "Read", "read"),
	IO_OPERATIONS("wios", "Write", "write"),
	IO_OPERATIONS("dios", "Discard", "discard"),
	PSI("io.pressure", "blkio", "io"),

	EMPTY("hugetlb."),
	{ .file = "hugetlb.*.current",
	  .place = "hugetlb.*.usage",
	  .rules = STATISTIC_OMIT_ZERO,
	  .metric = "proa_hugetlb_usage_bytes",
	  .instance = "pagesize",
	  .help = "Memory in huge pages of this size.",
	  .name = "huge pages",
	  .unit = UNIT_BYTES },
	{ .file = "hugetlb.*.events",
	  .line = "max",
	  .place = "hugetlb.*.failcnt",
	  .metric = "proa_hugetlb_failures_total",
	  .instance = "pagesize",
	  .help = "How often the limit of huge pages was met." },

	EMPTY("intel_rdt."),
	{ .place = "network_interfaces" }, /* null */
	{ .place = NULL },
};
