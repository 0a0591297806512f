#include "libcontainer/process/user.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/procfs.h"
#include "base/text.h"
#include "libcontainer/process/accounts.h"

#define NO_ID	  UINT32_MAX /* to the kernel: leave it as it is */
#define UMASK_MAX 0777

static bool parse_id(const char *text, size_t length, uint32_t *ret_id)
{
	char digits[sizeof("4294967295")];
	uint32_t id;

	if (length >= sizeof(digits))
		return false;
	memcpy(digits, text, length);
	digits[length] = '\0';
	if (!parse_u32(digits, &id) || id == NO_ID)
		return false;
	*ret_id = id;
	return true;
}

static bool is_name(const char *text, size_t length)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
	static const char others[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789.-";

	return length && length <= LOGIN_NAME_MAX && strchr(letters, text[0]) &&
	       strspn(text, others) >= length;
}

/* One part of --user: a number, or a name, which is then a copy in @arena. */
static bool parse_part(const char *text, size_t length, struct arena *arena, uint32_t *ret_id,
		       char **ret_name)
{
	*ret_name = NULL;
	if (parse_id(text, length, ret_id))
		return true;
	if (!is_name(text, length))
		return false;
	*ret_name = arena_strndup(arena, text, length);
	return true;
}

int user_parse(const char *text, struct arena *arena, struct config_user *user, struct error *err)
{
	size_t length = strcspn(text, ":");
	const char *group = text[length] ? text + length + 1 : NULL;
	struct config_user parsed = *user;
	uint32_t uid = 0, gid = (uint32_t)user->gid.value;

	if (!parse_part(text, length, arena, &uid, &parsed.user_name) ||
	    (group && !parse_part(group, strlen(group), arena, &gid, &parsed.group_name)))
		return error_set(err, ERROR_INVALID, "--user",
				 "user \"%s\": expected USER or USER:GROUP, each a decimal number "
				 "or a name",
				 text_printable(text) ? text : "?");
	parsed.uid = (struct optional_uint){ uid, true };
	if (group)
		parsed.gid = (struct optional_uint){ gid, true };
	parsed.gid_of_user = parsed.user_name && !group;
	*user = parsed;
	return 0;
}

int user_look_up(struct user_plan *plan, int rootfd, struct error *err)
{
	gid_t gid = plan->gid;

	if (plan->user_name && !accounts_user(rootfd, plan->user_name, &plan->uid, &gid))
		return error_set(err, ERROR_INVALID, "--user",
				 "user \"%s\" is not in the container's /etc/passwd",
				 plan->user_name);
	if (plan->gid_of_user)
		plan->gid = gid;
	if (plan->group_name && !accounts_group(rootfd, plan->group_name, &plan->gid))
		return error_set(err, ERROR_INVALID, "--user",
				 "group \"%s\" is not in the container's /etc/group",
				 plan->group_name);
	return 0;
}

static int plan_id(const struct optional_uint *id, const char *object, uint32_t *ret_id,
		   struct error *err)
{
	if (id->value >= NO_ID)
		return error_set(err, ERROR_INVALID, object, "%s: %" PRIu64 " is not an id", object,
				 id->value);
	*ret_id = (uint32_t)id->value;
	return 0;
}

int user_plan(const struct config_user *user, struct arena *arena, struct user_plan *ret_plan,
	      struct error *err)
{
	const struct config_gids *gids = &user->additional_gids;
	struct user_plan plan = {
		.umask_set = user->umask.set,
		.user_name = arena_strdup(arena, user->user_name),
		.group_name = arena_strdup(arena, user->group_name),
		.gid_of_user = user->gid_of_user,
	};

	if (plan_id(&user->uid, "process.user.uid", &plan.uid, err) < 0 ||
	    plan_id(&user->gid, "process.user.gid", &plan.gid, err) < 0)
		return -1;
	if (user->umask.value > UMASK_MAX)
		return error_set(err, ERROR_INVALID, "process.user.umask",
				 "process.user.umask: %" PRIu64 " is above 511 (0777)",
				 user->umask.value);
	plan.umask = (mode_t)user->umask.value;
	if (gids->count > NGROUPS_MAX)
		return error_set(err, ERROR_INVALID, "process.user.additionalGids",
				 "process.user.additionalGids: more than %d", NGROUPS_MAX);
	for (size_t i = 0; i < gids->count; i++)
		if (gids->items[i] == NO_ID)
			return error_set(err, ERROR_INVALID, "process.user.additionalGids",
					 "process.user.additionalGids: %" PRIu32 " is not an id",
					 gids->items[i]);
	plan.group_count = gids->count;
	plan.groups = arena_memdup(arena, gids->items, gids->count * sizeof(*gids->items));
	*ret_plan = plan;
	return 0;
}

int user_setgroups_denied(int procfs, bool *ret_denied, struct error *err)
{
	_cleanup_fd_ int fd = procfs_open_at(procfs, "self/setgroups", O_RDONLY);
	char answer[16] = "";

	if (fd < 0 || read(fd, answer, sizeof(answer) - 1) < 0)
		return error_errno(err, errno, "process.user", "read /proc/self/setgroups");
	*ret_denied = text_starts(answer, "deny");
	return 0;
}

int user_own_stdio(const struct user_plan *plan, bool terminal, struct error *err)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		struct stat st;

		if (fstat(fd, &st) < 0 || st.st_uid == plan->uid)
			continue;
		if (!S_ISFIFO(st.st_mode) && !(terminal && S_ISCHR(st.st_mode) && isatty(fd)))
			continue;
		/* the group stays: a devpts may be mounted with one that has its reason */
		if (fchown(fd, plan->uid, (gid_t)-1) == 0 || errno == EPERM || errno == EINVAL ||
		    errno == EROFS)
			continue;
		return error_errno(err, errno, "process.user", "give descriptor %d to uid %u", fd,
				   plan->uid);
	}
	return 0;
}

static int set_groups(const struct user_plan *plan, bool denied, struct error *err)
{
	if (plan->keep_groups)
		return 0;
	if (denied && plan->group_count)
		return error_set(err, ERROR_UNSUPPORTED, "process.user.additionalGids",
				 "process.user.additionalGids: this user namespace denies "
				 "setgroups; map the groups as root or with newgidmap");
	if (!denied && setgroups(plan->group_count, plan->groups) < 0)
		return error_errno(err, errno, "process.user.additionalGids",
				   "set %zu additional groups", plan->group_count);
	return 0;
}

static int id_failed(const char *object, const char *what, unsigned int id, struct error *err)
{
	if (errno == EINVAL)
		return error_set(err, ERROR_INVALID, object,
				 "%s: %s %u has no mapping in the container's user namespace",
				 object, what, id);
	return error_errno(err, errno, object, "change to %s %u", what, id);
}

int user_become(const struct user_plan *plan, bool setgroups_denied, struct error *err)
{
	if (set_groups(plan, setgroups_denied, err) < 0)
		return -1;
	if (setresgid(plan->gid, plan->gid, plan->gid) < 0)
		return id_failed("process.user.gid", "gid", plan->gid, err);
	if (setresuid(plan->uid, plan->uid, plan->uid) < 0)
		return id_failed("process.user.uid", "uid", plan->uid, err);
	return 0;
}

void user_set_umask(const struct user_plan *plan, mode_t inherited)
{
	umask(plan->umask_set ? plan->umask : inherited);
}
