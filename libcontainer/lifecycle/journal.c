#include "libcontainer/lifecycle/journal.h"
#include "libcontainer/lifecycle/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "oci/schema.h"

#define JOURNAL_VERSION 1

#define TABLE struct cgroup_change
static const struct schema_row change_rows[] = {
	ROW_STRING(TABLE, file, "file", REQUIRED_FILLED),
	ROW_STRING(TABLE, old, "old"),
	ROW_STRING(TABLE, value, "value"),
	ROW_STRING(TABLE, property, "property"),
	ROW_PLAIN_INT(TABLE, pid, "pid"),
	ROW_PLAIN_UINT(TABLE, pid_start, "pidStart"),
};
static const struct schema change_schema = SCHEMA(change_rows, TABLE);
#undef TABLE

#define TABLE struct journal
static const struct schema_row journal_rows[] = {
	ROW_PLAIN_UINT(TABLE, version, "version", RANGE(0, JOURNAL_VERSION)),
	ROW_LIST(TABLE, transaction.changes, "changes", struct cgroup_change, change_schema),
	ROW_PLAIN_BOOL(TABLE, transaction.frozen, "frozen"),
	ROW_PLAIN_BOOL(TABLE, devices, "devices"),
	ROW_PLAIN_BOOL(TABLE, told, "told"),
	ROW_STRING(TABLE, updates, "updates"),
};
static const struct schema journal_schema = SCHEMA(journal_rows, TABLE);
#undef TABLE

int journal_encode(const struct journal *journal, struct buffer *text, struct error *err)
{
	struct journal now = *journal;
	struct json_writer writer;

	now.version = JOURNAL_VERSION;
	json_begin(&writer, false);
	schema_encode(&journal_schema, &now, &writer);
	return json_finish(&writer, text, err);
}

int journal_decode(const char *bytes, size_t length, struct arena *arena,
		   struct journal **ret_journal, struct error *err)
{
	struct journal *journal = arena_alloc(arena, sizeof(*journal));

	if (schema_decode(&journal_schema, bytes, length, STORE_JOURNAL, arena, journal, err) < 0)
		return -1;
	*ret_journal = journal;
	return 0;
}

int journal_save(const struct record *record, const struct journal *journal, struct error *err)
{
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;

	if (journal_encode(journal, &text, err) < 0)
		return -1;
	/* whoever comes after us reads no more */
	if (text.length > JSON_SIZE_MAX)
		return error_set(err, ERROR_UNSUPPORTED, STORE_JOURNAL,
				 "the container has too many processes for one update of their "
				 "oom_score_adj");
	return file_replace(record->dir, STORE_JOURNAL, 0600, text.bytes, text.length, false, err);
}

int journal_remove(const struct record *record, struct error *err)
{
	if (unlinkat(record->dir, STORE_JOURNAL, 0) < 0 && errno != ENOENT)
		return error_errno(err, errno, STORE_JOURNAL, "remove the journal of the update");
	return 0;
}

int journal_remember_updates(const struct record *record, struct journal *journal,
			     struct arena *arena, struct error *err)
{
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;

	if (file_read(record->dir, STORE_UPDATES, JSON_SIZE_MAX, &text, err) == 0)
		journal->updates = arena_strdup(arena, text.bytes);
	else if (err->errnum != ENOENT)
		return -1;
	return 0;
}

