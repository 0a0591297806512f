/* Hand a cgroup to the user who runs in it (config-linux.md, Cgroup ownership). */
#include "libcontainer/cgroup/internal.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"

#define DELEGATE_LIST "/sys/kernel/cgroup/delegate"

/* What the kernel lists, or, if it has no list, what the spec demands. */
static int read_list(struct buffer *names, struct error *err)
{
	if (file_read(AT_FDCWD, DELEGATE_LIST, CGROUP_LINES_LIMIT, names, err) == 0)
		return 0;
	if (err->errnum != ENOENT)
		return -1;
	buffer_puts(names, "cgroup.procs\ncgroup.subtree_control\ncgroup.threads\n");
	return 0;
}

/* Any other file stays ours: with it the container could raise its own limits. */
int cgroup_delegate(int cgroupfd, uid_t uid, gid_t gid, struct error *err)
{
	_cleanup_buffer_ struct buffer names = BUFFER_INIT;
	char *rest = NULL;

	if (read_list(&names, err) < 0)
		return -1;
	if (fchown(cgroupfd, uid, gid) < 0)
		return error_errno(err, errno, NULL, "give the cgroup to uid %u", uid);
	for (char *name = strtok_r(names.bytes, "\n", &rest); name;
	     name = strtok_r(NULL, "\n", &rest))
		/* not every listed file is in every cgroup */
		if (fchownat(cgroupfd, name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0 && errno != ENOENT)
			return error_errno(err, errno, name, "give %s of the cgroup to uid %u",
					   name, uid);
	return 0;
}
