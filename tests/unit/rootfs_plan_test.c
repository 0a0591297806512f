/* The pure part: options and plans. */
#include "base/cleanup.h"
#include "base/path.h"
#include "libcontainer/rootfs/plan.h"
#include "tests/unit/rootfs_fixture.h"

static struct mount_options parse(const char *text)
{
	char *item = arena_strdup(&fixture.arena, text);

	return mount_options_parse(&(struct strings){ &item, 1 }, &fixture.arena);
}

/* ---- options ---- */

TEST(table_is_sorted_and_every_row_is_found)
{
	for (size_t i = 0; i < mount_option_count; i++) {
		CHECK(i == 0 || strcmp(mount_options[i - 1].name, mount_options[i].name) < 0);
		CHECK(mount_option_find(mount_options[i].name) == &mount_options[i]);
		CHECK_STR(rootfs_mount_option(i), mount_options[i].name);
	}
	CHECK(rootfs_mount_option(mount_option_count) == NULL);
	CHECK(mount_option_find("nosuch") == NULL);
	CHECK(mount_option_find("") == NULL);
}

/* config.md#mounts: all that a runtime MUST, SHOULD or MAY know on Linux. */
TEST(every_option_of_the_spec_is_known)
{
	static const char *const names[] = {
		"async",	  "atime",	"bind",		"defaults",    "dev",
		"diratime",	  "dirsync",	"exec",		"iversion",    "lazytime",
		"loud",		  "mand",	"noatime",	"nodev",       "nodiratime",
		"noexec",	  "noiversion", "nolazytime",	"nomand",      "norelatime",
		"nostrictatime",  "nosuid",	"nosymfollow",	"private",     "ratime",
		"rbind",	  "rdev",	"rdiratime",	"relatime",    "remount",
		"rexec",	  "rnoatime",	"rnodiratime",	"rnoexec",     "rnorelatime",
		"rnostrictatime", "rnosuid",	"rnosymfollow", "ro",	       "rprivate",
		"rrelatime",	  "rro",	"rrw",		"rshared",     "rslave",
		"rstrictatime",	  "rsuid",	"rsymfollow",	"runbindable", "rw",
		"shared",	  "silent",	"slave",	"strictatime", "suid",
		"symfollow",	  "sync",	"tmpcopyup",	"unbindable",  "idmap",
		"ridmap",	  "rnodev",	"acl",		"noacl",
	};

	for (size_t i = 0; i < array_length(names); i++)
		if (!mount_option_find(names[i]))
			harness_fail(__FILE__, __LINE__, "%s is not in the table", names[i]);
	CHECK_INT(mount_option_count, array_length(names));
}

TEST(attributes_of_every_row_are_valid_for_mount_setattr)
{
	for (size_t i = 0; i < mount_option_count; i++) {
		struct attributes attributes = mount_options[i].attributes;

		CHECK(!(attributes.set & MOUNT_ATTR__ATIME) ||
		      (attributes.clear & MOUNT_ATTR__ATIME) == MOUNT_ATTR__ATIME);
		CHECK(!(attributes.clear & MOUNT_ATTR__ATIME) ||
		      (attributes.clear & MOUNT_ATTR__ATIME) == MOUNT_ATTR__ATIME);
	}
}

