/* lane: vm
 *
 * Containers' file trees, built for real and looked at from inside. */
#include <sys/ioctl.h>
#include <termios.h>

#include "base/cleanup.h"
#include "tests/unit/rootfs_fixture.h"

/* As `proa spec` has it. */
static void standard_config(void)
{
	static const char *const masked[] = { "/proc/keys", "/proc/nosuch", "/proc/timer_list",
					      "/sys/firmware", "/proc/acpi" };
	static const char *const readonly[] = { "/proc/sys", "/proc/bus", "/proc/nosuch" };

	add_mount("/proc", "proc", "proc", "nosuid,noexec,nodev");
	add_mount("/dev", "tmpfs", "tmpfs", "nosuid,strictatime,mode=755,size=65536k");
	add_mount("/dev/pts", "devpts", "devpts",
		  "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5");
	add_mount("/dev/shm", "tmpfs", "shm", "nosuid,noexec,nodev,mode=1777,size=65536k");
	add_mount("/dev/mqueue", "mqueue", "mqueue", "nosuid,noexec,nodev");
	add_mount("/sys", "sysfs", "sysfs", "nosuid,noexec,nodev,ro");
	add_mount("/sys/fs/cgroup", "cgroup", "cgroup", "nosuid,noexec,nodev,relatime,ro");
	for (size_t i = 0; i < array_length(masked); i++)
		add_path(&fixture.linux_.masked_paths, masked[i]);
	for (size_t i = 0; i < array_length(readonly); i++)
		add_path(&fixture.linux_.readonly_paths, readonly[i]);
	fixture.root.readonly = (struct optional_bool){ true, true };
}

static void check_device(const char *path, unsigned int major_, unsigned int minor_, mode_t mode)
{
	struct stat st;

	CHECK(lstat(path, &st) == 0);
	CHECK(S_ISCHR(st.st_mode));
	CHECK_INT(st.st_mode & 07777, mode);
	CHECK(st.st_rdev == makedev(major_, minor_));
}

static void check_link(const char *path, const char *want)
{
	char target[256] = "";

	CHECK(readlink(path, target, sizeof(target) - 1) > 0);
	CHECK_STR(target, want);
}

static void look_at_standard(void)
{
	struct stat st;
	char cwd[64];

	CHECK_STR(getcwd(cwd, sizeof(cwd)), "/");
	CHECK_STR(options_at("/"), ",ro,relatime,");
	CHECK_STR(options_at("/proc"), ",rw,nosuid,nodev,noexec,relatime,");
	CHECK_STR(options_at("/dev"), ",rw,nosuid,");
	CHECK_HAS(mount_at("/dev"), "tmpfs tmpfs rw,size=65536k,mode=755");
	CHECK_HAS(mount_at("/dev/pts"), "devpts devpts rw,gid=5,mode=620,ptmxmode=666");
	CHECK_STR(options_at("/dev/shm"), ",rw,nosuid,nodev,noexec,relatime,");
	CHECK(stat("/dev/shm", &st) == 0);
	CHECK_INT(st.st_mode & 07777, 01777);
	CHECK_STR(options_at("/sys"), ",ro,nosuid,nodev,noexec,relatime,");
	CHECK_HAS(mount_at("/sys/fs/cgroup"), "cgroup2 cgroup rw");
	CHECK_STR(options_at("/sys/fs/cgroup"), ",ro,nosuid,nodev,noexec,relatime,");

	check_device("/dev/null", 1, 3, 0666);
	check_device("/dev/tty", 5, 0, 0666);
	check_link("/dev/stdout", "/proc/self/fd/1");
	check_link("/dev/fd", "/proc/self/fd");
	check_link("/dev/ptmx", "pts/ptmx");
	if (access("/proc/kcore", F_OK) == 0)
		check_link("/dev/core", "/proc/kcore");

	CHECK_STR(read_text("/proc/keys"), "");
	CHECK_STR(read_text("/proc/timer_list"), "");
	CHECK_HAS(options_at("/proc/sys"), ",ro,");
	CHECK(open("/proc/sys/kernel/hostname", O_WRONLY | O_CLOEXEC) < 0 && errno == EROFS);
	if (stat("/sys/firmware", &st) == 0) {
		CHECK_HAS(mount_at("/sys/firmware"), "tmpfs");
		CHECK_HAS(options_at("/sys/firmware"), ",ro,");
		CHECK_INT(st.st_nlink, 2);
	}
	CHECK(mkdir("/x", 0755) < 0 && errno == EROFS);
	CHECK(access("/tmp/sentinel", F_OK) < 0);
	CHECK_INT(umask(0), 022);
}

