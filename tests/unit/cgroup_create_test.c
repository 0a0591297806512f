/* lane: vm
 * libcontainer/cgroup: create.c, controllers.c, apply.c, delegate.c on real cgroups. */
#include "tests/unit/cgroup_world.h"

static struct error err;

/* A plan of writes, as cgroup_plan() would make it. */
static struct cgroup_plan plan_of(const char *path, struct cgroup_write *writes, size_t count)
{
	static char *needed[16];
	struct cgroup_plan plan = {
		.asked = true,
		.path = (char *)path,
		.writes = { writes, count },
		.controllers = { needed, 0 },
	};

	for (size_t i = 0; i < count; i++)
		if (writes[i].controller && !writes[i].harmless)
			needed[plan.controllers.count++] = (char *)writes[i].controller;
	return plan;
}

static struct cgroup create(const char *path)
{
	struct cgroup_plan plan = plan_of(path, NULL, 0);
	struct cgroup cgroup = CGROUP_INIT;

	if (cgroup_create(&plan, &cgroup, &err) < 0)
		harness_fail(__FILE__, __LINE__, "%s", err.text);
	return cgroup;
}

static const char *create_error(struct cgroup_plan plan)
{
	struct cgroup cgroup = CGROUP_INIT;

	CHECK(cgroup_create(&plan, &cgroup, &err) < 0);
	CHECK_INT(cgroup.fd, -1);
	return err.text;
}

TEST(it_is_made_with_its_ancestors)
{
	world_enter();
	struct cgroup cgroup = create(below_world("a/b"));
	char text[8];

	CHECK(cgroup.created);
	CHECK(exists(below_world("a/b")));
	CHECK(cgroup_read(cgroup.fd, "cgroup.procs", text, sizeof(text)) == 0);
	CHECK(fcntl(cgroup.fd, F_GETFD) & FD_CLOEXEC);
}

TEST(all_controllers_are_enabled_down_to_it)
{
	/* spec: config-linux.md#unified unified-controllers */
	world_enter();
	create(below_world("a/b"));
	CHECK_STR(get("/", "cgroup.controllers"), get("/", "cgroup.subtree_control"));
	CHECK_STR(get(below_world("a/b"), "cgroup.controllers"), get("/", "cgroup.controllers"));
	CHECK_STR(get(below_world("a/b"), "cgroup.subtree_control"), "");
}

TEST(one_that_is_there_and_empty_is_taken)
{
	world_enter();
	make(world);
	make(below_world("a"));
	struct cgroup cgroup = create(below_world("a"));

	CHECK(cgroup.fd >= 0);
	CHECK(!cgroup.created);
}

TEST(one_with_processes_is_refused_and_stays)
{
	/* spec: config-linux.md#control-groups cgroup-unfit */
	world_enter();
	make(world);
	make(below_world("a"));
	make(below_world("a/deep"));
	spawn(below_world("a"), just_wait);
	spawn(below_world("a/deep"), just_wait);
	const char *text = create_error(plan_of(below_world("a"), NULL, 0));

	CHECK(strstr(text, "container's cgroup is not empty: 2 process(es) found"));
	CHECK_INT(err.code, ERROR_STATE);
	CHECK(strncmp(get(below_world("a"), "cgroup.events"), "populated 1", 11) == 0);
}

TEST(a_frozen_one_is_refused)
{
	/* spec: config-linux.md#control-groups cgroup-unfit */
	world_enter();
	make(world);
	make(below_world("a"));
	put(below_world("a"), "cgroup.freeze", "1");
	CHECK(strstr(create_error(plan_of(below_world("a"), NULL, 0)),
		     "container's cgroup unexpectedly frozen"));
	CHECK(exists(below_world("a")));
}

