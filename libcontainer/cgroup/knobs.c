/* linux.resources as writes into the files of a cgroup (config-linux.md, Control groups): one
 * table, a row per file. Pure. */
#include "libcontainer/cgroup/internal.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "libcontainer/cgroup/values.h"

#define RESOURCES "linux.resources."
#define UNLIMITED (-1) /* in the config; "max" in cgroupfs */

struct output {
	struct arena *arena;
	struct cgroup_writes writes;
	size_t capacity;
};

struct knob {
	const char *file;     /* SIZE and KEY stand for what the config names */
	const char *property; /* of the config, for errors */
	int (*convert)(const struct knob *knob, const struct config_resources *resources,
		       struct output *output, struct error *err);
};

/* ---- how a write comes into the list ---- */

static struct cgroup_write *add_write(struct output *output)
{
	struct cgroup_writes *writes = &output->writes;

	writes->items = arena_grow(output->arena, writes->items, writes->count, &output->capacity,
				   sizeof(*writes->items));
	return &writes->items[writes->count++];
}

/* "memory.max" comes with the controller memory; what begins with "cgroup." every cgroup has. */
static const char *controller_of(struct arena *arena, const char *file)
{
	size_t length = strcspn(file, ".");

	if (length == strlen("cgroup") && text_starts(file, "cgroup"))
		return NULL;
	return arena_strndup(arena, file, length);
}

/* @value belongs to the arena, or is a literal. */
static struct cgroup_write *add(struct output *output, const struct knob *knob, const char *value)
{
	struct cgroup_write *write = add_write(output);

	*write = (struct cgroup_write){
		.file = knob->file,
		.value = value,
		.property = knob->property,
		.controller = controller_of(output->arena, knob->file),
	};
	return write;
}

static int out_of_range(struct error *err, const struct knob *knob, int64_t value,
			const char *expected)
{
	return error_set(err, ERROR_INVALID, knob->property, "%s: expected %s, found %" PRId64,
			 knob->property, expected, value);
}

static int contradiction(struct error *err, const struct knob *knob, const char *sentence)
{
	return error_set(err, ERROR_INVALID, knob->property, "%s: %s", knob->property, sentence);
}

/* A number, or -1 for none: the shape of most limits. */
static int add_limit(struct output *output, const struct knob *knob, int64_t limit,
		     struct error *err)
{
	if (limit < UNLIMITED)
		return out_of_range(err, knob, limit, "-1 (unlimited) or a number from 0 up");
	if (limit == UNLIMITED)
		add(output, knob, "max")->harmless = true;
	else
		add(output, knob, arena_printf(output->arena, "%" PRId64, limit));
	return 0;
}

/* ---- memory: 0 means not given, as every engine has it ---- */

static const struct config_memory no_memory;

static const struct config_memory *memory_of(const struct config_resources *resources)
{
	return resources->memory ? resources->memory : &no_memory;
}

static int memory_max(const struct knob *knob, const struct config_resources *resources,
		      struct output *output, struct error *err)
{
	int64_t limit = memory_of(resources)->limit.value;

	return limit ? add_limit(output, knob, limit, err) : 0;
}

static int memory_low(const struct knob *knob, const struct config_resources *resources,
		      struct output *output, struct error *err)
{
	int64_t reservation = memory_of(resources)->reservation.value;

	return reservation ? add_limit(output, knob, reservation, err) : 0;
}

/* The config counts memory and swap together, as cgroup v1 did; v2 counts swap alone. */
static int memory_swap_max(const struct knob *knob, const struct config_resources *resources,
			   struct output *output, struct error *err)
{
	int64_t limit = memory_of(resources)->limit.value;
	int64_t swap = memory_of(resources)->swap.value;

	/* unlimited memory means unlimited swap unless something else is said */
	if (!swap && limit == UNLIMITED)
		swap = UNLIMITED;
	if (!swap)
		return 0;
	if (swap < 0)
		return add_limit(output, knob, swap, err);
	if (limit <= 0)
		return contradiction(err, knob, "unable to set swap limit without memory limit");
	if (swap < limit)
		return error_set(err, ERROR_INVALID, knob->property,
				 "%s: memory+swap limit should be >= memory limit, which is "
				 "%" PRId64 "; found %" PRId64,
				 knob->property, limit, swap);
	add_limit(output, knob, swap - limit, err);
	/* a kernel without swap has no such file and grants no swap */
	if (swap == limit)
		output->writes.items[output->writes.count - 1].harmless = true;
	return 0;
}

/* ---- cpu ---- */

static const struct config_cpu no_cpu;

