/* mounts add, remove, list: what is mounted in a container that runs. A process that is in the container's mount and user
 * namespace, and in no pid namespace or cgroup of it, attaches what was made and opened beforehand, and ends. Each
 * mount is noted before it is attached, and before it is detached: what a killed command leaves is taken away by
 * the next. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mountinfo.h"
#include "base/path.h"
#include "base/procfs.h"
#include "base/trace.h"
#include "libcontainer/init/message.h"
#include "libcontainer/init/spawn.h"
#include "libcontainer/lifecycle/added_mounts.h"
#include "libcontainer/lifecycle/enter.h"
#include "libcontainer/lifecycle/fd_from_child.h"
#include "libcontainer/lifecycle/joined_procfs.h"
#include "libcontainer/lifecycle/rootfs_request.h"

#define PLAN_ARENA (64 << 20)

struct remount {
	const struct runtime *runtime;
	const char *id;
	const struct mount_list *wanted;
	struct mount_list cleaned; /* what is wanted, with destinations as the kernel writes them */
	struct arena arena;
	struct record record;
	struct container_state *state;
	struct config *config;
	struct added_mounts added;
	size_t made; /* of those wanted: the next may be this one */
};

/* ---- what there is ---- */

static int check_status(const struct container_state *state, struct error *err)
{
	switch (state->status) {
	case STATUS_RUNNING:
	case STATUS_CREATED:
	case STATUS_PAUSED: /* nothing of it has to run */
		return 0;
	case STATUS_CREATING:
		return error_set(err, ERROR_STATE, state->id,
				 "cannot change the mounts of a container that is being created");
	case STATUS_STOPPED:
		break;
	}
	return error_set(
	    err, ERROR_NOT_RUNNING, state->id,
	    "a stopped container has no mounts: container not running: no such process");
}

static int load(struct remount *remount, struct error *err)
{
	const char *id = remount->id;

	trace_phase("state");
	if (arena_init(&remount->arena, STATE_ARENA_SIZE + CONFIG_ARENA_SIZE, err) < 0 ||
	    store_open(remount->runtime, id, STORE_LOCKED, &remount->record, err) < 0 ||
	    store_load(&remount->record, id, &remount->arena, &remount->state, err) < 0 ||
	    check_status(remount->state, err) < 0 ||
	    store_config(&remount->record, &remount->arena, &remount->config, err) < 0)
		return -1;
	return added_mounts_load(&remount->record, remount->wanted->count, &remount->arena,
				 &remount->added, err);
}

/* ---- one process that goes in ---- */

/* One entering of the container. */
struct entry {
	struct remount *remount;
	struct arena arena;
	struct namespace_plan namespaces;
	struct plan *plan;
	struct spawned spawned;
	int init; /* pidfd */
};

/* What a new filesystem shows, and what owns it. The pid namespace is for joined_procfs.h: the process that goes in
 * doesn't enter it, so nobody in the container sees it. */
static int open_namespaces(struct entry *entry, struct error *err)
{
	static const char *const kinds[] = { "user", "mount", "ipc", "network", "cgroup", "pid" };
	const struct container_state *state = entry->remount->state;
	struct strings types = { arena_calloc(&entry->arena, array_length(kinds), sizeof(char *)),
				 0 };

	for (size_t i = 0; i < array_length(kinds); i++)
		if (text_in(&state->namespaces, kinds[i]))
			types.items[types.count++] = (char *)kinds[i];
	return state_open_namespaces(state, &types, &entry->arena, &entry->namespaces, &entry->init,
				     err);
}

static struct rootfs_request request_for(struct entry *entry)
{
	const struct remount *remount = entry->remount;
	struct rootfs_request request =
	    rootfs_request_make(remount->runtime, remount->config, remount->state, &entry->arena);
	int user = namespace_descriptor(&entry->namespaces, CLONE_NEWUSER);

	request.running = true;
	/* the one that exists, whoever made it: an idmapped mount takes its maps */
	if (user >= 0)
		request.user_namespace_path = arena_printf(&entry->arena, "/proc/self/fd/%d", user);
	/* also to a pid namespace that is the container's own we come later */
	request.pid_namespace_joined = namespace_descriptor(&entry->namespaces, CLONE_NEWPID) >= 0;
	return request;
}