TEST(what_is_made_below_a_frozen_one_is_refused_and_removed)
{
	world_enter();
	make(world);
	make(below_world("a"));
	put(below_world("a"), "cgroup.freeze", "1");
	CHECK(strstr(create_error(plan_of(below_world("a/b/c"), NULL, 0)),
		     "container's cgroup unexpectedly frozen"));
	CHECK(!exists(below_world("a/b")));
	CHECK(exists(below_world("a")));
}

TEST(a_threaded_one_is_refused_and_removed)
{
	world_enter();
	make(world);
	make(below_world("a"));
	make(below_world("a/t"));
	put(below_world("a/t"), "cgroup.type", "threaded");
	CHECK(strstr(create_error(plan_of(below_world("a/t"), NULL, 0)), "threaded subtree"));
	CHECK(strstr(create_error(plan_of(below_world("a/new"), NULL, 0)), "threaded subtree"));
	CHECK(!exists(below_world("a/new")));
}

TEST(a_controller_that_is_not_there_is_named_and_nothing_made)
{
	/* spec: config-linux.md#unified unified-missing */
	world_enter();
	struct cgroup_write write = { .file = "nonsense.max",
				      .value = "1",
				      .property = "linux.resources.unified[\"nonsense.max\"]",
				      .controller = "nonsense" };
	const char *text = create_error(plan_of(below_world("a"), &write, 1));

	/* a cgroup namespace may be in the way of knowing more */
	CHECK(strstr(text, "linux.resources.unified[\"nonsense.max\"]: can't write nonsense.max: "
			   "the controller nonsense is missing: "));
	CHECK(strstr(text, "this kernel was built without it") ||
	      strstr(text, "it was not delegated to this cgroup namespace"));
	CHECK_INT(err.code, ERROR_UNSUPPORTED);
	CHECK(!exists(world));
}

/* What the kernel says of a controller that is on a hierarchy of cgroup v1, or switched off. */
static const char *error_with_proc_cgroups(const char *line)
{
	struct cgroup_write write = { .file = "nonsense.max",
				      .value = "1",
				      .property = "linux.resources.x",
				      .controller = "nonsense" };
	FILE *file;

	CHECK(mount("none", "/tmp", "tmpfs", 0, NULL) == 0);
	file = fopen("/tmp/cgroups", "w");
	CHECK(file && fputs(line, file) >= 0 && fclose(file) == 0);
	CHECK(mount("/tmp/cgroups", "/proc/cgroups", NULL, MS_BIND, NULL) == 0);
	return create_error(plan_of(below_world("a"), &write, 1));
}

TEST(a_controller_bound_to_v1_is_told_so)
{
	world_enter();
	CHECK_STR(error_with_proc_cgroups("#subsys_name\thierarchy\tnum_cgroups\tenabled\n"
					  "nonsense\t4\t14\t1\n"),
		  "linux.resources.x: can't write nonsense.max: the controller nonsense is "
		  "missing: it is bound to cgroup v1; boot with cgroup_no_v1=nonsense or "
		  "systemd.unified_cgroup_hierarchy=1");
}

TEST(a_controller_that_was_switched_off_is_told_so)
{
	world_enter();
	CHECK(strstr(error_with_proc_cgroups("nonsense\t0\t14\t0\n"),
		     "it is switched off by cgroup_disable= at boot"));
}

/* Any controller that this machine has on v2. */
static const char *some_controller(void)
{
	static char name[CGROUP_TEXT_SIZE];

	snprintf(name, sizeof(name), "%s", get("/", "cgroup.controllers"));
	name[strcspn(name, " ")] = '\0';
	if (!name[0])
		SKIP("no controller on cgroup v2");
	return name;
}

static struct cgroup_write write_of(const char *controller)
{
	return (struct cgroup_write){ .file = "some.max",
				      .value = "1",
				      .property = "linux.resources.x",
				      .controller = controller };
}

