/* libcontainer/init/serve.c: the parent's side, with a child that says what a test wants. */
#include "base/socket.h"
#include "tests/unit/support.h"

#include <sys/pidfd.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/kernel.h"
#include "libcontainer/init/message.h"
#include "libcontainer/init/spawn.h"

static struct spawned spawned = SPAWNED_INIT;
static char asked[256]; /* what was answered, in order */

static int note(const char *what)
{
	snprintf(asked + strlen(asked), sizeof(asked) - strlen(asked), "%s ", what);
	return 0;
}

static int on_map_ids(void *context, struct exchange *exchange, struct error *e)
{
	(void)e;
	CHECK_STR(context, "context");
	CHECK_INT(exchange->spawned->pid, spawned.pid);
	return note("map_ids");
}

static int on_mount_source(void *context, struct exchange *exchange, struct error *e)
{
	(void)context;
	if (exchange->index == 13)
		return error_set(e, ERROR_REFUSED, NULL, "not this one");
	exchange->reply = open("/dev/null", O_RDONLY | O_CLOEXEC);
	return note("mount_source");
}

static int on_mount_made(void *context, struct exchange *exchange, struct error *e)
{
	(void)context;
	(void)e;
	CHECK(exchange->received >= 0 && fcntl(exchange->received, F_GETFD) >= 0);
	return note("mount_made");
}

static int on_created(void *context, struct exchange *exchange, struct error *e)
{
	(void)context;
	(void)exchange;
	(void)e;
	return note("created");
}

static int on_listener(void *context, struct exchange *exchange, struct error *e)
{
	(void)context;
	(void)e;
	CHECK(exchange->received >= 0 && fcntl(exchange->received, F_GETFD) >= 0);
	return note("listener");
}

static const struct service service = {
	.context = (void *)"context",
	.map_ids = on_map_ids,
	.mount_source = on_mount_source,
	.mount_made = on_mount_made,
	.created = on_created,
	.listener = on_listener,
};

