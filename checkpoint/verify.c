#include "checkpoint/verify.h"

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

/* Is it one that isn't in the list yet? Then it is now. */
static bool is_new(struct buffer *namespaces, ino_t namespace)
{
	if (holds(namespaces, namespace))
		return false;
	buffer_add(namespaces, &namespace, sizeof(namespace));
	return true;
}

struct view {
	int namespace, procfs;
};

/* In the child. A mountinfo shows what is below the root of its process, and one of the images may have a root of its own:
 * whoever enters the namespace has that of all. */
static void open_mountinfo(void *context, int socket)
{
	const struct view *view = context;
	struct error error = ERROR_INIT;
	int fd = -1;

	if (setns(view->namespace, CLONE_NEWNS) < 0)
		error_errno(&error, errno, "mnt", "enter a restored mount namespace");
	else if ((fd = procfs_open_at(view->procfs, "self/mountinfo", O_RDONLY | O_CLOEXEC)) < 0)
		error_errno(&error, errno, "mnt", "list the mounts of a restored namespace");
	fd_tell(socket, fd, &error);
}

static int read_namespace(pid_t pid, struct arena *arena, struct mountinfo_list *ret_list,
			  struct error *err)
{
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;
	_cleanup_fd_ int namespace = -1, procfs = procfs_open(err), list = -1;
	struct view view;
	char path[64];

	if (procfs < 0)
		return -1;
	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int)pid);
	namespace = open(path, O_RDONLY | O_CLOEXEC);
	if (namespace < 0)
		return error_errno(err, errno, path, "open a restored mount namespace");
	view = (struct view){ namespace, procfs };
	list = fd_from_child(open_mountinfo, &view, "the list of mounts", err);
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
		    is_new(namespaces, namespace))
			(void)add_devices(pid, devices, &gone);
	if (buffer_failed(namespaces) || buffer_failed(devices))
		return error_set(err, ERROR_MEMORY, "/proc", "no memory");
	return 0;
}

/* ---- the container's ---- */

struct judgement {
	const struct verify *verify;
	struct mounts_judge judge;
	struct mountinfo_list staged;
	const struct mount_info *root; /* the staged one */
};

static const struct manifest_mount *find(const struct manifest *manifest, const char *mountpoint)
{
	for (size_t i = 0; i < manifest->mounts.count; i++)
		if (strcmp(manifest->mounts.items[i].mountpoint, mountpoint) == 0)
			return &manifest->mounts.items[i];
	return NULL;
}

static const struct mount_info *staged(const struct judgement *judgement, const char *key)
{
	const struct verify *verify = judgement->verify;

	return mounts_find(&judgement->staged,
			   arena_printf(verify->arena, "%s/%s", verify->stage->directory, key));
}

static bool is_same(const struct mount_info *mount, const struct mount_info *other)
{
	return mount && other && mount->device == other->device &&
	       strcmp(mount->root, other->root) == 0;
}

static bool is_right(const struct judgement *judgement, const struct mount_info *mount)
{
	const struct manifest_mount *named =
	    find(judgement->verify->stage->manifest, mount->mountpoint);
	const struct mount_info *source = named ? staged(judgement, named->key) : NULL;

	if (named && is_same(mount, source))
		return mount->readonly || !source->readonly;
	return mount_is_within(mount, judgement->root) || mount_is_own(mount, &judgement->judge);
}

static int verify_namespace(const struct judgement *judgement, const struct mountinfo_list *list,
			    struct error *err)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct mount_info *mount = &list->items[i];

		if (!is_right(judgement, mount))
			return error_set(err, ERROR_REFUSED, mount->mountpoint,
					 "what CRIU has mounted at %s (%s) is not what the config "
					 "says",
					 mount->mountpoint, mount->type);
	}
	return 0;
}

/* The first is the namespace of the first process. */
static int verify_all(const struct judgement *judgement, const struct mountinfo_list *lists,
		      size_t count, struct error *err)
{
	if (!judgement->root || !is_same(mounts_find(&lists[0], "/"), judgement->root))
		return error_set(err, ERROR_REFUSED, "/",
				 "the root that CRIU has mounted is not the config's");
	for (size_t i = 0; i < count; i++)
		if (verify_namespace(judgement, &lists[i], err) < 0)
			return -1;
	return 0;
}

int verify_mounts(const struct verify *verify, struct error *err)
{
	_cleanup_buffer_ struct buffer namespaces = BUFFER_INIT, devices = BUFFER_INIT;
	struct judgement judgement = { .verify = verify };
	struct mountinfo_list *lists;
	struct task_list tasks;
	size_t count = 0;

	if (tasks_read(verify->container, verify->arena, &tasks, err) < 0 ||
	    mounts_read(verify->criu, verify->arena, &judgement.staged, err) < 0)
		return -1;
	lists = arena_calloc(verify->arena, tasks.count + 1, sizeof(*lists));
	for (size_t i = 0; i < tasks.count; i++) {
		ino_t namespace;

		if (task_namespace(tasks.items[i], "mnt", &namespace, err) < 0)
			return -1;
		if (is_new(&namespaces, namespace) &&
		    read_namespace(tasks.items[i], verify->arena, &lists[count++], err) < 0)
			return -1;
	}
	if (find_elsewhere(&namespaces, &devices, err) < 0)
		return -1;
	judgement.judge = (struct mounts_judge){
		.config = verify->config,
		.cgroup = verify->cgroup,
		.elsewhere = (const dev_t *)(const void *)devices.bytes,
		.elsewhere_count = devices.length / sizeof(dev_t),
		.arena = verify->arena,
	};
	judgement.root = staged(&judgement, STAGE_ROOT);
	return verify_all(&judgement, lists, count, err);
}
