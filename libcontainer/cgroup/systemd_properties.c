/* The files of a cgroup, and the device rules, as properties of a unit (systemd.resource-control(5)). Pure. */
#include "libcontainer/cgroup/systemd.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "libcontainer/cgroup/internal.h"
#include "libcontainer/cgroup/values.h"

#define SECOND_US 1000000u

/* ---- lists of properties ---- */

static struct unit_property *find(struct unit_properties *properties, const char *name)
{
	for (size_t i = 0; i < properties->count; i++)
		if (strcmp(properties->items[i].name, name) == 0)
			return &properties->items[i];
	return NULL;
}

static struct unit_property *make_room(struct unit_properties *properties, struct arena *arena)
{
	properties->items = arena_grow(arena, properties->items, properties->count,
				       &properties->capacity, sizeof(*properties->items));
	return &properties->items[properties->count++];
}

static void fill(struct unit_property *property, struct arena *arena, const char *name,
		 const char *signature, const char *const *values, size_t count)
{
	*property = (struct unit_property){
		.name = arena_strdup(arena, name),
		.signature = arena_strdup(arena, signature),
		.values = strings_copy(arena, &(struct strings){ (char **)values, count }),
	};
}

void unit_property_set(struct unit_properties *properties, struct arena *arena, const char *name,
		       const char *signature, const char *const *values, size_t count)
{
	struct unit_property *property = find(properties, name);

	if (!property)
		property = make_room(properties, arena);
	fill(property, arena, name, signature, values, count);
}

static void set_number(struct unit_properties *properties, struct arena *arena, const char *name,
		       uint64_t value)
{
	const char *text = arena_printf(arena, "%" PRIu64, value);

	unit_property_set(properties, arena, name, "t", &text, 1);
}

/* ---- files ---- */

struct row;
typedef void convert_function(const struct row *row, const char *text, struct arena *arena,
			      struct unit_properties *properties);

/* "max", which is systemd's infinity, or a number */
static void number(const struct row *row, const char *text, struct arena *arena,
		   struct unit_properties *properties);
static void tasks(const struct row *row, const char *text, struct arena *arena,
		  struct unit_properties *properties);
static void weight(const struct row *row, const char *text, struct arena *arena,
		   struct unit_properties *properties);
static void idle(const struct row *row, const char *text, struct arena *arena,
		 struct unit_properties *properties);
static void quota(const struct row *row, const char *text, struct arena *arena,
		  struct unit_properties *properties);
static void period(const struct row *row, const char *text, struct arena *arena,
		   struct unit_properties *properties);
static void set_of_bits(const struct row *row, const char *text, struct arena *arena,
			struct unit_properties *properties);
static void io_weight(const struct row *row, const char *text, struct arena *arena,
		      struct unit_properties *properties);
static void bfq_weight(const struct row *row, const char *text, struct arena *arena,
		       struct unit_properties *properties);
static void flag(const struct row *row, const char *text, struct arena *arena,
		 struct unit_properties *properties);
static void at_start_only(const struct row *row, const char *text, struct arena *arena,
			  struct unit_properties *properties);

/* All that systemd writes into the cgroup of a unit it has to be told, or a later change of one property would take
 * back what others say. A version before @since refuses the property; it doesn't write the file either. */
static const struct row {
	const char *file; /* "hugetlb." is any that begins with it */
	const char *property;
	unsigned int since;
	convert_function *convert;
} rows[] = {
	{ "memory.min", "MemoryMin", 0, number },
	{ "memory.low", "MemoryLow", 0, number },
	{ "memory.high", "MemoryHigh", 0, number },
	{ "memory.max", "MemoryMax", 0, number },
	{ "memory.swap.max", "MemorySwapMax", 0, number },
	{ "memory.zswap.max", "MemoryZSwapMax", 253, number },
	{ "memory.zswap.writeback", "MemoryZSwapWriteback", 256, flag },
	{ "memory.oom.group", "OOMPolicy", 253, at_start_only },
	{ "pids.max", "TasksMax", 0, tasks },
	{ "cpu.idle", "CPUWeight", 252, idle },
	{ "cpu.weight", "CPUWeight", 0, weight },
	{ "cpu.max", "CPUQuotaPerSecUSec", 0, quota },
	{ "cpu.max", "CPUQuotaPeriodUSec", 242, period },
	{ "cpuset.cpus", "AllowedCPUs", 244, set_of_bits },
	{ "cpuset.mems", "AllowedMemoryNodes", 244, set_of_bits },
	{ "io.weight", "IOWeight", 0, io_weight },
	{ "io.bfq.weight", "IOWeight", 0, bfq_weight },
	/* of these it writes none, or only for the devices that it was told */
	{ .file = "cpu.max.burst" },
	{ .file = "io.max" },
	{ .file = "hugetlb." },
	{ .file = "rdma.max" },
};

