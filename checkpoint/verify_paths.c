/* The other direction: is in the container what the config wants there? Paths are looked up as create does it, and then it is
 * asked in which mount they are. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "checkpoint/judgement.h"
#include "libcontainer/rootfs/rootfs.h"

struct place {
	struct stat st;
	const struct mount_info *mount; /* in which it is; NULL: there is no such path */
};

struct inside {
	const struct judgement *judgement;
	const struct config *config;
	const struct mountinfo_list *list;
	int root;
};

static int look(const struct inside *inside, const char *path, struct place *ret_place,
		struct error *err)
{
	struct error missing = ERROR_INIT;
	_cleanup_fd_ int fd = path_open(inside->root, path, 0, &missing);
	struct mount_identity identity;

	*ret_place = (struct place){ .mount = NULL };
	if (fd < 0 && missing.errnum == ENOENT)
		return 0;
	if (fd < 0) {
		*err = missing;
		return -1;
	}
	if (fstat(fd, &ret_place->st) < 0)
		return error_errno(err, errno, path, "look at %s", path);
	if (mount_identify(fd, &identity, err) < 0)
		return -1;
	for (size_t i = 0; i < inside->list->count; i++)
		if (inside->list->items[i].id == identity.id)
			ret_place->mount = &inside->list->items[i];
	return 0;
}

static int refuse(const char *path, const char *what, struct error *err)
{
	return error_set(err, ERROR_REFUSED, path,
			 "what CRIU has restored at %s is not what the config says: %s", path,
			 what);
}

/* ---- mounts ---- */

static int verify_mount(const struct inside *inside, const struct config_mount *wanted,
			struct error *err)
{
	struct arena *arena = inside->judgement->verify->arena;
	const struct mount_info *mount;
	struct place place;

	if (look(inside, wanted->destination, &place, err) < 0)
		return -1;
	mount = place.mount;
	if (!mount)
		return refuse(wanted->destination, "it is not there", err);
	if (!rootfs_is_remount(wanted, arena) && !mount_is_new(mount, wanted, arena) &&
	    !mount_is_same(mount, judgement_staged(inside->judgement, mount->mountpoint)))
		return refuse(wanted->destination, "it isn't mounted", err);
	if (!mount_forbids(mount, rootfs_attributes(wanted, arena)))
		return refuse(wanted->destination,
			      "an option like ro, nosuid, nodev or noexec is missing", err);
	return 0;
}

/* ---- paths ---- */

/* /dev/null, or an empty directory. */
static bool is_masked(const struct place *place)
{
	if (S_ISDIR(place->st.st_mode))
		return strcmp(place->mount->type, "tmpfs") == 0 &&
		       mount_forbids(place->mount, MOUNT_ATTR_RDONLY);
	return S_ISCHR(place->st.st_mode) && place->st.st_rdev == makedev(1, 3);
}

static int verify_masks(const struct inside *inside, struct error *err)
{
	const struct strings *masks = &inside->config->linux_->masked_paths;
	struct place place;

	for (size_t i = 0; i < masks->count; i++) {
		if (look(inside, masks->items[i], &place, err) < 0)
			return -1;
		if (place.mount && !is_masked(&place))
			return refuse(masks->items[i], "it isn't masked", err);
	}
	return 0;
}

static int verify_readonly(const struct inside *inside, struct error *err)
{
	const struct config_linux *config = inside->config->linux_;
	struct place place;

	for (size_t i = 0; i < config->readonly_paths.count; i++) {
		const char *path = config->readonly_paths.items[i];

		if (text_in(&config->masked_paths, path))
			continue;
		if (look(inside, path, &place, err) < 0)
			return -1;
		if (place.mount && !mount_forbids(place.mount, MOUNT_ATTR_RDONLY))
			return refuse(path, "it isn't read-only", err);
	}
	return 0;
}

int verify_paths(const struct judgement *judgement, const struct mountinfo_list *list, int root,
		 struct error *err)
{
	const struct config *config = judgement->verify->config;
	const struct inside inside = { judgement, config, list, root };

	if (mounts_are_free(config))
		return 0;
	for (size_t i = 0; i < config->mounts.count; i++)
		if (!mounts_cover(config, i, judgement->verify->arena) &&
		    verify_mount(&inside, &config->mounts.items[i], err) < 0)
			return -1;
	return verify_masks(&inside, err) < 0 ? -1 : verify_readonly(&inside, err);
}
