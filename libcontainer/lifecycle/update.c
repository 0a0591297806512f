/* update: other limits for a container that is there (runtime.md knows no such operation; the
 * document is config-linux.md's linux.resources). */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/termination.h"
#include "base/trace.h"
#include "libcontainer/cgroup/values.h"
#include "libcontainer/lifecycle/container_door.h"
#include "libcontainer/lifecycle/journal.h"
#include "libcontainer/lifecycle/store.h"
#include "libcontainer/lifecycle/unit.h"
#include "libcontainer/lifecycle/updates.h"
#include "libcontainer/process/oom.h"
#include "oci/json.h"

struct update {
	struct container_door access; /* first: it is the context of its door */
	const struct update_options *options;
	struct arena *arena;
	struct record record;
	struct container_state *state;
	struct config *config; /* as it is now, with what earlier updates have changed */
	struct updates updates;
	struct device_program devices; /* count 0: they stay */
	int device_program;
	struct systemd systemd; /* where it is a unit's */
	struct journal journal;
};

/* ---- what there is ---- */

static int check_container(struct update *update, struct error *err)
{
	const struct container_state *state = update->state;

	if (state->status == STATUS_CREATING)
		return error_set(err, ERROR_STATE, state->id,
				 "cannot update a container that is being created");
	if (state->status == STATUS_STOPPED)
		return error_set(err, ERROR_NOT_RUNNING, state->id,
				 "cannot update a stopped container: container not running");
	if (!state->cgroup_path)
		return error_set(err, ERROR_UNSUPPORTED, state->id,
				 "cannot update a container that has no cgroup of its own");
	return 0;
}

/* Does it give memory.max a value? */
static bool gives_memory(const struct update_options *options)
{
	const struct config_memory *memory = options->resources->memory;
	const struct string_map *unified = &options->resources->unified;

	for (size_t i = 0; i < unified->count; i++)
		if (strcmp(unified->items[i].key, "memory.max") == 0)
			return true;
	return memory && memory->limit.set && memory->limit.value;
}

static int load(struct update *update, const struct runtime *runtime, struct error *err)
{
	const char *id = update->options->id;

	trace_phase("state");
	if (store_open(runtime, id, STORE_LOCKED, &update->record, err) < 0 ||
	    store_load(&update->record, id, update->arena, &update->state, err) < 0 ||
	    check_container(update, err) < 0)
		return -1;
	/* one that a killed update left should be gone by now: else tell why it isn't */
	if (journal_settle(&update->record, update->state,
			   gives_memory(update->options) && !update->options->dry_run, err) < 0)
		return error_prefix(err, "undo an update that was killed");
	if (store_config(&update->record, update->arena, &update->config, err) < 0 ||
	    updates_load(&update->record, update->arena, &update->updates, err) < 0)
		return -1;
	return container_door_open(update->state, &update->access, err);
}

/* ---- plan ---- */

/* A list like "0-3", NULL if it can't be had. */
static const char *read_list(const char *path, struct arena *arena)
{
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;
	struct error ignored = ERROR_INIT;

	if (file_read(AT_FDCWD, path, 4096, &text, &ignored) < 0)
		return NULL;
	return arena_strndup(arena, text.bytes, strcspn(text.bytes, "\n"));
}

/* Rules that say the same as those that hold leave the program alone: callers give them with every
 * update, and a hook may have put a program of its own in its place. */
static int plan_devices(struct update *update, struct error *err)
{
	const struct config_resources *wanted = update->options->resources;
	struct device_program old, new;

	if (!wanted->devices.count)
		return 0;
	if (device_program_compile(update->config->linux_->resources, update->arena, &old, err) <
		0 ||
	    device_program_compile(wanted, update->arena, &new, err) < 0)
		return -1;
	if (old.count != new.count ||
	    memcmp(old.insns, new.insns, new.count * sizeof(*new.insns)) != 0)
		update->devices = new;
	return 0;
}

static int check_bandwidth(const char *schema, struct error *err)
{
	for (const char *line = schema; *line; line += strspn(line, "\n")) {
		if (!text_starts(line, "MB:"))
			return error_set(err, ERROR_INVALID, "linux.intelRdt.memBwSchema",
					 "linux.intelRdt.memBwSchema: expected lines that begin "
					 "with MB:");
		line += strcspn(line, "\n");
	}
	return 0;
}

/* The lines of @schema, "RESOURCE:DOMAINS" each, are changes of the class's file, before the others. Those for
 * memory bandwidth in l3CacheSchema are memBwSchema's business (config-linux.md, IntelRdt). */