/* Each alone does something, with its opposite behind it the opposite holds. */
TEST(the_later_of_two_opposites_counts)
{
	static const char *const opposites[][2] = {
		{ "ro", "rw" },
		{ "nosuid", "suid" },
		{ "nodev", "dev" },
		{ "noexec", "exec" },
		{ "nodiratime", "diratime" },
		{ "noatime", "atime" },
		{ "noatime", "relatime" },
		{ "strictatime", "nostrictatime" },
		{ "nosymfollow", "symfollow" },
	};

	fixture_init();
	for (size_t i = 0; i < array_length(opposites); i++) {
		char text[64];
		struct mount_options alone = parse(opposites[i][0]);
		struct mount_options other = parse(opposites[i][1]), both;

		CHECK(alone.own.set != 0);
		CHECK(other.own.set == 0 && other.own.clear != 0);
		snprintf(text, sizeof(text), "%s,%s", opposites[i][0], opposites[i][1]);
		both = parse(text);
		CHECK(both.own.set == 0 && both.own.clear == other.own.clear);
		snprintf(text, sizeof(text), "%s,%s", opposites[i][1], opposites[i][0]);
		both = parse(text);
		CHECK(both.own.set == alone.own.set);

		snprintf(text, sizeof(text), "r%s", opposites[i][0]);
		both = parse(text);
		CHECK(both.own.set == 0 && both.recursive.set == alone.own.set &&
		      both.recursive.clear == alone.own.clear);
	}
}

TEST(flags_of_the_superblock)
{
	struct mount_options options;

	fixture_init();
	options = parse("sync,lazytime,iversion,silent,dirsync,mand");
	CHECK_INT(options.parameters.count, 4);
	CHECK_STR(options.parameters.items[0].key, "sync");
	CHECK(options.parameters.items[0].value == NULL);
	CHECK_INT(options.old_flags, MS_SYNCHRONOUS | MS_LAZYTIME | MS_I_VERSION | MS_SILENT |
					 MS_DIRSYNC | MS_MANDLOCK);
	CHECK(options.unknown == NULL);
	options = parse("silent,iversion,acl,loud,noiversion,noacl,sync,async");
	CHECK_INT(options.old_flags, 0);
	options = parse("sync,lazytime,mand,async,nolazytime,nomand");
	CHECK_INT(options.old_flags, 0);
	CHECK_INT(options.parameters.count, 6);
}

TEST(unknown_options_are_for_the_filesystem)
{
	struct mount_options options;

	fixture_init();
	options = parse("size=64k,,context=\"a:b:c1,c2\",usrquota,lowerdir=/a\\,b:/c");
	CHECK_INT(options.parameters.count, 4);
	CHECK_STR(options.unknown, "size=64k");
	CHECK_STR(options.parameters.items[0].key, "size");
	CHECK_STR(options.parameters.items[0].value, "64k");
	CHECK_STR(options.parameters.items[1].value, "a:b:c1,c2");
	CHECK_STR(options.parameters.items[1].text, "context=\"a:b:c1,c2\"");
	CHECK_STR(options.parameters.items[2].key, "usrquota");
	CHECK(options.parameters.items[2].value == NULL);
	CHECK_STR(options.parameters.items[3].value, "/a\\,b:/c");
}

TEST(propagation_keeps_its_order)
{
	struct mount_options options;

	fixture_init();
	options = parse("rslave,shared,rprivate,runbindable");
	CHECK_INT(options.propagation.count, 4);
	CHECK_INT(options.propagation.items[0], MS_SLAVE | MS_REC);
	CHECK_INT(options.propagation.items[1], MS_SHARED);
	CHECK_INT(options.propagation.items[2], MS_PRIVATE | MS_REC);
	CHECK_INT(options.propagation.items[3], MS_UNBINDABLE | MS_REC);
}

/* ---- plans ---- */

static const struct mount_plan *only(void)
{
	CHECK_OK(make_plan());
	CHECK_INT(fixture.plan->mounts.count, 1);
	return &fixture.plan->mounts.items[0];
}

static const char *refused(void)
{
	CHECK(make_plan() < 0);
	return fixture.err.text;
}

TEST(bind)
{
	const struct mount_plan *mount;

	fixture_init();
	add_mount("a/../b//c/", "none", "data/x", "rbind,ro,rprivate");
	mount = only();
	CHECK_INT(mount->kind, MOUNT_BIND);
	CHECK_STR(mount->destination, "/b/c");
	CHECK_STR(mount->source, BUNDLE "/data/x");
	CHECK_INT(mount->options.own.set, MOUNT_ATTR_RDONLY);
	CHECK(mount->options.flags & OPTION_RECURSIVE);
	CHECK_INT(rootfs_source(fixture.plan, 0), ROOTFS_SOURCE_OWN);
	CHECK_INT(rootfs_source(fixture.plan, ROOTFS_ROOT), ROOTFS_SOURCE_OWN);
}

