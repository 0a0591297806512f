#include "src/command.h"

#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "src/document.h"
#include "src/output.h"

/* The options as they were given. */
struct update_flags {
	const char *resources;
	const char *blkio_weight, *cpu_burst, *cpu_idle, *cpu_period, *cpu_quota, *cpu_share;
	const char *cpu_rt_period, *cpu_rt_runtime, *cpuset_cpus, *cpuset_mems;
	const char *memory, *memory_high, *memory_min, *memory_reservation, *memory_swap;
	const char *kernel_memory, *kernel_memory_tcp, *l3_cache_schema, *mem_bw_schema;
	const char *pids_limit, *oom_score_adj;
	struct strings unified;
	bool dry_run, force;
};

#define VALUE(name, called, member, text)                                                          \
	STRING(name, NULL, called, struct update_flags, member, text)

static const struct option options[] = {
	STRING("resources", "r", "FILE", struct update_flags, resources,
	       "read the limits from FILE, or - for standard input: an object like linux.resources "
	       "in config.json; other options are put over it"),
	VALUE("memory", "SIZE", memory, "memory, like 300M; -1: no limit"),
	VALUE("memory-reservation", "SIZE", memory_reservation,
	      "memory that is protected (memory.low)"),
	VALUE("memory-swap", "SIZE", memory_swap, "memory and swap together; -1: no limit"),
	VALUE("memory-high", "SIZE", memory_high,
	      "memory above which the container is slowed down"),
	VALUE("memory-min", "SIZE", memory_min, "memory that is never reclaimed"),
	VALUE("cpu-quota", "MICROSECONDS", cpu_quota, "CPU time in each period; -1: no limit"),
	VALUE("cpu-period", "MICROSECONDS", cpu_period, "length of the period, 1000 to 1000000"),
	VALUE("cpu-burst", "MICROSECONDS", cpu_burst,
	      "CPU time that may be saved up, at most the quota"),
	VALUE("cpu-share", "SHARES", cpu_share, "weight against other containers, 2 to 262144"),
	VALUE("cpu-idle", "0|1", cpu_idle, "1: run only when nobody else wants the CPU"),
	VALUE("cpuset-cpus", "LIST", cpuset_cpus, "CPUs to run on, like 0-2,4"),
	VALUE("cpuset-mems", "LIST", cpuset_mems, "memory nodes to use"),
	VALUE("pids-limit", "N", pids_limit, "processes and threads; -1: no limit"),
	VALUE("blkio-weight", "WEIGHT", blkio_weight, "weight of its I/O, 10 to 1000"),
	STRINGS("unified", NULL, "FILE=VALUE", struct update_flags, unified,
		"write VALUE into FILE of the cgroup; may be given again"),
	VALUE("oom-score-adj", "N", oom_score_adj,
	      "OOM score adjustment of all its processes, -1000 to 1000"),
	VALUE("l3-cache-schema", "SCHEMA", l3_cache_schema,
	      "line for its class of resctrl, like L3:0=f0;1=f"),
	VALUE("mem-bw-schema", "SCHEMA", mem_bw_schema,
	      "line for its class of resctrl, like MB:0=20;1=70"),
	FLAG("force", NULL, struct update_flags, force,
	     "lower memory below what is used, though processes may be killed for it"),
	FLAG("dry-run", NULL, struct update_flags, dry_run,
	     "write nothing, print what would be written"),
	/* cgroup v1's */
	VALUE("cpu-rt-period", "MICROSECONDS", cpu_rt_period, NULL),
	VALUE("cpu-rt-runtime", "MICROSECONDS", cpu_rt_runtime, NULL),
	VALUE("kernel-memory", "SIZE", kernel_memory, NULL),
	VALUE("kernel-memory-tcp", "SIZE", kernel_memory_tcp, NULL),
	OPTIONS_END,
};

/* ---- numbers ---- */

enum unit { UNIT_SIZE, UNIT_NUMBER };

/* Where the numbers of the options go, all in one place. */
struct numbers {
	struct optional_int memory, memory_high, memory_min, memory_reservation, memory_swap;
	struct optional_int cpu_burst, cpu_idle, cpu_period, cpu_quota, cpu_share;
	struct optional_int cpu_rt_period, cpu_rt_runtime, pids_limit, blkio_weight, oom_score_adj;
};

/* The numbers that an option may have; what a limit may be is the cgroup's to say. */
#define NUMBER_ROW(name, member, unit, min, max, expected)                                         \
	{                                                                                          \
		name, offsetof(struct update_flags, member), offsetof(struct numbers, member),     \
		    unit, min, max, expected                                                       \
	}
#define SIZE_ROW(name, member)                                                                     \
	NUMBER_ROW(name, member, UNIT_SIZE, -1, INT64_MAX,                                         \
		   "a size in bytes, from 0 to 8191P, whole, like 300M or 1G, or -1 for no limit")
