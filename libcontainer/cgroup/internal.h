/* What the files of this room share among themselves. */
#pragma once

#include <dirent.h>
#include <fcntl.h>

#include "libcontainer/cgroup/cgroup.h"

/* cgroupfs gives no file that we read as a whole a length near this. */
#define CGROUP_LINES_LIMIT (1 << 24)

/* Enough for a list of controllers, cgroup.events, memory.events, cgroup.type. */
#define CGROUP_TEXT_SIZE 1024

/* Address space for the pids of a whole machine (at most 2^22). */
#define CGROUP_PIDS_ARENA (1 << 26)

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

/* events.c: milliseconds of CLOCK_MONOTONIC. */
int64_t cgroup_now_ms(void);

/* hierarchy.c: the cgroups right below @dirfd, NULL with errno set where they can't be listed; then the
 * name of one after the other, NULL at the end. */
DIR *cgroup_children(int dirfd);
const char *cgroup_next_child(DIR *children);

/* hierarchy.c: is @word one of the words of @list, which are separated by spaces? */
bool word_in(const char *list, const char *word);

/* controllers.c: what the plan needs must be among what the root of the hierarchy offers. */
int controllers_check(const struct cgroup_plan *plan, int hierarchy, const char *offered,
		      struct error *err);

/* controllers.c: enable in @dirfd, the cgroup @path, all of @available for its children. @available
 * is replaced by what is enabled in the end. An error only if the plan needs what can't be. */
int controllers_enable(const struct cgroup_plan *plan, int dirfd, const char *path,
		       char available[CGROUP_TEXT_SIZE], struct error *err);

/* freeze.c: a process of the cgroup for an error text, "process 1234 (dd), which waits
 * uninterruptibly in io_schedule": with @stuck one in such a wait if there is any. */
void cgroup_describe_process(int cgroupfd, bool stuck, char *ret_text, size_t size);
