/* Where containers are remembered between commands: STATE_ROOT/ID/, a directory per container.
 *
 *	lock          held by the command that changes the container; by fcntl(2), so that no child
 *	              inherits it
 *	state.json    oci/state.h; written before anything is made, and again once init is there
 *	config.json   the config as it was at create: what happens to the bundle's has no effect; its time is that of
 *	              store_since()
 *	updates.json  what updates have changed of the config's limits since (updates.h)
 *	journal.json  what the update that is going on can be undone by (journal.h)
 *	mounts.json   mounts that were added while it ran (added_mounts.h)
 *	tracked       since which dump of it the kernel counts changes of its memory (checkpoint/dump_parent.c)
 *	start         init's socket; gone once the program runs
 *	notify/       the directory of the socket that the container tells its readiness by
 *
 * The directory itself is the claim on the id. Nothing in it is durable beyond a boot. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "libcontainer/lifecycle/lifecycle.h"
#include "oci/config.h"
#include "oci/schema.h"
#include "oci/state.h"

#define NS_PER_S 1000000000

#define STORE_LOCK    "lock"
#define STORE_STATE   "state.json"
#define STORE_CONFIG  "config.json"
#define STORE_UPDATES "updates.json"
#define STORE_JOURNAL "journal.json"
#define STORE_MOUNTS  "mounts.json"
#define STORE_TRACKED "tracked"
#define STORE_START   "start"
#define STORE_NOTIFY  "notify"
/* beside the containers, hidden, and no container's id */
#define STORE_SECCOMP ".@seccomp"

/* A container's directory, open. */
struct record {
	int root; /* the state root */
	int dir;
	int lock; /* -1: not held */
};

#define RECORD_INIT                                                                                \
	{                                                                                          \
		.root = -1, .dir = -1, .lock = -1                                                  \
	}

/* Give up the lock; close all that is open of it, which gives up the lock, too. Any process. */
void record_unlock(struct record *record);
void record_close(struct record *record);
#define _cleanup_record_ __attribute__((cleanup(record_close)))

/* Make the state root if need be, and in it the directory for @id, locked; or take over one that nobody has noted anything
 * in and that nobody holds. ERROR_EXISTS if the id is taken. */
int store_claim(const struct runtime *runtime, const char *id, struct record *ret_record,
		struct error *err);

enum store_lock {
	STORE_UNLOCKED, /* to look at it, or to do what must always be possible */
	STORE_SHARED,	/* to use it: nobody changes it meanwhile */
	STORE_LOCKED,	/* to change it */
	STORE_REMOVING, /* to remove it, also one whose creator or remover was killed */
};

/* Open the directory of @id, and wait for its lock up to a deadline (ERROR_BUSY), or not that long if it is had by a process
 * that has started us. ERROR_NOT_FOUND if
 * there is no such container, or none any more once the lock is had; ERROR_REFUSED if it is another
 * user's, or others can write to it, or if it has files and no lock: then proa hasn't made it. */
int store_open(const struct runtime *runtime, const char *id, enum store_lock how,
	       struct record *ret_record, struct error *err);

/* Take the lock of a record that was opened without. */
int store_lock(const struct runtime *runtime, struct record *record, const char *id,
	       enum store_lock how, struct error *err);

/* Does another command change the container now? Does one change or use it? */
bool store_locked(const struct record *record);
bool store_used(const struct record *record);

/* Take the lock if nobody has it, for a record that was opened without, and without keeping it in
 * there: the descriptor is the caller's; -1 if it is held. */
int store_try_lock(const struct record *record);

/* The state of a container of which nothing is known, in @arena: stopped. */
struct container_state *state_blank(const char *id, struct arena *arena);

/* Read the state, undo what a killed update has left half done, and find out what the status is now.
 * ERROR_NOT_FOUND for a directory without a state: its creator is about to write it (then it is locked), or was killed before,
 * or a delete was killed when all else was gone. */
int store_load(const struct record *record, const char *id, struct arena *arena,
	       struct container_state **ret_state, struct error *err);
