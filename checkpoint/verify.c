#include "checkpoint/judgement.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mountinfo.h"
#include "base/procfs.h"
#include "checkpoint/tasks.h"
#include "libcontainer/lifecycle/fd_from_child.h"

/* ---- mount namespaces ---- */

static bool holds(const struct buffer *namespaces, ino_t namespace)
{
	for (size_t at = 0; at < namespaces->length; at += sizeof(namespace))
		if (memcmp(namespaces->bytes + at, &namespace, sizeof(namespace)) == 0)
			return true;
	return false;
}

/* False if it is in the list already. */
static bool add_if_new(struct buffer *namespaces, ino_t namespace)
{
	if (holds(namespaces, namespace))
		return false;
	buffer_add(namespaces, &namespace, sizeof(namespace));
	return true;
}

struct view {
	int namespace, procfs;
	const char *path; /* "/", or in procfs */
	bool readonly;	  /* it becomes so */
};

static int open_path(const struct view *view)
{
	if (*view->path == '/')
		return open(view->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return procfs_open_at(view->procfs, view->path, O_RDONLY | O_CLOEXEC);
}

/* In the child. A mountinfo shows what is below the root of its process, and one of the images may have a root of its own:
 * whoever enters the namespace has that of all. */
static void open_inside(void *context, int socket)
{
	struct mount_attr readonly = { .attr_set = MOUNT_ATTR_RDONLY };
	const struct view *view = context;
	struct error error = ERROR_INIT;
	int fd = -1;

	if (setns(view->namespace, CLONE_NEWNS) < 0)
		error_errno(&error, errno, "mnt", "enter a restored mount namespace");
	else if ((fd = open_path(view)) < 0)
		error_errno(&error, errno, "mnt", "look into a restored mount namespace");
	else if (view->readonly &&
		 mount_setattr(fd, "", AT_EMPTY_PATH, &readonly, sizeof(readonly)) < 0)
		fd = error_errno(&error, errno, view->path, "make the restored root read-only");
	fd_tell(socket, fd, &error);
}

/* @path is "/", or in procfs. */
static int open_in_namespace_of(pid_t pid, const char *path, bool readonly, struct error *err)
{
	_cleanup_fd_ int namespace = -1, procfs = procfs_open(err);
	struct view view;
	char link[64];

	if (procfs < 0)
		return -1;
	snprintf(link, sizeof(link), "/proc/%d/ns/mnt", (int)pid);
	namespace = open(link, O_RDONLY | O_CLOEXEC);
	if (namespace < 0)
		return error_errno(err, errno, link, "open a restored mount namespace");
	view = (struct view){ namespace, procfs, path, readonly };
	return fd_from_child(open_inside, &view, "the list of mounts", err);
}

static int read_namespace(pid_t pid, struct arena *arena, struct mountinfo_list *ret_list,
			  struct error *err)
{
	_cleanup_fd_ int list = open_in_namespace_of(pid, "self/mountinfo", false, err);
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;

	if (list < 0 || fd_read(list, MOUNTINFO_MAX, &text, "mountinfo", err) < 0)
		return -1;
	mounts_parse(text.bytes ? text.bytes : "", arena, ret_list);
	return 0;
}

/* ---- what is mounted elsewhere ---- */

static int add_devices(pid_t pid, struct buffer *devices, struct error *err)
{
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;
	struct mountinfo_line line;
	const char *at;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/mountinfo", (int)pid);
	if (file_read(AT_FDCWD, path, MOUNTINFO_MAX, &text, err) < 0)
		return -1;
	at = text.bytes ? text.bytes : "";
	while (mountinfo_next(&at, &line))
		buffer_add(devices, &line.device, sizeof(line.device));
	return 0;
}

/* Those of every mount namespace but the container's: by the links of /proc, CRIU can be led into all of them. A process
 * that ends meanwhile is one less to be looked at. */
static int find_elsewhere(struct buffer *namespaces, struct buffer *devices, struct error *err)
{
	_cleanup_dir_ DIR *proc = opendir("/proc");
	struct error gone = ERROR_INIT;
	const char *name;
	ino_t namespace;
	int pid;

	if (!proc)
		return error_errno(err, errno, "/proc", "list the processes");
	while ((name = dir_next(proc)))
		if (parse_int(name, &pid) && task_namespace(pid, "mnt", &namespace, &gone) == 0 &&
		    add_if_new(namespaces, namespace))
			(void)add_devices(pid, devices, &gone);
	if (errno)
		return error_errno(err, errno, "/proc", "list the processes");
	if (buffer_failed(namespaces) || buffer_failed(devices))
		return error_set(err, ERROR_MEMORY, "/proc", "no memory");
	return 0;
}

/* ---- the container's ---- */

/* One of its namespaces, with a process in it. */
struct mounted {
	pid_t task;
	struct mountinfo_list list;
};

static const struct mount_info *staged(const struct judgement *judgement, const char *key)
{
	const struct verify *verify = judgement->verify;

	return mounts_find(&judgement->staged,
			   arena_printf(verify->arena, "%s/%s", verify->stage->directory, key));
}

const struct mount_info *judgement_staged(const struct judgement *judgement, const char *mountpoint)
{
	const struct manifest *manifest = judgement->verify->stage->manifest;

	for (size_t i = 0; i < manifest->mounts.count; i++)
		if (strcmp(manifest->mounts.items[i].mountpoint, mountpoint) == 0)
			return staged(judgement, manifest->mounts.items[i].key);
	return NULL;
}

/* Without the right to remount, a part of a read-only root is read-only as well. */
static bool is_of_root(const struct judgement *judgement, const struct mount_info *mount)
{
	bool readonly = judgement->readonly && !mounts_are_free(judgement->verify->config);

	return mount_is_within(mount, judgement->root) &&
	       mount_forbids(mount, readonly ? MOUNT_ATTR_RDONLY : 0);
}

/* A file that is bound, and masked, has two. */
static bool is_right(const struct judgement *judgement, const struct mount_info *mount)
{
	const struct manifest *manifest = judgement->verify->stage->manifest;
	bool found = false;

	for (size_t i = 0; i < manifest->mounts.count; i++) {
		const struct mount_info *source;

		if (strcmp(manifest->mounts.items[i].mountpoint, mount->mountpoint) != 0)
			continue;
		source = staged(judgement, manifest->mounts.items[i].key);
		if (!mount_is_same(mount, source))
			continue;
		if (mount_forbids(mount, source->restrictions & MOUNT_ATTR_RDONLY))
			return true;
		found = true;
	}
	return !found && (is_of_root(judgement, mount) || mount_is_own(mount, &judgement->judge));
}

static int verify_namespace(const struct judgement *judgement, const struct mountinfo_list *list,
			    struct error *err)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct mount_info *mount = &list->items[i];

		if (!is_right(judgement, mount))
			return error_set(err, ERROR_REFUSED, mount->mountpoint,
					 "what CRIU has mounted at %s (%s%s) is not what the "
					 "config says",
					 mount->mountpoint, mount->type,
					 mount_forbids(mount, MOUNT_ATTR_RDONLY) ? ", read-only"
										 : "");
	}
	return 0;
}

