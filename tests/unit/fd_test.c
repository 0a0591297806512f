#include "tests/unit/support.h"

#include <dirent.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/fd.h"

/* ---- files ---- */

TEST(a_file_is_read_whole)
{
	_cleanup_buffer_ struct buffer buffer = BUFFER_INIT;
	_cleanup_fd_ int dir = scratch();
	char large[40000];

	memset(large, 'x', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	make_file(dir, "large", large);
	SUCCEEDS(file_read(dir, "large", sizeof(large), &buffer, &err));
	CHECK_STR(buffer.bytes, large);
	CHECK_INT(buffer.length, sizeof(large) - 1);
}

TEST(an_empty_file_is_an_empty_string)
{
	_cleanup_buffer_ struct buffer buffer = BUFFER_INIT;
	_cleanup_fd_ int dir = scratch();

	make_file(dir, "empty", "");
	SUCCEEDS(file_read(dir, "empty", 10, &buffer, &err));
	CHECK_STR(buffer.bytes, "");
}

TEST(the_limit_is_the_largest_length_that_is_read)
{
	_cleanup_buffer_ struct buffer enough = BUFFER_INIT, short_one = BUFFER_INIT;
	_cleanup_fd_ int dir = scratch();

	make_file(dir, "ten", "0123456789");
	SUCCEEDS(file_read(dir, "ten", 10, &enough, &err));
	FAILS(file_read(dir, "ten", 9, &short_one, &err), ERROR_INVALID);
	CHECK_STR(err.object, "ten");
}

/* /dev/zero would be read for ever. */
TEST(a_file_without_end_is_refused_at_the_limit)
{
	_cleanup_buffer_ struct buffer buffer = BUFFER_INIT;

	FAILS(file_read(AT_FDCWD, "/dev/zero", 1 << 20, &buffer, &err), ERROR_INVALID);
}

TEST(reading_follows_no_link_and_waits_for_no_writer)
{
	_cleanup_buffer_ struct buffer buffer = BUFFER_INIT;
	_cleanup_fd_ int dir = scratch();

	make_file(dir, "file", "text");
	CHECK(symlinkat("file", dir, "link") == 0);
	CHECK(mkfifoat(dir, "fifo", 0600) == 0);
	FAILS(file_read(dir, "link", 100, &buffer, &err), ERROR_SYSTEM);
	CHECK_INT(err.errnum, ELOOP);
	SUCCEEDS(file_read(dir, "fifo", 100, &buffer, &err));
	CHECK_STR(buffer.bytes, "");
	FAILS(file_read(dir, ".", 100, &buffer, &err), ERROR_SYSTEM);
	CHECK_INT(err.errnum, EISDIR);
	FAILS(file_read(dir, "missing", 100, &buffer, &err), ERROR_SYSTEM);
	CHECK_INT(err.errnum, ENOENT);
}

TEST(writing_to_a_file_makes_none_and_follows_no_link)
{
	_cleanup_fd_ int dir = scratch();

	make_file(dir, "file", "old text");
	CHECK(symlinkat("file", dir, "link") == 0);
	CHECK(file_write(dir, "file", "new") == 0);
	CHECK_STR(content(dir, "file"), "new text");
	CHECK(file_write(dir, "link", "x") < 0 && errno == ELOOP);
	CHECK(file_write(dir, "missing", "x") < 0 && errno == ENOENT);
	CHECK(file_write(AT_FDCWD, "/dev/full", "x") < 0 && errno == ENOSPC);
	CHECK(!there(dir, "missing"));
}

TEST(short_writes_are_continued)
{
	_cleanup_fd_ int dir = scratch();
	static char text[1 << 20], read_back[sizeof(text)];
	int pipe_fds[2], got = 0;

	memset(text, 'x', sizeof(text));
	CHECK(pipe(pipe_fds) == 0);
	if (fork() == 0) {
		close(pipe_fds[1]);
		while ((got = (int)read(pipe_fds[0], read_back, 1000)) > 0)
			;
		_exit(got);
	}
	close(pipe_fds[0]);
	CHECK(fd_write_all(pipe_fds[1], text, sizeof(text)) == 0);
	close(pipe_fds[1]);
	wait(NULL);
}

/* ---- replacement ---- */

static int entries(int dirfd)
{
	int again = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), count = -2;
	_cleanup_dir_ DIR *dir = fdopendir(again);

	while (readdir(dir))
		count++;
	return count;
}

