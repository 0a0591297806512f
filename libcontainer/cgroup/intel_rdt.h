/* linux.intelRdt (config-linux.md, IntelRdt; the kernel's resctrl documentation): cache and memory bandwidth, given to a class
 * of service (a directory of the resctrl filesystem), and groups by which their use is monitored. Without linux.intelRdt
 * nothing of this is touched. Parent. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "oci/config.h"

/* The directories that we made, below the root of resctrl, and delete has to remove; NULL: none. */
struct intel_rdt_made {
	char *clos;
	char *monitoring;
};

/* The root of the mounted resctrl filesystem. ERROR_UNSUPPORTED if there is none. */
int intel_rdt_open(struct error *err);

/* What intel_rdt_join() will make, to be noted before: who is killed in between leaves no directory that nobody knows of.
 * Also sees what is wrong with @config. Reads only. */
int intel_rdt_plan(int root, const struct config_intel_rdt *config, const char *id,
		   struct arena *arena, struct intel_rdt_made *ret_made, struct error *err);

/* Put process @pid into the class that @config asks for (closID, or @id where there is none), made if need be, its schemata
 * written or, where it is there already, compared; and with enableMonitoring into a monitoring group named @id. What was made
 * before a failure is removed again. @root is resctrl's. */
int intel_rdt_join(int root, const struct config_intel_rdt *config, const char *id, pid_t pid,
		   struct arena *arena, struct intel_rdt_made *ret_made, struct error *err);

/* Put another process @pid into the class, or the group, in which the container @id is. @root is resctrl's. */
int intel_rdt_follow(int root, const struct config_intel_rdt *config, const char *id, pid_t pid,
		     struct error *err);

/* Remove a directory that intel_rdt_join() made; a missing one, or a missing resctrl, is fine. */
int intel_rdt_remove(const char *made, struct error *err);
