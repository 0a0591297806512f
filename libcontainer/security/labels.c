#include "libcontainer/security/labels.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/procfs.h"

#define LABEL_MAX 4096 /* a page: the most that the kernel takes in one write */

static bool apparmor_is_on(void)
{
	_cleanup_fd_ int fd = open("/sys/module/apparmor/parameters/enabled", O_RDONLY | O_CLOEXEC);
	char answer = 'N';

	return fd >= 0 && read(fd, &answer, 1) == 1 && answer == 'Y';
}

static bool selinux_is_on(void)
{
	struct statfs fs;

	return statfs("/sys/fs/selinux", &fs) == 0 && fs.f_type == SELINUX_MAGIC;
}

static bool asked_for(const char *label)
{
	return label && *label;
}

int labels_check(const char *apparmor, const char *selinux, struct error *err)
{
	if (asked_for(apparmor) && !apparmor_is_on())
		return error_set(err, ERROR_UNSUPPORTED, "process.apparmorProfile",
				 "process.apparmorProfile: AppArmor is not enabled on this host");
	if (asked_for(selinux) && !selinux_is_on())
		return error_set(err, ERROR_UNSUPPORTED, "process.selinuxLabel",
				 "process.selinuxLabel: SELinux is not enabled on this host");
	return 0;
}

/* Podman looks for a path of this form, between backticks. */
static int write_failed(const char *property, const char *file, const char *label,
			struct error *err)
{
	return error_errno(err, errno, property, "%s: write \"%s\" to `/proc/self/attr/%s`",
			   property, label, file);
}

int labels_apply(int procfs, const char *apparmor, const char *selinux, struct error *err)
{
	if (asked_for(apparmor)) {
		char text[LABEL_MAX];

		errno = ENAMETOOLONG;
		if (snprintf(text, sizeof(text), "exec %s", apparmor) >= (int)sizeof(text) ||
		    procfs_write(procfs, "thread-self/attr/apparmor/exec", text) < 0)
			return write_failed("process.apparmorProfile", "exec", apparmor, err);
	}
	if (asked_for(selinux) && procfs_write(procfs, "thread-self/attr/exec", selinux) < 0)
		return write_failed("process.selinuxLabel", "exec", selinux, err);
	return 0;
}

int labels_keyring(int procfs, const char *selinux, struct error *err)
{
	/* one empty line resets the label: an empty write is none at all */
	const char *text = asked_for(selinux) ? selinux : "\n";

	if (procfs_write(procfs, "thread-self/attr/keycreate", text) < 0)
		return write_failed("process.selinuxLabel", "keycreate", selinux ?: "", err);
	return 0;
}
