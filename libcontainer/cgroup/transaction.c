#include "libcontainer/cgroup/transaction.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/trace.h"
#include "libcontainer/cgroup/internal.h"
#include "libcontainer/cgroup/values.h"

/* How often the processes are frozen for a look at their memory. Those that take it as fast as it is
 * reclaimed are not to stand still for more than that. */
#define FREEZES 5

/* For how long the kernel may reclaim at a time: for an update; for an undo, which may come with a command that only
 * wants to look. */
#define RECLAIM_MS	10000
#define RECLAIM_BACK_MS 1000

int door_number(const struct cgroup_door *door, const char *file, uint64_t *ret_number,
		struct error *err)
{
	const struct cgroup_change change = { .file = (char *)file };
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;

	if (door->read(door->context, &change, &text) < 0)
		return errno == ENOENT ? 0 : error_errno(err, errno, file, "read %s", file);
	return value_number(text.bytes, ret_number);
}

/* ---- make ---- */

static int write_failed(const struct cgroup_door *door, const struct cgroup_change *change,
			struct error *err)
{
	const struct cgroup_write write = {
		.file = change->file,
		.value = change->value,
		.property = change->property,
	};

	return cgroup_write_refused(door->cgroup, &write, errno, err);
}

static int verify(const struct cgroup_door *door, const struct cgroup_change *change,
		  struct error *err)
{
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;

	if (door->read(door->context, change, &text) < 0)
		return error_errno(err, errno, change->property, "%s: read %s back",
				   change->property, change->file);
	if (value_compare(change->file, text.bytes, change->value) != VALUE_OTHER)
		return 0;
	return error_set(err, ERROR_SYSTEM, change->property,
			 "%s: wrote \"%s\" to %s, but it says \"%.*s\"", change->property,
			 change->value, change->file, (int)strcspn(text.bytes, "\n"), text.bytes);
}

/* A process that has ended meanwhile needs no change. */
static bool is_gone(const struct cgroup_change *change, int errnum)
{
	return change->pid && (errnum == ESRCH || errnum == ENOENT);
}

static int make(const struct cgroup_door *door, const struct cgroup_change *change,
		struct error *err)
{
	if (!change->value)
		return 0;
	if (door->write(door->context, change, change->value) < 0)
		return is_gone(change, errno) ? 0 : write_failed(door, change, err);
	return change->pid ? 0 : verify(door, change, err);
}

static int make_all(const struct cgroup_door *door, const struct cgroup_changes *changes,
		    size_t from, size_t to, struct error *err)
{
	for (size_t i = from; i < to; i++)
		if (make(door, &changes->items[i], err) < 0)
			return -1;
	return 0;
}

/* ---- frozen ---- */

/* The note comes first: whoever finds the cgroup frozen must know that it was us. */
static int freeze(struct transaction *transaction, const struct cgroup_door *door,
		  struct error *err)
{
	if (door->paused)
		return door->freeze(door->context, err);
	transaction->frozen = true;
	if (door->note(door->context, transaction, err) < 0)
		return -1;
	trace_phase("freeze");
	return door->freeze(door->context, err);
}

/* That it was frozen stays noted: to thaw once more does no harm. */
static int thaw(const struct cgroup_door *door, struct error *err)
{
	if (door->paused)
		return 0;
	if (door->thaw(door->context, err) < 0)
		return -1;
	trace_phase("thaw");
	return 0;
}

/* Freeze at a moment when the memory fits. */
static int freeze_fitting(struct transaction *transaction, const struct cgroup_door *door,
			  const struct cgroup_change *memory, struct reclaim *reclaim,
			  struct error *err)
{
	uint64_t limit = 0;
	bool fits = false;

	value_number(memory->value, &limit);
	for (int i = 0; i < FREEZES; i++) {
		if (freeze(transaction, door, err) < 0 ||
		    memory_fits(door, limit, reclaim, &fits, err) < 0)
			return -1;
		if (fits)
			return 0;
		if (thaw(door, err) < 0 || memory_reclaim(door, limit, reclaim, err) < 0)
			return -1;
		/* thawed, there is nothing more to be had, let alone the margin */
		if (reclaim->used > limit)
			break;
	}
	return memory_refused(memory, reclaim, err);
}

/* What is known only now is noted before it is changed. */
static int make_listed(struct transaction *transaction, const struct cgroup_door *door,
		       struct arena *arena, struct error *err)
{
	struct cgroup_changes *all = &transaction->changes, more = { NULL, 0 }, joined;
	size_t first = all->count;

	if (door->list(door->context, &more, err) < 0)
		return -1;
	joined.count = all->count + more.count;
	joined.items = arena_calloc(arena, joined.count, sizeof(*joined.items));
	if (all->count)
		memcpy(joined.items, all->items, all->count * sizeof(*joined.items));
	if (more.count)
		memcpy(joined.items + all->count, more.items, more.count * sizeof(*joined.items));
	*all = joined;
	if (door->note(door->context, transaction, err) < 0)
		return -1;
	return make_all(door, all, first, all->count, err);
}

/* What must not move meanwhile: a lower limit of memory, the list of processes. */
static int make_frozen(struct transaction *transaction, const struct cgroup_door *door,
		       const struct cgroup_change *memory, struct reclaim *reclaim,
		       struct arena *arena, struct error *err)
{
	if (!memory && !door->list)
		return 0;
	if (!memory && freeze(transaction, door, err) < 0)
		return -1;
	if (memory && (freeze_fitting(transaction, door, memory, reclaim, err) < 0 ||
		       make(door, memory, err) < 0))
		return -1;
	if (door->list && make_listed(transaction, door, arena, err) < 0)
		return -1;
	return thaw(door, err);
}