TEST(a_standard_container)
{
	/* spec: runtime-linux.md#dev-symbolic-links dev-links */
	/* spec: config-linux.md#default-devices devices-default */
	make_host();
	standard_config();
	in_container(look_at_standard);
	check_sentinel();
}

/* ---- every option ---- */

static const struct {
	const char *option, *has, *lacks;
} option_facts[] = {
	{ "ro", ",ro,", ",rw," },
	{ "ro,rw", ",rw,", ",ro," },
	{ "nosuid", ",nosuid,", NULL },
	{ "nosuid,suid", NULL, ",nosuid," },
	{ "nodev", ",nodev,", NULL },
	{ "nodev,dev", NULL, ",nodev," },
	{ "noexec", ",noexec,", NULL },
	{ "noexec,exec", NULL, ",noexec," },
	{ "nosymfollow", ",nosymfollow,", NULL },
	{ "nosymfollow,symfollow", NULL, ",nosymfollow," },
	{ "noatime", ",noatime,", ",relatime," },
	{ "noatime,atime", ",relatime,", ",noatime," },
	{ "noatime,relatime", ",relatime,", ",noatime," },
	{ "noatime,norelatime", ",relatime,", ",noatime," },
	{ "strictatime", NULL, "atime" },
	{ "strictatime,nostrictatime", ",relatime,", NULL },
	{ "nodiratime", ",nodiratime,", NULL },
	{ "nodiratime,diratime", NULL, ",nodiratime," },
	{ "defaults", ",rw,", NULL },
};

static void check_options(const char *path, size_t i)
{
	if (option_facts[i].has)
		CHECK_HAS(options_at(path), option_facts[i].has);
	if (option_facts[i].lacks)
		CHECK_LACKS(options_at(path), option_facts[i].lacks);
}

static void look_at_options(void)
{
	char path[32];

	for (size_t i = 0; i < array_length(option_facts); i++) {
		snprintf(path, sizeof(path), "/m%zu", i);
		check_options(path, i);
	}
}

static void all_options(const char *type, const char *source, const char *more)
{
	char path[32], options[64];

	for (size_t i = 0; i < array_length(option_facts); i++) {
		snprintf(path, sizeof(path), "/m%zu", i);
		snprintf(options, sizeof(options), "%s%s", more, option_facts[i].option);
		add_mount(path, type, source, options);
	}
}

TEST(options_of_binds)
{
	make_host();
	make_directory("/tmp/source");
	CHECK(mount("tmpfs", "/tmp/source", "tmpfs", 0, NULL) == 0);
	all_options("bind", "/tmp/source", "bind,");
	in_container(look_at_options);
}

TEST(options_of_a_tmpfs)
{
	make_host();
	all_options("tmpfs", "tmpfs", "");
	in_container(look_at_options);
}

/* The source has the opposite of everything; what isn't named stays. */
static void look_at_restricted(void)
{
	CHECK_STR(options_at("/a"), ",ro,relatime,");
	CHECK_STR(options_at("/b"), ",ro,nosuid,nodev,noexec,noatime,nodiratime,");
	CHECK_STR(options_at("/c"), ",ro,nosuid,nodev,noexec,nodiratime,");
	CHECK_STR(options_at("/d"), ",ro,relatime,");
	CHECK_STR(options_at("/e"), ",rw,nosuid,nodev,noexec,noatime,nodiratime,");
}

TEST(options_of_binds_of_a_restricted_source)
{
	make_host();
	make_directory("/tmp/source");
	CHECK(mount("tmpfs", "/tmp/source", "tmpfs", 0, NULL) == 0);
	CHECK(mount(NULL, "/tmp/source", NULL,
		    MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC |
			MS_NOATIME | MS_NODIRATIME,
		    NULL) == 0);
	add_mount("/a", "bind", "/tmp/source", "bind,suid,dev,exec,atime,diratime");
	add_mount("/b", "bind", "/tmp/source", "bind,ro");
	add_mount("/c", "bind", "/tmp/source", "bind,strictatime");
	add_mount("/d", "bind", "/tmp/source", "rbind,rsuid,rdev,rexec,rrelatime,rdiratime");
	add_mount("/e", "bind", "/tmp/source", "bind,rw");
	in_container(look_at_restricted);
}