/* What is pending is unmounted; then, if @mounts are given, they are made. */
static int make_plan(struct entry *entry, const struct mount_list *mounts, struct error *err)
{
	const struct remount *remount = entry->remount;
	struct rootfs_request rootfs = request_for(entry);
	struct config config = *remount->config;
	const struct plan_request request = {
		.purpose = PURPOSE_MOUNTS,
		.id = remount->id,
		.rootfs = mounts ? &rootfs : NULL,
		.rootless = remount->runtime->rootless,
	};
	const struct added_list *added = &remount->added.mounts;
	struct plan *plan;

	if (mounts)
		config.mounts = *mounts;
	if (plan_make(&config, &request, &entry->arena, &plan, err) < 0)
		return -1;
	entry->plan = plan;
	plan->namespaces = entry->namespaces;
	plan->joins_user = plan->namespaces.joined & CLONE_NEWUSER;
	plan->unmounts.items =
	    arena_calloc(&entry->arena, added->count + 1, sizeof(*plan->unmounts.items));
	for (size_t i = 0; i < added->count; i++)
		if (added->items[i].pending)
			plan->unmounts.items[plan->unmounts.count++] =
			    (struct mount_identity){ added->items[i].id, added->items[i].unique };
	plan->procfs = procfs_open(err);
	return plan->procfs < 0 ? -1 : 0;
}

struct wanted_source {
	const struct plan *plan;
	size_t index;
};

/* Where the caller may mount nothing: with the container's rights, in a copy of the host's mounts. */
static _Noreturn void open_source_in_user_namespace(void *context, int socket)
{
	const struct wanted_source *wanted = context;
	struct error error = ERROR_INIT;

	if (namespaces_enter_user(&wanted->plan->namespaces, &error) < 0)
		fd_tell(socket, -1, &error);
	fd_tell(socket, rootfs_open_source(wanted->plan->rootfs, wanted->index, &error), &error);
}

static int open_source(const struct entry *entry, size_t index, struct error *err)
{
	struct wanted_source wanted = { entry->plan, index };

	if (entry->remount->runtime->rootless && entry->plan->joins_user)
		return fd_from_child(open_source_in_user_namespace, &wanted, "the source", err);
	return rootfs_open_source(entry->plan->rootfs, index, err);
}

static int serve_mount_source(void *context, struct exchange *exchange, struct error *err)
{
	const struct entry *entry = context;
	const struct rootfs_plan *rootfs = entry->plan->rootfs;
	size_t index = exchange->index;
	enum rootfs_source source = rootfs && index < rootfs_mount_count(rootfs)
					? rootfs_source(rootfs, index)
					: ROOTFS_SOURCE_OWN;

	if (source == ROOTFS_SOURCE_OWN)
		return error_set(err, ERROR_PROTOCOL, NULL,
				 "a source was asked for, %u, that isn't ours", exchange->index);
	exchange->reply = source == ROOTFS_SOURCE_PARENT
			      ? open_source(entry, index, err)
			      : joined_procfs_open(entry->plan, index, err);
	return exchange->reply < 0 ? -1 : 0;
}

/* The intent, before anybody can see the mount. */
static int serve_mount_made(void *context, struct exchange *exchange, struct error *err)
{
	struct entry *entry = context;
	struct remount *remount = entry->remount;
	struct mount_identity identity;

	/* one after the other, each once: there is room for no more */
	if (exchange->index >= remount->wanted->count || exchange->index < remount->made)
		return error_set(err, ERROR_PROTOCOL, NULL, "mount %u isn't one that comes next",
				 exchange->index);
	if (mount_identify(exchange->received, &identity, err) < 0)
		return -1;
	remount->made = exchange->index + 1;
	added_mounts_append(&remount->added, &remount->wanted->items[exchange->index], &identity);
	return added_mounts_save(&remount->record, &remount->added, err);
}

static int run(struct entry *entry, const struct mount_list *mounts, struct error *err)
{
	const struct service service = {
		.context = entry,
		.mount_source = serve_mount_source,
		.mount_made = serve_mount_made,
	};

	if (arena_init(&entry->arena, PLAN_ARENA, err) < 0 || open_namespaces(entry, err) < 0 ||
	    make_plan(entry, mounts, err) < 0 || fds_cloexec_from(3, err) < 0 ||
	    spawn(entry->plan, &entry->spawned, err) < 0)
		return -1;
	return spawned_serve(&entry->spawned, &service, MESSAGE_MOUNTED, err);
}

/* Take away what is pending, make @mounts (NULL: none). */
static int enter(struct remount *remount, const struct mount_list *mounts, struct error *err)
{
	struct entry entry = { .remount = remount, .spawned = SPAWNED_INIT, .init = -1 };
	int result = run(&entry, mounts, err);

	spawned_end(&entry.spawned, true);
	cleanup_fd_(&entry.init);
	if (entry.plan)
		plan_close(entry.plan);
	else
		namespaces_close(&entry.namespaces);
	arena_free(&entry.arena);
	return result;
}

/* ---- the verbs ---- */

static int forget_pending(struct remount *remount, struct error *err)
{
	added_mounts_drop_pending(&remount->added);
	return added_mounts_save(&remount->record, &remount->added, err);
}

/* All or none: what was attached before the one that failed goes again. */
static void undo(struct remount *remount, struct error *err)
{
	struct error why = ERROR_INIT;

	trace_phase("undo");
	if (enter(remount, NULL, &why) < 0 || forget_pending(remount, &why) < 0)
		error_prefix(err, "not all could be undone (%s), the next command tries again",
			     why.text);
}