/* ---- run ---- */

static size_t first_shrinking(const struct cgroup_changes *changes)
{
	size_t i = 0;

	while (i < changes->count && !change_shrinks(&changes->items[i]))
		i++;
	return i;
}

static const struct cgroup_change *last_if_memory(const struct cgroup_changes *changes)
{
	const struct cgroup_change *last =
	    changes->count ? &changes->items[changes->count - 1] : NULL;

	return last && strcmp(last->file, "memory.max") == 0 && change_shrinks(last) ? last : NULL;
}

int memory_in_the_way(const struct cgroup_changes *changes, const struct cgroup_door *door,
		      uint64_t *ret_used, struct error *err)
{
	const struct cgroup_change *memory = last_if_memory(changes);
	struct reclaim reclaim = { .first = 0 };
	uint64_t limit = UINT64_MAX;
	bool fits;

	if (memory && value_number(memory->value, &limit) &&
	    memory_fits(door, limit, &reclaim, &fits, err) < 0)
		return -1;
	*ret_used = reclaim.used > limit ? reclaim.used : 0;
	return 0;
}

/* With @force as much as goes is reclaimed, too: what is reclaimed need not be killed for. */
static int make_room(const struct cgroup_door *door, const struct cgroup_change *memory, bool force,
		     struct reclaim *reclaim, struct error *err)
{
	uint64_t limit = 0;
	bool fits;

	if (!memory)
		return 0;
	trace_phase("reclaim");
	value_number(memory->value, &limit);
	if (memory_fits(door, limit, reclaim, &fits, err) < 0)
		return -1;
	reclaim->first = reclaim->used;
	if (memory_reclaim(door, limit, reclaim, err) < 0)
		return -1;
	return force || reclaim->used <= limit ? 0 : memory_refused(memory, reclaim, err);
}

int transaction_run(struct transaction *transaction, const struct cgroup_door *door, bool force,
		    struct arena *arena, struct error *err)
{
	const struct cgroup_changes *changes = &transaction->changes;
	const struct cgroup_change *memory = last_if_memory(changes);
	size_t growing = first_shrinking(changes);
	size_t count = changes->count - (memory && !force);
	struct reclaim reclaim = { .for_ms = RECLAIM_MS };

	if (door->note(door->context, transaction, err) < 0)
		return -1;
	trace_phase("grow");
	if (make_all(door, changes, 0, growing, err) < 0 ||
	    make_room(door, memory, force, &reclaim, err) < 0)
		return -1;
	trace_phase("shrink");
	if ((!force && swap_check(door, changes, err) < 0) ||
	    make_all(door, changes, growing, count, err) < 0)
		return -1;
	return make_frozen(transaction, door, force ? NULL : memory, &reclaim, arena, err);
}

/* ---- undo ---- */

static int write_back(const struct cgroup_door *door, const struct cgroup_change *change,
		      struct error *err)
{
	if (door->write(door->context, change, change->old) == 0 || is_gone(change, errno))
		return 0;
	return error_errno(err, errno, change->file, "write \"%s\" back to %s", change->old,
			   change->file);
}

/* The kernel would kill for what the processes have taken since memory.max grew: frozen, it has to fit. No margin:
 * before the update there was none either. Who is thawed in the end is up to transaction_undo(). */
static int restore_memory(struct transaction *transaction, const struct cgroup_door *door,
			  const struct cgroup_change *change, struct error *err)
{
	struct reclaim reclaim = { .for_ms = RECLAIM_BACK_MS };
	struct error ignored = ERROR_INIT; /* what isn't reclaimed is seen below */
	uint64_t limit = 0;
	bool fits;

	value_number(change->old, &limit);
	memory_reclaim(door, limit, &reclaim, &ignored);
	if ((reclaim.used <= limit && freeze(transaction, door, err) < 0) ||
	    memory_fits(door, limit, &reclaim, &fits, err) < 0)
		return -1;
	if (reclaim.used <= limit)
		return write_back(door, change, err);
	transaction->memory_stays = true;
	return transaction->memory_may_stay ? 0 : memory_stays(change, &reclaim, err);
}

static int restore(struct transaction *transaction, const struct cgroup_door *door,
		   const struct cgroup_change *change, struct error *err)
{
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;

	if (!change->old)
		return 0;
	if (door->read(door->context, change, &text) < 0) {
		if (errno == ENOENT || errno == ENODEV || is_gone(change, errno))
			return 0;
		return error_errno(err, errno, change->file, "read %s", change->file);
	}
	if (value_compare(change->file, text.bytes, change->old) == VALUE_SAME)
		return 0;
	if (strcmp(change->file, "memory.max") == 0 &&
	    value_shrinks(change->file, text.bytes, change->old))
		return restore_memory(transaction, door, change, err);
	return write_back(door, change, err);
}

int transaction_undo(struct transaction *transaction, const struct cgroup_door *door,
		     struct error *err)
{
	struct error later = ERROR_INIT; /* the first one is told */
	int result = 0;

	for (size_t i = transaction->changes.count; i-- > 0;)
		if (restore(transaction, door, &transaction->changes.items[i],
			    result < 0 ? &later : err) < 0)
			result = -1;
	if (transaction->frozen && door->thaw(door->context, result < 0 ? &later : err) < 0)
		result = -1;
	return result;
}
