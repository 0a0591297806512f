/* What this proa is. */
#pragma once

#include "base/text.h"

/* The commit that was built, followed by "-dirty" where the tree had changes; "unknown" where
 * neither git nor the tarball told. */
extern const char proa_commit[];

/* What `proa --version` prints. go-runc and Podman read it: "proa version X" (whatever argv[0] is),
 * "commit: …", "spec: …", then what is built in, as crun tells it. */
void version_text(struct buffer *text);