static void number(const struct row *row, const char *text, struct arena *arena,
		   struct unit_properties *properties)
{
	uint64_t value;

	if (value_number(text, &value))
		set_number(properties, arena, row->property, value);
}

/* A scope may not be without a task at all, as far as systemd is concerned; the file says 0 all the same. */
static void tasks(const struct row *row, const char *text, struct arena *arena,
		  struct unit_properties *properties)
{
	number(row, strncmp(text, "0", 1) == 0 ? "1" : text, arena, properties);
}

/* That of an idle cgroup says 0: told by cpu.idle, to those that know it. */
static void weight(const struct row *row, const char *text, struct arena *arena,
		   struct unit_properties *properties)
{
	if (strcmp(text, "0") != 0)
		number(row, text, arena, properties);
}

/* Idle is the weight 0; after it the kernel gives the default again. */
static void idle(const struct row *row, const char *text, struct arena *arena,
		 struct unit_properties *properties)
{
	if (text[0] == '1')
		set_number(properties, arena, row->property, 0);
	else if (!find(properties, row->property))
		set_number(properties, arena, row->property, 100);
}

/* "QUOTA PERIOD": what systemd counts is CPU time for each second, in hundredths of a CPU. It must not be less than
 * what was asked for. */
static void quota(const struct row *row, const char *text, struct arena *arena,
		  struct unit_properties *properties)
{
	unsigned long long quota_us, period_us, per_second;

	if (sscanf(text, "%llu %llu", &quota_us, &period_us) != 2 || !period_us ||
	    __builtin_mul_overflow(quota_us, SECOND_US, &per_second)) {
		set_number(properties, arena, row->property, UINT64_MAX);
		return;
	}
	per_second = (per_second + period_us - 1) / period_us;
	set_number(properties, arena, row->property, (per_second + 9999) / 10000 * 10000);
}

static void period(const struct row *row, const char *text, struct arena *arena,
		   struct unit_properties *properties)
{
	const char *space = strchr(text, ' ');
	uint64_t value;

	if (space && value_number(space + 1, &value))
		set_number(properties, arena, row->property, value);
}

/* More CPUs than any kernel is built for. */
#define BITS_MAX 65536

/* "0-3,7" as bytes of bits, the lowest first; none at all takes a limit away. */
static void set_of_bits(const struct row *row, const char *text, struct arena *arena,
			struct unit_properties *properties)
{
	uint8_t *bits = arena_alloc(arena, BITS_MAX / 8);
	const char **values = arena_calloc(arena, BITS_MAX / 8 + 1, sizeof(*values));
	unsigned int first, last, count = 0;
	int length;

	for (; sscanf(text, "%u%n", &first, &length) == 1; text += *text == ',') {
		text += length;
		last = first;
		if (sscanf(text, "-%u%n", &last, &length) == 1)
			text += length;
		for (; first <= last && first < BITS_MAX; first++) {
			bits[first / 8] |= (uint8_t)(1u << first % 8);
			count = first / 8 + 1 > count ? first / 8 + 1 : count;
		}
	}
	values[0] = arena_printf(arena, "%u", count);
	for (unsigned int i = 0; i < count; i++)
		values[1 + i] = arena_printf(arena, "%u", bits[i]);
	unit_property_set(properties, arena, row->property, "ay", values, 1 + count);
}

/* The first line is "default WEIGHT"; what devices have, systemd leaves alone. */
static bool default_weight(const char *text, uint64_t *ret_weight)
{
	return sscanf(text, "default %" SCNu64, ret_weight) == 1 ||
	       sscanf(text, "%" SCNu64, ret_weight) == 1;
}

static void io_weight(const struct row *row, const char *text, struct arena *arena,
		      struct unit_properties *properties)
{
	uint64_t weight;

	if (default_weight(text, &weight))
		set_number(properties, arena, row->property, weight);
}

/* The reverse of what systemd makes of its 1 to 10000 for bfq, whose weights end at 1000: up to 100, the default, they
 * are the same. */
static void bfq_weight(const struct row *row, const char *text, struct arena *arena,
		       struct unit_properties *properties)
{
	uint64_t weight;

	if (default_weight(text, &weight))
		set_number(properties, arena, row->property,
			   weight <= 100 ? weight : 100 + (weight - 100) * 11);
}

static void flag(const struct row *row, const char *text, struct arena *arena,
		 struct unit_properties *properties)
{
	const char *value = text[0] == '1' ? "1" : "0";

	unit_property_set(properties, arena, row->property, "b", &value, 1);
}

