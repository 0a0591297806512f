/* What this proa is. */
#pragma once

#include <stdbool.h>

#include "base/text.h"

/* The commit that was built, followed by "-dirty" where the tree had changes; "unknown" where
 * neither git nor the tarball told. */
extern const char proa_commit[];

/* What a build of proa may have or lack, ended by a NULL name. */
struct version_part {
	const char *name;	/* as crun tells it: "+SECCOMP -SYSTEMD" */
	const char *annotation; /* that says in `features` whether it is there; NULL */
	bool present;
};
extern const struct version_part version_parts[];

/* "2.5.4" */
const char *version_of_libseccomp(char text[static 32]);

/* What `proa --version` prints. go-runc and Podman read it: "proa version X" (whatever argv[0] is),
 * "commit: …", "spec: …", then what is built in, as crun tells it. */
void version_text(struct buffer *text);
