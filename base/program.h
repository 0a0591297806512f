/* Programs of the host that proa starts: hooks and its own helpers. */
#pragma once

#include <spawn.h>
#include <sys/types.h>

/* Start the program @path by posix_spawn(3), which needs no copy of our memory: of the config's arena no
 * child inherits one. @actions puts its descriptors in place, those above @last_fd are closed, and its
 * signals are as a program expects them: none blocked, each with its default action. @actions is
 * destroyed. Returns 0 or an errno. */
int program_spawn(const char *path, posix_spawn_file_actions_t *actions, int last_fd,
		  char *const *argv, char *const *envp, pid_t *ret_pid);
