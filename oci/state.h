/* A container's state: what runtime.md's `state` shows, and what the other commands need of it.
 * Kept as STATE_ROOT/ID/state.json, versioned, read and written by the same tables as the config.
 */
#pragma once

#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "oci/config.h"

/* Raised when the meaning of a field changes; a newer proa reads all older versions. */
#define STATE_VERSION 1

enum container_status {
	STATUS_CREATING,
	STATUS_CREATED,
	STATUS_RUNNING,
	STATUS_PAUSED,
	STATUS_STOPPED,
};

struct container_state {
	/* stored */
	uint64_t version;
	char *id;
	char *oci_version; /* of the config */
	char *bundle;	   /* absolute */
	char *rootfs;	   /* absolute */
	char *created;	   /* RFC 3339 with nanoseconds, UTC; NULL before create has finished */
	uint64_t owner_uid;
	int64_t pid; /* of init; 0 until it is known */
	/* init's start time, field 22 of proc_pid_stat(5): tells a reused pid */
	uint64_t pid_start;
	char *cgroup_manager; /* "cgroupfs", "systemd", "disabled" */
	char *cgroup_path;    /* below the v2 mount; NULL with "disabled" */
	bool cgroup_created;  /* by us: delete removes only what create made */
	char *cgroup_mark;    /* what tells that the cgroup is still this container's; NULL: it couldn't be marked */
	bool systemd_user;    /* by the user's own systemd, not by the machine's */
	/* directories below resctrl that delete removes, NULL */
	char *intel_rdt_clos, *intel_rdt_monitoring;
	bool no_new_keyring;  /* by --no-new-keyring; exec doesn't make one either */
	bool has_poststart, has_poststop; /* hooks to be read from the kept config */
	struct strings namespaces; /* kinds that are the container's own or were joined: all it
				      doesn't share with us */
	struct strings descriptors; /* init's standard streams at create: "pipe:[123]" or
				       "/dev/null"; none of a terminal */
	struct string_map annotations;

	/* derived by whoever loads it, never stored */
	enum container_status status;
	uint64_t oom_kills; /* of its processes, for memory; of a stopped one only */
};

/* "creating", "created", …: the words of runtime.md. */
const char *container_status_name(enum container_status status);

/* Room for any state that is kept, in address space: it is a document like its config, and has its annotations. */
#define STATE_ARENA_SIZE CONFIG_ARENA_SIZE

/* The stored form: one line. @buffer is the caller's to free. A path that is no UTF-8 can't be kept
 * in JSON: ERROR_INVALID. */
int state_encode(const struct container_state *state, struct buffer *buffer, struct error *err);
/* The reverse. What isn't a state is ERROR_INVALID, one of a newer proa ERROR_UNSUPPORTED. */
int state_decode(const char *bytes, size_t length, struct arena *arena,
		 struct container_state **ret_state, struct error *err);

/* What hooks get on their standard input (runtime.md, State): ociVersion, id, status, pid, bundle,
 * annotations; one line. The pid of a stopped container is 0. */
int state_encode_for_hooks(const struct container_state *state, struct buffer *buffer,
			   struct error *err);
/* What the seccomp agent gets beside the listener's descriptor (config-linux.md, The Container
 * Process State): the same as .state, @pid of the process that has the filter, @metadata, which may
 * be NULL, as the config has it. */
int state_encode_for_listener(const struct container_state *state, pid_t pid, const char *metadata,
			      struct buffer *buffer, struct error *err);
/* What `state` prints: the same as for hooks, and rootfs, created, owner, and oomKills if there were any; indented. @owner is a
 * name or "". `list` prints an array of these. */
int state_encode_for_people(const struct container_state *state, const char *owner,
			    struct buffer *buffer, struct error *err);
