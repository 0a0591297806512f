/* What rootfs_plan() decided. Private to this room. */
#pragma once

#include <sys/types.h>

#include "libcontainer/rootfs/option.h"
#include "libcontainer/rootfs/rootfs.h"

enum mount_kind {
	MOUNT_FILESYSTEM, /* a new instance of .type */
	MOUNT_BIND,	  /* a clone of .source */
	MOUNT_CHANGE,	  /* "remount": what is at the destination gets other options */
};

/* The ids of an idmapped mount. */
struct idmap {
	const char *uid_map, *gid_map; /* as /proc/PID/uid_map takes them; NULL: those of … */
	const char *user_namespace;    /* … the user namespace at this path */
	bool recursive;
};

struct mount_plan {
	enum mount_kind kind;
	const char *destination; /* absolute, clean */
	int resolve;		 /* PATH_… for the destination */
	bool on_proc;		 /* the destination may lie in a procfs */
	const char *type;	 /* as the kernel calls it */
	const char *source;	 /* of a bind: absolute, on the host; NULL: none */
	struct mount_options options;
	enum rootfs_source from;
	const struct idmap *idmap;
	bool old_api;	     /* has an option that only mount(2) can say */
	bool keep_mode;	     /* a tmpfs takes over the mode of the directory that it covers */
	bool gid_optional;   /* gid= may have no mapping in the user namespace */
	bool readonly_later; /* must be written to before it becomes read-only */
	const char *label;   /* what its root gets as security.selinux; NULL: nothing */
	const struct mount_plan *instead; /* if the kernel allows no new instance; NULL: error */
};

struct device_plan {
	const char *path; /* absolute, clean */
	const char *name; /* relative to /dev; NULL if it lies elsewhere */
	mode_t mode;	  /* type and permissions */
	dev_t device;
	uid_t uid;
	gid_t gid;
};

struct rootfs_plan {
	const char *bundle;
	const char *root;	    /* absolute */
	const char *root_in_bundle; /* relative to the bundle, in which it must lie; NULL */
	enum rootfs_source root_from;
	bool readonly;
	bool mount_namespace, user_namespace, no_pivot;
	unsigned long propagation; /* of the root mount, MS_…; 0: not given */
	unsigned long isolation;   /* of the host's mounts meanwhile: MS_SLAVE, _PRIVATE, _SHARED */
	LIST(struct mount_plan) mounts;
	bool devices_wanted; /* false if the config binds /dev */
	LIST(struct device_plan) devices;
	struct strings masked_paths, readonly_paths;
	const struct mount_plan *empty; /* the directory that covers masked ones */
	int *readonly_later;		/* room for struct rootfs' descriptors */
};

/* What the planning functions share. */
struct planner {
	const struct config *config;
	const struct rootfs_request *request;
	struct arena *arena;
	struct rootfs_plan *plan;
};

/* plan_mount.c, plan_device.c */
int plan_mounts(const struct planner *planner, struct error *err);
int plan_devices(const struct planner *planner, struct error *err);
const struct mount_plan *plan_empty(const struct planner *planner);

/* Copies: of a path of the host, relative ones in the bundle; of one of the container, made
 * absolute and clean (NULL on failure). */
char *plan_host_path(const struct planner *planner, const char *path);
const char *plan_clean_path(const struct planner *planner, const char *path, struct error *err);

/* root.c: the parent's part of rootfs_open_source() for ROOTFS_ROOT. */
int root_open_detached(const struct rootfs_plan *plan, struct error *err);
