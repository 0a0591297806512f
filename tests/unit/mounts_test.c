/* checkpoint/mounts.c: which mounts of a container are the host's. */
#include "tests/unit/harness.h"

#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "checkpoint/mounts.h"

static struct arena arena;

static struct mountinfo_list parse(const char *text)
{
	struct error err = ERROR_INIT;
	struct mountinfo_list list;

	if (!arena.base)
		CHECK(arena_init(&arena, 32 << 20, &err) == 0);
	mounts_parse(text, &arena, &list);
	return list;
}

static struct config *config(const char *text)
{
	struct error err = ERROR_INIT;
	struct config *config;

	if (!arena.base)
		CHECK(arena_init(&arena, 32 << 20, &err) == 0);
	CHECK(config_parse(text, strlen(text), "config.json", DOCUMENT_CONFIG, &arena, &config,
			   &err) == 0);
	return config;
}

#define HOST                                                                                       \
	"25 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw\n"                                           \
	"26 25 0:5 / /dev rw shared:2 - devtmpfs udev rw\n"                                        \
	"27 25 0:22 / /proc rw shared:3 - proc proc rw\n"                                          \
	"28 25 0:26 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw\n"                           \
	"29 25 0:30 / /run rw shared:5 - tmpfs tmpfs rw\n"

#define ROOT "76 42 8:1 /b/rootfs / rw,noatime master:1 - ext4 /dev/sda1 rw\n"

#define CONFIG(mounts, more)                                                                       \
	"{\"ociVersion\":\"1.3.0\",\"process\":{\"args\":[\"sh\"],\"cwd\":\"/\"},"                 \
	"\"root\":{\"path\":\"rootfs\"},\"mounts\":[" mounts "],\"linux\":{" more "}}"

/* The mountpoints of the external ones of @container, each with a blank after it. */
static const char *external(const char *container, const char *text)
{
	static char names[1024];
	struct mountinfo_list own = parse(container), host = parse(HOST), list;

	mounts_external(&own, &host, config(text), &arena, &list);
	names[0] = '\0';
	for (size_t i = 0; i < list.count; i++) {
		size_t used = strlen(names);

		snprintf(names + used, sizeof(names) - used, "%s ", list.items[i].mountpoint);
	}
	return names;
}

TEST(a_line_of_mountinfo)
{
	struct mountinfo_list list = parse(
	    "36 35 98:7 /mnt1 /mnt\\0402 ro,noatime,roadie master:1 shared:2 - fuse.x src rw\n"
	    "37 35 0:9 / /b rw,nosuid - tmpfs tmpfs ro\n");

	CHECK(list.count == 2);
	CHECK(list.items[0].id == 36 && list.items[0].device == makedev(98, 7));
	CHECK_STR(list.items[0].root, "/mnt1");
	CHECK_STR(list.items[0].mountpoint, "/mnt 2");
	CHECK_STR(list.items[0].type, "fuse.x");
	CHECK(list.items[0].restrictions == MOUNT_ATTR_RDONLY);
	/* the filesystem is read-only, the mount is not */
	CHECK(list.items[1].restrictions == MOUNT_ATTR_NOSUID);
	CHECK(mounts_find(&list, "/b") == &list.items[1]);
	CHECK(!mounts_find(&list, "/c"));
}

TEST(what_the_container_has_made_itself_is_not_external)
{
	CHECK_STR(external(ROOT "78 76 0:37 / /proc rw - proc proc rw\n"
				"79 76 0:38 / /dev rw - tmpfs tmpfs rw\n"
				"80 79 0:39 / /dev/pts rw - devpts devpts rw\n"
				"43 78 0:37 /bus /proc/bus ro - proc proc rw\n"
				"65 78 0:42 / /proc/acpi ro - tmpfs tmpfs ro\n",
			   CONFIG("{\"destination\":\"/proc\",\"type\":\"proc\"},"
				  "{\"destination\":\"/dev\",\"type\":\"tmpfs\"}",
				  "")),
		  "");
}

