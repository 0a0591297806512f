#include "libcontainer/init/executable.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcontainer/init/image.h"

static char binary_path[PATH_MAX];

static int binary_path_read(void)
{
	ssize_t length = readlink("/proc/self/exe", binary_path, sizeof(binary_path) - 1);

	if (length < 0)
		return -1;
	binary_path[length] = '\0';
	return 0;
}

const char *executable_path(void)
{
	if (!binary_path[0] && binary_path_read() < 0)
		return "";
	return binary_path;
}

/* The mark is believed only if our own executable has its device and inode, so a stale one has no
 * effect. */
static bool running_protected(void)
{
	const char *mark = getenv(IMAGE_MARK);
	unsigned long long device, inode;
	struct stat st;
	int path = 0;

	if (!mark)
		return false;
	if (sscanf(mark, "%llx:%llx:%n", &device, &inode, &path) != 2 || !path)
		return false;
	if (stat("/proc/self/exe", &st) < 0 || st.st_dev != device || st.st_ino != inode)
		return false;
	if (snprintf(binary_path, sizeof(binary_path), "%s", mark + path) >=
	    (int)sizeof(binary_path))
		return false;
	/* the host's path: what is left on the stack init would show in its /proc/PID/environ */
	explicit_bzero((char *)mark, strlen(mark));
	unsetenv(IMAGE_MARK);
	return true;
}

int executable_protect(char **argv, struct error *err)
{
	long result;

	if (running_protected())
		return 0;
	result = image_execute(argv, environ);
	return error_errno(err, (int)-result, executable_path(), "execute ourselves protected");
}
