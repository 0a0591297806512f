#include "tests/probe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

/* ---- who ---- */

static void fact_uid(void)
{
	uid_t real, effective, saved;
	getresuid(&real, &effective, &saved);
	printf("uid %u %u %u %u\n", real, effective, saved, (uid_t)setfsuid(-1));
}

static void fact_gid(void)
{
	gid_t real, effective, saved;
	getresgid(&real, &effective, &saved);
	printf("gid %u %u %u %u\n", real, effective, saved, (gid_t)setfsgid(-1));
}

static void fact_groups(void)
{
	gid_t groups[1024];
	int n = getgroups(1024, groups);
	printf("groups");
	for (int i = 0; i < n; i++)
		printf(" %u", groups[i]);
	printf("\n");
}

static void fact_umask(void)
{
	mode_t mask = umask(0);
	umask(mask);
	printf("umask %04o\n", mask);
}

static void fact_pid(void)
{
	printf("pid %d\nppid %d\npgid %d\nsid %d\n", getpid(), getppid(), getpgrp(), getsid(0));
}

static const char *const capability_names[] = {
	"CHOWN",
	"DAC_OVERRIDE",
	"DAC_READ_SEARCH",
	"FOWNER",
	"FSETID",
	"KILL",
	"SETGID",
	"SETUID",
	"SETPCAP",
	"LINUX_IMMUTABLE",
	"NET_BIND_SERVICE",
	"NET_BROADCAST",
	"NET_ADMIN",
	"NET_RAW",
	"IPC_LOCK",
	"IPC_OWNER",
	"SYS_MODULE",
	"SYS_RAWIO",
	"SYS_CHROOT",
	"SYS_PTRACE",
	"SYS_PACCT",
	"SYS_ADMIN",
	"SYS_BOOT",
	"SYS_NICE",
	"SYS_RESOURCE",
	"SYS_TIME",
	"SYS_TTY_CONFIG",
	"MKNOD",
	"LEASE",
	"AUDIT_WRITE",
	"AUDIT_CONTROL",
	"SETFCAP",
	"MAC_OVERRIDE",
	"MAC_ADMIN",
	"SYSLOG",
	"WAKE_ALARM",
	"BLOCK_SUSPEND",
	"AUDIT_READ",
	"PERFMON",
	"BPF",
	"CHECKPOINT_RESTORE",
};

/* "cap.NAME CHOWN KILL…", in the order of the kernel's numbers. */
static void print_capabilities(const char *set, uint64_t bits)
{
	printf("cap.%s", set);
	for (int i = 0; i < 64; i++) {
		if (!(bits >> i & 1))
			continue;
		if (i < (int)(sizeof(capability_names) / sizeof(capability_names[0])))
			printf(" %s", capability_names[i]);
		else
			printf(" %d", i);
	}
	printf("\n");
}

/* capget(2) and prctl(2) and not /proc, which a test may have taken away. */
static void fact_caps(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };
	uint64_t bounding = 0, ambient = 0;
	syscall(SYS_capget, &header, data);
	for (unsigned long i = 0; i < 64; i++) {
		if (prctl(PR_CAPBSET_READ, i, 0, 0, 0) == 1)
			bounding |= UINT64_C(1) << i;
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, i, 0, 0) == 1)
			ambient |= UINT64_C(1) << i;
	}
	print_capabilities("bnd", bounding);
	print_capabilities("eff", data[0].effective | (uint64_t)data[1].effective << 32);
	print_capabilities("prm", data[0].permitted | (uint64_t)data[1].permitted << 32);
	print_capabilities("inh", data[0].inheritable | (uint64_t)data[1].inheritable << 32);
	print_capabilities("amb", ambient);
}

/* Lines of /proc/self/status that no call tells. */
static void print_status(const char *key, const char *name)
{
	char line[256];
	size_t length = strlen(key);
	FILE *file = fopen("/proc/self/status", "re");
	if (!file)
		return;
	while (fgets(line, sizeof(line), file))
		if (strncmp(line, key, length) == 0 && line[length] == ':')
			printf("%s %s", name, line + length + 1 + strspn(line + length + 1, "\t "));
	fclose(file);
}

