#include "tests/unit/support.h"

#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/socket.h"

static int listen_at(int dir, const char *name)
{
	int fd = socket_bind_at(dir, name, SOCK_STREAM, 0600, &err);

	SUCCEEDS(fd);
	CHECK(listen(fd, 1) == 0);
	return fd;
}

TEST(a_socket_is_found_in_its_directory)
{
	_cleanup_fd_ int dir = scratch(), listener = listen_at(dir, "socket"),
			 client = socket_connect_at(dir, "socket", SOCK_STREAM, &err);

	SUCCEEDS(client);
	CHECK(fcntl(client, F_GETFD) == FD_CLOEXEC && fcntl(listener, F_GETFD) == FD_CLOEXEC);
}

TEST(its_file_has_the_mode_that_was_asked_for)
{
	_cleanup_fd_ int dir = scratch(), fd = -1, open_one = -1;
	struct stat st;

	umask(077);
	fd = socket_bind_at(dir, "closed", SOCK_STREAM, 0600, &err);
	open_one = socket_bind_at(dir, "open", SOCK_DGRAM, 0777, &err);
	SUCCEEDS(fd);
	SUCCEEDS(open_one);
	CHECK(fstatat(dir, "closed", &st, 0) == 0 && S_ISSOCK(st.st_mode));
	CHECK_INT(st.st_mode & 07777, 0600);
	CHECK(fstatat(dir, "open", &st, 0) == 0);
	CHECK_INT(st.st_mode & 07777, 0777);
	CHECK_INT(umask(0), 077);
}

TEST(nobody_listening_is_told_apart)
{
	_cleanup_fd_ int dir = scratch(), bound = -1;

	bound = socket_bind_at(dir, "bound", SOCK_STREAM, 0600, &err);
	SUCCEEDS(bound);
	FAILS(socket_connect_at(dir, "bound", SOCK_STREAM, &err), ERROR_SYSTEM);
	CHECK_INT(err.errnum, ECONNREFUSED);
	FAILS(socket_connect_at(dir, "missing", SOCK_STREAM, &err), ERROR_SYSTEM);
	CHECK_INT(err.errnum, ENOENT);
	FAILS(socket_bind_at(dir, "bound", SOCK_STREAM, 0600, &err), ERROR_SYSTEM);
	CHECK_INT(err.errnum, EADDRINUSE);
}

TEST(a_queue_that_is_full_keeps_nobody_who_may_not_wait)
{
	_cleanup_fd_ int dir = scratch(), listener = listen_at(dir, "socket");
	int fd, connected = 0;

	while ((fd = socket_connect_at(dir, "socket", SOCK_STREAM | SOCK_NONBLOCK, &err)) >= 0)
		CHECK(++connected < 100);
	CHECK_INT(err.errnum, EAGAIN);
	CHECK(listener >= 0);
}

/* An address has 108 bytes. */
TEST(a_path_longer_than_an_address_is_reached)
{
	_cleanup_fd_ int dir = scratch(), listener = -1, client = -1;
	char name[101], path[1024];
	int deep = dir;

	memset(name, 'd', 100);
	name[100] = '\0';
	snprintf(path, sizeof(path), "%s", scratch_path);
	for (int i = 0; i < 3; i++) {
		deep = dir_make(deep, name, 0755, &err);
		SUCCEEDS(deep);
		snprintf(path + strlen(path), sizeof(path) - strlen(path), "/%s", name);
	}
	snprintf(path + strlen(path), sizeof(path) - strlen(path), "/socket");
	listener = listen_at(deep, "socket");
	client = socket_connect_path(path, SOCK_STREAM, -1, &err);
	SUCCEEDS(client);
}

TEST(paths_of_every_length_around_the_limit)
{
	_cleanup_fd_ int dir = scratch();
	char name[120] = "", path[200];

	while (strlen(name) < 100) {
		int listener, client;

		snprintf(name + strlen(name), 2, "n");
		if (strlen(name) + strlen(scratch_path) < 100)
			continue;
		listener = socket_bind_at(dir, name, SOCK_STREAM, 0600, &err);
		if (listener < 0) /* its own address is too long, too */
			break;
		CHECK(listen(listener, 1) == 0);
		snprintf(path, sizeof(path), "%s/%s", scratch_path, name);
		client = socket_connect_path(path, SOCK_STREAM, -1, &err);
		SUCCEEDS(client);
		close(client);
		close(listener);
	}
	CHECK(strlen(name) > 85);
}

