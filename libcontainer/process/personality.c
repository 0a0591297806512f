#include "libcontainer/process/personality.h"

#include <errno.h>
#include <sys/personality.h>

#include "oci/names.h"

int personality_plan(const struct config_personality *personality, struct optional_uint *ret_plan,
		     struct error *err)
{
	const struct name_value *row;

	if (!personality) {
		*ret_plan = (struct optional_uint){ .set = false };
		return 0;
	}
	row = personality->domain ? name_find(names_personalities, personality->domain) : NULL;
	if (!row)
		return error_set(err, ERROR_INVALID, "linux.personality.domain",
				 "linux.personality.domain: unknown domain \"%s\"",
				 personality->domain ?: "");
	if (personality->flags.count)
		return error_set(err, ERROR_UNSUPPORTED, "linux.personality.flags",
				 "linux.personality.flags: \"%s\" is not supported",
				 personality->flags.items[0]);
	*ret_plan = (struct optional_uint){ (uint64_t)row->value, true };
	return 0;
}

int personality_apply(const struct optional_uint *plan, struct error *err)
{
	if (plan->set && personality((unsigned long)plan->value) < 0)
		return error_errno(err, errno, "linux.personality", "set the personality to %s",
				   name_of(names_personalities, (int64_t)plan->value));
	return 0;
}
