/* The container's cgroup (cgroup v2 only): where it is, its limits, its device program, and what is
 * done to all of its processes at once.
 *
 *	cgroup_plan            path, knobs, device program         plan.c path.c knobs.c v1_only.c device_program.c
 *	cgroup_create          controllers, mkdir, fit for use?    create.c controllers.c hierarchy.c
 *	                       (systemd.h: by systemd)
 *	   clone3(CLONE_INTO_CGROUP); init makes its mounts, helpers come and go
 *	device_program_load    meanwhile                           device_attach.c
 *	device_program_attach  mounts are made, hooks are to run
 *	cgroup_apply           limits and ownership                apply.c delegate.c
 *	   CREATED
 *
 * Nothing is limited before cgroup_apply(), so that no limit refuses or charges a helper of ours.
 * A path is always text from the root of the v2 hierarchy ("/a/b"); a cgroup that exists is a
 * descriptor of its directory. All functions run in the parent or a later command, never in init.
 */
#pragma once

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "oci/config.h"

enum cgroup_manager {
	CGROUP_CGROUPFS, /* we make and write it ourselves */
	CGROUP_SYSTEMD,	 /* systemd makes it, as a transient scope */
	CGROUP_DISABLED, /* the container stays where its creator is */
};

/* "cgroupfs", "systemd", "disabled": the words of --cgroup-manager and of the state. */
extern const struct name_value cgroup_manager_names[];
const char *cgroup_manager_name(enum cgroup_manager manager);

/* ---- the plan ---- */

/* What the plan of a scope needs to know of the systemd that makes it. */
struct systemd_facts {
	bool user; /* the user's own manager, not the machine's */
	unsigned int version;
	const char *root; /* the path of the cgroup of its root slice, "" for "/" */
};

struct cgroup_request {
	enum cgroup_manager manager;
	const struct systemd_facts *systemd; /* of the manager systemd, else NULL */
	const char *id;			     /* of the container */
	bool rootless;			     /* euid isn't 0, or we are in a user namespace */
	const char *own; /* our own cgroup (cgroup_of); needed when rootless, else may be NULL */
};

/* One write(2) into one file of the cgroup. */
struct cgroup_write {
	const char *file;	/* "memory.max" */
	const char *value;	/* what is written, without a newline */
	const char *property;	/* where it comes from: "linux.resources.memory.limit" */
	const char *controller; /* that brings the file; NULL: every cgroup has it */
	bool harmless;		/* a file that isn't there is fine: the value limits nothing */
	bool alternative;	/* only if the file of the write before this one isn't there */
};

struct cgroup_writes {
	struct cgroup_write *items;
	size_t count;
};

/* A program of type BPF_PROG_TYPE_CGROUP_DEVICE; count 0: none. */
struct device_program {
	struct bpf_insn *insns;
	size_t count;
};

struct cgroup_plan {
	enum cgroup_manager manager;
	bool rootless;
	bool asked;		     /* the config names a path or sets a limit */
	char *path;		     /* NULL: no cgroup (manager disabled) */
	struct unit_plan *unit;	     /* of the manager systemd (systemd.h), else NULL */
	struct strings controllers;  /* that the writes need */
	struct cgroup_writes writes; /* in the order in which they are made */
	struct device_program devices;
	bool delegate; /* to owner, a uid of the host (config-linux.md, Cgroup ownership) */
	uid_t owner;
	const char *warning; /* what the caller should tell people, NULL */
};

/* Decide all from linux.cgroupsPath, linux.resources, the mounts and the id maps. Pure. Errors: a
 * value out of its range, a property that only cgroup v1 knows (ERROR_UNSUPPORTED), a path that
 * isn't one. err->object is the property. */
int cgroup_plan(const struct config *config, const struct cgroup_request *request,
		struct arena *arena, struct cgroup_plan **ret_plan, struct error *err);

/* Only the knobs of @resources; a value that isn't given makes no write. Pure. */
int cgroup_plan_writes(const struct config_resources *resources, struct arena *arena,
		       struct cgroup_writes *ret_writes, struct error *err);