TEST(type_bind_alone_is_a_bind)
{
	fixture_init();
	add_mount("/b", "bind", "/x", "ro");
	CHECK_INT(only()->kind, MOUNT_BIND);
}

TEST(what_a_plan_copies_is_its_own)
{
	const struct mount_plan *mount;

	fixture_init();
	add_mount("/b", "bind", "/x", "ro");
	add_path(&fixture.linux_.masked_paths, "/proc/kcore");
	mount = only();
	memset(fixture.mounts[0].source, 'X', 2);
	memset(fixture.mounts[0].destination, 'X', 2);
	memset(fixture.masked[0], 'X', 4);
	CHECK_STR(mount->source, "/x");
	CHECK_STR(mount->destination, "/b");
	CHECK_STR(fixture.plan->masked_paths.items[0], "/proc/kcore");
}

TEST(in_a_user_namespace_the_parent_opens_sources)
{
	fixture_init();
	fixture.request.user_namespace = true;
	add_mount("/b", "bind", "/x", "bind");
	CHECK_INT(only()->from, ROOTFS_SOURCE_PARENT);
	CHECK_INT(rootfs_source(fixture.plan, ROOTFS_ROOT), ROOTFS_SOURCE_PARENT);
}

TEST(a_parent_without_privilege_opens_none)
{
	fixture_init();
	fixture.request.user_namespace = true;
	fixture.request.parent_mounts = false;
	add_mount("/b", "bind", "/x", "bind");
	CHECK_INT(only()->from, ROOTFS_SOURCE_OWN);
	CHECK_INT(rootfs_source(fixture.plan, ROOTFS_ROOT), ROOTFS_SOURCE_OWN);
}

TEST(procfs_of_a_joined_pid_namespace_comes_from_a_helper)
{
	fixture_init();
	fixture.request.pid_namespace_joined = true;
	add_mount("/proc", "proc", "proc", "nosuid");
	CHECK_INT(only()->from, ROOTFS_SOURCE_PROCFS);
}

TEST(recursive_options_of_a_new_filesystem_are_its_own)
{
	fixture_init();
	add_mount("/x", "tmpfs", "tmpfs", "rnoexec,rnoatime,rro");
	CHECK_INT(only()->options.own.set,
		  MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOATIME | MOUNT_ATTR_RDONLY);
	CHECK_INT(only()->options.recursive.set, 0);
}

TEST(read_only_superblocks)
{
	fixture_init();
	add_mount("/e", "ext4", "/dev/sda", "ro");
	add_mount("/s", "sysfs", "sysfs", "ro");
	add_mount("/t", "tmpfs", "tmpfs", "ro");
	add_mount("/dev", "devtmpfs", "dev", "ro");
	CHECK_OK(make_plan());
	CHECK_STR(fixture.plan->mounts.items[0].options.parameters.items[0].key, "ro");
	CHECK_INT(fixture.plan->mounts.items[1].options.parameters.count, 0);
	CHECK(!fixture.plan->mounts.items[1].readonly_later);
	CHECK(fixture.plan->mounts.items[2].readonly_later);
	CHECK(fixture.plan->mounts.items[3].readonly_later);
}

