/* Lazy pages at the checkpoint: CRIU serves the memory that is left behind until all of it was fetched, and ends the container
 * then. To CRIU the end of the connection is the end of the fetching, whoever has closed it and why; and it serves on
 * when we are killed. So it gets a socket of ours in place of the network's, and between the two is a process of ours, the relay:
 *
 *	- who connects, and goes without a word, counts for nothing;
 *	- when the connection ends before the other end has said that it has all, CRIU is killed, and the container goes on;
 *	- so it is when we have gone ourselves.
 *
 * CRIU has the other end of its socket open, too: without the relay it waits, rather than to take its end for success. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/criu.h"

#define SERVE_FDS 3

struct serve {
	int listener;
	int ours, theirs; /* the ends of CRIU's socket */
	int config;	  /* the file from which CRIU has it: its RPC has no word for that */
	struct criu relay;
};

#define SERVE_INIT                                                                                 \
	{                                                                                          \
		.listener = -1, .ours = -1, .theirs = -1, .config = -1, .relay = CRIU_INIT         \
	}

/* Listen there, and make what CRIU is to have: @ret_fds as struct criu_start has them. @config_file is what it would read,
 * NULL: none. Parent. */
int serve_open(const struct page_server *server, const char *config_file, struct serve *ret_serve,
	       int ret_fds[static SERVE_FDS], struct error *err);

/* The configuration file to name to CRIU. */
const char *serve_config_file(void);

/* CRIU has it all: what is ours alone. Parent. */
void serve_release(struct serve *serve);

/* Start the relay. When it ends CRIU it thaws @cgroup, -1: none. Parent. */
int serve_begin(struct serve *serve, pid_t criu, int cgroup, struct error *err);

/* Once CRIU has ended: was it the relay that ended it? */
bool serve_was_cut(struct serve *serve);

/* CRIU has ended, or will: so does the relay. */
void serve_end(struct serve *serve);