/* Until now the new ones, and only they, are pending: what was so before has been unmounted first. */
static int settle(struct remount *remount, size_t before, struct error *err)
{
	struct added_list *mounts = &remount->added.mounts;

	for (size_t i = before; i < mounts->count; i++)
		mounts->items[i].pending = false;
	return forget_pending(remount, err);
}

static int clean_destinations(struct remount *remount, struct mount_list *ret_mounts,
			      struct error *err)
{
	const struct mount_list *wanted = remount->wanted;
	struct mount_list mounts = { arena_memdup(&remount->arena, wanted->items,
						  wanted->count * sizeof(*wanted->items)),
				     wanted->count };
	char clean[PATH_MAX];

	for (size_t i = 0; i < mounts.count; i++) {
		if (path_clean(mounts.items[i].destination, clean, sizeof(clean), err) < 0)
			return error_prefix(err, "mounts[%zu]", i);
		mounts.items[i].destination = arena_strdup(&remount->arena, clean);
	}
	*ret_mounts = mounts;
	return 0;
}

static int add(struct remount *remount, struct error *err)
{
	size_t before = remount->added.mounts.count;

	if (clean_destinations(remount, &remount->cleaned, err) < 0)
		return -1;
	remount->wanted = &remount->cleaned;
	if (enter(remount, remount->wanted, err) < 0 || settle(remount, before, err) < 0) {
		undo(remount, err);
		return -1;
	}
	return 0;
}

/* What can't be unmounted is as before: all are found, or none is touched. */
static void unmark(struct remount *remount, const struct added_mounts *before)
{
	struct error ignored = ERROR_INIT;

	added_mounts_save(&remount->record, before, &ignored);
}

static int take_away(struct remount *remount, struct error *err)
{
	struct added_mounts before = remount->added;

	before.mounts.items = arena_memdup(&remount->arena, before.mounts.items,
					   before.mounts.count * sizeof(*before.mounts.items));
	if (added_mounts_mark(&remount->added, remount->wanted, &remount->config->mounts, err) <
		0 ||
	    added_mounts_save(&remount->record, &remount->added, err) < 0)
		return -1;
	if (enter(remount, NULL, err) < 0) {
		unmark(remount, &before);
		return -1;
	}
	return forget_pending(remount, err);
}

static int change(const struct runtime *runtime, const char *id, const struct mount_list *mounts,
		  int (*verb)(struct remount *remount, struct error *err), struct error *err)
{
	struct remount remount = {
		.runtime = runtime, .id = id, .wanted = mounts, .record = RECORD_INIT
	};
	int result = load(&remount, err);

	if (result == 0 && verb(&remount, err) < 0)
		result = state_explain_failure(remount.state, err);
	record_close(&remount.record);
	arena_free(&remount.arena);
	return result;
}

int container_mounts_add(const struct runtime *runtime, const char *id,
			 const struct mount_list *mounts, struct error *err)
{
	return change(runtime, id, mounts, add, err);
}

int container_mounts_remove(const struct runtime *runtime, const char *id,
			    const struct mount_list *mounts, struct error *err)
{
	return change(runtime, id, mounts, take_away, err);
}

/* ---- list ---- */

/* The container's own processes may have unmounted something. */
static int read_mountinfo(const struct container_state *state, struct buffer *text,
			  struct error *err)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/mountinfo", (int)state->pid);
	return file_read(AT_FDCWD, path, MOUNTINFO_MAX, text, err);
}

static int collect(const struct container_state *state, const struct added_list *added,
		   struct arena *arena, struct mount_list *ret_mounts, struct error *err)
{
	struct mount_list mounts = { arena_calloc(arena, added->count + 1, sizeof(*mounts.items)),
				     0 };
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;
	char path[PATH_MAX];

	if (read_mountinfo(state, &text, err) < 0)
		return state_explain_failure(state, err);
	for (size_t i = 0; i < added->count; i++)
		if (!added->items[i].pending &&
		    mountinfo_find(text.bytes, added->items[i].id, path))
			mounts.items[mounts.count++] = added->items[i].mount;
	*ret_mounts = mounts;
	return 0;
}

int container_mounts_list(const struct runtime *runtime, const char *id, struct arena *arena,
			  struct mount_list *ret_mounts, struct error *err)
{
	_cleanup_record_ struct record record = RECORD_INIT;
	_cleanup_arena_ struct arena state_arena = ARENA_INIT;
	struct container_state *state;
	struct added_mounts added;

	if (arena_init(&state_arena, STATE_ARENA_SIZE, err) < 0 ||
	    store_open(runtime, id, STORE_UNLOCKED, &record, err) < 0 ||
	    store_load(&record, id, &state_arena, &state, err) < 0 ||
	    check_status(state, err) < 0 || added_mounts_load(&record, 0, arena, &added, err) < 0)
		return -1;
	return collect(state, &added.mounts, arena, ret_mounts, err);
}
