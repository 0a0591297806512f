#include "tests/unit/harness.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/ipc.h>
#include <sys/mount.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/procfs.h"
#include "libcontainer/process/sysctl.h"

static struct config_namespace all_namespaces[] = {
	{ .type = (char *)"network" },
	{ .type = (char *)"ipc" },
	{ .type = (char *)"uts" },
	{ .type = (char *)"user" },
};

static struct arena arena = ARENA_INIT;

/* The config with one sysctl, and with the namespaces of the table above if @all. */
static int plan_of(const char *name, const char *value, bool all, struct sysctl_plan *plan,
		   struct error *err)
{
	struct string_map_entry entry = { (char *)name, (char *)value };
	struct config_linux linux_ = { .sysctl = { &entry, 1 } };
	struct config config = { .linux_ = &linux_ };

	if (!arena.base)
		CHECK(arena_init(&arena, 1 << 20, err) == 0);
	if (all) {
		linux_.namespaces.items = all_namespaces;
		linux_.namespaces.count = array_length(all_namespaces);
	}
	*err = (struct error)ERROR_INIT;
	return sysctl_plan(&config, &arena, plan, err);
}

TEST(dots_and_slashes_are_swapped_as_the_first_of_them_says)
{
	static const struct {
		const char *name, *path;
	} names[] = {
		{ "net.ipv4.ip_forward", "sys/net/ipv4/ip_forward" },
		{ "net/ipv4/ip_forward", "sys/net/ipv4/ip_forward" },
		{ "net.ipv4.conf.eth0/1.forwarding", "sys/net/ipv4/conf/eth0.1/forwarding" },
		{ "net/ipv4/conf/eth0.1/forwarding", "sys/net/ipv4/conf/eth0.1/forwarding" },
		{ "kernel.shm_rmid_forced", "sys/kernel/shm_rmid_forced" },
		{ "kernel.domainname", "sys/kernel/domainname" },
		{ "fs.mqueue.msg_max", "sys/fs/mqueue/msg_max" },
		{ "user.max_net_namespaces", "sys/user/max_net_namespaces" },
	};

	for (size_t i = 0; i < array_length(names); i++) {
		struct sysctl_plan plan;
		struct error err;

		if (plan_of(names[i].name, "1", true, &plan, &err) < 0)
			harness_fail(__FILE__, __LINE__, "%s", err.text);
		CHECK_STR(plan.items[0].path, names[i].path);
		CHECK_STR(plan.items[0].value, "1");
	}
}

TEST(what_belongs_to_the_host_is_refused)
{
	static const char *const names[] = {
		"kernel.core_pattern",
		"kernel.hostname",
		"vm.swappiness",
		"kernel",
		"net",
		"kernel.msgmaxx",
		"fs.mqueuex.a",
		"fs.file-max",
		"kernel.sem.x",
		"",
		"netx.a",
		"user",
		".net.a",
		"/net/a",
	};

	for (size_t i = 0; i < array_length(names); i++) {
		struct sysctl_plan plan;
		struct error err;

		if (plan_of(names[i], "1", true, &plan, &err) == 0)
			harness_fail(__FILE__, __LINE__, "\"%s\" was taken", names[i]);
		CHECK_INT(err.code, ERROR_INVALID);
		CHECK_STR(err.object, "linux.sysctl");
	}
}

/* They begin like a sysctl of a namespace and end elsewhere. */
TEST(no_name_leads_out_of_its_directory)
{
	static const char *const names[] = {
		"net/../kernel/core_pattern",
		"net.//.kernel.core_pattern",
		"net/./a",
		"net//a",
		"net/a/",
		"net.a.",
		"net/..",
		"net..a",
		"net.ipv4.//.//.kernel.core_pattern",
	};

	for (size_t i = 0; i < array_length(names); i++) {
		struct sysctl_plan plan;
		struct error err;

		if (plan_of(names[i], "1", true, &plan, &err) == 0)
			harness_fail(__FILE__, __LINE__, "\"%s\" was taken", names[i]);
		CHECK_INT(err.code, ERROR_INVALID);
	}
}

TEST(each_needs_its_namespace)
{
	static const char *const names[] = { "net.ipv4.ip_forward", "kernel.sem", "fs.mqueue.a",
					     "kernel.domainname", "user.max_net_namespaces" };

	for (size_t i = 0; i < array_length(names); i++) {
		struct sysctl_plan plan;
		struct error err;

		CHECK(plan_of(names[i], "1", false, &plan, &err) < 0);
		CHECK_INT(err.code, ERROR_INVALID);
		CHECK(strstr(err.text, names[i]));
	}
}

TEST(joining_the_hosts_own_network_gives_no_right)
{
	struct sysctl_plan plan;
	struct error err;

	all_namespaces[0].path = (char *)"/proc/self/ns/net";
	CHECK(plan_of("net.ipv4.ip_forward", "1", true, &plan, &err) < 0);
	CHECK_INT(err.code, ERROR_INVALID);
	all_namespaces[0].path = (char *)"/proc/self/ns/uts"; /* another inode */
	CHECK(plan_of("net.ipv4.ip_forward", "1", true, &plan, &err) == 0);
}

TEST(a_sysctl_reaches_the_kernel)
{
	struct error err = ERROR_INIT;
	_cleanup_fd_ int procfs = procfs_open(&err);
	_cleanup_buffer_ struct buffer value = BUFFER_INIT;
	struct sysctl_plan plan;

	if (geteuid() != 0 || unshare(CLONE_NEWIPC) < 0)
		SKIP("needs root");
	CHECK(plan_of("kernel.shm_rmid_forced", "1", true, &plan, &err) == 0);
	CHECK(sysctl_apply(procfs, &plan, &err) == 0);
	CHECK(file_read(AT_FDCWD, "/proc/sys/kernel/shm_rmid_forced", 16, &value, &err) == 0);
	CHECK_STR(value.bytes, "1\n");
}

TEST(a_failure_names_the_file)
{
	struct error err = ERROR_INIT;
	_cleanup_fd_ int procfs = procfs_open(&err);
	struct sysctl_plan plan;

	CHECK(plan_of("net.no_such_thing", "1", true, &plan, &err) == 0);
	CHECK(sysctl_apply(procfs, &plan, &err) < 0);
	CHECK_INT(err.errnum, ENOENT);
	CHECK(strstr(err.text, "/proc/sys/net/no_such_thing"));
}

TEST(something_mounted_over_a_sysctl_is_not_written)
{
	struct error err = ERROR_INIT;
	_cleanup_fd_ int procfs = -1;
	struct sysctl_plan plan;

	if (geteuid() != 0 || unshare(CLONE_NEWIPC | CLONE_NEWNS) < 0)
		SKIP("needs root");
	CHECK(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	CHECK(mount("tmpfs", "/proc/sys/kernel", "tmpfs", 0, NULL) == 0);
	procfs = procfs_open(&err);
	CHECK(plan_of("kernel.shm_rmid_forced", "1", true, &plan, &err) == 0);
	CHECK(sysctl_apply(procfs, &plan, &err) < 0);
	CHECK_INT(err.errnum, EXDEV);
}
