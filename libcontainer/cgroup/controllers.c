/* Controllers: a cgroup has the files of a controller only if every ancestor enables it for its
 * children, in cgroup.subtree_control (kernel: cgroup-v2.rst, Enabling and Disabling). */
#include "base/text.h"
#include "libcontainer/cgroup/internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/procfs.h"

/* For errors: the limit that wanted the controller. */
static const struct cgroup_write *first_write_of(const struct cgroup_plan *plan,
						 const char *controller)
{
	for (size_t i = 0; i < plan->writes.count; i++) {
		const struct cgroup_write *write = &plan->writes.items[i];

		if (!write->harmless && write->controller &&
		    strcmp(write->controller, controller) == 0)
			return write;
	}
	return NULL;
}

static int refuse(const struct cgroup_plan *plan, const char *controller, int errnum,
		  const char *reason, struct error *err)
{
	const struct cgroup_write *write = first_write_of(plan, controller);

	if (!write) /* a plan has a controller for what it writes */
		return error_set(err, ERROR_UNSUPPORTED, controller,
				 "the controller %s is missing: %s", controller, reason);
	error_set(err, ERROR_UNSUPPORTED, write->property,
		  "%s: can't write %s: the controller %s is missing: %s", write->property,
		  write->file, controller, reason);
	err->errnum = errnum;
	return -1;
}

/* ---- a controller that the whole hierarchy lacks ---- */

/* /proc/cgroups has lines "NAME HIERARCHY CGROUPS ENABLED"; hierarchy 0 is v2's (or none). */
static bool proc_cgroups_line(const char *controller, unsigned int *ret_hierarchy,
			      unsigned int *ret_enabled)
{
	_cleanup_file_ FILE *file = fopen("/proc/cgroups", "re");
	/* in v1 some have other names */
	const char *name = strcmp(controller, "io") == 0 ? "blkio" : controller;
	char line[256], found[64];
	unsigned int hierarchy, enabled;

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%63s %u %*u %u", found, &hierarchy, &enabled) != 3 ||
		    strcmp(found, name) != 0)
			continue;
		*ret_hierarchy = hierarchy;
		*ret_enabled = enabled;
		return true;
	}
	return false;
}

/* Below the real root, where a cgroup namespace may have put us, there is cgroup.type. */
static bool is_real_root(int hierarchy)
{
	return faccessat(hierarchy, "cgroup.type", F_OK, 0) < 0;
}

void controllers_explain_lack(int hierarchy, const char *controller, char *reason, size_t size)
{
	unsigned int number = 0, enabled = 1;
	bool known = proc_cgroups_line(controller, &number, &enabled);

	if (known && number)
		text_cut(reason, size,
			 "it is bound to cgroup v1; boot with cgroup_no_v1=%s or "
			 "systemd.unified_cgroup_hierarchy=1",
			 controller);
	else if (known && !enabled)
		snprintf(reason, size, "it is switched off by cgroup_disable= at boot");
	else if (!is_real_root(hierarchy))
		snprintf(reason, size,
			 "it was not delegated to this cgroup namespace; enable it outside, in "
			 "cgroup.subtree_control of every ancestor");
	else
		snprintf(reason, size, "this kernel was built without it");
}

int controllers_check(const struct cgroup_plan *plan, int hierarchy, const char *offered,
		      struct error *err)
{
	for (size_t i = 0; i < plan->controllers.count; i++) {
		const char *controller = plan->controllers.items[i];
		char reason[256];

		if (word_in(offered, controller))
			continue;
		controllers_explain_lack(hierarchy, controller, reason, sizeof(reason));
		return refuse(plan, controller, 0, reason, err);
	}
	return 0;
}

/* ---- a controller that an ancestor can't enable ---- */

static const struct {
	int errnum;
	const char *reason;
	const char *cure;
} refusals[] = {
	{ EBUSY, "has processes of its own",
	  "move them into a child cgroup, or choose another cgroupsPath" },
	{ EACCES, "is not delegated to this user",
	  "put [Service] Delegate=cpu cpuset io memory pids into "
	  "/etc/systemd/system/user@.service.d/delegate.conf and log in anew" },
	{ EPERM, "is not delegated to this user",
	  "enable it there as root, or choose another cgroupsPath" },
	{ EROFS, "is mounted read-only", "mount -o remount,rw the cgroup filesystem" },
	{ EOPNOTSUPP, "is threaded, and this controller has no threaded mode",
	  "choose a cgroupsPath outside the threaded subtree" },
	{ ENOENT, "isn't given it by its parent", "enable it in the parent first" },
};