TEST(sysfs_without_a_network_namespace_of_its_own)
{
	const struct mount_plan *mount;

	fixture_init();
	fixture.request.network_namespace_own = false;
	add_mount("/sys", "sysfs", "sysfs", "nosuid,rw");
	CHECK_INT(only()->kind,
		  MOUNT_FILESYSTEM); /* without a user namespace a sysfs is possible */
	fixture.request.user_namespace = true;
	mount = only();
	CHECK_INT(mount->kind, MOUNT_BIND);
	CHECK_STR(mount->source, "/sys");
	CHECK_INT(mount->from, ROOTFS_SOURCE_OWN);
	CHECK(mount->options.flags & OPTION_RECURSIVE);
	CHECK_INT(mount->options.recursive.set, MOUNT_ATTR_RDONLY);
	CHECK_INT(mount->options.own.set, MOUNT_ATTR_NOSUID);
	fixture.request.network_namespace_own = true;
	mount = only();
	CHECK_INT(mount->kind, MOUNT_FILESYSTEM);
	CHECK(mount->instead && mount->instead->kind == MOUNT_BIND);
}

TEST(cgroup)
{
	const struct mount_plan *mount;

	fixture_init();
	fixture.request.cgroup_mount = "/sys/fs/cgroup";
	fixture.request.cgroup_path = "a/b";
	add_mount("/sys/fs/cgroup", "cgroup", "cgroup", "ro,nsdelegate");
	mount = only();
	CHECK_INT(mount->kind, MOUNT_FILESYSTEM);
	CHECK_STR(mount->type, "cgroup2");
	CHECK_STR(mount->instead->source, "/sys/fs/cgroup/a/b");
	fixture.request.cgroup_namespace_own = false;
	mount = only();
	CHECK_INT(mount->kind, MOUNT_BIND);
	CHECK_STR(mount->source, "/sys/fs/cgroup/a/b");
	CHECK_INT(mount->options.parameters.count, 0);
	CHECK(mount->instead == NULL);
	fixture.request.user_namespace = true;
	mount = only();
	CHECK_INT(mount->from, ROOTFS_SOURCE_OWN);
	CHECK_STR(mount->instead->type, "tmpfs");
	/* none of its own: an empty directory, never the host's */
	fixture.request.cgroup_path = NULL;
	mount = only();
	CHECK_INT(mount->kind, MOUNT_FILESYSTEM);
	CHECK_STR(mount->type, "tmpfs");
	CHECK(mount->options.own.set & MOUNT_ATTR_RDONLY);
}

TEST(options_that_only_mount_2_knows)
{
	char options[400] = "lowerdir=/";

	fixture_init();
	memset(options + strlen(options), 'x', 300);
	add_mount("/a", "overlay", "overlay", options);
	add_mount("/b", "tmpfs", "tmpfs", "iversion");
	add_mount("/c", "tmpfs", "tmpfs", "silent,loud");
	CHECK_OK(make_plan());
	CHECK(fixture.plan->mounts.items[0].old_api);
	CHECK(fixture.plan->mounts.items[1].old_api);
	CHECK(!fixture.plan->mounts.items[2].old_api);
}

TEST(mount_label)
{
	fixture_init();
	fixture.linux_.mount_label = arena_strdup(&fixture.arena, "u:r:t:s0:c1,c2");
	add_mount("/a", "tmpfs", "tmpfs", "size=1m");
	add_mount("/b", "sysfs", "sysfs", "");
	add_mount("/c", "mqueue", "mqueue", "");
	CHECK_OK(make_plan());
	CHECK_STR(fixture.plan->mounts.items[0].options.parameters.items[1].key, "context");
	CHECK_STR(fixture.plan->mounts.items[0].options.parameters.items[1].value,
		  "u:r:t:s0:c1,c2");
	CHECK_STR(fixture.plan->mounts.items[0].options.parameters.items[1].text,
		  "context=\"u:r:t:s0:c1,c2\"");
	CHECK_INT(fixture.plan->mounts.items[1].options.parameters.count, 0);
	CHECK_INT(fixture.plan->mounts.items[2].options.parameters.count, 0);
}

