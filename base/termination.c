#include "base/termination.h"

#include <stddef.h>

#include "base/cleanup.h"

static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

void termination_hold(sigset_t *ret_before)
{
	sigset_t held;

	sigemptyset(&held);
	for (size_t i = 0; i < array_length(signals); i++)
		sigaddset(&held, signals[i]);
	sigprocmask(SIG_BLOCK, &held, ret_before);
}

void termination_release(const sigset_t *before)
{
	sigprocmask(SIG_SETMASK, before, NULL);
}

bool termination_waits(void)
{
	sigset_t pending;

	if (sigpending(&pending) < 0)
		return false;
	for (size_t i = 0; i < array_length(signals); i++)
		if (sigismember(&pending, signals[i]) == 1)
			return true;
	return false;
}