static const struct config_cpu *cpu_of(const struct config_resources *resources)
{
	return resources->cpu ? resources->cpu : &no_cpu;
}

/* The least shares, the default and the most (2, 1024, 262144) become the least weight, the default
 * and the most (1, 100, 10000); in between a parabola in the logarithms, which all runtimes use. */
static unsigned int weight_of_shares(uint64_t shares)
{
	double l;

	if (shares <= 2)
		return 1;
	if (shares >= 262144)
		return 10000;
	l = log2((double)shares);
	return (unsigned int)ceil(pow(10, (l * l + 125 * l) / 612 - 7.0 / 34.0));
}

static bool cpu_is_idle(const struct config_resources *resources)
{
	return cpu_of(resources)->idle.value == 1;
}

static int cpu_idle(const struct knob *knob, const struct config_resources *resources,
		    struct output *output, struct error *err)
{
	struct optional_int idle = cpu_of(resources)->idle;

	if (!idle.set)
		return 0;
	if (idle.value != 0 && idle.value != 1)
		return out_of_range(err, knob, idle.value, "0 or 1");
	add(output, knob, idle.value ? "1" : "0")->harmless = idle.value == 0;
	return 0;
}

/* An idle cgroup has the least weight there is, and the kernel refuses to write another. */
static int cpu_weight(const struct knob *knob, const struct config_resources *resources,
		      struct output *output, struct error *err)
{
	uint64_t shares = cpu_of(resources)->shares.value;

	(void)err;
	if (shares && !cpu_is_idle(resources))
		add(output, knob, arena_printf(output->arena, "%u", weight_of_shares(shares)));
	return 0;
}

/* What the kernel takes (kernel/sched/core.c: min_cfs_quota_period, max_cfs_quota_period, max_cfs_runtime), in µs. */
#define QUOTA_MIN  1000
#define QUOTA_MAX  17592186044415
#define PERIOD_MIN 1000
#define PERIOD_MAX 1000000

static int check_period(uint64_t period, struct error *err)
{
	static const char property[] = RESOURCES "cpu.period";

	if (!period || (period >= PERIOD_MIN && period <= PERIOD_MAX))
		return 0;
	return error_set(err, ERROR_INVALID, property, "%s: expected %d to %d µs, found %" PRIu64,
			 property, PERIOD_MIN, PERIOD_MAX, period);
}

/* "QUOTA PERIOD"; without a period the kernel keeps the one it has, at first 100,000 µs. */
static int cpu_max(const struct knob *knob, const struct config_resources *resources,
		   struct output *output, struct error *err)
{
	int64_t quota = cpu_of(resources)->quota.value;
	uint64_t period = cpu_of(resources)->period.value;
	const char *value = "max";

	if (quota < UNLIMITED || (quota > 0 && quota < QUOTA_MIN) || quota > QUOTA_MAX)
		return out_of_range(err, knob, quota,
				    "-1 (unlimited) or 1000 to 17592186044415 µs");
	if (check_period(period, err) < 0)
		return -1;
	if (!quota && !period)
		return 0;
	if (quota > 0)
		value = arena_printf(output->arena, "%" PRId64, quota);
	if (period)
		value = arena_printf(output->arena, "%s %" PRIu64, value, period);
	add(output, knob, value)->harmless = quota <= 0;
	return 0;
}

static int cpu_max_burst(const struct knob *knob, const struct config_resources *resources,
			 struct output *output, struct error *err)
{
	const struct config_cpu *cpu = cpu_of(resources);

	if (!cpu->burst.set)
		return 0;
	if (cpu->quota.value > 0 && cpu->burst.value > (uint64_t)cpu->quota.value)
		return error_set(err, ERROR_INVALID, knob->property,
				 "%s: a burst can't be larger than the quota, which is %" PRId64
				 " µs; found %" PRIu64,
				 knob->property, cpu->quota.value, cpu->burst.value);
	add(output, knob, arena_printf(output->arena, "%" PRIu64, cpu->burst.value))->harmless =
	    cpu->burst.value == 0;
	return 0;
}

static int add_list(struct output *output, const struct knob *knob, const char *list)
{
	if (list && *list)
		add(output, knob, arena_strdup(output->arena, list));
	return 0;
}

static int cpuset_cpus(const struct knob *knob, const struct config_resources *resources,
		       struct output *output, struct error *err)
{
	(void)err;
	return add_list(output, knob, cpu_of(resources)->cpus);
}

static int cpuset_mems(const struct knob *knob, const struct config_resources *resources,
		       struct output *output, struct error *err)
{
	(void)err;
	return add_list(output, knob, cpu_of(resources)->mems);
}