TEST(an_ancestor_with_processes_is_named)
{
	world_enter();
	struct cgroup_write write = write_of(some_controller());
	char want[512];

	make(world);
	make(below_world("a"));
	spawn(below_world("a"), just_wait);
	const char *text = create_error(plan_of(below_world("a/b"), &write, 1));

	snprintf(want, sizeof(want),
		 "linux.resources.x: can't write some.max: the controller %s is missing: cgroup "
		 "%s/a, which has to enable it for its children, has processes of its own",
		 write.controller, world);
	if (strncmp(text, want, strlen(want)) != 0)
		CHECK_STR(text, want);
	CHECK_INT(err.errnum, EBUSY);
	CHECK(!exists(below_world("a/b")));
}

TEST(an_ancestor_with_processes_is_fine_where_no_controller_is_needed)
{
	world_enter();
	make(world);
	make(below_world("a"));
	spawn(below_world("a"), just_wait);
	CHECK(create(below_world("a/b")).created);
	CHECK_STR(get(below_world("a"), "cgroup.subtree_control"), "");
	CHECK_STR(get(below_world("a"), "cgroup.type"), "domain");
}

static int in_nobodys_place(int (*run)(void))
{
	pid_t pid = fork();

	if (pid == 0) {
		CHECK(setgid(65534) == 0 && setuid(65534) == 0);
		_exit(run());
	}
	return status_of(pid);
}

static int create_as_nobody_asking_nothing(void)
{
	struct cgroup_plan plan = plan_of(below_world("a"), NULL, 0);
	struct cgroup cgroup = { .fd = 77 };

	plan.rootless = true;
	plan.asked = false;
	CHECK(cgroup_create(&plan, &cgroup, &err) == 0);
	CHECK_INT(cgroup.fd, -1);
	CHECK(!cgroup.created);
	CHECK(cgroup_apply(&plan, cgroup.fd, &err) == 0);
	return 0;
}

static int create_as_nobody_asking_a_path(void)
{
	struct cgroup_plan plan = plan_of(below_world("a"), NULL, 0);

	plan.rootless = true;
	CHECK(strstr(create_error(plan), "rootless needs no limits and no cgroupsPath when no "
					 "permission is granted for cgroups"));
	CHECK_INT(err.errnum, EACCES);
	return 0;
}

static int create_as_nobody_needing_a_controller(void)
{
	struct cgroup_write write = write_of(some_controller());
	struct cgroup_plan plan = plan_of(below_world("mine/b"), &write, 1);

	plan.rootless = true;
	CHECK(strstr(create_error(plan), "is not delegated to this user"));
	CHECK(strstr(err.text, "Delegate="));
	return 0;
}

TEST(rootless_without_permission)
{
	world_enter();
	make(world);
	CHECK_INT(in_nobodys_place(create_as_nobody_asking_nothing), 0);
	CHECK_INT(in_nobodys_place(create_as_nobody_asking_a_path), 0);
}

/* The directory is the user's, cgroup.subtree_control isn't. */
TEST(rootless_with_half_a_delegation)
{
	world_enter();
	make(world);
	make(below_world("mine"));
	int fd = open_cgroup(below_world("mine"));

	CHECK(fchown(fd, 65534, 65534) == 0);
	CHECK_INT(in_nobodys_place(create_as_nobody_needing_a_controller), 0);
}

static int create_where_it_is_delegated(void)
{
	struct cgroup cgroup = create(below_world("mine/b"));

	CHECK(cgroup.created);
	CHECK(cgroup_attach(cgroup.fd, getpid(), &err) < 0); /* we come from outside */
	CHECK_INT(err.errnum, EACCES);
	return 0;
}

