/* process.rlimits (config.md, "POSIX process"; prlimit(2)). */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "oci/config.h"

struct rlimits_plan {
	struct rlimit_row {
		const char *name;
		int resource;
		uint64_t soft, hard;
	} * items;
	size_t count;
};

/* An unknown or repeated type, or a soft limit above the hard one, is ERROR_INVALID. Pure. */
int rlimits_plan(const struct config_process *process, struct arena *arena,
		 struct rlimits_plan *ret_plan, struct error *err);

/* ERROR_UNSUPPORTED if RLIMIT_NOFILE leaves less than @needed descriptors. Pure. */
int rlimits_check_files(const struct rlimits_plan *plan, unsigned int needed, struct error *err);

/* Set them for the process @pid, 0 for the caller. Raising a hard limit needs CAP_SYS_RESOURCE in
 * the host's user namespace. Parent for init, or a process of exec for itself, where its ids are others than the
 * parent's and that has no right over it. */
int rlimits_apply(const struct rlimits_plan *plan, pid_t pid, struct error *err);