TEST(notify_socket_directory)
{
	const struct mount_plan *mount;

	fixture_init();
	fixture.request.notify_dir = "/run/proa/x/notify";
	mount = only();
	CHECK_STR(mount->destination, "/run/notify");
	CHECK_STR(mount->source, "/run/proa/x/notify");
	CHECK(mount->options.own.set & MOUNT_ATTR_RDONLY);
	CHECK_INT(mount->options.propagation.items[0], MS_PRIVATE);
}

static struct config_id_mapping mapping = { { 0, true }, { 100000, true }, { 65536, true } };

TEST(idmap)
{
	const struct mount_plan *mount;

	fixture_init();
	add_mount("/b", "bind", "/x", "bind,ridmap");
	CHECK_HAS(refused(), "id mappings of the mount or a user namespace");
	fixture.mounts[0].uid_mappings.items = &mapping;
	fixture.mounts[0].uid_mappings.count = 1;
	CHECK_HAS(refused(), "need each other");
	fixture.mounts[0].gid_mappings = fixture.mounts[0].uid_mappings;
	mount = only();
	CHECK_STR(mount->idmap->uid_map, "0 100000 65536\n");
	CHECK_STR(mount->idmap->gid_map, "0 100000 65536\n");
	CHECK(mount->idmap->recursive);
	CHECK_INT(mount->from, ROOTFS_SOURCE_PARENT);
	fixture.request.parent_mounts = false;
	CHECK_HAS(refused(), "CAP_SYS_ADMIN");
	CHECK_INT(fixture.err.code, ERROR_UNSUPPORTED);
}

TEST(idmap_of_the_container)
{
	const struct mount_plan *mount;

	fixture_init();
	add_mount("/b", "bind", "/x", "bind,idmap");
	fixture.request.user_namespace = true;
	fixture.linux_.uid_mappings.items = fixture.linux_.gid_mappings.items = &mapping;
	fixture.linux_.uid_mappings.count = fixture.linux_.gid_mappings.count = 1;
	mount = only();
	CHECK_STR(mount->idmap->uid_map, "0 100000 65536\n");
	CHECK(!mount->idmap->recursive);
	fixture.request.user_namespace_path = "/proc/1/ns/user";
	mount = only();
	CHECK_STR(mount->idmap->user_namespace, "/proc/1/ns/user");
}

/* Each alone in a config is refused, and the error says why. */
TEST(bad_mounts)
{
	static const struct {
		const char *destination, *type, *source, *options, *text;
	} bad[] = {
		{ "/", "tmpfs", "tmpfs", "", "root filesystem itself" },
		{ "/a/..", "tmpfs", "tmpfs", "", "root filesystem itself" },
		{ "/x", "none", "/s", "ro", "neither a type nor bind" },
		{ "/x", NULL, "/s", "", "neither a type nor bind" },
		{ "/x", "bind", NULL, "bind", "without a source" },
		{ "/x", "bind", "", "bind", "without a source" },
		{ "/x", "bind", "/s", "bind,size=1k", "unknown mount option \"size=1k\"" },
		{ "/x", "bind", "/s", "bind,nosuch", "unknown mount option \"nosuch\"" },
		{ "/x", "bind", "/s", "bind,tmpcopyup", "tmpcopyup is for a tmpfs" },
		{ "/x", "proc", "proc", "tmpcopyup", "tmpcopyup is for a tmpfs" },
		{ "/x", "tmpfs", "tmpfs", "idmap", "only bind mounts" },
		{ "/proc", "tmpfs", "tmpfs", "", "only a procfs" },
		{ "/proc/self/attr", "tmpfs", "tmpfs", "", "inside /proc" },
		{ "/proc/../proc/sys", "bind", "/s", "bind", "inside /proc" },
		{ "proc/sys", "bind", "/s", "bind", "inside /proc" },
	};

	for (size_t i = 0; i < array_length(bad); i++) {
		fixture_init();
		fixture.config.mounts.count = 0;
		fixture.linux_.uid_mappings.count = 0;
		add_mount(bad[i].destination, bad[i].type, bad[i].source, bad[i].options);
		CHECK_HAS(refused(), bad[i].text);
		CHECK_HAS(refused(), "mounts[0]: ");
		CHECK(fixture.err.code == ERROR_INVALID || fixture.err.code == ERROR_UNSUPPORTED);
	}
}

