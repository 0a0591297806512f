/* Lower the limit of a cgroup's memory. A write to memory.max lowers it at once, reclaims then, and
 * kills if that isn't enough. So memory is reclaimed before, by memory.reclaim, while the processes
 * run; then they are frozen, and only if the memory fits, with a margin, the limit is written. */
#include "libcontainer/cgroup/internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/termination.h"
#include "libcontainer/cgroup/values.h"

#define MIB (UINT64_C(1) << 20)

/* How much the kernel is to reclaim at a time: between two writes we look at the clock. */
#define RECLAIM_CHUNK (64 * MIB)
/* Reclaim that gets nothing back this many times in a row won't. */
#define RECLAIM_TRIES 3

/* What the processes may take between our look and the kernel's, in the kernel's own name, while
 * they are frozen; and what lets them go on for a moment afterwards. */
static uint64_t margin_of(uint64_t limit)
{
	uint64_t margin = limit / 64, least = limit / 8 < MIB ? limit / 8 : MIB;

	if (margin < least)
		return least;
	return margin > 32 * MIB ? 32 * MIB : margin;
}

static int read_used(const struct cgroup_door *door, uint64_t *ret_used, struct error *err)
{
	int found = door_number(door, "memory.current", ret_used, err);

	if (found == 0)
		return error_set(err, ERROR_SYSTEM, "memory.current",
				 "memory.current: not there, or not a number");
	return found < 0 ? -1 : 0;
}

int memory_fits(const struct cgroup_door *door, uint64_t limit, struct reclaim *reclaim,
		bool *ret_fits, struct error *err)
{
	if (read_used(door, &reclaim->used, err) < 0)
		return -1;
	*ret_fits = reclaim->used <= limit - margin_of(limit);
	return 0;
}

/* Returns false if the kernel can't be asked. EAGAIN means that it got less back than it should, and
 * EINTR that a signal came. */
static bool reclaim_some(const struct cgroup_door *door, uint64_t amount)
{
	const struct cgroup_change change = { .file = (char *)"memory.reclaim" };
	char bytes[24];

	snprintf(bytes, sizeof(bytes), "%" PRIu64, amount > RECLAIM_CHUNK ? RECLAIM_CHUNK : amount);
	return door->write(door->context, &change, bytes) == 0 || errno == EAGAIN || errno == EINTR;
}

int memory_reclaim(const struct cgroup_door *door, uint64_t limit, struct reclaim *reclaim,
		   struct error *err)
{
	uint64_t fitting = limit - margin_of(limit), goal = fitting - margin_of(limit), before;
	int64_t end = clock_ms() + reclaim->for_ms;
	int in_vain = 0;

	if (read_used(door, &reclaim->used, err) < 0)
		return -1;
	/* by another margin more than must be, since the processes go on */
	while (reclaim->used > fitting && in_vain < RECLAIM_TRIES && clock_ms() < end) {
		if (termination_waits())
			return error_set(err, ERROR_BUSY, "memory.reclaim",
					 "a signal ended the update while memory was reclaimed");
		before = reclaim->used;
		if (!reclaim_some(door, before - goal))
			return 0;
		if (read_used(door, &reclaim->used, err) < 0)
			return -1;
		in_vain = reclaim->used < before ? 0 : in_vain + 1;
	}
	return 0;
}

/* "300 MiB", with a digit behind the point where that says more, "72 KiB" below one. */
static void format_size(uint64_t bytes, char *ret_text, size_t size)
{
	uint64_t tenths = bytes * 10 / MIB;

	if (bytes >= UINT64_MAX / 10)
		snprintf(ret_text, size, "no limit");
	else if (bytes && bytes < MIB)
		snprintf(ret_text, size, "%" PRIu64 " KiB", bytes >> 10);
	else if (tenths % 10 && tenths < 1000)
		snprintf(ret_text, size, "%" PRIu64 ".%" PRIu64 " MiB", tenths / 10, tenths % 10);
	else
		snprintf(ret_text, size, "%" PRIu64 " MiB", tenths / 10);
}

int memory_refused(const struct cgroup_change *change, const struct reclaim *reclaim,
		   struct error *err)
{
	uint64_t limit = 0,
		 back = reclaim->first > reclaim->used ? reclaim->first - reclaim->used : 0;
	char used[32], wanted[32], reclaimed[32];

	value_number(change->value, &limit);
	format_size(reclaim->used, used, sizeof(used));
	format_size(limit, wanted, sizeof(wanted));
	format_size(back, reclaimed, sizeof(reclaimed));
	return error_set(err, ERROR_MEMORY, change->property,
			 "%s: %s used, %s wanted, %s reclaimed: a limit that low would get "
			 "processes killed; have them free memory, or give --force unless "
			 "memory.checkBeforeUpdate is set",
			 change->property, used, wanted, reclaimed);
}

int memory_stays(const struct cgroup_change *change, const struct reclaim *reclaim,
		 struct error *err)
{
	uint64_t limit = 0;
	char used[32], old[32];

	value_number(change->old, &limit);
	format_size(reclaim->used, used, sizeof(used));
	format_size(limit, old, sizeof(old));
	return error_set(err, ERROR_MEMORY, change->file,
			 "%s is still more than the %s of before: %s used, a limit that low would "
			 "get processes killed; have them free memory, or give another --memory",
			 change->file, old, used);
}

/* ---- swap ---- */

static const struct cgroup_change *find(const struct cgroup_changes *changes, const char *file)
{
	const struct cgroup_change *found = NULL;

	for (size_t i = 0; i < changes->count; i++)
		if (changes->items[i].value && strcmp(changes->items[i].file, file) == 0)
			found = &changes->items[i];
	return found;
}

/* The limit that is to be: what the change says, else what the file does. */
static int limit_to_be(const struct cgroup_door *door, const struct cgroup_changes *changes,
		       const char *file, uint64_t *ret_limit, struct error *err)
{
	const struct cgroup_change *change = find(changes, file);

	if (change && value_number(change->value, ret_limit))
		return 0;
	return door_number(door, file, ret_limit, err) < 0 ? -1 : 0;
}

int swap_check(const struct cgroup_door *door, const struct cgroup_changes *changes,
	       struct error *err)
{
	const struct cgroup_change *change = find(changes, "memory.swap.max");
	uint64_t swap = 0, swap_used = 0, memory = UINT64_MAX, memory_used = 0, room;
	char used[32], wanted[32];

	if (!change || !value_number(change->value, &swap))
		return 0;
	if (door_number(door, "memory.swap.current", &swap_used, err) < 0 ||
	    door_number(door, "memory.current", &memory_used, err) < 0 ||
	    limit_to_be(door, changes, "memory.max", &memory, err) < 0)
		return -1;
	room = memory > memory_used ? memory - memory_used : 0;
	if (swap_used <= swap || room >= swap_used - swap)
		return 0;
	format_size(swap_used, used, sizeof(used));
	format_size(swap, wanted, sizeof(wanted));
	return error_set(err, ERROR_MEMORY, change->property,
			 "%s: %s of swap used, %s wanted, and no room for the rest in memory; have "
			 "the processes free memory, or give --force unless "
			 "memory.checkBeforeUpdate is set",
			 change->property, used, wanted);
}
