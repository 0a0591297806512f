#include "tests/probe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

const char *probe_errno_name(int errnum)
{
	const char *name = errnum ? strerrorname_np(errnum) : "ok";
	return name ? name : "E?";
}

/* ---- try: one call, its errno printed ---- */

/* Each returns a descriptor to close, 0 or a negative number with errno set. */
static long try_read(char **argv)
{
	char byte;
	int fd = open(argv[0], O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	return fd < 0 || read(fd, &byte, 1) >= 0 ? fd : -1;
}

static long try_open(char **argv)
{
	return open(argv[0], O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

static long try_open_write(char **argv)
{
	return open(argv[0], O_WRONLY | O_CLOEXEC | O_NONBLOCK);
}

static long try_write(char **argv)
{
	int fd = open(argv[0], O_WRONLY | O_CLOEXEC | O_NONBLOCK);
	return fd < 0 || write(fd, argv[1], strlen(argv[1])) >= 0 ? fd : -1;
}

static long try_create(char **argv)
{
	return open(argv[0], O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
}

static long try_mkdir(char **argv)
{
	return mkdir(argv[0], 0777);
}

/* mknod PATH c|b|p MAJOR MINOR */
static long try_mknod(char **argv)
{
	mode_t type = argv[1][0] == 'c' ? S_IFCHR : argv[1][0] == 'b' ? S_IFBLK : S_IFIFO;
	return mknod(argv[0], type | 0666, makedev(atoi(argv[2]), atoi(argv[3])));
}

static long try_chdir(char **argv)
{
	return chdir(argv[0]);
}

static long try_chown(char **argv)
{
	return chown(argv[0], atoi(argv[1]), atoi(argv[2]));
}

static long try_kill(char **argv)
{
	return kill(atoi(argv[0]), atoi(argv[1]));
}

static long try_mount(char **argv)
{
	return mount(argv[1], argv[2], argv[0], 0, NULL);
}

static long try_remount_rw(char **argv)
{
	return mount(NULL, argv[0], NULL, MS_REMOUNT | MS_BIND, NULL);
}

static long try_umount(char **argv)
{
	return umount2(argv[0], MNT_DETACH);
}

static long try_setuid(char **argv)
{
	return setuid(atoi(argv[0]));
}

static long try_sethostname(char **argv)
{
	return sethostname(argv[0], strlen(argv[0]));
}

static long try_exec(char **argv)
{
	return execv(argv[0], argv);
}

/* Whether the filter lets a call through: with arguments that the kernel itself refuses. */
static const struct call {
	const char *name;
	long number;
} calls[] = {
	{ "getcwd", SYS_getcwd },
	{ "fchmodat", SYS_fchmodat },
	{ "clone3", SYS_clone3 },
	{ "openat2", SYS_openat2 },
	{ "unshare", SYS_unshare },
	{ "keyctl", SYS_keyctl },
	{ "ptrace", SYS_ptrace },
	{ "uname", SYS_uname },
	{ "getpid", SYS_getpid },
	{ "personality", SYS_personality },
	{ "socket", SYS_socket },
	{ "mkdirat", SYS_mkdirat },
	{ "sched_yield", SYS_sched_yield },
	{ "getppid", SYS_getppid },
	{ "dup3", SYS_dup3 },
	{ "statx", SYS_statx },
	{ "bpf", SYS_bpf },
	{ "setns", SYS_setns },
	{ "mount", SYS_mount },
	{ "io_uring_setup", SYS_io_uring_setup },
};

static long try_syscall(char **argv)
{
	long args[6] = { -1, -1, -1, -1, -1, -1 }, number = -1;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (strcmp(argv[0], calls[i].name) == 0)
			number = calls[i].number;
	if (number < 0)
		number = strtol(argv[0], NULL, 0);
	for (int i = 0; i < 6 && argv[i + 1]; i++)
		args[i] = (long)strtoull(argv[i + 1], NULL, 0);
	return syscall(number, args[0], args[1], args[2], args[3], args[4], args[5]);
}

/* getpid(2) by the ABI of 32-bit programs, which is another architecture for a filter. */
static long try_abi32(char **argv)
{
	long result = -ENOSYS;

	(void)argv;
#ifdef __x86_64__
	__asm__ volatile("int $0x80" : "=a"(result) : "a"(20) : "memory", "r8", "r9", "r10", "r11");
#endif
	errno = (int)-result;
	return result < 0 ? -1 : result;
}

static const struct attempt {
	const char *name;
	int arguments;
	long (*run)(char **argv);
	int returns_fd;
} attempts[] = {
	{ "read", 1, try_read, 1 },
	{ "open", 1, try_open, 1 },
	{ "open-write", 1, try_open_write, 1 },
	{ "write", 2, try_write, 1 },
	{ "create", 1, try_create, 1 },
	{ "mkdir", 1, try_mkdir, 0 },
	{ "mknod", 4, try_mknod, 0 },
	{ "chdir", 1, try_chdir, 0 },
	{ "chown", 3, try_chown, 0 },
	{ "kill", 2, try_kill, 0 },
	{ "mount", 3, try_mount, 0 },
	{ "remount-rw", 1, try_remount_rw, 0 },
	{ "umount", 1, try_umount, 0 },
	{ "setuid", 1, try_setuid, 0 },
	{ "exec", 1, try_exec, 0 },
	{ "sethostname", 1, try_sethostname, 0 },
	{ "syscall", 1, try_syscall, 0 },
	{ "abi32", 0, try_abi32, 0 },
};

/* try NAME ARG... [, NAME ARG...]...: a line for each, in their order. */
static int try_one(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
		const struct attempt *a = &attempts[i];
		if (strcmp(argv[0], a->name) != 0 || argc <= a->arguments)
			continue;
		long result = a->run(argv + 1);
		printf("%s\n", probe_errno_name(result < 0 ? errno : 0));
		if (result >= 0 && a->returns_fd)
			close((int)result);
		return 0;
	}
	return -1;
}

static int action_try(int argc, char **argv)
{
	int from = 0;
	for (int i = 0; i <= argc; i++) {
		if (i < argc && strcmp(argv[i], ",") != 0)
			continue;
		argv[i] = NULL;
		if (i == from || try_one(i - from, argv + from) < 0)
			return -1;
		from = i + 1;
	}
	return 0;
}

/* ---- the others ---- */

static int action_exit(int argc, char **argv)
{
	return argc == 1 ? atoi(argv[0]) : -1;
}

/* kill N: ends itself by a signal. The first process of a pid namespace ignores its own signals:
 * there only `crash` works, which the kernel forces. */
static int action_kill(int argc, char **argv)
{
	if (argc != 1)
		return -1;
	raise(atoi(argv[0]));
	return 99;
}

/* SIGILL. */
static int action_crash(int argc, char **argv)
{
	(void)argc, (void)argv;
	__builtin_trap();
}

static void leave(int signal)
{
	(void)signal;
	_exit(0);
}

/* Until SIGTERM: then exit 0. */
static int action_wait(int argc, char **argv)
{
	(void)argv;
	if (argc > 0)
		return -1;
	signal(SIGTERM, leave);
	puts("waiting");
	for (;;)
		pause();
	return 0;
}

/* fork N: N children that wait; how many came to be. */
static int action_fork(int argc, char **argv)
{
	if (argc != 1)
		return -1;
	int made = 0, wanted = atoi(argv[0]);
	for (; made < wanted; made++) {
		pid_t pid = fork();
		if (pid == 0)
			for (;;)
				pause();
		if (pid < 0)
			break;
	}
	printf("forked %d %s\n", made, probe_errno_name(made < wanted ? errno : 0));
	return action_wait(0, NULL);
}

/* hold MIB: touch so much memory, then wait. */
static int action_hold(int argc, char **argv)
{
	if (argc != 1)
		return -1;
	size_t size = (size_t)atol(argv[0]) << 20;
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED) {
		printf("hold %s\n", probe_errno_name(errno));
		return 1;
	}
	for (size_t i = 0; i < size; i += 4096)
		memory[i] = 1;
	puts("held");
	return action_wait(0, NULL);
}

static int open_kind(const char *kind, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct sockaddr_in port = { .sin_family = AF_INET,
				    .sin_port = htons((uint16_t)atoi(path)) };
	char parameters[256] = { 0 };
	int fd;

	if (strcmp(kind, "io_uring") == 0)
		return (int)syscall(SYS_io_uring_setup, 4, parameters);
	if (strcmp(kind, "inotify") == 0) {
		fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
		return fd < 0 || inotify_add_watch(fd, path, IN_MODIFY) < 0 ? -1 : fd;
	}
	if (strcmp(kind, "lock") == 0) {
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		return fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0 ? -1 : fd;
	}
	if (strcmp(kind, "listen") == 0) {
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		return fd < 0 || bind(fd, (struct sockaddr *)&port, sizeof(port)) < 0 ||
			       listen(fd, 4) < 0
			   ? -1
			   : fd;
	}
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	return fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ? -1 : fd;
}

/* open io_uring | inotify PATH | listen PORT | lock PATH | socket PATH: such a thing; then send a message to it again and
 * again, which only the socket takes, and tell of an event, which only inotify has. */
static int action_open(int argc, char **argv)
{
	int fd;

	if (argc < 1)
		return -1;
	fd = open_kind(argv[0], argc > 1 ? argv[1] : "");
	if (fd < 0) {
		printf("open %s\n", probe_errno_name(errno));
		return 1;
	}
	puts("opened");
	for (int i = 0;; i++) {
		char text[16], event[sizeof(struct inotify_event) + NAME_MAX + 1];

		snprintf(text, sizeof(text), "%d", i);
		(void)send(fd, text, strlen(text), MSG_NOSIGNAL);
		if (strcmp(argv[0], "inotify") == 0 && read(fd, event, sizeof(event)) > 0)
			puts("event");
		usleep(100000);
	}
}

/* grow MIB: touch memory, a MiB at a time, and tell each; then exit 0. */
static int action_grow(int argc, char **argv)
{
	if (argc != 1)
		return -1;
	for (int i = 1; i <= atoi(argv[0]); i++) {
		char *memory =
		    mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (memory == MAP_FAILED)
			return 1;
		for (size_t byte = 0; byte < 1 << 20; byte += 4096)
			memory[byte] = 1;
		printf("%d\n", i);
		fflush(stdout);
	}
	return 0;
}

static volatile sig_atomic_t seen[65];

static void note(int signal)
{
	seen[signal] = 1;
}

/* signals [COUNT]: "ready", then "signal N" for each that comes; TERM ends it, after it was named.
 * WINCH also tells the terminal's size through facts of its own: `probe facts tty` is for that. */
static int action_signals(int argc, char **argv)
{
	(void)argv;
	sigset_t all, old;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	for (int i = 1; i <= 64; i++)
		signal(i, note);
	puts(argc ? argv[0] : "ready");
	for (;;) {
		sigsuspend(&old);
		for (int i = 1; i <= 64; i++) {
			if (!seen[i])
				continue;
			seen[i] = 0;
			printf("signal %d\n", i);
			if (i == SIGTERM)
				return 0;
		}
	}
}

/* notify MESSAGE: to the socket of sd_notify(3). */
static int action_notify(int argc, char **argv)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	if (argc != 1 || !path || strlen(path) >= sizeof(address.sun_path))
		return -1;
	memcpy(address.sun_path, path, strlen(path) + 1);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ssize_t n =
	    sendto(fd, argv[0], strlen(argv[0]), 0, (struct sockaddr *)&address, sizeof(address));
	printf("%s\n", probe_errno_name(n < 0 ? errno : 0));
	return n < 0;
}

/* cat FD: what can be read from a descriptor that was passed on. */
static int action_cat(int argc, char **argv)
{
	char buffer[4096];
	ssize_t n;
	if (argc != 1)
		return -1;
	while ((n = read(atoi(argv[0]), buffer, sizeof(buffer))) > 0)
		fwrite(buffer, 1, (size_t)n, stdout);
	if (n < 0)
		printf("%s\n", probe_errno_name(errno));
	return n < 0;
}

/* Print @target unless it was printed before. */
static void print_once(const char *target)
{
	static char printed[64][256];
	static size_t count;
	for (size_t i = 0; i < count; i++)
		if (strcmp(printed[i], target) == 0)
			return;
	printf("saw %s\n", target);
	if (count < 64)
		snprintf(printed[count++], sizeof(printed[0]), "%s", target);
}

/* spy: the executable of each process that it can look into, as often as it can. */
static int action_spy(int argc, char **argv)
{
	(void)argv;
	puts("spying");
	while (argc == 0) {
		DIR *dir = opendir("/proc");
		struct dirent *entry;
		while (dir && (entry = readdir(dir))) {
			char path[PATH_MAX], target[256];
			snprintf(path, sizeof(path), "/proc/%s/exe", entry->d_name);
			ssize_t n = readlink(path, target, sizeof(target) - 1);
			if (n <= 0 || entry->d_name[0] < '0' || entry->d_name[0] > '9')
				continue;
			target[n] = '\0';
			print_once(target);
		}
		if (dir)
			closedir(dir);
	}
	return -1;
}

static const struct action {
	const char *name;
	int (*run)(int argc, char **argv);
} actions[] = {
	{ "try", action_try },	       { "exit", action_exit },
	{ "kill", action_kill },       { "wait", action_wait },
	{ "fork", action_fork },       { "hold", action_hold },
	{ "signals", action_signals }, { "notify", action_notify },
	{ "cat", action_cat },	       { "crash", action_crash },
	{ "spy", action_spy },	       { "grow", action_grow },
	{ "open", action_open },       { "overwrite", probe_overwrite },
	{ "search", probe_search },    { "watch", probe_watch },
};

int probe_action(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (strcmp(actions[i].name, argv[0]) == 0)
			return actions[i].run(argc - 1, argv + 1);
	return -1;
}
