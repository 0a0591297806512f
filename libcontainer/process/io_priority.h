/* process.ioPriority (config.md, "Linux Process"; ioprio_set(2)). */
#pragma once

#include "base/error.h"
#include "oci/config.h"

/* The kernel's number for class and priority in *ret_plan, unset if the config has none. An unknown
 * class or a priority outside 0 to 7 is ERROR_INVALID. Pure. */
int io_priority_plan(const struct config_io_priority *io_priority, struct optional_int *ret_plan,
		     struct error *err);

/* Set it for the caller; class RT needs CAP_SYS_NICE or CAP_SYS_ADMIN. Init. */
int io_priority_apply(const struct optional_int *plan, struct error *err);
