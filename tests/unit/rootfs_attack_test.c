/* lane: vm
 *
 * Root filesystems that want out: links, loops and other things where a mount, a device or a mask
 * goes. Whatever comes of it, an error or a container, nothing is touched outside. */
#include <dirent.h>
#include <linux/fs.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "tests/unit/rootfs_fixture.h"

/* ---- what must not change ---- */

static char mounts_before[1 << 16];

static const char *host_mounts(void)
{
	return read_text("/proc/self/mountinfo");
}

static void remember_host(void)
{
	snprintf(mounts_before, sizeof(mounts_before), "%s", host_mounts());
}

static void check_host(const char *what)
{
	DIR *dir = opendir("/tmp/sentinel");
	struct dirent *entry;
	struct stat st;
	size_t count = 0;

	CHECK(dir != NULL);
	while ((entry = readdir(dir)))
		count++;
	closedir(dir);
	if (count != 3 || strcmp(read_text("/tmp/sentinel/file"), "untouched") != 0)
		harness_fail(__FILE__, __LINE__, "%s: the sentinel was touched", what);
	if (strcmp(host_mounts(), mounts_before) != 0)
		harness_fail(__FILE__, __LINE__, "%s: the host's mounts have changed", what);
	CHECK(stat("/dev/null", &st) == 0 && st.st_rdev == makedev(1, 3));
}

/* ---- every place with every trap ---- */

static const char *const places[] = {
	"/dev",		  "/dev/null", "/dev/console",	   "/dev/pts", "/dev/shm",
	"/dev/fd",	  "/dev/ptmx", "/dev/net",	   "/proc",    "/sys",
	"/sys/fs/cgroup", "/etc",      "/etc/resolv.conf", "/volume",  "/masked",
	"/readonly",	  "/run",
};

static void trap_absolute(const char *path)
{
	CHECK(symlink("/tmp/sentinel", path) == 0);
}

static void trap_file(const char *path)
{
	CHECK(symlink("/tmp/sentinel/file", path) == 0);
}

static void trap_relative(const char *path)
{
	CHECK(symlink("../../../../../../../../tmp/sentinel", path) == 0);
}

static void trap_dangling(const char *path)
{
	CHECK(symlink("/tmp/sentinel/new", path) == 0);
}

static void trap_loop(const char *path)
{
	CHECK(symlink(strrchr(path, '/') + 1, path) == 0);
}

static void trap_magic(const char *path)
{
	CHECK(symlink("/proc/self/fd/9", path) == 0); /* 9 is /tmp/sentinel */
}

static void trap_proc(const char *path)
{
	CHECK(symlink("/proc/1/root/tmp/sentinel", path) == 0);
}

static void trap_regular(const char *path)
{
	write_text(path, "");
}

static void trap_fifo(const char *path)
{
	CHECK(mkfifo(path, 0666) == 0);
}

static void trap_directory(const char *path)
{
	make_directory(path);
}

static void (*const traps[])(const char *path) = {
	trap_absolute, trap_file, trap_relative, trap_dangling, trap_loop,
	trap_magic,    trap_proc, trap_regular,	 trap_fifo,	trap_directory,
};

static void hostile_config(bool mount_dev)
{
	add_mount("/proc", "proc", "proc", "");
	if (mount_dev) {
		add_mount("/dev", "tmpfs", "tmpfs", "mode=755");
		add_mount("/dev/shm", "tmpfs", "shm", "mode=1777");
	}
	add_mount("/dev/pts", "devpts", "devpts", "newinstance,ptmxmode=0666");
	add_mount("/sys", "sysfs", "sysfs", "ro");
	add_mount("/sys/fs/cgroup", "cgroup", "cgroup", "ro");
	add_mount("/etc/resolv.conf", "bind", "/tmp/resolv.conf", "bind,ro");
	add_mount("/volume/x", "bind", "/tmp/data", "rbind");
	fixture.request.notify_dir = "/tmp/data";
	add_path(&fixture.linux_.masked_paths, "/masked");
	add_path(&fixture.linux_.readonly_paths, "/readonly");
	add_device("/dev/net/tun", "c", 10, 200);
}

