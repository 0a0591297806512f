/* The template of `proa spec`: a config.json that runs sh in BUNDLE/rootfs. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/text.h"

struct spec_request {
	bool rootless; /* for a caller without privileges: in a user namespace, nothing limited */
	uid_t uid;     /* the caller's, who becomes root in that namespace */
	gid_t gid;
};

/* The config, indented. Any process. */
int spec_encode(const struct spec_request *request, struct buffer *buffer, struct error *err);
