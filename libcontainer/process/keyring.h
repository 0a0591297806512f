/* A session keyring for the container, so that its processes don't share that of proa's caller
 * (session-keyring(7)). */
#pragma once

#include "base/error.h"

/* Join the session keyring "_ses.ID", made if missing, and let processes with its owner's id search
 * it, so that exec can join it too; where another user has made it, one that nobody else can join.
 * A kernel or an outer sandbox without keyrings is tolerated. Init, in its user namespace and before
 * seccomp; skipped for --no-new-keyring. */
int keyring_join(const char *id, struct error *err);
