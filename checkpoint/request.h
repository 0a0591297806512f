/* From the options of both commands to CRIU's: one table, a row per option, says which field of the RPC an option is, and
 * in which requests. What the verbs decide themselves is set in dump_request.c and restore_request.c. */
#pragma once

#include "base/arena.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/criu.pb-c.h"

enum request_kind {
	REQUEST_DUMP = 1 << 0,
	REQUEST_PRE_DUMP = 1 << 1,
	REQUEST_RESTORE = 1 << 2,
};

/* What is filled: the messages refer to each other. */
struct request {
	CriuReq message;
	CriuOpts opts;
};

/* Begin a request of @kind with the options given. The strings stay the caller's. Pure. */
void request_begin(struct request *request, enum request_kind kind,
		   const struct criu_options *options);

/* A namespace that CRIU leaves out of the images where others made it: its type in the config, CRIU's word for that, and its
 * key. */
struct request_namespace {
	const char *type, *criu, *key;
};

/* NULL for a type of which CRIU always makes a new one. Pure. */
const struct request_namespace *request_namespace(const char *type);

/* Add to a list of the message, in @arena. Pure.
 *
 * external: "TYPE[ID]:KEY" when dumping, "TYPE[KEY]:VALUE" when restoring.
 * inherit: CRIU's descriptor @fd stands for @key, a pipe ("pipe:[123]") or what was external.
 * join: the namespace of @type ("net") at @path. */
void request_external(struct request *request, struct arena *arena, const char *external);
void request_inherit(struct request *request, struct arena *arena, const char *key, int fd);
void request_join(struct request *request, struct arena *arena, const char *type, const char *path);
void request_cgroup_root(struct request *request, struct arena *arena, const char *path);
