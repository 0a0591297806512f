/* libcontainer/lifecycle/notify.c: a container's readiness, and nothing else, goes to the host. */
#include "base/socket.h"
#include "tests/unit/support.h"

#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "libcontainer/lifecycle/notify.h"

static struct record record = RECORD_INIT;
static int host, ours;
static char host_path[64];

/* The host's socket, and the one that the container is given. */
static void make_sockets(void)
{
	int dir = scratch();

	host = socket_bind_at(dir, "host", SOCK_DGRAM, 0600, &err);
	SUCCEEDS(host);
	CHECK(fcntl(host, F_SETFL, O_NONBLOCK) == 0);
	snprintf(host_path, sizeof(host_path), "%s/host", scratch_path);
	setenv("NOTIFY_SOCKET", host_path, 1);
	record.dir = dir;
	SUCCEEDS(notify_make_directory(&record, &err));
	SUCCEEDS(notify_bind(&record, &ours, &err));
	CHECK(ours >= 0);
}

static void container_says(const char *text)
{
	int fd = socket_connect_at(record.dir, "notify/notify.sock", SOCK_DGRAM, &err);

	SUCCEEDS(fd);
	CHECK(send(fd, text, strlen(text), 0) == (ssize_t)strlen(text));
	close(fd);
}

/* What the host was told; "" if nothing. */
static const char *told(void)
{
	static char text[256];
	ssize_t length = recv(host, text, sizeof(text) - 1, 0);

	text[length < 0 ? 0 : length] = '\0';
	return text;
}

static bool reads_ready(const char *text, pid_t pid)
{
	bool ready = false;

	container_says(text);
	SUCCEEDS(notify_read(ours, pid, &ready, &err));
	return ready;
}

TEST(without_a_socket_of_the_host_there_is_none_for_the_container)
{
	struct arena arena = ARENA_INIT;
	struct strings env = { calloc(8, sizeof(char *)), 0 };
	struct runtime runtime = { .root = "/run/x" };
	int fd = 77;

	SUCCEEDS(arena_init(&arena, 4096, &err));
	unsetenv("NOTIFY_SOCKET");
	CHECK(!notify_directory(&runtime, "web", &arena, &env));
	setenv("NOTIFY_SOCKET", "", 1);
	CHECK(!notify_directory(&runtime, "web", &arena, &env));
	CHECK_INT(env.count, 0);
	record.dir = scratch();
	SUCCEEDS(notify_bind(&record, &fd, &err));
	CHECK_INT(fd, -1);
	setenv("NOTIFY_SOCKET", "/run/systemd/notify", 1);
	CHECK_STR(notify_directory(&runtime, "web", &arena, &env), "/run/x/web/notify");
	CHECK_STR(env.items[0], "NOTIFY_SOCKET=/run/notify/notify.sock");
	free(env.items);
}

TEST(the_containers_user_gets_to_the_socket)
{
	struct stat st;

	umask(077);
	make_sockets();
	CHECK(fstatat(record.dir, "notify", &st, 0) == 0);
	CHECK_INT(st.st_mode & 07777, 0755);
	CHECK(fstatat(record.dir, "notify/notify.sock", &st, 0) == 0);
	CHECK_INT(st.st_mode & 07777, 0777);
}

/* A start that was killed leaves its socket. */
TEST(the_socket_can_be_bound_again)
{
	int again;

	make_sockets();
	SUCCEEDS(notify_bind(&record, &again, &err));
	CHECK(again >= 0);
}

TEST(readiness_is_passed_on_with_the_pid)
{
	make_sockets();
	CHECK(reads_ready("READY=1", 42));
	CHECK_STR(told(), "MAINPID=42\nREADY=1\n");
	CHECK(reads_ready("STATUS=fine\nREADY=1\nMAINPID=1", 42));
	CHECK_STR(told(), "MAINPID=42\nREADY=1\n");
	/* in the foreground we are the main process */
	CHECK(reads_ready("READY=1\n", 0));
	CHECK_STR(told(), "READY=1\n");
}

TEST(nothing_else_is)
{
	static const char *const texts[] = {
		"",	      "READY=0",  "READY=10",	    "XREADY=1",
		"READY=1x\n", " READY=1", "STATUS=READY=1", "STOPPING=1\nSTATUS=x",
		"ready=1",    "READY=",
	};

	make_sockets();
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (reads_ready(texts[i], 42))
			harness_fail(__FILE__, __LINE__, "\"%s\" is ready", texts[i]);
	CHECK_STR(told(), "");
}

TEST(more_than_anybody_needs_to_say_is_passed_over)
{
	static char large[10000];

	make_sockets();
	memset(large, 'x', sizeof(large) - 1);
	memcpy(large, "READY=1\n", 8);
	CHECK(!reads_ready(large, 42));
	CHECK(reads_ready("READY=1", 42));
}

TEST(a_host_that_does_not_listen_is_an_error)
{
	bool ready = false;

	make_sockets();
	close(host);
	container_says("READY=1");
	FAILS(notify_read(ours, 42, &ready, &err), ERROR_SYSTEM);
}

static pid_t start_init(int *ret_pidfd)
{
	pid_t pid;

	NEEDS(pidfd_open);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	*ret_pidfd = pidfd_open(pid, 0);
	CHECK(*ret_pidfd >= 0);
	return pid;
}

TEST(start_waits_for_readiness_and_until_the_host_has_read_it)
{
	int pidfd, fd, flags;
	pid_t pid, reader;

	make_sockets();
	pid = start_init(&pidfd);
	reader = fork();
	if (reader == 0) {
		char text[64];
		size_t count = 0;

		container_says("STATUS=starting");
		sleep_ms(50);
		container_says("READY=1");
		flags = fcntl(host, F_GETFL);
		CHECK(fcntl(host, F_SETFL, flags & ~O_NONBLOCK) == 0);
		CHECK(recv(host, text, sizeof(text), 0) > 0);
		CHECK(socket_receive(host, text, sizeof(text), &fd, 1, &count) == 9);
		CHECK(memcmp(text, "BARRIER=1", 9) == 0 && count == 1);
		sleep_ms(100);
		_exit(7);
	}
	SUCCEEDS(notify_relay(ours, pidfd, pid, &err));
	/* our copy of the pipe's end is closed by the reader's end only */
	CHECK_INT(exit_of(reader), 7);
	kill(pid, SIGKILL);
	exit_of(pid);
}

TEST(start_does_not_wait_for_the_dead)
{
	int pidfd;
	pid_t pid;

	make_sockets();
	pid = start_init(&pidfd);
	kill(pid, SIGKILL);
	SUCCEEDS(notify_relay(ours, pidfd, pid, &err));
	CHECK_STR(told(), "");
	exit_of(pid);
}