TEST(binds_are_external_also_of_the_roots_filesystem)
{
	CHECK_STR(external(ROOT "77 76 8:1 /data /data rw - ext4 /dev/sda1 rw\n"
				"78 76 0:30 /x /etc/hosts rw - tmpfs tmpfs rw\n",
			   CONFIG("{\"destination\":\"/data/\",\"source\":\"/data\",\"options\":"
				  "[\"rbind,ro\"]},"
				  "{\"destination\":\"/etc/hosts\",\"source\":\"/run/x\","
				  "\"type\":\"bind\"}",
				  "")),
		  "/data /etc/hosts ");
}

TEST(a_bind_of_what_we_do_not_see_is_external_if_the_config_says_so)
{
	static const char container[] = ROOT "77 76 0:99 / /data rw - tmpfs tmpfs rw\n";

	CHECK_STR(external(container, CONFIG("{\"destination\":\"/data\",\"source\":\"/d\","
					     "\"type\":\"bind\"}",
					     "")),
		  "/data ");
	CHECK_STR(external(container, CONFIG("", "")), "");
}

TEST(mounts_of_the_host_are_external_whoever_made_them)
{
	/* a masked file, one that was added later, and one reached through a link */
	CHECK_STR(external(ROOT "66 78 0:5 /null /proc/kcore rw master:2 - devtmpfs dev rw\n"
				"77 76 8:1 /srv /late rw - ext4 /dev/sda1 rw\n"
				"78 76 0:30 /x /run/x rw - tmpfs tmpfs rw\n",
			   CONFIG("{\"destination\":\"/var/run/x\",\"source\":\"/run/x\","
				  "\"type\":\"bind\"}",
				  "\"maskedPaths\":[\"/proc/kcore\"]")),
		  "/proc/kcore /late /run/x ");
}

TEST(a_mask_is_dev_null_on_a_masked_path)
{
	struct mountinfo_list list = parse("66 78 0:5 /null /proc/kcore rw - devtmpfs dev rw\n"
					   "67 78 0:5 /null /dev/null rw - devtmpfs dev rw\n"
					   "68 78 0:5 /zero /proc/keys rw - devtmpfs dev rw\n");
	struct config *masks =
	    config(CONFIG("", "\"maskedPaths\":[\"/proc/kcore\",\"/proc/keys\"]"));

	CHECK(mount_is_mask(&list.items[0], masks));
	CHECK(!mount_is_mask(&list.items[1], masks));
	CHECK(!mount_is_mask(&list.items[2], masks));
}

TEST(a_part_of_the_root_on_itself_is_not_external)
{
	CHECK_STR(external(ROOT "77 76 8:1 /b/rootfs/etc /etc ro - ext4 /dev/sda1 rw\n",
			   CONFIG("", "\"readonlyPaths\":[\"/etc\"]")),
		  "");
	/* but another part of it is a bind of somebody's */
	CHECK_STR(
	    external(ROOT "77 76 8:1 /b/rootfs/etc /mnt ro - ext4 /dev/sda1 rw\n", CONFIG("", "")),
	    "/mnt ");
}

TEST(cgroup2_is_the_hosts_without_a_cgroup_namespace)
{
	static const char container[] =
	    ROOT "84 83 0:26 /c1 /sys/fs/cgroup ro - cgroup2 cgroup rw\n";

	CHECK_STR(external(container, CONFIG("{\"destination\":\"/sys/fs/cgroup\",\"type\":"
					     "\"cgroup\"}",
					     "")),
		  "/sys/fs/cgroup ");
	CHECK_STR(external(container, CONFIG("{\"destination\":\"/sys/fs/cgroup\",\"type\":"
					     "\"cgroup\"}",
					     "\"namespaces\":[{\"type\":\"cgroup\"},{\"type\":"
					     "\"mount\"}]")),
		  "");
}

TEST(a_procfs_of_the_hosts_pid_namespace_is_mounted_anew)
{
	CHECK_STR(external(ROOT "78 76 0:22 / /proc rw - proc proc rw\n"
				"43 78 0:22 /bus /proc/bus ro - proc proc rw\n",
			   CONFIG("{\"destination\":\"/proc\",\"type\":\"proc\"}", "")),
		  "");
}

