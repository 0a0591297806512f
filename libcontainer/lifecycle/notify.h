/* Readiness: a container under systemd (or Podman's --sdnotify) tells on a socket of its own, which
 * we make, that it is ready, and we pass that on to the NOTIFY_SOCKET that we were called with.
 * sd_notify(3). */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "libcontainer/lifecycle/store.h"

/* create: if we were called with NOTIFY_SOCKET, the host's directory that is to appear as
 * /run/notify in the container (in @arena), and an entry added to the program's environment. NULL:
 * nothing to do. */
const char *notify_directory(const struct runtime *runtime, const char *id, struct arena *arena,
			     struct strings *env);
int notify_make_directory(const struct record *record, struct error *err);

/* start: the socket, bound before the program runs; -1 without an error if there is nothing to
 * relay. */
int notify_bind(const struct record *record, int *ret_socket, struct error *err);

/* start: wait until the container says READY=1 or its init (@pidfd) ends; pass on READY=1 and
 * MAINPID=@pid, and only those. */
int notify_relay(int socket, int pidfd, pid_t pid, struct error *err);

/* One datagram from the socket. Sets *ret_ready once it was passed on. In the foreground @pid is 0:
 * we stay, and are the main process. */
int notify_read(int socket, pid_t pid, bool *ret_ready, struct error *err);