/* Compile linux.resources.devices and the devices that every container has into a program. Rules
 * are applied in the listed order: for each of read, write and mknod the last rule that matches the
 * device decides; what no rule matches is refused. Pure. */
int device_program_compile(const struct config_resources *resources, struct arena *arena,
			   struct device_program *ret_program, struct error *err);

/* ---- create ---- */

struct cgroup {
	int fd; /* O_RDONLY | O_DIRECTORY, for clone3(CLONE_INTO_CGROUP); -1: the container has none
		 */
	bool created; /* by us, not found: what a failed create has to remove */
};

#define CGROUP_INIT                                                                                \
	{                                                                                          \
		.fd = -1                                                                           \
	}

/* Enable the controllers in every ancestor, make the cgroup, and see that it is fit for use: no
 * process in it ("container's cgroup is not empty: N process(es) found"), not frozen ("container's
 * cgroup unexpectedly frozen"), not threaded. A controller that the plan needs and that can't be
 * had is ERROR_UNSUPPORTED: the text names controller, ancestor, reason and cure. Without
 * permission a rootless caller who asked for nothing gets no cgroup (fd -1) and no error; so does
 * the manager "disabled". Where it fails, what it made is removed again. The caller writes
 * plan->path into the state before. */
int cgroup_create(const struct cgroup_plan *plan, struct cgroup *ret_cgroup, struct error *err);

/* Load the plan's device program; its descriptor, or -1 where there is none: without cgroup, or
 * refused to a rootless caller, from whom device nodes are out of reach anyway. This takes the
 * kernel a while: best done while init is busy. */
int device_program_load(const struct cgroup_plan *plan, int *ret_fd, struct error *err);

/* Attach a loaded program to the cgroup, in place of one that we attached before. After init has
 * made its mounts (the source of one may be a device that the container itself can't open), before
 * the hooks run (which may attach their own). A descriptor of -1: nothing. */
int device_program_attach(int cgroupfd, int program, struct error *err);

/* Write the knobs, then hand the cgroup to its owner. After our own helpers have left it, before
 * CREATED. @cgroupfd -1 (no cgroup): nothing. A limit that can't be applied is an error that names
 * property, file, reason and cure. */
int cgroup_apply(const struct cgroup_plan *plan, int cgroupfd, struct error *err);

/* Give the cgroup to @uid and @gid (-1: as it is): the directory and the files that the kernel
 * lists in /sys/kernel/cgroup/delegate, nothing else. */
int cgroup_delegate(int cgroupfd, uid_t uid, gid_t gid, struct error *err);

/* ---- whose it is ---- */

/* Two containers can have one path, one after the other or from two state roots: an empty cgroup is taken. A mark on it
 * tells whose it is, so that who deletes the one kills nobody of the other. */
#define CGROUP_MARK_SIZE 64

enum cgroup_owner {
	CGROUP_OWN,	 /* it has the mark */
	CGROUP_ANOTHERS, /* it has another one */
	CGROUP_NOBODYS,	 /* it has none: no container's, or of one whose create was killed before it marked it */
};

/* Put the mark on it, in place of another, with whether a container of ours @made it or found it. Where the kernel has no
 * place for it, or the caller isn't the machine's root, -1 and errno. Away with it, from one that stays. */
int cgroup_mark(int cgroupfd, const char *mark, bool made);
void cgroup_unmark(int cgroupfd);

/* Has a container of ours made it that is to be removed with it? Who takes it over removes it in that one's place. */
bool cgroup_was_made(int cgroupfd);

/* Whose it is, for the container with that mark. */
enum cgroup_owner cgroup_owner(int cgroupfd, const char *mark);

/* ---- one that exists ---- */

/* Open a cgroup by its path. A missing one has err->errnum ENOENT. */
int cgroup_open(const char *path, struct error *err);

