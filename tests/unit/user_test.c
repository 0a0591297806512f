#include "tests/unit/harness.h"

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/procfs.h"
#include "libcontainer/process/user.h"

static void needs_root(void)
{
	if (geteuid() != 0)
		SKIP("needs root");
}

static struct arena *the_arena(void)
{
	static struct arena arena = ARENA_INIT;
	struct error err = ERROR_INIT;

	if (!arena.base)
		CHECK(arena_init(&arena, 1 << 20, &err) == 0);
	return &arena;
}

static struct config_user parsed(const char *text)
{
	struct config_user user = { .uid = { 1, true }, .gid = { 2, true } };
	struct error err = ERROR_INIT;

	if (user_parse(text, the_arena(), &user, &err) < 0)
		harness_fail(__FILE__, __LINE__, "%s", err.text);
	return user;
}

TEST(uid_alone_and_uid_with_gid)
{
	struct config_user user = parsed("1000");

	CHECK_INT(user.uid.value, 1000);
	CHECK_INT(user.gid.value, 2);
	CHECK(!user.user_name && !user.group_name && !user.gid_of_user);
	user = parsed("0:4294967294");
	CHECK_INT(user.uid.value, 0);
	CHECK_INT(user.gid.value, 4294967294);
}

TEST(names)
{
	struct config_user user = parsed("www-data");

	CHECK_STR(user.user_name, "www-data");
	CHECK(user.gid_of_user && !user.group_name);
	user = parsed("_x.9:Group");
	CHECK_STR(user.user_name, "_x.9");
	CHECK_STR(user.group_name, "Group");
	CHECK(!user.gid_of_user);
	user = parsed("7:tty");
	CHECK(!user.user_name && user.uid.value == 7);
	CHECK_STR(user.group_name, "tty");
	user = parsed("u:7");
	CHECK(!user.group_name && user.gid.value == 7 && !user.gid_of_user);
}

