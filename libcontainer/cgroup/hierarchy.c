/* The cgroup v2 hierarchy of this machine, and its small files. */
#include "libcontainer/cgroup/internal.h"

#include <errno.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/kernel.h"
#include "base/mountinfo.h"
#include "base/procfs.h"

/* An O_PATH descriptor if a cgroup2 is mounted there, else -1. */
static int try_mount_point(const char *path)
{
	_cleanup_fd_ int fd = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct statfs fs;

	if (fd < 0 || fstatfs(fd, &fs) < 0 || fs.f_type != CGROUP2_SUPER_MAGIC)
		return -1;
	return steal_fd(&fd);
}

/* The mount point of a line if it is a whole cgroup2. */
static bool is_v2(const struct mountinfo_line *line, char *ret_point)
{
	return mountinfo_is(line->type, "cgroup2") && mountinfo_is(line->root, "/") &&
	       mountinfo_path(line->point, ret_point);
}

static int search_mounts(struct error *err)
{
	_cleanup_buffer_ struct buffer lines = BUFFER_INIT;
	_cleanup_fd_ int procfs = procfs_open(err);
	_cleanup_fd_ int mountinfo = -1;
	struct mountinfo_line line;
	char point[PATH_MAX];
	const char *rest;

	if (procfs < 0)
		return -1;
	mountinfo = procfs_open_at(procfs, "self/mountinfo", O_RDONLY);
	if (mountinfo < 0)
		return error_errno(err, errno, "/proc/self/mountinfo", "open the list of mounts");
	if (fd_read(mountinfo, MOUNTINFO_MAX, &lines, "/proc/self/mountinfo", err) < 0)
		return -1;
	rest = lines.bytes;
	while (mountinfo_next(&rest, &line)) {
		int fd = is_v2(&line, point) ? try_mount_point(point) : -1;

		if (fd >= 0)
			return fd;
	}
	return error_set(err, ERROR_UNSUPPORTED, "/sys/fs/cgroup",
			 "no cgroup v2 hierarchy is mounted: boot with "
			 "systemd.unified_cgroup_hierarchy=1, or mount -t cgroup2 none "
			 "/sys/fs/cgroup, or do without by --cgroup-manager disabled");
}

/* Pure v2 hosts have it at the first place, hybrid ones usually at the second. */
int hierarchy_open(struct error *err)
{
	static const char *const usual[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };

	for (size_t i = 0; i < array_length(usual); i++) {
		int fd = try_mount_point(usual[i]);

		if (fd >= 0)
			return fd;
	}
	return search_mounts(err);
}

int cgroup_open(const char *path, struct error *err)
{
	_cleanup_fd_ int hierarchy = hierarchy_open(err);
	int fd;

	if (hierarchy < 0)
		return -1;
	path += strspn(path, "/");
	fd = sys_openat2(hierarchy, *path ? path : ".", O_RDONLY | O_DIRECTORY, 0,
			 RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
	if (fd < 0)
		return error_errno(err, errno, path, "open cgroup /%s", path);
	return fd;
}

bool cgroup_exists(const char *path)
{
	struct error ignored = ERROR_INIT; /* whoever makes it meets the same error */
	_cleanup_fd_ int hierarchy = hierarchy_open(&ignored);

	path += strspn(path, "/");
	return hierarchy >= 0 && faccessat(hierarchy, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

ssize_t cgroup_read(int dirfd, const char *file, char *ret_text, size_t size)
{
	_cleanup_fd_ int fd = openat(dirfd, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t length;

	if (fd < 0)
		return -1;
	length = read(fd, ret_text, size - 1);
	if (length < 0)
		return -1;
	if (length && ret_text[length - 1] == '\n')
		length--;
	ret_text[length] = '\0';
	return length;
}

const char *cgroup_next_child(DIR *children)
{
	struct dirent *entry;

	/* a container may well name one ".x" */
	while ((entry = readdir(children)))
		if (entry->d_type == DT_DIR && strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			return entry->d_name;
	return NULL;
}

bool word_in(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = list; *at; at += strspn(at, " ")) {
		size_t size = strcspn(at, " ");

		if (size == length && strncmp(at, word, length) == 0)
			return true;
		at += size;
	}
	return false;
}

char *cgroup_mount_point(struct arena *arena)
{
	struct error ignored = ERROR_INIT;
	_cleanup_fd_ int fd = hierarchy_open(&ignored);
	char path[PATH_MAX];

	return fd < 0 || fd_path(fd, path) < 0 ? NULL : arena_strdup(arena, path);
}