TEST(a_running_container_is_given_its_sources)
{
	fixture_init();
	fixture.request.running = true;
	fixture.request.pid_namespace_joined = true;
	fixture.request.parent_mounts = false;
	add_mount("/x", "bind", "s", "bind");
	add_mount("/y", "proc", "proc", "");
	add_mount("/z", "sysfs", "sysfs", "");
	add_device("/dev/x", "c", 1, 3);
	CHECK_OK(make_plan());
	CHECK_INT(rootfs_source(fixture.plan, 0), ROOTFS_SOURCE_PARENT);
	CHECK_STR(fixture.plan->mounts.items[0].source, BUNDLE "/s");
	CHECK_INT(rootfs_source(fixture.plan, 1), ROOTFS_SOURCE_PROCFS);
	CHECK_INT(rootfs_source(fixture.plan, 2), ROOTFS_SOURCE_OWN);
	CHECK_INT(fixture.plan->devices.count, 0);
	CHECK(fixture.plan->root == NULL);
}

/* What stands for a new instance is the host's: never a path of it in there. */
TEST(a_running_container_gets_no_bind_in_place_of_a_filesystem_but_by_the_parent)
{
	fixture_init();
	fixture.request.running = true;
	fixture.request.user_namespace = true;
	fixture.request.cgroup_mount = "/sys/fs/cgroup";
	fixture.request.cgroup_path = "/web";
	add_mount("/a", "cgroup", "cgroup", "");
	add_mount("/b", "sysfs", "sysfs", "");
	CHECK_OK(make_plan());
	CHECK(!fixture.plan->mounts.items[0].instead && !fixture.plan->mounts.items[1].instead);
	fixture.request.cgroup_namespace_own = false;
	fixture.request.network_namespace_own = false;
	CHECK_OK(make_plan());
	for (size_t i = 0; i < 2; i++) {
		CHECK_INT(fixture.plan->mounts.items[i].kind, MOUNT_BIND);
		CHECK_INT(rootfs_source(fixture.plan, i), ROOTFS_SOURCE_PARENT);
		CHECK(!fixture.plan->mounts.items[i].instead);
	}
}

TEST(what_a_running_container_cant_be_given)
{
	static const struct {
		const char *destination, *type, *options, *text;
	} bad[] = {
		{ "/masked", "tmpfs", "", "uncover /masked" },
		{ "/readonly", "tmpfs", "", "uncover /readonly/deep" },
		{ "/readonly/deep/", "tmpfs", "", "uncover /readonly/deep" },
		{ "/x", "tmpfs", "remount,ro", "not changed" },
		{ "/x", "tmpfs", "silent", "can't be given" },
	};
	static const char *const good[] = { "/mask", "/masked2", "/masked/x", "/readonly/dee" };

	for (size_t i = 0; i < array_length(bad) + array_length(good); i++) {
		bool is_bad = i < array_length(bad);

		fixture_init();
		fixture.request.running = true;
		fixture.config.mounts.count = 0;
		add_path(&fixture.linux_.masked_paths, "/masked");
		add_path(&fixture.linux_.readonly_paths, "/readonly/deep");
		add_mount(is_bad ? bad[i].destination : good[i - array_length(bad)], "tmpfs",
			  "tmpfs", is_bad ? bad[i].options : "");
		if (is_bad)
			CHECK_HAS(refused(), bad[i].text);
		else
			CHECK_OK(make_plan());
		fixture.linux_.masked_paths.count = fixture.linux_.readonly_paths.count = 0;
	}
	fixture.request.mount_namespace = false;
	CHECK_HAS(refused(), "no mount namespace");
}

