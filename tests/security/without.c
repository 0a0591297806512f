/* without CALL COMMAND [ARG...]
 *
 * Execute a command on a kernel, or behind a filter, that hasn't that system call: it fails with ENOSYS, in the command and
 * in all that it starts. Exit status: the command's; 99 if it can't be executed. As root. */
#include "tests/security/missing.h"

int main(int argc, char **argv)
{
	long number = argc > 2 ? missing_number(argv[1]) : -1;

	if (number < 0 || missing_from_here(number) < 0)
		return 99;
	execvp(argv[2], argv + 2);
	perror(argv[2]);
	return 99;
}
