/* What a restore is judged by, once its mounts are read. Private to verify.c and verify_paths.c. */
#pragma once

#include "checkpoint/verify.h"

struct judgement {
	const struct verify *verify;
	struct mounts_judge judge;
	struct mountinfo_list staged;  /* the mounts that CRIU sees */
	const struct mount_info *root; /* the staged one */
	bool readonly;		       /* as the config wants it */
};

/* What the stage has for that mountpoint, NULL. */
const struct mount_info *judgement_staged(const struct judgement *judgement,
					  const char *mountpoint);

/* Is all there that the config mounts, masks and makes read-only, each as restricted as it says? @list has the mounts of the
 * container, @root is its root directory. Not asked of a container that may mount. ERROR_REFUSED. */
int verify_paths(const struct judgement *judgement, const struct mountinfo_list *list, int root,
		 struct error *err);
