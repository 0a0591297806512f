/* The last call of init. */
#pragma once

#include "base/error.h"

/* execve(2); returns only on failure, always -1. A missing file or interpreter is
 * ERROR_EXEC_NOT_FOUND; one that may not or can't be executed ERROR_EXEC_DENIED. */
int execute(const char *path, char **args, char **env, struct error *err);