static void fact_privileges(void)
{
	printf("securebits %d\n", prctl(PR_GET_SECUREBITS));
	printf("no_new_privs %d\n", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	printf("dumpable %d\n", prctl(PR_GET_DUMPABLE));
	printf("keepcaps %d\n", prctl(PR_GET_KEEPCAPS));
	print_status("Seccomp", "seccomp");
	print_status("Seccomp_filters", "seccomp_filters");
}

/* ---- what it was given ---- */

static void fact_env(void)
{
	for (char **entry = environ; *entry; entry++)
		printf("env %s\n", *entry);
}

static int saved_argc;
static char **saved_argv;

static void fact_args(void)
{
	for (int i = 0; i < saved_argc; i++)
		printf("arg %s\n", saved_argv[i]);
}

static void fact_cwd(void)
{
	char buffer[PATH_MAX];
	/* The system call says "(unreachable)…" where the C library would invent an error. */
	long n = syscall(SYS_getcwd, buffer, sizeof(buffer));
	printf("cwd %s\n", n > 0 ? buffer : probe_errno_name(errno));
}

static void print_fd(int fd)
{
	char path[64], target[PATH_MAX];
	int fd_flags = fcntl(fd, F_GETFD), flags = fcntl(fd, F_GETFL);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ssize_t n = readlink(path, target, sizeof(target) - 1);
	target[n < 0 ? 0 : n] = '\0';
	static const char *const modes[] = { "r", "w", "rw", "?" };
	printf("fd %d %s%s%s %s\n", fd, modes[flags & O_ACCMODE], flags & O_PATH ? ",path" : "",
	       fd_flags & FD_CLOEXEC ? ",cloexec" : "", n < 0 ? "?" : target);
}

/* By trying every number and not from /proc, which would need a descriptor itself. */
static void fact_fds(void)
{
	for (int fd = 0; fd < 4096; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			print_fd(fd);
}

static void fact_tty(void)
{
	struct winsize size;
	struct stat st;
	for (int fd = 0; fd < 3; fd++) {
		if (!isatty(fd) || fstat(fd, &st) < 0 || ioctl(fd, TIOCGWINSZ, &size) < 0)
			continue;
		printf("tty %d %u:%u %o %u:%u %ux%u\n", fd, major(st.st_rdev), minor(st.st_rdev),
		       st.st_mode & 07777, st.st_uid, st.st_gid, size.ws_row, size.ws_col);
	}
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
	printf("ctty %s\n", probe_errno_name(fd < 0 ? errno : 0));
	if (fd >= 0)
		close(fd);
}

static void fact_signals(void)
{
	sigset_t mask;
	sigprocmask(SIG_SETMASK, NULL, &mask);
	printf("blocked");
	for (int i = 1; i <= SIGRTMAX; i++)
		if (sigismember(&mask, i) == 1)
			printf(" %d", i);
	printf("\nignored");
	for (int i = 1; i <= SIGRTMAX; i++) {
		struct sigaction action;
		if (sigaction(i, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
			printf(" %d", i);
	}
	int signal = 0;
	prctl(PR_GET_PDEATHSIG, &signal);
	printf("\npdeathsig %d\n", signal);
}

/* ---- where it is ---- */

static void fact_ns(void)
{
	static const char *const names[] = { "mnt", "pid", "net",    "user",
					     "uts", "ipc", "cgroup", "time" };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char path[64], target[64];
		snprintf(path, sizeof(path), "/proc/self/ns/%s", names[i]);
		ssize_t n = readlink(path, target, sizeof(target) - 1);
		target[n < 0 ? 0 : n] = '\0';
		const char *inode = strchr(target, '[');
		printf("ns.%s %ld\n", names[i], inode ? atol(inode + 1) : 0L);
	}
}

static void print_file(const char *name, const char *path)
{
	char line[8192];
	FILE *file = fopen(path, "re");
	if (!file) {
		printf("%s %s\n", name, probe_errno_name(errno));
		return;
	}
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		printf("%s %s\n", name, line);
	}
	fclose(file);
}

static void fact_mounts(void)
{
	print_file("mount", "/proc/self/mountinfo");
}

static void fact_cgroup(void)
{
	print_file("cgroup", "/proc/self/cgroup");
}

static void fact_maps(void)
{
	print_file("uid_map", "/proc/self/uid_map");
	print_file("gid_map", "/proc/self/gid_map");
	print_file("setgroups", "/proc/self/setgroups");
}

static void fact_uts(void)
{
	struct utsname name;
	uname(&name);
	printf("hostname %s\ndomainname %s\nmachine %s\n", name.nodename, name.domainname,
	       name.machine);
}

static void fact_processes(void)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] >= '0' && entry->d_name[0] <= '9')
			printf("process %s\n", entry->d_name);
	if (dir)
		closedir(dir);
}

