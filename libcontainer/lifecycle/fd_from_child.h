/* A descriptor that only a process with other namespaces can open. Private to this room. */
#pragma once

#include "base/error.h"

/* What the child runs, never to return. It sends DONE with the descriptor, or ERROR, over @socket by fd_tell(), or dies. */
typedef void child_function(void *context, int socket);

/* Run @function in a child that isn't dumpable and dies with us. @what names the descriptor's object in errors. Returns
 * the descriptor. Parent. */
int fd_from_child(child_function *function, void *context, const char *what, struct error *err);

/* Child: send @fd, or @error if that is -1, and end. */
_Noreturn void fd_tell(int socket, int fd, const struct error *error);
