/* The host's end of a container's terminal. */
#pragma once

#include <stdbool.h>
#include <termios.h>

#include "base/error.h"

/* In the foreground the master comes to us, over a socket pair in place of a console socket, and
 * what is typed and printed is relayed. */
struct terminal {
	int ours; /* our end of the pair */
	int master;
	bool raw;	      /* our own terminal is in raw mode, and … */
	struct termios saved; /* … was so before */
};

#define TERMINAL_INIT                                                                              \
	{                                                                                          \
		.ours = -1, .master = -1                                                           \
	}

/* Does what the config wants fit to how we are called? The texts are those that runc's callers
 * know. */
int terminal_check(bool wanted, bool detached, const char *console_socket, struct error *err);

/* The socket that init sends the master to: connected to @console_socket, or, if that is NULL, of
 * the pair in @terminal. Waiting for the former ends with the process @pidfd (-1: none), too. The caller's to close. */
int terminal_connect(struct terminal *terminal, const char *console_socket, int pidfd,
		     struct error *err);

/* Take the master from the pair, and give it the size of our own terminal, before a program looks at
 * it; nothing if there is none. */
int terminal_receive(struct terminal *terminal, struct error *err);

/* Put our own terminal into raw mode, if we have one, and give the master its size. */
int terminal_begin(struct terminal *terminal, struct error *err);
void terminal_resize(struct terminal *terminal);
/* As it was before; close everything. */
void terminal_end(struct terminal *terminal);
#define _cleanup_terminal_ __attribute__((cleanup(terminal_end)))
