/* Whose a cgroup is: an extended attribute of it says so. */
#include "libcontainer/cgroup/cgroup.h"

#include <errno.h>
#include <string.h>
#include <sys/xattr.h>

#include "base/cleanup.h"

/* Nobody in a container can change the first (xattr(7)); a user who runs containers of his own has but the second. */
static const char *const names[] = { "trusted.proa", "user.proa" };

int cgroup_mark(int cgroupfd, const char *mark)
{
	for (size_t i = 0; i < array_length(names); i++) {
		if (fsetxattr(cgroupfd, names[i], mark, strlen(mark), 0) == 0)
			return 0;
		if (errno != EPERM)
			return -1;
	}
	return -1;
}

enum cgroup_owner cgroup_owner(int cgroupfd, const char *mark)
{
	char found[CGROUP_MARK_SIZE];

	for (size_t i = 0; i < array_length(names); i++) {
		ssize_t length = fgetxattr(cgroupfd, names[i], found, sizeof(found));

		if (length >= 0 || errno == ERANGE)
			return length == (ssize_t)strlen(mark) &&
				       memcmp(found, mark, (size_t)length) == 0
				   ? CGROUP_OWN
				   : CGROUP_ANOTHERS;
	}
	return CGROUP_NOBODYS;
}
