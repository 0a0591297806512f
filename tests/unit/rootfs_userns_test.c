/* lane: vm
 *
 * Containers in a user namespace: what init can't reach comes from the parent. */
#include "base/cleanup.h"
#include "base/kernel.h"
#include "tests/unit/rootfs_fixture.h"

#define NAMESPACES                                                                                 \
	(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWCGROUP | CLONE_NEWUTS)
#define HOST_ID 100000

static void write_maps(pid_t pid, unsigned int count)
{
	char path[64], map[64];

	snprintf(map, sizeof(map), "0 %d %u\n", HOST_ID, count);
	snprintf(path, sizeof(path), "/proc/%d/uid_map", (int)pid);
	write_text(path, map);
	snprintf(path, sizeof(path), "/proc/%d/gid_map", (int)pid);
	write_text(path, map);
}

static int sources[64];

static int open_sources(void)
{
	struct fixture *f = &fixture;

	for (size_t i = 0; i <= rootfs_mount_count(f->plan); i++) {
		size_t index = i < rootfs_mount_count(f->plan) ? i : ROOTFS_ROOT;

		sources[i] = -1;
		if (rootfs_source(f->plan, index) == ROOTFS_SOURCE_OWN)
			continue;
		sources[i] = rootfs_open_source(f->plan, index, &f->err);
		if (sources[i] < 0)
			return -1;
	}
	return 0;
}

