/* lane: vm
 * libcontainer/cgroup/device_attach.c: real device nodes behind real programs. */
#include "tests/unit/cgroup_world.h"

#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"

static struct error err;
static struct arena arena;

static struct cgroup_plan plan_of(struct config_device_rule *rules, size_t count)
{
	struct config_resources resources = { .devices = { rules, count } };
	struct cgroup_plan plan = { .path = world };

	if (!arena.base)
		CHECK(arena_init(&arena, 1 << 26, &err) == 0);
	CHECK(device_program_compile(&resources, &arena, &plan.devices, &err) == 0);
	return plan;
}

static void attach(struct config_device_rule *rules, size_t count)
{
	struct cgroup_plan plan = plan_of(rules, count);
	_cleanup_fd_ int program = -1;

	NEEDS(bpf);
	if (device_program_load(&plan, &program, &err) < 0)
		harness_fail(__FILE__, __LINE__, "%s", err.text);
	CHECK(program >= 0);
	CHECK(fcntl(program, F_GETFD) & FD_CLOEXEC);
	if (device_program_attach(open_cgroup(world), program, &err) < 0)
		harness_fail(__FILE__, __LINE__, "%s", err.text);
}

static struct {
	mode_t type;
	unsigned int major, minor;
	int flags; /* of open(2); -1: mknod alone */
} attempt;

/* Make a node in a tmpfs and open it; the exit code is the errno. */
static void try_device(void)
{
	const char *node = "/tmp/node";

	if (mount("none", "/tmp", "tmpfs", 0, NULL) < 0 ||
	    mknod(node, attempt.type | 0600, makedev(attempt.major, attempt.minor)) < 0)
		_exit(errno);
	if (attempt.flags < 0)
		_exit(0);
	int fd = open(node, attempt.flags | O_NONBLOCK);
	int result = fd < 0 ? errno : 0;

	umount2("/tmp", MNT_DETACH);
	_exit(result);
}

static int try_open(mode_t type, unsigned int major, unsigned int minor, int flags)
{
	attempt.type = type;
	attempt.major = major;
	attempt.minor = minor;
	attempt.flags = flags;
	int status = status_of(spawn(world, try_device));

	CHECK(WIFEXITED(status));
	return WEXITSTATUS(status);
}

#define MEM	    S_IFCHR, 1, 1
#define NULL_DEVICE S_IFCHR, 1, 3
#define KMSG	    S_IFCHR, 1, 11

TEST(default_devices_open_and_others_do_not)
{
	world_enter();
	make(world);
	CHECK_INT(try_open(KMSG, O_RDONLY), 0);
	attach(NULL, 0);
	CHECK_INT(try_open(NULL_DEVICE, O_RDWR), 0);
	CHECK_INT(try_open(S_IFCHR, 1, 5, O_RDWR), 0);
	CHECK_INT(try_open(S_IFCHR, 1, 7, O_RDWR), 0);
	CHECK_INT(try_open(S_IFCHR, 1, 8, O_RDONLY), 0);
	CHECK_INT(try_open(S_IFCHR, 1, 9, O_RDONLY), 0);
	CHECK_INT(try_open(KMSG, O_RDONLY), EPERM);
	CHECK_INT(try_open(MEM, O_RDONLY), EPERM);
	CHECK_INT(try_open(MEM, -1), 0);
	CHECK_INT(try_open(S_IFBLK, 1, 3, O_RDONLY), EPERM);
}

TEST(each_access_is_checked)
{
	world_enter();
	make(world);
	struct config_device_rule read = { .allow = { true, true },
					   .type = (char *)"c",
					   .major = { 1, true },
					   .minor = { 11, true },
					   .access = (char *)"r" };

	attach(&read, 1);
	CHECK_INT(try_open(KMSG, O_RDONLY), 0);
	CHECK_INT(try_open(KMSG, O_WRONLY), EPERM);
	CHECK_INT(try_open(KMSG, O_RDWR), EPERM);
}

TEST(all_devices_when_all_are_allowed)
{
	world_enter();
	make(world);
	struct config_device_rule all = { .allow = { true, true }, .access = (char *)"rwm" };

	attach(&all, 1);
	CHECK_INT(try_open(KMSG, O_RDWR), 0);
}

static uint32_t count_programs(void)
{
	uint32_t ids[64];
	union bpf_attr attr = { .query = {
				    .target_fd = (uint32_t)open_cgroup(world),
				    .attach_type = BPF_CGROUP_DEVICE,
				    .prog_ids = (uintptr_t)ids,
				    .prog_cnt = 64,
				} };

	CHECK(syscall(SYS_bpf, BPF_PROG_QUERY, &attr, sizeof(attr)) == 0);
	return attr.query.prog_cnt;
}

TEST(a_second_one_takes_the_place_of_the_first)
{
	world_enter();
	make(world);
	struct config_device_rule read = { .allow = { true, true },
					   .type = (char *)"c",
					   .major = { 1, true },
					   .access = (char *)"r" };

	attach(NULL, 0);
	CHECK_INT(try_open(KMSG, O_RDONLY), EPERM);
	attach(&read, 1);
	CHECK_INT(try_open(KMSG, O_RDONLY), 0);
	attach(NULL, 0);
	CHECK_INT(try_open(KMSG, O_RDONLY), EPERM);
	CHECK_INT(count_programs(), 1);
}

/* As systemd and engines attach theirs: both must allow. */
TEST(one_of_somebody_else_stays)
{
	world_enter();
	make(world);
	struct bpf_insn deny_all[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr load = {
		.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
		.insn_cnt = 2,
		.insns = (uintptr_t)deny_all,
		.license = (uintptr_t) "GPL",
		.prog_name = "somebody_elses",
	};
	NEEDS(bpf);
	int theirs = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof(load));

	CHECK(theirs >= 0);
	CHECK(device_program_attach(open_cgroup(world), theirs, &err) == 0);
	attach(NULL, 0);
	CHECK_INT(count_programs(), 2);
	CHECK_INT(try_open(NULL_DEVICE, O_RDWR), EPERM);
	attach(NULL, 0);
	CHECK_INT(count_programs(), 2);
}

static void load_as_nobody(bool rootless)
{
	struct cgroup_plan plan = plan_of(NULL, 0);
	int program = 77, result;

	NEEDS(bpf);
	plan.rootless = rootless;
	CHECK(setuid(65534) == 0);
	result = device_program_load(&plan, &program, &err);
	CHECK_INT(result, rootless ? 0 : -1);
	CHECK_INT(program, rootless ? -1 : 77);
	CHECK(device_program_attach(-1, -1, &err) == 0);
}

TEST(rootless_does_without)
{
	if (geteuid() != 0)
		SKIP("needs root");
	load_as_nobody(true);
}

TEST(who_is_not_rootless_does_not)
{
	if (geteuid() != 0)
		SKIP("needs root");
	load_as_nobody(false);
	CHECK_INT(err.errnum, EPERM);
}

TEST(a_program_of_many_rules_loads)
{
	world_enter();
	make(world);
	static struct config_device_rule rules[2000];

	for (size_t i = 0; i < 2000; i++)
		rules[i] = (struct config_device_rule){ .allow = { i % 3 != 0, true },
							.type = (char *)(i % 2 ? "c" : "b"),
							.major = { (int64_t)i % 97 + 20, true },
							.minor = { (int64_t)i, true },
							.access = (char *)(i % 5 ? "rw" : "r") };
	attach(rules, 2000);
	CHECK_INT(try_open(NULL_DEVICE, O_RDWR), 0);
	CHECK_INT(try_open(KMSG, O_RDONLY), EPERM);
}
