/* The namespaces of a container: which are made, which are joined by path, in what order, and what
 * is configured in them that has no room of its own (id maps, clocks, loopback, names).
 * namespaces(7), config-linux.md#namespaces. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "oci/config.h"

/* One row per kind, in the order in which they are joined: see namespace_join(). */
struct namespace_kind {
	const char *type; /* the spec's name */
	const char *file; /* in /proc/PID/ns */
	uint64_t flag;	  /* CLONE_NEW… */
};
extern const struct namespace_kind namespace_kinds[];
extern const size_t namespace_kind_count;

struct namespace_join {
	const struct namespace_kind *kind;
	const char *path; /* NULL: of the process in pidfd */
	int fd;		  /* -1 until namespaces_open() */
	bool ours; /* owned by the user namespace we are in: joined before another one is entered */
};

struct id_map {
	char *text;   /* as the kernel wants it, a line per range */
	char **words; /* as newuidmap(1) wants it: "inside", "outside", "count", … NULL */
	size_t ranges;
	bool only_own_id; /* one range of one id, which is the caller's own */
	uint32_t root;	  /* the outer id of 0 inside; (uint32_t)-1 if not mapped */
};

struct namespace_plan {
	uint64_t created; /* CLONE_NEW… to make */
	uint64_t joined;  /* CLONE_NEW… to join */
	struct namespace_join joins[8];
	size_t join_count;
	struct id_map uid_map, gid_map; /* of a new user namespace */
	char *time_offsets;		/* for /proc/self/timens_offsets, NULL */
	bool time_by_init; /* the caller may make none: init does, in its new user namespace */
	char *hostname, *domainname;
};

/* @rootless: by a caller without privileges. Pure. */
void namespace_plan(const struct config *config, bool rootless, struct arena *arena,
		    struct namespace_plan *ret_plan);

/* exec: join all namespaces of the given @types (the spec's names) that process @pid is in. Pure.
 */
void namespace_plan_join_process(const struct strings *types, pid_t pid, struct arena *arena,
				 struct namespace_plan *ret_plan);

/* Parent: open the paths to be joined and verify that each is of its kind (ioctl_ns(2)). What turns
 * out to be the namespace we are in already is left out: joining one's own user namespace is
 * EINVAL. */
int namespaces_open(struct namespace_plan *plan, struct error *err);

/* Parent: the same for a container that is made: a mount namespace that is our own is refused, since the container's root
 * would become everybody's there. */
int namespaces_open_for_create(struct namespace_plan *plan, struct error *err);
void namespaces_close(struct namespace_plan *plan);
/* Parent: is process @pid in the user namespace that the plan leads to, the one that is joined or else ours? 1, 0, or -1. */
int namespaces_user_is_that_of(const struct namespace_plan *plan, pid_t pid, struct error *err);

/* Does a process have to go between parent and init? For whatever must be joined before init is
 * cloned, and for the clocks' offsets: clone3(CLONE_NEWTIME) freezes them, unshare(2) leaves them
 * open until a child is there (time_namespaces(7)). */
bool namespaces_need_bridge(const struct namespace_plan *plan);
/* Is a pid namespace joined after everything else? Whoever enters it early is visible to the
 * neighbours with its descriptors. Not possible when a new user namespace comes in between: it
 * takes the right to join. */
bool namespaces_pid_last(const struct namespace_plan *plan);
/* Does a new user namespace come in between? Then the bridge joins the pid namespace early, which is for its children
 * only, makes the new namespaces for itself, and goes on as init: the clone that enters is still the last one. If it
 * cloned init into the new namespaces, the neighbours would see that with the host's root from its first instruction;
 * and those who have the uid that owns the user namespace have all rights over what is in it, without any capability
 * of their own. */
bool namespaces_unshared(const struct namespace_plan *plan);
/* What clone3(2) of init makes, once the bridge has done its part. */
uint64_t namespaces_clone_flags(const struct namespace_plan *plan);

/* Bridge: join all but a pid namespace that comes last, make a new time namespace and set its
 * clocks. Namespaces that our user namespace owns are joined before another user namespace is
 * entered, for which we then lack the rights; those that the target owns after it, for which we
 * lack them before. The caller's groups are dropped before a user namespace is entered, unless @keep_groups. */
int namespaces_join(const struct namespace_plan *plan, int procfs, bool keep_groups,
		    struct error *err);
/* Init, once its id maps are written and while it is dumpable (who isn't can't write to its own files): make a new time
 * namespace, set its clocks and enter it, where the plan leaves that to init. */
int namespace_time_enter(const struct namespace_plan *plan, int procfs, struct error *err);
/* Any: join the pid namespace of the plan, if it has one to be joined; it is for the children made from then on. */
int namespace_join_pid(const struct namespace_plan *plan, struct error *err);

/* The open descriptor of the namespace of kind @flag that is to be joined; -1 if none is. */
int namespace_descriptor(const struct namespace_plan *plan, uint64_t flag);

/* Helper of a caller without privileges: take the rights that the container's user namespace gives, and a copy of the
 * host's mounts over which they hold. */
int namespaces_enter_user(const struct namespace_plan *plan, struct error *err);

/* Parent: write the id maps of @pid's new user namespace, itself or by newuidmap(1)/newgidmap(1).
 * user_namespaces(7). */
int id_maps_write(const struct namespace_plan *plan, pid_t pid, int procfs, struct error *err);
/* Bridge and init: drop the caller's groups, which are none of the container's, where that is allowed. */
int groups_drop(struct error *err);
/* Init: become root of the user namespace that was just entered, without the caller's groups unless @keep_groups. */
int id_maps_become_root(bool keep_groups, struct error *err);

/* Init: bring up the loopback of a new network namespace. */
int network_loopback_up(struct error *err);
/* Init: hostname and domainname, in a UTS namespace of one's own or a joined one. */
int uts_apply(const struct namespace_plan *plan, struct error *err);