/* ---- pids: 0 is a limit ---- */

/* The most pids that a machine may have: the kernel's PID_MAX_LIMIT (linux/threads.h). */
#define PIDS_LIMIT_MAX 4194304

static int pids_max(const struct knob *knob, const struct config_resources *resources,
		    struct output *output, struct error *err)
{
	if (!resources->pids || !resources->pids->limit.set)
		return 0;
	if (resources->pids->limit.value > PIDS_LIMIT_MAX)
		return out_of_range(err, knob, resources->pids->limit.value,
				    "-1 (unlimited) or a number from 0 to 4194304");
	return add_limit(output, knob, resources->pids->limit.value, err);
}

/* ---- blockIO ---- */

static const struct config_block_io no_block_io;

static const struct config_block_io *block_io_of(const struct config_resources *resources)
{
	return resources->block_io ? resources->block_io : &no_block_io;
}

/* Weights go to the scheduler that is there: bfq takes them as they are, io.weight (iocost) counts
 * from 1 to 10000. */
#define WEIGHT_MIN 10
#define WEIGHT_MAX 1000

static uint64_t io_weight_of(uint64_t weight)
{
	return 1 + (weight - WEIGHT_MIN) * 9999 / (WEIGHT_MAX - WEIGHT_MIN);
}

static int add_weight(struct output *output, const struct knob *knob, const char *device,
		      uint64_t weight, struct error *err)
{
	struct cgroup_write *write;

	if (!weight)
		return 0;
	if (weight < WEIGHT_MIN || weight > WEIGHT_MAX)
		return out_of_range(err, knob, weight > INT64_MAX ? INT64_MAX : (int64_t)weight,
				    "a weight from 10 to 1000");
	add(output, knob, arena_printf(output->arena, "%s%" PRIu64, device, weight));
	write = add(output, knob,
		    arena_printf(output->arena, "%s%" PRIu64, device, io_weight_of(weight)));
	write->file = "io.weight";
	write->alternative = true;
	return 0;
}

static int io_weight(const struct knob *knob, const struct config_resources *resources,
		     struct output *output, struct error *err)
{
	return add_weight(output, knob, "", block_io_of(resources)->weight.value, err);
}

static int io_weight_device(const struct knob *knob, const struct config_resources *resources,
			    struct output *output, struct error *err)
{
	const struct config_block_io *io = block_io_of(resources);

	for (size_t i = 0; i < io->weight_device.count; i++) {
		const struct config_weight_device *device = &io->weight_device.items[i];
		const char *number = arena_printf(output->arena, "%" PRId64 ":%" PRId64 " ",
						  device->major.value, device->minor.value);

		if (!device->weight.set && !device->leaf_weight.set)
			return contradiction(
			    err, knob, "a device needs one of weight and leafWeight, or both");
		if (add_weight(output, knob, number, device->weight.value, err) < 0)
			return -1;
	}
	return 0;
}

/* A rate of 0 means no limit; the kernel would refuse a 0. From @none on it counts no more, and shows "max". */
static int add_throttles(struct output *output, const struct knob *knob,
			 const struct throttle_list *devices, const char *key, uint64_t none)
{
	for (size_t i = 0; i < devices->count; i++) {
		const struct config_throttle_device *device = &devices->items[i];
		bool limits = device->rate.value && device->rate.value < none;
		const char *rate = "max";

		if (limits)
			rate = arena_printf(output->arena, "%" PRIu64, device->rate.value);
		add(output, knob,
		    arena_printf(output->arena, "%" PRId64 ":%" PRId64 " %s=%s",
				 device->major.value, device->minor.value, key, rate))
		    ->harmless = !limits;
	}
	return 0;
}

#define THROTTLE(name, list, key, none)                                                            \
	static int name(const struct knob *knob, const struct config_resources *resources,         \
			struct output *output, struct error *err)                                  \
	{                                                                                          \
		(void)err;                                                                         \
		return add_throttles(output, knob, &block_io_of(resources)->list, key, none);      \
	}
THROTTLE(io_max_rbps, throttle_read_bps_device, "rbps", UINT64_MAX)
THROTTLE(io_max_wbps, throttle_write_bps_device, "wbps", UINT64_MAX)
THROTTLE(io_max_riops, throttle_read_iops_device, "riops", UINT32_MAX)
THROTTLE(io_max_wiops, throttle_write_iops_device, "wiops", UINT32_MAX)

/* ---- hugepageLimits, rdma ---- */