static void look_at_recursive(void)
{
	CHECK_HAS(options_at("/r"), ",ro,");
	CHECK_STR(options_at("/r/sub"), ",ro,nosuid,nodev,noexec,noatime,");
	CHECK_STR(options_at("/n"), ",ro,relatime,");
	CHECK_STR(options_at("/n/sub"), ",rw,relatime,");
	CHECK(mount_at("/one/sub") == NULL);
}

TEST(recursive_options)
{
	make_host();
	make_directory("/tmp/source");
	CHECK(mount("tmpfs", "/tmp/source", "tmpfs", 0, NULL) == 0);
	make_directory("/tmp/source/sub");
	CHECK(mount("tmpfs", "/tmp/source/sub", "tmpfs", 0, NULL) == 0);
	add_mount("/r", "bind", "/tmp/source", "rbind,rro,rnosuid,rnodev,rnoexec,rnoatime");
	add_mount("/n", "bind", "/tmp/source", "rbind,ro");
	add_mount("/one", "bind", "/tmp/source", "bind");
	in_container(look_at_recursive);
}

static void look_at_superblocks(void)
{
	CHECK_HAS(mount_at("/sync"), "tmpfs rw,sync");
	CHECK_HAS(mount_at("/dirsync"), ",dirsync");
	CHECK_HAS(mount_at("/lazytime"), ",lazytime");
	CHECK_LACKS(mount_at("/async"), "rw,sync");
	CHECK_LACKS(mount_at("/nolazytime"), ",lazytime");
	CHECK_STR(options_at("/iversion"), ",rw,nosuid,noatime,");
	CHECK_HAS(mount_at("/iversion"), "tmpfs name rw,size=64k");
	CHECK_HAS(options_at("/silent"), ",ro,");
	CHECK_HAS(mount_at("/silent"), "size=64k,mode=700");
	CHECK(mount_at("/loud") && mount_at("/noiversion"));
	/* nothing of how they were made is left */
	CHECK(mount_at("/new") == NULL && access("/new", F_OK) < 0);
}

TEST(options_of_the_superblock)
{
	make_host();
	add_mount("/sync", "tmpfs", "tmpfs", "sync");
	add_mount("/dirsync", "tmpfs", "tmpfs", "dirsync");
	add_mount("/lazytime", "tmpfs", "tmpfs", "lazytime");
	add_mount("/async", "tmpfs", "tmpfs", "sync,async");
	add_mount("/nolazytime", "tmpfs", "tmpfs", "lazytime,nolazytime");
	add_mount("/iversion", "tmpfs", "name", "iversion,size=64k,nosuid,noatime");
	add_mount("/silent", "tmpfs", NULL, "silent,size=64k,mode=700,ro");
	add_mount("/loud", "tmpfs", "tmpfs", "silent,loud");
	add_mount("/noiversion", "tmpfs", "tmpfs", "noiversion,mand,nomand");
	in_container(look_at_superblocks);
}

static void look_at_overlay(void)
{
	CHECK_STR(read_text("/o/0"), "0");
	CHECK_STR(read_text("/o/9"), "9");
	CHECK_HAS(mount_at("/o"), "- overlay overlay ro");
	CHECK_STR(read_text("/short/1"), "1");
	CHECK_STR(options_at("/short"), ",rw,nosuid,relatime,");
}

/* More layers than fit into a value of fsconfig(2). */
TEST(overlay)
{
	char options[1024] = "ro,lowerdir=", path[128];
	int length = (int)strlen(options);

	make_host();
	for (int i = 0; i < 10; i++) {
		snprintf(path, sizeof(path), "/tmp/layer-with-a-name-of-some-length-%d", i);
		make_directory(path);
		length += snprintf(options + length, sizeof(options) - (size_t)length, "%s%s",
				   i ? ":" : "", path);
		snprintf(path, sizeof(path), "/tmp/layer-with-a-name-of-some-length-%d/%d", i, i);
		write_text(path, strrchr(path, '/') + 1);
	}
	make_directory("/tmp/upper");
	make_directory("/tmp/work");
	add_mount("/o", "overlay", "overlay", options);
	add_mount("/short", "overlay", "overlay",
		  "nosuid,lowerdir=/tmp/layer-with-a-name-of-some-length-1,upperdir=/tmp/upper,"
		  "workdir=/tmp/work");
	in_container(look_at_overlay);
}