/* @script runs in a child and speaks through the socket it is given. */
static int serve(void (*script)(int socket), uint32_t last)
{
	int pair[2];

	NEEDS(pidfd_open);
	CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
	spawned.progress = mmap(NULL, sizeof(struct progress), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	spawned.progress->step = "first";
	spawned.pid = fork();
	if (spawned.pid == 0) {
		close(pair[0]);
		script(pair[1]);
		_exit(0);
	}
	close(pair[1]);
	spawned.socket = pair[0];
	spawned.pidfd = pidfd_open(spawned.pid, 0);
	CHECK(spawned.pidfd >= 0);
	return spawned_serve(&spawned, &service, last, &err);
}

static void ask(int socket, enum message_type type, uint32_t index, int fd)
{
	SUCCEEDS(message_ask(socket, type, index, fd, NULL, &err));
}

static void say(int socket, enum message_type type, int fd)
{
	SUCCEEDS(message_send(socket, type, 0, fd, &err));
}

static void wait_for_the_end(int socket)
{
	struct message message;
	int fd;

	message_receive(socket, &message, &fd, &err);
}

/* ---- what goes well ---- */

static void create(int socket)
{
	int fd = -1;

	ask(socket, MESSAGE_MAP_IDS, 0, -1);
	SUCCEEDS(message_ask(socket, MESSAGE_MOUNT_SOURCE, 1, -1, &fd, &err));
	CHECK(fd >= 0);
	ask(socket, MESSAGE_MOUNT_SOURCE, 2, -1);
	ask(socket, MESSAGE_CREATED, 0, -1);
	close(socket);
	pause();
}

TEST(questions_are_answered_in_their_order)
{
	int before = open_fds();

	SUCCEEDS(serve(create, MESSAGE_CREATED));
	CHECK_STR(asked, "map_ids mount_source mount_source created ");
	spawned_end(&spawned, true);
	CHECK_INT(open_fds(), before);
	CHECK_INT(waitpid(-1, NULL, __WALL), -1);
}

static void mounts(int socket)
{
	for (uint32_t i = 0; i < 2; i++) {
		ask(socket, MESSAGE_MOUNT_SOURCE, i, -1);
		ask(socket, MESSAGE_MOUNT_MADE, i, 0);
	}
	say(socket, MESSAGE_MOUNTED, -1);
}

TEST(mounts_are_made_one_by_one_and_then_the_process_ends)
{
	SUCCEEDS(serve(mounts, MESSAGE_MOUNTED));
	CHECK_STR(asked, "mount_source mount_made mount_source mount_made ");
	spawned_end(&spawned, true);
	CHECK_INT(waitpid(-1, NULL, __WALL), -1);
}

static void mounts_halfway(int socket)
{
	ask(socket, MESSAGE_MOUNT_MADE, 0, 0);
}

TEST(a_process_that_ends_amid_its_mounts_has_failed)
{
	FAILS(serve(mounts_halfway, MESSAGE_MOUNTED), ERROR_PROTOCOL);
	spawned_end(&spawned, true);
}

static void execute(int socket)
{
	say(socket, MESSAGE_EXECUTING, -1);
	ask(socket, MESSAGE_LISTENER, 0, 0);
	execl("/bin/sleep", "sleep", "100", (char *)NULL);
}

TEST(a_program_that_runs_has_closed_the_socket)
{
	pid_t pid;

	SUCCEEDS(serve(execute, MESSAGE_EXECUTING));
	CHECK_STR(asked, "listener ");
	pid = spawned.pid;
	CHECK(kill(pid, 0) == 0);
	spawned_end(&spawned, true);
	CHECK(kill(pid, 0) < 0);
}

static void execute_briefly(int socket)
{
	say(socket, MESSAGE_EXECUTING, -1);
	execl("/bin/false", "false", (char *)NULL);
}

/* It has run, and ended, perhaps before we look: that is no failure to execute it. */
TEST(a_program_that_is_short_has_run)
{
	for (unsigned int i = 0; i < COUNT(400); i++) {
		SUCCEEDS(serve(execute_briefly, MESSAGE_EXECUTING));
		CHECK_INT(exit_of(spawned.pid), 1);
		spawned_end(&spawned, false);
	}
}

static void change(int socket)
{
	struct clone_args args = { .flags = CLONE_PIDFD | CLONE_PARENT };
	int pidfd = -1;
	pid_t pid;

	args.pidfd = (uintptr_t)&pidfd;
	pid = sys_clone3(&args);
	if (pid == 0) {
		SUCCEEDS(message_await_done(socket, MESSAGE_SPAWNED, NULL, &err));
		ask(socket, MESSAGE_MAP_IDS, 0, -1);
		say(socket, MESSAGE_EXECUTING, -1);
		execl("/bin/sleep", "sleep", "100", (char *)NULL);
	}
	say(socket, MESSAGE_SPAWNED, pidfd);
	_exit(0);
}

TEST(the_process_changes)
{
	pid_t first;

	NEEDS(clone3);
	SUCCEEDS(serve(change, MESSAGE_EXECUTING));
	first = spawned.pid;
	CHECK_STR(asked, "map_ids ");
	/* the bridge is reaped, the other one a child of ours */
	CHECK_INT(waitpid(-1, NULL, WNOHANG | __WALL), 0);
	spawned_end(&spawned, true);
	CHECK_INT(waitpid(-1, NULL, WNOHANG | __WALL), -1);
	CHECK(kill(first, 0) < 0);
}

/* ---- what is out of turn ---- */

static void expect_out_of_turn(void (*script)(int socket), uint32_t last, const char *name)
{
	char text[64];
	int before = open_fds();

	FAILS(serve(script, last), ERROR_PROTOCOL);
	snprintf(text, sizeof(text), "%s is out of turn", name);
	CHECK_STR(err.text, text);
	spawned_end(&spawned, true);
	CHECK_INT(open_fds(), before);
}

static void go_back(int socket)
{
	ask(socket, MESSAGE_MOUNT_SOURCE, 0, -1);
	say(socket, MESSAGE_MAP_IDS, -1);
	wait_for_the_end(socket);
}

static void repeat(int socket)
{
	ask(socket, MESSAGE_MAP_IDS, 0, -1);
	say(socket, MESSAGE_MAP_IDS, -1);
	wait_for_the_end(socket);
}

static void start(int socket)
{
	say(socket, MESSAGE_START, -1);
	wait_for_the_end(socket);
}

static void done(int socket)
{
	say(socket, MESSAGE_DONE, -1);
	wait_for_the_end(socket);
}

static void unknown(int socket)
{
	say(socket, (enum message_type)1000000, -1);
	wait_for_the_end(socket);
}

static void ask_what_nobody_answers(int socket)
{
	say(socket, MESSAGE_RUNTIME_HOOKS, -1);
	wait_for_the_end(socket);
}

static void come_without(int socket)
{
	say(socket, MESSAGE_LISTENER, -1);
	wait_for_the_end(socket);
}

static void come_with(int socket)
{
	say(socket, MESSAGE_MAP_IDS, 0);
	wait_for_the_end(socket);
}

TEST(what_is_out_of_turn_is_a_failure)
{
	expect_out_of_turn(go_back, MESSAGE_CREATED, "MAP_IDS");
	expect_out_of_turn(repeat, MESSAGE_CREATED, "MAP_IDS");
	expect_out_of_turn(start, MESSAGE_CREATED, "START");
	expect_out_of_turn(done, MESSAGE_CREATED, "DONE");
	expect_out_of_turn(unknown, MESSAGE_CREATED, "an unknown message");
	/* nobody is called who isn't there */
	expect_out_of_turn(ask_what_nobody_answers, MESSAGE_CREATED, "RUNTIME_HOOKS");
}

TEST(a_descriptor_that_is_missing_or_unwanted_is_a_failure)
{
	expect_out_of_turn(come_without, MESSAGE_EXECUTING, "LISTENER");
	expect_out_of_turn(come_with, MESSAGE_CREATED, "MAP_IDS");
}

static void change_to_what_is_no_process(int socket)
{
	say(socket, MESSAGE_SPAWNED, open("/dev/null", O_RDONLY | O_CLOEXEC));
	wait_for_the_end(socket);
}

static void change_to_the_dead(int socket)
{
	pid_t pid = fork();
	int pidfd;

	if (pid == 0)
		_exit(0);
	pidfd = pidfd_open(pid, 0);
	waitpid(pid, NULL, 0);
	say(socket, MESSAGE_SPAWNED, pidfd);
	wait_for_the_end(socket);
}

/* As one of the host that is known by SO_PEERPIDFD. */
static void change_to_a_stranger(int socket)
{
	say(socket, MESSAGE_SPAWNED, pidfd_open(1, 0));
	wait_for_the_end(socket);
}

TEST(the_process_changes_to_a_child_only)
{
	FAILS(serve(change_to_a_stranger, MESSAGE_CREATED), ERROR_PROTOCOL);
	CHECK(strstr(err.text, "no child of ours"));
	spawned_end(&spawned, true);
}

TEST(the_process_changes_to_a_living_one_only)
{
	FAILS(serve(change_to_what_is_no_process, MESSAGE_CREATED), ERROR_PROTOCOL);
	CHECK(strstr(err.text, "the process changes: "));
	spawned_end(&spawned, true);
	FAILS(serve(change_to_the_dead, MESSAGE_CREATED), ERROR_PROTOCOL);
	spawned_end(&spawned, true);
}

/* ---- what goes wrong ---- */

static void tell_an_error(int socket)
{
	struct error e = ERROR_INIT;

	ask(socket, MESSAGE_MAP_IDS, 0, -1);
	error_errno(&e, ENOSPC, "/x", "mount /x");
	message_send_error(socket, &e);
	_exit(255);
}

TEST(the_error_of_init_is_ours)
{
	FAILS(serve(tell_an_error, MESSAGE_CREATED), ERROR_SYSTEM);
	CHECK_INT(err.errnum, ENOSPC);
	CHECK_STR(err.object, "/x");
}

static void fail_to_execute(int socket)
{
	struct error e = ERROR_INIT;

	say(socket, MESSAGE_EXECUTING, -1);
	error_set(&e, ERROR_EXEC_DENIED, "x", "exec: \"x\": permission denied");
	message_send_error(socket, &e);
	_exit(255);
}

TEST(an_error_after_executing_is_that_of_the_program)
{
	FAILS(serve(fail_to_execute, MESSAGE_EXECUTING), ERROR_EXEC_DENIED);
}

static void ask_for_the_impossible(int socket)
{
	say(socket, MESSAGE_MOUNT_SOURCE, -1);
	SUCCEEDS(message_send(socket, MESSAGE_MOUNT_SOURCE, 13, -1, &err));
	wait_for_the_end(socket);
}

TEST(a_question_that_we_fail_to_answer_ends_it)
{
	FAILS(serve(ask_for_the_impossible, MESSAGE_CREATED), ERROR_REFUSED);
	CHECK_STR(asked, "mount_source ");
}

static void exit_at_a_step(int socket)
{
	(void)socket;
	spawned.progress->step = "mounts";
	_exit(3);
}

static void be_killed_at_a_step(int socket)
{
	(void)socket;
	spawned.progress->step = "devices";
	kill(getpid(), SIGKILL);
}

TEST(who_died_without_a_word_is_told_with_the_step_and_the_cause)
{
	FAILS(serve(exit_at_a_step, MESSAGE_CREATED), ERROR_PROTOCOL);
	CHECK_STR(err.text, "init died at step mounts (exit status 3)");
	CHECK_STR(err.object, "mounts");
	CHECK_INT(exit_of(spawned.pid), 3);
	FAILS(serve(be_killed_at_a_step, MESSAGE_CREATED), ERROR_PROTOCOL);
	CHECK_STR(err.text, "init died at step devices (killed by signal 9)");
}

static void die_after_executing(int socket)
{
	say(socket, MESSAGE_EXECUTING, -1);
	spawned.progress->step = "seccomp-late";
	kill(getpid(), SIGSYS);
}

/* A filter that kills, a limit that does: the socket closes as execve would close it. */
TEST(who_died_before_execve_has_not_executed)
{
	FAILS(serve(die_after_executing, MESSAGE_EXECUTING), ERROR_PROTOCOL);
	CHECK_STR(err.text, "init died at step seccomp-late (killed by signal 31)");
}

static void die_when_created(int socket)
{
	ask(socket, MESSAGE_CREATED, 0, -1);
	spawned.progress->step = "wait-for-start";
	kill(getpid(), SIGKILL);
}

TEST(who_died_once_it_was_created_is_not_left_to_be_found_by_start)
{
	FAILS(serve(die_when_created, MESSAGE_CREATED), ERROR_PROTOCOL);
	CHECK_STR(err.text, "init died at step wait-for-start (killed by signal 9)");
}

static void send_nonsense(int socket)
{
	socket_send(socket, "x", 1, NULL, 0);
	wait_for_the_end(socket);
}

TEST(nonsense_ends_it)
{
	FAILS(serve(send_nonsense, MESSAGE_CREATED), ERROR_PROTOCOL);
}