/* ^[1-9][0-9]*[KMG]B$: it becomes part of a file's name. */
static bool is_page_size(const char *size)
{
	size_t digits = strspn(size, "0123456789");

	return digits && size[0] != '0' && strlen(size) == digits + 2 &&
	       strchr("KMG", size[digits]) && size[digits + 1] == 'B';
}

static struct cgroup_write *add_hugepage(struct output *output, const struct knob *knob,
					 const struct config_hugepage_limit *limit,
					 const char *format)
{
	struct cgroup_write *write =
	    add(output, knob, arena_printf(output->arena, "%" PRIu64, limit->limit.value));

	write->file = arena_printf(output->arena, "hugetlb.%s.%s", limit->page_size, format);
	return write;
}

/* Both usage and reservations are limited; where the kernel can't limit reservations the limit of
 * the usage must do (config-linux.md, Huge page limits). */
static int hugetlb_max(const struct knob *knob, const struct config_resources *resources,
		       struct output *output, struct error *err)
{
	for (size_t i = 0; i < resources->hugepage_limits.count; i++) {
		const struct config_hugepage_limit *limit = &resources->hugepage_limits.items[i];

		if (!limit->page_size || !is_page_size(limit->page_size))
			return contradiction(err, knob, "a page size is written like 2MB or 1GB");
		add_hugepage(output, knob, limit, "max");
		add_hugepage(output, knob, limit, "rsvd.max")->harmless = true;
	}
	return 0;
}

static int rdma_max(const struct knob *knob, const struct config_resources *resources,
		    struct output *output, struct error *err)
{
	for (size_t i = 0; i < resources->rdma.count; i++) {
		const struct config_rdma *rdma = &resources->rdma.items[i];
		const char *value = rdma->key;

		if (!rdma->hca_handles.set && !rdma->hca_objects.set)
			return contradiction(
			    err, knob, "a device needs one of hcaHandles and hcaObjects, or both");
		if (rdma->hca_handles.set)
			value = arena_printf(output->arena, "%s hca_handle=%" PRIu64, value,
					     rdma->hca_handles.value);
		if (rdma->hca_objects.set)
			value = arena_printf(output->arena, "%s hca_object=%" PRIu64, value,
					     rdma->hca_objects.value);
		add(output, knob, value);
	}
	return 0;
}

/* ---- unified: what the config says by the kernel's own names has its way ---- */

/* A file of one value is written once: two values in a row could contradict others in between. */
static void drop_writes(struct cgroup_writes *writes, const char *file)
{
	size_t kept = 0;

	for (size_t i = 0; i < writes->count; i++)
		if (strcmp(writes->items[i].file, file) != 0)
			writes->items[kept++] = writes->items[i];
	writes->count = kept;
}

/* The kernel takes one line per write. An empty value is written as an empty line. */
static void add_lines(struct output *output, const struct knob *knob, const char *file,
		      const char *property, const char *lines)
{
	do {
		size_t length = strcspn(lines, "\n");
		bool only_line = !lines[length];

		if (length || only_line) {
			struct cgroup_write *write =
			    add(output, knob,
				length ? arena_strndup(output->arena, lines, length) : "\n");

			write->file = file;
			write->property = property;
			write->controller = controller_of(output->arena, file);
		}
		lines += length + !only_line;
	} while (*lines);
}

/* A size comes in one spelling, since an update has to know what it means before the kernel does; of other files the kernel
 * says what is wrong. NULL with the error. */
static const char *unified_value(struct output *output, const char *file, const char *property,
				 const char *value, struct error *err)
{
	const char *size;

	if (value_is_of_device(file))
		return value;
	if (!value_is_size(file)) {
		if (strcspn(value, "\n") + 1 >= strlen(value))
			return value;
		error_set(err, ERROR_INVALID, property,
			  "%s: expected one line, as %s holds one value, found several", property,
			  file);
		return NULL;
	}
	size = value_size(value, output->arena);
	if (!size)
		error_set(
		    err, ERROR_INVALID, property,
		    "%s: expected max, or bytes from 0 to 2^64-1, also with a unit of K, M, G, "
		    "T, P or E, found \"%s\"",
		    property, text_printable(value) ? value : "?");
	return size;
}

/* A key with a slash would be a file elsewhere. */
static bool is_file_name(const char *key)
{
	return *key && strcmp(key, ".") != 0 && strcmp(key, "..") != 0 && !strchr(key, '/') &&
	       text_printable(key);
}

/* What acts on processes is no parameter (config-linux.md, Unified): written here it would take strangers into the container's
 * cgroup, to be killed with it, or stop init on its way. */
