/* The command through which the source of a migration reaches its destination: a child whose standard input and output are the
 * wire. Caller's process. */
#pragma once

#include <sys/types.h>

#include "base/error.h"
#include "checkpoint/wire.h"

struct peer {
	pid_t pid; /* 0: none */
	struct wire wire;
};

#define PEER_INIT                                                                                  \
	{                                                                                          \
		.wire = {.in = -1, .out = -1 }                                                     \
	}

/* Start @command; @name is what errors call who is there. The string is lent. */
int peer_start(char *const *command, const char *name, struct peer *ret_peer, struct error *err);

/* Hang up and wait for its end. Where the wire had come to its end before, how the command has ended says why: that becomes
 * @err, if it isn't NULL. */
void peer_end(struct peer *peer, struct error *err);