static bool is_there(const struct record *record)
{
	return faccessat(record->dir, STORE_JOURNAL, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* NULL if there is none. */
static int load(const struct record *record, struct arena *arena, struct journal **ret_journal,
		struct error *err)
{
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;

	*ret_journal = NULL;
	if (file_read(record->dir, STORE_JOURNAL, JSON_SIZE_MAX, &text, err) < 0)
		return err->errnum == ENOENT ? 0 : -1;
	if (arena_init(arena, JOURNAL_ARENA_SIZE, err) < 0)
		return -1;
	return journal_decode(text.bytes, text.length, arena, ret_journal, err);
}

bool journal_freezes(const struct record *record)
{
	_cleanup_arena_ struct arena arena = ARENA_INIT;
	struct error ignored = ERROR_INIT;
	struct journal *journal;

	return is_there(record) && load(record, &arena, &journal, &ignored) == 0 && journal &&
	       journal->transaction.frozen;
}

/* ---- undo ---- */

/* Where an update has failed since there is no room, there is none for this either: what is as it was isn't written. */
static bool updates_are(const struct record *record, const char *text)
{
	_cleanup_buffer_ struct buffer now = BUFFER_INIT;
	struct error ignored = ERROR_INIT;

	return text && file_read(record->dir, STORE_UPDATES, JSON_SIZE_MAX, &now, &ignored) == 0 &&
	       strcmp(now.bytes, text) == 0;
}

static int restore_updates(const struct record *record, const struct journal *journal,
			   struct error *err)
{
	if (updates_are(record, journal->updates))
		return 0;
	if (journal->updates)
		return file_replace(record->dir, STORE_UPDATES, 0600, journal->updates,
				    strlen(journal->updates), false, err);
	if (unlinkat(record->dir, STORE_UPDATES, 0) < 0 && errno != ENOENT)
		return error_errno(err, errno, STORE_UPDATES, "remove %s", STORE_UPDATES);
	return 0;
}

struct undo {
	struct container_door access; /* first: it is the context of its door */
	const struct record *record;
	struct journal *journal;
};

/* A program that is out of place is gone: it is compiled anew, from the rules that held before. */
static int restore_devices(const struct undo *undo, struct arena *arena,
			   const struct config_resources **ret_rules, struct error *err)
{
	struct cgroup_plan plan = { .path = NULL };
	_cleanup_fd_ int program = -1;
	struct config *config;

	if (store_config(undo->record, arena, &config, err) < 0 ||
	    device_program_compile(config->linux_->resources, arena, &plan.devices, err) < 0 ||
	    device_program_load(&plan, &program, err) < 0)
		return -1;
	*ret_rules = config->linux_->resources;
	return device_program_attach(undo->access.cgroup, program, err);
}

/* systemd may know of the update: it gets to know what the files say now, and the device rules. */
static int tell_old(const struct container_state *state, const struct cgroup_changes *changes,
		    const struct config_resources *devices, struct arena *arena, struct error *err)
{
	_cleanup_systemd_ struct systemd systemd = SYSTEMD_INIT;

	if (state_connect_unit(state, &systemd, err) < 0)
		return -1;
	return state_keep(state, &systemd, changes, devices, arena, err);
}

/* The transaction that is undone is the journal's own. */
static int note(void *context, const struct transaction *transaction, struct error *err)
{
	const struct undo *undo = context;

	(void)transaction;
	return journal_save(undo->record, undo->journal, err);
}

/* What fails keeps nothing else from being put back. The first error is told. */
static int undo_in_cgroup(struct undo *undo, const struct container_state *state, struct error *err)
{
	_cleanup_arena_ struct arena arena = ARENA_INIT;
	const struct config_resources *rules = NULL;
	struct journal *journal = undo->journal;
	struct error later = ERROR_INIT;
	int result;

	undo->access.door.note = note;
	result = transaction_undo(&journal->transaction, &undo->access.door, err);
	/* systemd would write the old limit again some day, and the kernel kill for it */
	if (journal->transaction.memory_stays && state_has_unit(state) && !journal->told) {
		journal->told = true;
		if (journal_save(undo->record, journal, result < 0 ? &later : err) < 0)
			result = -1;
	}
	if (arena_init(&arena, CONFIG_ARENA_SIZE, result < 0 ? &later : err) < 0)
		return -1;
	if (journal->devices &&
	    restore_devices(undo, &arena, &rules, result < 0 ? &later : err) < 0)
		result = -1;
	if (journal->told && tell_old(state, &journal->transaction.changes, rules, &arena,
				      result < 0 ? &later : err) < 0)
		result = -1;
	return result;
}

/* With the cgroup all that was written into it has gone, also what systemd knew; not so a class of resctrl, and
 * processes that somebody has moved. */
static int undo_elsewhere(struct undo *undo, struct error *err)
{
	struct transaction *transaction = &undo->journal->transaction;
	struct cgroup_changes *changes = &transaction->changes;
	size_t count = 0;

	for (size_t i = 0; i < changes->count; i++)
		if (!change_is_of_cgroup(&changes->items[i]))
			changes->items[count++] = changes->items[i];
	changes->count = count;
	transaction->frozen = false;
	return transaction_undo(transaction, &undo->access.door, err);
}

static int undo_all(const struct record *record, const struct container_state *state,
		    struct journal *journal, struct error *err)
{
	struct undo undo = { CONTAINER_DOOR_INIT, record, journal };
	int result = -1;

	if (!state->cgroup_path)
		return 0;
	if (container_door_open(state, &undo.access, err) == 0)
		result = undo_in_cgroup(&undo, state, err);
	else if (err->errnum == ENOENT)
		result = undo_elsewhere(&undo, err);
	container_door_close(&undo.access);
	return result;
}

int journal_undo(const struct record *record, const struct container_state *state,
		 struct journal *journal, struct error *err)
{
	struct error later = ERROR_INIT;
	int result = restore_updates(record, journal, err);

	if (undo_all(record, state, journal, result < 0 ? &later : err) < 0)
		result = -1;
	return result < 0 ? -1 : journal_remove(record, err);
}

static int settle(const struct record *record, const struct container_state *state,
		  bool memory_may_stay, struct error *err)
{
	_cleanup_arena_ struct arena arena = ARENA_INIT;
	struct journal *journal;

	if (load(record, &arena, &journal, err) < 0)
		return -1;
	if (!journal)
		return 0;
	journal->transaction.memory_may_stay = memory_may_stay;
	return journal_undo(record, state, journal, err);
}

int journal_settle(const struct record *record, const struct container_state *state,
		   bool memory_may_stay, struct error *err)
{
	_cleanup_fd_ int lock = -1;

	if (!is_there(record))
		return 0;
	if (record->lock < 0) {
		lock = store_try_lock(record);
		if (lock < 0)
			return 0;
	}
	return settle(record, state, memory_may_stay, err);
}