/* ---- what CRIU has made ---- */

#define PROC   "{\"destination\":\"/proc\",\"type\":\"proc\"}"
#define SYS    ",{\"destination\":\"/sys\",\"type\":\"sysfs\"}"
#define CGROUP ",{\"destination\":\"/sys/fs/cgroup\",\"type\":\"cgroup\"}"
#define NEW                                                                                        \
	"\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\"},{\"type\":\"mount\"},"          \
	"{\"type\":\"ipc\"},{\"type\":\"cgroup\"}]"
#define HOSTS "\"namespaces\":[{\"type\":\"pid\",\"path\":\"/p\"},{\"type\":\"mount\"}]"
#define MAY                                                                                        \
	"{\"ociVersion\":\"1.3.0\",\"process\":{\"args\":[\"sh\"],\"cwd\":\"/\",\"capabilities\":" \
	"{\"bounding\":[\"CAP_SYS_ADMIN\"]}},\"root\":{\"path\":\"rootfs\"},\"linux\":{" NEW "}}"

/* A line of what CRIU has mounted, and whether it can be the container's own. HOST is mounted outside. */
static const struct {
	const char *line, *config;
	bool own;
} judged[] = {
	/* new instances, and parts of them */
	{ "0:40 / /scratch rw - tmpfs tmpfs rw", CONFIG("", NEW), true },
	{ "0:40 /x /elsewhere rw - tmpfs tmpfs rw", CONFIG("", NEW), true },
	{ "0:40 /0 /dev/console rw - devpts devpts rw", CONFIG("", NEW), true },
	{ "0:40 / /dev/mqueue rw - mqueue mqueue rw", CONFIG("", NEW), true },
	{ "0:40 / /proc rw - proc proc rw", CONFIG(PROC SYS CGROUP, NEW), true },
	{ "0:40 /bus /proc/bus ro - proc proc rw", CONFIG(PROC SYS CGROUP, NEW), true },
	{ "0:40 / /sys ro - sysfs sysfs rw", CONFIG(PROC SYS CGROUP, NEW), true },
	{ "0:26 /c1 /sys/fs/cgroup ro - cgroup2 cgroup rw", CONFIG(PROC SYS CGROUP, NEW), true },
	/* the host's, whatever the config has there */
	{ "8:1 / /dev/shm rw - ext4 /dev/sda1 rw",
	  CONFIG("{\"destination\":\"/dev/shm\",\"type\":\"tmpfs\"}", NEW), false },
	{ "0:30 / /dev/shm rw - tmpfs tmpfs rw",
	  CONFIG("{\"destination\":\"/dev/shm\",\"type\":\"tmpfs\"}", NEW), false },
	{ "0:30 /secret /dev/shm rw - tmpfs tmpfs rw",
	  CONFIG("{\"destination\":\"/dev/shm\",\"type\":\"tmpfs\"}", NEW), false },
	{ "0:22 / /proc rw - proc proc rw", CONFIG(PROC SYS CGROUP, NEW), false },
	{ "0:22 / /proc rw - proc proc rw", CONFIG(PROC SYS CGROUP, HOSTS), true },
	{ "0:5 / /dev rw - devtmpfs udev rw",
	  CONFIG("{\"destination\":\"/dev\",\"type\":\"tmpfs\"}", NEW), false },
	/* another cgroup, or none of its own */
	{ "0:26 / /sys/fs/cgroup ro - cgroup2 cgroup rw", CONFIG(PROC SYS CGROUP, NEW), false },
	{ "0:26 /c10 /sys/fs/cgroup ro - cgroup2 cgroup rw", CONFIG(PROC SYS CGROUP, NEW), false },
	{ "0:26 /c1 /sys/fs/cgroup ro - cgroup2 cgroup rw", CONFIG(PROC SYS CGROUP, HOSTS), false },
	/* types that lead to what the host has, though the device is new */
	{ "0:40 / /mnt rw - overlay overlay rw,lowerdir=/etc", CONFIG("", NEW), false },
	{ "0:40 / /mnt rw - fuse.sshfs x rw", CONFIG("", NEW), false },
	{ "0:40 / /mnt rw - overlay overlay rw,lowerdir=/etc", MAY, false },
	/* ways into the kernel that the config doesn't have */
	{ "0:40 / /mnt rw - proc proc rw", CONFIG(PROC, NEW), false },
	{ "0:40 /sys /mnt ro - proc proc rw", CONFIG(PROC, NEW), false },
	{ "0:40 /sys /proc/sys rw - proc proc rw", CONFIG(PROC, NEW), false },
	{ "0:40 / /proc rw - sysfs sysfs rw", CONFIG(PROC, NEW), false },
	{ "0:40 / /sys rw - sysfs sysfs rw",
	  CONFIG("{\"destination\":\"/sys\",\"type\":\"bind\",\"source\":\"/sys\"}", NEW), false },
	{ "0:26 /c1 /mnt rw - cgroup2 cgroup rw", CONFIG(PROC SYS CGROUP, NEW), false },
	/* who may mount could have made it */
	{ "0:40 / /mnt rw - proc proc rw", MAY, true },
	{ "0:26 /c1/below /mnt rw - cgroup2 cgroup rw", MAY, true },
	{ "0:22 / /mnt rw - proc proc rw", MAY, false },
	/* what the caller allows, if it isn't the host's */
	{ "0:40 / /mnt rw - ramfs ramfs rw", CONFIG("", NEW), true },
	{ "0:30 / /mnt rw - ramfs ramfs rw", CONFIG("", NEW), false },
};