TEST(names_that_fit_nowhere_are_refused)
{
	_cleanup_fd_ int dir = scratch();
	char name[200], path[5000];

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	memset(path, '/', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	FAILS(socket_connect_at(dir, name, SOCK_STREAM, &err), ERROR_INVALID);
	FAILS(socket_bind_at(dir, name, SOCK_STREAM, 0600, &err), ERROR_INVALID);
	FAILS(socket_connect_path(name, SOCK_STREAM, -1, &err), ERROR_INVALID);
	FAILS(socket_connect_path(path, SOCK_STREAM, -1, &err), ERROR_INVALID);
}

/* ---- messages ---- */

static void make_pair(int pair[2])
{
	CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
}

TEST(a_message_carries_bytes_and_descriptors)
{
	int pair[2], sent[2], got[4] = { -1, -1, -1, -1 };
	struct stat a, b;
	char bytes[16];
	size_t count = 9;

	make_pair(pair);
	sent[0] = open("/dev/null", O_RDONLY);
	sent[1] = open("/dev/zero", O_RDONLY);
	CHECK(socket_send(pair[0], "hello", 5, sent, 2) == 0);
	CHECK_INT(socket_receive(pair[1], bytes, sizeof(bytes), got, 4, &count), 5);
	CHECK(memcmp(bytes, "hello", 5) == 0);
	CHECK_INT(count, 2);
	for (int i = 0; i < 2; i++) {
		CHECK(fstat(sent[i], &a) == 0 && fstat(got[i], &b) == 0);
		CHECK(a.st_rdev == b.st_rdev);
		CHECK_INT(fcntl(got[i], F_GETFD), FD_CLOEXEC);
	}
}

TEST(the_most_descriptors_that_a_message_may_carry)
{
	int pair[2], sent[FDS_PER_MESSAGE + 1], got[FDS_PER_MESSAGE];
	size_t count = 0;
	char byte;

	make_pair(pair);
	for (int i = 0; i <= FDS_PER_MESSAGE; i++)
		sent[i] = 0;
	CHECK(socket_send(pair[0], "x", 1, sent, FDS_PER_MESSAGE) == 0);
	CHECK_INT(socket_receive(pair[1], &byte, 1, got, FDS_PER_MESSAGE, &count), 1);
	CHECK_INT(count, FDS_PER_MESSAGE);
	CHECK(socket_send(pair[0], "x", 1, sent, FDS_PER_MESSAGE + 1) < 0);
	CHECK_INT(errno, EINVAL);
}

static void expect_cut(int pair[2], char *bytes, size_t size, int *fds, size_t limit)
{
	int before = open_fds();
	size_t count = 0;

	CHECK_INT(socket_receive(pair[1], bytes, size, fds, limit, &count), -1);
	CHECK_INT(errno, EMSGSIZE);
	CHECK_INT(open_fds(), before);
}

TEST(whatever_is_cut_is_refused_and_its_descriptors_are_closed)
{
	int pair[2], two[2] = { 0, 0 }, got[FDS_PER_MESSAGE];
	char bytes[8];

	make_pair(pair);
	/* bytes */
	CHECK(socket_send(pair[0], "0123456789", 10, two, 1) == 0);
	expect_cut(pair, bytes, sizeof(bytes), got, FDS_PER_MESSAGE);
	/* descriptors: fewer wanted than came */
	CHECK(socket_send(pair[0], "x", 1, two, 2) == 0);
	expect_cut(pair, bytes, sizeof(bytes), got, 1);
	CHECK(socket_send(pair[0], "x", 1, two, 1) == 0);
	expect_cut(pair, bytes, sizeof(bytes), NULL, 0);
}

/* More than our control buffer holds: the kernel cuts them off (MSG_CTRUNC). */
TEST(more_descriptors_than_a_message_may_carry_are_closed)
{
	char control[CMSG_SPACE((FDS_PER_MESSAGE + 4) * sizeof(int))] = { 0 };
	struct iovec iov = { .iov_base = (char[]){ 'x' }, .iov_len = 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };
	struct cmsghdr *header = CMSG_FIRSTHDR(&msg);
	int pair[2], got[FDS_PER_MESSAGE];
	char bytes[8];

	if (harness_is_emulated())
		SKIP("qemu-user does not tell of a control message that was cut");
	make_pair(pair);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN((FDS_PER_MESSAGE + 4) * sizeof(int));
	CHECK(sendmsg(pair[0], &msg, 0) == 1);
	expect_cut(pair, bytes, sizeof(bytes), got, FDS_PER_MESSAGE);
}

TEST(descriptors_that_nobody_asked_for_do_not_stay)
{
	int pair[2], fd = 0, got[1], before;
	char byte;

	make_pair(pair);
	before = open_fds();
	CHECK(socket_send(pair[0], "x", 1, &fd, 1) == 0);
	CHECK_INT(socket_receive(pair[1], &byte, 1, got, 1, NULL), 1);
	CHECK_INT(open_fds(), before);
}

TEST(the_end_of_file_is_a_length_of_0)
{
	int pair[2];
	char byte;

	make_pair(pair);
	close(pair[0]);
	CHECK_INT(socket_receive(pair[1], &byte, 1, NULL, 0, NULL), 0);
}

/* A reader that is gone is an error, not the end of us. */
TEST(sending_to_nobody_raises_no_signal)
{
	int pair[2];

	make_pair(pair);
	close(pair[1]);
	CHECK(socket_send(pair[0], "x", 1, NULL, 0) < 0);
	CHECK_INT(errno, EPIPE);
}
