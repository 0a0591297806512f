/* What updates have changed of the limits since create, in the state directory: for every file of the
 * cgroup that was written the text that it has, as linux.resources.unified; the device rules; the
 * OOM score of processes to come. The config as it was at create together with this is what the
 * container has now. Caller's process. */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "libcontainer/cgroup/transaction.h"
#include "libcontainer/lifecycle/store.h"
#include "oci/config.h"

struct updates {
	uint64_t version;
	struct config_resources resources; /* nothing but unified and devices */
	struct optional_int oom_score_adj;
};

/* Read it; no file is no changes. */
int updates_load(const struct record *record, struct arena *arena, struct updates *ret_updates,
		 struct error *err);
int updates_save(const struct record *record, const struct updates *updates, struct error *err);

/* Put @text in as what @file says. Pure. */
void updates_set(struct updates *updates, const char *file, const char *text, struct arena *arena);

/* Put it over a config. Pure. */
void updates_apply(const struct updates *updates, struct arena *arena, struct config *config);
