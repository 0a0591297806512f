/* restore: what CRIU is asked for. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>

#include "base/text.h"
#include "checkpoint/config_file.h"
#include "checkpoint/restore.h"

/* runc calls every masked file /dev/null, crun by its path as all others. */
static void add_mount(struct restore *restore, struct request *request,
		      const struct manifest_mount *mount, const char *path)
{
	struct arena *arena = &restore->arena;
	bool foreign = !restore->manifest->version;

	request_external(
	    request, arena,
	    arena_printf(arena, "mnt[%s]:%s", foreign ? mount->mountpoint : mount->key, path));
	if (foreign && strcmp(mount->key, MANIFEST_MASK) == 0)
		request_external(request, arena, arena_printf(arena, "mnt[/dev/null]:%s", path));
}

int restore_add_mounts(struct restore *restore, struct request *request, struct error *err)
{
	const struct manifest *manifest = restore->manifest;

	for (size_t i = 0; i < manifest->mounts.count; i++) {
		const struct manifest_mount *mount = &manifest->mounts.items[i];
		const char *path;
		bool idmapped;

		if (stage_path(&restore->stage, restore->criu.pid, mount->key, &restore->arena,
			       &path, &idmapped, err) < 0)
			return -1;
		if (idmapped)
			request->opts.has_mntns_compat_mode = request->opts.mntns_compat_mode =
			    true;
		add_mount(restore, request, mount, path);
	}
	return 0;
}

/* Our own standard streams are CRIU's, and so what the container's pipes are to be. */
static void add_streams(struct restore *restore, struct request *request)
{
	const struct strings *streams = &restore->manifest->descriptors;

	for (size_t i = 0; i < streams->count; i++)
		if (text_starts(streams->items[i], "pipe:["))
			request_inherit(request, &restore->arena, streams->items[i], (int)i);
}

static int add_inherited(struct restore *restore, struct request *request, const char *key,
			 const struct namespace_join *join, struct error *err)
{
	int fd = fcntl(join->fd, F_DUPFD_CLOEXEC, 0);

	if (fd < 0)
		return error_errno(err, errno, join->path, "duplicate a descriptor");
	request_inherit(request, &restore->arena, key,
			CRIU_FIRST_FD + (int)restore->start.fd_count);
	restore->fds[restore->start.fd_count++] = fd;
	return 0;
}

/* Namespaces that the config names by path: opened and verified as create does it. */
static int add_namespaces(struct restore *restore, struct request *request, struct error *err)
{
	struct namespace_plan *plan = &restore->creation->plan->namespaces;

	if (namespaces_open_for_create(plan, err) < 0)
		return -1;
	for (size_t i = 0; i < plan->join_count; i++) {
		const struct namespace_join *join = &plan->joins[i];
		const char *type = join->kind->type;
		const struct request_namespace *namespace = request_namespace(type);

		if (namespace) {
			if (add_inherited(restore, request, namespace->key, join, err) < 0)
				return -1;
		} else if (strcmp(type, "cgroup") == 0) {
			return error_set(err, ERROR_UNSUPPORTED, "linux.namespaces",
					 "CRIU can't restore into a cgroup namespace that exists");
		} else {
			request_join(request, &restore->arena, join->kind->file, join->path);
		}
	}
	return 0;
}

/* Those with which CRIU would fail, or what it makes be refused. */
static int check_cgroups_mode(const struct restore *restore, struct error *err)
{
	const struct creation *creation = restore->creation;
	int mode = restore->options->criu.manage_cgroups_mode;

	if (mode == MANAGE_CGROUPS_STRICT && creation->state->cgroup_path)
		return error_set(err, ERROR_USAGE, "manage-cgroups-mode",
				 "--manage-cgroups-mode strict wants that no cgroup is there yet, "
				 "and the container's is: give soft or full");
	if (mode == MANAGE_CGROUPS_IGNORE && config_namespace_find(creation->config, "cgroup"))
		return error_set(
		    err, ERROR_USAGE, "manage-cgroups-mode",
		    "--manage-cgroups-mode ignore doesn't restore the cgroup namespace "
		    "that the config has: give none");
	return 0;
}

int restore_fill_request(struct restore *restore, struct request *request, struct error *err)
{
	const struct criu_options *options = &restore->options->criu;
	struct creation *creation = restore->creation;
	CriuOpts *opts = &request->opts;

	if (check_cgroups_mode(restore, err) < 0)
		return -1;
	request_begin(request, REQUEST_RESTORE, options);
	opts->images_dir_fd = restore->images.dir;
	opts->has_work_dir_fd = true;
	opts->work_dir_fd = restore->images.work;
	opts->log_file = (char *)RESTORE_LOG;
	opts->root = arena_printf(&restore->arena, "%s/%s", restore->stage.directory, STAGE_ROOT);
	/* a child of ours, not of CRIU's: it outlives CRIU, and is ours to wait for */
	opts->has_rst_sibling = opts->rst_sibling = true;
	opts->has_evasive_devices = opts->evasive_devices = true;
	/* the terminal is our caller's: nobody waits for its other end */
	if (options->shell_job && creation->plan->console_socket < 0)
		opts->orphan_pts_master = false;
	opts->config_file = (char *)criu_config_file(creation->config);
	if (creation->state->cgroup_path)
		request_cgroup_root(request, &restore->arena, creation->state->cgroup_path);
	/* in a user namespace mounts are slaves of the host's, and CRIU's newer way can't make several of one group again */
	if (creation->plan->namespaces.created & CLONE_NEWUSER)
		opts->has_mntns_compat_mode = opts->mntns_compat_mode = true;
	add_streams(restore, request);
	return add_namespaces(restore, request, err);
}
