#include "tests/unit/harness.h"

#include <linux/keyctl.h>
#include <sys/syscall.h>

#include "libcontainer/process/keyring.h"

/* The session keyring's description; false where this kernel or sandbox has none. */
static int describe(char *text, size_t size)
{
	return syscall(SYS_keyctl, KEYCTL_DESCRIBE, KEY_SPEC_SESSION_KEYRING, text, size) > 0;
}

TEST(the_session_keyring_is_named_and_searchable)
{
	struct error err = ERROR_INIT;
	char text[2048], id[1025];
	long first;

	NEEDS(keyctl);
	CHECK(keyring_join("web", &err) == 0);
	CHECK(describe(text, sizeof(text)));
	CHECK(strstr(text, ";_ses.web"));
	first = syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0);
	CHECK(keyring_join("other", &err) == 0);
	CHECK(syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0) != first);

	/* two ids of the greatest length that differ in their last byte */
	memset(id, 'a', sizeof(id) - 1);
	id[sizeof(id) - 1] = '\0';
	CHECK(keyring_join(id, &err) == 0);
	first = syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0);
	id[sizeof(id) - 2] = 'b';
	CHECK(keyring_join(id, &err) == 0);
	CHECK(syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0) != first);
}

/* As exec does it: the container's keyring by its name. */
TEST(a_second_process_joins_the_same_keyring)
{
	struct error err = ERROR_INIT;
	long first;
	int status;
	pid_t pid;

	NEEDS(keyctl);
	CHECK(keyring_join("shared", &err) == 0);
	first = syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0);
	pid = fork();
	if (pid == 0) {
		CHECK(syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) > 0);
		CHECK(keyring_join("shared", &err) == 0);
		CHECK(syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0) ==
		      first);
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}