TEST(statistics_in_proc_may_be_mounted_over)
{
	fixture_init();
	add_mount("/proc/meminfo", "bind", "/s", "bind");
	CHECK(only()->on_proc);
	CHECK_INT(only()->resolve, PATH_NO_SYMLINKS);
}

TEST(without_a_mount_namespace_nothing_is_mounted)
{
	fixture_init();
	fixture.request.mount_namespace = false;
	CHECK_OK(make_plan());
	fixture.root.readonly = (struct optional_bool){ true, true };
	CHECK_HAS(refused(), "root.readonly needs a mount namespace");
	fixture.root.readonly.set = false;
	add_path(&fixture.linux_.masked_paths, "/x");
	CHECK_HAS(refused(), "linux.maskedPaths needs a mount namespace");
	fixture.linux_.masked_paths.count = 0;
	add_mount("/x", "tmpfs", "tmpfs", "");
	CHECK_HAS(refused(), "mounts needs a mount namespace");
}

TEST(root_and_propagation)
{
	fixture_init();
	CHECK_OK(make_plan());
	CHECK_STR(rootfs_path(fixture.plan), BUNDLE "/rootfs");
	CHECK_INT(fixture.plan->propagation, 0);
	fixture.linux_.rootfs_propagation = arena_strdup(&fixture.arena, "rshared");
	fixture.root.path = arena_strdup(&fixture.arena, "/abs");
	CHECK_OK(make_plan());
	CHECK_STR(rootfs_path(fixture.plan), "/abs");
	CHECK_INT(fixture.plan->propagation, MS_SHARED | MS_REC);
	fixture.linux_.rootfs_propagation = arena_strdup(&fixture.arena, "sideways");
	CHECK_HAS(refused(), "linux.rootfsPropagation: unknown value \"sideways\"");
	fixture.config.root = NULL;
	CHECK_HAS(refused(), "root.path is missing");
}

/* ---- devices ---- */

static const struct device_plan *device_named(const char *path)
{
	for (size_t i = 0; i < fixture.plan->devices.count; i++)
		if (strcmp(fixture.plan->devices.items[i].path, path) == 0)
			return &fixture.plan->devices.items[i];
	return NULL;
}

TEST(devices)
{
	struct config_device *device;

	fixture_init();
	device = add_device("/dev/fuse", "c", 10, 229);
	device->file_mode = (struct optional_uint){ 0100660, true };
	device->uid = (struct optional_uint){ 7, true };
	add_device("/dev//null", "u", 1, 5);
	add_device("/dev/ptmx", "c", 5, 2);
	add_device("/opt/pipe", "p", 0, 0);
	CHECK_OK(make_plan());
	CHECK(fixture.plan->devices_wanted);
	CHECK_INT(fixture.plan->devices.count, 8);
	CHECK_INT(device_named("/dev/fuse")->mode, S_IFCHR | 0660);
	CHECK_INT(device_named("/dev/fuse")->uid, 7);
	CHECK(device_named("/dev/fuse")->device == makedev(10, 229));
	CHECK(device_named("/dev/null")->device == makedev(1, 5)); /* in place of the default */
	CHECK_INT(device_named("/dev/tty")->mode, S_IFCHR | 0666);
	CHECK(device_named("/dev/ptmx") == NULL);
	CHECK_INT(device_named("/opt/pipe")->mode, S_IFIFO | 0666);
	add_mount("/dev/", "bind", "/dev", "rbind");
	CHECK_OK(make_plan());
	CHECK(!fixture.plan->devices_wanted);
}

TEST(bad_devices)
{
	fixture_init();
	add_device("/dev/x", "z", 1, 3);
	CHECK_HAS(refused(), "linux.devices[0]: /dev/x: unknown type of device \"z\"");
	fixture.devices[0].type = arena_strdup(&fixture.arena, "b");
	fixture.devices[0].minor.set = false;
	CHECK_HAS(refused(), "major or minor is missing");
	fixture.devices[0].path = NULL;
	CHECK_HAS(refused(), "without a usable path");
}
