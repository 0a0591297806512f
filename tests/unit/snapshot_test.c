/* libcontainer/cgroup/snapshot.c: what is made of what the helper says. The helpers here are shell scripts. */
#include "tests/unit/harness.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "libcontainer/cgroup/snapshot.h"

static char directory[32], executable[64], helper[64];
static struct error err;
static struct buffer text;

static void remove_directory(void)
{
	struct error ignored = ERROR_INIT;

	dir_remove(AT_FDCWD, directory, &ignored);
}

/* A directory with, unless @script is NULL, a helper beside where proa would be. */
static int snapshot(const char *script, mode_t mode)
{
	int fd;

	snprintf(directory, sizeof(directory), "/tmp/proa-test-XXXXXX");
	CHECK(mkdtemp(directory) != NULL);
	atexit(remove_directory);
	snprintf(executable, sizeof(executable), "%s/proa", directory);
	snprintf(helper, sizeof(helper), "%s/proa-cgroup", directory);
	if (script) {
		fd = open(helper, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
		CHECK(fd >= 0 && dprintf(fd, "#!/bin/sh\n%s\n", script) > 0);
		CHECK(fchmod(fd, mode) == 0);
		close(fd);
	}
	if (!HAVE_LIBCGROUP) {
		CHECK(cgroup_snapshot(executable, "/web", &text, &err) < 0);
		CHECK_INT(err.code, ERROR_UNSUPPORTED);
		CHECK_HAS(err.text, "built without it");
		SKIP("needs a build with libcgroup");
	}
	return cgroup_snapshot(executable, "/web", &text, &err);
}

TEST(what_it_writes_is_handed_on)
{
	CHECK(snapshot("echo \"$*\" >&3; echo b:2 >&3; exec 3>&-", 0755) == 0);
	CHECK_STR(text.bytes, "snapshot /web\nb:2\n");
}

TEST(it_sees_nothing_of_the_caller_s_environment)
{
	CHECK(setenv("CGROUP_X", "1", 1) == 0);
	CHECK(snapshot("echo \"x$CGROUP_X\" >&3", 0755) == 0);
	CHECK(text_starts(text.bytes, "x\n"));
}

TEST(what_fails_says_why_and_nothing_is_handed_on)
{
	CHECK(snapshot("echo \"libcgroup can't read\" >&3; echo more >&3; exit 1", 0755) < 0);
	CHECK_STR(err.text, "libcgroup can't read");
	CHECK_INT(text.length, 0);
}

TEST(what_fails_in_silence)
{
	CHECK(snapshot("kill -KILL $$", 0755) < 0);
	CHECK_STR(err.text, "proa-cgroup failed: killed by signal 9");
}

TEST(there_is_none)
{
	CHECK(snapshot(NULL, 0) < 0);
	CHECK_INT(err.code, ERROR_UNSUPPORTED);
	CHECK_HAS(err.text, "proa-cgroup, which is neither beside proa nor in " PROA_LIBEXECDIR);
}

TEST(one_that_others_may_write_is_not_executed)
{
	CHECK(snapshot("echo a:1 >&3", 0757) < 0);
	CHECK_INT(err.code, ERROR_REFUSED);
	CHECK_INT(text.length, 0);
}