int store_save(const struct record *record, const struct container_state *state, struct error *err);

/* A document beside the state, such as STORE_UPDATES. Reading leaves *@value as it is where there is none; what is
 * decoded lies in @arena. Writing replaces it. */
int store_read_document(const struct record *record, const char *file, const struct schema *schema,
			struct arena *arena, void *value, struct error *err);
int store_write_document(const struct record *record, const char *file, const struct schema *schema,
			 const void *value, struct error *err);

/* Since when what changes in the root filesystem is the container's, in ns, by the clock that the kernel marks files by: the time
 * of STORE_CONFIG. A container that is restored began earlier than its record: the second sets the time back to @since, never
 * forward. */
int store_since(const struct record *record, uint64_t *ret_since, struct error *err);
int store_set_back(const struct record *record, uint64_t since, struct error *err);

/* The directory for compiled seccomp programs, beside the containers; its name can be no
 * container's. -1 if it can't be made: then they are compiled anew. */
int store_seccomp_cache(const struct record *record, const struct config *config);

/* The config that was kept, with the limits that updates have given since: its linux.resources is
 * never NULL. In an arena of its own, which must be larger than the config. */
int store_config(const struct record *record, struct arena *arena, struct config **ret_config,
		 struct error *err);

/* ERROR_REFUSED if there is a file that proa never makes: for a directory whose state doesn't tell that it is ours, before
 * anything is removed. */
int store_check_files(const struct record *record, const char *id, struct error *err);

/* Remove the directory and with it the claim. The record must be locked, STORE_REMOVING or by
 * store_claim(). */
int store_remove(struct record *record, const char *id, struct error *err);

/* Find out the status of a container whose stored state is @state. */
int status_now(const struct record *record, const struct container_state *state,
	       enum container_status *ret_status, struct error *err);

/* container_kill() for one that is loaded, without "all". */
int state_kill(const struct container_state *state, int signal, struct error *err);

/* Kill the container's init if it is alive, and wait for its death: ERROR_BUSY if that takes more than 10 s. */
int state_end_init(const struct container_state *state, struct error *err);

/* Is the container's init alive? Sets *ret_pidfd (may be NULL) to a descriptor that can be no other
 * process, whatever becomes of the number. Returns 1, 0 for a dead, a reused or a zombie pid, and -1 when it can't be
 * told (no descriptor left, EMFILE): nobody may take that for the end of a container. */
int state_init_alive(const struct container_state *state, int *ret_pidfd, struct error *err);

/* The container's init is dead: ERROR_NOT_RUNNING, in the words that containerd, CRI-O and BuildKit look for. */
int state_not_running(const struct container_state *state, struct error *err);
/* The same if it is by now, or has begun to end; else 0. */
int state_check_end(const struct container_state *state, struct error *err);
/* A command has failed with a container that was alive when it began: if a system call or a process of ours failed,
 * and state_check_end() says so, that is why, and @err becomes it. Always -1. */
int state_explain_failure(const struct container_state *state, struct error *err);

/* Open the cgroup of a container that is alive. A dead one is ERROR_NOT_RUNNING, one without a cgroup of its own
 * ERROR_UNSUPPORTED, one whose cgroup somebody else has removed ERROR_STATE. */
int state_open_cgroup(const struct container_state *state, struct error *err);

/* Open the cgroup that the state names, and tell whose it is by now. Where it is gone or there never was one *ret_fd
 * is -1. */
int state_find_cgroup(const struct container_state *state, int *ret_fd,
		      enum cgroup_owner *ret_owner, struct error *err);

/* What marks the cgroup of the container whose state directory @record is, in @arena: there is no other directory of
 * that device and number while this one is there. */
int state_cgroup_mark(const struct record *record, struct arena *arena, char **ret_mark,
		      struct error *err);

/* How many processes of it were killed for memory; 0 if the cgroup that counts them is gone. */
uint64_t state_oom_kills(const struct container_state *state);

/* Remove the directories of resctrl that create made for the container: the group before the class it is in. */
int state_remove_intel_rdt(const struct container_state *state, struct error *err);
