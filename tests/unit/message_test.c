/* libcontainer/init/message.c: one packet, of exactly the length of its kind. */
#include "base/socket.h"
#include "tests/unit/support.h"

#include <stddef.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "libcontainer/init/message.h"

static int ours, theirs;

static void make_pair(void)
{
	int pair[2];

	CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
	ours = pair[0];
	theirs = pair[1];
}

TEST(each_type_has_a_name_of_its_own)
{
	for (uint32_t type = MESSAGE_ENTER_CGROUP; type <= MESSAGE_DONE; type++)
		for (uint32_t other = 0; other < type; other++)
			CHECK(strcmp(message_name(type), message_name(other)) != 0 ||
			      strcmp(message_name(type), message_name(0)) == 0);
	CHECK_STR(message_name(MESSAGE_MOUNTED), "MOUNTED");
	CHECK_STR(message_name(MESSAGE_MOUNTED + 1), "an unknown message");
	CHECK_STR(message_name(MESSAGE_EXECUTING), "EXECUTING");
	CHECK_STR(message_name(0), "an unknown message");
	CHECK_STR(message_name(MESSAGE_DONE + 1), "an unknown message");
	CHECK_STR(message_name(UINT32_MAX), "an unknown message");
}

/* start may be of a newer proa than the init that it talks to */
TEST(what_start_says_has_the_same_numbers_in_all_versions)
{
	CHECK_INT(MESSAGE_START, 20);
	CHECK_INT(MESSAGE_EXECUTING, 21);
	CHECK_INT(MESSAGE_LISTENER, 22);
	CHECK_INT(MESSAGE_ERROR, 23);
	CHECK_INT(MESSAGE_DONE, 24);
}