static void look_at_remounts(void)
{
	CHECK_STR(options_at("/bind"), ",ro,nosuid,relatime,");
	CHECK_HAS(mount_at("/bind"), "tmpfs tmpfs rw");
	CHECK_HAS(mount_at("/fs"), "size=128k");
	CHECK_HAS(mount_at("/fs"), "tmpfs tmpfs ro");
	CHECK_STR(options_at("/fs"), ",ro,noexec,relatime,");
}

TEST(remount)
{
	make_host();
	add_mount("/bind", "tmpfs", "tmpfs", "");
	add_mount("/bind", NULL, NULL, "bind,remount,ro,nosuid");
	add_mount("/fs", "tmpfs", "tmpfs", "size=64k");
	add_mount("/fs", "tmpfs", NULL, "remount,size=128k,ro,noexec");
	in_container(look_at_remounts);
}

/* ---- tmpfs ---- */

static mode_t mode_of(const char *path)
{
	struct stat st;

	CHECK(lstat(path, &st) == 0);
	return st.st_mode & 07777;
}

static void look_at_tmpfs(void)
{
	struct stat st;

	CHECK_INT(mode_of("/kept"), 01711);
	CHECK_INT(mode_of("/given"), 0750);
	CHECK_INT(mode_of("/made/deep"), 01777);
	CHECK_INT(mode_of("/made"), 0755);
	CHECK_INT(mode_of("/ro"), 0755);
	CHECK_HAS(options_at("/ro"), ",ro,");
	CHECK(stat("/ro/sub", &st) == 0); /* was mounted in before it became read-only */

	CHECK_STR(read_text("/up/file"), "content");
	CHECK_INT(mode_of("/up/file"), 04750);
	CHECK(stat("/up/file", &st) == 0);
	CHECK(st.st_uid == 12 && st.st_gid == 34 && st.st_mtim.tv_sec == 1000000000);
	check_link("/up/dir/link", "/etc/shadow");
	CHECK_INT(mode_of("/up/dir"), 0700);
	CHECK(lstat("/up/fifo", &st) == 0 && S_ISFIFO(st.st_mode));
	CHECK_INT(mode_of("/up"), 0770);
	CHECK(stat("/up", &st) == 0 && st.st_uid == 56);
	CHECK_HAS(options_at("/up"), ",ro,");
	CHECK_HAS(mount_at("/up"), "size=100k");
}

TEST(tmpfs)
{
	const struct timespec times[] = { { 1000000000, 0 }, { 1000000000, 0 } };

	make_host();
	make_directory(ROOT "/kept");
	CHECK(chmod(ROOT "/kept", 01711) == 0);
	make_directory(ROOT "/given");
	make_directory(ROOT "/ro");
	make_directory(ROOT "/up");
	make_directory(ROOT "/up/dir");
	CHECK(chmod(ROOT "/up/dir", 0700) == 0);
	CHECK(symlink("/etc/shadow", ROOT "/up/dir/link") == 0);
	CHECK(mkfifo(ROOT "/up/fifo", 0600) == 0);
	write_text(ROOT "/up/file", "content");
	CHECK(chown(ROOT "/up/file", 12, 34) == 0 && chmod(ROOT "/up/file", 04750) == 0);
	CHECK(utimensat(AT_FDCWD, ROOT "/up/file", times, 0) == 0);
	CHECK(chmod(ROOT "/up", 0770) == 0 && chown(ROOT "/up", 56, 0) == 0);

	add_mount("/kept", "tmpfs", "tmpfs", "");
	add_mount("/given", "tmpfs", "tmpfs", "mode=0750");
	add_mount("/made/deep", "tmpfs", "tmpfs", "");
	add_mount("/ro", "tmpfs", "tmpfs", "ro");
	add_mount("/ro/sub", "tmpfs", "tmpfs", "");
	add_mount("/up", "tmpfs", "tmpfs", "tmpcopyup,ro,size=100k");
	in_container(look_at_tmpfs);
}

