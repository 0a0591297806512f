#include "tests/unit/fake_lifecycle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcontainer/init/executable.h"
#include "oci/schema.h"

struct fake_lifecycle fake;

/* What lies in the caller's arena is gone when the call is over. */
static struct arena *kept(void)
{
	static struct arena arena;
	struct error err = ERROR_INIT;

	if (!arena.base && arena_init(&arena, 1 << 20, &err) < 0)
		abort();
	return &arena;
}

static int called(const char *verb, const struct runtime *runtime, const char *id,
		  struct error *err)
{
	size_t used = strlen(fake.ids);

	fake.verb = verb;
	fake.calls++;
	fake.runtime = *runtime;
	fake.runtime.root = arena_strdup(kept(), runtime->root);
	fake.id = arena_strdup(kept(), id);
	snprintf(fake.ids + used, sizeof(fake.ids) - used, "%s ", id ? id : "");
	if (fake.warning)
		runtime->warn(fake.warning);
	if (fake.failure.code == ERROR_NONE ||
	    (fake.failing_id && strcmp(fake.failing_id, id) != 0))
		return 0;
	*err = fake.failure;
	return -1;
}

int executable_protect(char **argv, struct error *err)
{
	(void)argv;
	(void)err;
	fake.protected = fake.calls == 0;
	return 0;
}

int container_create(const struct runtime *runtime, const struct create_options *options,
		     struct error *err)
{
	fake.create = *options;
	return called("create", runtime, options->id, err);
}

int container_start(const struct runtime *runtime, const char *id, struct error *err)
{
	return called("start", runtime, id, err);
}

int container_run(const struct runtime *runtime, const struct run_options *options, int *ret_status,
		  struct error *err)
{
	fake.run = *options;
	if (called("run", runtime, options->create.id, err) < 0)
		return -1;
	*ret_status = fake.status;
	return 0;
}

int container_exec(const struct runtime *runtime, const struct exec_options *options,
		   int *ret_status, struct error *err)
{
	fake.exec = *options;
	fake.exec.args = strings_copy(kept(), &options->args);
	fake.exec.env = strings_copy(kept(), &options->env);
	fake.exec.additional_gids = strings_copy(kept(), &options->additional_gids);
	fake.exec.capabilities = strings_copy(kept(), &options->capabilities);
	if (called("exec", runtime, options->id, err) < 0)
		return -1;
	*ret_status = fake.status;
	return 0;
}

int container_kill(const struct runtime *runtime, const char *id, int signal, bool all,
		   struct error *err)
{
	fake.signal = signal;
	fake.all = all;
	return called("kill", runtime, id, err);
}

int container_delete(const struct runtime *runtime, const char *id, bool force, struct error *err)
{
	fake.force = force;
	return called("delete", runtime, id, err);
}

int container_pause(const struct runtime *runtime, const char *id, struct error *err)
{
	return called("pause", runtime, id, err);
}

int container_resume(const struct runtime *runtime, const char *id, struct error *err)
{
	return called("resume", runtime, id, err);
}

int container_update(const struct runtime *runtime, const struct update_options *options,
		     struct arena *arena, struct update_report *ret_report, struct error *err)
{
	struct buffer text = BUFFER_INIT;
	struct json_writer writer;

	(void)arena;
	json_begin(&writer, false);
	schema_encode(&schema_resources, options->resources, &writer);
	if (json_finish(&writer, &text, err) < 0)
		abort();
	snprintf(fake.resources, sizeof(fake.resources), "%s", text.bytes);
	buffer_free(&text);
	fake.update = *options;
	fake.update.resources = NULL;
	if (called("update", runtime, options->id, err) < 0)
		return -1;
	*ret_report = fake.report;
	return 0;
}

int container_state(const struct runtime *runtime, const char *id, struct arena *arena,
		    struct container_state **ret_state, struct error *err)
{
	(void)arena;
	if (called("state", runtime, id, err) < 0)
		return -1;
	*ret_state = fake.list.items[0];
	return 0;
}