TEST(anything_else_is_no_user)
{
	static const char *const texts[] = {
		"",
		"1:2:3",
		"1x",
		"-1",
		"4294967296",
		" 1",
		"1 ",
		":",
		"1:",
		":1",
		"1:1x",
		"1:-1",
		"root:",
		":root",
		"a:b:c",
		"a b",
		"a/b",
		"a\n",
		".a",
		"-a",
		"1.0",
		"\xc3\xa4",
		"4294967295",
		"1:4294967295",
		"0x0",
		"+1",
		"1,2",
		"1:2:",
		"1: 2",
		"1\n",
		"18446744073709551616",
		"99999999999999999999999999999999",
	};

	for (size_t i = 0; i < array_length(texts); i++) {
		struct config_user user = { .uid = { 7, true }, .gid = { 8, true } };
		struct error err = ERROR_INIT;

		if (user_parse(texts[i], the_arena(), &user, &err) == 0)
			harness_fail(__FILE__, __LINE__, "\"%s\" was taken", texts[i]);
		CHECK_INT(err.code, ERROR_INVALID);
		CHECK(user.uid.value == 7 && user.gid.value == 8 && !user.user_name);
	}
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

/* A container's root with these files; they go when the test does. */
static int root_with(const char *passwd, const char *group)
{
	static char directory[] = "/tmp/user_test.XXXXXX";
	int root;

	CHECK(mkdtemp(directory) && chdir(directory) == 0 && mkdir("etc", 0755) == 0);
	write_file("etc/passwd", passwd);
	write_file("etc/group", group);
	root = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK(root >= 0);
	return root;
}

static void remove_root(void)
{
	unlink("etc/passwd");
	unlink("etc/group");
	rmdir("etc");
	CHECK(chdir("/") == 0);
}

static int look_up(int root, const char *text, struct user_plan *ret_plan)
{
	struct config_user user = parsed(text);
	struct error err = ERROR_INIT;

	CHECK(user_plan(&user, the_arena(), ret_plan, &err) == 0);
	return user_look_up(ret_plan, root, &err);
}

TEST(names_are_looked_up_in_the_container)
{
	int root =
	    root_with("root:x:0:0::/root:/bin/sh\nbroken\nbad:x:y:0::/:\nlast:x:4294967295:0::/:\n"
		      "web:x:33:44::/:/bin/sh",
		      "tty:x:5:\nweb:x:66:a,b\nbroken:x\n");
	static const char *const nobody[] = { "we",   "webs", "broken",	 "bad",	      "last",
					      "none", "x",    "33:none", "33:broken", "tty" };
	struct user_plan plan;

	NEEDS(openat2);
	CHECK(look_up(root, "web", &plan) == 0);
	CHECK(plan.uid == 33 && plan.gid == 44);
	CHECK(look_up(root, "web:web", &plan) == 0);
	CHECK(plan.uid == 33 && plan.gid == 66);
	CHECK(look_up(root, "7:tty", &plan) == 0);
	CHECK(plan.uid == 7 && plan.gid == 5);
	CHECK(look_up(root, "web:9", &plan) == 0);
	CHECK(plan.uid == 33 && plan.gid == 9);
	CHECK(look_up(root, "4:9", &plan) == 0);
	CHECK(plan.uid == 4 && plan.gid == 9);
	for (size_t i = 0; i < array_length(nobody); i++)
		if (look_up(root, nobody[i], &plan) == 0)
			harness_fail(__FILE__, __LINE__, "%s was found", nobody[i]);
	remove_root();
	/* without the files numbers are as good as before */
	CHECK(look_up(root, "web", &plan) < 0);
	CHECK(look_up(root, "1:2", &plan) == 0);
	close(root);
}

static int plan_of(const struct config_user *user, struct user_plan *plan, struct error *err)
{
	static struct arena arena = ARENA_INIT;

	if (!arena.base)
		CHECK(arena_init(&arena, 1 << 20, err) == 0);
	return user_plan(user, &arena, plan, err);
}

TEST(wrong_users_are_refused)
{
	uint32_t gids[] = { 1, UINT32_MAX };
	struct config_user wrong[] = {
		{ .uid = { UINT32_MAX, true } },	{ .gid = { UINT32_MAX, true } },
		{ .uid = { UINT64_C(1) << 32, true } }, { .umask = { 01000, true } },
		{ .additional_gids = { gids, 2 } },	{ .additional_gids = { gids, 100000 } },
	};
	struct user_plan plan;

	for (size_t i = 0; i < array_length(wrong); i++) {
		struct error err = ERROR_INIT;

		CHECK(plan_of(&wrong[i], &plan, &err) < 0);
		CHECK_INT(err.code, ERROR_INVALID);
	}
}

TEST(all_ids_and_groups_are_changed)
{
	uint32_t gids[] = { 30, 31 };
	struct config_user user = { .uid = { 1000, true },
				    .gid = { 1001, true },
				    .additional_gids = { gids, 2 } };
	gid_t before[] = { 5, 6, 7 }, after[8];
	uid_t r, e, s;
	gid_t gr, ge, gs;
	struct user_plan plan;
	struct error err = ERROR_INIT;

	needs_root();
	CHECK(setgroups(3, before) == 0);
	CHECK(plan_of(&user, &plan, &err) == 0);
	gids[0] = gids[1] = 99; /* the plan holds copies */
	CHECK(user_become(&plan, false, &err) == 0);
	CHECK(getresuid(&r, &e, &s) == 0 && r == 1000 && e == 1000 && s == 1000);
	CHECK(getresgid(&gr, &ge, &gs) == 0 && gr == 1001 && ge == 1001 && gs == 1001);
	CHECK_INT(getgroups(8, after), 2);
	CHECK(after[0] == 30 && after[1] == 31);
}

TEST(groups_are_dropped_even_if_none_is_planned)
{
	struct config_user user = { .uid = { 0, true } };
	gid_t before[] = { 5, 6, 7 };
	struct user_plan plan;
	struct error err = ERROR_INIT;

	needs_root();
	CHECK(setgroups(3, before) == 0);
	CHECK(plan_of(&user, &plan, &err) == 0);
	CHECK(user_become(&plan, false, &err) == 0);
	CHECK_INT(getgroups(0, NULL), 0);
}

static void write_map(const char *path, const char *text)
{
	_cleanup_fd_ int fd = open(path, O_WRONLY | O_CLOEXEC);

	CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
}

/* A user namespace of one id, as rootless containers without newuidmap have it. */
static void enter_user_namespace(void)
{
	char map[32];

	snprintf(map, sizeof(map), "0 %d 1", (int)geteuid());
	if (unshare(CLONE_NEWUSER) < 0)
		SKIP("needs unprivileged user namespaces");
	write_map("/proc/self/setgroups", "deny");
	write_map("/proc/self/uid_map", map);
	snprintf(map, sizeof(map), "0 %d 1", (int)getegid());
}

TEST(denied_setgroups_is_seen_and_refused_only_with_groups)
{
	uint32_t gids[] = { 0 };
	struct config_user user = { .additional_gids = { gids, 1 } };
	struct error err = ERROR_INIT;
	_cleanup_fd_ int procfs = procfs_open(&err);
	struct user_plan plan;
	bool denied = true;
	char map[32];

	CHECK(user_setgroups_denied(procfs, &denied, &err) == 0);
	CHECK(!denied);
	snprintf(map, sizeof(map), "0 %d 1", (int)getegid());
	enter_user_namespace();
	write_map("/proc/self/gid_map", map);
	CHECK(user_setgroups_denied(procfs, &denied, &err) == 0);
	CHECK(denied);
	CHECK(plan_of(&user, &plan, &err) == 0);
	CHECK(user_become(&plan, true, &err) < 0);
	CHECK_INT(err.code, ERROR_UNSUPPORTED);
	CHECK_STR(err.object, "process.user.additionalGids");
	plan.group_count = 0;
	CHECK(user_become(&plan, true, &err) == 0);
}

TEST(an_id_without_a_mapping_is_named)
{
	struct config_user user = { .uid = { 5, true } };
	struct error err = ERROR_INIT;
	struct user_plan plan;
	char map[32];

	snprintf(map, sizeof(map), "0 %d 1", (int)getegid());
	enter_user_namespace();
	write_map("/proc/self/gid_map", map);
	CHECK(plan_of(&user, &plan, &err) == 0);
	CHECK(user_become(&plan, true, &err) < 0);
	CHECK_INT(err.code, ERROR_INVALID);
	CHECK(strstr(err.text, "uid 5"));
}

TEST(umask_is_the_planned_or_the_inherited_one)
{
	struct config_user user = { .umask = { 0, true } };
	struct user_plan plan;
	struct error err = ERROR_INIT;

	CHECK(plan_of(&user, &plan, &err) == 0);
	user_set_umask(&plan, 027);
	CHECK_INT(umask(0), 0);
	user.umask.set = false;
	CHECK(plan_of(&user, &plan, &err) == 0);
	user_set_umask(&plan, 027);
	CHECK_INT(umask(0), 027);
}

/* What a descriptor's owner is after user_own_stdio() found it as standard output. */
static uid_t owner_after(int fd, bool terminal)
{
	struct user_plan plan = { .uid = 1000 };
	struct error err = ERROR_INIT;
	struct stat st;

	CHECK(dup2(fd, STDOUT_FILENO) == STDOUT_FILENO);
	CHECK(user_own_stdio(&plan, terminal, &err) == 0);
	CHECK(fstat(fd, &st) == 0);
	return st.st_uid;
}

TEST(only_pipes_and_the_own_terminal_are_given_away)
{
	_cleanup_fd_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	_cleanup_fd_ int file = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	_cleanup_fd_ int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), slave = -1;
	int pipes[2];

	needs_root();
	CHECK(null >= 0 && file >= 0 && pipe2(pipes, O_CLOEXEC) == 0);
	CHECK(dup2(null, STDIN_FILENO) >= 0 && dup2(null, STDERR_FILENO) >= 0);
	CHECK_INT(owner_after(null, true), 0);
	CHECK_INT(owner_after(file, true), 0);
	CHECK_INT(owner_after(pipes[1], false), 1000);
	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0)
		SKIP("needs a devpts");
	slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	CHECK(slave >= 0);
	CHECK_INT(owner_after(slave, false), 0);
	CHECK_INT(owner_after(slave, true), 1000);
}

TEST(closed_stdio_is_no_failure)
{
	struct user_plan plan = { .uid = 1000 };
	struct error err = ERROR_INIT;

	close(STDIN_FILENO);
	CHECK(user_own_stdio(&plan, true, &err) == 0);
}
