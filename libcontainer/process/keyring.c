#include "libcontainer/process/keyring.h"

#include <errno.h>
#include <linux/keyctl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/text.h"

#define NAME_SIZE      (1024 + sizeof("_ses.")) /* the longest id that there is */
#define KEY_USR_SEARCH 0x00080000		/* keyctl_setperm(3): the owner may search it */

/* keyctl(KEYCTL_DESCRIBE): "type;uid;gid;permissions;description", permissions in hexadecimal. */
static int permissions_of(long keyring, uint32_t *ret_permissions)
{
	char description[NAME_SIZE + 64] = "";
	const char *at = description;

	if (syscall(SYS_keyctl, KEYCTL_DESCRIBE, keyring, description, sizeof(description) - 1) < 0)
		return -1;
	for (int field = 0; at && field < 3; field++) {
		at = strchr(at, ';');
		at = at ? at + 1 : NULL;
	}
	if (!at) {
		errno = EINVAL;
		return -1;
	}
	*ret_permissions = (uint32_t)strtoul(at, NULL, 16);
	return 0;
}

int keyring_join(const char *id, struct error *err)
{
	char name[NAME_SIZE];
	uint32_t permissions;
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
	if (permissions_of(keyring, &permissions) < 0)
		return error_errno(err, errno, name, "look at session keyring %s", name);
	if (!(permissions & KEY_USR_SEARCH) &&
	    syscall(SYS_keyctl, KEYCTL_SETPERM, keyring, permissions | KEY_USR_SEARCH) < 0)
		return error_errno(err, errno, name, "make session keyring %s searchable", name);
	return 0;
}
