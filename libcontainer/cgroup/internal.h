/* What the files of this room share among themselves. */
#pragma once

#include <dirent.h>
#include <fcntl.h>

#include "libcontainer/cgroup/cgroup.h"
#include "libcontainer/cgroup/transaction.h"

/* cgroupfs gives no file that we read as a whole a length near this. */
#define CGROUP_LINES_LIMIT (1 << 24)

/* Enough for a list of controllers, cgroup.events, memory.events, cgroup.type. */
#define CGROUP_TEXT_SIZE 1024

/* Address space for the pids of a whole machine (at most 2^22). */
#define CGROUP_PIDS_ARENA (1 << 26)

/* One of linux.resources.devices, read. */
struct device_rule {
	bool allow;
	uint32_t type; /* BPF_DEVCG_DEV_CHAR or BPF_DEVCG_DEV_BLOCK */
	int64_t major, minor;
	uint32_t access; /* BPF_DEVCG_ACC_… */
};

#define DEVICE_ANY	(-1) /* number */
#define DEVICE_ANY_TYPE 0

struct device_rules {
	struct device_rule *items;
	size_t count;
};

/* device_rules.c: the rules of the config, and after them those that every container has. Pure. */
int device_rules_read(const struct config_resources *resources, struct arena *arena,
		      struct device_rules *ret_rules, struct error *err);

/* v1_only.c: an effect that was asked for and that cgroup v2 can't have is an error, ERROR_UNSUPPORTED. Pure. */
int cgroup_refuse_v1_only(const struct config_resources *resources, struct error *err);

/* path.c: the clean path for linux.cgroupsPath (NULL: none given). Pure. */
int cgroup_path_decide(const char *cgroups_path, const struct cgroup_request *request,
		       struct arena *arena, char **ret_path, struct error *err);

/* hierarchy.c: an O_PATH descriptor of the root of the v2 hierarchy. */
int hierarchy_open(struct error *err);

/* hierarchy.c: read a short file of the cgroup @dirfd, without the last newline. Its length, or -1
 * with errno set. */
ssize_t cgroup_read(int dirfd, const char *file, char *ret_text, size_t size);

/* events.c: the number behind "KEY " in lines of "KEY NUMBER"; false if there is none. */
bool cgroup_find_value(const char *lines, const char *key, uint64_t *ret_value);

/* events.c: wait until cgroup.events says "KEY @wanted". 1, 0 once the deadline has passed, -1 with
 * errno set. */
int cgroup_wait_event(int cgroupfd, const char *key, uint64_t wanted, unsigned int deadline_ms);

/* hierarchy.c: of a cgroup's directory, as dir_list() opens it, the name of one child after the other; NULL at the end, also of
 * one that is removed meanwhile. */
const char *cgroup_next_child(DIR *children);

/* hierarchy.c: is @word one of the words of @list, which are separated by spaces? */
bool word_in(const char *list, const char *word);

/* controllers.c: what the plan needs must be among what the root of the hierarchy offers. */
int controllers_check(const struct cgroup_plan *plan, int hierarchy, const char *offered,
		      struct error *err);

/* controllers.c: why the whole hierarchy lacks @controller, and what to do. */
void controllers_explain_lack(int hierarchy, const char *controller, char *ret_reason, size_t size);

/* controllers.c: enable in @dirfd, the cgroup @path, all of @available for its children. @available
 * is replaced by what is enabled in the end. An error only if the plan needs what can't be. */
int controllers_enable(const struct cgroup_plan *plan, int dirfd, const char *path,
		       char available[CGROUP_TEXT_SIZE], struct error *err);

/* freeze.c: a process of the cgroup for an error text, "process 1234 (dd), which waits
 * uninterruptibly in io_schedule": with @stuck one in such a wait if there is any. */
void cgroup_describe_process(int cgroupfd, bool stuck, char *ret_text, size_t size);

/* apply.c: why a write, or the look at a file before it, failed with @errnum. Returns -1. */
int cgroup_write_refused(int cgroupfd, const struct cgroup_write *write, int errnum,
			 struct error *err);

/* changes.c: does it lower a limit? */
bool change_shrinks(const struct cgroup_change *change);

/* What a transaction has got back, in bytes. */
struct reclaim {
	uint64_t first; /* in use when it began */
	uint64_t used;	/* in use now */
	int64_t for_ms; /* each memory_reclaim() at most */
};

/* shrink.c: have the kernel reclaim until no more than @limit less a margin is in use, for
 * reclaim->for_ms at most. It ends early where nothing more is to be had, and on a signal that is pending
 * for us. Below Linux 5.19 it only looks. */
int memory_reclaim(const struct cgroup_door *door, uint64_t limit, struct reclaim *reclaim,
		   struct error *err);

/* shrink.c: is no more than @limit less a margin in use? Sets reclaim->used. */
int memory_fits(const struct cgroup_door *door, uint64_t limit, struct reclaim *reclaim,
		bool *ret_fits, struct error *err);

/* shrink.c: memory that is in use forbids the change. Returns -1. */
int memory_refused(const struct cgroup_change *change, const struct reclaim *reclaim,
		   struct error *err);

/* shrink.c: memory that is in use keeps the old value of the change from being written back. Returns -1. */
int memory_stays(const struct cgroup_change *change, const struct reclaim *reclaim,
		 struct error *err);

/* shrink.c: a lower memory.swap.max with more swap in use doesn't bring that back: is there room for
 * it in memory? @changes tells the limits that are to be. */
int swap_check(const struct cgroup_door *door, const struct cgroup_changes *changes,
	       struct error *err);

/* transaction.c: the number in a file of the cgroup. 1, 0 if the file isn't there or holds none, -1
 * with @err. */
int door_number(const struct cgroup_door *door, const char *file, uint64_t *ret_number,
		struct error *err);
