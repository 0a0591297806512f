/* state, list, ps: what can be asked without changing anything, and so without the lock. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "libcontainer/lifecycle/store.h"

static int load(const struct runtime *runtime, const char *id, struct arena *arena,
		struct container_state **ret_state, struct error *err)
{
	_cleanup_record_ struct record record = RECORD_INIT;

	if (store_open(runtime, id, STORE_UNLOCKED, &record, err) < 0)
		return -1;
	return store_load(&record, id, arena, ret_state, err);
}

int container_state(const struct runtime *runtime, const char *id, struct arena *arena,
		    struct container_state **ret_state, struct error *err)
{
	if (load(runtime, id, arena, ret_state, err) < 0)
		return -1;
	if ((*ret_state)->status == STATUS_STOPPED) {
		(*ret_state)->pid = 0;
		(*ret_state)->oom_kills = state_oom_kills(*ret_state);
	}
	return 0;
}

int container_list_state(const struct runtime *runtime, const char *id, struct arena *arena,
			 struct container_state **ret_state, struct error *err)
{
	struct container_state *blank = state_blank(id, arena);

	if (container_state(runtime, id, arena, ret_state, err) == 0)
		return 0;
	if (err->code != ERROR_INVALID)
		return -1;
	*ret_state = blank;
	return 0;
}

/* ---- the ids ---- */

static int in_order(const void *a, const void *b)
{
	const char *const *left = a, *const *right = b;

	return strcmp(*left, *right);
}

static size_t count_entries(DIR *dir)
{
	size_t count = 0;

	while (readdir(dir))
		count++;
	rewinddir(dir);
	return count;
}

static bool has(DIR *dir, const char *name, const char *file)
{
	char path[NAME_MAX + sizeof("/" STORE_STATE)];

	text_fit(path, sizeof(path), "%s/%s", name, file);
	return faccessat(dirfd(dir), path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* What else lies there isn't ours, or nothing that we made, or what store_claim() takes over. */
static bool is_container(DIR *dir, const char *name)
{
	struct error ignored;

	return container_id_check(name, &ignored) == 0 && dir_is_ours(dirfd(dir), name) &&
	       has(dir, name, STORE_STATE) && has(dir, name, STORE_LOCK);
}

static int collect(DIR *dir, struct arena *arena, struct strings *ids, struct error *err)
{
	size_t limit = count_entries(dir);
	struct dirent *entry;

	if (arena_left(arena) / (sizeof(*ids->items) + sizeof(entry->d_name)) <= limit)
		return error_set(err, ERROR_MEMORY, NULL, "no memory to list %zu containers",
				 limit);
	ids->items = arena_calloc(arena, limit, sizeof(*ids->items));
	while (ids->count < limit && (entry = readdir(dir)))
		if (is_container(dir, entry->d_name))
			ids->items[ids->count++] = arena_strdup(arena, entry->d_name);
	qsort(ids->items, ids->count, sizeof(*ids->items), in_order);
	return 0;
}

int container_ids(const struct runtime *runtime, struct arena *arena, struct strings *ret_ids,
		  struct error *err)
{
	_cleanup_dir_ DIR *dir = opendir(runtime->root);
	struct strings ids = { 0 };

	if (!dir && errno != ENOENT)
		return error_errno(err, errno, runtime->root, "open the state root %s",
				   runtime->root);
	if (dir && collect(dir, arena, &ids, err) < 0)
		return -1;
	*ret_ids = ids;
	return 0;
}

/* Without a pid namespace of its own a container's processes outlive its init. -1 in *ret_cgroup: all has gone. */
static int find_cgroup(const struct container_state *state, int *ret_cgroup, struct error *err)
{
	enum cgroup_owner owner;

	if (state->status != STATUS_STOPPED || !state->created) {
		*ret_cgroup = state_open_cgroup(state, err);
		return *ret_cgroup < 0 ? -1 : 0;
	}
	if (state_find_cgroup(state, ret_cgroup, &owner, err) < 0)
		return -1;
	if (owner != CGROUP_OWN) {
		cleanup_fd_(ret_cgroup);
		*ret_cgroup = -1;
	}
	return 0;
}

int container_pids(const struct runtime *runtime, const char *id, struct arena *arena,
		   struct pid_list *ret_pids, struct error *err)
{
	_cleanup_arena_ struct arena state_arena = ARENA_INIT;
	struct container_state *state;
	struct pid_list pids = { NULL, 0 };
	_cleanup_fd_ int cgroup = -1;

	if (arena_init(&state_arena, STATE_ARENA_SIZE, err) < 0 ||
	    load(runtime, id, &state_arena, &state, err) < 0)
		return -1;
	if (find_cgroup(state, &cgroup, err) < 0)
		return -1;
	if (cgroup >= 0 && cgroup_pids(cgroup, arena, &pids.items, &pids.count, err) < 0)
		return state_explain_failure(state, err);
	*ret_pids = pids;
	return 0;
}
