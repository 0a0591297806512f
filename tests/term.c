/* The host's side of a terminal, for tests: what an engine does with a console socket, and what a
 * person's terminal is to a foreground command. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static int usage(void)
{
	fputs(
	    "usage: term receive SOCKET            take a terminal, print its output until its "
	    "end\n"
	    "       term fds SOCKET                print each message and the descriptors in it\n"
	    "       term notify SOCKET             the same for datagrams, as systemd gets them\n"
	    "       term deaf SOCKET               listen, and never take a connection\n"
	    "       term full SOCKET               the same, and there is no room for another\n"
	    "       term run RxC [RxC] CMD ARG...  CMD in a terminal of that size; at SIGUSR1 the\n"
	    "                                      second; stdin is what is typed\n",
	    stderr);
	return 99;
}

static void die(const char *what)
{
	fprintf(stderr, "term: %s: %s\n", what, strerror(errno));
	exit(98);
}

/* ---- sockets ---- */

static int bind_to(const char *path, int type)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		die(path);
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		die(path);
	return fd;
}

/* Listen at @path and take one connection. */
static int accept_one(const char *path)
{
	int server = bind_to(path, SOCK_STREAM);
	if (listen(server, 1) < 0)
		die(path);
	int fd = accept4(server, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		die("accept");
	close(server);
	return fd;
}

struct message {
	char text[65536];
	ssize_t length;
	int fds[16];
	size_t fd_count;
};

/* Returns 0 at the end. */
static int receive_message(int fd, struct message *ret)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(ret->fds))];
	} control;
	struct iovec iov = { .iov_base = ret->text, .iov_len = sizeof(ret->text) - 1 };
	struct msghdr header = { .msg_iov = &iov,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control) };
	ret->length = recvmsg(fd, &header, MSG_CMSG_CLOEXEC);
	if (ret->length < 0)
		die("recvmsg");
	ret->text[ret->length] = '\0';
	ret->fd_count = 0;
	struct cmsghdr *c = CMSG_FIRSTHDR(&header);
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
		ret->fd_count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(ret->fds, CMSG_DATA(c), ret->fd_count * sizeof(int));
	}
	return ret->length > 0;
}

static void print_pid_of(int fd)
{
	char path[64], line[256];
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	FILE *file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, "Pid:", 4) == 0)
			printf("pid %d\n", atoi(line + 4));
	if (file)
		fclose(file);
}

/* Until the end of a connection; a datagram socket has none. Closing what came is what a sender of
 * sd_notify_barrier(3) waits for. */
static int print_messages(int fd)
{
	static struct message message;
	while (receive_message(fd, &message)) {
		printf("message %s\n", message.text);
		for (size_t i = 0; i < message.fd_count; i++) {
			char link[64], target[PATH_MAX];
			snprintf(link, sizeof(link), "/proc/self/fd/%d", message.fds[i]);
			ssize_t n = readlink(link, target, sizeof(target) - 1);
			target[n < 0 ? 0 : n] = '\0';
			printf("fd %s\n", target);
			print_pid_of(message.fds[i]);
			close(message.fds[i]);
		}
	}
	puts("end");
	return 0;
}

/* ---- terminals ---- */

/* Both ways until the terminal's last user is gone. A terminal at its end gives EIO. */
static void relay(int terminal, int signals, const struct winsize *second)
{
	struct pollfd polls[3] = { { .fd = terminal, .events = POLLIN },
				   { .fd = STDIN_FILENO, .events = POLLIN },
				   { .fd = signals, .events = POLLIN } };
	char buffer[4096];
	for (;;) {
		if (poll(polls, 3, -1) < 0)
			die("poll");
		if (polls[0].revents) {
			ssize_t n = read(terminal, buffer, sizeof(buffer));
			if (n <= 0)
				return;
			if (write(STDOUT_FILENO, buffer, (size_t)n) != n)
				die("stdout");
		}
		if (polls[1].revents) {
			ssize_t n = read(STDIN_FILENO, buffer, sizeof(buffer));
			if (n <= 0)
				polls[1].fd = -1;
			else if (write(terminal, buffer, (size_t)n) != n)
				die("terminal");
		}
		if (polls[2].revents) {
			struct signalfd_siginfo info;
			if (read(signals, &info, sizeof(info)) > 0)
				ioctl(terminal, TIOCSWINSZ, second);
		}
	}
}

static int receive_terminal(const char *path)
{
	static struct message message;
	int fd = accept_one(path);
	if (!receive_message(fd, &message) || message.fd_count != 1) {
		fprintf(stderr, "term: %zu descriptors in the message\n", message.fd_count);
		return 97;
	}
	fprintf(stderr, "terminal %s\n", message.text);
	/* An engine's socket carries one message, then its end. */
	int terminal = message.fds[0];
	struct winsize size;
	if (ioctl(terminal, TIOCGWINSZ, &size) < 0)
		die("size");
	fprintf(stderr, "size %hux%hu\n", size.ws_row, size.ws_col);
	if (receive_message(fd, &message))
		fprintf(stderr, "term: a second message\n");
	relay(terminal, -1, NULL);
	return 0;
}

static int parse_size(const char *text, struct winsize *ret)
{
	char end;
	return sscanf(text, "%hux%hu%c", &ret->ws_row, &ret->ws_col, &end) == 2 ? 0 : -1;
}

static int run(char **argv)
{
	struct winsize first = { 0 }, second = { 0 };
	if (parse_size(*argv++, &first) < 0)
		return usage();
	if (*argv && parse_size(*argv, &second) == 0)
		argv++;
	if (!*argv)
		return usage();
	sigset_t usr1;
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr1, NULL);
	int signals = signalfd(-1, &usr1, SFD_CLOEXEC), terminal;
	pid_t pid = forkpty(&terminal, NULL, NULL, &first);
	if (pid < 0)
		die("forkpty");
	if (pid == 0) {
		sigprocmask(SIG_UNBLOCK, &usr1, NULL);
		execvp(argv[0], argv);
		die(argv[0]);
	}
	relay(terminal, signals, &second);
	int status;
	if (waitpid(pid, &status, 0) < 0)
		die("waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Listen at @path, and never take a connection; with @full there is no room for one either, so that connect(2) waits. */
__attribute__((noreturn)) static void never_accept(const char *path, bool full)
{
	int server = bind_to(path, SOCK_STREAM);
	struct sockaddr_un address;
	socklen_t length = sizeof(address);
	if (listen(server, 0) < 0 || getsockname(server, (struct sockaddr *)&address, &length) < 0)
		die(path);
	for (int fd = 0; full && fd >= 0;) {
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (fd < 0)
			die("socket");
		if (connect(fd, (struct sockaddr *)&address, length) < 0)
			break;
	}
	puts("deaf");
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 3 && strcmp(argv[1], "receive") == 0)
		return receive_terminal(argv[2]);
	if (argc == 3 && (strcmp(argv[1], "deaf") == 0 || strcmp(argv[1], "full") == 0))
		never_accept(argv[2], argv[1][0] == 'f');
	if (argc == 3 && strcmp(argv[1], "fds") == 0)
		return print_messages(accept_one(argv[2]));
	if (argc == 3 && strcmp(argv[1], "notify") == 0)
		return print_messages(bind_to(argv[2], SOCK_DGRAM));
	if (argc >= 4 && strcmp(argv[1], "run") == 0)
		return run(argv + 2);
	return usage();
}
