#include "tests/unit/harness.h"
#include "tests/unit/names.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "libcontainer/process/environment.h"

static struct arena arena = ARENA_INIT;

static struct arena *room(void)
{
	struct error err = ERROR_INIT;

	if (!arena.base)
		CHECK(arena_init(&arena, 64 << 20, &err) == 0);
	return &arena;
}

static struct environment planned(struct strings env, const struct strings *extra)
{
	struct environment environment;
	struct error err = ERROR_INIT;

	if (environment_plan(&env, extra, room(), &environment, &err) < 0)
		harness_fail(__FILE__, __LINE__, "%s", err.text);
	CHECK(environment.vector[environment.count] == NULL);
	return environment;
}

TEST(the_last_of_a_name_wins_and_keeps_its_place)
{
	struct strings extra = NAMES("LISTEN_FDS=2", "C=9");
	struct environment env = planned(NAMES("A=1", "B=2", "A=3", "AB=4", "A=5", "C="), &extra);

	CHECK_INT(env.count, 5);
	CHECK_STR(env.vector[0], "B=2");
	CHECK_STR(env.vector[1], "AB=4");
	CHECK_STR(env.vector[2], "A=5");
	CHECK_STR(env.vector[3], "LISTEN_FDS=2");
	CHECK_STR(env.vector[4], "C=9");
	CHECK_STR(environment_get(&env, "A"), "5");
	CHECK_STR(environment_get(&env, "LISTEN_FDS"), "2");
	CHECK(environment_get(&env, "LISTEN") == NULL);
	CHECK(environment_get(&env, "X") == NULL);
}

TEST(strings_are_copied)
{
	char entry[] = "A=1";
	char *entries[] = { entry };
	struct environment env = planned((struct strings){ entries, 1 }, NULL);

	entry[0] = 'X';
	CHECK_STR(env.vector[0], "A=1");
}

TEST(a_value_may_hold_anything)
{
	struct environment env = planned(NAMES("A==", "B=a=b", "C=\n"), NULL);

	CHECK_STR(environment_get(&env, "A"), "=");
	CHECK_STR(environment_get(&env, "B"), "a=b");
	CHECK_STR(environment_get(&env, "C"), "\n");
}

TEST(an_entry_without_a_name_is_refused)
{
	struct strings missing = NAMES("A=1", "FOO"), empty = NAMES("=foo"), none = NAMES("");
	struct environment environment;
	struct error err = ERROR_INIT;

	CHECK(environment_plan(&missing, NULL, room(), &environment, &err) < 0);
	CHECK_INT(err.code, ERROR_INVALID);
	CHECK(environment_plan(&empty, NULL, room(), &environment, &err) < 0);
	CHECK(environment_plan(&none, NULL, room(), &environment, &err) < 0);
}

TEST(a_huge_environment_takes_no_quadratic_time)
{
	enum { COUNT_ALL = 50000 };
	struct strings strings = { arena_calloc(room(), COUNT_ALL, sizeof(char *)), COUNT_ALL };

	for (int i = 0; i < COUNT_ALL; i++)
		strings.items[i] = arena_printf(room(), "NAME%d=%d", i % (COUNT_ALL / 2), i);
	CHECK_INT(planned(strings, NULL).count, COUNT_ALL / 2);
}

/* ---- HOME ---- */

static char rootfs[sizeof("/tmp/environment_test.XXXXXX")];

static void remove_rootfs(void)
{
	struct error err = ERROR_INIT;

	dir_remove(AT_FDCWD, rootfs, &err);
}