static int add_schema(struct update *update, const char *file, const char *property,
		      const char *schema, bool bandwidth, struct error *err)
{
	struct cgroup_changes *changes = &update->journal.transaction.changes;
	const struct cgroup_change class = { .file = (char *)file };
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;
	char *rest = NULL;

	if (!schema)
		return 0;
	if (update->access.door.read(&update->access, &class, &text) < 0)
		return error_errno(err, errno, property, "%s: read %s", property, file);
	for (char *line = strtok_r(arena_strdup(update->arena, schema), "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest))
		if (text_starts(line, "MB:") == bandwidth)
			changes_add_first(
			    changes,
			    &(struct cgroup_change){
				.file = (char *)file,
				.old = value_restoring(file, text.bytes, line, update->arena),
				.value = line,
				.property = (char *)property,
			    },
			    update->arena);
	return 0;
}

static int plan_schemata(struct update *update, struct error *err)
{
	const struct update_options *options = update->options;
	const struct config_intel_rdt *rdt = update->config->linux_->intel_rdt;
	const char *class, *file;

	if (!options->l3_cache_schema && !options->mem_bw_schema)
		return 0;
	if (!rdt)
		return error_set(err, ERROR_UNSUPPORTED, "linux.intelRdt",
				 "linux.intelRdt: the container has none");
	if (options->mem_bw_schema && check_bandwidth(options->mem_bw_schema, err) < 0)
		return -1;
	class = rdt->clos_id ? rdt->clos_id : update->state->id;
	file = arena_printf(update->arena, "/sys/fs/resctrl/%s/schemata",
			    strcmp(class, "/") == 0 ? "." : class);
	if (add_schema(update, file, "linux.intelRdt.memBwSchema", options->mem_bw_schema, true,
		       err) < 0)
		return -1;
	return add_schema(update, file, "linux.intelRdt.l3CacheSchema", options->l3_cache_schema,
			  false, err);
}

static int plan(struct update *update, struct error *err)
{
	const struct update_options *options = update->options;
	const struct cgroup_machine machine = {
		.cpus = read_list("/sys/devices/system/cpu/present", update->arena),
		.mems = read_list("/sys/devices/system/node/has_memory", update->arena),
	};

	trace_phase("plan");
	if (oom_score_check(&options->oom_score_adj, err) < 0 ||
	    changes_plan(options->resources, update->config->linux_->resources, &machine,
			 &update->access.door, update->arena, &update->journal.transaction.changes,
			 err) < 0)
		return -1;
	if (plan_schemata(update, err) < 0)
		return -1;
	return plan_devices(update, err);
}

/* memory.checkBeforeUpdate (config-linux.md, Memory): a limit below what is used MUST be rejected.
 * That is what we do anyway; what it adds is that nobody may force it, whichever of the two says it. */
static bool may_force(const struct update *update)
{
	const struct config_memory *memories[] = { update->options->resources->memory,
						   update->config->linux_->resources->memory };

	for (size_t i = 0; i < array_length(memories); i++)
		if (memories[i] && memories[i]->check_before_update.value)
			return false;
	return update->options->force;
}

/* ---- report ---- */

static int report(struct update *update, struct update_report *ret_report, struct error *err)
{
	const struct cgroup_changes *changes = &update->journal.transaction.changes;
	const struct cgroup_door *door = &update->access.door;
	struct update_report report = { .changes = *changes, .devices = update->devices.count };
	struct cgroup_changes processes = { NULL, 0 };

	if (update->options->oom_score_adj.set &&
	    container_door_list(&update->access, update->options->oom_score_adj.value,
				update->arena, &processes, err) < 0)
		return -1;
	report.processes = processes.count;
	if (memory_in_the_way(changes, door, &report.memory_used, err) < 0)
		return -1;
	*ret_report = report;
	return 0;
}

/* ---- make ---- */

static int note(void *context, const struct transaction *transaction, struct error *err)
{
	struct update *update = context;

	update->journal.transaction = *transaction;
	return journal_save(&update->record, &update->journal, err);
}

static int list(void *context, struct cgroup_changes *ret_changes, struct error *err)
{
	struct update *update = context;

	return container_door_list(&update->access, update->options->oom_score_adj.value,
				   update->arena, ret_changes, err);
}

/* Compiled, verified and loaded before anything is changed: what is refused is refused then. */
static int load_devices(struct update *update, const struct runtime *runtime, struct error *err)
{
	const struct cgroup_plan devices = { .devices = update->devices,
					     .rootless = runtime->rootless };

	return device_program_load(&devices, &update->device_program, err);
}

/* Noted only now: before, an undo must leave the program alone, in whose place a hook may have put its own. */
static int attach_devices(struct update *update, struct error *err)
{
	if (update->device_program < 0)
		return 0;
	update->journal.devices = true;
	if (journal_save(&update->record, &update->journal, err) < 0)
		return -1;
	return device_program_attach(update->access.cgroup, update->device_program, err);
}

/* What the files say, which is what holds; not what was asked for. */
static int save_updates(struct update *update, struct error *err)
{
	const struct cgroup_changes *changes = &update->journal.transaction.changes;
	struct updates *updates = &update->updates;

	for (size_t i = 0; i < changes->count; i++) {
		const struct cgroup_change *change = &changes->items[i];
		_cleanup_buffer_ struct buffer text = BUFFER_INIT;

		if (!change->value || !change_is_of_cgroup(change))
			continue;
		if (update->access.door.read(&update->access, change, &text) < 0)
			return error_errno(err, errno, change->property, "%s: read %s back",
					   change->property, change->file);
		text.bytes[strlen(text.bytes) - text_ends(text.bytes, "\n")] = '\0';
		updates_set(updates, change->file, text.bytes, update->arena);
	}
	if (update->options->resources->devices.count)
		updates->resources.devices = update->options->resources->devices;
	if (update->options->oom_score_adj.set)
		updates->oom_score_adj = update->options->oom_score_adj;
	return updates_save(&update->record, updates, err);
}

static int keep_new(struct update *update, struct error *err)
{
	if (!state_has_unit(update->state))
		return 0;
	update->journal.told = true;
	if (journal_save(&update->record, &update->journal, err) < 0)
		return -1;
	return state_keep(update->state, &update->systemd, &update->journal.transaction.changes,
			  update->devices.count ? update->options->resources : NULL, update->arena,
			  err);
}

static int make(struct update *update, struct error *err)
{
	struct transaction transaction = update->journal.transaction;

	if (transaction_run(&transaction, &update->access.door, may_force(update), update->arena,
			    err) < 0)
		return -1;
	trace_phase("keep");
	if (attach_devices(update, err) < 0 || keep_new(update, err) < 0 ||
	    save_updates(update, err) < 0)
		return -1;
	return journal_remove(&update->record, err);
}

static void undo(struct update *update, struct error *err)
{
	struct error why = ERROR_INIT;

	trace_phase("undo");
	if (journal_undo(&update->record, update->state, &update->journal, &why) == 0)
		return;
	error_prefix(err, "not all could be undone (%s), the next command tries again", why.text);
}

static int make_or_undo(struct update *update, const struct runtime *runtime, struct error *err)
{
	sigset_t before;
	int result;

	/* a bus that doesn't answer is found out before anything is changed */
	if (state_connect_unit(update->state, &update->systemd, err) < 0 ||
	    load_devices(update, runtime, err) < 0 ||
	    journal_remember_updates(&update->record, &update->journal, update->arena, err) < 0)
		return -1;
	update->access.door.note = note;
	update->access.door.list = update->options->oom_score_adj.set ? list : NULL;
	termination_hold(&before);
	result = make(update, err);
	if (result < 0)
		undo(update, err);
	termination_release(&before);
	return result;
}

static bool changes_nothing(const struct update *update)
{
	return !update->journal.transaction.changes.count && !update->devices.count &&
	       !update->options->oom_score_adj.set;
}

int container_update(const struct runtime *runtime, const struct update_options *options,
		     struct arena *arena, struct update_report *ret_report, struct error *err)
{
	struct update update = {
		.access = CONTAINER_DOOR_INIT,
		.options = options,
		.arena = arena,
		.record = RECORD_INIT,
		.device_program = -1,
		.systemd = SYSTEMD_INIT,
	};
	int result = -1;

	if (load(&update, runtime, err) == 0 && plan(&update, err) == 0)
		result = options->dry_run	    ? report(&update, ret_report, err)
			 : changes_nothing(&update) ? 0
						    : make_or_undo(&update, runtime, err);
	if (result < 0 && update.state)
		state_explain_failure(update.state, err);
	systemd_end(&update.systemd);
	cleanup_fd_(&update.device_program);
	container_door_close(&update.access);
	record_close(&update.record);
	return result;
}
