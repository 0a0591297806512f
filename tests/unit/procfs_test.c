#include "tests/unit/support.h"

#include <pthread.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "base/procfs.h"

TEST(ours_is_one)
{
	_cleanup_fd_ int procfs = procfs_open(&err);

	SUCCEEDS(procfs);
	SUCCEEDS(procfs_verify(procfs, &err));
	CHECK_INT(fcntl(procfs, F_GETFD), FD_CLOEXEC);
}

/* CVE-2019-16884: something else where /proc should be. */
TEST(what_is_none_is_refused)
{
	_cleanup_fd_ int tmp = open("/tmp", O_PATH | O_CLOEXEC),
			 below = open("/proc/self", O_PATH | O_CLOEXEC),
			 sys = open("/proc/sys", O_PATH | O_CLOEXEC);

	FAILS(procfs_verify(tmp, &err), ERROR_REFUSED);
	FAILS(procfs_verify(below, &err), ERROR_REFUSED);
	FAILS(procfs_verify(sys, &err), ERROR_REFUSED);
}

TEST(a_tmpfs_on_proc_is_refused)
{
	private_mounts();
	CHECK(mount("tmpfs", "/proc", "tmpfs", 0, NULL) == 0);
	FAILS(procfs_open(&err), ERROR_REFUSED);
}

TEST(a_directory_of_a_procfs_on_proc_is_refused)
{
	private_mounts();
	CHECK(mount("/proc/sys", "/proc", NULL, MS_BIND, NULL) == 0);
	FAILS(procfs_open(&err), ERROR_REFUSED);
}

static int opened(int procfs, const char *path)
{
	_cleanup_fd_ int fd = procfs_open_at(procfs, path, O_RDONLY);

	return fd < 0 ? errno : 0;
}

TEST(self_is_resolved)
{
	_cleanup_fd_ int procfs = procfs_open(&err), status = -1;
	char text[64], want[64];

	NEEDS(openat2);
	status = procfs_open_at(procfs, "self/stat", O_RDONLY);
	CHECK(status >= 0 && read(status, text, sizeof(text)) > 0);
	CHECK(fcntl(status, F_GETFD) & FD_CLOEXEC);
	snprintf(want, sizeof(want), "%d ", (int)getpid());
	CHECK(strncmp(text, want, strlen(want)) == 0);
	CHECK_INT(opened(procfs, "thread-self/attr"), 0);
	CHECK_INT(opened(procfs, "selfish/stat"), ENOENT);
}

TEST(links_and_ways_out_are_refused)
{
	_cleanup_fd_ int procfs = procfs_open(&err);

	NEEDS(openat2);
	CHECK_INT(opened(procfs, "self/root"), ELOOP);
	CHECK_INT(opened(procfs, "self/cwd/x"), ELOOP);
	CHECK_INT(opened(procfs, "self/fd/0"), ELOOP);
	CHECK_INT(opened(procfs, "mounts"), ELOOP);
	CHECK_INT(opened(procfs, "../etc/passwd"), EXDEV);
	CHECK_INT(opened(procfs, "/etc/passwd"), EXDEV);
	CHECK_INT(opened(procfs, "missing"), ENOENT);
}

/* CVE-2025-52881: an attribute file with something else mounted over it. */
TEST(what_is_mounted_over_a_part_is_refused)
{
	_cleanup_fd_ int procfs = -1, dir = -1;

	private_mounts();
	NEEDS(openat2);
	dir = scratch();
	make_file(dir, "fake", "");
	CHECK(fchdir(dir) == 0);
	procfs = procfs_open(&err);
	SUCCEEDS(procfs);
	CHECK(mount("fake", "/proc/self/attr/exec", NULL, MS_BIND, NULL) == 0);
	CHECK_INT(opened(procfs, "self/attr/exec"), EXDEV);
	CHECK(procfs_write(procfs, "self/attr/exec", "x") < 0);
	CHECK_INT(errno, EXDEV);
	CHECK_STR(content(dir, "fake"), "");
	/* another file of procfs itself is no better: sysrq-trigger in place of a label */
	CHECK(mount("/proc/self/comm", "/proc/sys/kernel/hostname", NULL, MS_BIND, NULL) == 0);
	CHECK_INT(opened(procfs, "sys/kernel/hostname"), EXDEV);
	CHECK(mount("tmpfs", "/proc/sys", "tmpfs", 0, NULL) == 0);
	CHECK_INT(opened(procfs, "sys/kernel"), EXDEV);
}

