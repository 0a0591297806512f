#include "libcontainer/lifecycle/container_door.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/procfs.h"
#include "base/text.h"
#include "libcontainer/lifecycle/store.h"

/* A cgroup that doesn't freeze in this time is let go again: to stand still for longer would be felt. */
#define FREEZE_MS 1000

/* No file that holds a limit is near this. */
#define FILE_MAX (1 << 20)

#define OOM_FILE "oom_score_adj"

static bool is_gone(int errnum)
{
	return errnum == ESRCH || errnum == ENOENT;
}

/* The number must mean the process that it was noted for. 0, or -1 with errno set. */
static int check_process(const struct cgroup_change *change)
{
	struct error err = ERROR_INIT;
	struct procfs_stat stat;

	if (procfs_stat((pid_t)change->pid, &stat, &err) < 0)
		errno = err.errnum ? err.errnum : EIO;
	else if (stat.start != change->pid_start)
		errno = ESRCH;
	else
		return 0;
	return -1;
}

static int open_file(const struct container_door *door, const struct cgroup_change *change,
		     int flags)
{
	char path[64];

	/* a path needs no directory */
	if (!change->pid)
		return openat(door->cgroup, change->file, flags | O_NOFOLLOW | O_CLOEXEC);
	if (check_process(change) < 0)
		return -1;
	text_fit(path, sizeof(path), "%" PRId64 "/%s", change->pid, change->file);
	return procfs_open_at(door->procfs, path, flags);
}

static int read_file(void *context, const struct cgroup_change *change, struct buffer *text)
{
	const struct container_door *door = context;
	_cleanup_fd_ int fd = open_file(door, change, O_RDONLY);
	struct error err = ERROR_INIT;

	if (fd < 0)
		return -1;
	if (fd_read(fd, FILE_MAX, text, change->file, &err) < 0) {
		errno = err.errnum ? err.errnum : EFBIG;
		return -1;
	}
	return 0;
}

static int write_file(void *context, const struct cgroup_change *change, const char *value)
{
	const struct container_door *door = context;
	_cleanup_fd_ int fd = open_file(door, change, O_WRONLY);
	_cleanup_buffer_ struct buffer line = BUFFER_INIT;

	if (fd < 0)
		return -1;
	/* resctrl takes whole lines only; cgroupfs and procfs don't mind */
	buffer_printf(&line, "%s%s", value, text_ends(value, "\n") ? "" : "\n");
	if (buffer_failed(&line)) {
		errno = ENOMEM;
		return -1;
	}
	return write(fd, line.bytes, line.length) < 0 ? -1 : 0;
}

/* A pause that was killed has told it to freeze, and may have left processes running. */
static int freeze(void *context, struct error *err)
{
	const struct container_door *door = context;

	if (door->door.paused)
		return cgroup_await_frozen(door->cgroup, FREEZE_MS, err);
	return cgroup_freeze(door->cgroup, FREEZE_MS, err);
}

static int is_to_freeze(const struct container_door *door, bool *ret_answer, struct error *err)
{
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;

	if (file_read(door->cgroup, "cgroup.freeze", FILE_MAX, &text, err) < 0)
		return -1;
	*ret_answer = text.bytes[0] == '1';
	return 0;
}

/* What isn't frozen needs no write, which might fail; what can't be told does. */
static int thaw(void *context, struct error *err)
{
	const struct container_door *door = context;
	struct error ignored = ERROR_INIT;
	bool frozen = true;

	if (is_to_freeze(door, &frozen, &ignored) == 0 && !frozen)
		return 0;
	return cgroup_thaw(door->cgroup, err);
}

/* What a killed update has left to be undone is not for the cgroup of a later container. */
static int open_own_cgroup(const struct container_state *state, struct error *err)
{
	_cleanup_fd_ int fd = -1;
	enum cgroup_owner owner;

	if (state_find_cgroup(state, &fd, &owner, err) < 0)
		return -1;
	if (fd < 0 || owner != CGROUP_OWN) {
		error_set(err, ERROR_STATE, state->cgroup_path, "the container's cgroup %s is gone",
			  state->cgroup_path);
		err->errnum = ENOENT;
		return -1;
	}
	return steal_fd(&fd);
}

int container_door_open(const struct container_state *state, struct container_door *door,
			struct error *err)
{
	door->door = (struct cgroup_door){
		.context = door,
		.cgroup = -1,
		.read = read_file,
		.write = write_file,
		.freeze = freeze,
		.thaw = thaw,
	};
	door->procfs = procfs_open(err);
	if (door->procfs < 0)
		return -1;
	door->cgroup = open_own_cgroup(state, err);
	if (door->cgroup < 0 || is_to_freeze(door, &door->door.paused, err) < 0)
		return -1;
	door->door.cgroup = door->cgroup;
	return 0;
}

void container_door_close(struct container_door *door)
{
	cleanup_fd_(&door->cgroup);
	cleanup_fd_(&door->procfs);
}

/* Fill in what is known of the process. 1, 0 if it needs no change: it has the value, or it has just
 * been killed, which is the one end that a frozen process can take. */
static int look_at(const struct container_door *door, struct cgroup_change *change,
		   struct arena *arena, struct error *err)
{
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;
	struct procfs_stat stat;

	if (procfs_stat((pid_t)change->pid, &stat, err) < 0)
		return is_gone(err->errnum) ? 0 : -1;
	change->pid_start = stat.start;
	if (read_file((void *)door, change, &text) < 0)
		return is_gone(errno) ? 0
				      : error_errno(err, errno, change->property,
						    "%s: read that of process %d", change->property,
						    (int)change->pid);
	change->old = arena_strndup(arena, text.bytes, strcspn(text.bytes, "\n"));
	return strcmp(change->old, change->value) != 0;
}

int container_door_list(const struct container_door *door, int64_t value, struct arena *arena,
			struct cgroup_changes *ret_changes, struct error *err)
{
	struct cgroup_changes changes = { NULL, 0 };
	pid_t *pids = NULL;
	size_t count = 0;

	if (cgroup_pids(door->cgroup, arena, &pids, &count, err) < 0)
		return -1;
	changes.items = arena_calloc(arena, count, sizeof(*changes.items));
	for (size_t i = 0; i < count; i++) {
		struct cgroup_change *change = &changes.items[changes.count];
		int differs;

		*change = (struct cgroup_change){
			.file = (char *)OOM_FILE,
			.value = arena_printf(arena, "%" PRId64, value),
			.property = (char *)"process.oomScoreAdj",
			.pid = pids[i],
		};
		differs = look_at(door, change, arena, err);
		if (differs < 0)
			return -1;
		changes.count += (size_t)differs;
	}
	*ret_changes = changes;
	return 0;
}