TEST(delegated_are_the_files_that_the_kernel_lists)
{
	/* spec: config-linux.md#cgroup-ownership cgroup-owner-missing */
	world_enter();
	make(world);
	make(below_world("mine"));
	int fd = open_cgroup(below_world("mine"));
	struct stat st;

	CHECK(cgroup_delegate(fd, 65534, (gid_t)-1, &err) == 0);
	CHECK(fstat(fd, &st) == 0 && st.st_uid == 65534 && st.st_gid == 0);
	CHECK(fstatat(fd, "cgroup.procs", &st, 0) == 0 && st.st_uid == 65534);
	CHECK(fstatat(fd, "cgroup.subtree_control", &st, 0) == 0 && st.st_uid == 65534);
	CHECK(fstatat(fd, "cgroup.threads", &st, 0) == 0 && st.st_uid == 65534);
	CHECK(fstatat(fd, "cgroup.freeze", &st, 0) == 0 && st.st_uid == 0);
	CHECK(fstatat(fd, "cgroup.max.depth", &st, 0) == 0 && st.st_uid == 0);
	CHECK_INT(in_nobodys_place(create_where_it_is_delegated), 0);
}

TEST(a_read_only_cgroupfs_is_told)
{
	world_enter();
	CHECK(mount(NULL, "/sys/fs/cgroup", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) == 0);
	CHECK(strstr(create_error(plan_of(below_world("a"), NULL, 0)), "mounted read-only"));
	CHECK_INT(err.errnum, EROFS);
}

TEST(without_a_hierarchy_the_cure_is_told)
{
	world_enter();
	CHECK(umount2("/sys/fs/cgroup", MNT_DETACH) == 0);
	CHECK(mount("none", "/sys/fs/cgroup", "tmpfs", 0, NULL) == 0);
	/* the machine's own, under the one that this test mounted */
	while (umount2("/sys/fs/cgroup", MNT_DETACH) == 0)
		;
	CHECK(mount("none", "/sys/fs/cgroup", "tmpfs", 0, NULL) == 0);
	CHECK(strstr(create_error(plan_of("/a", NULL, 0)), "no cgroup v2 hierarchy is mounted"));
	CHECK_INT(err.code, ERROR_UNSUPPORTED);
}

/* As on a hybrid host, but at a place that only mountinfo tells, with a space in its name. */
TEST(a_hierarchy_elsewhere_is_found)
{
	world_enter();
	CHECK(mount("none", "/mnt", "tmpfs", 0, NULL) == 0);
	CHECK(mkdir("/mnt/a b", 0755) == 0);
	CHECK(mount("/sys/fs/cgroup", "/mnt/a b", NULL, MS_BIND, NULL) == 0);
	CHECK(mount("none", "/sys/fs/cgroup", "tmpfs", 0, NULL) == 0);
	CHECK(create(below_world("a")).created);
	CHECK(umount2("/sys/fs/cgroup", 0) == 0);
	CHECK(exists(below_world("a")));
}

TEST(disabled_makes_nothing)
{
	struct cgroup_plan plan = { .manager = CGROUP_DISABLED };
	struct cgroup cgroup = { .fd = 77, .created = true };

	CHECK(cgroup_create(&plan, &cgroup, &err) == 0);
	CHECK_INT(cgroup.fd, -1);
	CHECK(!cgroup.created);
}

/* ---- apply ---- */

static int apply(const char *path, struct cgroup_write *writes, size_t count)
{
	struct cgroup_plan plan = plan_of(path, writes, count);
	int fd = open_cgroup(path);

	return cgroup_apply(&plan, fd, &err);
}

#define DEPTH(text)                                                                                \
	{                                                                                          \
		.file = "cgroup.max.depth", .value = (text),                                       \
		.property = "linux.resources.unified[\"cgroup.max.depth\"]"                        \
	}
#define MISSING                                                                                    \
	{                                                                                          \
		.file = "cgroup.nonsense", .value = "1", .property = "linux.resources.x"           \
	}

TEST(writes_are_made_in_order)
{
	world_enter();
	make(world);
	struct cgroup_write writes[] = { DEPTH("3"), DEPTH("4") };

	CHECK(apply(world, writes, 2) == 0);
	CHECK_STR(get(world, "cgroup.max.depth"), "4");
}

