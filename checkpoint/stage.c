#include "checkpoint/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "libcontainer/rootfs/rootfs.h"

/* ---- the container as create would make it ---- */

/* What init would ask for; *ret_source is -1 where it makes the source itself. */
static int open_source(const struct rootfs_plan *plan, size_t index, int *ret_source,
		       struct error *err)
{
	int tree = -1;

	switch (rootfs_source(plan, index)) {
	case ROOTFS_SOURCE_OWN:
		break;
	case ROOTFS_SOURCE_PARENT:
		tree = rootfs_open_source(plan, index, err);
		if (tree < 0)
			return -1;
		break;
	case ROOTFS_SOURCE_PROCFS: /* any procfs: CRIU mounts the right one */
		tree = open_tree(AT_FDCWD, "/proc", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
		if (tree < 0)
			return error_errno(err, errno, "/proc", "clone /proc");
	}
	*ret_source = tree;
	return 0;
}

/* A stage in the making. */
struct making {
	const struct stage *stage;
	struct rootfs rootfs;
	int directory;
	/* mounts that only stand in for those that CRIU makes: made out here, a procfs shows the host's processes */
	struct buffer stand_ins; /* of their ids, uint64_t */
};

static int note_stand_in(struct making *making, size_t index, struct error *err)
{
	const char *at, *type = rootfs_new_filesystem(making->stage->plan->rootfs, index, &at);
	struct mount_identity identity;
	_cleanup_fd_ int fd = -1;

	if (!type || !mount_type_is_own(type))
		return 0;
	fd = path_open(making->rootfs.root, at, 0, err);
	if (fd < 0 || mount_identify(fd, &identity, err) < 0)
		return -1;
	buffer_add(&making->stand_ins, &identity.id, sizeof(identity.id));
	if (buffer_failed(&making->stand_ins))
		return error_set(err, ERROR_MEMORY, at, "no memory");
	return 0;
}

static bool is_stand_in(const struct making *making, uint64_t id)
{
	const char *ids = making->stand_ins.bytes;

	for (size_t at = 0; at < making->stand_ins.length; at += sizeof(id))
		if (memcmp(ids + at, &id, sizeof(id)) == 0)
			return true;
	return false;
}

static int mount_all(struct making *making, struct error *err)
{
	const struct rootfs_plan *plan = making->stage->plan->rootfs;

	for (size_t i = 0; i < rootfs_mount_count(plan); i++) {
		_cleanup_fd_ int source = -1;

		if (open_source(plan, i, &source, err) < 0 ||
		    rootfs_mount(plan, &making->rootfs, i, source, err) < 0 ||
		    note_stand_in(making, i, err) < 0)
			return -1;
	}
	return rootfs_devices(plan, &making->rootfs, err);
}

/* ---- the stage ---- */

static int set_up(const char *directory, struct error *err)
{
	_cleanup_fd_ int fs = fsopen("tmpfs", FSOPEN_CLOEXEC), mount = -1;

	if (fs < 0 || fsconfig(fs, FSCONFIG_SET_STRING, "mode", "0755", 0) < 0 ||
	    fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return error_errno(err, errno, directory, "make a tmpfs for the restore");
	mount = fsmount(fs, FSMOUNT_CLOEXEC, 0);
	if (mount < 0 || move_mount(mount, "", AT_FDCWD, directory, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return error_errno(err, errno, directory, "mount a tmpfs at %s", directory);
	return open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int add(int stage, const char *key, int tree, struct error *err)
{
	_cleanup_fd_ int target = -1;
	struct stat st;

	if (fstat(tree, &st) < 0)
		return error_errno(err, errno, key, "look at a mount");
	if (S_ISDIR(st.st_mode) ? mkdirat(stage, key, 0755) < 0
				: mknodat(stage, key, S_IFREG | 0600, 0) < 0)
		return error_errno(err, errno, key, "make a mountpoint for CRIU");
	target = openat(stage, key, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (target < 0 ||
	    move_mount(tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return error_errno(err, errno, key, "put a mount where CRIU finds it");
	return 0;
}

static int clone_mount(const struct making *making, int fd, const char *mountpoint,
		       struct error *err)
{
	struct mount_identity identity;
	struct statx stx;
	int tree;

	if (statx(fd, "", AT_EMPTY_PATH, 0, &stx) < 0)
		return error_errno(err, errno, mountpoint, "look at %s", mountpoint);
	if (mount_identify(fd, &identity, err) < 0)
		return -1;
	if (!(stx.stx_attributes & STATX_ATTR_MOUNT_ROOT) || is_stand_in(making, identity.id))
		return error_set(
		    err, ERROR_REFUSED, mountpoint,
		    "the checkpoint has a mount of the host at %s, the config has none "
		    "there: add it to mounts, or give --external mnt[%s]:SOURCE",
		    mountpoint, mountpoint);
	tree = open_tree(fd, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	return tree < 0 ? error_errno(err, errno, mountpoint, "clone the mount at %s", mountpoint)
			: tree;
}

/* The verified /dev/null of the host. All masked files have the one key. */
static int add_mask(int directory, const struct rootfs *rootfs, const char *mountpoint,
		    struct error *err)
{
	if (faccessat(directory, MANIFEST_MASK, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	if (rootfs->null < 0)
		return error_set(err, ERROR_REFUSED, mountpoint,
				 "the checkpoint has %s masked, the config masks nothing",
				 mountpoint);
	return add(directory, MANIFEST_MASK, rootfs->null, err);
}

/* What the caller gave by --external mnt[MOUNTPOINT]:SOURCE, or by its key; his word stands above the config. */
static int add_given(int directory, const struct manifest_mount *mount, const char *source,
		     struct error *err)
{
	_cleanup_fd_ int tree = open_tree(AT_FDCWD, source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (tree < 0)
		return error_errno(err, errno, source, "--external: open the source %s", source);
	return add(directory, mount->key, tree, err);
}

static int add_external(const struct making *making, const struct manifest_mount *mount,
			struct error *err)
{
	const struct strings *all = making->stage->given;
	const char *given = stage_given(all, mount->mountpoint) ?: stage_given(all, mount->key);
	_cleanup_fd_ int fd = -1, tree = -1;

	if (given)
		return add_given(making->directory, mount, given, err);
	if (strcmp(mount->key, MANIFEST_MASK) == 0)
		return add_mask(making->directory, &making->rootfs, mount->mountpoint, err);
	fd = path_open(making->rootfs.root, mount->mountpoint, PATH_NO_SYMLINKS, err);
	if (fd < 0)
		return error_prefix(err, "find the mount at %s that the checkpoint has",
				    mount->mountpoint);
	tree = clone_mount(making, fd, mount->mountpoint, err);
	return tree < 0 ? -1 : add(making->directory, mount->key, tree, err);
}

const char *stage_given(const struct strings *given, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < given->count; i++) {
		const char *text = given->items[i];

		if (text_starts(text, "mnt[") && strncmp(text + 4, name, length) == 0 &&
		    text_starts(text + 4 + length, "]:"))
			return text + 4 + length + 2;
	}
	return NULL;
}

/* What was set up for its mountpoints and clones goes again. It may lie over "/", and who has a root below another
 * mount can make no user namespace. */
static int take_down(struct rootfs *rootfs, struct error *err)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", rootfs->root);
	if (umount2(path, MNT_DETACH) < 0)
		return error_errno(err, errno, NULL, "take down the stage of the restore");
	rootfs_close(rootfs);
	return 0;
}

static int make(struct making *making, struct error *err)
{
	const struct stage *stage = making->stage;
	const struct rootfs_plan *plan = stage->plan->rootfs;
	_cleanup_fd_ int root = -1, source = -1;

	if (unshare(CLONE_NEWNS) < 0)
		return error_errno(err, errno, NULL, "make a mount namespace for CRIU");
	/* before anything is mounted in it */
	root = rootfs_open_source(plan, ROOTFS_ROOT, err);
	if (root < 0)
		return -1;
	if (open_source(plan, ROOTFS_ROOT, &source, err) < 0 ||
	    rootfs_begin(plan, source, &making->rootfs, err) < 0 || mount_all(making, err) < 0)
		return -1;
	making->directory = set_up(stage->directory, err);
	if (making->directory < 0 || add(making->directory, STAGE_ROOT, root, err) < 0)
		return -1;
	for (size_t i = 0; i < stage->manifest->mounts.count; i++)
		if (add_external(making, &stage->manifest->mounts.items[i], err) < 0)
			return -1;
	return take_down(&making->rootfs, err);
}

int stage_build(void *stage, struct error *err)
{
	struct making making = {
		.stage = stage,
		.rootfs = ROOTFS_INIT,
		.directory = -1,
		.stand_ins = BUFFER_INIT,
	};
	int result = make(&making, err);

	cleanup_fd_(&making.directory);
	buffer_free(&making.stand_ins);
	return result;
}

/* ---- afterwards ---- */

/* Do both paths lead CRIU to the same file, the first through no link? */
static bool same_file(pid_t criu, const char *path, const char *other)
{
	struct error ignored = ERROR_INIT;
	_cleanup_fd_ int root = -1, one = -1, two = -1;
	struct stat first, second;
	char link[64];

	snprintf(link, sizeof(link), "/proc/%d/root", (int)criu);
	root = open(link, O_PATH | O_DIRECTORY | O_CLOEXEC);
	one = root < 0 ? -1 : path_open(root, path, PATH_NO_SYMLINKS, &ignored);
	two = root < 0 ? -1 : path_open(root, other, PATH_NO_SYMLINKS, &ignored);
	return one >= 0 && two >= 0 && fstat(one, &first) == 0 && fstat(two, &second) == 0 &&
	       first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

int stage_path(const struct stage *stage, pid_t criu, const char *key, struct arena *arena,
	       const char **ret_path, bool *ret_idmapped, struct error *err)
{
	const char *staged = arena_printf(arena, "%s/%s", stage->directory, key), *wide = NULL;
	const struct mount_info *mount;
	struct mountinfo_list list;

	if (mounts_read(criu, arena, &list, err) < 0)
		return -1;
	mount = mounts_find(&list, staged);
	if (mount && !mount->idmapped)
		wide = mounts_wide_path(&list, mount, arena);
	*ret_idmapped = mount && mount->idmapped;
	*ret_path = wide && same_file(criu, wide, staged) ? wide : staged;
	return 0;
}
