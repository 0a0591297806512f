#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "libcontainer/process/environment.h"
#include "src/invocation.h"

/* A caller may have closed 0, 1 or 2. The next file we open would take the number, and then be
 * written to as stdout or handed to a container as its stdin. */
static void open_missing_stdio(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", O_RDWR) != fd)
			_exit(1);
}

int main(int argc, char **argv)
{
	open_missing_stdio();
	environment_note_arguments(argv);
	return invocation_run(argc, argv);
}
