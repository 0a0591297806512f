#include "base/program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define FDS_MAX 8

/* First all of them above where they go: none is lost by what is put in place before it. */
static int place(const int *fds, size_t count)
{
	int above[FDS_MAX];

	for (size_t i = 0; i < count; i++) {
		above[i] = fcntl(fds[i], F_DUPFD, (int)count);
		if (above[i] < 0)
			return -1;
	}
	for (size_t i = 0; i < count; i++)
		if (dup2(above[i], (int)i) < 0)
			return -1;
	return close_range((unsigned int)count, ~0u, 0);
}

/* Not by sigaction(3): it refuses two, which the C library keeps for itself, and which a caller may ignore. */
static void default_signals(void)
{
	static const unsigned long action[4]; /* the kernel's struct sigaction: SIG_DFL, no flags, no mask */
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		syscall(SYS_rt_sigaction, number, action, NULL, NSIG / 8);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

int program_spawn(const char *path, const int *fds, size_t count, char *const *argv,
		  char *const *envp, pid_t *ret_pid)
{
	volatile int failure = 0;
	sigset_t all, before;
	pid_t pid;

	if (count > FDS_MAX)
		return E2BIG;
	/* no handler of ours may run in the child, in our memory */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	pid = vfork();
	if (pid == 0) {
		if (place(fds, count) == 0) {
			default_signals();
			execvpe(path, argv, envp);
		}
		failure = errno;
		_exit(127);
	}
	if (pid < 0)
		failure = errno;
	else if (failure)
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	sigprocmask(SIG_SETMASK, &before, NULL);
	*ret_pid = pid;
	return failure;
}
