#include "libcontainer/lifecycle/store.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/path.h"
#include "libcontainer/cgroup/intel_rdt.h"
#include "libcontainer/lifecycle/journal.h"
#include "libcontainer/lifecycle/updates.h"

#define LOCK_DEADLINE_MS 30000
#define LOCK_POLL_MS	 5
#define STATE_MAX	 (16 << 20)
#define ID_MAX		 1024

int container_id_check(const char *id, struct error *err)
{
	static const char allowed[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+.-";
	size_t length = strlen(id);

	if (length == 0 || length > ID_MAX || strspn(id, allowed) != length || !strcmp(id, ".") ||
	    !strcmp(id, ".."))
		return error_set(err, ERROR_INVALID, NULL,
				 "invalid container ID format: letters, digits and _ + . - only, 1 "
				 "to %d of them",
				 ID_MAX);
	return 0;
}

void record_close(struct record *record)
{
	int *fds[] = { &record->lock, &record->dir, &record->root };

	for (size_t i = 0; i < array_length(fds); i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
		*fds[i] = -1;
	}
}

static int open_root(const struct runtime *runtime, bool make, struct error *err)
{
	_cleanup_fd_ int slash = -1, path = -1;
	int fd = open(runtime->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	if (errno != ENOENT || !make)
		return error_errno(err, errno, runtime->root, "open the state root %s",
				   runtime->root);
	slash = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	path = slash < 0 ? -1 : path_make_directory(slash, runtime->root, 0700, 0, err);
	if (path < 0)
		return error_prefix(err, "make the state root %s", runtime->root);
	fd = openat(path, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? error_errno(err, errno, runtime->root, "open the state root") : fd;
}

static int no_such_container(const char *id, struct error *err)
{
	return error_set(err, ERROR_NOT_FOUND, id, "container does not exist: %s", id);
}

/* ---- the lock ---- */

static int try_lock(int fd)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return fcntl(fd, F_SETLK, &lock);
}

/* Closing any descriptor of the file gives up our own lock (fcntl(2)): so not while we hold it. */
bool store_locked(const struct record *record)
{
	_cleanup_fd_ int fd =
	    record->lock >= 0 ? -1 : openat(record->dir, "lock", O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return fd >= 0 && fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

int store_try_lock(const struct record *record)
{
	_cleanup_fd_ int fd = openat(record->dir, "lock", O_RDWR | O_CLOEXEC | O_NOFOLLOW);

	return fd >= 0 && try_lock(fd) == 0 ? steal_fd(&fd) : -1;
}

/* Whoever held it before may have removed the container. */
static bool still_there(const struct record *record)
{
	struct stat st;

	return fstat(record->lock, &st) == 0 && st.st_nlink > 0;
}

int store_lock(struct record *record, const char *id, struct error *err)
{
	_cleanup_fd_ int fd =
	    openat(record->dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	const struct timespec pause = { .tv_nsec = LOCK_POLL_MS * 1000000L };

	if (fd < 0)
		return errno == ENOENT
			   ? no_such_container(id, err)
			   : error_errno(err, errno, id, "open the lock of container %s", id);
	for (int waited = 0; try_lock(fd) < 0; waited += LOCK_POLL_MS) {
		if (errno != EAGAIN && errno != EACCES && errno != EINTR)
			return error_errno(err, errno, id, "lock container %s", id);
		if (waited >= LOCK_DEADLINE_MS)
			return error_set(
			    err, ERROR_BUSY, id,
			    "container %s is held by another command for more than %d s", id,
			    LOCK_DEADLINE_MS / 1000);
		nanosleep(&pause, NULL);
	}
	record->lock = steal_fd(&fd);
	return still_there(record) ? 0 : no_such_container(id, err);
}

/* ---- directories ---- */

int store_claim(const struct runtime *runtime, const char *id, struct record *ret_record,
		struct error *err)
{
	_cleanup_record_ struct record record = RECORD_INIT;

	if (container_id_check(id, err) < 0)
		return -1;
	record.root = open_root(runtime, true, err);
	if (record.root < 0)
		return -1;
	if (mkdirat(record.root, id, 0700) < 0) {
		if (errno == EEXIST)
			return error_set(err, ERROR_EXISTS, id,
					 "container with given ID already exists: %s", id);
		return error_errno(err, errno, id, "make the state directory of %s", id);
	}
	record.dir = dir_make(record.root, id, 0700, err);
	if (record.dir < 0 || store_lock(&record, id, err) < 0) {
		unlinkat(record.root, id, AT_REMOVEDIR);
		return -1;
	}
	*ret_record = record;
	record = (struct record)RECORD_INIT;
	return 0;
}

int store_open(const struct runtime *runtime, const char *id, bool lock, struct record *ret_record,
	       struct error *err)
{
	_cleanup_record_ struct record record = RECORD_INIT;

	if (container_id_check(id, err) < 0)
		return -1;
	record.root = open_root(runtime, false, err);
	if (record.root < 0)
		return err->errnum == ENOENT ? no_such_container(id, err) : -1;
	record.dir = openat(record.root, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (record.dir < 0)
		return errno == ENOENT
			   ? no_such_container(id, err)
			   : error_errno(err, errno, id, "open the state directory of %s", id);
	if (lock && store_lock(&record, id, err) < 0)
		return -1;
	*ret_record = record;
	record = (struct record)RECORD_INIT;
	return 0;
}

int store_remove(const struct runtime *runtime, const char *id, struct error *err)
{
	_cleanup_fd_ int root = open_root(runtime, false, err);

	if (root < 0)
		return -1;
	return dir_remove(root, id, err);
}

/* ---- files ---- */

int store_save(const struct record *record, const struct container_state *state, struct error *err)
{
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;

	if (state_encode(state, &text, err) < 0)
		return -1;
	return file_replace(record->dir, STORE_STATE, 0600, text.bytes, text.length, false, err);
}

static struct container_state *unwritten(const char *id, struct arena *arena)
{
	struct container_state *state = arena_alloc(arena, sizeof(*state));

	*state = (struct container_state){
		.version = STATE_VERSION,
		.id = arena_strdup(arena, id),
		.oci_version = (char *)"",
		.bundle = (char *)"",
		.rootfs = (char *)"",
	};
	return state;
}

int store_load(const struct record *record, const char *id, struct arena *arena,
	       struct container_state **ret_state, struct error *err)
{
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;
	struct error ignored = ERROR_INIT;
	struct container_state *state;

	if (file_read(record->dir, STORE_STATE, STATE_MAX, &text, err) < 0) {
		if (err->errnum != ENOENT)
			return -1;
		state = unwritten(id, arena);
	} else if (state_decode(text.bytes, text.length, arena, &state, err) < 0) {
		return error_prefix(err, "state of container %s", id);
	}
	/* where that fails the journal stays, for the next command; an update looks for it */
	journal_settle(record, state, &ignored);
	state->status = status_now(record, state);
	*ret_state = state;
	return 0;
}

int store_seccomp_cache(const struct record *record, const struct config *config)
{
	struct error ignored = ERROR_INIT;

	if (!config->linux_->seccomp)
		return -1;
	return dir_make(record->root, STORE_SECCOMP, 0700, &ignored);
}

int store_config(const struct record *record, struct arena *arena, struct config **ret_config,
		 struct error *err)
{
	struct updates updates;
	struct config *config;

	if (config_read(record->dir, STORE_CONFIG, arena, &config, err) < 0 ||
	    updates_load(record, arena, &updates, err) < 0)
		return -1;
	updates_apply(&updates, arena, config);
	*ret_config = config;
	return 0;
}

int state_remove_intel_rdt(const struct container_state *state, struct error *err)
{
	if (intel_rdt_remove(state->intel_rdt_monitoring, err) < 0)
		return -1;
	return intel_rdt_remove(state->intel_rdt_clos, err);
}
