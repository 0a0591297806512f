/* process.args[0] (config.md, "Process"): which file to execute. The texts of the errors are those
 * of Go's os/exec, since Docker, Podman and others read them. */
#pragma once

#include <limits.h>

#include "base/error.h"
#include "libcontainer/process/environment.h"

/* A name with a slash is taken as it is, relative to the cwd; any other is looked for in the
 * directories of PATH in @environment. ERROR_EXEC_NOT_FOUND or ERROR_EXEC_DENIED. Access is judged
 * with the caller's effective ids and capabilities. Init, after pivot_root and with its cwd
 * entered: before CREATED for an early answer, and again as the user. */
int executable_find(const char *name, const struct environment *environment,
		    char ret_path[PATH_MAX], struct error *err);
