/* Whose a cgroup is: an extended attribute of it says so, "made MARK" or "found MARK". */
#include "libcontainer/cgroup/cgroup.h"

#include <string.h>
#include <sys/xattr.h>

#include "base/text.h"

/* Of those that only the machine's root can change (xattr(7)): a container to which its cgroup is delegated must not be
 * able to deny that it is its own. */
#define NAME  "trusted.proa"
#define MADE  "made "
#define FOUND "found "

int cgroup_mark(int cgroupfd, const char *mark, bool made)
{
	char text[CGROUP_MARK_SIZE];

	text_fit(text, sizeof(text), "%s%s", made ? MADE : FOUND, mark);
	return fsetxattr(cgroupfd, NAME, text, strlen(text), 0);
}

void cgroup_unmark(int cgroupfd)
{
	fremovexattr(cgroupfd, NAME);
}

/* False if there is none. */
static bool read_mark(int cgroupfd, char ret_text[CGROUP_MARK_SIZE])
{
	ssize_t length = fgetxattr(cgroupfd, NAME, ret_text, CGROUP_MARK_SIZE - 1);

	ret_text[length > 0 ? length : 0] = '\0';
	return length >= 0;
}

bool cgroup_was_made(int cgroupfd)
{
	char text[CGROUP_MARK_SIZE];

	return read_mark(cgroupfd, text) && text_starts(text, MADE);
}

enum cgroup_owner cgroup_owner(int cgroupfd, const char *mark)
{
	char text[CGROUP_MARK_SIZE];
	const char *found;

	if (!read_mark(cgroupfd, text))
		return CGROUP_NOBODYS;
	found = strchr(text, ' ');
	return found && strcmp(found + 1, mark) == 0 ? CGROUP_OWN : CGROUP_ANOTHERS;
}