TEST(what_criu_may_have_made)
{
	const dev_t host[] = { makedev(8, 1), makedev(0, 5), makedev(0, 22), makedev(0, 26),
			       makedev(0, 30) };
	char *const ramfs[] = { (char *)"ramfs" };
	const struct strings enabled = { (char **)ramfs, 1 };

	for (size_t i = 0; i < array_length(judged); i++) {
		char line[256];
		struct mountinfo_list list;
		struct mounts_judge judge = { config(judged[i].config), "/c1",	  host,
					      array_length(host),	&enabled, &arena };

		snprintf(line, sizeof(line), "90 76 %s\n", judged[i].line);
		list = parse(line);
		CHECK(list.count == 1);
		if (mount_is_own(&list.items[0], &judge) != judged[i].own)
			harness_fail(__FILE__, __LINE__, "row %zu, %s", i, judged[i].line);
	}
}

TEST(what_is_within_the_root)
{
	struct mountinfo_list list =
	    parse(ROOT "77 76 8:1 /b/rootfs/etc /mnt rw - ext4 /dev/sda1 rw\n"
		       "78 76 8:1 /b/rootfs2 /mnt rw - ext4 /dev/sda1 rw\n"
		       "79 76 8:1 / /mnt rw - ext4 /dev/sda1 rw\n"
		       "80 76 8:2 /b/rootfs /mnt rw - ext4 /dev/sdb1 rw\n");

	CHECK(mount_is_within(&list.items[0], &list.items[0]));
	CHECK(mount_is_within(&list.items[1], &list.items[0]));
	for (size_t i = 2; i < list.count; i++)
		CHECK(!mount_is_within(&list.items[i], &list.items[0]));
}

TEST(what_the_config_mounts_is_its_own_only_if_it_is_of_that_type)
{
	/* a bind of the host's in the place of a tmpfs, and so nothing that exempts others of its filesystem */
	CHECK_STR(external(ROOT "77 76 8:1 / /dev/shm rw - ext4 /dev/sda1 rw\n"
				"78 76 8:1 /etc /mnt rw - ext4 /dev/sda1 rw\n"
				"79 76 0:30 /x /run rw - tmpfs tmpfs rw\n",
			   CONFIG("{\"destination\":\"/dev/shm\",\"type\":\"tmpfs\"},"
				  "{\"destination\":\"/run\",\"type\":\"tmpfs\"}",
				  "")),
		  "/dev/shm /mnt /run ");
}

