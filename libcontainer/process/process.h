/* process (config.md, "Process"): what the container's program is and how it runs. The plan holds
 * copies of everything, none of it points into the config. Each property has a file of its own with
 * a function that acts on it; their headers say in which process and in which order. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "libcontainer/process/affinity.h"
#include "libcontainer/process/environment.h"
#include "libcontainer/process/memory_policy.h"
#include "libcontainer/process/rlimits.h"
#include "libcontainer/process/scheduler.h"
#include "libcontainer/process/user.h"
#include "oci/config.h"

struct process_plan {
	char **args; /* NULL-terminated, at least one */
	struct environment env;
	char *cwd;
	struct user_plan user;
	bool terminal;
	unsigned short height, width; /* of the terminal; 0: leave it */
	struct rlimits_plan rlimits;
	struct optional_int oom_score_adj;
	struct scheduler_plan *scheduler; /* NULL: none */
	struct optional_int io_priority;
	struct affinity_plan affinity;
	struct memory_policy_plan *memory_policy; /* NULL: none */
	struct optional_uint personality;
	bool no_new_privs;
};

/* Plan @process. @linux_ is for linux.memoryPolicy and linux.personality; NULL: none of them.
 * @extra_env is added to the environment; NULL: nothing. Labels and capabilities are in the room
 * security/. Pure. */
int process_plan(const struct config_process *process, const struct config_linux *linux_,
		 const struct strings *extra_env, struct arena *arena,
		 struct process_plan **ret_plan, struct error *err);

/* prctl(PR_SET_NO_NEW_PRIVS) if planned. Init, after labels_apply(), before the last seccomp. */
int process_no_new_privs(const struct process_plan *plan, struct error *err);
