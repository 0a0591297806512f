/* All that init needs, decided by the parent: a copy of memory that goes along with clone3(2),
 * nothing is serialised. The config itself stays behind (its arena is not inherited), so that no
 * secret of it can be found in the memory of a process of the container. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "libcontainer/namespace/namespace.h"
#include "libcontainer/process/process.h"
#include "libcontainer/process/sysctl.h"
#include "libcontainer/rootfs/rootfs.h"
#include "libcontainer/security/capabilities.h"
#include "libcontainer/security/seccomp.h"
#include "oci/config.h"
#include "oci/state.h"

enum purpose {
	PURPOSE_CREATE, /* a container's init */
	PURPOSE_EXEC,	/* one more process in a container */
	PURPOSE_MOUNTS, /* nobody's program: other mounts for a container that is there */
};

struct plan {
	enum purpose purpose;
	const char *id;
	struct namespace_plan namespaces;
	bool joins_user;		      /* a user namespace that exists */
	struct rootfs_plan *rootfs;	      /* NULL for exec */
	LIST(struct mount_identity) unmounts; /* for mounts: what is taken away before */
	struct process_plan *process;	      /* NULL for mounts */
	struct sysctl_plan sysctl;
	struct capabilities_plan capabilities;
	struct seccomp_plan *seccomp; /* NULL: none */
	const char *apparmor, *selinux;
	/* That the parent attaches the device program and runs its hooks before pivot_root. Not needed where there are none of
	 * these, nor others in a namespace who might get hold of init: then CREATED is early enough for the program. */
	bool asks_for_hooks;
	struct hook_list create_container, start_container;
	/* what init tells those hooks, once it knows its pid; NULL if there are none */
	struct container_state *hook_state;
	/* create: from @building on the plan's memory holds what only building takes (mounts, createContainer hooks). Init, which
	 * others may look into, clears it then. */
	struct arena *arena;
	size_t building;
	bool has_net_devices; /* that the parent is to move */
	bool new_keyring;
	bool terminal_relayed; /* by us, in the foreground; not handed to a console socket */
	bool enters_cgroup;    /* the bridge has the parent put it there, the others inherit it */
	bool own_rlimits;      /* exec: the caller may set none of a process with other ids */
	bool rootless;
	unsigned int preserve_fds; /* 3 … 3+N-1 stay open, those of LISTEN_FDS included */
	mode_t umask;		   /* the caller's */

	/* descriptors of the parent that init finds open; -1: none */
	int procfs;	    /* the caller's /proc, verified */
	int cgroup;	    /* to be cloned into */
	int start_socket;   /* bound in the state directory; create only */
	int console_socket; /* gets the terminal's master */
	int root;	    /* exec into a container without a mount namespace: its root */
};

/* What the room-by-room planning needs beyond the config. */
struct plan_request {
	enum purpose purpose;
	const char *id;
	const struct container_state *state; /* create only */
	const struct rootfs_request *rootfs; /* create; mounts, NULL if none are made */
	const struct strings *extra_env;     /* LISTEN_FDS, NOTIFY_SOCKET, … */
	int seccomp_cache;		     /* directory, -1 */
	bool no_new_keyring;
	bool rootless;
	unsigned int preserve_fds;
};

/* Let every room plan its part. Parent. The descriptors of the result are all -1; namespaces are
 * not opened. */
int plan_make(const struct config *config, const struct plan_request *request, struct arena *arena,
	      struct plan **ret_plan, struct error *err);

/* Must the caller find init while it runs our own code? One without privileges writes the id maps of a new user
 * namespace, and opens the namespaces for exec and mounts; of a process that isn't dumpable only the host's root can
 * (ptrace(2)). In that user namespace is nobody but what that caller has executed there. Pure. */
bool plan_caller_finds_init(const struct plan *plan);

/* Do the caller's groups stay? Of `mounts` there is no process: what it enters for has none to keep. Pure. */
bool plan_keeps_groups(const struct plan *plan);

/* Close the descriptors. */
void plan_close(struct plan *plan);

/* Parent, at CREATED: what takes the rights of the host, for @pid: rlimits and the OOM score. */
int plan_apply_outside(const struct plan *plan, pid_t pid, struct error *err);
