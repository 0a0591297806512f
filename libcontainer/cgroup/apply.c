/* Write the knobs into the cgroup, and say why where one can't be written. */
#include "libcontainer/cgroup/internal.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"

static const struct {
	int errnum;
	enum error_code code;
	const char *hint;
} hints[] = {
	{ EINVAL, ERROR_INVALID, "the kernel doesn't take this value" },
	{ ERANGE, ERROR_INVALID, "the kernel doesn't take this value" },
	{ ENODEV, ERROR_INVALID, "there is no such disk (a partition has no limits of its own)" },
	{ ENOSPC, ERROR_INVALID, "processes of a deadline scheduler need more CPUs than these" },
	{ EBUSY, ERROR_SYSTEM, "what it would take away is in use" },
	{ EACCES, ERROR_SYSTEM, "the cgroup is not delegated to this user" },
	{ EPERM, ERROR_SYSTEM, "the cgroup is not delegated to this user" },
	{ EROFS, ERROR_SYSTEM,
	  "the cgroup filesystem is mounted read-only: mount -o remount,rw it" },
	{ EOPNOTSUPP, ERROR_UNSUPPORTED, "this cgroup or machine can't have such a limit" },
};

/* What an update writes besides the files of the cgroup, and who may. */
static const struct {
	const char *file;
	const char *reason;
} forbidden_files[] = {
	{ "oom_score_adj", "a process is another user's, or has a higher score, which only "
			   "CAP_SYS_RESOURCE lowers" },
	{ "/", "resctrl's classes are root's" },
};

/* Files that have a reason of their own to be missing where their controller is there. */
static const struct {
	const char *file;
	const char *reason;
} missing_files[] = {
	{ "memory.swap.max", "the kernel was built without swap, or booted with swapaccount=0" },
	{ "io.weight", "no disk has a scheduler that knows weights: load bfq, or enable io.cost" },
	{ "hugetlb.", "the machine has no huge pages of this size" },
};

static bool has_controller(int cgroupfd, const char *controller)
{
	char controllers[CGROUP_TEXT_SIZE];

	return cgroup_read(cgroupfd, "cgroup.controllers", controllers, sizeof(controllers)) < 0 ||
	       word_in(controllers, controller);
}

/* The nearest ancestor that has it doesn't pass it on. */
static void explain_ancestor(int cgroupfd, const char *controller, char *reason, size_t size)
{
	int dir = openat(cgroupfd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char path[PATH_MAX] = "";

	while (dir >= 0 && !has_controller(dir, controller)) {
		int parent = openat(dir, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);

		close(dir);
		dir = parent;
	}
	if (dir >= 0 && fd_path(dir, path) == 0)
		text_cut(reason, size,
			 "the controller %s is missing: %s doesn't enable it for its children; "
			 "write +%s to cgroup.subtree_control there, and in each cgroup between",
			 controller, path, controller);
	else
		text_cut(reason, size, "the controller %s is missing", controller);
	cleanup_fd_(&dir);
}

/* False if it isn't the controller that is missing. */
static bool explain_controller(int cgroupfd, const char *controller, char *reason, size_t size)
{
	struct error ignored = ERROR_INIT;
	_cleanup_fd_ int root = hierarchy_open(&ignored);
	int length;

	if (has_controller(cgroupfd, controller))
		return false;
	if (root < 0 || has_controller(root, controller)) {
		explain_ancestor(cgroupfd, controller, reason, size);
		return true;
	}
	length = snprintf(reason, size, "the controller %s is missing: ", controller);
	if (length > 0 && (size_t)length < size)
		controllers_explain_lack(root, controller, reason + length, size - (size_t)length);
	return true;
}

static void explain_missing(int cgroupfd, const struct cgroup_write *write, char *reason,
			    size_t size)
{
	const char *words = "this kernel doesn't know it";

	if (write->controller && explain_controller(cgroupfd, write->controller, reason, size))
		return;
	for (size_t i = 0; i < array_length(missing_files); i++)
		if (text_starts(write->file, missing_files[i].file))
			words = missing_files[i].reason;
	text_cut(reason, size, "%s", words);
}

static const char *forbidden_reason(const struct cgroup_write *write, const char *usual)
{
	for (size_t i = 0; i < array_length(forbidden_files); i++)
		if (text_starts(write->file, forbidden_files[i].file))
			return forbidden_files[i].reason;
	return usual;
}

int cgroup_write_refused(int cgroupfd, const struct cgroup_write *write, int errnum,
			 struct error *err)
{
	enum error_code code = ERROR_SYSTEM;
	const char *hint = "";
	char reason[PATH_MAX + 256];

	for (size_t i = 0; i < array_length(hints); i++) {
		if (hints[i].errnum != errnum)
			continue;
		code = hints[i].code;
		hint = hints[i].hint;
	}
	if (errnum == EACCES || errnum == EPERM)
		hint = forbidden_reason(write, hint);
	if (errnum == ENOENT) {
		code = ERROR_UNSUPPORTED;
		explain_missing(cgroupfd, write, reason, sizeof(reason));
		hint = reason;
	}
	error_set(err, code, write->property, "%s: can't write \"%s\" to %s: %s%s%s",
		  write->property, text_printable(write->value) ? write->value : "", write->file,
		  error_words(errnum), *hint ? "; " : "", hint);
	err->errnum = errnum;
	return -1;
}

/* An alternative is for the case that the write before it found no file. */
static int write_knobs(const struct cgroup_writes *writes, int cgroupfd, struct error *err)
{
	for (size_t i = 0; i < writes->count; i++) {
		const struct cgroup_write *write = &writes->items[i];
		bool has_alternative = i + 1 < writes->count && writes->items[i + 1].alternative;

		if (file_write(cgroupfd, write->file, write->value) == 0) {
			i += has_alternative;
			continue;
		}
		if (errno == ENOENT && (has_alternative || write->harmless))
			continue;
		return cgroup_write_refused(cgroupfd, write, errno, err);
	}
	return 0;
}

int cgroup_apply(const struct cgroup_plan *plan, int cgroupfd, struct error *err)
{
	if (cgroupfd < 0)
		return 0;
	if (write_knobs(&plan->writes, cgroupfd, err) < 0)
		return -1;
	/* Nothing makes the kernel kill as surely as a limit below what is in use. It has done so by the time that the write
	 * returns; soon after systemd removes the cgroup, and what it knows is gone. */
	if (plan->unit && plan->writes.count && cgroup_explain_death(cgroupfd, err))
		return -1;
	return plan->delegate ? cgroup_delegate(cgroupfd, plan->owner, (gid_t)-1, err) : 0;
}