/* By unit_plan(). Later it can't be said, and the file is put back whenever systemd has written it. */
static void at_start_only(const struct row *row, const char *text, struct arena *arena,
			  struct unit_properties *properties)
{
	(void)row;
	(void)text;
	(void)arena;
	(void)properties;
}

static bool is_row_of(const struct row *row, const char *file)
{
	return text_ends(row->file, ".") ? text_starts(file, row->file)
					 : strcmp(file, row->file) == 0;
}

void unit_properties_of_file(const char *file, const char *text, unsigned int version,
			     struct arena *arena, struct unit_properties *properties)
{
	for (size_t i = 0; i < array_length(rows); i++)
		if (is_row_of(&rows[i], file) && rows[i].convert && version >= rows[i].since)
			rows[i].convert(&rows[i], text, arena, properties);
}

static const struct row *find_row(const char *file)
{
	for (size_t i = 0; i < array_length(rows); i++)
		if (is_row_of(&rows[i], file))
			return &rows[i];
	return NULL;
}

const char *unit_file(size_t index)
{
	return index < array_length(rows) && rows[index].convert ? rows[index].file : NULL;
}

bool unit_has_property(const char *file)
{
	const struct row *row = find_row(file);

	return row && row->convert;
}

bool unit_knows_file(const char *file)
{
	return find_row(file) != NULL;
}

/* ---- devices ---- */

struct device_list {
	struct arena *arena;
	const char **values; /* the count, then pairs of node and access */
	size_t count;	     /* of the values */
};

static const char *access_letters(uint32_t access, struct arena *arena)
{
	return arena_printf(arena, "%s%s%s", access & BPF_DEVCG_ACC_READ ? "r" : "",
			    access & BPF_DEVCG_ACC_WRITE ? "w" : "",
			    access & BPF_DEVCG_ACC_MKNOD ? "m" : "");
}

/* "/dev/char/1:3", "char-136" for all minor numbers of a major one, "char-*" for all. The first needn't be there: systemd
 * reads the numbers. */
static void allow(struct device_list *list, const char *class, const struct device_rule *rule)
{
	const char *node = arena_printf(list->arena, "%s-*", class);

	if (rule->major != DEVICE_ANY && rule->minor != DEVICE_ANY)
		node = arena_printf(list->arena, "/dev/%s/%" PRId64 ":%" PRId64, class, rule->major,
				    rule->minor);
	else if (rule->major != DEVICE_ANY)
		node = arena_printf(list->arena, "%s-%" PRId64, class, rule->major);
	list->values[list->count++] = node;
	list->values[list->count++] = access_letters(rule->access, list->arena);
}

#define ALL_ACCESS (BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE)

static bool is_about_everything(const struct device_rule *rule)
{
	return rule->type == DEVICE_ANY_TYPE && rule->major == DEVICE_ANY &&
	       rule->minor == DEVICE_ANY && rule->access == ALL_ACCESS;
}

/* The last rule about everything makes those before it void. A rule that takes less away can't be said, and is left to
 * the device program. */
static size_t first_that_counts(const struct device_rules *rules)
{
	size_t first = 0;

	for (size_t i = 0; i < rules->count; i++)
		if (is_about_everything(&rules->items[i]))
			first = i;
	return first;
}

int unit_device_properties(const struct config_resources *resources, struct arena *arena,
			   struct unit_properties *properties, struct error *err)
{
	struct device_list list = { .arena = arena, .count = 1 };
	const char *policy = "strict", *none = "0";
	struct device_rules rules;
	size_t first;

	if (device_rules_read(resources, arena, &rules, err) < 0)
		return -1;
	list.values = arena_calloc(arena, 1 + 4 * rules.count, sizeof(*list.values));
	first = first_that_counts(&rules);
	if (rules.items[first].allow && is_about_everything(&rules.items[first]))
		policy = "auto";
	for (size_t i = first; i < rules.count && strcmp(policy, "strict") == 0; i++) {
		const struct device_rule *rule = &rules.items[i];

		if (rule->allow && rule->type != BPF_DEVCG_DEV_CHAR)
			allow(&list, "block", rule);
		if (rule->allow && rule->type != BPF_DEVCG_DEV_BLOCK)
			allow(&list, "char", rule);
	}
	list.values[0] = arena_printf(arena, "%zu", (list.count - 1) / 2);
	unit_property_set(properties, arena, "DevicePolicy", "s", &policy, 1);
	/* systemd adds a list to the one it has; an empty one takes that away */
	fill(make_room(properties, arena), arena, "DeviceAllow", "a(ss)", &none, 1);
	if (list.count > 1)
		fill(make_room(properties, arena), arena, "DeviceAllow", "a(ss)", list.values,
		     list.count);
	return 0;
}
