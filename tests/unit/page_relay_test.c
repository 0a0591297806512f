/* checkpoint/serve.c: what stands between CRIU and whoever fetches lazy pages. CRIU is a child of ours here, which answers each
 * request until the one that says that this was all. */
#include "tests/unit/support.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "checkpoint/serve.h"

#define GET   7
#define CLOSE 0x1023

struct request {
	uint32_t command, pages;
	uint64_t address, process;
};

static struct serve serve = SERVE_INIT;
static pid_t criu;

static _Noreturn void be_criu(void)
{
	struct request request;

	/* as descriptors that it has and knows nothing of */
	close(serve.listener);
	while (recv(serve.theirs, &request, sizeof(request), MSG_WAITALL) == sizeof(request)) {
		CHECK(send(serve.theirs, "page", 4, MSG_NOSIGNAL) == 4);
		if (request.command == CLOSE)
			_exit(0);
	}
	_exit(9);
}

static void open_all(void)
{
	const struct page_server server = { "127.0.0.1", 0 };
	char path[64];
	int fds[SERVE_FDS];

	NEEDS(clone3);
	CHECK(symlinkat("/bin/true", scratch(), "criu") == 0);
	snprintf(path, sizeof(path), "%s:/usr/bin:/bin", scratch_path);
	CHECK(setenv("PATH", path, 1) == 0);
	SUCCEEDS(serve_open(&server, NULL, &serve, fds, &err));
	CHECK(fds[0] == serve.theirs && fds[1] == serve.ours && fds[2] == serve.config);
	criu = fork();
	if (criu == 0)
		be_criu();
	serve_release(&serve);
}

static int connect_there(void)
{
	struct sockaddr_in address;
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	CHECK(getsockname(serve.listener, (struct sockaddr *)&address, &length) == 0);
	CHECK(connect(fd, (struct sockaddr *)&address, length) == 0);
	return fd;
}

/* In two parts, as the network may bring it. */
static void say(int fd, uint32_t command)
{
	const struct request request = { .command = command, .pages = 1 };

	CHECK(send(fd, &request, 5, MSG_NOSIGNAL) == 5);
	sleep_ms(5);
	CHECK(send(fd, (const char *)&request + 5, sizeof(request) - 5, MSG_NOSIGNAL) ==
	      sizeof(request) - 5);
}

static void expect_answer(int fd)
{
	char bytes[4];

	CHECK(recv(fd, bytes, sizeof(bytes), MSG_WAITALL) == sizeof(bytes));
	CHECK(memcmp(bytes, "page", 4) == 0);
}

static int end_of_criu(void)
{
	int status;

	CHECK(waitpid(criu, &status, 0) == criu);
	return status;
}

TEST(who_says_that_he_has_all_is_believed)
{
	int fd;

	open_all();
	SUCCEEDS(serve_begin(&serve, criu, -1, &err));
	close(connect_there()); /* a look */
	fd = connect_there();
	say(fd, GET);
	expect_answer(fd);
	say(fd, CLOSE);
	expect_answer(fd);
	CHECK_INT(end_of_criu(), 0);
	CHECK(!serve_was_cut(&serve));
	serve_end(&serve);
}

TEST(who_goes_before_that_has_not)
{
	int fd;

	open_all();
	SUCCEEDS(serve_begin(&serve, criu, -1, &err));
	fd = connect_there();
	say(fd, GET);
	expect_answer(fd);
	close(fd);
	CHECK_INT(end_of_criu(), SIGKILL);
	CHECK(serve_was_cut(&serve));
	serve_end(&serve);
}

TEST(without_us_it_ends_criu)
{
	int fd;
	pid_t proa;

	open_all();
	proa = fork();
	if (proa == 0)
		_exit(serve_begin(&serve, criu, -1, &err) < 0);
	CHECK(waitpid(proa, NULL, 0) == proa);
	CHECK_INT(end_of_criu(), SIGKILL);
	fd = connect_there(); /* ours is open still, and nobody takes it */
	close(fd);
	serve_end(&serve);
}

TEST(criu_that_ends_by_itself_is_not_cut)
{
	open_all();
	SUCCEEDS(serve_begin(&serve, criu, -1, &err));
	CHECK(kill(criu, SIGKILL) == 0);
	CHECK_INT(end_of_criu(), SIGKILL);
	CHECK(!serve_was_cut(&serve));
	serve_end(&serve);
}

TEST(an_address_is_a_number_of_ours)
{
	const struct page_server none = { NULL, 1 }, name = { "localhost", 1 },
				 other = { "192.0.2.7", 1 };
	int fds[SERVE_FDS];

	FAILS(serve_open(&none, NULL, &serve, fds, &err), ERROR_USAGE);
	FAILS(serve_open(&name, NULL, &serve, fds, &err), ERROR_USAGE);
	FAILS(serve_open(&other, NULL, &serve, fds, &err), ERROR_SYSTEM);
}
