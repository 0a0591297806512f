/* What start gives to run. Private to this room. */
#pragma once

#include "libcontainer/lifecycle/store.h"

struct started {
	pid_t pid;
	int notify; /* socket at which the container tells its readiness, -1; the caller's */
};

/* container_start() but for the wait for readiness, of the container whose directory @record is: open and not locked, neither
 * afterwards. */
int start_container(const struct runtime *runtime, struct record *record, const char *id,
		    struct started *ret_started, struct error *err);