TEST(a_filesystem_that_lies_on_the_hosts_is_for_the_config_to_make)
{
	CHECK_STR(external(ROOT "77 76 0:40 / /mnt rw - overlay overlay rw\n",
			   CONFIG("{\"destination\":\"/mnt\",\"type\":\"overlay\"}", "")),
		  "/mnt ");
	/* a remount makes none */
	CHECK_STR(
	    external(
		ROOT "78 76 0:37 / /proc ro - proc proc rw\n",
		CONFIG(PROC ",{\"destination\":\"/proc\",\"options\":[\"remount\",\"ro\"]}", "")),
	    "");
}

#define MOUNT(at, type, more) "{\"destination\":\"" at "\",\"type\":\"" type "\"" more "},"
#define BIND(at)	      MOUNT(at, "bind", ",\"source\":\"/src\"")
#define LAST		      "{\"destination\":\"/last\",\"type\":\"tmpfs\"}"

TEST(only_the_last_word_of_the_config_on_a_place_counts)
{
	static const struct {
		const char *config;
		bool covered; /* its first mount */
	} rows[] = {
		{ CONFIG(MOUNT("/data", "tmpfs", "") LAST, ""), false },
		{ CONFIG(MOUNT("/data", "tmpfs", "") BIND("/data/") LAST, ""), true },
		{ CONFIG(BIND("/data/k") MOUNT("/data", "tmpfs", "") LAST, ""), true },
		{ CONFIG(BIND("/data") MOUNT("/data/k", "tmpfs", "") LAST, ""), false },
		{ CONFIG(BIND("/data") MOUNT("/dat", "tmpfs", "") LAST, ""), false },
		{ CONFIG(BIND("/a/../data/k") BIND("//data") LAST, ""), true },
		/* it makes another option of the place, but nothing that lies over others */
		{ CONFIG(BIND("/k") MOUNT("/k/", "", ",\"options\":[\"remount\"]") LAST, ""),
		  true },
		{ CONFIG(BIND("/k/l") MOUNT("/k", "", ",\"options\":[\"remount\"]") LAST, ""),
		  false },
		{ CONFIG(BIND("/k") LAST, "\"maskedPaths\":[\"/k/\"]"), true },
		{ CONFIG(BIND("/k/l") LAST, "\"maskedPaths\":[\"/k\"]"), true },
		{ CONFIG(BIND("/k") LAST, "\"maskedPaths\":[\"/k/l\"]"), false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (mounts_cover(config(rows[i].config), 0, &arena) != rows[i].covered)
			harness_fail(__FILE__, __LINE__, "%s", rows[i].config);
}

TEST(a_bind_is_hidden_by_what_the_config_mounts_over_it)
{
	static const struct {
		const char *config;
		bool hidden; /* /data/k */
	} rows[] = {
		{ CONFIG(BIND("/data/k") LAST, ""), false },
		{ CONFIG(BIND("/data/k") MOUNT("/data", "tmpfs", "") LAST, ""), true },
		{ CONFIG(BIND("/data/k/") BIND("/data/") LAST, ""), true },
		{ CONFIG(MOUNT("/data", "tmpfs", "") BIND("/data/k") LAST, ""), false },
		{ CONFIG(BIND("/data/k") MOUNT("/data/k", "tmpfs", "") LAST, ""), true },
		{ CONFIG(MOUNT("/data/k", "tmpfs", "") BIND("/data/k") LAST, ""), false },
		/* somebody else has bound it */
		{ CONFIG(MOUNT("/data", "tmpfs", "") LAST, ""), false },
		{ CONFIG(MOUNT("/data/k", "tmpfs", "") LAST, ""), false },
		{ CONFIG(BIND("/data/k") MOUNT("/data", "", ",\"options\":[\"remount\"]") LAST, ""),
		  false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (mounts_hide(config(rows[i].config), "/data/k", &arena) != rows[i].hidden)
			harness_fail(__FILE__, __LINE__, "%s", rows[i].config);
}