static void print_device(const char *path)
{
	struct stat st;
	char target[PATH_MAX];
	if (lstat(path, &st) < 0)
		return;
	if (S_ISLNK(st.st_mode)) {
		ssize_t n = readlink(path, target, sizeof(target) - 1);
		target[n < 0 ? 0 : n] = '\0';
		printf("dev %s l %s\n", path, target);
		return;
	}
	const char *type = S_ISCHR(st.st_mode)	  ? "c"
			   : S_ISBLK(st.st_mode)  ? "b"
			   : S_ISFIFO(st.st_mode) ? "p"
			   : S_ISDIR(st.st_mode)  ? "d"
						  : "f";
	printf("dev %s %s %u:%u %04o %u:%u\n", path, type, major(st.st_rdev), minor(st.st_rdev),
	       st.st_mode & 07777, st.st_uid, st.st_gid);
}

static void fact_devices(void)
{
	DIR *dir = opendir("/dev");
	struct dirent *entry;
	while (dir && (entry = readdir(dir))) {
		char path[PATH_MAX];
		snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			print_device(path);
	}
	if (dir)
		closedir(dir);
}

/* ---- what limits it ---- */

static void fact_rlimits(void)
{
	static const char *const names[RLIM_NLIMITS] = {
		[RLIMIT_AS] = "AS",
		[RLIMIT_CORE] = "CORE",
		[RLIMIT_CPU] = "CPU",
		[RLIMIT_DATA] = "DATA",
		[RLIMIT_FSIZE] = "FSIZE",
		[RLIMIT_LOCKS] = "LOCKS",
		[RLIMIT_MEMLOCK] = "MEMLOCK",
		[RLIMIT_MSGQUEUE] = "MSGQUEUE",
		[RLIMIT_NICE] = "NICE",
		[RLIMIT_NOFILE] = "NOFILE",
		[RLIMIT_NPROC] = "NPROC",
		[RLIMIT_RSS] = "RSS",
		[RLIMIT_RTPRIO] = "RTPRIO",
		[RLIMIT_RTTIME] = "RTTIME",
		[RLIMIT_SIGPENDING] = "SIGPENDING",
		[RLIMIT_STACK] = "STACK",
	};
	for (int i = 0; i < (int)RLIM_NLIMITS; i++) {
		struct rlimit limit;
		if (names[i] && getrlimit(i, &limit) == 0)
			printf("rlimit.%s %" PRIdMAX " %" PRIdMAX "\n", names[i],
			       (intmax_t)limit.rlim_cur, (intmax_t)limit.rlim_max);
	}
}

/* What of sched_setattr(2) the older calls don't tell, and the policy for memory: sched_attr FLAGS RUNTIME DEADLINE PERIOD;
 * memory_policy MODE NODES. */
