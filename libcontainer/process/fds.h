/* The descriptors that the program gets: 0, 1, 2 and the @preserved ones from 3 on, which the
 * caller of proa passed (--preserve-fds, LISTEN_FDS). Any other would be a way to the host
 * (CVE-2024-21626). */
#pragma once

#include "base/error.h"

/* Mark all others close-on-exec, whoever opened them, and verify those that stay: 0, 1 and 2 are no
 * directories, and none that stays is close-on-exec, for then it is one of ours that took the place
 * of one that the caller didn't pass. ERROR_REFUSED otherwise. 0, 1 or 2 may be closed. Init, after
 * its last open(2). */
int fds_verify(unsigned int preserved, struct error *err);

/* Standard streams that are the host's /dev/null become the container's own, of its root @root, if it has one: CRIU can dump
 * what is open only on mounts that the container sees. It must be that device, and no link on the way (CVE-2026-88265); else
 * they stay as they are. @procfs is the caller's, verified. Init. */
void fds_own_null(int root, int procfs);