TEST(a_file_is_replaced_and_nothing_else_left)
{
	_cleanup_fd_ int dir = scratch();
	struct stat st;

	SUCCEEDS(file_replace(dir, "file", 0600, "one", 3, false, &err));
	SUCCEEDS(file_replace(dir, "file", 0644, "two", 3, true, &err));
	CHECK_STR(content(dir, "file"), "two");
	CHECK(fstatat(dir, "file", &st, 0) == 0);
	CHECK_INT(st.st_mode & 07777, 0644);
	CHECK_INT(entries(dir), 1);
}

TEST(a_link_is_replaced_not_followed)
{
	_cleanup_fd_ int dir = scratch();
	struct stat st;

	make_file(dir, "target", "untouched");
	CHECK(symlinkat("target", dir, "file") == 0);
	SUCCEEDS(file_replace(dir, "file", 0600, "new", 3, false, &err));
	CHECK_STR(content(dir, "target"), "untouched");
	CHECK(fstatat(dir, "file", &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode));
}

TEST(what_a_killed_predecessor_left_is_no_obstacle)
{
	_cleanup_fd_ int dir = scratch();
	char left[64];

	snprintf(left, sizeof(left), ".file.%d", (int)getpid());
	CHECK(symlinkat("elsewhere", dir, left) == 0);
	SUCCEEDS(file_replace(dir, "file", 0600, "new", 3, false, &err));
	CHECK_STR(content(dir, "file"), "new");
	CHECK(!there(dir, "elsewhere"));
	CHECK_INT(entries(dir), 1);
}

TEST(a_failed_replacement_leaves_the_old_content)
{
	_cleanup_fd_ int dir = scratch();

	make_file(dir, "file", "old");
	CHECK(mkdirat(dir, "directory", 0755) == 0);
	FAILS(file_replace(dir, "directory", 0600, "new", 3, false, &err), ERROR_SYSTEM);
	CHECK_INT(err.errnum, EISDIR);
	CHECK_INT(entries(dir), 2);
	CHECK_STR(content(dir, "file"), "old");
}

