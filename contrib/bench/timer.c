/* timer FILE LABEL CMD [ARG...] [--then CMD [ARG...]]...
 *
 * Run the commands one after the other and append a line to FILE: LABEL, wall time and CPU time (user and system) in
 * microseconds, the largest resident set of one of them in KiB. The time is that of all, and of all processes that they
 * leave to us: we are their subreaper, and wait until none is left. Their output goes nowhere.
 * Exit status: 0, or 1 if one of the commands failed. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void die(const char *what)
{
	fprintf(stderr, "timer: %s: %s\n", what, strerror(errno));
	exit(1);
}

static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static long long cpu_of_children(void)
{
	struct rusage usage;

	getrusage(RUSAGE_CHILDREN, &usage);
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000LL +
	       usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

static pid_t start(char **argv)
{
	/* what the child has of our memory is shared until it executes, and no cost of the command's */
	pid_t pid = vfork();

	if (pid < 0)
		die("vfork");
	if (pid == 0) {
		execv(argv[0], argv);
		_exit(127);
	}
	return pid;
}

/* Returns whether it succeeded. */
static int run(char **argv, long *peak)
{
	struct rusage usage;
	pid_t pid = start(argv);
	int status;

	if (wait4(pid, &status, 0, &usage) != pid)
		die("wait4");
	if (usage.ru_maxrss > *peak)
		*peak = usage.ru_maxrss;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* The next command's arguments, ended with NULL; *at goes on behind them. */
static char **next_command(char ***at)
{
	char **first = *at, **last = first;

	while (*last && strcmp(*last, "--then") != 0)
		last++;
	*at = *last ? last + 1 : last;
	*last = NULL;
	return first;
}

int main(int argc, char **argv)
{
	char **at = argv + 3;
	long long begin;
	long peak = 0;
	int file, null;

	if (argc < 4)
		return 1;
	file = open(argv[1], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (file < 0 || null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 ||
	    prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		die(argv[1]);
	begin = now();
	while (*at)
		if (!run(next_command(&at), &peak))
			return 1;
	while (waitpid(-1, NULL, __WALL) > 0 || errno == EINTR)
		;
	dprintf(file, "%s\t%lld\t%lld\t%ld\n", argv[2], now() - begin, cpu_of_children(), peak);
	return 0;
}
