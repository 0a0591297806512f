#include "base/program.h"

#include <signal.h>
#include <string.h>

int program_spawn(const char *path, posix_spawn_file_actions_t *actions, int last_fd,
		  char *const *argv, char *const *envp, pid_t *ret_pid)
{
	posix_spawnattr_t attributes;
	sigset_t all, none;
	int failure;

	/* sigfillset(3) would leave out two of the C library's own, which are then ignored */
	memset(&all, 0xff, sizeof(all));
	sigemptyset(&none);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawn_file_actions_addclosefrom_np(actions, last_fd + 1);
	failure = posix_spawn(ret_pid, path, actions, &attributes, argv, envp);
	posix_spawn_file_actions_destroy(actions);
	posix_spawnattr_destroy(&attributes);
	return failure;
}