static bool acts(const char *file)
{
	static const char *const files[] = { "cgroup.procs", "cgroup.threads", "cgroup.kill",
					     "cgroup.freeze", "cgroup.type" };

	for (size_t i = 0; i < array_length(files); i++)
		if (strcmp(file, files[i]) == 0)
			return true;
	return false;
}

/* A file of the cgroup that holds a limit. */
static int check_key(const struct knob *knob, const char *key, const char *property,
		     struct error *err)
{
	if (!is_file_name(key))
		return error_set(err, ERROR_INVALID, knob->property,
				 "%s: a key is the name of a file in the cgroup, without a slash",
				 text_printable(key) ? property : knob->property);
	if (acts(key))
		return error_set(err, ERROR_INVALID, property,
				 "%s: %s holds no limit, writing it acts on processes", property,
				 key);
	return 0;
}

static int unified(const struct knob *knob, const struct config_resources *resources,
		   struct output *output, struct error *err)
{
	for (size_t i = 0; i < resources->unified.count; i++) {
		const char *key = resources->unified.items[i].key, *value;
		const char *property =
		    arena_printf(output->arena, "linux.resources.unified[\"%s\"]", key);

		if (check_key(knob, key, property, err) < 0)
			return -1;
		value =
		    unified_value(output, key, property, resources->unified.items[i].value, err);
		if (!value)
			return -1;
		if (!value_is_of_device(key))
			drop_writes(&output->writes, key);
		add_lines(output, knob, arena_strdup(output->arena, key), property, value);
	}
	return 0;
}

/* ---- the table, in the order of the writes ---- */

static const struct knob knobs[] = {
	{ "pids.max", RESOURCES "pids.limit", pids_max },
	{ "memory.swap.max", RESOURCES "memory.swap", memory_swap_max },
	{ "memory.max", RESOURCES "memory.limit", memory_max },
	{ "memory.low", RESOURCES "memory.reservation", memory_low },
	{ "io.bfq.weight", RESOURCES "blockIO.weight", io_weight },
	{ "io.bfq.weight", RESOURCES "blockIO.weightDevice", io_weight_device },
	{ "io.max", RESOURCES "blockIO.throttleReadBpsDevice", io_max_rbps },
	{ "io.max", RESOURCES "blockIO.throttleWriteBpsDevice", io_max_wbps },
	{ "io.max", RESOURCES "blockIO.throttleReadIOPSDevice", io_max_riops },
	{ "io.max", RESOURCES "blockIO.throttleWriteIOPSDevice", io_max_wiops },
	{ "cpu.idle", RESOURCES "cpu.idle", cpu_idle },
	{ "cpu.weight", RESOURCES "cpu.shares", cpu_weight },
	{ "cpu.max", RESOURCES "cpu.quota", cpu_max },
	{ "cpu.max.burst", RESOURCES "cpu.burst", cpu_max_burst }, /* at most the quota: after it */
	{ "cpuset.cpus", RESOURCES "cpu.cpus", cpuset_cpus },
	{ "cpuset.mems", RESOURCES "cpu.mems", cpuset_mems },
	{ "hugetlb.SIZE.max", RESOURCES "hugepageLimits", hugetlb_max },
	{ "rdma.max", RESOURCES "rdma", rdma_max },
	{ "KEY", RESOURCES "unified", unified },
};

/* Bounds the memory of a plan; far beyond any real config. */
#define ENTRIES_LIMIT 10000

static size_t count_entries(const struct config_resources *resources)
{
	const struct config_block_io *io = block_io_of(resources);
	size_t count = io->weight_device.count + io->throttle_read_bps_device.count +
		       io->throttle_write_bps_device.count + io->throttle_read_iops_device.count +
		       io->throttle_write_iops_device.count + resources->hugepage_limits.count +
		       resources->rdma.count + resources->unified.count;

	for (size_t i = 0; i < resources->unified.count; i++)
		for (const char *c = resources->unified.items[i].value; *c; c++)
			count += *c == '\n';
	return count;
}

int cgroup_plan_writes(const struct config_resources *resources, struct arena *arena,
		       struct cgroup_writes *ret_writes, struct error *err)
{
	struct output output = { .arena = arena };

	if (cgroup_refuse_v1_only(resources, err) < 0)
		return -1;
	if (count_entries(resources) > ENTRIES_LIMIT)
		return error_set(err, ERROR_INVALID, "linux.resources",
				 "linux.resources: more than %d entries", ENTRIES_LIMIT);
	for (size_t i = 0; i < array_length(knobs); i++)
		if (knobs[i].convert(&knobs[i], resources, &output, err) < 0)
			return -1;
	*ret_writes = output.writes;
	return 0;
}
