/* What an update has to write, in which order, and what it must be able to put back. */
#include "libcontainer/cgroup/internal.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "libcontainer/cgroup/values.h"

#define RESOURCES "linux.resources."

struct planning {
	const struct cgroup_machine *machine;
	const struct cgroup_door *door;
	struct arena *arena;
	struct cgroup_changes changes; /* in the order of the table of knobs */
	size_t capacity;
};

/* ---- what isn't given stays as it is ---- */

/* What is wanted, with what the kernel has in places that go together. */
struct completed {
	struct config_resources resources;
	struct config_memory memory;
	struct config_cpu cpu;
};

/* Engines write 0 for what they leave as it is. */
static void forget_zero(struct optional_int *number)
{
	number->set = number->set && number->value;
}

static void forget_zero_uint(struct optional_uint *number)
{
	number->set = number->set && number->value;
}

static struct optional_int limit_of(uint64_t number)
{
	return (struct optional_int){ number > INT64_MAX ? -1 : (int64_t)number, true };
}

/* Swap is given together with memory: what is to be swap alone depends on memory.max. */
static int complete_memory(const struct planning *planning, struct config_memory *memory,
			   struct error *err)
{
	uint64_t now;
	int found;

	forget_zero(&memory->limit);
	forget_zero(&memory->reservation);
	forget_zero(&memory->swap);
	if (memory->limit.set || !memory->swap.set)
		return 0;
	found = door_number(planning->door, "memory.max", &now, err);
	if (found > 0 && now <= INT64_MAX)
		memory->limit = limit_of(now);
	return found < 0 ? -1 : 0;
}

/* Quota, period and burst have to fit each other whichever of them is given. */
static int complete_quota(const struct planning *planning, struct config_cpu *cpu,
			  struct error *err)
{
	uint64_t quota, burst;
	int found;

	if (!cpu->quota.set && !cpu->period.set && !cpu->burst.set)
		return 0;
	found = door_number(planning->door, "cpu.max", &quota, err);
	if (found > 0 && !cpu->quota.set)
		cpu->quota = limit_of(quota);
	if (found < 0 || cpu->burst.set)
		return found < 0 ? -1 : 0;
	found = door_number(planning->door, "cpu.max.burst", &burst, err);
	if (found > 0)
		cpu->burst = (struct optional_uint){ burst, true };
	return found < 0 ? -1 : 0;
}

static bool is_weight(const char *file)
{
	return strcmp(file, "cpu.weight") == 0 || strcmp(file, "cpu.weight.nice") == 0;
}

/* The weight by the kernel's own name, before what is wanted, which has its way. False if it has none by that. */
static bool add_weight(struct string_map *unified, const struct string_map *effective,
		       struct arena *arena)
{
	struct string_map_entry *items;
	size_t i = effective->count;

	while (i > 0 && !is_weight(effective->items[i - 1].key))
		i--;
	if (!i)
		return false;
	items = arena_calloc(arena, unified->count + 1, sizeof(*items));
	items[0] = effective->items[i - 1];
	if (unified->count)
		memcpy(items + 1, unified->items, unified->count * sizeof(*items));
	*unified = (struct string_map){ items, unified->count + 1 };
	return true;
}

/* The kernel forgets the weight of a cgroup that becomes idle, and refuses one while it is. */
static int complete_weight(const struct planning *planning, struct completed *completed,
			   const struct config_resources *effective, struct error *err)
{
	struct config_cpu *cpu = &completed->cpu;
	uint64_t idle = 0;

	if (!cpu->idle.set && !cpu->shares.set)
		return 0;
	if (door_number(planning->door, "cpu.idle", &idle, err) < 0)
		return -1;
	if (!idle)
		return 0;
	if (!cpu->idle.set)
		return error_set(err, ERROR_INVALID, RESOURCES "cpu.shares",
				 RESOURCES "cpu.shares: the container is idle (cpu.idle is 1) and "
					   "has no shares; set cpu.idle to 0, too");
	if (cpu->shares.set || cpu->idle.value)
		return 0;
	if (!add_weight(&completed->resources.unified, &effective->unified, planning->arena) &&
	    effective->cpu)
		cpu->shares = effective->cpu->shares;
	return 0;
}

static int complete_cpu(const struct planning *planning, struct completed *completed,
			const struct config_resources *effective, struct error *err)
{
	struct config_cpu *cpu = &completed->cpu;

	forget_zero_uint(&cpu->shares);
	forget_zero(&cpu->quota);
	forget_zero_uint(&cpu->period);
	if (complete_quota(planning, cpu, err) < 0)
		return -1;
	return complete_weight(planning, completed, effective, err);
}