static int with_console(void)
{
	int master = open("/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC), slave, unlock = 0;

	if (master < 0 || ioctl(master, TIOCSPTLCK, &unlock) < 0)
		return -1;
	slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	return slave < 0 ? -1 : rootfs_console(&fixture.rootfs, slave, &fixture.err);
}

/* 0: built; 1: refused with an error. */
static int try_build(void)
{
	pid_t pid = fork();
	int status;

	CHECK(pid >= 0);
	if (pid == 0) {
		CHECK(unshare(CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP) == 0);
		CHECK_OK(make_plan());
		if (build() == 0 && with_console() == 0)
			_exit(0);
		CHECK(fixture.err.text[0] || errno);
		_exit(1);
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void empty_root(void)
{
	CHECK(umount2(ROOT, MNT_DETACH) == 0 || errno == EINVAL);
	CHECK(mount("tmpfs", ROOT, "tmpfs", 0, "mode=755") == 0);
	make_directory(ROOT "/proc");
	make_directory(ROOT "/dev");
	make_directory(ROOT "/sys");
}

static void set_trap(void (*trap)(const char *), const char *place)
{
	char path[256], *slash;

	snprintf(path, sizeof(path), "%s%s", ROOT, place);
	rmdir(path);
	for (slash = strchr(path + strlen(ROOT) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0755);
		*slash = '/';
	}
	trap(path);
}

static void every_trap(bool mount_dev)
{
	char what[128];
	size_t built = 0, refused = 0;
	int fd;

	make_host();
	make_directory("/tmp/data");
	write_text("/tmp/resolv.conf", "");
	CHECK((fd = open("/tmp/sentinel", O_PATH)) >= 0);
	CHECK(dup2(fd, 9) == 9);
	hostile_config(mount_dev);
	for (size_t place = 0; place < array_length(places); place++) {
		for (size_t trap = 0; trap < array_length(traps); trap++) {
			snprintf(what, sizeof(what), "%s, trap %zu", places[place], trap);
			empty_root();
			set_trap(traps[trap], places[place]);
			remember_host();
			*(try_build() ? &refused : &built) += 1;
			check_host(what);
		}
	}
	CHECK(built > 40 && refused > 40); /* neither is all that happens */
}

TEST(traps_under_a_mounted_dev)
{
	every_trap(true);
}

TEST(traps_in_the_dev_of_the_image)
{
	every_trap(false);
}

/* ---- what must be refused, by name ---- */

static const char *refusal(void (*trap)(const char *), const char *place)
{
	empty_root();
	set_trap(trap, place);
	remember_host();
	failure();
	check_host(place);
	return fixture.err.text;
}

/* CVE-2019-19921, CVE-2023-27561, CVE-2025-54867, CVE-2026-41579: also if the link stays inside. */
TEST(dev_proc_and_sys_must_be_real_directories)
{
	make_host();
	add_mount("/proc", "proc", "proc", "");
	CHECK_HAS(refusal(trap_absolute, "/proc"), "a symbolic link is in the way");
	CHECK_INT(fixture.err.code, ERROR_REFUSED);
	CHECK_HAS(refusal(trap_dangling, "/proc"), "a symbolic link is in the way");
	fixture.config.mounts.count = 0;
	add_mount("/sys", "sysfs", "sysfs", "");
	CHECK_HAS(refusal(trap_relative, "/sys"), "a symbolic link is in the way");
	fixture.config.mounts.count = 0;
	add_mount("/dev", "tmpfs", "tmpfs", "");
	CHECK_HAS(refusal(trap_absolute, "/dev"), "a symbolic link is in the way");
	fixture.config.mounts.count = 0;
	CHECK_HAS(refusal(trap_absolute, "/dev"), "a symbolic link is in the way");
	/* a sysfs or procfs elsewhere, too */
	add_mount("/elsewhere", "proc", "proc", "");
	CHECK_HAS(refusal(trap_absolute, "/elsewhere"), "a symbolic link is in the way");
}

static void trap_into_proc(const char *path)
{
	CHECK(symlink("/proc", path) == 0);
}

/* CVE-2019-16884: labels are written in /proc; nothing may be put over that. */
TEST(nothing_is_mounted_into_proc)
{
	make_host();
	make_directory("/tmp/data");
	add_mount("/proc", "proc", "proc", "");
	add_mount("/innocent/self", "bind", "/tmp/data", "bind");
	CHECK_HAS(refusal(trap_into_proc, "/innocent"), "leads into a procfs");
	CHECK_INT(fixture.err.code, ERROR_REFUSED);
	fixture.config.mounts.count = 1;
	add_mount("/innocent", "tmpfs", "tmpfs", "");
	CHECK_HAS(refusal(trap_into_proc, "/innocent"), "leads into a procfs");
	fixture.config.mounts.count = 0;
	add_mount("/proc", "bind", "/tmp/data", "bind");
	CHECK_HAS(failure(), "only a procfs can be mounted on /proc");
	fixture.config.mounts.count = 0;
	add_mount("/proc", "bind", "/proc/sys", "bind");
	CHECK_HAS(failure(), "only a procfs can be mounted on /proc");
}

static void look_at_meminfo(void)
{
	CHECK_STR(read_text("/proc/meminfo"), "fake");
}

TEST(statistics_in_proc_can_be_covered)
{
	make_host();
	write_text("/tmp/meminfo", "fake");
	add_mount("/proc", "proc", "proc", "");
	add_mount("/proc/meminfo", "bind", "/tmp/meminfo", "bind");
	in_container(look_at_meminfo);
	fixture.config.mounts.count = 0;
	add_mount("/proc", "bind", "/proc", "rbind");
	add_mount("/proc/meminfo", "bind", "/tmp/meminfo", "bind");
	in_container(look_at_meminfo);
}

/* CVE-2025-31133: what masks must be the device, whoever replaced it. */
TEST(a_false_null_device_masks_nothing)
{
	make_host();
	write_text("/tmp/null", "secret of the host");
	write_text(ROOT "/masked", "");
	add_path(&fixture.linux_.masked_paths, "/masked");
	CHECK(mount("/tmp/null", "/dev/null", NULL, MS_BIND, NULL) == 0);
	CHECK_HAS(failure(), "the host's /dev/null is not the device 1:3");
	CHECK_INT(fixture.err.code, ERROR_REFUSED);
}

static void look_at_mask(void)
{
	struct stat st;

	CHECK(stat("/masked", &st) == 0);
	CHECK(S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3));
}

/* The container's own /dev/null plays no part. */
TEST(a_false_null_device_in_the_image)
{
	make_host();
	make_directory("/tmp/dev");
	CHECK(symlink("/proc/sysrq-trigger", "/tmp/dev/null") == 0);
	write_text(ROOT "/masked", "");
	add_mount("/dev", "bind", "/tmp/dev", "bind");
	add_path(&fixture.linux_.masked_paths, "/masked");
	in_container(look_at_mask);
}

/* CVE-2026-88264 */
TEST(console_follows_no_link)
{
	make_host();
	add_mount("/dev/pts", "devpts", "devpts", "newinstance,mode=600");
	make_directory(ROOT "/dev");
	CHECK(symlink("/tmp/sentinel/new", ROOT "/dev/console") == 0);
	remember_host();
	CHECK_INT(try_build(), 1);
	check_host("/dev/console");
}

/* ---- races ---- */

/* CVE-2021-30465, CVE-2024-45310: somebody who shares a volume exchanges a directory and a link all
 * the time. */
TEST(a_link_exchanged_meanwhile)
{
	pid_t pid;
	size_t built = 0;

	make_host();
	make_directory("/tmp/data");
	make_directory(ROOT "/volume");
	make_directory(ROOT "/volume/dir");
	CHECK(symlink("../../../../../../tmp/sentinel", ROOT "/volume/link") == 0);
	add_mount("/dev/pts", "devpts", "devpts", "");
	add_mount("/volume/dir", "bind", "/tmp/data", "bind");
	add_mount("/volume/dir/made/deep", "tmpfs", "tmpfs", "");
	add_mount("/volume/dir/file", "bind", "/tmp/sentinel/file", "bind");
	remember_host();
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0)
		for (;;)
			renameat2(AT_FDCWD, ROOT "/volume/dir", AT_FDCWD, ROOT "/volume/link",
				  RENAME_EXCHANGE);
	for (int i = 0; i < 300; i++)
		built += try_build() == 0;
	kill(pid, SIGKILL);
	CHECK(waitpid(pid, NULL, 0) == pid);
	CHECK(built > 0);
	check_host("exchange");
}