TEST(on_a_full_disk_the_old_content_stays)
{
	_cleanup_fd_ int dir = -1;
	static char large[1 << 20];

	private_mounts();
	scratch();
	CHECK(mount("tmpfs", scratch_path, "tmpfs", 0, "size=64k") == 0);
	dir = open(scratch_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	SUCCEEDS(file_replace(dir, "file", 0600, "old", 3, false, &err));
	FAILS(file_replace(dir, "file", 0600, large, sizeof(large), false, &err), ERROR_SYSTEM);
	CHECK_INT(err.errnum, ENOSPC);
	CHECK_STR(content(dir, "file"), "old");
	CHECK_INT(entries(dir), 1);
	CHECK(umount2(scratch_path, MNT_DETACH) == 0);
}

/* A reader sees one or the other, never a part. */
TEST(a_reader_never_sees_a_part)
{
	_cleanup_fd_ int dir = scratch();
	static char a[30001], b[20001];
	pid_t writer;

	memset(a, 'a', sizeof(a) - 1);
	memset(b, 'b', sizeof(b) - 1);
	SUCCEEDS(file_replace(dir, "file", 0600, a, sizeof(a) - 1, false, &err));
	writer = fork();
	if (writer == 0)
		for (;;) {
			SUCCEEDS(file_replace(dir, "file", 0600, b, sizeof(b) - 1, false, &err));
			SUCCEEDS(file_replace(dir, "file", 0600, a, sizeof(a) - 1, false, &err));
		}
	for (unsigned int i = 0; i < COUNT(40000); i++) {
		const char *text = content(dir, "file");

		CHECK(text && (strcmp(text, a) == 0 || strcmp(text, b) == 0));
	}
	CHECK(kill(writer, SIGKILL) == 0);
	CHECK_INT(exit_of(writer), 128 + SIGKILL);
}

TEST(a_name_that_is_too_long_is_refused)
{
	_cleanup_fd_ int dir = scratch();
	char name[300];

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	FAILS(file_replace(dir, name, 0600, "x", 1, false, &err), ERROR_INVALID);
	CHECK_INT(entries(dir), 0);
}

/* ---- directories ---- */

TEST(a_directory_is_made_or_found_but_no_link_followed)
{
	_cleanup_fd_ int dir = scratch(), made = -1, found = -1;
	struct stat st;

	made = dir_make(dir, "sub", 0700, &err);
	SUCCEEDS(made);
	CHECK(fstat(made, &st) == 0);
	CHECK_INT(st.st_mode & 07777, 0700);
	found = dir_make(dir, "sub", 0755, &err);
	SUCCEEDS(found);
	CHECK(symlinkat("sub", dir, "link") == 0);
	FAILS(dir_make(dir, "link", 0700, &err), ERROR_SYSTEM);
	make_file(dir, "file", "");
	FAILS(dir_make(dir, "file", 0700, &err), ERROR_SYSTEM);
	CHECK_INT(err.errnum, ENOTDIR);
}

static void make_tree(int dir)
{
	CHECK(mkdirat(dir, "tree", 0755) == 0 && mkdirat(dir, "tree/sub", 0755) == 0);
	make_file(dir, "tree/file", "x");
	make_file(dir, "tree/sub/file", "x");
	CHECK(mkfifoat(dir, "tree/sub/fifo", 0600) == 0);
}

TEST(a_tree_is_removed)
{
	_cleanup_fd_ int dir = scratch();

	make_tree(dir);
	make_file(dir, "sibling", "stays");
	SUCCEEDS(dir_remove(dir, "tree", &err));
	CHECK(!there(dir, "tree"));
	CHECK_STR(content(dir, "sibling"), "stays");
	SUCCEEDS(dir_remove(dir, "tree", &err));
}

TEST(removal_follows_no_link)
{
	_cleanup_fd_ int dir = scratch();

	CHECK(mkdirat(dir, "outside", 0755) == 0);
	make_file(dir, "outside/file", "stays");
	make_tree(dir);
	CHECK(symlinkat("../outside", dir, "tree/link") == 0);
	CHECK(symlinkat("../../outside/file", dir, "tree/sub/link") == 0);
	SUCCEEDS(dir_remove(dir, "tree", &err));
	CHECK(!there(dir, "tree"));
	CHECK_STR(content(dir, "outside/file"), "stays");
	CHECK(symlinkat("outside", dir, "tree") == 0);
	SUCCEEDS(dir_remove(dir, "tree", &err));
	CHECK(!there(dir, "tree"));
	CHECK_STR(content(dir, "outside/file"), "stays");
}

/* Whoever exchanges a directory for a link while it is removed gains nothing. */
TEST(removal_survives_an_exchange)
{
	_cleanup_fd_ int dir = scratch();
	pid_t attacker;

	CHECK(mkdirat(dir, "outside", 0755) == 0);
	make_file(dir, "outside/file", "stays");
	CHECK(symlinkat("outside", dir, "link") == 0);
	attacker = fork();
	if (attacker == 0)
		for (;;)
			renameat2(dir, "link", dir, "tree/sub", RENAME_EXCHANGE);
	for (unsigned int i = 0; i < COUNT(10000); i++) {
		kill(attacker, SIGSTOP);
		waitpid(attacker, NULL, WUNTRACED);
		SUCCEEDS(dir_remove(dir, "tree", &err));
		SUCCEEDS(dir_remove(dir, "link", &err));
		make_tree(dir);
		CHECK(symlinkat("outside", dir, "link") == 0);
		kill(attacker, SIGCONT);
		/* that it fails is fine: somebody interferes */
		dir_remove(dir, "tree", &err);
		CHECK_STR(content(dir, "outside/file"), "stays");
	}
	kill(attacker, SIGKILL);
	exit_of(attacker);
}

TEST(removal_does_not_cross_into_another_mount)
{
	_cleanup_fd_ int dir = -1;

	private_mounts();
	NEEDS(openat2);
	dir = scratch();
	CHECK(fchdir(dir) == 0);
	CHECK(mkdir("outside", 0755) == 0);
	make_file(dir, "outside/file", "stays");
	make_tree(dir);
	/* of the same file system: the device number doesn't tell */
	CHECK(mount("outside", "tree/sub", NULL, MS_BIND, NULL) == 0);
	FAILS(dir_remove(dir, "tree", &err), ERROR_SYSTEM);
	CHECK_INT(err.errnum, EXDEV);
	CHECK_STR(content(dir, "outside/file"), "stays");
	CHECK(umount2("tree/sub", MNT_DETACH) == 0);
	CHECK(mount("tmpfs", "tree/sub", "tmpfs", 0, NULL) == 0);
	make_file(dir, "tree/sub/file", "stays");
	FAILS(dir_remove(dir, "tree", &err), ERROR_SYSTEM);
	CHECK_STR(content(dir, "tree/sub/file"), "stays");
	CHECK(umount2("tree/sub", MNT_DETACH) == 0);
}

TEST(a_file_that_cannot_be_removed_is_named)
{
	_cleanup_fd_ int dir = -1;

	private_mounts();
	dir = scratch();
	CHECK(fchdir(dir) == 0);
	make_tree(dir);
	CHECK(mount("tree", "tree", NULL, MS_BIND, NULL) == 0);
	CHECK(mount(NULL, "tree", NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL) == 0);
	FAILS(dir_remove(dir, "tree/file", &err), ERROR_SYSTEM);
	CHECK_INT(err.errnum, EROFS);
	CHECK_STR(err.object, "tree/file");
	CHECK(umount2("tree", MNT_DETACH) == 0);
}

TEST(a_directory_can_be_emptied_but_for_one)
{
	_cleanup_fd_ int dir = scratch();

	make_tree(dir);
	make_file(dir, "lock", "kept");
	SUCCEEDS(dir_empty(dir, "lock", &err));
	CHECK_INT(entries(dir), 1);
	CHECK_STR(content(dir, "lock"), "kept");
	SUCCEEDS(dir_empty(dir, NULL, &err));
	CHECK_INT(entries(dir), 0);
}

TEST(nothing_of_all_this_leaks_a_descriptor)
{
	_cleanup_buffer_ struct buffer buffer = BUFFER_INIT;
	_cleanup_fd_ int dir = scratch();
	int before = open_fds();

	make_tree(dir);
	SUCCEEDS(file_read(dir, "tree/file", 10, &buffer, &err));
	SUCCEEDS(file_replace(dir, "file", 0600, "x", 1, true, &err));
	FAILS(file_replace(dir, "tree", 0600, "x", 1, false, &err), ERROR_SYSTEM);
	CHECK(file_write(dir, "file", "y") == 0);
	FAILS(dir_make(dir, "file", 0700, &err), ERROR_SYSTEM);
	FAILS(dir_remove(dir, "file/below", &err), ERROR_SYSTEM);
	SUCCEEDS(dir_remove(dir, "tree", &err));
	SUCCEEDS(dir_empty(dir, NULL, &err));
	CHECK_INT(open_fds(), before);
}

/* ---- close-on-exec ---- */

TEST(descriptors_are_marked_from_one_on)
{
	NEEDS(close_range);
	CHECK(dup2(0, 20) == 20 && dup2(0, 21) == 21 && dup2(0, 500) == 500);
	SUCCEEDS(fds_cloexec_from(21, &err));
	CHECK_INT(fcntl(20, F_GETFD), 0);
	CHECK_INT(fcntl(21, F_GETFD), FD_CLOEXEC);
	CHECK_INT(fcntl(500, F_GETFD), FD_CLOEXEC);
}
