#include "src/pattern.h"

#include <regex.h>
#include <string.h>

#include "src/log.h"

static int compile(const char *pattern, regex_t *regex, struct error *err)
{
	int code = regcomp(regex, pattern, REG_EXTENDED | REG_NOSUB);
	char reason[128];

	/* C libraries don't agree on what they mean, and containers are deleted by it */
	for (const char *at = strchr(pattern, '\\'); code == 0 && at; at = strchr(at + 2, '\\')) {
		if (at[1] < '1' || at[1] > '9')
			continue;
		regfree(regex);
		return error_set(err, ERROR_USAGE, pattern,
				 "regular expression \"%s\": extended ones have no references like \\%c",
				 pattern, at[1]);
	}
	if (code == 0)
		return 0;
	regerror(code, regex, reason, sizeof(reason));
	return error_set(err, ERROR_USAGE, pattern, "regular expression \"%s\": %s", pattern,
			 reason);
}

static int each(struct invocation *invocation, const regex_t *regex, container_act *act,
		void *context, struct error *err)
{
	struct strings ids;
	int result = 0;

	if (container_ids(&invocation->runtime, &invocation->arena, &ids, err) < 0)
		return -1;
	for (size_t i = 0; i < ids.count; i++) {
		struct error failure = ERROR_INIT;

		if ((regex && regexec(regex, ids.items[i], 0, NULL, 0) != 0) ||
		    act(invocation, ids.items[i], context, &failure) == 0)
			continue;
		error_prefix(&failure, "container %s", ids.items[i]);
		if (result < 0)
			log_warning(failure.text);
		else
			*err = failure;
		result = -1;
	}
	return result;
}

int pattern_each(struct invocation *invocation, const char *pattern, container_act *act,
		 void *context, struct error *err)
{
	regex_t regex;
	int result;

	if (!pattern)
		return each(invocation, NULL, act, context, err);
	if (compile(pattern, &regex, err) < 0)
		return -1;
	result = each(invocation, &regex, act, context, err);
	regfree(&regex);
	return result;
}