/* CRIU restores each mount with its flags but the root, which it leaves writable. A container that may mount may also have
 * made it writable, and be writing to it. */
static int restrict_root(const struct judgement *judgement, struct mounted *mounted,
			 struct error *err)
{
	bool free = mounts_are_free(judgement->verify->config);
	struct error ignored = ERROR_INIT;
	_cleanup_fd_ int root = -1;

	for (size_t i = mounted->list.count; judgement->readonly && i > 0; i--) {
		struct mount_info *mount = &mounted->list.items[i - 1];

		if (strcmp(mount->mountpoint, "/") != 0)
			continue;
		if (mount_forbids(mount, MOUNT_ATTR_RDONLY) ||
		    !mount_is_within(mount, judgement->root))
			return 0;
		root = open_in_namespace_of(mounted->task, "/", true, free ? &ignored : err);
		mount->restrictions |= MOUNT_ATTR_RDONLY;
		return root < 0 && !free ? -1 : 0;
	}
	return 0;
}

/* The first is the namespace of the first process. */
static int verify_all(const struct judgement *judgement, struct mounted *mounted, size_t count,
		      struct error *err)
{
	_cleanup_fd_ int root = -1;

	if (!judgement->root || !mount_is_same(mounts_find(&mounted[0].list, "/"), judgement->root))
		return error_set(err, ERROR_REFUSED, "/",
				 "the root that CRIU has mounted is not the config's");
	for (size_t i = 0; i < count; i++)
		if (restrict_root(judgement, &mounted[i], err) < 0 ||
		    verify_namespace(judgement, &mounted[i].list, err) < 0)
			return -1;
	root = open_in_namespace_of(mounted[0].task, "/", false, err);
	return root < 0 ? -1 : verify_paths(judgement, &mounted[0].list, root, err);
}

int verify_mounts(const struct verify *verify, struct error *err)
{
	_cleanup_buffer_ struct buffer namespaces = BUFFER_INIT, devices = BUFFER_INIT;
	struct judgement judgement = { .verify = verify };
	struct mounted *mounted;
	struct task_list tasks;
	size_t count = 0;

	if (tasks_read(verify->container, verify->arena, &tasks, err) < 0 ||
	    mounts_read(verify->criu, verify->arena, &judgement.staged, err) < 0)
		return -1;
	mounted = arena_calloc(verify->arena, tasks.count + 1, sizeof(*mounted));
	for (size_t i = 0; i < tasks.count; i++) {
		ino_t namespace;

		if (task_namespace(tasks.items[i], "mnt", &namespace, err) < 0)
			return -1;
		if (!add_if_new(&namespaces, namespace))
			continue;
		mounted[count].task = tasks.items[i];
		if (read_namespace(tasks.items[i], verify->arena, &mounted[count++].list, err) < 0)
			return -1;
	}
	if (find_elsewhere(&namespaces, &devices, err) < 0)
		return -1;
	judgement.judge = (struct mounts_judge){
		.config = verify->config,
		.cgroup = verify->cgroup,
		.elsewhere = (const dev_t *)(const void *)devices.bytes,
		.elsewhere_count = devices.length / sizeof(dev_t),
		.enabled = verify->enabled,
		.arena = verify->arena,
	};
	judgement.root = staged(&judgement, STAGE_ROOT);
	judgement.readonly = verify->config->root->readonly.value;
	return verify_all(&judgement, mounted, count, err);
}
