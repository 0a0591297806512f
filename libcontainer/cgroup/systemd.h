/* The cgroup manager systemd: it makes the container's cgroup, as that of a transient scope, and is told of
 * its limits, lest it write its own again some day (systemd.scope(5), systemd.resource-control(5)).
 *
 *	systemd_connect     start the helper, which connects to the bus             systemd.c
 *	unit_plan           slice and name, the properties, the path of the cgroup  systemd_unit.c
 *	systemd_start       a scope with a first process; it delegates its cgroup   systemd.c
 *	cgroup_adopt        is it what was planned, are the controllers there?      create.c
 *	   init, a child of that process, makes its mounts
 *	cgroup_apply        the files get the limits                                apply.c
 *	systemd_keep        what they say then is what the unit gets                systemd_keep.c
 *	systemd_end
 *
 * A scope can't be made without a process. It is the bridge, so that init is in its cgroup from its first
 * instruction, also where the caller has no right to put anybody there: a user may do that in his manager's part
 * of the tree, but not across its border, and his shell is on the other side.
 *
 * The files come first, the properties after them: the kernel tells what is wrong with a value, where systemd only
 * logs it; it completes and rounds what it takes; and lowering a limit of memory is done with care by who
 * writes the files. Where systemd rounds another way (CPU time to a hundredth) the file has the last word. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "libcontainer/cgroup/cgroup.h"

/* ---- properties ---- */

/* Of a unit, as D-Bus takes it: see systemd_message.h for the values. */
struct unit_property {
	const char *name, *signature;
	struct strings values;
};

struct unit_properties {
	struct unit_property *items;
	size_t count, capacity;
};

/* Add one with a copy of @count values, in place of one of the same name. All in @arena. */
void unit_property_set(struct unit_properties *properties, struct arena *arena, const char *name,
		       const char *signature, const char *const *values, size_t count);

/* The properties that stand for the content @text of the file @file of a cgroup, for a systemd of that version;
 * none for a file that systemd doesn't know. Pure. */
void unit_properties_of_file(const char *file, const char *text, unsigned int version,
			     struct arena *arena, struct unit_properties *properties);

/* The files that systemd writes, those that are put back first before those that they change, from 0 on; NULL after the
 * last. Some come twice. Pure. */
const char *unit_file(size_t index);

/* Has systemd a property for the file? Is that, or that it has none, known? The latter is for the test that goes through
 * all knobs. Pure. */
bool unit_has_property(const char *file);
bool unit_knows_file(const char *file);

/* DevicePolicy and DeviceAllow: at least what the device program lets through. Both must allow, so the program
 * decides; a list that can't say "not" need not. Errors as those of device_program_compile(). Pure. */
int unit_device_properties(const struct config_resources *resources, struct arena *arena,
			   struct unit_properties *properties, struct error *err);

/* An annotation org.systemd.property.@name with a value in GVariant's text format: booleans, numbers, strings,
 * arrays and tuples of them, with or without their type. Seconds (…Sec) become microseconds (…USec). Errors:
 * ERROR_INVALID, with the annotation as its object. Pure. */
int unit_annotation(const char *name, const char *text, struct arena *arena,
		    struct unit_properties *properties, struct error *err);

/* ---- the unit ---- */

struct unit_plan {
	const char *name;		 /* "proa-web.scope" */
	struct unit_properties at_start; /* without PIDs */
	struct unit_properties devices; /* with the device program, once init has made its mounts */
	struct unit_properties limits;	/* from annotations, once our own processes have left */
};

/* The path of a slice below the root slice: "/a.slice/a-b.slice" for "a-b.slice", "" for "-.slice". NULL for what is no
 * name of a slice. Pure. */
char *slice_path(const char *slice, struct arena *arena);

/* Decide the unit and plan->path from linux.cgroupsPath ("slice:prefix:name"; system.slice, or user.slice for a user's
 * manager, "proa" and the id where nothing is said), resources and annotations. Pure. */
int unit_plan(const struct config *config, const struct cgroup_request *request,
	      struct arena *arena, struct cgroup_plan *plan, struct error *err);

/* ---- the helper ---- */

struct systemd {
	pid_t pid; /* of the helper; 0: none */
	int socket;
	struct systemd_facts facts;
	char root[4096]; /* what facts.root points to */
};

#define SYSTEMD_INIT                                                                               \
	{                                                                                          \
		.socket = -1                                                                       \
	}

/* Start the helper that lies beside the binary @executable, or else where it is installed, and have it connect:
 * to the bus of the machine, or of the user. Parent. ERROR_UNSUPPORTED where there is no helper, no systemd
 * or no bus, ERROR_REFUSED for a helper that others than root and the caller could have changed. */
int systemd_connect(const char *executable, bool user, struct systemd *ret_systemd,
		    struct error *err);

/* End the helper. Fine for one that was never started. Parent. */
void systemd_end(struct systemd *systemd);
#define _cleanup_systemd_ __attribute__((cleanup(systemd_end)))

/* Each asks systemd for one thing and waits for its end; ERROR_BUSY, and the helper ended, after 30 s. Parent.
 *
 * start: a scope with the process @pid. One of that name that has failed is cleared away; one that is active is
 * ERROR_STATE.
 * set: while it is there; forgotten with it.
 * attach: put a process into the cgroup @below ("" or "/a") that of the unit.
 * stop: kill what is in it, forget it. One that isn't there is fine. */
int systemd_start(struct systemd *systemd, const struct unit_plan *unit, pid_t pid,
		  struct error *err);
int systemd_set(struct systemd *systemd, const char *unit, const struct unit_properties *properties,
		struct error *err);
int systemd_attach(struct systemd *systemd, const char *unit, const char *below, pid_t pid,
		   struct error *err);
int systemd_stop(struct systemd *systemd, const char *unit, struct error *err);

/* Tell systemd, all at once, what the files of @writes say now, the device rules of @devices (NULL: they stay), and the @limits
 * (may be NULL): whatever it is told, it writes all files by what it knows. Then see that all that it writes still say what
 * they did; with @limits, those of @writes. Parent. */
int systemd_keep(struct systemd *systemd, const char *unit, int cgroupfd,
		 const struct cgroup_writes *writes, const struct config_resources *devices,
		 const struct unit_properties *limits, struct error *err);

/* The cgroup of a scope that has just been made with the process @pid: it must be plan->path and hold nobody
 * else. Controllers that systemd doesn't know are enabled down to it, as by cgroup_create(). Parent. */
int cgroup_adopt(const struct cgroup_plan *plan, pid_t pid, struct cgroup *ret_cgroup,
		 struct error *err);

/* The unit whose cgroup @path is: its last component. Pure. */
const char *unit_of_path(const char *path);
