/* process.user (config.md, "User"; credentials(7)). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "oci/config.h"

struct user_plan {
	uid_t uid; /* ids as the container sees them */
	gid_t gid;
	const char *user_name, *group_name; /* whose ids these are to become; NULL */
	bool gid_of_user;		    /* the gid is that of the name, too */
	gid_t *groups;
	size_t group_count;
	bool keep_groups; /* the caller's stay, and the planned ones don't count */
	bool umask_set;
	mode_t umask;
};

/* "USER" or "USER:GROUP" of exec --user, put into @user: each a decimal number, or a name of letters, digits, "_", "." and
 * "-" that begins with a letter or "_"; nothing else (CVE-2026-30892: a lenient parser made a wrong user of a typing error).
 * The id 4294967295 is refused, for the kernel reads it as "leave it". Without GROUP a number keeps the gid of @user, and a
 * name has its own. ERROR_INVALID, with @user as it was. Pure. */
int user_parse(const char *text, struct arena *arena, struct config_user *user, struct error *err);

/* Look the planned names up in the container's /etc/passwd and /etc/group. ERROR_INVALID for one that isn't there. Changes
 * the caller's copy of the plan. Init, with @rootfd the container's root. */
int user_look_up(struct user_plan *plan, int rootfd, struct error *err);

/* Pure. An id of 4294967295 or an umask above 0777 is ERROR_INVALID. */
int user_plan(const struct config_user *user, struct arena *arena, struct user_plan *ret_plan,
	      struct error *err);

/* Whether the user namespace that the caller is in denies setgroups(2): user_namespaces(7). Init,
 * once its id maps are written. */
int user_setgroups_denied(int procfs, bool *ret_denied, struct error *err);

/* Give the pipes on 0, 1 and 2 to the planned user, and with @terminal the container's own
 * terminal, so that its programs can reopen them (/dev/stdout). Nothing else: a file, a device or
 * the terminal that proa was called with is the caller's (CVE-2026-88265). What can't be changed
 * stays, which is no failure: a read-only filesystem, an owner without a mapping. Init, before the
 * ids change. */
int user_own_stdio(const struct user_plan *plan, bool terminal, struct error *err);

/* Set groups, gid and uid, all three of each. All groups are dropped but the planned ones; where
 * setgroups is denied that can't be done, and planned groups are ERROR_UNSUPPORTED. An id without a
 * mapping is ERROR_INVALID. Clears PR_SET_PDEATHSIG and, depending on the ids, the dumpable flag:
 * the caller sets them anew. Init; see capabilities.h for the order. */
int user_become(const struct user_plan *plan, bool setgroups_denied, struct error *err);

/* The planned umask, or @inherited, the one that proa was called with. Init, when it makes no more
 * files. */
void user_set_umask(const struct user_plan *plan, mode_t inherited);