static int build_with_sources(void)
{
	struct fixture *f = &fixture;
	size_t count = rootfs_mount_count(f->plan);

	if (rootfs_begin(f->plan, sources[count], &f->rootfs, &f->err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (rootfs_mount(f->plan, &f->rootfs, i, sources[i], &f->err) < 0)
			return -1;
	if (rootfs_devices(f->plan, &f->rootfs, &f->err) < 0 ||
	    rootfs_pivot(f->plan, &f->rootfs, &f->err) < 0)
		return -1;
	return rootfs_protect(f->plan, &f->rootfs, &f->err);
}

/* Build a container with @ids ids in new namespaces and @more of them; @look in it, or @expect the
 * error. */
static void in_user_namespace(unsigned int ids, unsigned long more, void (*look)(void),
			      const char *expect)
{
	struct clone_args args = { .flags = NAMESPACES | more, .exit_signal = SIGCHLD };
	int go[2], status;
	pid_t pid;
	char byte;

	NEEDS(clone3);
	fixture.request.user_namespace = true;
	CHECK(chown(ROOT, HOST_ID, HOST_ID) == 0);
	CHECK_OK(make_plan());
	CHECK_OK(open_sources());
	CHECK(pipe2(go, O_CLOEXEC) == 0);
	pid = sys_clone3(&args);
	CHECK(pid >= 0);
	if (pid == 0) {
		CHECK(read(go[0], &byte, 1) == 1);
		CHECK(setresgid(0, 0, 0) == 0 && setresuid(0, 0, 0) == 0);
		if (expect) {
			CHECK(build_with_sources() < 0);
			CHECK_HAS(fixture.err.text, expect);
		} else {
			CHECK_OK(build_with_sources());
			look();
		}
		_exit(0);
	}
	write_maps(pid, ids);
	CHECK(write(go[1], "x", 1) == 1);
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK_INT(status, 0);
}

static void check_device(const char *path, unsigned int major_, unsigned int minor_)
{
	struct stat st;

	CHECK(stat(path, &st) == 0);
	CHECK(S_ISCHR(st.st_mode) && st.st_rdev == makedev(major_, minor_));
	CHECK_HAS(mount_at(path), "tmpfs"); /* devtmpfs of the host, bound */
}

static void look_at_standard(void)
{
	check_device("/dev/null", 1, 3);
	check_device("/dev/full", 1, 7);
	CHECK_HAS(mount_at("/dev/pts"), "gid=100005");
	CHECK_HAS(options_at("/sys"), ",ro,");
	CHECK_HAS(mount_at("/sys"), "sysfs sysfs");
	CHECK_HAS(mount_at("/sys/fs/cgroup"), "cgroup2");
	CHECK_HAS(options_at("/"), ",ro,");
	CHECK_STR(read_text("/secret/file"), "secret");
	CHECK_HAS(options_at("/secret"), ",ro,nosuid,");
	CHECK(read_text("/proc/keys") == NULL || !*read_text("/proc/keys"));
	CHECK(access("/tmp/sentinel", F_OK) < 0);
	CHECK(access("/bin-of-root", F_OK) == 0);
}

static void standard_config(void)
{
	add_mount("/proc", "proc", "proc", "nosuid,noexec,nodev");
	add_mount("/dev", "tmpfs", "tmpfs", "nosuid,mode=755");
	add_mount("/dev/pts", "devpts", "devpts", "newinstance,mode=0620,gid=5");
	add_mount("/dev/mqueue", "mqueue", "mqueue", "nosuid");
	add_mount("/sys", "sysfs", "sysfs", "nosuid,noexec,nodev,ro");
	add_mount("/sys/fs/cgroup", "cgroup", "cgroup", "ro");
	add_mount("/secret", "bind", "/tmp/secret", "bind,ro,nosuid");
	add_path(&fixture.linux_.masked_paths, "/proc/keys");
	add_path(&fixture.linux_.masked_paths, "/proc/acpi");
	add_path(&fixture.linux_.readonly_paths, "/proc/sys");
	fixture.root.readonly = (struct optional_bool){ true, true };
}

/* Neither the bundle nor the volume can be reached by the container's root. */
static void make_unreachable(void)
{
	make_directory("/tmp/secret");
	write_text("/tmp/secret/file", "secret");
	write_text(ROOT "/bin-of-root", "");
	CHECK(chmod("/tmp/secret", 0755) == 0);
	CHECK(chmod(BUNDLE, 0700) == 0);
	CHECK(chmod("/tmp", 0700) == 0);
}

TEST(a_container_that_reaches_nothing_itself)
{
	make_host();
	make_unreachable();
	standard_config();
	in_user_namespace(65536, CLONE_NEWNET, look_at_standard, NULL);
	check_sentinel();
}

static void look_at_unmapped_group(void)
{
	CHECK_LACKS(mount_at("/dev/pts"), "gid=");
	CHECK_HAS(mount_at("/dev/pts"), "mode=620");
}

TEST(a_group_without_mapping_is_left_out_of_devpts)
{
	make_host();
	add_mount("/proc", "proc", "proc", "");
	add_mount("/dev/pts", "devpts", "devpts", "newinstance,mode=0620,gid=5");
	in_user_namespace(1, CLONE_NEWNET, look_at_unmapped_group, NULL);
}

static void look_at_no_cgroup(void)
{
	CHECK_HAS(mount_at("/sys/fs/cgroup"), "tmpfs");
	CHECK_HAS(options_at("/sys/fs/cgroup"), ",ro,");
	CHECK(access("/sys/fs/cgroup/cgroup.procs", F_OK) < 0);
}

/* CVE-2023-25809: a rootless container for which no cgroup could be made sees none, not the host's. */
TEST(a_container_without_a_cgroup)
{
	make_host();
	fixture.request.cgroup_namespace_own = false;
	fixture.request.cgroup_mount = "/sys/fs/cgroup";
	fixture.request.cgroup_path = "/nosuch";
	add_mount("/proc", "proc", "proc", "");
	add_mount("/sys", "sysfs", "sysfs", "");
	add_mount("/sys/fs/cgroup", "cgroup", "cgroup", "");
	in_user_namespace(65536, CLONE_NEWNET, look_at_no_cgroup, NULL);
}

static void look_at_bound_sysfs(void)
{
	struct stat st;

	CHECK_HAS(options_at("/sys"), ",ro,");
	/* all that is mounted in it, too (CVE-2023-25809) */
	if (mount_at("/sys/fs/cgroup"))
		CHECK_HAS(options_at("/sys/fs/cgroup"), ",ro,");
	CHECK(stat("/sys/kernel", &st) == 0);
}

TEST(sysfs_without_a_network_namespace)
{
	make_host();
	fixture.request.network_namespace_own = false;
	add_mount("/proc", "proc", "proc", "");
	add_mount("/sys", "sysfs", "sysfs", "nosuid,noexec,nodev");
	in_user_namespace(65536, 0, look_at_bound_sysfs, NULL);
}

static void look_at_locked(void)
{
	CHECK_STR(options_at("/plain"), ",ro,nosuid,nodev,noexec,relatime,");
	CHECK_STR(options_at("/more"), ",ro,nosuid,nodev,noexec,relatime,nosymfollow,");
}

/* init opens the source itself and finds the host's flags locked: they stay, and who asks for the
 * opposite gets an error. */
static void locked_source(void)
{
	make_host();
	fixture.request.parent_mounts = false;
	make_directory("/tmp/source");
	CHECK(mount("tmpfs", "/tmp/source", "tmpfs", 0, NULL) == 0);
	CHECK(mount(NULL, "/tmp/source", NULL,
		    MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
		    NULL) == 0);
}

TEST(flags_of_a_locked_source_stay)
{
	locked_source();
	add_mount("/proc", "proc", "proc", "");
	add_mount("/plain", "bind", "/tmp/source", "bind");
	add_mount("/more", "bind", "/tmp/source", "bind,ro,nosuid,nosymfollow");
	in_user_namespace(65536, CLONE_NEWNET, look_at_locked, NULL);
}

TEST(flags_of_a_locked_source_cannot_be_lifted)
{
	static const char *const options[] = { "bind,rw", "bind,suid", "bind,dev", "bind,exec",
					       "rbind,rexec" };

	locked_source();
	for (size_t i = 0; i < array_length(options); i++) {
		fixture.config.mounts.count = 0;
		add_mount("/x", "bind", "/tmp/source", options[i]);
		in_user_namespace(65536, CLONE_NEWNET, NULL, "would lift a restriction");
	}
}

static void mount_in_volume(void)
{
	CHECK(mount("tmpfs", "/volume/sub", "tmpfs", 0, NULL) == 0);
}

/* A volume asked for as rshared shares with nobody on the host: that would be a way out. */
TEST(mounts_never_reach_the_host)
{
	make_host();
	make_directory("/tmp/volume");
	CHECK(mount("tmpfs", "/tmp/volume", "tmpfs", 0, NULL) == 0);
	CHECK(mount(NULL, "/tmp/volume", NULL, MS_SHARED, NULL) == 0);
	make_directory("/tmp/volume/sub");
	add_mount("/volume", "bind", "/tmp/volume", "rbind,rshared");
	in_user_namespace(65536, CLONE_NEWNET, mount_in_volume, NULL);
	CHECK((fixture.rootfs.root = open("/", O_PATH | O_CLOEXEC)) >= 0);
	CHECK(mount_at("/tmp/volume") != NULL && mount_at("/tmp/volume/sub") == NULL);
}

static void look_at_idmap(void)
{
	struct stat st;

	CHECK(stat("/data/file", &st) == 0);
	CHECK_INT(st.st_uid, 5); /* as on the host, though the container's 5 is the host's 100005 */
	CHECK_INT(st.st_gid, 6);
}

TEST(binds_with_the_mappings_of_the_container)
{
	static struct config_id_mapping map = { { 0, true }, { HOST_ID, true }, { 65536, true } };

	make_host();
	make_directory("/tmp/data");
	CHECK(mount("tmpfs", "/tmp/data", "tmpfs", 0, NULL) == 0);
	write_text("/tmp/data/file", "");
	CHECK(chown("/tmp/data/file", 5, 6) == 0);
	add_mount("/data", "bind", "/tmp/data", "bind,ridmap");
	fixture.linux_.uid_mappings.items = fixture.linux_.gid_mappings.items = &map;
	fixture.linux_.uid_mappings.count = fixture.linux_.gid_mappings.count = 1;
	in_user_namespace(65536, CLONE_NEWNET, look_at_idmap, NULL);
}

static void look_at_old_api(void)
{
	CHECK_HAS(mount_at("/silent"), "tmpfs name rw,size=64k");
}

TEST(mount_2_in_a_user_namespace)
{
	make_host();
	add_mount("/proc", "proc", "proc", "");
	add_mount("/silent", "tmpfs", "name", "silent,size=64k");
	in_user_namespace(65536, CLONE_NEWNET, look_at_old_api, NULL);
}

static void look_without_pivot(void)
{
	CHECK(access("/tmp/sentinel", F_OK) < 0);
	CHECK(access("/p", F_OK) == 0);
}

TEST(no_pivot_in_a_user_namespace)
{
	make_host();
	fixture.request.no_pivot = true;
	make_directory(ROOT "/p");
	in_user_namespace(65536, CLONE_NEWNET, look_without_pivot, NULL);
}

TEST(a_false_device_of_the_host_is_not_bound)
{
	make_host();
	CHECK(mount("tmpfs", "/dev", "tmpfs", 0, NULL) == 0);
	CHECK(mknod("/dev/null", S_IFCHR | 0666, makedev(1, 5)) == 0);
	in_user_namespace(65536, CLONE_NEWNET, NULL, "the host's /dev/null is not the device 1:3");
}
