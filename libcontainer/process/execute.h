/* The last call of init. */
#pragma once

#include "base/error.h"

/* execve(2); returns only on failure, always -1. A missing file or interpreter is
 * ERROR_EXEC_NOT_FOUND; one that may not or can't be executed ERROR_EXEC_DENIED. Init. */
int execute(const char *path, char **args, char **env, struct error *err);

/* Fill @err for a program, or its cwd, that can't be had because of @errnum: the code, and "WHAT: " with
 * the words that Go has for that errno, which are those that engines look for. Returns -1. */
int execute_failed(struct error *err, int errnum, const char *object, const char *what);