static void print_attributes(void)
{
	struct {
		uint32_t size, policy;
		uint64_t flags;
		int32_t nice;
		uint32_t priority;
		uint64_t runtime, deadline, period;
	} attr = { 0 };
	unsigned long nodes[64] = { 0 };
	int mode = 0;

	if (syscall(SYS_sched_getattr, 0, &attr, sizeof(attr), 0) == 0)
		printf("sched_attr %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", attr.flags,
		       attr.runtime, attr.deadline, attr.period);
	if (syscall(SYS_get_mempolicy, &mode, nodes, sizeof(nodes) * 8, NULL, 0) == 0)
		printf("memory_policy %d %lu\n", mode, nodes[0]);
}

static void fact_scheduler(void)
{
	struct sched_param param = { 0 };
	int policy = sched_getscheduler(0);
	sched_getparam(0, &param);
	printf("scheduler %d %d\n", policy, param.sched_priority);
	printf("nice %d\n", getpriority(PRIO_PROCESS, 0));
	long ioprio = syscall(SYS_ioprio_get, 1, 0);
	printf("ioprio %ld %ld\n", ioprio >> 13, ioprio & 0x1fff);
	print_status("Cpus_allowed_list", "affinity");
	print_file("oom_score_adj", "/proc/self/oom_score_adj");
	printf("personality %d\n", personality(0xffffffff));
	print_attributes();
}

static void fact_keyring(void)
{
	char description[256] = "";
	long n = syscall(SYS_keyctl, 6 /* KEYCTL_DESCRIBE */, -3 /* session */, description,
			 sizeof(description) - 1);
	printf("keyring %s\n", n < 0 ? probe_errno_name(errno) : description);
}

static void fact_clocks(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	printf("clock.monotonic %" PRIdMAX "\n", (intmax_t)now.tv_sec);
	clock_gettime(CLOCK_BOOTTIME, &now);
	printf("clock.boottime %" PRIdMAX "\n", (intmax_t)now.tv_sec);
	print_file("timens_offsets", "/proc/self/timens_offsets");
}

static const struct fact {
	const char *name;
	void (*print)(void);
} facts[] = {
	{ "uid", fact_uid },
	{ "gid", fact_gid },
	{ "groups", fact_groups },
	{ "umask", fact_umask },
	{ "pid", fact_pid },
	{ "caps", fact_caps },
	{ "privileges", fact_privileges },
	{ "env", fact_env },
	{ "args", fact_args },
	{ "cwd", fact_cwd },
	{ "fds", fact_fds },
	{ "tty", fact_tty },
	{ "signals", fact_signals },
	{ "ns", fact_ns },
	{ "mounts", fact_mounts },
	{ "cgroup", fact_cgroup },
	{ "maps", fact_maps },
	{ "uts", fact_uts },
	{ "processes", fact_processes },
	{ "devices", fact_devices },
	{ "rlimits", fact_rlimits },
	{ "scheduler", fact_scheduler },
	{ "keyring", fact_keyring },
	{ "clocks", fact_clocks },
};

/* A sysctl by its name, a device node or a file by its path. */
static int print_other(const char *name)
{
	if (name[0] == '/') {
		print_device(name);
		return 0;
	}
	if (!strchr(name, '.'))
		return -1;
	char path[PATH_MAX];
	snprintf(path, sizeof(path), "/proc/sys/%s", name);
	for (char *c = path; *c; c++)
		if (*c == '.')
			*c = '/';
	print_file(name, path);
	return 0;
}

static int print_fact(const char *name)
{
	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
		if (strcmp(facts[i].name, name) == 0) {
			facts[i].print();
			return 0;
		}
	}
	return print_other(name);
}

int probe_facts(int argc, char **argv)
{
	saved_argc = argc;
	saved_argv = argv;
	for (size_t i = 0; argc == 0 && i < sizeof(facts) / sizeof(facts[0]); i++)
		facts[i].print();
	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "--") == 0)
			break; /* what follows are arguments for the fact "args" to show */
		if (print_fact(argv[i]) < 0) {
			fprintf(stderr, "probe: no fact \"%s\"\n", argv[i]);
			return 99;
		}
	}
	return 0;
}
