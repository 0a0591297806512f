/* Migration: a running container goes on at another host. The two sides are commands of proa that talk through whatever joins
 * their standard streams, ssh(1) for example; the conversation, and why there are never two that run, is in wire.h. What each
 * does with the container is checkpoint's and restore's: the source takes what they write and sends it, the destination is
 * asked before it may run. Caller's process. */
#pragma once

#include "checkpoint/checkpoint.h"
#include "checkpoint/rounds.h"

enum migrate_mode {
	MIGRATE_COLD,	  /* stop, send, go on */
	MIGRATE_PRE_COPY, /* send most of the memory before */
};

/* Where images lie meanwhile, in a directory of their own. */
#define MIGRATE_DIRECTORY "/var/tmp"

struct migrate_options {
	const char *id;
	char *const *command; /* what joins us with the destination; NULL-terminated */
	const char *peer;	    /* the destination's name, for people */
	const char *bundle;	    /* there; NULL: as here */
	const char *directory;	    /* under which images lie here */
	enum migrate_mode mode;
	struct rounds_limits rounds;
	unsigned int max_downtime_ms; /* it runs on here if it would be stopped for longer; 0 */
	bool with_rootfs;
	struct criu_options criu;
};

/* What it has taken. */
struct migrate_report {
	struct round rounds[ROUNDS_MAX];
	size_t round_count;
	struct round last; /* what was sent while it was stopped */
	uint64_t sent;	   /* bytes over the wire, all in all */
	int64_t total_ms;
	/* from before it was frozen here until we heard that it runs there */
	int64_t downtime_ms;
};

/* The source. When it fails the container runs on here, and nothing is left there; or, if that has become impossible, the
 * error says where the images are that it can be restored from. */
int container_migrate(const struct runtime *runtime, const struct migrate_options *options,
		      struct migrate_report *ret_report, struct error *err);

struct receive_options {
	int in, out;		    /* of the wire: their owner may not use them any more */
	const char *bundle;	    /* NULL: what the source says */
	const char *directory;	    /* under which images lie here */
	const char *console_socket; /* as create_options has them */
	const char *pid_file;
};

/* The destination: take what the source sends. *ret_told: of the failure the source knows, which tells it. */
int container_receive(const struct runtime *runtime, const struct receive_options *options,
		      bool *ret_told, struct error *err);
