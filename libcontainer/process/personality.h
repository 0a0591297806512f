/* linux.personality (config-linux.md, "Personality"; personality(2)). */
#pragma once

#include "base/error.h"
#include "oci/config.h"

/* *ret_plan is unset if the config has none. An unknown domain is ERROR_INVALID; the spec defines
 * no flag yet, so any flag is ERROR_UNSUPPORTED. Pure. */
int personality_plan(const struct config_personality *personality, struct optional_uint *ret_plan,
		     struct error *err);

/* Set it for the caller; the program inherits it. Init, before seccomp. */
int personality_apply(const struct optional_uint *plan, struct error *err);