int container_ids(const struct runtime *runtime, struct arena *arena, struct strings *ret_ids,
		  struct error *err)
{
	(void)runtime;
	(void)err;
	ret_ids->items = arena_calloc(arena, fake.list.count, sizeof(*ret_ids->items));
	ret_ids->count = fake.list.count;
	for (size_t i = 0; i < fake.list.count; i++)
		ret_ids->items[i] = fake.list.items[i]->id;
	return 0;
}

int container_list_state(const struct runtime *runtime, const char *id, struct arena *arena,
			 struct container_state **ret_state, struct error *err)
{
	(void)arena;
	if (called("list", runtime, id, err) < 0)
		return -1;
	for (size_t i = 0; i < fake.list.count; i++)
		if (strcmp(fake.list.items[i]->id, id) == 0)
			*ret_state = fake.list.items[i];
	return 0;
}

int container_pids(const struct runtime *runtime, const char *id, struct arena *arena,
		   struct pid_list *ret_pids, struct error *err)
{
	(void)arena;
	if (called("pids", runtime, id, err) < 0)
		return -1;
	*ret_pids = fake.pids;
	return 0;
}

int container_events(const struct runtime *runtime, const struct events_options *options,
		     struct error *err)
{
	fake.events = *options;
	if (called("events", runtime, options->id, err) < 0 ||
	    options->sample(options->context, &fake.statistics, err) < 0)
		return -1;
	return options->interval_ns ? options->oom(options->context, err) : 0;
}

static int mounts_called(const char *verb, const struct runtime *runtime, const char *id,
			 const struct mount_list *mounts, struct error *err)
{
	struct buffer text = BUFFER_INIT;

	if (config_encode_mounts(mounts, &text, err) < 0)
		abort();
	snprintf(fake.mounts, sizeof(fake.mounts), "%s", text.bytes);
	buffer_free(&text);
	return called(verb, runtime, id, err);
}

int container_mounts_add(const struct runtime *runtime, const char *id,
			 const struct mount_list *mounts, struct error *err)
{
	return mounts_called("mounts add", runtime, id, mounts, err);
}

int container_mounts_remove(const struct runtime *runtime, const char *id,
			    const struct mount_list *mounts, struct error *err)
{
	return mounts_called("mounts remove", runtime, id, mounts, err);
}

int container_mounts_list(const struct runtime *runtime, const char *id, struct arena *arena,
			  struct mount_list *ret_mounts, struct error *err)
{
	(void)arena;
	if (called("mounts list", runtime, id, err) < 0)
		return -1;
	*ret_mounts = fake.mount_list;
	return 0;
}

int container_snapshot(const struct runtime *runtime, const char *id, struct buffer *text,
		       struct error *err)
{
	if (called("snapshot", runtime, id, err) < 0)
		return -1;
	buffer_puts(text, "pids.max:7\n");
	return 0;
}

int container_checkpoint(const struct runtime *runtime, const struct checkpoint_options *options,
			 struct error *err)
{
	fake.checkpoint = *options;
	fake.checkpoint.page_server.address = arena_strdup(kept(), options->page_server.address);
	return called("checkpoint", runtime, options->id, err);
}

int container_restore(const struct runtime *runtime, const struct restore_options *options,
		      int *ret_status, struct error *err)
{
	fake.restore = *options;
	fake.restore.page_server.address = arena_strdup(kept(), options->page_server.address);
	if (called("restore", runtime, options->run.create.id, err) < 0)
		return -1;
	*ret_status = fake.status;
	return 0;
}

int container_migrate(const struct runtime *runtime, const struct migrate_options *options,
		      struct migrate_report *ret_report, struct error *err)
{
	fake.migrate = *options;
	if (called("migrate", runtime, options->id, err) < 0)
		return -1;
	*ret_report = fake.migrate_report;
	return 0;
}

int container_receive(const struct runtime *runtime, const struct receive_options *options,
		      bool *ret_told, struct error *err)
{
	fake.receive = *options;
	*ret_told = fake.told;
	return called("receive", runtime, "", err);
}