TEST(writing)
{
	_cleanup_fd_ int procfs = procfs_open(&err);

	NEEDS(openat2);
	CHECK(procfs_write(procfs, "self/comm", "proa-test") == 0);
	CHECK_STR(content(AT_FDCWD, "/proc/self/comm"), "proa-test\n");
	CHECK(procfs_write(procfs, "self/missing", "x") < 0 && errno == ENOENT);
	CHECK(procfs_write(procfs, "self/oom_score_adj", "nonsense") < 0 && errno == EINVAL);
}

TEST(a_path_that_is_too_long)
{
	_cleanup_fd_ int procfs = procfs_open(&err);
	char path[8192];

	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	CHECK_INT(opened(procfs, path), ENAMETOOLONG);
}

TEST(what_a_descriptor_refers_to_is_opened_anew)
{
	_cleanup_fd_ int procfs = procfs_open(&err), dir = scratch(), node = -1, file = -1;
	char text[8] = "";

	make_file(dir, "file", "text");
	node = openat(dir, "file", O_PATH | O_CLOEXEC);
	/* whatever has that name now */
	CHECK(renameat(dir, "file", dir, "moved") == 0);
	make_file(dir, "file", "other");
	file = procfs_reopen(procfs, node, O_RDWR);
	CHECK(file >= 0 && read(file, text, sizeof(text) - 1) == 4);
	CHECK_STR(text, "text");
	CHECK(fcntl(file, F_GETFD) & FD_CLOEXEC);
	CHECK(procfs_reopen(procfs, 999, O_RDONLY) < 0);
	CHECK_INT(errno, ENOENT);
}

/* ---- what it says of a process ---- */

TEST(a_process_is_told_by_its_start)
{
	struct procfs_stat first, again;
	pid_t pid = fork();

	if (pid == 0) {
		/* the name stands in the line, and may be anything */
		CHECK(prctl(PR_SET_NAME, ") S 1 (x)") == 0);
		pause();
	}
	SUCCEEDS(procfs_stat(getpid(), &first, &err));
	SUCCEEDS(procfs_stat(pid, &again, &err));
	CHECK(first.start > 0 && again.start >= first.start);
	CHECK(!first.ending && !again.ending);
	sleep_ms(20);
	SUCCEEDS(procfs_stat(pid, &first, &err));
	CHECK(first.start == again.start);
	kill(pid, SIGKILL);
	exit_of(pid);
	FAILS(procfs_stat(pid, &first, &err), ERROR_SYSTEM);
	CHECK_INT(err.errnum, ENOENT);
}

TEST(whether_it_has_executed_and_ended)
{
	struct procfs_stat stat;
	int go[2];
	pid_t pid;

	CHECK(pipe2(go, O_CLOEXEC) == 0);
	pid = fork();
	if (pid == 0) {
		CHECK(read(go[0], &(char){ 0 }, 1) == 1);
		execl("/bin/true", "true", (char *)NULL);
	}
	SUCCEEDS(procfs_stat(pid, &stat, &err));
	CHECK(stat.forked_only && !stat.ending);
	CHECK(write(go[1], "x", 1) == 1);
	CHECK(waitid(P_PID, (id_t)pid, &(siginfo_t){ 0 }, WEXITED | WNOWAIT) == 0);
	SUCCEEDS(procfs_stat(pid, &stat, &err));
	CHECK(!stat.forked_only && stat.ending);
	exit_of(pid);
}

static void *wait_for_end(void *end)
{
	CHECK(read(*(int *)end, &(char){ 0 }, 1) == 1);
	return NULL;
}

TEST(it_ends_when_its_last_thread_does)
{
	struct procfs_stat stat;
	pthread_t thread;
	int end[2];
	pid_t pid;

	CHECK(pipe2(end, O_CLOEXEC) == 0);
	pid = fork();
	if (pid == 0) {
		CHECK(pthread_create(&thread, NULL, wait_for_end, &end[0]) == 0);
		syscall(SYS_exit, 0); /* of the first thread alone */
	}
	do {
		sleep_ms(1);
		SUCCEEDS(procfs_stat(pid, &stat, &err));
	} while (!stat.ending);
	CHECK(!procfs_ends(pid));
	CHECK(write(end[1], "x", 1) == 1);
	CHECK(waitid(P_PID, (id_t)pid, &(siginfo_t){ 0 }, WEXITED | WNOWAIT) == 0);
	CHECK(procfs_ends(pid));
	exit_of(pid);
	CHECK(procfs_ends(pid));
	CHECK(!procfs_ends(getpid()));
}
