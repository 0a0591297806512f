/* state, list, ps: what can be asked without changing anything, and so without the lock. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
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

static int by_id(const void *a, const void *b)
{
	const struct container_state *const *left = a, *const *right = b;

	return strcmp((*left)->id, (*right)->id);
}

/* One pass over the directory; with @items NULL it only counts. */
static size_t collect(const struct runtime *runtime, DIR *dir, struct container_state **items,
		      size_t limit, struct arena *arena)
{
	struct error ignored;
	struct dirent *entry;
	size_t count = 0;

	rewinddir(dir);
	while ((entry = readdir(dir)) && count < limit) {
		if (container_id_check(entry->d_name, &ignored) < 0)
			continue;
		if (items &&
		    container_state(runtime, entry->d_name, arena, &items[count], &ignored) < 0) {
			/* deleted while we look, or nothing that we made */
			if (ignored.code == ERROR_NOT_FOUND || ignored.code == ERROR_REFUSED ||
			    ignored.errnum == ENOTDIR || ignored.errnum == ELOOP)
				continue;
			/* a state that can't be read is that of a container all the same:
			 * whoever lists must see it to delete it */
			items[count] = state_blank(entry->d_name, arena);
		}
		count++;
	}
	return count;
}

int container_list(const struct runtime *runtime, struct arena *arena,
		   struct container_list *ret_list, struct error *err)
{
	_cleanup_dir_ DIR *dir = opendir(runtime->root);
	struct container_list list = { 0 };
	size_t limit;

	if (!dir && errno != ENOENT)
		return error_errno(err, errno, runtime->root, "open the state root %s",
				   runtime->root);
	if (dir) {
		limit = collect(runtime, dir, NULL, SIZE_MAX, arena);
		list.items = arena_calloc(arena, limit, sizeof(*list.items));
		list.count = collect(runtime, dir, list.items, limit, arena);
		qsort(list.items, list.count, sizeof(*list.items), by_id);
	}
	*ret_list = list;
	return 0;
}

int container_pids(const struct runtime *runtime, const char *id, struct arena *arena,
		   struct pid_list *ret_pids, struct error *err)
{
	struct container_state *state;
	_cleanup_fd_ int cgroup = -1;

	if (load(runtime, id, arena, &state, err) < 0)
		return -1;
	cgroup = state_open_cgroup(state, err);
	if (cgroup < 0)
		return -1;
	if (cgroup_pids(cgroup, arena, &ret_pids->items, &ret_pids->count, err) < 0)
		return state_explain_failure(state, err);
	return 0;
}