/* ---- binds ---- */

static void look_at_binds(void)
{
	CHECK_STR(read_text("/etc/conf"), "conf");
	CHECK_STR(read_text("/rel/conf"), "conf");
	CHECK_STR(read_text("/linked"), "conf");
	CHECK_STR(read_text("/existing"), "conf");
	CHECK_INT(mode_of("/etc"), 0755);
}

TEST(binds)
{
	make_host();
	make_directory(BUNDLE "/data");
	write_text(BUNDLE "/data/conf", "conf");
	write_text(ROOT "/existing", "own");
	CHECK(symlink("data/conf", BUNDLE "/link") == 0);
	add_mount("/etc/conf", "bind", BUNDLE "/data/conf", "bind");
	add_mount("/rel", "none", "data", "rbind");
	add_mount("/linked", "bind", "link", "bind"); /* links of the host are followed */
	add_mount("/existing", "bind", "data/conf", "bind");
	umask(077);
	in_container(look_at_binds);
}

TEST(failures)
{
	make_host();
	make_directory(ROOT "/dir");
	write_text(ROOT "/file", "");
	add_mount("/x", "bind", "/tmp/nosuch", "bind");
	CHECK_HAS(failure(), "mount /x: open source /tmp/nosuch: not there (ENOENT)");
	fixture.config.mounts.count = 0;
	add_mount("/dir", "bind", ROOT "/file", "bind");
	CHECK_HAS(failure(), "not a directory");
	fixture.config.mounts.count = 0;
	add_mount("/file", "bind", ROOT "/dir", "bind");
	CHECK_HAS(failure(), "not a directory");
	fixture.config.mounts.count = 0;
	add_mount("/x", "tmpfs", "tmpfs", "nosuch=1");
	CHECK_HAS(failure(), "Unknown parameter 'nosuch'");
	fixture.config.mounts.count = 0;
	add_mount("/x", "tmpfs", "tmpfs", "size=lots");
	CHECK_HAS(failure(), "mount /x: make a tmpfs (");
	fixture.config.mounts.count = 0;
	add_mount("/x", "nosuchfs", "x", "");
	CHECK_HAS(failure(), "this kernel has no filesystem \"nosuchfs\"");
	CHECK_INT(fixture.err.code, ERROR_UNSUPPORTED);
	fixture.config.mounts.count = 0;
	add_mount("/dir", NULL, NULL, "remount,ro");
	CHECK_HAS(failure(), "mount /dir: ");
}

/* ---- propagation ---- */

static void look_at_propagation(void)
{
	CHECK_HAS(mount_at("/shared"), " shared:");
	CHECK_HAS(mount_at("/slave"), " master:");
	CHECK_LACKS(mount_at("/slave"), " shared:");
	CHECK_LACKS(mount_at("/private"), "master:");
	CHECK_HAS(mount_at("/unbindable"), " unbindable ");
	CHECK_HAS(mount_at("/both"), " shared:");
	CHECK_HAS(mount_at("/both"), " master:");
	CHECK_HAS(mount_at("/rslave/sub"), " master:");
	CHECK_LACKS(mount_at("/rprivate/sub"), "master:");
	CHECK_HAS(mount_at("/private/sub"), "master:");
	CHECK_HAS(mount_at("/nothing"), "master:");
}

static void make_shared_source(void)
{
	make_directory("/tmp/source");
	CHECK(mount("tmpfs", "/tmp/source", "tmpfs", 0, NULL) == 0);
	CHECK(mount(NULL, "/tmp/source", NULL, MS_SHARED, NULL) == 0);
	make_directory("/tmp/source/sub");
	CHECK(mount("tmpfs", "/tmp/source/sub", "tmpfs", 0, NULL) == 0);
}