/* Where the v2 hierarchy is mounted, in @arena; NULL if it is nowhere. */
char *cgroup_mount_point(struct arena *arena);

/* Is there a cgroup at this path? Asked before cgroup_create() by who writes down beforehand what is
 * going to be made. */
bool cgroup_exists(const char *path);

/* The path of the cgroup of a process (0: our own), in @arena. A dead one has err->errnum ESRCH or
 * ENOENT. */
int cgroup_of(pid_t pid, struct arena *arena, char **ret_path, struct error *err);

/* May we put a process into the cgroup @path? A user needs to be allowed to write not only there, but also where
 * the way from his own cgroup turns down (kernel: cgroup-v2.rst, Delegation Containment). */
bool cgroup_may_enter(const char *path);

/* Move a process into the cgroup. Slow after a pause (an RCU grace period): where it can be,
 * clone3(CLONE_INTO_CGROUP) is used instead. */
int cgroup_attach(int cgroupfd, pid_t pid, struct error *err);

/* All processes in the cgroup and below, as our pid namespace numbers them, in no order. */
int cgroup_pids(int cgroupfd, struct arena *arena, pid_t **ret_pids, size_t *ret_count,
		struct error *err);

/* Send @signal to every process in the cgroup and below. SIGKILL is one write to cgroup.kill, which
 * misses none and also reaches the frozen. Others go to one process after the other, until none is
 * new: none is missed if the cgroup is frozen meanwhile, which is the caller's business, and a
 * signal that a process catches waits there. Where the cgroup's files can't be written (a read-only mount) each process gets
 * the signal all the same, one after the other. An empty cgroup is fine. */
int cgroup_signal(int cgroupfd, int signal, struct error *err);

/* Freeze, and return once every process is frozen. After @deadline_ms it is thawed again and the
 * error (ERROR_BUSY) names a process that doesn't freeze and what it waits for; it is thawed on
 * every other failure too, and where a signal that ends us waits (base/termination.h). */
int cgroup_freeze(int cgroupfd, unsigned int deadline_ms, struct error *err);
int cgroup_thaw(int cgroupfd, struct error *err);

/* As cgroup_freeze() where somebody else has told it to freeze: it only waits, and thaws nothing. */
int cgroup_await_frozen(int cgroupfd, unsigned int deadline_ms, struct error *err);

/* Is it to be frozen, by itself? A freeze that was killed in the middle leaves that, whether all are frozen or not. */
bool cgroup_is_to_freeze(int cgroupfd);

/* Thaw the cgroup @path, and return once every process goes on. Where one above it is frozen they can't: ERROR_STATE
 * names it. ERROR_BUSY after @deadline_ms. */
int cgroup_resume(int cgroupfd, const char *path, unsigned int deadline_ms, struct error *err);

/* Is it frozen now, by itself or with an ancestor? */
int cgroup_frozen(int cgroupfd, bool *ret_frozen, struct error *err);

/* How many processes in it and below were killed for memory; 0 without the memory controller. */
int cgroup_oom_kills(int cgroupfd, uint64_t *ret_count, struct error *err);

/* The same from its open memory.events, which has POLLPRI from then on when there are more. -1 with errno set. */
int cgroup_read_oom_kills(int fd, uint64_t *ret_count);

/* Its limit, to be added to the text of an error: ": its limit memory.max is 65536 bytes", "" if the cgroup is gone. */
void cgroup_limit_text(int cgroupfd, char *ret_text, size_t size);

/* @err tells that the container's first process died before its program ran. Where it was killed for memory, that is
 * told in its place (ERROR_MEMORY), with the limit and what it takes: true. */
bool cgroup_explain_death(int cgroupfd, struct error *err);

/* Remove the cgroup and all below it, from the bottom up, to any depth. It kills nothing: processes
 * that are still ending are waited for up to @deadline_ms, then ERROR_BUSY names one. A missing one
 * is fine. Ancestors stay. */
int cgroup_remove(const char *path, unsigned int deadline_ms, struct error *err);
