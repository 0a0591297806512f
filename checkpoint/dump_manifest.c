/* checkpoint: the manifest, which names what lies outside the container. */
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "checkpoint/dump.h"
#include "checkpoint/mounts.h"
#include "checkpoint/stage.h"

const char *dump_given_key(const struct dump *dump, const char *mountpoint)
{
	return stage_given(&dump->options->criu.external, mountpoint);
}

/* Also those that the caller calls external. */
static int find_mounts(struct dump *dump, struct mountinfo_list *ret_external, struct error *err)
{
	struct mountinfo_list host, container, external;

	if (mounts_read(getpid(), &dump->arena, &host, err) < 0 ||
	    mounts_read((pid_t)dump->state->pid, &dump->arena, &container, err) < 0)
		return -1;
	mounts_external(&container, &host, dump->config, &dump->arena, &external);
	for (size_t i = 0; i < container.count; i++) {
		const struct mount_info *mount = &container.items[i];

		if (dump_given_key(dump, mount->mountpoint) &&
		    !mounts_find(&external, mount->mountpoint))
			external.items[external.count++] = *mount;
	}
	*ret_external = external;
	return 0;
}

/* At restore a mountpoint has one source, what the config has there in the end: this one would get that of another. It is no
 * matter with a filesystem that nobody sees. */
static bool lies_under_another(const struct mountinfo_list *external,
			       const struct mount_info *mount, const struct config *config)
{
	const struct mount_info *top = mounts_find(external, mount->mountpoint);
	bool new = mount_type_is_own(mount->type) && strcmp(mount->root, "/") == 0;

	if (top == mount || mount_is_mask(top, config))
		return false;
	return !mount_forbids(mount, top->restrictions & MOUNT_ATTR_RDONLY) ||
	       !(new || mount_is_same(mount, top));
}

/* What restore would refuse is refused now, while the container goes on. */
static int check_mounts(struct dump *dump, const struct mountinfo_list *external, struct error *err)
{
	for (size_t i = 0; i < external->count; i++) {
		const struct mount_info *mount = &external->items[i];
		const char *at = mount->mountpoint;

		if (dump_given_key(dump, at) || mount_is_mask(mount, dump->config))
			continue;
		if (lies_under_another(external, mount, dump->config) ||
		    mounts_hide(dump->config, at, &dump->arena))
			return error_set(
			    err, ERROR_UNSUPPORTED, at,
			    "another mount lies over the one at %s, which restore "
			    "wouldn't find there: leave one out of the config, or have it "
			    "mount the outer one first",
			    at);
	}
	return 0;
}

/* Keys are names of files at restore, one for each mount; those with proa- are ours. */
static bool is_free(const struct manifest *manifest, const char *key)
{
	for (size_t i = 0; i < manifest->mounts.count; i++)
		if (strcmp(manifest->mounts.items[i].key, key) == 0)
			return false;
	return manifest_is_key(key) && strcmp(key, STAGE_ROOT) != 0 && !text_starts(key, "proa-");
}

static int take_keys(struct dump *dump, struct error *err)
{
	for (size_t i = 0; i < dump->manifest.mounts.count; i++) {
		struct manifest_mount *mount = &dump->manifest.mounts.items[i];
		const char *key = dump_given_key(dump, mount->mountpoint);

		if (key && !is_free(&dump->manifest, key))
			return error_set(err, ERROR_USAGE, "external",
					 "--external mnt[%s]: expected a name that no other mount "
					 "has, of lower-case letters, digits and hyphens, and not "
					 "root or proa-..., found %s",
					 mount->mountpoint, text_printable(key) ? key : "?");
		if (key)
			mount->key = arena_strdup(&dump->arena, key);
	}
	return 0;
}

int dump_begin_manifest(struct dump *dump, struct error *err)
{
	struct mountinfo_list external;

	if (find_mounts(dump, &external, err) < 0 || check_mounts(dump, &external, err) < 0 ||
	    manifest_begin(&dump->manifest, &external, dump->config, &dump->arena, err) < 0 ||
	    take_keys(dump, err) < 0 ||
	    store_since(&dump->record, &dump->manifest.rootfs_since, err) < 0 ||
	    (dump->tracks && dump_make_mark(dump, err) < 0))
		return -1;
	dump->manifest.id = dump->state->id;
	dump->manifest.pre_dump = dump->options->pre_dump;
	dump->manifest.pages_elsewhere =
	    dump->options->page_server.address && !dump->options->criu.lazy_pages;
	dump->manifest.criu = (uint64_t)dump->criu.version;
	dump->manifest.descriptors = dump->state->descriptors;
	return 0;
}