static int refuse_enabling(const struct cgroup_plan *plan, const char *controller, const char *path,
			   int errnum, struct error *err)
{
	char reason[512];

	text_cut(reason, sizeof(reason),
		 "cgroup %s can't enable it for its children: %s; see cgroup.subtree_control there",
		 path, error_words(errnum));
	for (size_t i = 0; i < array_length(refusals); i++)
		if (refusals[i].errnum == errnum)
			text_cut(reason, sizeof(reason),
				 "cgroup %s, which has to enable it for its children, %s (%s); %s",
				 path, refusals[i].reason, error_words(errnum), refusals[i].cure);
	return refuse(plan, controller, errnum, reason, err);
}

/* "+a +b": what is in @available and not in @enabled. */
static void list_missing(const char *available, const char *enabled, char missing[CGROUP_TEXT_SIZE])
{
	char words[CGROUP_TEXT_SIZE], *rest = NULL;
	size_t used = 0;

	memcpy(words, available, strlen(available) + 1);
	missing[0] = '\0';
	for (char *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		if (!word_in(enabled, word) && used < CGROUP_TEXT_SIZE)
			used += (size_t)snprintf(missing + used, CGROUP_TEXT_SIZE - used, "%s+%s",
						 used ? " " : "", word);
}

/* A cgroup with processes takes only the controllers that have a threaded mode, and by that becomes
 * the root of a threaded subtree, in which no container can start: such a one is left alone. The
 * real root is exempt from the rule. */
static bool has_own_processes(int dirfd)
{
	char first[32];

	return faccessat(dirfd, "cgroup.type", F_OK, 0) == 0 &&
	       cgroup_read(dirfd, "cgroup.procs", first, sizeof(first)) > 0;
}

/* Write "+a +b" at once. 0, or -1 with errno set. */
static int enable_all(int dirfd, int fd, const char *missing)
{
	if (fd < 0)
		return -1;
	if (has_own_processes(dirfd)) {
		errno = EBUSY;
		return -1;
	}
	return write(fd, missing, strlen(missing)) < 0 ? -1 : 0;
}

/* What couldn't be enabled at once, one by one, so that one that is refused doesn't hold up the
 * others. A refusal matters only where the plan needs the controller: the others serve statistics.
 * Where the whole cgroup refuses (@fd is -1), because of @errnum, nothing is tried. */
static int enable_each(const struct cgroup_plan *plan, int fd, const char *path, char *missing,
		       int errnum, struct error *err)
{
	char *rest = NULL;

	for (char *word = strtok_r(missing, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		if (fd >= 0 && write(fd, word, strlen(word)) >= 0)
			continue;
		if (text_in(&plan->controllers, word + 1))
			return refuse_enabling(plan, word + 1, path, fd < 0 ? errnum : errno, err);
	}
	return 0;
}

int controllers_enable(const struct cgroup_plan *plan, int dirfd, const char *path,
		       char available[CGROUP_TEXT_SIZE], struct error *err)
{
	static const char file[] = "cgroup.subtree_control";
	char enabled[CGROUP_TEXT_SIZE], missing[CGROUP_TEXT_SIZE];
	_cleanup_fd_ int fd = -1;
	int errnum;

	if (cgroup_read(dirfd, file, enabled, sizeof(enabled)) < 0)
		return error_errno(err, errno, path, "read %s of cgroup %s", file, path);
	list_missing(available, enabled, missing);
	if (!missing[0])
		return 0;
	fd = openat(dirfd, file, O_WRONLY | O_CLOEXEC);
	if (enable_all(dirfd, fd, missing) == 0)
		return 0;
	errnum = errno;
	if (enable_each(plan, errnum == EBUSY ? -1 : fd, path, missing, errnum, err) < 0)
		return -1;
	if (cgroup_read(dirfd, file, available, CGROUP_TEXT_SIZE) < 0)
		return error_errno(err, errno, path, "read %s of cgroup %s", file, path);
	return 0;
}
