/* CRIU as a process, and the conversation with it: `criu swrk 3` takes requests from a SOCK_SEQPACKET socket and
 * answers there, one protobuf message each (https://criu.org/RPC; criu.proto has the messages). While it works on a request
 * it notifies: each such message waits for our answer.
 *
 *	criu_clone     a child that waits; it may be put into a cgroup meanwhile
 *	criu_release   it prepares itself, as its caller says, and executes CRIU
 *	criu_probe     VERSION and FEATURE_CHECK
 *	criu_ask       DUMP, SINGLE_PRE_DUMP or RESTORE, with its notifications
 *	criu_end
 *
 * All run in the caller. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "checkpoint/criu.pb-c.h"

/* The first descriptor that CRIU inherits besides its standard streams and the socket. */
#define CRIU_FIRST_FD 4

/* 4.1.1 is 40101. Below 3.16 a cgroup v2 can't be frozen, or labels not be changed. */
#define CRIU_VERSION_MIN 31600

struct criu {
	pid_t pid; /* 0: none */
	int socket;
	int channel;  /* until it executes CRIU: our word, and its error */
	int version;  /* once it was asked */
	int limit_ms; /* criu_limit() */
	/* criu_ask() ends, ERROR_BUSY, as soon as a signal waits (base/termination.h) */
	bool yields;
};

#define CRIU_INIT                                                                                  \
	{                                                                                          \
		.socket = -1, .channel = -1, .limit_ms = -1                                        \
	}

struct criu_start {
	const char *const *argv; /* NULL: criu swrk */
	const char *plugin_dir;	 /* NULL: CRIU's own */
	int cgroup;		 /* to be cloned into, -1 */
	/* It has our end of the socket open, too, as its last descriptor: where we are killed it waits for ever for its answer,
	 * rather than to go on without one, as it does when all is restored. criu_end() is heard all the same. */
	bool holds;
	const int *fds; /* CRIU has them as CRIU_FIRST_FD and so on */
	size_t fd_count;
	/* in the child, before it executes CRIU; NULL */
	int (*prepare)(void *context, struct error *err);
	void *context;
};

/* ERROR_UNSUPPORTED for whoever isn't root, before anything else is said: CRIU can't work for others. */
int criu_check_caller(struct error *err);

/* ERROR_UNSUPPORTED if there is no CRIU in the caller's PATH. @start must live until criu_release(). */
int criu_clone(const struct criu_start *start, struct criu *ret_criu, struct error *err);
int criu_release(struct criu *criu, struct error *err);

/* For a process that outlives us, as a criu_start's prepare: a session of its own, / as its directory, /dev/null as its
 * standard streams. */
int criu_leave_session(void *context, struct error *err);

/* What a request needs beyond CRIU_VERSION_MIN. */
struct criu_needs {
	bool mem_track, lazy_pages;
};

/* Ask for version and features; ERROR_UNSUPPORTED names what is missing. */
int criu_probe(struct criu *criu, const struct criu_needs *needs, struct error *err);

/* The same of one that is started for that alone; its version. */
int criu_look(const struct criu_needs *needs, int *ret_version, struct error *err);

/* From now on it is killed when it says nothing for this time (0: no limit), which is ERROR_BUSY. */
int criu_limit(struct criu *criu, unsigned int seconds, struct error *err);

/* Called for each notification; @fd came with it, -1, and is lent. A failure is told to CRIU, which then gives up and
 * undoes, and is the error of criu_ask(). */
typedef int criu_notified(void *context, const char *script, pid_t pid, int fd, struct error *err);

/* The pid of a restored root process in *ret_pid, which may be NULL. ERROR_SYSTEM where CRIU says no: why stands in its log
 * (log.h); ERROR_PROTOCOL if it dies. @notified may change criu->yields. */
int criu_ask(struct criu *criu, const CriuReq *request, criu_notified *notified, void *context,
	     pid_t *ret_pid, struct error *err);

/* Has it not ended, by whatever? */
bool criu_lives(const struct criu *criu);

/* Close the socket and wait for its end: it has nothing to do then, or undoes what it began when it next has something to
 * say. */
void criu_end(struct criu *criu);
/* Where it has nothing more to say: kill it, and wait. */
void criu_kill(struct criu *criu);