static int complete(const struct planning *planning, const struct config_resources *wanted,
		    const struct config_resources *effective, struct completed *ret_completed,
		    struct error *err)
{
	struct completed *completed = ret_completed;

	completed->resources = *wanted;
	if (wanted->memory) {
		completed->memory = *wanted->memory;
		completed->resources.memory = &completed->memory;
		if (complete_memory(planning, &completed->memory, err) < 0)
			return -1;
	}
	if (wanted->cpu) {
		completed->cpu = *wanted->cpu;
		completed->resources.cpu = &completed->cpu;
		return complete_cpu(planning, completed, effective, err);
	}
	return 0;
}

/* ---- what may be written ---- */

/* Files that are no settings: they act, tell, or hold something other than a limit. What they said
 * before can't be brought back by writing it. */
static bool is_setting(const char *file)
{
	static const char *const of_cgroup[] = { "cgroup.max.depth", "cgroup.max.descendants",
						 "cgroup.pressure" };
	static const char *const tails[] = { ".pressure", ".peak",   ".reclaim",
					     ".stat",	  ".events", ".current",
					     ".local",	  "_stat",   ".effective" };

	for (size_t i = 0; i < array_length(of_cgroup); i++)
		if (strcmp(file, of_cgroup[i]) == 0)
			return true;
	for (size_t i = 0; i < array_length(tails); i++)
		if (text_ends(file, tails[i]))
			return false;
	return !text_starts(file, "cgroup.");
}

static int check_set(const struct planning *planning, const struct cgroup_write *write,
		     struct error *err)
{
	bool cpus = strcmp(write->file, "cpuset.cpus") == 0;
	const char *machine = cpus ? planning->machine->cpus : planning->machine->mems;
	const char *what = cpus ? "CPUs" : "memory nodes";

	if ((!cpus && strcmp(write->file, "cpuset.mems") != 0) || !machine ||
	    strcmp(write->value, "\n") == 0)
		return 0;
	switch (set_within(write->value, machine)) {
	case 1:
		return 0;
	case 0:
		return error_set(err, ERROR_INVALID, write->property,
				 "%s: expected %s of this machine, which are %s, found \"%s\"",
				 write->property, what, machine, write->value);
	default:
		return error_set(err, ERROR_INVALID, write->property,
				 "%s: expected a list of %s like 0-2,4, found \"%s\"",
				 write->property, what, write->value);
	}
}

/* ---- changes ---- */

static void add(struct planning *planning, const struct cgroup_change *change)
{
	struct cgroup_changes *changes = &planning->changes;

	changes->items = arena_grow(planning->arena, changes->items, changes->count,
				    &planning->capacity, sizeof(*change));
	changes->items[changes->count++] = *change;
}

static bool has_change(const struct planning *planning, const char *file)
{
	for (size_t i = 0; i < planning->changes.count; i++)
		if (strcmp(planning->changes.items[i].file, file) == 0)
			return true;
	return false;
}

/* A weight of 0 is that of an idle cgroup; it comes with cpu.idle and can't be written. */
static char *old_value(const struct planning *planning, const char *file, const char *text,
		       const char *value)
{
	if (strcmp(file, "cpu.weight") == 0 && value_compare(file, text, "0") == VALUE_SAME)
		return NULL;
	return value_restoring(file, text, value, planning->arena);
}

/* Files that change with another. Put back after it, hence listed before it. */
static const struct {
	const char *file, *changed_too;
} companions[] = {
	{ "cpu.idle", "cpu.weight" },
	{ "cpu.weight.nice", "cpu.weight" },
};

static void add_companions(struct planning *planning, const struct cgroup_write *write)
{
	for (size_t i = 0; i < array_length(companions); i++) {
		_cleanup_buffer_ struct buffer text = BUFFER_INIT;
		struct cgroup_change change = { .file = (char *)companions[i].changed_too,
						.property = (char *)write->property };

		if (strcmp(write->file, companions[i].file) != 0 ||
		    planning->door->read(planning->door->context, &change, &text) < 0)
			continue;
		change.old = old_value(planning, change.file, text.bytes, "");
		if (change.old)
			add(planning, &change);
	}
}

static void add_change(struct planning *planning, const struct cgroup_write *write,
		       const char *text)
{
	/* what an earlier write of this update changes may have to be changed back */
	if (value_compare(write->file, text, write->value) == VALUE_SAME &&
	    !has_change(planning, write->file))
		return;
	add_companions(planning, write);
	add(planning, &(struct cgroup_change){
			  .file = (char *)write->file,
			  .old = old_value(planning, write->file, text, write->value),
			  .value = (char *)write->value,
			  .property = (char *)write->property,
		      });
}

