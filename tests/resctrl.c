/* resctrl COMMAND [ARG...]
 *
 * Run a command that takes /sys/fs/resctrl, whatever it is, for a resctrl filesystem, which few machines have: its type is
 * changed in what fstatfs(2) says, and it gets what the kernel would do there. A new directory has files at once (schemata,
 * tasks and mon_groups; a group for monitoring has tasks alone), and one that is removed may have them still.
 *
 * Exit status: the command's, 128+N if a signal ended it; 98 for anything else. What the command starts isn't traced. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/ptrace.h>

#define RESCTRL	 "/sys/fs/resctrl"
#define MAGIC	 0x7655821 /* RDTGROUP_SUPER_MAGIC */
#define TOO_LONG 600	   /* seconds */

/* The call that the command is in. */
static struct __ptrace_syscall_info call;

static void die(const char *what)
{
	perror(what);
	exit(98);
}

/* What a descriptor of the command leads to; empty if to nothing of resctrl. */
static void resctrl_path(pid_t pid, int fd, char *path, size_t size)
{
	char link[64];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/%d/fd/%d", (int)pid, fd);
	length = readlink(link, path, size - 1);
	path[length < 0 ? 0 : length] = '\0';
	if (strncmp(path, RESCTRL, strlen(RESCTRL)) != 0)
		path[0] = '\0';
}

/* The path of a call whose first arguments are a directory and a name below it. */
static bool named_path(pid_t pid, char *path, size_t size)
{
	char name[NAME_MAX + 64];
	struct iovec here = { name, sizeof(name) - 1 };
	struct iovec there = { (void *)call.entry.args[1], sizeof(name) - 1 };
	ssize_t got = process_vm_readv(pid, &here, 1, &there, 1, 0);
	size_t length;

	resctrl_path(pid, (int)call.entry.args[0], path, size);
	if (got < 0 || !path[0])
		return false;
	name[got] = '\0';
	length = strlen(path);
	snprintf(path + length, size - length, "/%s", name);
	return true;
}

static void make_file(const char *dir, const char *name)
{
	char path[PATH_MAX];
	int fd;

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path)) {
		errno = ENAMETOOLONG;
		die(dir);
	}
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		die(path);
	close(fd);
}

static void fill(pid_t pid)
{
	char path[PATH_MAX], groups[PATH_MAX + 16];

	if (!named_path(pid, path, sizeof(path)))
		return;
	make_file(path, "tasks");
	if (strstr(path, "/mon_groups/"))
		return;
	make_file(path, "schemata");
	snprintf(groups, sizeof(groups), "%s/mon_groups", path);
	if (mkdir(groups, 0755) < 0)
		die(groups);
}

static void empty(pid_t pid)
{
	static const char *const names[] = { "tasks", "schemata", "mon_groups" };
	char path[PATH_MAX], file[PATH_MAX + 16];

	if (!(call.entry.args[2] & AT_REMOVEDIR) || !named_path(pid, path, sizeof(path)))
		return;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(file, sizeof(file), "%s/%s", path, names[i]);
		remove(file);
	}
}

static void change_type(pid_t pid)
{
	struct statfs fs;
	struct iovec here = { &fs, sizeof(fs) }, there = { (void *)call.entry.args[1], sizeof(fs) };
	char path[PATH_MAX];

	resctrl_path(pid, (int)call.entry.args[0], path, sizeof(path));
	if (!path[0] || process_vm_readv(pid, &here, 1, &there, 1, 0) != sizeof(fs))
		return;
	fs.f_type = MAGIC;
	if (process_vm_writev(pid, &here, 1, &there, 1, 0) != sizeof(fs))
		die("write into the command");
}

static void look(pid_t pid)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) < 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
		call = info;
		if (call.entry.nr == SYS_unlinkat)
			empty(pid);
	} else if (info.op == PTRACE_SYSCALL_INFO_EXIT && !info.exit.is_error) {
		if (call.entry.nr == SYS_mkdirat)
			fill(pid);
		else if (call.entry.nr == SYS_fstatfs)
			change_type(pid);
	}
}

int main(int argc, char **argv)
{
	int status;
	pid_t pid;

	if (argc < 2)
		return 98;
	alarm(TOO_LONG);
	pid = fork();
	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		execvp(argv[1], argv + 1);
		die(argv[1]);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0 ||
	    ptrace(PTRACE_SETOPTIONS, pid, 0,
		   PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL) < 0)
		die("trace");
	for (int signal = 0;; signal = WSTOPSIG(status)) {
		if (WSTOPSIG(status) == (SIGTRAP | 0x80))
			look(pid);
		/* our own stops are no signals of the command's */
		if (signal == (SIGTRAP | 0x80) || status >> 16 || signal == SIGSTOP)
			signal = 0;
		if (ptrace(PTRACE_SYSCALL, pid, 0, signal) < 0 || waitpid(pid, &status, 0) < 0)
			die("trace");
		if (!WIFSTOPPED(status))
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	}
}
