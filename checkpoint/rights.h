/* What the restored processes may do, judged by the config. It is the kernel that is asked (proc_pid_status(5)): what the
 * images say of it, CRIU believes. A process may have less than the config gives, for it may have given it up. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "checkpoint/verify.h"
#include "libcontainer/namespace/namespace.h"

/* The most that the config gives. */
struct rights {
	uint64_t capabilities;		  /* of all sets together: what a program can come to */
	bool no_new_privileges, filtered; /* every process has to be so */
};

/* Pure. */
struct rights rights_of(const struct config *config);

/* Does a process with this /proc/PID/status have no more? ERROR_REFUSED. Pure. */
int rights_check(const struct rights *rights, const char *status, struct error *err);

/* Are two id maps, texts as in /proc/PID/uid_map, the same in any order? Pure. */
bool rights_same_map(const char *map, const char *other);

/* Is each restored thread in namespaces and a cgroup of the container's? Once CRIU has made all, ERROR_REFUSED. */
int verify_namespaces(const struct verify *verify, const struct namespace_plan *plan,
		      struct error *err);

/* Has each restored thread no more rights than the config gives? Once CRIU has given them all, ERROR_REFUSED. CRIU doesn't
 * care for what is said at that moment: so when it fails, all that is restored is killed. */
int verify_rights(const struct verify *verify, struct error *err);
