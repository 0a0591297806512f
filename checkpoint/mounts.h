/* The mounts of a container as the kernel lists them (proc_pid_mountinfo(5)), and which of them are the host's: those
 * CRIU can't put into images, and is told of as external mounts. What is listed is believed, not what the config
 * says: a container may have moved its mounts, and somebody may have added some. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "oci/config.h"

/* What a mount can forbid, as mount_setattr(2) says it. */
#define MOUNT_RESTRICTIONS                                                                         \
	(MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC |            \
	 MOUNT_ATTR_NOSYMFOLLOW)

struct mount_info {
	uint64_t id;
	dev_t device;	  /* of the filesystem */
	char *root;	  /* what of the filesystem is mounted */
	char *mountpoint; /* as the process sees it */
	char *type;
	uint64_t restrictions; /* of the mount, not of its filesystem: MOUNT_RESTRICTIONS */
	bool idmapped;
};

struct mountinfo_list {
	struct mount_info *items;
	size_t count;
};

/* All mounts of a process of ours, in @arena. */
int mounts_read(pid_t pid, struct arena *arena, struct mountinfo_list *ret_list, struct error *err);
/* The same of a text. Pure. */
void mounts_parse(const char *text, struct arena *arena, struct mountinfo_list *ret_list);

/* The last mount on @mountpoint, NULL if there is none. Pure. */
const struct mount_info *mounts_find(const struct mountinfo_list *list, const char *mountpoint);

/* Those of @container that are external: binds of what @host, our own mounts, has as well, and binds that the config
 * names; not the root, nor what the container made itself, nor binds of parts of its own filesystems. Pure. */
void mounts_external(const struct mountinfo_list *container, const struct mountinfo_list *host,
		     const struct config *config, struct arena *arena,
		     struct mountinfo_list *ret_external);

/* Does what the config mounts later, or masks, lie over its mount of that @index? A remount covers only its own place. Pure. */
bool mounts_cover(const struct config *config, size_t index, struct arena *arena);

/* Does the config bind something at @mountpoint, and mount another thing over it later? Pure. */
bool mounts_hide(const struct config *config, const char *mountpoint, struct arena *arena);

/* May CRIU make a filesystem of that type anew, for nothing of the host is in it? Pure. */
bool mount_type_is_own(const char *type);

/* What a restored mount is judged by. */
struct mounts_judge {
	const struct config *config;
	const char *cgroup;	/* of the container, as mountinfo has it; NULL */
	const dev_t *elsewhere; /* the filesystems that are mounted outside of the container */
	size_t elsewhere_count;
	const struct strings *enabled; /* types of filesystems that the caller allows besides */
	struct arena *arena;	       /* for what is needed meanwhile */
};

/* Is it a filesystem that only the container has, of a type with nothing of the host in it, or of one that the caller allows?
 * One that leads into the kernel (proc, sysfs, cgroup2) must moreover be where the config has it, unless the config lets the
 * container mount. Pure. */
bool mount_is_own(const struct mount_info *mount, const struct mounts_judge *judge);

/* Does the config let the container mount and unmount? Then its mounts are its own affair. Pure. */
bool mounts_are_free(const struct config *config);

/* Is it a new filesystem of the type that @wanted, a mount of the config, asks for? Pure. */
bool mount_is_new(const struct mount_info *mount, const struct config_mount *wanted,
		  struct arena *arena);

/* Does it forbid all that is in @restrictions? Pure. */
bool mount_forbids(const struct mount_info *mount, uint64_t restrictions);

/* Is it the same part of the same filesystem? NULL is none. Pure. */
bool mount_is_same(const struct mount_info *mount, const struct mount_info *other);

/* Is it what @root is, or a part of that? Pure. */
bool mount_is_within(const struct mount_info *mount, const struct mount_info *root);

/* Is it the host's /dev/null, over a masked file? Pure. */
bool mount_is_mask(const struct mount_info *mount, const struct config *config);

/* A path at which @mount's root can be reached through the widest mount of its filesystem in @list; NULL if there is none
 * other than itself. In @arena; pure, so whoever uses it has to see that nothing lies over it. */
const char *mounts_wide_path(const struct mountinfo_list *list, const struct mount_info *mount,
			     struct arena *arena);
