/* process.capabilities (config.md, "Linux Process"; capabilities(7)). A set is a bit per
 * capability, bit N for the capability with the number N.
 *
 * The order in init: capabilities_keep() and capabilities_drop_bounding() before the ids change
 * (dropping needs CAP_SETPCAP, which a change of ids takes away), capabilities_apply() after it. A
 * seccomp filter without no_new_privs needs CAP_SYS_ADMIN and so goes before capabilities_apply().
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "oci/config.h"

struct capabilities_plan {
	uint64_t bounding, effective, inheritable, permitted, ambient;
};

/* The number of a capability ("CAP_KILL", as config.json writes it). -1 without an error if there
 * is none of that name. */
int capability_parse(const char *name, int *ret_number);

/* The sets of @capabilities. NULL, an absent object, is no capability at all, as in runc: also for
 * uid 0. Unknown names are skipped (the reader of the config has warned). Pure. */
void capabilities_plan(const struct config_capabilities *capabilities,
		       struct capabilities_plan *ret_plan);

/* exec --cap: add @names to the bounding, effective and permitted sets, and to the ambient one only
 * if the plan has inheritable capabilities. The inheritable set itself is never filled
 * (CVE-2022-29162, CVE-2022-27650). An unknown name is ERROR_INVALID. Pure. */
int capabilities_add(struct capabilities_plan *plan, const struct strings *names,
		     struct error *err);

/* What of the plan the calling process can't hand on, for it doesn't have it itself, as names with
 * spaces between, in @arena; NULL if that is nothing. For a warning of the parent; init just goes
 * without. Whoever enters a user namespace has all capabilities there, so don't ask then. Parent. */
int capabilities_missing(const struct capabilities_plan *plan, struct arena *arena,
			 char **ret_names, struct error *err);

/* Keep the permitted set while the ids change; execve(2) forgets it. Init, before the ids change.
 */
int capabilities_keep(struct error *err);

/* Drop all that isn't planned from the bounding set. Init, before the ids change. */
int capabilities_drop_bounding(const struct capabilities_plan *plan, struct error *err);

/* Is @number effective? 1, 0, or -1. Any process. */
int capabilities_have(int number, struct error *err);

/* Set the permitted, effective, inheritable and ambient sets; what the process doesn't have itself
 * stays away without a word. Init, after the ids have changed. */
int capabilities_apply(const struct capabilities_plan *plan, struct error *err);

/* Both of these at once, where the ids stay: the bounding set, too, or an execve(2) as root would give all back. Any
 * process. */
int capabilities_reduce(const struct capabilities_plan *plan, struct error *err);