TEST(a_message_arrives_as_it_was_sent)
{
	struct message message = { 0 };
	struct stat a, b;
	int fd = 99;

	make_pair();
	SUCCEEDS(message_send(theirs, MESSAGE_MOUNT_SOURCE, 7, -1, &err));
	CHECK_INT(message_receive(ours, &message, &fd, &err), 1);
	CHECK_INT(message.type, MESSAGE_MOUNT_SOURCE);
	CHECK_INT(message.index, 7);
	CHECK_INT(fd, -1);
	SUCCEEDS(message_send(theirs, MESSAGE_DONE, 0, ours, &err));
	CHECK_INT(message_receive(ours, &message, &fd, &err), 1);
	CHECK(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
	CHECK(fstat(fd, &a) == 0 && fstat(ours, &b) == 0 && a.st_ino == b.st_ino);
}

TEST(an_error_arrives_whole)
{
	struct error sent = ERROR_INIT;
	struct message message;
	int fd;

	make_pair();
	error_errno(&sent, EIO, "/dev/x", "mount %s", "/dev/x");
	CHECK(message_send_error(theirs, &sent) == 0);
	CHECK_INT(message_receive(ours, &message, &fd, &err), 1);
	CHECK_INT(message.type, MESSAGE_ERROR);
	CHECK_INT(message.error.code, ERROR_SYSTEM);
	CHECK_INT(message.error.errnum, EIO);
	CHECK_STR(message.error.object, "/dev/x");
	CHECK_STR(message.error.text, sent.text);
}

static void send_raw(const void *bytes, size_t length, int fd)
{
	CHECK(socket_send(theirs, bytes, length, &fd, fd >= 0) == 0);
}

static void refuses(void)
{
	struct message untouched = { .type = 77 };
	int fd = 77, before = open_fds();

	FAILS(message_receive(ours, &untouched, &fd, &err), ERROR_PROTOCOL);
	CHECK_INT(untouched.type, 77);
	CHECK_INT(fd, 77);
	CHECK_INT(open_fds(), before);
}

TEST(a_message_of_another_length_is_refused_and_its_descriptor_closed)
{
	struct message message = { .type = MESSAGE_DONE };
	const size_t length = offsetof(struct message, error);

	make_pair();
	send_raw(&message, 1, -1);
	refuses();
	send_raw(&message, length - 1, 0);
	refuses();
	send_raw(&message, length + 1, 0);
	refuses();
	send_raw(&message, sizeof(message), -1);
	refuses();
	message.type = MESSAGE_ERROR;
	send_raw(&message, length, 0);
	refuses();
	send_raw(&message, sizeof(message) - 1, -1);
	refuses();
}

TEST(what_is_longer_than_any_message_is_refused)
{
	struct message messages[2] = { { .type = MESSAGE_ERROR } };
	struct message untouched;
	int fd, before;

	make_pair();
	before = open_fds();
	send_raw(messages, sizeof(messages), 0);
	FAILS(message_receive(ours, &untouched, &fd, &err), ERROR_SYSTEM);
	CHECK_INT(err.errnum, EMSGSIZE);
	CHECK_INT(open_fds(), before);
}

TEST(more_than_one_descriptor_is_refused)
{
	struct message message = { .type = MESSAGE_DONE };
	int fds[2] = { 0, 0 }, fd, before;

	make_pair();
	before = open_fds();
	CHECK(socket_send(theirs, &message, offsetof(struct message, error), fds, 2) == 0);
	FAILS(message_receive(ours, &message, &fd, &err), ERROR_SYSTEM);
	CHECK_INT(err.errnum, EMSGSIZE);
	CHECK_INT(open_fds(), before);
}

/* Texts of a peer need not be terminated. */
TEST(texts_are_terminated)
{
	struct message message = { .type = MESSAGE_ERROR };
	int fd;

	make_pair();
	memset(message.error.object, 'o', sizeof(message.error.object));
	memset(message.error.text, 't', sizeof(message.error.text));
	send_raw(&message, sizeof(message), -1);
	CHECK_INT(message_receive(ours, &message, &fd, &err), 1);
	CHECK_INT(strlen(message.error.object), sizeof(message.error.object) - 1);
	CHECK_INT(strlen(message.error.text), sizeof(message.error.text) - 1);
}

TEST(the_end_of_the_peer_is_an_end_of_file)
{
	struct message message = { .type = 77 };
	int fd = 77;

	make_pair();
	close(theirs);
	CHECK_INT(message_receive(ours, &message, &fd, &err), 0);
	CHECK_INT(message.type, 77);
	CHECK_INT(fd, 77);
}

/* With messages that it has not read the kernel resets the connection. */
TEST(so_is_that_of_a_peer_that_did_not_listen)
{
	struct message message;
	int fd;

	make_pair();
	SUCCEEDS(message_send(ours, MESSAGE_DONE, 0, -1, &err));
	close(theirs);
	CHECK_INT(message_receive(ours, &message, &fd, &err), 0);
}

TEST(sending_to_nobody_is_an_error)
{
	make_pair();
	close(theirs);
	FAILS(message_send(ours, MESSAGE_CREATED, 0, -1, &err), ERROR_SYSTEM);
	CHECK_INT(err.errnum, EPIPE);
	CHECK_STR(err.object, "CREATED");
}

/* ---- asking ---- */

static void answer_with(enum message_type type, int fd)
{
	SUCCEEDS(message_send(theirs, type, 0, fd, &err));
}

TEST(a_question_is_answered_by_done)
{
	struct message question;
	int fd = 99, none;

	make_pair();
	answer_with(MESSAGE_DONE, -1);
	SUCCEEDS(message_ask(ours, MESSAGE_MAP_IDS, 3, -1, &fd, &err));
	CHECK_INT(fd, -1);
	CHECK_INT(message_receive(theirs, &question, &none, &err), 1);
	CHECK_INT(question.type, MESSAGE_MAP_IDS);
	CHECK_INT(question.index, 3);
}

TEST(the_descriptor_of_the_answer_is_kept_or_closed)
{
	int fd = -1, before;

	make_pair();
	before = open_fds();
	answer_with(MESSAGE_DONE, 0);
	SUCCEEDS(message_ask(ours, MESSAGE_MOUNT_SOURCE, 0, -1, &fd, &err));
	CHECK(fd >= 0);
	CHECK_INT(open_fds(), before + 1);
	answer_with(MESSAGE_DONE, 0);
	SUCCEEDS(message_ask(ours, MESSAGE_CREATED, 0, -1, NULL, &err));
	CHECK_INT(open_fds(), before + 1);
}

TEST(another_answer_is_a_failure)
{
	int fd = 77, before;

	make_pair();
	before = open_fds();
	answer_with(MESSAGE_CREATED, 0);
	FAILS(message_ask(ours, MESSAGE_MAP_IDS, 0, -1, &fd, &err), ERROR_PROTOCOL);
	CHECK_STR(err.text, "MAP_IDS answered by CREATED");
	CHECK_INT(fd, 77);
	CHECK_INT(open_fds(), before);
}

/* Init must not go on without its parent. */
TEST(no_answer_is_a_failure)
{
	make_pair();
	if (fork() == 0) {
		struct message message;
		int fd;

		close(ours);
		message_receive(theirs, &message, &fd, &err);
		_exit(0);
	}
	close(theirs);
	FAILS(message_ask(ours, MESSAGE_CREATED, 0, -1, NULL, &err), ERROR_PROTOCOL);
	CHECK_STR(err.text, "the parent ended before it answered CREATED");
	wait(NULL);
}
