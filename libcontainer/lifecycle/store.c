#include "libcontainer/lifecycle/store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/path.h"
#include "libcontainer/cgroup/intel_rdt.h"
#include "libcontainer/lifecycle/journal.h"
#include "libcontainer/lifecycle/lock.h"
#include "libcontainer/lifecycle/updates.h"

#define LOCK_DEADLINE_MS 30000
#define HOOK_LOOK_MS	 1000
#define CLAIM_TRIES	 100
#define ID_MAX		 NAME_MAX /* a directory has that name */

int container_id_check(const char *id, struct error *err)
{
	static const char allowed[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+.-";
	size_t length = strlen(id);

	if (length == 0 || length > ID_MAX || strspn(id, allowed) != length || !strcmp(id, ".") ||
	    !strcmp(id, ".."))
		return error_set(
		    err, ERROR_INVALID, NULL,
		    "invalid container ID format: \"%.60s\": letters, digits and _ + . "
		    "- only, 1 to %d of them, and neither \".\" nor \"..\"",
		    id, ID_MAX);
	return 0;
}

void record_unlock(struct record *record)
{
	cleanup_fd_(&record->lock);
	record->lock = -1;
}

void record_close(struct record *record)
{
	record_unlock(record);
	cleanup_fd_(&record->dir);
	cleanup_fd_(&record->root);
	record->dir = record->root = -1;
}

static int open_root(const struct runtime *runtime, bool make, struct error *err)
{
	_cleanup_fd_ int slash = -1, path = -1;
	/* sticky: then nobody tidies it up (XDG Base Directory Specification, XDG_RUNTIME_DIR) */
	mode_t mode = runtime->rootless ? 01700 : 0700;
	int fd = open(runtime->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	if (errno != ENOENT || !make)
		return error_errno(err, errno, runtime->root, "open the state root %s",
				   runtime->root);
	slash = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (slash < 0)
		return error_errno(err, errno, "/", "open /");
	path = path_make_directory(slash, runtime->root, mode, 0, err);
	if (path < 0)
		return error_prefix(
		    err, "make the state root %s, in place of which --root names another",
		    runtime->root);
	fd = openat(path, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? error_errno(err, errno, runtime->root, "open the state root") : fd;
}

static int no_such_container(const char *id, struct error *err)
{
	return error_set(err, ERROR_NOT_FOUND, id, "container does not exist: %s", id);
}

/* ---- the lock ---- */

/* Closing any descriptor of the file gives up our own lock (fcntl(2)): so not while we hold it. */
static bool lock_is_refused(const struct record *record, enum lock_kind kind)
{
	_cleanup_fd_ int fd =
	    record->lock >= 0 ? -1
			      : openat(record->dir, STORE_LOCK, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

	return fd >= 0 && lock_refused(fd, kind);
}

bool store_locked(const struct record *record)
{
	/* that of who uses it is refused by that of who changes it only */
	return lock_is_refused(record, LOCK_SHARED);
}

bool store_used(const struct record *record)
{
	return lock_is_refused(record, LOCK_EXCLUSIVE);
}

int store_try_lock(const struct record *record)
{
	_cleanup_fd_ int fd = openat(record->dir, STORE_LOCK, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

	return fd >= 0 && lock_try(fd, LOCK_EXCLUSIVE) == 0 ? steal_fd(&fd) : -1;
}

/* One that is called by a hook, and waits for the command that waits for the hook, would wait in vain. What a hook leaves in
 * the background has another parent once the hook has ended. */
static int refuse_hook(int fd, enum lock_kind kind, const char *id, struct error *err)
{
	pid_t holder = lock_ancestor(fd, kind);

	if (!holder)
		return 0;
	return error_set(
	    err, ERROR_BUSY, id,
	    "container %s is held by process %d, which waits for the hook that calls us", id,
	    (int)holder);
}

static int wait_for_lock(int fd, enum lock_kind kind, unsigned int deadline_ms, const char *id,
			 struct error *err)
{
	for (unsigned int left = deadline_ms, now; left; left -= now) {
		now = left < HOOK_LOOK_MS ? left : HOOK_LOOK_MS;
		if (lock_wait(fd, kind, now) == 0)
			return 0;
		if (errno != ETIMEDOUT)
			return error_errno(err, errno, id, "lock container %s", id);
		if (refuse_hook(fd, kind, id, err) < 0)
			return -1;
	}
	return error_set(err, ERROR_BUSY, id,
			 "container %s is held by another command for more than %u ms", id,
			 deadline_ms);
}

/* Whoever held it before may have removed the container. */
static bool still_there(int lock)
{
	struct stat st;

	return fstat(lock, &st) == 0 && st.st_nlink > 0;
}

static int take_lock(const struct runtime *runtime, struct record *record, const char *id,
		     enum store_lock how, int flags, struct error *err)
{
	_cleanup_fd_ int fd =
	    openat(record->dir, STORE_LOCK, O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600);
	enum lock_kind kind = how == STORE_SHARED ? LOCK_SHARED : LOCK_EXCLUSIVE;

	if (fd < 0)
		return errno == ENOENT
			   ? no_such_container(id, err)
			   : error_errno(err, errno, id, "open the lock of container %s", id);
	if (wait_for_lock(fd, kind, runtime->lock_deadline_ms ?: LOCK_DEADLINE_MS, id, err) < 0)
		return -1;
	if (!still_there(fd))
		return no_such_container(id, err);
	record->lock = steal_fd(&fd);
	return 0;
}

int store_lock(const struct runtime *runtime, struct record *record, const char *id,
	       enum store_lock how, struct error *err)
{
	if (how == STORE_UNLOCKED)
		return 0;
	/* one that lacks the lock is about to be removed, or its creator or remover was killed */
	return take_lock(runtime, record, id, how, how == STORE_REMOVING ? O_CREAT : 0, err);
}

/* ---- directories ---- */

static bool has(const struct record *record, const char *file)
{
	return faccessat(record->dir, file, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* By the name that file_replace() gives it while it writes? */
static bool is_temporary(const char *name, const char *file)
{
	size_t length = strlen(file);
	uint32_t pid;

	return name[0] == '.' && strncmp(name + 1, file, length) == 0 && name[length + 1] == '.' &&
	       parse_u32(name + length + 2, &pid);
}

static bool is_name_of_ours(const char *name)
{
	static const char *const ours[] = { STORE_LOCK,	   STORE_STATE,	  STORE_CONFIG,
					    STORE_UPDATES, STORE_JOURNAL, STORE_MOUNTS,
					    STORE_TRACKED, STORE_START,	  STORE_NOTIFY };

	for (size_t i = 0; i < array_length(ours); i++)
		if (strcmp(name, ours[i]) == 0 || is_temporary(name, ours[i]))
			return true;
	return false;
}

static int not_ours(const char *id, const char *name, struct error *err)
{
	return error_set(err, ERROR_REFUSED, id,
			 "proa has not made %s in the state directory of %s: does another runtime "
			 "use the same --root?",
			 name, id);
}

int store_check_files(const struct record *record, const char *id, struct error *err)
{
	_cleanup_dir_ DIR *dir = dir_list(record->dir);
	const char *name;

	if (!dir)
		return error_errno(err, errno, id, "list the state directory of %s", id);
	while ((name = dir_next(dir)))
		if (!is_name_of_ours(name))
			return not_ours(id, name, err);
	return errno ? error_errno(err, errno, id, "list the state directory of %s", id) : 0;
}

/* One of ours has its lock before anything else, and until everything else is gone. */
static int check_maker(const struct record *record, const char *id, struct error *err)
{
	_cleanup_dir_ DIR *dir = NULL;
	const char *name;

	if (has(record, STORE_LOCK))
		return 0;
	dir = dir_list(record->dir);
	if (!dir && errno != ENOENT)
		return error_errno(err, errno, id, "list the state directory of %s", id);
	name = dir ? dir_next(dir) : NULL;
	/* it may have been made since we looked for the lock */
	return name && !has(record, STORE_LOCK) ? not_ours(id, name, err) : 0;
}

/* What stands in it decides what we kill and unmount, and which hooks we execute. The state root may be another's: he can
 * put nothing of his in ours. */
static int check_owner(int dir, const char *id, struct error *err)
{
	if (dir_is_ours(dir, ""))
		return 0;
	return error_set(
	    err, ERROR_REFUSED, id,
	    "the state directory of %s belongs to another user, or others can write to it: only "
	    "who made the container may use it",
	    id);
}

static int id_taken(const char *id, struct error *err)
{
	return error_set(err, ERROR_EXISTS, id, "container with given ID already exists: %s", id);
}

/* The directory that is there is no container's, but what a create left that was killed before it noted anything, or a
 * delete that was almost done. Whoever holds its lock is about to make or to remove one: nobody waits for that. */
static int take_over(struct record *record, const char *id, struct error *err)
{
	_cleanup_fd_ int fd = -1;

	record->dir = openat(record->root, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (record->dir < 0 && errno == ENOENT)
		return no_such_container(id, err);
	if (record->dir < 0 || !dir_is_ours(record->dir, "") || has(record, STORE_STATE) ||
	    check_maker(record, id, err) < 0)
		return id_taken(id, err);
	fd = openat(record->dir, STORE_LOCK, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 && errno == ENOENT)
		return no_such_container(id, err);
	if (fd < 0 || lock_try(fd, LOCK_EXCLUSIVE) < 0)
		return id_taken(id, err);
	if (!still_there(fd))
		return no_such_container(id, err);
	record->lock = steal_fd(&fd);
	if (has(record, STORE_STATE) || store_check_files(record, id, err) < 0)
		return id_taken(id, err);
	return dir_empty(record->dir, STORE_LOCK, err);
}

/* ERROR_NOT_FOUND: between our making the directory and our having its lock a delete has removed it,
 * and then perhaps another create has made it again. */
static int claim(const struct runtime *runtime, const char *id, struct record *record,
		 struct error *err)
{
	if (mkdirat(record->root, id, 0700) < 0)
		return errno == EEXIST
			   ? take_over(record, id, err)
			   : error_errno(err, errno, id, "make the state directory of %s", id);
	record->dir = dir_make(record->root, id, 0700, err);
	if (record->dir < 0 || check_owner(record->dir, id, err) < 0 ||
	    take_lock(runtime, record, id, STORE_LOCKED, O_CREAT, err) < 0) {
		unlinkat(record->root, id, AT_REMOVEDIR);
		return -1;
	}
	return has(record, STORE_STATE) ? id_taken(id, err) : 0;
}

int store_claim(const struct runtime *runtime, const char *id, struct record *ret_record,
		struct error *err)
{
	_cleanup_record_ struct record record = RECORD_INIT;
	int result, tries = CLAIM_TRIES;

	if (container_id_check(id, err) < 0)
		return -1;
	record.root = open_root(runtime, true, err);
	if (record.root < 0)
		return -1;
	do {
		cleanup_fd_(&record.dir);
		record.dir = -1;
		result = claim(runtime, id, &record, err);
	} while (result < 0 && err->code == ERROR_NOT_FOUND && --tries);
	if (result < 0)
		return -1;
	*ret_record = record;
	record = (struct record)RECORD_INIT;
	return 0;
}

int store_open(const struct runtime *runtime, const char *id, enum store_lock how,
	       struct record *ret_record, struct error *err)
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
	if (check_owner(record.dir, id, err) < 0 || check_maker(&record, id, err) < 0 ||
	    store_lock(runtime, &record, id, how, err) < 0)
		return -1;
	*ret_record = record;
	record = (struct record)RECORD_INIT;
	return 0;
}

/* The state goes first: what is there without it owes nothing. The lock goes last: whoever waits for it finds that it has no
 * name any more, whoever comes later that there is none. What is found there afterwards is that of another delete, which
 * finishes. */
int store_remove(struct record *record, const char *id, struct error *err)
{
	if (dir_remove(record->dir, STORE_STATE, err) < 0 ||
	    dir_empty(record->dir, STORE_LOCK, err) < 0)
		return error_prefix(err, "remove the state of container %s", id);
	if ((unlinkat(record->dir, STORE_LOCK, 0) < 0 && errno != ENOENT) ||
	    (unlinkat(record->root, id, AT_REMOVEDIR) < 0 && errno != ENOENT && errno != ENOTEMPTY))
		return error_errno(err, errno, id, "remove the state of container %s", id);
	return 0;
}

/* ---- files ---- */

int store_read_document(const struct record *record, const char *file, const struct schema *schema,
			struct arena *arena, void *value, struct error *err)
{
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;

	if (file_read(record->dir, file, JSON_SIZE_MAX, &text, err) < 0)
		return err->errnum == ENOENT ? 0 : -1;
	return schema_decode(schema, text.bytes, text.length, file, arena, value, err);
}

int store_write_document(const struct record *record, const char *file, const struct schema *schema,
			 const void *value, struct error *err)
{
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;
	struct json_writer writer;

	json_begin(&writer, false);
	schema_encode(schema, value, &writer);
	if (json_finish(&writer, &text, err) < 0)
		return -1;
	return file_replace(record->dir, file, 0600, text.bytes, text.length, false, err);
}

int store_save(const struct record *record, const struct container_state *state, struct error *err)
{
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;

	if (state_encode(state, &text, err) < 0)
		return -1;
	/* one that nobody could read would be that of a container that can't be killed */
	if (text.length > JSON_SIZE_MAX)
		return error_set(err, ERROR_INVALID, "annotations",
				 "annotations: %zu bytes with all else that is kept of the "
				 "container, limit is %u",
				 text.length, JSON_SIZE_MAX);
	return file_replace(record->dir, STORE_STATE, 0600, text.bytes, text.length, false, err);
}

struct container_state *state_blank(const char *id, struct arena *arena)
{
	struct container_state *state = arena_alloc(arena, sizeof(*state));

	*state = (struct container_state){
		.version = STATE_VERSION,
		.id = arena_strdup(arena, id),
		.oci_version = (char *)"",
		.bundle = (char *)"",
		.rootfs = (char *)"",
		.status = STATUS_STOPPED,
	};
	return state;
}

int store_load(const struct record *record, const char *id, struct arena *arena,
	       struct container_state **ret_state, struct error *err)
{
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;
	struct error ignored = ERROR_INIT;
	struct container_state *state;

	if (file_read(record->dir, STORE_STATE, JSON_SIZE_MAX, &text, err) < 0)
		return err->errnum == ENOENT ? no_such_container(id, err) : -1;
	if (state_decode(text.bytes, text.length, arena, &state, err) < 0)
		return error_prefix(err, "state of container %s", id);
	/* the owner of the state root can exchange what is in it */
	if (strcmp(state->id, id) != 0)
		return error_set(err, ERROR_REFUSED, id, "state of container %s: is that of %s", id,
				 state->id);
	/* where that fails the journal stays, for the next command; an update looks for it */
	journal_settle(record, state, false, &ignored);
	if (status_now(record, state, &state->status, err) < 0)
		return -1;
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

int store_since(const struct record *record, uint64_t *ret_since, struct error *err)
{
	struct stat st;

	if (fstatat(record->dir, STORE_CONFIG, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return error_errno(err, errno, STORE_CONFIG, "look at %s", STORE_CONFIG);
	*ret_since = (uint64_t)st.st_mtim.tv_sec * NS_PER_S + (uint64_t)st.st_mtim.tv_nsec;
	return 0;
}

int store_set_back(const struct record *record, uint64_t since, struct error *err)
{
	const struct timespec times[2] = {
		{ 0, UTIME_OMIT }, { (time_t)(since / NS_PER_S), (long)(since % NS_PER_S) }
	};
	uint64_t now;

	if (store_since(record, &now, err) < 0)
		return -1;
	return since < now && utimensat(record->dir, STORE_CONFIG, times, AT_SYMLINK_NOFOLLOW) < 0
		   ? error_errno(err, errno, STORE_CONFIG, "set the time of %s", STORE_CONFIG)
		   : 0;
}

int state_remove_intel_rdt(const struct container_state *state, struct error *err)
{
	if (intel_rdt_remove(state->intel_rdt_monitoring, err) < 0)
		return -1;
	return intel_rdt_remove(state->intel_rdt_clos, err);
}
