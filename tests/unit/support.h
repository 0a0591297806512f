/* What unit tests share beyond the harness: errors as values, a directory of one's own, children.
 */
#ifndef PROA_TESTS_UNIT_SUPPORT_H
#define PROA_TESTS_UNIT_SUPPORT_H

#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/error.h"
#include "tests/unit/harness.h"

/* Of the calls in this test. */
__attribute__((unused)) static struct error err = ERROR_INIT;

#define SUCCEEDS(call)                                                                             \
	do {                                                                                       \
		if ((call) < 0)                                                                    \
			harness_fail(__FILE__, __LINE__, "%s: %s", #call, err.text);               \
	} while (0)

/* Fails with this code of struct error. */
#define FAILS(call, wanted_code)                                                                   \
	do {                                                                                       \
		err = (struct error)ERROR_INIT;                                                    \
		if ((call) >= 0)                                                                   \
			harness_fail(__FILE__, __LINE__, "%s succeeded", #call);                   \
		if (err.code != (wanted_code))                                                     \
			harness_fail(__FILE__, __LINE__, "%s: code %s, want %s: %s", #call,        \
				     error_code_name(err.code), error_code_name(wanted_code),      \
				     err.text);                                                    \
	} while (0)

static inline void needs_root(void)
{
	if (geteuid() != 0)
		SKIP("needs root");
}

/* Mounts of this test stay its own. Directories are to be opened afterwards. */
static inline void private_mounts(void)
{
	needs_root();
	CHECK(unshare(CLONE_NEWNS) == 0);
	CHECK(mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL) == 0);
}

/* ---- a directory that goes with the test ---- */

static char scratch_path[32];
static pid_t scratch_owner;

static inline void scratch_remove(void)
{
	char command[64];

	if (getpid() != scratch_owner)
		return;
	snprintf(command, sizeof(command), "%s", scratch_path);
	if (fork() == 0) {
		execlp("rm", "rm", "-rf", "--one-file-system", "--", command, (char *)NULL);
		_exit(127);
	}
	wait(NULL);
}

/* Make it, and return its descriptor. */
static inline int scratch(void)
{
	int fd;

	umask(022);
	snprintf(scratch_path, sizeof(scratch_path), "/tmp/proa-unit-XXXXXX");
	CHECK(mkdtemp(scratch_path));
	scratch_owner = getpid();
	atexit(scratch_remove);
	fd = open(scratch_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(fd >= 0);
	return fd;
}

static inline void make_file(int dirfd, const char *name, const char *text)
{
	int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	CHECK(fd >= 0);
	CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

/* The whole of a small file; NULL if it can't be read. The next call overwrites it. */
static inline const char *content(int dirfd, const char *name)
{
	static char text[65536];
	int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	if (length < 0)
		return NULL;
	text[length] = '\0';
	return text;
}

static inline bool there(int dirfd, const char *name)
{
	return faccessat(dirfd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* How many descriptors are open: for tests that nothing leaks. */
static inline int open_fds(void)
{
	int count = 0;

	for (int fd = 0; fd < 1024; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

/* ---- children ---- */

/* The exit code of a child, 128 + signal if it was killed. */
static inline int exit_of(pid_t pid)
{
	int status;

	CHECK(waitpid(pid, &status, __WALL) == pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static inline void sleep_ms(unsigned int ms)
{
	usleep(ms * 1000);
}

#endif