TEST(propagation_of_mounts)
{
	make_host();
	make_shared_source();
	add_mount("/shared", "bind", "/tmp/source", "rbind,shared");
	add_mount("/slave", "bind", "/tmp/source", "rbind,slave");
	add_mount("/private", "bind", "/tmp/source", "rbind,private");
	add_mount("/unbindable", "bind", "/tmp/source", "rbind,unbindable");
	add_mount("/both", "bind", "/tmp/source", "rbind,rslave,shared");
	add_mount("/rslave", "bind", "/tmp/source", "rbind,rslave");
	add_mount("/rprivate", "bind", "/tmp/source", "rbind,rprivate");
	add_mount("/nothing", "bind", "/tmp/source", "rbind");
	in_container(look_at_propagation);
}

static const char *propagation_wanted;

static void look_at_root_propagation(void)
{
	const char *line = mount_at("/");

	if (propagation_wanted)
		CHECK_HAS(line, propagation_wanted);
	else
		CHECK_LACKS(line, ":/");
}

static void root_propagation(const char *name, const char *wanted)
{
	fixture.linux_.rootfs_propagation = arena_strdup(&fixture.arena, name);
	propagation_wanted = wanted;
	in_container(look_at_root_propagation);
}

/* On a host whose mounts are all shared, as systemd has them. */
TEST(propagation_of_the_root)
{
	const char *line;

	make_host();
	CHECK(mount(NULL, "/", NULL, MS_SHARED | MS_REC, NULL) == 0);
	root_propagation("shared", " shared:");
	root_propagation("rshared", " shared:");
	root_propagation("slave", " master:");
	root_propagation("rslave", " master:");
	root_propagation("unbindable", " unbindable ");
	root_propagation("private", " / rw,relatime - ");
	root_propagation("rprivate", " / rw,relatime - ");
	/* nothing of it was seen on the host */
	CHECK((fixture.rootfs.root = open("/", O_PATH | O_CLOEXEC)) >= 0);
	CHECK(mount_at(ROOT) == NULL && mount_at(ROOT "/dev") == NULL);
	line = mount_at("/tmp");
	CHECK_HAS(line, " shared:");
	check_sentinel();
}

static void mount_on_the_host(void)
{
	CHECK(mount("tmpfs", "/shared/sub", "tmpfs", 0, "size=123k") == 0);
	CHECK(mount("tmpfs", "/slave/sub", "tmpfs", 0, "size=321k") == 0);
}

/* A volume with rshared, in a container with rootfsPropagation shared: what is mounted there shows
 * on the host, what is mounted elsewhere doesn't. */
TEST(shared_volumes_reach_the_host)
{
	make_host();
	CHECK(mount(NULL, "/", NULL, MS_SHARED | MS_REC, NULL) == 0);
	make_directory("/tmp/a");
	make_directory("/tmp/a/sub");
	make_directory("/tmp/b");
	make_directory("/tmp/b/sub");
	fixture.linux_.rootfs_propagation = arena_strdup(&fixture.arena, "rshared");
	/* as engines do: the root is a mount of its own, the volumes lie elsewhere */
	CHECK(mount("tmpfs", ROOT, "tmpfs", 0, NULL) == 0);
	add_mount("/shared", "bind", "/tmp/a", "rbind,rshared");
	add_mount("/slave", "bind", "/tmp/b", "rbind,rslave");
	in_container(mount_on_the_host);
	CHECK((fixture.rootfs.root = open("/", O_PATH | O_CLOEXEC)) >= 0);
	CHECK_HAS(mount_at("/tmp/a/sub"), "size=124k");
	CHECK(mount_at("/tmp/b/sub") == NULL);
	CHECK(mount_at(ROOT "/shared") == NULL);
}

/* ---- the root ---- */

static void look_at_nothing(void)
{
	char cwd[64];

	CHECK_STR(getcwd(cwd, sizeof(cwd)), "/");
	CHECK(access("/tmp/sentinel", F_OK) < 0);
	check_device("/dev/zero", 1, 5, 0666);
}

TEST(no_pivot)
{
	make_host();
	fixture.request.no_pivot = true;
	add_mount("/proc", "proc", "proc", "");
	in_container(look_at_nothing);
	check_sentinel();
}

static void look_for_leftovers(void)
{
	look_at_nothing();
	/* the root that init had before */
	CHECK(mount_at("/proc") == NULL && mount_at("/sys") == NULL);
}

TEST(no_pivot_leaves_no_procfs_behind)
{
	make_host();
	fixture.request.no_pivot = true;
	in_container(look_for_leftovers);
}