/* 1 if the file of @write is there, 0 if it isn't and need not be. */
static int plan_write(struct planning *planning, const struct cgroup_write *write, bool may_miss,
		      struct error *err)
{
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;
	const struct cgroup_change change = { .file = (char *)write->file };

	if (!is_setting(write->file))
		return error_set(err, ERROR_INVALID, write->property,
				 "%s: %s holds no limit; an update doesn't write it",
				 write->property, write->file);
	if (check_set(planning, write, err) < 0)
		return -1;
	if (planning->door->read(planning->door->context, &change, &text) < 0) {
		if (errno == ENOENT && may_miss)
			return 0;
		return cgroup_write_refused(planning->door->cgroup, write, errno, err);
	}
	add_change(planning, write, text.bytes);
	return 1;
}

static int plan_writes(struct planning *planning, const struct cgroup_writes *writes,
		       struct error *err)
{
	for (size_t i = 0; i < writes->count; i++) {
		const struct cgroup_write *write = &writes->items[i];
		bool has_alternative = i + 1 < writes->count && writes->items[i + 1].alternative;
		int found = plan_write(planning, write, write->harmless || has_alternative, err);

		if (found < 0)
			return -1;
		i += found && has_alternative;
	}
	return 0;
}

void changes_add_first(struct cgroup_changes *changes, const struct cgroup_change *change,
		       struct arena *arena)
{
	struct cgroup_change *items = arena_calloc(arena, changes->count + 1, sizeof(*items));

	items[0] = *change;
	if (changes->count)
		memcpy(items + 1, changes->items, changes->count * sizeof(*items));
	*changes = (struct cgroup_changes){ items, changes->count + 1 };
}

/* ---- their order ---- */

/* What stands on another file: a burst is at most the quota, an idle cgroup takes no weight. */
static bool stands_on_another(const char *file)
{
	return strcmp(file, "cpu.max.burst") == 0 || is_weight(file);
}

bool change_shrinks(const struct cgroup_change *change)
{
	return change->value && change->old &&
	       value_shrinks(change->file, change->old, change->value);
}

enum turn { TURN_GROW, TURN_GROW_UPON, TURN_SHRINK_UPON, TURN_SHRINK, TURN_MEMORY, TURNS };

static enum turn turn_of(const struct cgroup_change *change)
{
	bool upon = stands_on_another(change->file);

	/* what is only put back comes before what changes it */
	if (!change->value)
		return TURN_GROW;
	/* more room may be taken at once, and can't be had back then: so nothing else is refused after it */
	if (strcmp(change->file, "memory.max") == 0)
		return TURN_MEMORY;
	if (!change_shrinks(change))
		return upon ? TURN_GROW_UPON : TURN_GROW;
	return upon ? TURN_SHRINK_UPON : TURN_SHRINK;
}

static struct cgroup_changes ordered(const struct cgroup_changes *changes, struct arena *arena)
{
	struct cgroup_changes result = {
		arena_calloc(arena, changes->count, sizeof(struct cgroup_change)), 0
	};

	for (enum turn turn = 0; turn < TURNS; turn++)
		for (size_t i = 0; i < changes->count; i++)
			if (turn_of(&changes->items[i]) == turn)
				result.items[result.count++] = changes->items[i];
	return result;
}

/* Unlimited memory brings unlimited swap at create; in an update, what isn't given stays. */
static void forget_swap(struct cgroup_writes *writes)
{
	size_t kept = 0;

	for (size_t i = 0; i < writes->count; i++)
		if (strcmp(writes->items[i].property, RESOURCES "memory.swap") != 0)
			writes->items[kept++] = writes->items[i];
	writes->count = kept;
}

int changes_plan(const struct config_resources *wanted, const struct config_resources *effective,
		 const struct cgroup_machine *machine, const struct cgroup_door *door,
		 struct arena *arena, struct cgroup_changes *ret_changes, struct error *err)
{
	struct planning planning = { .machine = machine, .door = door, .arena = arena };
	struct completed completed;
	struct cgroup_writes writes;

	if (complete(&planning, wanted, effective, &completed, err) < 0 ||
	    cgroup_plan_writes(&completed.resources, arena, &writes, err) < 0)
		return -1;
	if (!completed.resources.memory || !completed.memory.swap.set)
		forget_swap(&writes);
	if (plan_writes(&planning, &writes, err) < 0)
		return -1;
	*ret_changes = ordered(&planning.changes, arena);
	return 0;
}
