/* All files of a cgroup at once, as libcgroup reads them. Only the helper proa-cgroup (src/proa_cgroup.c) knows that
 * library; docs/resources.md says what it is good for and what not. */
#pragma once

#include "base/error.h"
#include "base/text.h"

/* Add FILE:LINE for each line of each file of a controller in the cgroup @path. The helper lies beside the binary
 * @executable, or where it is installed. ERROR_UNSUPPORTED where there is none, ERROR_BUSY when it doesn't
 * answer in 10 s. Caller's process. */
int cgroup_snapshot(const char *executable, const char *path, struct buffer *text,
		    struct error *err);
