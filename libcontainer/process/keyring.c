#include "libcontainer/process/keyring.h"

#include <errno.h>
#include <linux/keyctl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/text.h"

#define NAME_SIZE      (1024 + sizeof("_ses.")) /* the longest id that there is */
#define KEY_USR_SEARCH 0x00080000		/* keyctl_setperm(3): the owner may search it */

/* Anybody may have made one of that name before us, and let all find it: its owner would read the container's keys. Who
 * has our own id can read them anyway. keyctl(KEYCTL_DESCRIBE): "type;uid;gid;permissions;description". */
static bool is_ours(long keyring, unsigned int *ret_permissions)
{
	char description[NAME_SIZE + 64] = "";
	unsigned int uid;

	/* a failure: ours can be looked at */
	return syscall(SYS_keyctl, KEYCTL_DESCRIBE, keyring, description,
		       sizeof(description) - 1) >= 0 &&
	       sscanf(description, "%*[^;];%u;%*d;%x;", &uid, ret_permissions) == 2 &&
	       uid == getuid();
}

/* One without a name that others know: no exec joins it, each gets its own. */
static int join_anonymous(struct error *err)
{
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0)
		return error_errno(err, errno, NULL, "make a session keyring");
	return 0;
}

int keyring_join(const char *id, struct error *err)
{
	char name[NAME_SIZE];
	unsigned int permissions;
	long keyring;

	text_fit(name, sizeof(name), "_ses.%s", id);
	keyring = syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name);
	if (keyring < 0 && (errno == ENOSYS || errno == EPERM))
		return 0; /* marginal protection, and nothing that a container could lack */
	if (keyring < 0 && errno == EDQUOT)
		return error_errno(err, errno, name,
				   "join session keyring %s; raise kernel.keys.maxkeys or use "
				   "--no-new-keyring",
				   name);
	if (keyring < 0)
		return error_errno(err, errno, name, "join session keyring %s", name);
	if (!is_ours(keyring, &permissions))
		return join_anonymous(err);
	if (!(permissions & KEY_USR_SEARCH) &&
	    syscall(SYS_keyctl, KEYCTL_SETPERM, keyring, permissions | KEY_USR_SEARCH) < 0)
		return error_errno(err, errno, name, "make session keyring %s searchable", name);
	return 0;
}