TEST(without_a_mount_namespace)
{
	make_host();
	fixture.request.mount_namespace = false;
	in_container(look_at_nothing);
	check_sentinel();
}

static const char *check_root(const char *path)
{
	fixture.root.path = arena_strdup(&fixture.arena, path);
	CHECK_OK(make_plan());
	fixture.err.text[0] = '\0';
	if (rootfs_check(fixture.plan, &fixture.err) < 0)
		CHECK_INT(fixture.err.code, ERROR_INVALID);
	return fixture.err.text;
}

TEST(root_path)
{
	make_host();
	CHECK(symlink("rootfs", BUNDLE "/inside") == 0);
	CHECK(symlink("../sentinel", BUNDLE "/outside") == 0);
	CHECK(symlink("/tmp/sentinel", BUNDLE "/absolute") == 0);
	write_text(BUNDLE "/file", "");
	CHECK_STR(check_root("rootfs"), "");
	CHECK_STR(check_root("./rootfs/"), "");
	CHECK_STR(check_root("inside"), "");
	CHECK_STR(check_root(ROOT), "");
	CHECK_STR(check_root("../bundle/rootfs"), "");
	CHECK_STR(check_root(BUNDLE "/absolute"), "");
	CHECK_HAS(check_root("outside"), "root.path outside leads out of the bundle");
	CHECK_HAS(check_root("absolute"), "leads out of the bundle");
	CHECK_HAS(check_root("rootfs/../../sentinel"), "leads out of the bundle");
	CHECK_HAS(check_root("nosuch"), "open root.path " BUNDLE "/nosuch: not there (ENOENT)");
	CHECK_HAS(check_root("file"), "not a directory");
}

static void look_at_mounted_root(void)
{
	CHECK_STR(read_text("/sub/file"), "x");
	CHECK_HAS(mount_at("/sub"), "tmpfs");
}

TEST(what_is_mounted_in_the_root_comes_along)
{
	make_host();
	make_directory(ROOT "/sub");
	CHECK(mount("tmpfs", ROOT "/sub", "tmpfs", 0, NULL) == 0);
	write_text(ROOT "/sub/file", "x");
	in_container(look_at_mounted_root);
}

/* ---- devices ---- */

static void look_at_devices(void)
{
	struct stat st;

	check_device("/dev/net/tun", 10, 200, 0600);
	CHECK(stat("/dev/net/tun", &st) == 0 && st.st_uid == 7 && st.st_gid == 8);
	CHECK(stat("/opt/pipe", &st) == 0 && S_ISFIFO(st.st_mode));
	CHECK(stat("/dev/loop99", &st) == 0 && S_ISBLK(st.st_mode));
	check_device("/dev/null", 1, 3, 0640);
	CHECK_INT(mode_of("/dev/net"), 0755);
	CHECK_INT(umask(0), 077);
}

TEST(configured_devices)
{
	/* spec: config-linux.md#devices devices-there */
	struct config_device *device;

	make_host();
	umask(077);
	device = add_device("/dev/net/tun", "c", 10, 200);
	device->file_mode = (struct optional_uint){ 0600, true };
	device->uid = (struct optional_uint){ 7, true };
	device->gid = (struct optional_uint){ 8, true };
	add_device("/opt/pipe", "p", 0, 0);
	add_device("/dev/loop99", "b", 7, 99);
	add_device("/dev/null", "c", 1, 3)->file_mode = (struct optional_uint){ 0640, true };
	in_container(look_at_devices);
}

static void look_at_nothing_at_all(void)
{
}

TEST(devices_that_are_there_already)
{
	/* spec: config-linux.md#devices devices-other-file */
	make_host();
	make_directory(ROOT "/dev");
	CHECK(mknod(ROOT "/dev/null", S_IFCHR | 0666, makedev(1, 3)) == 0);
	in_container(look_at_nothing_at_all);
	CHECK(mknod(ROOT "/dev/loop9", S_IFCHR | 0666, makedev(7, 9)) == 0);
	add_device("/dev/loop9", "b", 7, 9);
	CHECK_HAS(failure(), "device /dev/loop9: something else is there already");
	CHECK_INT(fixture.err.code, ERROR_INVALID);
}

static void look_at_bound_dev(void)
{
	CHECK(access("/dev/marker", F_OK) == 0);
	CHECK(access("/dev/null", F_OK) < 0 && access("/dev/ptmx", F_OK) < 0);
}

