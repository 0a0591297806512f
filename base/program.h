/* Programs of the host that proa starts: hooks, its own helpers, newuidmap, ps. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

/* Start the program @path, looked for in $PATH if it has no slash, in a child that borrows our memory until it executes
 * (CLONE_VFORK): of the config's arena none is copied. @fds[i] becomes its descriptor i, and nothing else is open in it. Its
 * signals are as a program expects them: none blocked, each with its default action. Returns 0 or an errno. Any process
 * with one thread. */
int program_spawn(const char *path, const int *fds, size_t count, char *const *argv,
		  char *const *envp, pid_t *ret_pid);
