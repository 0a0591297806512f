/* floor BUNDLE [FILTER]
 *
 * The floor below which `run` can't get: the system calls without which the containers of this benchmark aren't isolated,
 * and nothing else. It reads no config, checks nothing, keeps no state and protects nobody: no runtime, a measure. With
 * FILTER, a file of BPF instructions, it makes the bundle `pod`, else `min`; both as contrib/bench/bench writes them. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#define MUST(call)   must((long)(call), #call)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static char rootfs[PATH_MAX], binds[PATH_MAX];
static struct sock_fprog filter;

static long must(long result, const char *what)
{
	if (result < 0) {
		fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
		_exit(1);
	}
	return result;
}

struct entry {
	const char *at, *type, *data;
	unsigned long flags;
};

/* Relative to the root filesystem, which is the working directory. */
static const struct entry both[] = {
	{ "proc", "proc", NULL, 0 },
	{ "dev", "tmpfs", "mode=755,size=65536k", MS_NOSUID | MS_STRICTATIME },
	{ "dev/pts", "devpts", "newinstance,ptmxmode=0666,mode=0620,gid=5", MS_NOSUID | MS_NOEXEC },
	{ "dev/shm", "tmpfs", "mode=1777,size=65536k", MS_NOSUID | MS_NOEXEC | MS_NODEV },
	{ "dev/mqueue", "mqueue", NULL, MS_NOSUID | MS_NOEXEC | MS_NODEV },
	{ "sys", "sysfs", NULL, MS_NOSUID | MS_NOEXEC | MS_NODEV | MS_RDONLY },
	{ "sys/fs/cgroup", "cgroup2", NULL,
	  MS_NOSUID | MS_NOEXEC | MS_NODEV | MS_RDONLY | MS_RELATIME },
};
static const struct entry pod_only[] = {
	{ "tmp", "tmpfs", "mode=1777", MS_NOSUID | MS_NODEV },
	{ "var/tmp", "tmpfs", NULL, MS_NOSUID | MS_NODEV },
};
static const char *const bound[] = { "etc/hostname", "etc/hosts", "etc/resolv.conf",
				     "run/.containerenv", "vol" };
static const char *const masked_files[] = { "/proc/kcore", "/proc/keys", "/proc/timer_list" };
static const char *const masked_dirs[] = { "/proc/acpi", "/proc/scsi", "/sys/firmware" };
static const char *const masked_dirs_of_pod[] = { "/sys/dev/block" };
static const char *const read_only[] = { "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
					 "/proc/sysrq-trigger" };

static void mount_all(const struct entry *entries, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (entries[i].at[0] == 'd' && entries[i].at[3] == '/')
			MUST(mkdir(entries[i].at, 0755));
		MUST(mount(entries[i].type, entries[i].at, entries[i].type, entries[i].flags,
			   entries[i].data));
	}
}

static void bind_all(void)
{
	for (size_t i = 0; i < COUNT(bound); i++) {
		const char *slash = strrchr(bound[i], '/');
		char source[PATH_MAX + 64];

		snprintf(source, sizeof(source), "%s/%s", binds, slash ? slash + 1 : bound[i]);
		MUST(mount(source, bound[i], NULL, MS_BIND | MS_REC, NULL));
	}
}

static void make_devices(void)
{
	static const struct {
		const char *name;
		unsigned int minor;
	} devices[] = {
		{ "null", 3 }, { "zero", 5 }, { "full", 7 }, { "random", 8 }, { "urandom", 9 }
	};
	static const char *const links[][2] = { { "/proc/self/fd", "dev/fd" },
						{ "/proc/self/fd/0", "dev/stdin" },
						{ "/proc/self/fd/1", "dev/stdout" },
						{ "/proc/self/fd/2", "dev/stderr" },
						{ "pts/ptmx", "dev/ptmx" } };
	char path[32];

	umask(0);
	for (size_t i = 0; i < COUNT(devices); i++) {
		snprintf(path, sizeof(path), "dev/%s", devices[i].name);
		MUST(mknod(path, S_IFCHR | 0666, makedev(1, devices[i].minor)));
	}
	MUST(mknod("dev/tty", S_IFCHR | 0666, makedev(5, 0)));
	for (size_t i = 0; i < COUNT(links); i++)
		MUST(symlink(links[i][0], links[i][1]));
}

static void mask_files(void)
{
	for (size_t i = 0; i < COUNT(masked_files); i++)
		mount("/dev/null", masked_files[i], NULL, MS_BIND, NULL);
}

static void mask_dirs(const char *const *dirs, size_t count)
{
	for (size_t i = 0; i < count; i++)
		mount("tmpfs", dirs[i], "tmpfs", MS_RDONLY, "size=0k");
}