TEST(a_bound_dev_is_left_alone)
{
	make_host();
	make_directory("/tmp/dev");
	write_text("/tmp/dev/marker", "");
	add_mount("/dev", "bind", "/tmp/dev", "rbind");
	in_container(look_at_bound_dev);
}

static void open_console(void)
{
	int master, slave, unlock = 0;

	CHECK((master = open("/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)) >= 0);
	CHECK(ioctl(master, TIOCSPTLCK, &unlock) == 0);
	CHECK((slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC)) >= 0);
	CHECK_OK(rootfs_console(&fixture.rootfs, slave, &fixture.err));
	check_device("/dev/console", 136, 0, 0600);
	CHECK_HAS(mount_at("/dev/console"), "devpts");
}

TEST(console)
{
	make_host();
	add_mount("/dev", "tmpfs", "tmpfs", "");
	add_mount("/dev/pts", "devpts", "devpts", "newinstance,mode=600");
	in_container(open_console);
}

/* ---- masked and read-only paths ---- */

static void look_at_protected(void)
{
	CHECK_STR(read_text("/secret"), "");
	CHECK(open("/dir/x", O_WRONLY | O_CREAT | O_CLOEXEC, 0600) < 0 && errno == EROFS);
	CHECK(access("/dir/file", F_OK) < 0);
	CHECK(access("/other/file", F_OK) < 0);
	/* one superblock for all masked directories */
	CHECK_HAS(mount_at("/dir"), "tmpfs tmpfs ro");
	CHECK_STR(read_text("/fixed/file"), "y");
	CHECK(open("/fixed/file", O_WRONLY | O_CLOEXEC) < 0 && errno == EROFS);
	CHECK(open("/fixedfile", O_WRONLY | O_CLOEXEC) < 0 && errno == EROFS);
	CHECK_STR(read_text("/target"), "");
}

TEST(protected_paths)
{
	make_host();
	make_directory(ROOT "/dir");
	make_directory(ROOT "/other");
	make_directory(ROOT "/fixed");
	write_text(ROOT "/secret", "x");
	write_text(ROOT "/dir/file", "x");
	write_text(ROOT "/other/file", "x");
	write_text(ROOT "/fixed/file", "y");
	write_text(ROOT "/fixedfile", "y");
	write_text(ROOT "/target", "x");
	CHECK(symlink("/target", ROOT "/link") == 0);
	add_path(&fixture.linux_.masked_paths, "/secret");
	add_path(&fixture.linux_.masked_paths, "/dir");
	add_path(&fixture.linux_.masked_paths, "/other");
	add_path(&fixture.linux_.masked_paths, "/nosuch/x");
	add_path(&fixture.linux_.masked_paths, "/link");
	add_path(&fixture.linux_.readonly_paths, "/fixed");
	add_path(&fixture.linux_.readonly_paths, "/fixedfile");
	add_path(&fixture.linux_.readonly_paths, "/nosuch");
	in_container(look_at_protected);
}

/* ---- id maps ---- */

static void look_at_idmap(void)
{
	struct stat st;

	CHECK(stat("/data/file", &st) == 0);
	CHECK_INT(st.st_uid, 100005);
	CHECK_INT(st.st_gid, 200006);
	CHECK_HAS(options_at("/data"), ",idmapped,");
}

TEST(idmapped_binds)
{
	static struct config_id_mapping uid = { { 0, true }, { 100000, true }, { 65536, true } };
	static struct config_id_mapping gid = { { 0, true }, { 200000, true }, { 65536, true } };

	NEEDS(clone3);
	make_host();
	make_directory("/tmp/data");
	CHECK(mount("tmpfs", "/tmp/data", "tmpfs", 0, NULL) == 0);
	write_text("/tmp/data/file", "");
	CHECK(chown("/tmp/data/file", 5, 6) == 0);
	add_mount("/data", "bind", "/tmp/data", "bind,idmap");
	fixture.mounts[0].uid_mappings.items = &uid;
	fixture.mounts[0].gid_mappings.items = &gid;
	fixture.mounts[0].uid_mappings.count = fixture.mounts[0].gid_mappings.count = 1;
	in_container(look_at_idmap);
}
