#include "libcontainer/lifecycle/terminal.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/socket.h"

int terminal_check(bool wanted, bool detached, const char *console_socket, struct error *err)
{
	if (wanted && detached && !console_socket)
		return error_set(
		    err, ERROR_USAGE, "process.terminal",
		    "cannot allocate tty if proa will detach without setting console socket");
	if (console_socket && !(wanted && detached))
		return error_set(
		    err, ERROR_USAGE, console_socket,
		    "cannot use console socket if proa will not detach or allocate tty");
	return 0;
}

int terminal_connect(struct terminal *terminal, const char *console_socket, int pidfd,
		     struct error *err)
{
	int pair[2];

	if (console_socket)
		return socket_connect_path(console_socket, SOCK_STREAM, pidfd, err);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return error_errno(err, errno, "terminal", "make a pair of sockets");
	terminal->ours = pair[0];
	return pair[1];
}

void terminal_resize(struct terminal *terminal)
{
	struct winsize size;

	if (terminal->master >= 0 && ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0)
		ioctl(terminal->master, TIOCSWINSZ, &size);
}

int terminal_receive(struct terminal *terminal, struct error *err)
{
	char name[64];
	size_t count = 0;

	if (terminal->ours < 0)
		return 0;
	if (socket_receive(terminal->ours, name, sizeof(name), &terminal->master, 1, &count) <= 0 ||
	    !count)
		return error_set(err, ERROR_PROTOCOL, "terminal",
				 "init did not hand over its terminal");
	terminal_resize(terminal);
	return 0;
}

int terminal_begin(struct terminal *terminal, struct error *err)
{
	struct termios raw;

	if (terminal->master < 0 || tcgetattr(STDIN_FILENO, &terminal->saved) < 0)
		return 0;
	raw = terminal->saved;
	cfmakeraw(&raw);
	raw.c_oflag |= OPOST;
	if (tcsetattr(STDIN_FILENO, TCSANOW, &raw) < 0)
		return error_errno(err, errno, "terminal", "put the terminal into raw mode");
	terminal->raw = true;
	terminal_resize(terminal);
	return 0;
}

void terminal_end(struct terminal *terminal)
{
	int *fds[] = { &terminal->ours, &terminal->master };

	if (terminal->raw)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal->saved);
	terminal->raw = false;
	for (size_t i = 0; i < array_length(fds); i++) {
		cleanup_fd_(fds[i]);
		*fds[i] = -1;
	}
}
