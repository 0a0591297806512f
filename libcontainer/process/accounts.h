/* The container's own /etc/passwd and /etc/group (passwd(5), group(5)). They are the container's: whatever is wrong with
 * them (a FIFO, too long, a link that leads nowhere, lines that are none) means that nobody is found. Init, with @rootfd the
 * container's root. */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

/* The home directory of @uid. */
bool accounts_home(int rootfd, uid_t uid, char ret_home[PATH_MAX]);

/* The ids of user @name; the id of group @name. */
bool accounts_user(int rootfd, const char *name, uid_t *ret_uid, gid_t *ret_gid);
bool accounts_group(int rootfd, const char *name, gid_t *ret_gid);
