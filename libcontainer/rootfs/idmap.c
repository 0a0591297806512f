/* The kernel takes mappings from a user namespace, so one is made for as long as it takes to open
 * it: by a process that does nothing but be in it. */
#include "libcontainer/rootfs/idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/kernel.h"
#include "base/procfs.h"
#include "base/text.h"

static int write_maps(const struct idmap *idmap, int procfs, pid_t pid, struct error *err)
{
	const struct {
		const char *file, *text;
	} maps[] = { { "uid_map", idmap->uid_map }, { "gid_map", idmap->gid_map } };
	char path[64];

	for (size_t i = 0; i < array_length(maps); i++) {
		text_fit(path, sizeof(path), "%d/%s", (int)pid, maps[i].file);
		if (procfs_write(procfs, path, maps[i].text) < 0)
			return error_errno(err, errno, maps[i].file,
					   "write the mount's mappings to %s", maps[i].file);
	}
	return 0;
}

static int open_namespace_of(const struct idmap *idmap, pid_t pid, struct error *err)
{
	_cleanup_fd_ int procfs = procfs_open(err);
	char path[64];
	int fd;

	if (procfs < 0 || write_maps(idmap, procfs, pid, err) < 0)
		return -1;
	snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? error_errno(err, errno, path, "open the mount's user namespace") : fd;
}

static int make_namespace(const struct idmap *idmap, struct error *err)
{
	struct clone_args args = { .flags = CLONE_NEWUSER, .exit_signal = SIGCHLD };
	pid_t pid = sys_clone3(&args);
	int fd;

	if (pid < 0)
		return error_errno(err, errno, NULL, "make a user namespace for a mount");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	fd = open_namespace_of(idmap, pid, err);
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return fd;
}

int idmap_apply(const struct idmap *idmap, int tree, const char *source, struct error *err)
{
	_cleanup_fd_ int namespace = -1;
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP };

	if (idmap->user_namespace) {
		namespace = open(idmap->user_namespace, O_RDONLY | O_CLOEXEC);
		if (namespace < 0)
			return error_errno(err, errno, idmap->user_namespace,
					   "open user namespace %s", idmap->user_namespace);
	} else {
		namespace = make_namespace(idmap, err);
		if (namespace < 0)
			return -1;
	}
	attr.userns_fd = (uint64_t) namespace;
	if (mount_setattr(tree, "", AT_EMPTY_PATH | (idmap->recursive ? AT_RECURSIVE : 0), &attr,
			  sizeof(attr)) == 0)
		return 0;
	if (errno == EINVAL)
		return error_set(err, ERROR_UNSUPPORTED, source,
				 "the filesystem of %s takes no id mappings", source);
	return error_errno(err, errno, source, "give %s its id mappings", source);
}