static int make_rootfs(void)
{
	int fd;

	strcpy(rootfs, "/tmp/environment_test.XXXXXX");
	CHECK(mkdtemp(rootfs) != NULL);
	atexit(remove_rootfs);
	fd = open(rootfs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(fd >= 0 && mkdirat(fd, "etc", 0755) == 0);
	return fd;
}

static const char *home_of(int root, uid_t uid)
{
	struct environment env = planned(NAMES("A=1"), NULL);

	environment_set_home(&env, root, uid);
	CHECK_INT(env.count, 2);
	CHECK(env.vector[2] == NULL);
	return environment_get(&env, "HOME");
}

static void write_passwd(int root, const char *text)
{
	struct error err = ERROR_INIT;
	_cleanup_fd_ int etc = openat(root, "etc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	CHECK(file_replace(etc, "passwd", 0644, text, strlen(text), false, &err) == 0);
}

TEST(home_is_that_of_the_uid)
{
	_cleanup_fd_ int root = make_rootfs();

	write_passwd(root, "root:x:0:0:root:/root:/bin/sh\n"
			   "# a comment\n"
			   "\n"
			   "broken:x:1000\n"
			   "web:x:1000:1000::/srv/web:/bin/sh\n"
			   "other:x:1000:1000::/elsewhere:/bin/sh\n"
			   "nohome:x:1001:1001:::/bin/sh\n"
			   "relative:x:1002:1002::srv:/bin/sh\n"
			   "last:x:1003:1003::/last");
	CHECK_STR(home_of(root, 0), "/root");
	CHECK_STR(home_of(root, 1000), "/srv/web");
	CHECK_STR(home_of(root, 1001), "/");
	CHECK_STR(home_of(root, 1002), "/");
	CHECK_STR(home_of(root, 1003), "/last");
	CHECK_STR(home_of(root, 4), "/");
}

TEST(a_given_home_stays_and_an_empty_one_does_not)
{
	_cleanup_fd_ int root = make_rootfs();
	struct environment given = planned(NAMES("HOME=/given"), NULL);
	struct environment empty = planned(NAMES("HOME=/x", "HOME="), NULL);

	write_passwd(root, "root:x:0:0:root:/root:/bin/sh\n");
	environment_set_home(&given, root, 0);
	CHECK_INT(given.count, 1);
	CHECK_STR(environment_get(&given, "HOME"), "/given");
	environment_set_home(&empty, root, 0);
	CHECK_INT(empty.count, 1);
	CHECK_STR(environment_get(&empty, "HOME"), "/root");
}

TEST(a_link_to_passwd_stays_in_the_root)
{
	_cleanup_fd_ int root = make_rootfs();

	CHECK(symlinkat("/etc/passwd.real", root, "etc/passwd") == 0);
	CHECK_STR(home_of(root, 0), "/"); /* dangles here, whatever the host has there */
	CHECK(unlinkat(root, "etc/passwd", 0) == 0);
	CHECK(symlinkat("../../../../../../etc/passwd", root, "etc/passwd") == 0);
	CHECK_STR(home_of(root, 0), "/"); /* a loop: itself */
}

TEST(a_hostile_passwd_means_the_root_directory)
{
	_cleanup_fd_ int root = make_rootfs();
	_cleanup_fd_ int file = -1;
	char *line;

	CHECK_STR(home_of(root, 0), "/");
	CHECK(mkfifoat(root, "etc/passwd", 0666) == 0);
	CHECK_STR(home_of(root, 0), "/");
	CHECK(unlinkat(root, "etc/passwd", 0) == 0 && mkdirat(root, "etc/passwd", 0755) == 0);
	CHECK_STR(home_of(root, 0), "/");
	CHECK(unlinkat(root, "etc/passwd", AT_REMOVEDIR) == 0);
	write_passwd(root, "root:x:0:0::/root:");
	file = openat(root, "etc/passwd", O_RDWR | O_CLOEXEC);
	CHECK(ftruncate(file, INT64_C(1) << 40) == 0);
	CHECK_STR(home_of(root, 0), "/");
	line = arena_printf(room(), "root:x:0:0::/%0*d:/bin/sh\n", PATH_MAX, 0);
	write_passwd(root, line);
	CHECK_STR(home_of(root, 0), "/");
}
