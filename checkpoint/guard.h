/* A container that is being restored, and may not run before somebody says so: where we are killed first, CRIU waits
 * (criu_start.holds), with all that it has made stopped in its hands. The guard, a process of ours, takes both away then: first
 * the container, which would run without a tracer. Parent. */
#pragma once

#include "base/error.h"
#include "checkpoint/criu.h"

/* For what is in @cgroup, and the CRIU with that pid. It goes by criu_kill(). */
int guard_begin(pid_t criu, int cgroup, struct criu *ret_guard, struct error *err);
