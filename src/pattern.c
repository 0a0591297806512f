#include "src/pattern.h"

#include <regex.h>

#include "src/log.h"

static int compile(const char *pattern, regex_t *regex, struct error *err)
{
	int code = regcomp(regex, pattern, REG_EXTENDED | REG_NOSUB);
	char reason[128];

	if (code == 0)
		return 0;
	regerror(code, regex, reason, sizeof(reason));
	return error_set(err, ERROR_USAGE, pattern, "regular expression \"%s\": %s", pattern,
			 reason);
}

int pattern_each(struct invocation *invocation, const char *pattern,
		 int (*act)(struct invocation *invocation, const char *id, struct error *err),
		 struct error *err)
{
	struct container_list list;
	int result = 0;
	regex_t regex;

	if (compile(pattern, &regex, err) < 0)
		return -1;
	if (container_list(&invocation->runtime, &invocation->arena, &list, err) < 0) {
		regfree(&regex);
		return -1;
	}
	for (size_t i = 0; i < list.count; i++) {
		struct error failure = ERROR_INIT;

		if (regexec(&regex, list.items[i]->id, 0, NULL, 0) != 0 ||
		    act(invocation, list.items[i]->id, &failure) == 0)
			continue;
		error_prefix(&failure, "container %s", list.items[i]->id);
		if (result < 0)
			log_warning(failure.text);
		else
			*err = failure;
		result = -1;
	}
	regfree(&regex);
	return result;
}
