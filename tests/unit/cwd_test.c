#include "tests/unit/harness.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "libcontainer/process/cwd.h"

static char base[sizeof("/tmp/cwd_test.XXXXXX")];

static void remove_base(void)
{
	struct error err = ERROR_INIT;

	dir_remove(AT_FDCWD, base, &err);
}

static int make_base(void)
{
	int fd;

	strcpy(base, "/tmp/cwd_test.XXXXXX");
	CHECK(mkdtemp(base) != NULL && chmod(base, 0755) == 0);
	atexit(remove_base);
	fd = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(fd >= 0);
	return fd;
}

/* Asked first: a skipped test cleans nothing up. */
static int make_base_as_root(void)
{
	if (geteuid() != 0)
		SKIP("needs root");
	return make_base();
}

static char *below(const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", base, name);
	return path;
}

TEST(a_missing_directory_is_made)
{
	_cleanup_fd_ int root = make_base();
	struct error err = ERROR_INIT;
	struct stat st;

	umask(022);
	CHECK(cwd_make(root, "/a/b/c", &err) == 0);
	CHECK(fstatat(root, "a/b/c", &st, AT_SYMLINK_NOFOLLOW) == 0);
	CHECK(S_ISDIR(st.st_mode));
	CHECK_INT(st.st_mode & 07777, 0755);
}

TEST(a_directory_that_is_there_stays_as_it_is)
{
	_cleanup_fd_ int root = make_base();
	struct error err = ERROR_INIT;
	struct stat st;

	CHECK(mkdirat(root, "a", 0700) == 0);
	CHECK(cwd_make(root, "/a", &err) == 0);
	CHECK(fstatat(root, "a", &st, AT_SYMLINK_NOFOLLOW) == 0);
	CHECK_INT(st.st_mode & 07777, 0700);
}

TEST(it_is_made_inside_the_root)
{
	_cleanup_fd_ int outer = make_base(), root = -1;
	struct error err = ERROR_INIT;

	CHECK(mkdirat(outer, "root", 0755) == 0);
	root = openat(outer, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(symlinkat("../../../outside", root, "link") == 0);
	CHECK(cwd_make(root, "/link/a", &err) == 0);
	CHECK(faccessat(root, "outside/a", F_OK, 0) == 0);
	CHECK(cwd_make(root, "/../../b", &err) == 0);
	CHECK(faccessat(root, "b", F_OK, 0) == 0);
	CHECK(faccessat(outer, "outside", F_OK, 0) < 0);
	CHECK(faccessat(outer, "b", F_OK, 0) < 0);
}

TEST(a_file_in_its_place_is_an_error)
{
	_cleanup_fd_ int root = make_base();
	struct error err = ERROR_INIT;

	CHECK(file_replace(root, "f", 0644, "", 0, false, &err) == 0);
	CHECK(cwd_make(root, "/f", &err) < 0);
	CHECK(strstr(err.text, "process.cwd"));
	CHECK(cwd_enter(below("f"), &err) < 0);
	CHECK_INT(err.errnum, ENOTDIR);
}

TEST(entering_and_being_there)
{
	_cleanup_fd_ int root = make_base();
	struct error err = ERROR_INIT;
	bool entered = false;
	char cwd[PATH_MAX];

	CHECK(cwd_try(base, &entered, &err) == 0);
	CHECK(entered);
	CHECK_STR(getcwd(cwd, sizeof(cwd)), base);
	CHECK(cwd_verify(&err) == 0);
	CHECK(cwd_try(below("missing"), &entered, &err) < 0);
	CHECK_INT(err.errnum, ENOENT);
	/* engines make exit code 127 of it, as for a missing program */
	CHECK(strstr(err.text, ": no such file or directory") != NULL);
}

/* CVE-2024-21626: the way out of the container was a descriptor of a directory of the host. */
TEST(a_descriptor_is_no_way_to_enter)
{
	_cleanup_fd_ int root = make_base();
	char path[64];

	for (int fd = 0; fd < 64; fd++) {
		struct error err = ERROR_INIT;
		bool entered = false;

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		CHECK(cwd_try(path, &entered, &err) < 0);
		CHECK(!entered);
		CHECK(cwd_enter(path, &err) < 0);
	}
	snprintf(path, sizeof(path), "/proc/self/fd/%d", root);
	CHECK(access(path, F_OK) == 0);
}

TEST(a_removed_directory_is_refused)
{
	_cleanup_fd_ int root = make_base();
	struct error err = ERROR_INIT;

	CHECK(mkdirat(root, "gone", 0755) == 0);
	CHECK(cwd_enter(below("gone"), &err) == 0);
	CHECK(unlinkat(root, "gone", AT_REMOVEDIR) == 0);
	CHECK(cwd_verify(&err) < 0);
}

TEST(a_directory_outside_the_root_is_refused)
{
	_cleanup_fd_ int root = make_base_as_root();
	struct error err = ERROR_INIT;
	int status;
	pid_t pid;

	CHECK(mkdirat(root, "jail", 0755) == 0);
	pid = fork();
	if (pid == 0) {
		CHECK(fchdir(root) == 0 && chroot("jail") == 0);
		CHECK(cwd_verify(&err) < 0);
		CHECK_INT(err.code, ERROR_REFUSED);
		CHECK(chdir("/") == 0 && cwd_verify(&err) == 0);
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

TEST(what_root_may_not_enter_is_left_to_the_user_and_the_other_way_round)
{
	_cleanup_fd_ int root = make_base_as_root();
	struct error err = ERROR_INIT;
	bool entered = true;
	int status;
	pid_t pid;

	CHECK(mkdirat(root, "private", 0700) == 0);
	pid = fork();
	if (pid == 0) {
		CHECK(setresuid(1000, 1000, 1000) == 0);
		CHECK(cwd_try(below("private"), &entered, &err) == 0);
		CHECK(!entered);
		CHECK(cwd_enter(below("private"), &err) < 0);
		CHECK_INT(err.errnum, EACCES);
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	CHECK(cwd_try(below("private"), &entered, &err) == 0);
	CHECK(entered);
}

TEST(a_read_only_root_without_it_is_an_error)
{
	_cleanup_fd_ int root = make_base_as_root();
	struct error err = ERROR_INIT;
	_cleanup_fd_ int inside = -1;

	CHECK(unshare(CLONE_NEWNS) == 0);
	CHECK(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	CHECK(mount("tmpfs", base, "tmpfs", MS_RDONLY, NULL) == 0);
	inside = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(cwd_make(inside, "/missing", &err) < 0);
	CHECK_INT(err.errnum, EROFS);
	CHECK(cwd_make(inside, "/", &err) == 0);
	CHECK(umount2(base, MNT_DETACH) == 0);
}
