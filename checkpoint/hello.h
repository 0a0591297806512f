/* What a migration is about, and whether the other host can take it: said and judged before anything is made there, and while
 * the container still runs here. */
#pragma once

#include "base/arena.h"
#include "checkpoint/checkpoint.h"

/* Of the conversation (wire.h). A higher one is refused by name. */
#define HELLO_VERSION 1

struct hello {
	uint64_t version;
	char *proa; /* its version */
	char *id, *bundle;
	char *manager;		     /* of cgroups, as state.json has it */
	char *architecture, *kernel; /* as uname(2) has them */
	uint64_t criu;		     /* its version, 40101 is 4.1.1 */
	struct strings cpu;	     /* instructions that programs look for (cpu.h) */
	/* what restore has to be told as the checkpoint was */
	bool tcp_established, tcp_close, ext_unix_sk, file_locks, empty_network;
	uint64_t manage_cgroups_mode;
};

/* What the host says of itself; the rest is zero. */
int hello_of_host(uint64_t criu, struct arena *arena, struct hello *ret_hello, struct error *err);

/* What of the options restore has to be told, and back. Pure. */
void hello_add_options(struct hello *hello, const struct criu_options *criu);
struct criu_options hello_options(const struct hello *hello);

/* As a document. Pure. */
int hello_encode(const struct hello *hello, struct buffer *buffer, struct error *err);
int hello_decode(const char *bytes, size_t length, struct arena *arena, struct hello *ret_hello,
		 struct error *err);

/* Can what runs at @source run at @here? ERROR_UNSUPPORTED, with the cure. Pure. */
int hello_check(const struct hello *source, const struct hello *here, struct error *err);