static void make_read_only(void)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };

	for (size_t i = 0; i < COUNT(read_only); i++) {
		int tree = (int)syscall(SYS_open_tree, AT_FDCWD, read_only[i],
					OPEN_TREE_CLONE | O_CLOEXEC | AT_RECURSIVE);

		if (tree < 0)
			continue;
		MUST(syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr,
			     sizeof(attr)));
		MUST(syscall(SYS_move_mount, tree, "", AT_FDCWD, read_only[i],
			     MOVE_MOUNT_F_EMPTY_PATH));
		close(tree);
	}
}

static void set_sysctl(const char *path, const char *value)
{
	int fd = (int)MUST(open(path, O_WRONLY | O_CLOEXEC));

	MUST(write(fd, value, strlen(value)));
	close(fd);
}

static void build_root(void)
{
	MUST(mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL));
	MUST(mount(rootfs, rootfs, NULL, MS_BIND | MS_REC, NULL));
	MUST(chdir(rootfs));
	mount_all(both, COUNT(both));
	if (filter.len) {
		mount_all(pod_only, COUNT(pod_only));
		bind_all();
	}
	make_devices();
	MUST(syscall(SYS_pivot_root, ".", "."));
	MUST(umount2(".", MNT_DETACH));
	mask_files();
	mask_dirs(masked_dirs, COUNT(masked_dirs));
	if (filter.len) {
		mask_dirs(masked_dirs_of_pod, COUNT(masked_dirs_of_pod));
		set_sysctl("/proc/sys/net/ipv4/ping_group_range", "0 0");
	}
	make_read_only();
	if (!filter.len)
		MUST(mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
}

static void confine(uint64_t capabilities)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {
		{ .effective = (uint32_t)capabilities, .permitted = (uint32_t)capabilities },
		{ .effective = (uint32_t)(capabilities >> 32),
		  .permitted = (uint32_t)(capabilities >> 32) },
	};
	const struct rlimit files = { 1024, 1024 };

	MUST(setrlimit(RLIMIT_NOFILE, &files));
	if (filter.len)
		MUST(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter));
	else
		MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	for (int i = 0; i <= CAP_LAST_CAP; i++)
		if (!(capabilities >> i & 1))
			prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
	MUST(syscall(SYS_capset, &header, data));
}

static void be_the_container(void)
{
	static char *const argv[] = { (char *)"/bin/tt", NULL };
	static char *const env[] = { (char *)"PATH=/bin", NULL };

	MUST(setsid());
	build_root();
	MUST(sethostname("bench", 5));
	/* pod: those of Podman's default; min: AUDIT_WRITE, KILL, NET_BIND_SERVICE */
	confine(filter.len ? 0x800405fb : 0x20000420);
	MUST(execve(argv[0], argv, env));
}

/* Allow all: what costs is that a program is verified and attached at all. */
static void attach_device_program(int cgroup)
{
	const struct bpf_insn allow[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 1 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr load = { .prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
				.insns = (uintptr_t)allow,
				.insn_cnt = COUNT(allow),
				.license = (uintptr_t) "GPL" };
	union bpf_attr attach = { .target_fd = (uint32_t)cgroup,
				  .attach_type = BPF_CGROUP_DEVICE,
				  .attach_flags = BPF_F_ALLOW_MULTI };

	attach.attach_bpf_fd = (uint32_t)MUST(syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof(load)));
	MUST(syscall(SYS_bpf, BPF_PROG_ATTACH, &attach, sizeof(attach)));
	close((int)attach.attach_bpf_fd);
}

static void read_filter(const char *path)
{
	static struct sock_filter instructions[BPF_MAXINSNS];
	int fd = (int)MUST(open(path, O_RDONLY | O_CLOEXEC));
	long length = MUST(read(fd, instructions, sizeof(instructions)));

	filter = (struct sock_fprog){ (unsigned short)((size_t)length / sizeof(*instructions)),
				      instructions };
	close(fd);
}

int main(int argc, char **argv)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	char cgroup[64];
	int status;
	long pid;

	if (argc < 2)
		return 2;
	snprintf(rootfs, sizeof(rootfs), "%s/rootfs", argv[1]);
	snprintf(binds, sizeof(binds), "%s/binds", argv[1]);
	if (argc > 2)
		read_filter(argv[2]);
	snprintf(cgroup, sizeof(cgroup), "/sys/fs/cgroup/floor-%d", (int)getpid());
	MUST(mkdir(cgroup, 0755));
	args.cgroup = (uint64_t)MUST(open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	attach_device_program((int)args.cgroup);
	args.flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC |
		     CLONE_NEWCGROUP | CLONE_INTO_CGROUP;
	pid = MUST(syscall(SYS_clone3, &args, sizeof(args)));
	if (pid == 0)
		be_the_container();
	MUST(waitpid((pid_t)pid, &status, 0));
	MUST(rmdir(cgroup));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