#define COUNT_ROW(name, member, max)                                                               \
	NUMBER_ROW(name, member, UNIT_NUMBER, 0, max, "a number from 0 to " #max)
#define LIMIT_ROW(name, member)                                                                    \
	NUMBER_ROW(name, member, UNIT_NUMBER, -1, INT64_MAX,                                       \
		   "a number from 0 up, or -1 for no limit")

static const struct number_row {
	const char *option;
	size_t flag, number;
	enum unit unit;
	int64_t min, max;
	const char *expected;
} number_rows[] = {
	SIZE_ROW("memory", memory),
	SIZE_ROW("memory-high", memory_high),
	SIZE_ROW("memory-min", memory_min),
	SIZE_ROW("memory-reservation", memory_reservation),
	SIZE_ROW("memory-swap", memory_swap),
	COUNT_ROW("cpu-burst", cpu_burst, 17592186044415),
	COUNT_ROW("cpu-idle", cpu_idle, 1),
	COUNT_ROW("cpu-period", cpu_period, 1000000),
	LIMIT_ROW("cpu-quota", cpu_quota),
	COUNT_ROW("cpu-share", cpu_share, 262144),
	COUNT_ROW("cpu-rt-period", cpu_rt_period, 1000000),
	LIMIT_ROW("cpu-rt-runtime", cpu_rt_runtime),
	LIMIT_ROW("pids-limit", pids_limit),
	COUNT_ROW("blkio-weight", blkio_weight, 1000),
	NUMBER_ROW("oom-score-adj", oom_score_adj, UNIT_NUMBER, -1000, 1000,
		   "a number from -1000 to 1000"),
};

/* -1 is no size, but means that there is no limit. */
static bool parse_number(const struct number_row *row, const char *text, int64_t *ret_number)
{
	bool parsed = row->unit == UNIT_SIZE && strcmp(text, "-1") != 0
			  ? parse_size(text, ret_number)
			  : parse_i64(text, ret_number);

	return parsed && *ret_number >= row->min && *ret_number <= row->max;
}

static int parse_numbers(const struct update_flags *flags, struct numbers *numbers,
			 struct error *err)
{
	for (size_t i = 0; i < array_length(number_rows); i++) {
		const struct number_row *row = &number_rows[i];
		struct optional_int number = { .set = true };
		const char *text;

		memcpy(&text, (const char *)flags + row->flag, sizeof(text));
		if (!text)
			continue;
		if (!parse_number(row, text, &number.value))
			return error_set(err, ERROR_INVALID, row->option,
					 "update: --%s: expected %s, found \"%s\"", row->option,
					 row->expected, text_printable(text) ? text : "?");
		memcpy((char *)numbers + row->number, &number, sizeof(number));
	}
	return 0;
}

/* ---- from the options to linux.resources ---- */

static void set(struct optional_int *member, struct optional_int number)
{
	if (number.set)
		*member = number;
}

static void set_uint(struct optional_uint *member, struct optional_int number)
{
	if (number.set)
		*member = (struct optional_uint){ (uint64_t)number.value, true };
}

static struct config_memory *make_memory(struct config_resources *resources, struct arena *arena)
{
	if (!resources->memory)
		resources->memory = arena_alloc(arena, sizeof(*resources->memory));
	return resources->memory;
}

static struct config_cpu *make_cpu(struct config_resources *resources, struct arena *arena)
{
	if (!resources->cpu)
		resources->cpu = arena_alloc(arena, sizeof(*resources->cpu));
	return resources->cpu;
}

static void put_numbers(const struct numbers *numbers, struct config_resources *resources,
			struct arena *arena)
{
	struct config_memory *memory = make_memory(resources, arena);
	struct config_cpu *cpu = make_cpu(resources, arena);

	set(&memory->limit, numbers->memory);
	set(&memory->reservation, numbers->memory_reservation);
	set(&memory->swap, numbers->memory_swap);
	set_uint(&cpu->shares, numbers->cpu_share);
	set(&cpu->quota, numbers->cpu_quota);
	set_uint(&cpu->period, numbers->cpu_period);
	set_uint(&cpu->burst, numbers->cpu_burst);
	set(&cpu->idle, numbers->cpu_idle);
	set(&cpu->realtime_runtime, numbers->cpu_rt_runtime);
	set_uint(&cpu->realtime_period, numbers->cpu_rt_period);
	if (numbers->pids_limit.set) {
		resources->pids = arena_alloc(arena, sizeof(*resources->pids));
		resources->pids->limit = numbers->pids_limit;
	}
	if (numbers->blkio_weight.set) {
		if (!resources->block_io)
			resources->block_io = arena_alloc(arena, sizeof(*resources->block_io));
		set_uint(&resources->block_io->weight, numbers->blkio_weight);
	}
}

static int put_list(const char *option, const char *list, char **member, struct arena *arena,
		    struct error *err)
{
	if (!list)
		return 0;
	if (!*list)
		return error_set(err, ERROR_INVALID, option,
				 "update: --%s: expected a list like 0-2,4, found \"\"", option);
	*member = arena_strdup(arena, list);
	return 0;
}

static void add_unified(struct config_resources *resources, const char *file, const char *value)
{
	struct string_map *unified = &resources->unified;

	unified->items[unified->count++] = (struct string_map_entry){ (char *)file, (char *)value };
}

static void add_limit(struct config_resources *resources, const char *file,
		      struct optional_int limit, struct arena *arena)
{
	if (limit.set)
		add_unified(resources, file,
			    limit.value < 0 ? "max" : arena_printf(arena, "%" PRId64, limit.value));
}

static int put_unified(const struct update_flags *flags, const struct numbers *numbers,
		       struct config_resources *resources, struct arena *arena, struct error *err)
{
	struct string_map_entry *items = arena_calloc(
	    arena, resources->unified.count + flags->unified.count + 2, sizeof(*items));

	if (resources->unified.count)
		memcpy(items, resources->unified.items, resources->unified.count * sizeof(*items));
	resources->unified.items = items;
	if (numbers->memory_high.value)
		add_limit(resources, "memory.high", numbers->memory_high, arena);
	add_limit(resources, "memory.min", numbers->memory_min, arena);
	for (size_t i = 0; i < flags->unified.count; i++) {
		const char *text = flags->unified.items[i], *equals = strchr(text, '=');

		if (!equals || equals == text)
			return error_set(err, ERROR_INVALID, "unified",
					 "update: --unified: expected FILE=VALUE, found \"%s\"",
					 text_printable(text) ? text : "?");
		add_unified(resources, arena_strndup(arena, text, (size_t)(equals - text)),
			    equals + 1);
	}
	return 0;
}

/* ---- the document ---- */

/* NULL with an error. */
static struct config_resources *read_resources(const char *name, struct arena *arena,
					       struct error *err)
{
	struct config *config;

	if (!name)
		return arena_alloc(arena, sizeof(struct config_resources));
	if (document_read(name, DOCUMENT_RESOURCES, arena, &config, err) < 0)
		return NULL;
	return config->linux_->resources;
}

/* ---- the command ---- */

static void warn_of_unused(const struct update_flags *flags, const struct runtime *runtime)
{
	if (flags->kernel_memory || flags->kernel_memory_tcp)
		runtime->warn("update: --kernel-memory is not used: the limit of memory includes "
			      "the kernel's");
}

static int print_report(const struct update_report *report, struct error *err)
{
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;

	for (size_t i = 0; i < report->changes.count; i++) {
		const struct cgroup_change *change = &report->changes.items[i];
		const char *old = change->old ? change->old : "";

		/* to write an empty list is to write an empty line */
		if (change->value)
			buffer_printf(&text, "%s: %.*s -> %.*s\n", change->file,
				      (int)strcspn(old, "\n"), old,
				      (int)strcspn(change->value, "\n"), change->value);
	}
	if (report->memory_used)
		buffer_printf(&text, "memory.current: %" PRIu64 ", to be reclaimed first\n",
			      report->memory_used);
	if (report->devices)
		buffer_puts(&text, "devices: replaced\n");
	if (report->processes)
		buffer_printf(&text, "oom_score_adj: of %zu processes\n", report->processes);
	return output_write(&text, err);
}

static int run(struct invocation *invocation, struct error *err)
{
	const struct update_flags *flags = invocation->options;
	_cleanup_arena_ struct arena arena = ARENA_INIT;
	struct update_options update = { .id = invocation->arguments.items[0],
					 .l3_cache_schema = flags->l3_cache_schema,
					 .mem_bw_schema = flags->mem_bw_schema,
					 .force = flags->force,
					 .dry_run = flags->dry_run };
	struct update_report report = { .devices = false };
	struct config_resources *resources;
	struct numbers numbers = { .memory = { 0, false } };

	warn_of_unused(flags, &invocation->runtime);
	if (arena_init(&arena, STATE_ARENA_SIZE + CONFIG_ARENA_SIZE, err) < 0 ||
	    parse_numbers(flags, &numbers, err) < 0)
		return -1;
	resources = read_resources(flags->resources, &arena, err);
	if (!resources)
		return -1;
	put_numbers(&numbers, resources, &arena);
	if (put_list("cpuset-cpus", flags->cpuset_cpus, &resources->cpu->cpus, &arena, err) < 0 ||
	    put_list("cpuset-mems", flags->cpuset_mems, &resources->cpu->mems, &arena, err) < 0 ||
	    put_unified(flags, &numbers, resources, &arena, err) < 0)
		return -1;
	update.resources = resources;
	update.oom_score_adj = numbers.oom_score_adj;
	if (container_update(&invocation->runtime, &update, &arena, &report, err) < 0)
		return -1;
	return flags->dry_run ? print_report(&report, err) : 0;
}

const struct command cmd_update = {
	.name = "update",
	.usage = "ID",
	.summary = "change the limits of a container, all or none",
	.options = options,
	.options_size = sizeof(struct update_flags),
	.arguments_min = 1,
	.arguments_max = 1,
	.run = run,
};
