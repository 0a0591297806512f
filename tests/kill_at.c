/* kill_at [-c] PROCESS PHASE N COMMAND [ARG...]
 * kill_at [-c] syscall N COMMAND [ARG...]
 * kill_at -s PROCESS PHASE N COMMAND [ARG...]
 *
 * Run a command that traces its phases (proa --trace), and kill it with SIGKILL at a named one: just before the N-th
 * line of that process and phase is written. The process killed is the one that would write it; with -c it is the
 * command itself, whoever writes. Or kill the command before its N-th system call. With -s the process is only stopped,
 * its pid printed, and all others go on.
 *
 * Exit status: the command's, 128+N if a signal ended it; 99 if it ended without having come so far; 98 for anything
 * else. What else the command has started goes on undisturbed once the command has ended. */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/ptrace.h>

#define TOO_LONG 60 /* seconds */

static struct {
	const char *process, *phase; /* NULL: any system call */
	long nth;
	bool command_only, stop;
	pid_t command;
	bool killed;
} target;

static void die(const char *what)
{
	perror(what);
	exit(98);
}

/* Is it {"phase":"PHASE",…,"process":"PROCESS",…}? */
static bool is_target_line(const char *line)
{
	char begin[128], middle[128];

	snprintf(begin, sizeof(begin), "{\"phase\":\"%s\",", target.phase);
	snprintf(middle, sizeof(middle), ",\"process\":\"%s\",", target.process);
	return strncmp(line, begin, strlen(begin)) == 0 && strstr(line, middle);
}

static bool writes_target_line(pid_t pid, const struct __ptrace_syscall_info *info)
{
	char line[512];
	size_t length = info->entry.args[2] < sizeof(line) ? info->entry.args[2] : sizeof(line) - 1;
	struct iovec here = { line, length }, there = { (void *)info->entry.args[1], length };
	ssize_t got;

	if (info->entry.nr != SYS_write)
		return false;
	got = process_vm_readv(pid, &here, 1, &there, 1, 0);
	if (got < 0)
		return false;
	line[got] = '\0';
	return is_target_line(line);
}

static bool reached(pid_t pid)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) < 0 ||
	    info.op != PTRACE_SYSCALL_INFO_ENTRY)
		return false;
	if (target.phase ? !writes_target_line(pid, &info) : pid != target.command)
		return false;
	return --target.nth == 0;
}

static void strike(pid_t pid)
{
	target.killed = true;
	if (!target.stop) {
		kill(pid, SIGKILL);
		return;
	}
	kill(pid, SIGSTOP);
	printf("%d\n", pid);
	/* whom we leave goes on */
	exit(0);
}

/* Let a process that has stopped go on, up to its next system call. */
static void go_on(pid_t pid, int status)
{
	int signal = WSTOPSIG(status), event = status >> 16;

	if (signal == (SIGTRAP | 0x80)) {
		signal = 0;
		if (!target.killed && reached(pid))
			strike(target.command_only ? target.command : pid);
	} else if (event) {
		signal = 0;
	}
	/* one that was killed meanwhile is gone */
	ptrace(PTRACE_SYSCALL, pid, 0, signal);
}

/* Until the command ends: its exit status. */
static int watch(void)
{
	for (;;) {
		int status;
		pid_t pid = waitpid(-1, &status, __WALL);

		if (pid < 0 && errno != EINTR)
			die("waitpid");
		if (pid > 0 && WIFSTOPPED(status))
			go_on(pid, status);
		else if (pid == target.command)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	}
}

static pid_t start(char **argv)
{
	int gate[2];
	pid_t pid;

	if (pipe(gate) < 0)
		die("pipe");
	pid = fork();
	if (pid == 0) {
		close(gate[1]);
		if (read(gate[0], &(char){ 0 }, 1) != 0)
			_exit(98);
		close(gate[0]);
		execvp(argv[0], argv);
		die(argv[0]);
	}
	if (pid < 0 || ptrace(PTRACE_SEIZE, pid, 0,
			      PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
				  PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC) < 0)
		die("trace");
	ptrace(PTRACE_INTERRUPT, pid, 0, 0);
	close(gate[1]);
	close(gate[0]);
	return pid;
}

int main(int argc, char **argv)
{
	int status;

	argv++;
	if (argc > 1 && argv[0][0] == '-') {
		target.command_only = argv[0][1] == 'c';
		target.stop = argv[0][1] == 's';
		argv++;
		argc--;
	}
	if (argc < 4)
		return 98;
	if (strcmp(argv[0], "syscall") != 0) {
		target.process = argv[0];
		target.phase = argv[1];
		argv++;
	}
	target.nth = atol(argv[1]);
	if (target.nth < 1 || !argv[2])
		return 98;
	alarm(TOO_LONG);
	target.command = start(argv + 2);
	status = watch();
	return target.killed ? status : 99;
}
