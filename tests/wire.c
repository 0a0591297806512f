/* The wire of a migration (checkpoint/wire.h), for tests.
 *
 * wire at KIND before|after source|destination|wire COMMAND [ARG...]
 *
 * Between whoever has started us, the source, and COMMAND, the destination: pass on what the two say, until the first message
 * of that KIND. Before that is passed on, so that it is lost with all that would follow, or after it, one of the two is killed by
 * SIGKILL, or the wire is cut. Exit status: 0 if the message never came, 1 once it has.
 *
 * wire says STEP... [-- COMMAND [ARG...]]
 *
 * Be one side, at our standard streams or opposite COMMAND: +KIND or +KIND:TEXT says that, -KIND expects it, whatever DATA
 * comes before, and prints the text of FAILED on stderr; "end" waits until the other side has gone, whatever it says.
 * Exit status: 0 if all came so, else 1; COMMAND's where that isn't 0.
 *
 * 98 for anything else. */
#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "checkpoint/wire.h"

static const char *const kinds[] = {
	[WIRE_HELLO] = "hello", [WIRE_WELCOME] = "welcome", [WIRE_ROUND] = "round",
	[WIRE_TAKEN] = "taken", [WIRE_FINAL] = "final",	    [WIRE_READY] = "ready",
	[WIRE_GO] = "go",	[WIRE_RUNNING] = "running", [WIRE_FAILED] = "failed",
	[WIRE_DATA] = "data",	[WIRE_END] = "end",
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static _Noreturn void die(const char *what)
{
	perror(what);
	_exit(98);
}

/* Of a name, as far as it goes. */
static uint32_t number_of(const char *name, size_t length)
{
	for (uint32_t i = 1; i < KINDS; i++)
		if (strncmp(kinds[i], name, length) == 0 && !kinds[i][length])
			return i;
	die(name);
}

/* ---- messages ---- */

struct message {
	struct wire_head head;
	char bytes[WIRE_DATA_MAX];
};

static bool take_bytes(int from, char *bytes, size_t length)
{
	for (ssize_t got; length; bytes += got, length -= (size_t)got) {
		got = read(from, bytes, length);
		if (got <= 0)
			return false;
	}
	return true;
}

/* False at the end. */
static bool take(int from, struct message *message)
{
	if (!take_bytes(from, (char *)&message->head, sizeof(message->head)))
		return false;
	if (le32toh(message->head.length) > sizeof(message->bytes))
		die("no message");
	return take_bytes(from, message->bytes, le32toh(message->head.length));
}

/* Who has gone hears nothing. */
static void give(int to, const struct message *message)
{
	const char *bytes = (const char *)message;
	size_t length = sizeof(message->head) + le32toh(message->head.length);

	for (ssize_t sent; length; bytes += sent, length -= (size_t)sent) {
		sent = write(to, bytes, length);
		if (sent <= 0)
			return;
	}
}

static int start(char **command, pid_t *ret_pid)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		die("socketpair");
	*ret_pid = fork();
	if (*ret_pid == 0) {
		dup2(ends[1], STDIN_FILENO);
		dup2(ends[1], STDOUT_FILENO);
		execvp(command[0], command);
		die(command[0]);
	}
	close(ends[1]);
	return ends[0];
}

/* ---- wire at ---- */

static struct {
	uint32_t kind;
	bool before;
	const char *victim;
	pid_t source, destination;
	bool come;
} at;

static void strike(void)
{
	at.come = true;
	if (strcmp(at.victim, "wire") == 0)
		_exit(1);
	if (kill(strcmp(at.victim, "source") == 0 ? at.source : at.destination, SIGKILL) < 0)
		die("kill");
}

static bool pass_on(int from, int to)
{
	static struct message message;
	bool meant;

	if (!take(from, &message))
		return false;
	meant = !at.come && le32toh(message.head.kind) == at.kind;
	if (!meant || !at.before)
		give(to, &message);
	if (meant)
		strike();
	return !at.come || !at.before;
}

static int stand_between(char **argv)
{
	struct pollfd fds[2] = { { .fd = STDIN_FILENO, .events = POLLIN }, { .events = POLLIN } };

	at.kind = number_of(argv[0], strlen(argv[0]));
	at.before = strcmp(argv[1], "before") == 0;
	at.victim = argv[2];
	at.source = getppid();
	fds[1].fd = start(argv + 3, &at.destination);
	for (;;) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			die("poll");
		if (fds[0].revents && !pass_on(STDIN_FILENO, fds[1].fd))
			break;
		if (fds[1].revents && !pass_on(fds[1].fd, STDOUT_FILENO))
			break;
	}
	return at.come;
}

/* ---- wire says ---- */

static void say(int to, const char *step)
{
	static struct message message;
	const char *text = strchr(step, ':');
	size_t length = text ? strlen(text + 1) : 0;

	if (length > sizeof(message.bytes))
		die("too long");
	message.head.kind = htole32(number_of(step, strcspn(step, ":")));
	message.head.length = htole32((uint32_t)length);
	if (text)
		memcpy(message.bytes, text + 1, length);
	give(to, &message);
}

static bool hear(int from, const char *step)
{
	static struct message message;
	const uint32_t wanted = number_of(step, strlen(step));

	do {
		if (!take(from, &message)) {
			fprintf(stderr, "the end in place of %s\n", step);
			return false;
		}
	} while (le32toh(message.head.kind) == WIRE_DATA && wanted != WIRE_DATA);
	if (le32toh(message.head.kind) == WIRE_FAILED)
		fprintf(stderr, "%.*s\n", (int)le32toh(message.head.length), message.bytes);
	if (le32toh(message.head.kind) == wanted)
		return true;
	fprintf(stderr, "%s in place of %s\n",
		le32toh(message.head.kind) < KINDS ? kinds[le32toh(message.head.kind)] : "?", step);
	return false;
}

static void wait_for_end(int from)
{
	static struct message message;

	while (take(from, &message))
		;
}

static bool follow(int in, int out, const char *step)
{
	if (*step == '+')
		say(out, step + 1);
	else if (*step == '-')
		return hear(in, step + 1);
	else
		wait_for_end(in);
	return true;
}

static int speak(char **argv)
{
	int in = STDIN_FILENO, out = STDOUT_FILENO, status = 0;
	char **step = argv, **command = argv;
	pid_t pid = 0;

	while (*command && strcmp(*command, "--") != 0)
		command++;
	if (*command)
		in = out = start(command + 1, &pid);
	for (; step < command; step++)
		if (!follow(in, out, *step))
			return 1;
	if (pid) {
		shutdown(out, SHUT_WR);
		wait_for_end(in);
		waitpid(pid, &status, 0);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 98;
}

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	if (argc >= 6 && strcmp(argv[1], "at") == 0)
		return stand_between(argv + 2);
	if (argc >= 3 && strcmp(argv[1], "says") == 0)
		return speak(argv + 2);
	die("usage");
}
