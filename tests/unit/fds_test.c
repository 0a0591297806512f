#include "tests/unit/harness.h"

#include <fcntl.h>

#include "base/cleanup.h"
#include "libcontainer/process/fds.h"

static int is_cloexec(int fd)
{
	int flags = fcntl(fd, F_GETFD);

	CHECK(flags >= 0);
	return flags & FD_CLOEXEC;
}

/* Exactly 0, 1 and 2, on /dev/null, and none of them close-on-exec. */
static void start_with_stdio_only(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = 0; fd <= 2; fd++)
		CHECK(dup2(null, fd) == fd);
	for (int fd = 3; fd < 64; fd++)
		if (fd != harness_tap)
			close(fd);
	if (harness_tap < 63) {
		int tap = fcntl(harness_tap, F_DUPFD, 63);

		close(harness_tap);
		harness_tap = tap;
	}
}

static int open_at(int number, int flags)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (fd == number)
		CHECK(fcntl(fd, F_SETFD, flags) == 0);
	else
		CHECK(dup3(fd, number, flags & FD_CLOEXEC ? O_CLOEXEC : 0) == number);
	if (fd != number)
		close(fd);
	return number;
}

TEST(all_but_the_preserved_are_closed_on_exec)
{
	struct error err = ERROR_INIT;

	start_with_stdio_only();
	open_at(3, 0);
	open_at(4, 0);
	open_at(5, 0);
	open_at(50, 0);
	CHECK(fds_verify(2, &err) == 0);
	CHECK(!is_cloexec(0) && !is_cloexec(3) && !is_cloexec(4));
	CHECK(is_cloexec(5) && is_cloexec(50));
	CHECK(fds_verify(0, &err) == 0);
	CHECK(is_cloexec(3) && is_cloexec(4));
}

TEST(one_of_ours_in_the_place_of_a_preserved_one_is_refused)
{
	struct error err = ERROR_INIT;

	start_with_stdio_only();
	open_at(3, 0);
	open_at(4, FD_CLOEXEC);
	CHECK(fds_verify(1, &err) == 0);
	CHECK(fds_verify(2, &err) < 0);
	CHECK_INT(err.code, ERROR_REFUSED);
	CHECK(strstr(err.text, "descriptor 4"));
}

TEST(a_preserved_one_that_is_missing_is_an_error)
{
	struct error err = ERROR_INIT;

	start_with_stdio_only();
	CHECK(fds_verify(1, &err) < 0);
	CHECK_INT(err.errnum, EBADF);
	CHECK(strstr(err.text, "descriptor 3"));
}

TEST(a_directory_as_stdio_is_refused)
{
	struct error err = ERROR_INIT;
	_cleanup_fd_ int dir = -1;

	start_with_stdio_only();
	dir = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(dup2(dir, 1) == 1);
	CHECK(fds_verify(0, &err) < 0);
	CHECK_INT(err.code, ERROR_REFUSED);
	CHECK(strstr(err.text, "descriptor 1 is a directory"));
}

TEST(stdio_that_is_ours_is_refused_and_closed_stdio_is_fine)
{
	struct error err = ERROR_INIT;

	start_with_stdio_only();
	close(0);
	CHECK(fds_verify(0, &err) == 0);
	open_at(0, FD_CLOEXEC);
	CHECK(fds_verify(0, &err) < 0);
	CHECK_INT(err.code, ERROR_REFUSED);
}
