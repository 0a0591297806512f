#include "base/program.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define FDS_MAX	   8
#define STACK_SIZE 32768 /* execvpe(3) puts each path together on it */

/* What runs on a stack within our own: a sanitizer would take it for a misuse of ours. */
#define IN_CHILD __attribute__((no_sanitize("address")))

/* First all of them above where they go: none is lost by what is put in place before it. */
IN_CHILD static int place(const int *fds, size_t count)
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
IN_CHILD static void default_signals(void)
{
	static const unsigned long action[4]; /* the kernel's struct sigaction: SIG_DFL, no flags, no mask */
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		syscall(SYS_rt_sigaction, number, action, NULL, NSIG / 8);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

struct start {
	const char *path;
	const int *fds;
	size_t count;
	char *const *argv, *const *envp;
	int failure; /* the child's errno */
};

/* The child, in our memory. A path is executed as it is: where it isn't a program, execvpe(3) would have a shell read it. */
IN_CHILD static int become(void *context)
{
	struct start *start = context;

	if (place(start->fds, start->count) == 0) {
		default_signals();
		if (strchr(start->path, '/'))
			execve(start->path, start->argv, start->envp);
		else
			execvpe(start->path, start->argv, start->envp);
	}
	start->failure = errno;
	return 127;
}

int program_spawn(const char *path, const int *fds, size_t count, char *const *argv,
		  char *const *envp, pid_t *ret_pid)
{
	struct start start = { path, fds, count, argv, envp, 0 };
	_Alignas(16) char stack[STACK_SIZE];
	sigset_t all, before;

	if (count > FDS_MAX)
		return E2BIG;
	/* no handler of ours may run in the child, in our memory */
	memset(&all, 0xff, sizeof(all));
	sigprocmask(SIG_BLOCK, &all, &before);
	*ret_pid = clone(become, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | SIGCHLD, &start);
	if (*ret_pid < 0)
		start.failure = errno;
	else if (start.failure)
		while (waitpid(*ret_pid, NULL, 0) < 0 && errno == EINTR)
			;
	sigprocmask(SIG_SETMASK, &before, NULL);
	return start.failure;
}
