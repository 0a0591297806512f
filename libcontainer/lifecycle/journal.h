/* The journal of an update, in the state directory from before its first write until it is done. Who
 * finds one whose writer is dead undoes the update: it says what everything was before. The update
 * is done when the journal is gone; taking it away is what can't be half done. A signal to all processes
 * has one, too: it changes nothing, but freezes. Caller's process. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "libcontainer/cgroup/transaction.h"
#include "libcontainer/lifecycle/container_door.h"
#include "libcontainer/lifecycle/store.h"

/* Room for one, in address space. */
#define JOURNAL_ARENA_SIZE (32u << 20)

struct journal {
	uint64_t version;
	struct transaction transaction;
	bool devices;  /* the device program is replaced */
	bool told;     /* systemd may know the new values */
	char *updates; /* what updates.json said; NULL: there was none */
};

/* As JSON, one line, and back. Pure. */
int journal_encode(const struct journal *journal, struct buffer *text, struct error *err);
int journal_decode(const char *bytes, size_t length, struct arena *arena,
		   struct journal **ret_journal, struct error *err);

/* Take in what updates.json says now, before it is written the first time. */
int journal_remember_updates(const struct record *record, struct journal *journal,
			     struct arena *arena, struct error *err);

/* Write or replace it. Remove it, and with it the possibility to undo. */
int journal_save(const struct record *record, const struct journal *journal, struct error *err);
int journal_remove(const struct record *record, struct error *err);

/* Put everything back, then remove the journal; where something can't be put back it stays. @journal may be written anew
 * meanwhile. Kills nothing: see transaction_undo(). */
int journal_undo(const struct record *record, const struct container_state *state,
		 struct journal *journal, struct error *err);

/* If there is a journal, and nobody else is at work on the container, undo. With @memory_may_stay a memory.max that
 * can't be put back is no failure: the caller is about to write another. */
int journal_settle(const struct record *record, const struct container_state *state,
		   bool memory_may_stay, struct error *err);

/* Has an update or a signal to all, under way or killed, frozen the container? */
bool journal_freezes(const struct record *record);
