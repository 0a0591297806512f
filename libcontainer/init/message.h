/* The conversation between a container's init and the process that makes it, and later between init
 * and `start`. Init asks, the parent answers; whoever's turn it isn't, waits.
 *
 *   parent                             bridge                  init
 *     | clone3 ----------------------->| (only if namespaces     |
 *     |                                |  are joined or clocks   |
 *     |                                |  set, or the cgroup is  |
 *     |                                |  systemd's)             |
 *     |<---------------- ENTER_CGROUP -|                         |  only if somebody else puts it there
 *     |  systemd does; DONE ---------->|                         |
 *     |<----------- SPAWNED + pidfd ---| clone3 ---------------->|
 *     |  reaps the bridge; DONE ------------------------------->|  waits for it: we know it now
 *     |<------------------------------------------- MAP_IDS -----|  only in a new user namespace
 *     |  writes the maps; DONE --------------------------------->|
 *     |<--------------------------------------- NET_DEVICES -----|  with a socket of its network
 *     |  moves linux.netDevices there; DONE -------------------->|  namespace, if there are any
 *     |<------------------------------------- MOUNT_SOURCE i ----|  per mount whose source init
 *     |  DONE + detached mount --------------------------------->|  can't reach itself
 *     |<------------------------------------- RUNTIME_HOOKS -----|  before pivot_root, if there are hooks
 *     |  device program, prestart and createRuntime hooks; DONE->|  or namespaces are joined
 *     |<------------------------------------------- SPAWNED -----|  only to join a pid namespace
 *     |  the process changes as at the bridge; DONE ------------>|
 *     |<------------------------------------------- CREATED -----|  no longer dies with the parent
 *     |  the device program, if it isn't attached yet; limits,   |
 *     |  state, pid file; DONE --------------------------------->|  waits at its socket
 *     x                                                          |
 *   start --------------------------------- START -------------->|  startContainer hooks, checks
 *     |<------------------------------------------ EXECUTING ----|  may be its last word
 *     |<------------------------------------------- LISTENER ----|  only with a seccomp listener
 *     |  hands it to the agent; DONE --------------------------->|
 *     |<=================== end of file =========================|  execve closes the socket
 *
 * A process that brings mounts to a running container (`mounts`) has the first lines of the bridge, too, then per
 * mount MOUNT_SOURCE, if need be, and MOUNT_MADE with the detached mount, which is attached once the answer is
 * there; then MOUNTED, and ends.
 *
 * `exec` has the same first lines (bridge joins, SPAWNED once or twice), CREATED, upon which it is given its limits, then
 * EXECUTING and what follows it. At any place init may say ERROR instead, and end. End of file before EXECUTING: init died,
 * the step that was running is named. End of file after it: the program runs. ERROR after it: the program could not be
 * executed. Any other message, or one out of turn, is ERROR_PROTOCOL and init is killed.
 *
 * One message is one packet of a SOCK_SEQPACKET socket, of exactly the length of its kind. */
#pragma once

#include <stdint.h>

#include "base/error.h"

/* In the order in which they may come. From START on they pass between an init and a `start` that may be of another
 * version of proa, if that was upgraded in between: these numbers and lengths stay. */
enum message_type {
	MESSAGE_ENTER_CGROUP = 1,
	MESSAGE_SPAWNED,
	MESSAGE_MAP_IDS,
	MESSAGE_NET_DEVICES,
	MESSAGE_MOUNT_SOURCE,
	MESSAGE_MOUNT_MADE,
	MESSAGE_RUNTIME_HOOKS,
	MESSAGE_CREATED,
	MESSAGE_MOUNTED,
	MESSAGE_START = 20,
	MESSAGE_EXECUTING,
	MESSAGE_LISTENER,
	MESSAGE_ERROR,
	MESSAGE_DONE,
};

struct message {
	uint32_t type;
	uint32_t index;	    /* of MOUNT_SOURCE, else 0 */
	struct error error; /* of ERROR, not sent with the others */
};

/* "MAP_IDS", for errors and the trace; "an unknown message" for what is none. Any process. */
const char *message_name(uint32_t type);

/* Send one; @fd is passed along unless -1 (and stays the caller's). Any process. */
int message_send(int socket, enum message_type type, uint32_t index, int fd, struct error *err);
int message_send_error(int socket, const struct error *error);

/* Receive one, with the descriptor it carries (-1 if none). Returns 1, 0 at the end of file (also
 * when the peer was killed), -1 on a message that is malformed. Any process. */
int message_receive(int socket, struct message *ret_message, int *ret_fd, struct error *err);

/* Init: wait for the DONE that answers somebody's message; the descriptor it carries in *ret_fd (may be NULL). When the
 * parent is gone this fails: init must not go on without it. */
int message_await_done(int socket, enum message_type answered, int *ret_fd, struct error *err);

/* Init: send and wait for DONE, whose descriptor is returned in *ret_fd (may be NULL). When the
 * parent is gone this fails: init must not go on without it. */
int message_ask(int socket, enum message_type type, uint32_t index, int fd, int *ret_fd,
		struct error *err);
