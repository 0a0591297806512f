/* What CRIU has made, judged by the config. Images may come from anybody, and what they say, CRIU believes. So after it has
 * restored, and before any of the container's code runs, what is there is compared with what the config gives. It is
 * the kernel that is asked, not CRIU and not the images. Caller's process. */
#pragma once

#include "checkpoint/stage.h"

struct verify {
	const struct stage *stage;
	pid_t criu;	 /* in whose mount namespace the stage is */
	pid_t container; /* the first process */
	const struct config *config;
	const char *cgroup;	       /* of the container; NULL */
	const struct strings *enabled; /* --enable-fs */
	struct arena *arena;
};

/* In each mount namespace of the container each mount must be the root or a part of it, what the stage has for that
 * place (and as read-only as that), or a filesystem of its own (mount_is_own()). ERROR_REFUSED. */
int verify_mounts(const struct verify *verify, struct error *err);
