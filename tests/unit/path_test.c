#include "tests/unit/support.h"

#include <limits.h>

#include "base/cleanup.h"
#include "base/path.h"

/* The "host" is a directory with a "root" in it; whatever a path in the root leads to, it must not
 * be "outside" or the file in it. */
static int host, root;

static void make_host(void)
{
	NEEDS(openat2);
	host = scratch();
	CHECK(mkdirat(host, "root", 0755) == 0 && mkdirat(host, "outside", 0755) == 0);
	make_file(host, "outside/file", "untouched");
	root = openat(host, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK(root >= 0);
}

static void check_outside(void)
{
	struct stat st;

	CHECK_STR(content(host, "outside/file"), "untouched");
	CHECK(fstatat(host, "outside", &st, 0) == 0);
	CHECK_INT(st.st_nlink, 2);
	CHECK(unlinkat(host, "outside/file", 0) == 0 &&
	      unlinkat(host, "outside", AT_REMOVEDIR) == 0);
}

static void make_link(const char *target, const char *name)
{
	CHECK(symlinkat(target, root, name) == 0);
}

/* Is @fd what @path, without any link, is in the root? */
static bool is(int fd, const char *path)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && fstatat(root, path, &b, AT_SYMLINK_NOFOLLOW) == 0 &&
	       a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

static void opens_as(const char *path, const char *wanted)
{
	_cleanup_fd_ int fd = path_open(root, path, 0, &err);

	if (fd < 0)
		harness_fail(__FILE__, __LINE__, "%s: %s", path, err.text);
	if (!is(fd, wanted))
		harness_fail(__FILE__, __LINE__, "%s is not %s", path, wanted);
}

static void does_not_open(const char *path, int flags, int errnum)
{
	FAILS(path_open(root, path, flags, &err), ERROR_SYSTEM);
	if (err.errnum != errnum)
		harness_fail(__FILE__, __LINE__, "%s: errno %d, want %d", path, err.errnum, errnum);
}

/* ---- resolving ---- */

TEST(the_root_is_the_root)
{
	make_host();
	opens_as("/", ".");
	opens_as("", ".");
	opens_as(".", ".");
	opens_as("..", ".");
	opens_as("/../../..", ".");
	opens_as("//", ".");
}

TEST(paths_are_those_of_the_root)
{
	make_host();
	CHECK(mkdirat(root, "a", 0755) == 0 && mkdirat(root, "a/b", 0755) == 0);
	make_file(root, "a/file", "");
	opens_as("/a/b", "a/b");
	opens_as("a/b/", "a/b");
	opens_as("a//b/.././file", "a/file");
	opens_as("/../a/../../a/b", "a/b");
	does_not_open("a/missing", 0, ENOENT);
	does_not_open("outside/file", 0, ENOENT);
	does_not_open("../outside/file", 0, ENOENT);
	does_not_open("a/file/below", 0, ENOTDIR);
}

TEST(links_are_followed_inside_the_root)
{
	make_host();
	CHECK(mkdirat(root, "a", 0755) == 0);
	make_file(root, "a/file", "");
	make_link("/a/file", "absolute");
	make_link("a/file", "relative");
	make_link("../../../../a/file", "climbing");
	make_link("../file", "a/up");
	make_link("/absolute", "a/second");
	opens_as("absolute", "a/file");
	opens_as("/relative", "a/file");
	opens_as("climbing", "a/file");
	opens_as("a/second", "a/file");
	does_not_open("a/up", 0, ENOENT);
}

TEST(links_out_of_the_root_stay_inside)
{
	char target[PATH_MAX];

	make_host();
	make_link("../outside/file", "relative");
	snprintf(target, sizeof(target), "%s/outside/file", scratch_path);
	make_link(target, "absolute");
	make_link("/etc/passwd", "passwd");
	does_not_open("relative", 0, ENOENT);
	does_not_open("absolute", 0, ENOENT);
	does_not_open("passwd", 0, ENOENT);
	check_outside();
}

TEST(dangling_links_and_loops)
{
	make_host();
	make_link("missing", "dangling");
	make_link("loop", "loop");
	make_link("two", "one");
	make_link("/one", "two");
	does_not_open("dangling", 0, ENOENT);
	does_not_open("loop", 0, ELOOP);
	does_not_open("one/x", 0, ELOOP);
}

TEST(a_link_in_the_last_place_can_be_the_result)
{
	_cleanup_fd_ int fd = -1;
	struct stat st;

	make_host();
	make_link("missing", "link");
	fd = path_open(root, "link", PATH_NOFOLLOW, &err);
	SUCCEEDS(fd);
	CHECK(fstat(fd, &st) == 0 && S_ISLNK(st.st_mode));
}

/* CVE-2023-27561, CVE-2026-41579 */
TEST(where_links_are_refused_none_is_followed)
{
	make_host();
	CHECK(mkdirat(root, "real", 0755) == 0);
	make_link("real", "link");
	FAILS(path_open(root, "link", PATH_NO_SYMLINKS, &err), ERROR_REFUSED);
	FAILS(path_open(root, "link/x", PATH_NO_SYMLINKS, &err), ERROR_REFUSED);
	FAILS(path_make_directory(root, "link", 0755, PATH_NO_SYMLINKS, &err), ERROR_REFUSED);
	FAILS(path_make_directory(root, "link/x", 0755, PATH_NO_SYMLINKS, &err), ERROR_REFUSED);
	FAILS(path_make_file(root, "link/x", 0644, PATH_NO_SYMLINKS, &err), ERROR_REFUSED);
	SUCCEEDS(path_open(root, "real", PATH_NO_SYMLINKS, &err));
	CHECK(!there(root, "real/x"));
}

TEST(a_directory_can_be_demanded)
{
	make_host();
	make_file(root, "file", "");
	does_not_open("file", PATH_DIRECTORY, ENOTDIR);
	SUCCEEDS(path_open(root, "/", PATH_DIRECTORY, &err));
}

/* /proc/self/fd/N and the like lead anywhere (CVE-2024-21626). */
TEST(magic_links_are_refused)
{
	char path[64];

	NEEDS(openat2);
	host = scratch();
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", host);
	does_not_open(path, 0, ELOOP);
	does_not_open("/proc/self/cwd", 0, ELOOP);
	does_not_open("/proc/self/root/etc", 0, ELOOP);
	FAILS(path_make_directory(root, "/proc/self/cwd/x", 0755, 0, &err), ERROR_SYSTEM);
	CHECK(!there(AT_FDCWD, "x"));
}

/* ---- making ---- */

/* PATH_MISSING: with the short cut for what has just been looked for. The same comes of it. */
static int how;

static void makes_directory(const char *path, const char *wanted)
{
	_cleanup_fd_ int fd = path_make_directory(root, path, 0755, how, &err);
	struct stat st;

	if (fd < 0)
		harness_fail(__FILE__, __LINE__, "%s: %s", path, err.text);
	if (!is(fd, wanted) || fstat(fd, &st) < 0 || !S_ISDIR(st.st_mode))
		harness_fail(__FILE__, __LINE__, "%s is not the directory %s", path, wanted);
}

static void makes_file(const char *path, const char *wanted)
{
	_cleanup_fd_ int fd = path_make_file(root, path, 0644, how, &err);
	struct stat st;

	if (fd < 0)
		harness_fail(__FILE__, __LINE__, "%s: %s", path, err.text);
	if (!is(fd, wanted) || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		harness_fail(__FILE__, __LINE__, "%s is not the file %s", path, wanted);
	CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

static void make_what_is_missing(void)
{
	make_host();
	makes_directory("/a/b/c", "a/b/c");
	makes_directory("/a/b/c", "a/b/c");
	makes_directory("x/./y//z/", "x/y/z");
	makes_directory("/new/../other", "other");
	makes_directory("/", ".");
	makes_file("/etc/file", "etc/file");
	makes_file("bare", "bare");
	how = 0;
	makes_file("/etc/file", "etc/file");
}

TEST(what_is_missing_is_made)
{
	make_what_is_missing();
}

TEST(what_is_known_to_be_missing_is_made)
{
	how = PATH_MISSING;
	make_what_is_missing();
}

TEST(the_mode_is_the_callers)
{
	_cleanup_fd_ int file = -1, directory = -1;
	struct stat st;

	make_host();
	umask(0);
	directory = path_make_directory(root, "/a/b", 01777, 0, &err);
	SUCCEEDS(directory);
	CHECK(fstatat(root, "a", &st, 0) == 0);
	CHECK_INT(st.st_mode & 07777, 01777);
	CHECK(fstat(directory, &st) == 0);
	CHECK_INT(st.st_mode & 07777, 01777);
	file = path_make_file(root, "/f/g", 0600, 0, &err);
	SUCCEEDS(file);
	CHECK(fstat(file, &st) == 0);
	CHECK_INT(st.st_mode & 07777, 0600);
}

static void make_behind_links(void)
{
	char target[PATH_MAX];

	make_host();
	make_link("/real", "absolute");
	make_link("../../../../../other", "climbing");
	make_link("absolute/x", "chain");
	snprintf(target, sizeof(target), "%s/outside", scratch_path);
	make_link(target, "out");
	makes_directory("/absolute/sub", "real/sub");
	makes_directory("/climbing/sub", "other/sub");
	makes_directory("/chain/sub", "real/x/sub");
	makes_file("/chain/file", "real/x/file");
	/* what the link names is made in the root */
	snprintf(target, sizeof(target), "%s/outside/sub", scratch_path + 1);
	makes_directory("/out/sub", target);
	check_outside();
}

TEST(links_on_the_way_lead_to_places_inside)
{
	make_behind_links();
}

TEST(so_do_those_on_the_way_to_what_is_known_to_be_missing)
{
	how = PATH_MISSING;
	make_behind_links();
}

TEST(dangling_links_are_made_true)
{
	make_host();
	make_link("/target/directory", "dangling");
	make_link("file-target", "file");
	makes_directory("dangling", "target/directory");
	makes_file("file", "file-target");
	make_link("/second/directory", "d");
	make_link("second-target", "f");
	how = PATH_MISSING;
	makes_directory("d", "second/directory");
	makes_file("f", "second-target");
}

TEST(loops_are_not_walked_for_ever)
{
	make_host();
	make_link("loop/x", "loop");
	make_link("b/missing", "a");
	make_link("a/missing", "b");
	FAILS(path_make_directory(root, "loop", 0755, 0, &err), ERROR_SYSTEM);
	CHECK_INT(err.errnum, ELOOP);
	FAILS(path_make_file(root, "missing/../a", 0644, 0, &err), ERROR_SYSTEM);
	CHECK_INT(err.errnum, ELOOP);
	FAILS(path_make_directory(root, "loop/x", 0755, PATH_MISSING, &err), ERROR_SYSTEM);
	CHECK_INT(err.errnum, ELOOP);
}

TEST(what_is_in_the_way_is_not_replaced)
{
	make_host();
	make_file(root, "file", "text");
	CHECK(mkdirat(root, "directory", 0755) == 0);
	FAILS(path_make_directory(root, "file", 0755, 0, &err), ERROR_SYSTEM);
	CHECK_INT(err.errnum, ENOTDIR);
	FAILS(path_make_directory(root, "file/sub", 0755, 0, &err), ERROR_SYSTEM);
	CHECK_INT(err.errnum, ENOTDIR);
	FAILS(path_make_file(root, "file/sub", 0644, 0, &err), ERROR_SYSTEM);
	CHECK_STR(content(root, "file"), "text");
	/* a directory where a file is wanted is found; whoever mounts on it is told */
	SUCCEEDS(path_make_file(root, "directory", 0644, 0, &err));
}

TEST(names_that_are_too_long_are_refused_not_cut)
{
	char name[NAME_MAX + 2], path[2 * PATH_MAX], cut[NAME_MAX + 1], clean[PATH_MAX];

	make_host();
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	memcpy(cut, name, NAME_MAX);
	cut[NAME_MAX] = '\0';
	snprintf(path, sizeof(path), "/missing/%s", name);
	FAILS(path_make_directory(root, path, 0755, 0, &err), ERROR_SYSTEM);
	CHECK_INT(err.errnum, ENAMETOOLONG);
	FAILS(path_make_file(root, path, 0644, 0, &err), ERROR_SYSTEM);
	snprintf(path, sizeof(path), "missing/%s", cut);
	CHECK(!there(root, path));
	FAILS(path_make_parent(root, name, 0755, 0, cut, &err), ERROR_SYSTEM);
	FAILS(path_clean(name, clean, sizeof(clean), &err), ERROR_SYSTEM);
	snprintf(path, sizeof(path), "/missing/%.*s", NAME_MAX, name);
	SUCCEEDS(path_make_directory(root, path, 0755, 0, &err));
	memset(path, '/', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	FAILS(path_make_parent(root, path, 0755, 0, cut, &err), ERROR_SYSTEM);
	FAILS(path_make_directory(root, path, 0755, 0, &err), ERROR_SYSTEM);
	for (size_t i = 1; i < sizeof(path) - 1; i += 2)
		path[i] = 'x';
	FAILS(path_clean(path, clean, sizeof(clean), &err), ERROR_SYSTEM);
}

/* Links whose targets add up to more than a path may be long. */
TEST(links_that_grow_without_end_are_refused)
{
	char target[PATH_MAX];
	size_t length = 0;

	make_host();
	for (int i = 0; i < 1000; i++)
		length += (size_t)snprintf(target + length, sizeof(target) - length, "./.");
	snprintf(target + length, sizeof(target) - length, "/grow/missing");
	make_link(target, "grow");
	CHECK(path_make_directory(root, "missing/../grow", 0755, 0, &err) < 0);
	check_outside();
}

TEST(the_parent_and_the_last_name)
{
	_cleanup_fd_ int parent = -1, followed = -1, link = -1;
	char name[NAME_MAX + 1] = "untouched";

	make_host();
	parent = path_make_parent(root, "/dev/net/tun", 0755, 0, name, &err);
	SUCCEEDS(parent);
	CHECK_STR(name, "tun");
	CHECK(is(parent, "dev/net") && !there(root, "dev/net/tun"));
	make_link("/elsewhere/node", "dev/link");
	followed = path_make_parent(root, "/dev/link", 0755, 0, name, &err);
	SUCCEEDS(followed);
	CHECK_STR(name, "node");
	CHECK(is(followed, "elsewhere"));
	link = path_make_parent(root, "/dev/link/", 0755, PATH_NOFOLLOW, name, &err);
	SUCCEEDS(link);
	CHECK_STR(name, "link");
	CHECK(is(link, "dev"));
}

TEST(a_path_without_a_name_has_no_parent)
{
	static const char *const nameless[] = { "/", "", ".", "..", "a/..", "/a/." };
	char name[NAME_MAX + 1] = "untouched";

	make_host();
	for (size_t i = 0; i < sizeof(nameless) / sizeof(nameless[0]); i++) {
		FAILS(path_make_parent(root, nameless[i], 0755, 0, name, &err), ERROR_INVALID);
		FAILS(path_make_parent(root, nameless[i], 0755, PATH_NOFOLLOW, name, &err),
		      ERROR_INVALID);
	}
	FAILS(path_make_file(root, "/", 0644, PATH_MISSING, &err), ERROR_INVALID);
	CHECK_STR(name, "untouched");
}

TEST(nothing_leaks_a_descriptor)
{
	char name[NAME_MAX + 1];
	int before;

	make_host();
	make_link("loop/x", "loop");
	make_file(root, "file", "");
	before = open_fds();
	close(path_make_directory(root, "a/b/c", 0755, 0, &err));
	close(path_make_file(root, "d/e/f", 0644, 0, &err));
	close(path_make_parent(root, "g/h/i", 0755, 0, name, &err));
	CHECK(path_make_directory(root, "loop", 0755, 0, &err) < 0);
	CHECK(path_make_file(root, "file/x", 0644, 0, &err) < 0);
	CHECK(path_make_parent(root, "file/x/y", 0755, 0, name, &err) < 0);
	CHECK(path_make_parent(root, "a/..", 0755, 0, name, &err) < 0);
	CHECK_INT(open_fds(), before);
}

/* ---- races ---- */

/* A container that shares the root exchanges the directory "a" with a link out of it, all the time
 * (CVE-2021-30465, CVE-2024-45310). */
static pid_t start_exchanging(void)
{
	char target[PATH_MAX];
	pid_t pid;

	CHECK(mkdirat(root, "a", 0755) == 0);
	snprintf(target, sizeof(target), "../outside");
	make_link(target, "b");
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0)
		for (;;)
			renameat2(root, "a", root, "b", RENAME_EXCHANGE);
	return pid;
}

/* Nothing that is made or opened is outside, whether the call succeeded or not. */
TEST(an_exchange_leads_nowhere)
{
	int link;
	pid_t attacker;
	unsigned int done = 0;

	make_host();
	/* the host's root is above ours: a link that is followed there would find "outside" */
	attacker = start_exchanging();
	for (unsigned int i = 0; i < COUNT(40000); i++) {
		char path[64], name[NAME_MAX + 1];
		int fds[3];

		snprintf(path, sizeof(path), "/a/%u/x/../made", i % 1000);
		fds[0] = path_make_directory(root, path, 0755, i % 2 ? PATH_MISSING : 0, &err);
		snprintf(path, sizeof(path), "/a/%u/y/file", i % 1000);
		fds[1] = path_make_file(root, path, 0644, i % 2 ? PATH_MISSING : 0, &err);
		fds[2] = path_make_parent(root, "/a/n/name", 0755, 0, name, &err);
		for (size_t n = 0; n < 3; n++) {
			done += fds[n] >= 0;
			if (fds[n] >= 0)
				close(fds[n]);
		}
		link = path_open(root, "/a/file", 0, &err);
		CHECK(link < 0);
	}
	CHECK(kill(attacker, SIGKILL) == 0);
	exit_of(attacker);
	CHECK(done > 0);
	check_outside();
}

/* With ".." in it the kernel itself asks to try again (EAGAIN, openat2(2)) while anything is
 * renamed. */
TEST(a_path_that_climbs_is_found_in_spite_of_renames)
{
	pid_t attacker;

	make_host();
	CHECK(mkdirat(root, "c", 0755) == 0 && mkdirat(root, "c/d", 0755) == 0);
	attacker = start_exchanging();
	for (unsigned int i = 0; i < COUNT(40000); i++)
		opens_as("c/d/../../c/d/..", "c");
	CHECK(kill(attacker, SIGKILL) == 0);
	exit_of(attacker);
}

/* ---- cleaning ---- */

TEST(clean_forms)
{
	static const char *const pairs[][2] = {
		{ "/", "/" },
		{ "", "/" },
		{ ".", "/" },
		{ "..", "/" },
		{ "a", "/a" },
		{ "/a/", "/a" },
		{ "//a//b", "/a/b" },
		{ "/a/./b/.", "/a/b" },
		{ "/a/../b", "/b" },
		{ "/../../a", "/a" },
		{ "/a/b/../..", "/" },
		{ "/a/...", "/a/..." },
		{ "/..a/b..", "/..a/b.." },
	};
	char clean[PATH_MAX];

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		SUCCEEDS(path_clean(pairs[i][0], clean, sizeof(clean), &err));
		CHECK_STR(clean, pairs[i][1]);
	}
}

TEST(a_clean_form_that_does_not_fit_is_an_error)
{
	char clean[4] = "old";

	SUCCEEDS(path_clean("/ab", clean, sizeof(clean), &err));
	CHECK_STR(clean, "/ab");
	FAILS(path_clean("/abc", clean, sizeof(clean), &err), ERROR_SYSTEM);
	CHECK_INT(err.errnum, ENAMETOOLONG);
}