TEST(a_value_that_the_kernel_refuses_is_named)
{
	world_enter();
	make(world);
	struct cgroup_write writes[] = { DEPTH("3"), DEPTH("many"), DEPTH("4") };

	CHECK(apply(world, writes, 3) < 0);
	CHECK_STR(err.text,
		  "linux.resources.unified[\"cgroup.max.depth\"]: can't write \"many\" to "
		  "cgroup.max.depth: Invalid argument; the kernel doesn't take this "
		  "value");
	CHECK_STR(err.object, "linux.resources.unified[\"cgroup.max.depth\"]");
	CHECK_INT(err.code, ERROR_INVALID);
	CHECK_STR(get(world, "cgroup.max.depth"), "3");
}

TEST(a_missing_file_is_an_error_unless_the_value_limits_nothing)
{
	world_enter();
	make(world);
	struct cgroup_write writes[] = { MISSING, DEPTH("3") };

	CHECK(apply(world, writes, 2) < 0);
	CHECK(strstr(err.text, "this kernel doesn't know it"));
	CHECK_INT(err.code, ERROR_UNSUPPORTED);
	writes[0].harmless = true;
	CHECK(apply(world, writes, 2) == 0);
	CHECK_STR(get(world, "cgroup.max.depth"), "3");
}

TEST(a_file_whose_controller_is_not_there_is_told)
{
	world_enter();
	make(world);
	struct cgroup_write write = MISSING;

	write.controller = "nonsense";
	CHECK(apply(world, &write, 1) < 0);
	CHECK(strstr(err.text, "the controller nonsense is missing: "));
}

TEST(an_alternative_is_for_a_missing_file)
{
	world_enter();
	make(world);
	struct cgroup_write writes[] = { MISSING, DEPTH("3"), DEPTH("4"), DEPTH("5") };

	writes[1].alternative = writes[3].alternative = true;
	CHECK(apply(world, writes, 2) == 0);
	CHECK_STR(get(world, "cgroup.max.depth"), "3");
	CHECK(apply(world, writes, 4) == 0);
	CHECK_STR(get(world, "cgroup.max.depth"), "4");
	struct cgroup_write neither[] = { MISSING, MISSING };

	neither[1].alternative = true;
	CHECK(apply(world, neither, 2) < 0);
}

TEST(huge_pages_are_limited)
{
	world_enter();
	struct config_hugepage_limit limit = { (char *)"2MB", { 4194304, true } };
	struct config_resources resources = { .hugepage_limits = { &limit, 1 } };
	struct arena arena;
	struct cgroup_plan plan;

	if (!word_in(get("/", "cgroup.controllers"), "hugetlb"))
		SKIP("no hugetlb controller");
	CHECK(arena_init(&arena, 1 << 20, &err) == 0);
	plan = plan_of(below_world("a"), NULL, 0);
	CHECK(cgroup_plan_writes(&resources, &arena, &plan.writes, &err) == 0);
	struct cgroup cgroup = create(plan.path);

	CHECK(cgroup_apply(&plan, cgroup.fd, &err) == 0);
	CHECK_STR(get(plan.path, "hugetlb.2MB.max"), "4194304");
	CHECK_STR(get(plan.path, "hugetlb.2MB.rsvd.max"), "4194304");
	plan.writes.items[0].file = "hugetlb.3MB.max";
	CHECK(cgroup_apply(&plan, cgroup.fd, &err) < 0);
	CHECK(strstr(err.text, "the machine has no huge pages of this size"));
}

TEST(the_owner_gets_it)
{
	world_enter();
	make(world);
	struct cgroup_plan plan = plan_of(world, NULL, 0);
	struct stat st;
	int fd = open_cgroup(world);

	plan.delegate = true;
	plan.owner = 4711;
	CHECK(cgroup_apply(&plan, fd, &err) == 0);
	CHECK(fstatat(fd, "cgroup.procs", &st, 0) == 0 && st.st_uid == 4711);
}
