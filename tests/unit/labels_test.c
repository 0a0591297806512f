#include "tests/unit/harness.h"

#include <fcntl.h>

#include "base/cleanup.h"
#include "base/procfs.h"
#include "libcontainer/security/labels.h"

static int open_procfs(void)
{
	struct error err = ERROR_INIT;
	int procfs = procfs_open(&err);

	CHECK(procfs >= 0);
	return procfs;
}

static int apparmor_is_on(void)
{
	_cleanup_fd_ int fd = open("/sys/module/apparmor/parameters/enabled", O_RDONLY | O_CLOEXEC);
	char answer = 'N';

	return fd >= 0 && read(fd, &answer, 1) == 1 && answer == 'Y';
}

TEST(no_label_is_no_work)
{
	struct error err = ERROR_INIT;

	CHECK(labels_check(NULL, NULL, &err) == 0);
	CHECK(labels_check("", "", &err) == 0);
	CHECK(labels_apply(-1, NULL, NULL, &err) == 0);
	CHECK(labels_apply(-1, "", "", &err) == 0);
}

TEST(a_label_without_its_lsm_is_unsupported)
{
	struct error err = ERROR_INIT;

	if (!apparmor_is_on()) {
		CHECK(labels_check("some-profile", NULL, &err) < 0);
		CHECK_INT(err.code, ERROR_UNSUPPORTED);
		CHECK_STR(err.object, "process.apparmorProfile");
	}
	if (access("/sys/fs/selinux/enforce", F_OK) < 0) {
		CHECK(labels_check(NULL, "u:r:t:s0", &err) < 0);
		CHECK_INT(err.code, ERROR_UNSUPPORTED);
		CHECK_STR(err.object, "process.selinuxLabel");
	}
}

/* Nowhere is there a profile or context of these names, whatever LSM is on. */
TEST(a_failed_write_names_the_file_that_engines_look_for)
{
	_cleanup_fd_ int procfs = open_procfs();
	struct error err = ERROR_INIT;

	CHECK(labels_apply(procfs, "no-such-profile-of-proa", NULL, &err) < 0);
	CHECK_STR(err.object, "process.apparmorProfile");
	CHECK(strstr(err.text, "`/proc/self/attr/exec`"));
	CHECK(labels_apply(procfs, NULL, "no such context of proa", &err) < 0);
	CHECK_STR(err.object, "process.selinuxLabel");
	CHECK(strstr(err.text, "`/proc/self/attr/exec`"));
	CHECK(labels_keyring(procfs, "no such context of proa", &err) < 0);
	CHECK(strstr(err.text, "`/proc/self/attr/keycreate`"));
}

TEST(a_name_that_is_too_long_is_not_cut)
{
	_cleanup_fd_ int procfs = open_procfs();
	struct error err = ERROR_INIT;
	char name[8192];

	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	CHECK(labels_apply(procfs, name, NULL, &err) < 0);
	CHECK_INT(err.errnum, ENAMETOOLONG);
}
