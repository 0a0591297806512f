/* What the tests of libcontainer/rootfs share: a config made by hand, a "host" that is a mount
 * namespace with a tmpfs on /tmp, a container that is built in a child, and looks at mountinfo. */
#ifndef PROA_TESTS_UNIT_ROOTFS_FIXTURE_H
#define PROA_TESTS_UNIT_ROOTFS_FIXTURE_H

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include "base/procfs.h"
#include "libcontainer/rootfs/rootfs.h"
#include "tests/unit/harness.h"

#define BUNDLE "/tmp/bundle"
#define ROOT   BUNDLE "/rootfs"

struct fixture {
	struct arena arena;
	struct config config;
	struct config_linux linux_;
	struct config_root root;
	struct config_mount mounts[40];
	char *options[40];
	struct config_device devices[8];
	char *masked[8], *readonly[8];
	struct rootfs_request request;
	struct rootfs_plan *plan;
	struct rootfs rootfs;
	struct error err;
};

#define CHECK_OK(call)                                                                             \
	do {                                                                                       \
		if ((call) < 0)                                                                    \
			harness_fail(__FILE__, __LINE__, "%s: %s", #call, fixture.err.text);       \
	} while (0)

/* One per test program is enough: each test is a process. */
static struct fixture fixture;

static inline void fixture_init(void)
{
	struct fixture *f = &fixture;

	CHECK(arena_init(&f->arena, 1 << 20, &f->err) == 0);
	f->root.path = arena_strdup(&f->arena, "rootfs");
	f->config.root = &f->root;
	f->config.linux_ = &f->linux_;
	f->config.mounts.items = f->mounts;
	f->linux_.devices.items = f->devices;
	f->linux_.masked_paths.items = f->masked;
	f->linux_.readonly_paths.items = f->readonly;
	f->request = (struct rootfs_request){
		.bundle = BUNDLE,
		.mount_namespace = true,
		.network_namespace_own = true,
		.cgroup_namespace_own = true,
		.parent_mounts = true,
	};
	f->rootfs = (struct rootfs)ROOTFS_INIT;
}

/* @options as in fstab(5). */
static inline void add_mount(const char *destination, const char *type, const char *source,
			     const char *options)
{
	struct fixture *f = &fixture;
	size_t i = f->config.mounts.count++;

	f->options[i] = arena_strdup(&f->arena, options);
	f->mounts[i] = (struct config_mount){
		.destination = arena_strdup(&f->arena, destination),
		.type = arena_strdup(&f->arena, type),
		.source = arena_strdup(&f->arena, source),
		.options = { &f->options[i], 1 },
	};
}

static inline void add_path(struct strings *list, const char *path)
{
	list->items[list->count++] = arena_strdup(&fixture.arena, path);
}

static inline struct config_device *add_device(const char *path, const char *type, int major,
					       int minor)
{
	struct config_device *device = &fixture.devices[fixture.linux_.devices.count++];

	*device = (struct config_device){
		.path = arena_strdup(&fixture.arena, path),
		.type = arena_strdup(&fixture.arena, type),
		.major = { major, true },
		.minor = { minor, true },
	};
	return device;
}

static inline int make_plan(void)
{
	return rootfs_plan(&fixture.config, &fixture.request, &fixture.arena, &fixture.plan,
			   &fixture.err);
}

/* ---- with privilege ---- */

static inline void make_directory(const char *path)
{
	CHECK(mkdir(path, 0755) == 0 || errno == EEXIST);
}

static inline void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	CHECK(fd >= 0);
	CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

static inline const char *read_text(const char *path)
{
	static char text[65536];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	if (length < 0)
		return NULL;
	text[length] = '\0';
	return text;
}

/* A host to make containers on: nothing of it is left when the test ends. Skips the test without
 * privilege. */
static inline void make_host(void)
{
	NEEDS(openat2);
	NEEDS(fsopen);
	if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0)
		SKIP("needs root and a mount namespace");
	CHECK(mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL) == 0);
	CHECK(mount("tmpfs", "/tmp", "tmpfs", 0, "mode=1777") == 0);
	umask(022);
	make_directory(BUNDLE);
	make_directory(ROOT);
	make_directory("/tmp/sentinel");
	write_text("/tmp/sentinel/file", "untouched");
	fixture_init();
}

/* Nothing was made, changed or mounted in /tmp/sentinel, and the host has the mounts that it had.
 */
static inline void check_sentinel(void)
{
	struct stat st;

	CHECK_STR(read_text("/tmp/sentinel/file"), "untouched");
	CHECK(stat("/tmp/sentinel", &st) == 0);
	CHECK_INT(st.st_nlink, 2);
	CHECK(rename("/tmp/sentinel/file", "/tmp/file") == 0);
	CHECK(rmdir("/tmp/sentinel") == 0); /* empty, and no mount point */
}

/* The steps of init, up to a failure. */
static inline int build(void)
{
	struct fixture *f = &fixture;

	if (rootfs_begin(f->plan, -1, &f->rootfs, &f->err) < 0)
		return -1;
	for (size_t i = 0; i < rootfs_mount_count(f->plan); i++) {
		int source = rootfs_source(f->plan, i) == ROOTFS_SOURCE_PARENT
				 ? rootfs_open_source(f->plan, i, &f->err)
				 : -1;

		if (rootfs_source(f->plan, i) == ROOTFS_SOURCE_PARENT && source < 0)
			return -1;
		if (rootfs_mount(f->plan, &f->rootfs, i, source, &f->err) < 0)
			return -1;
		if (source >= 0)
			close(source);
	}
	if (rootfs_devices(f->plan, &f->rootfs, &f->err) < 0 ||
	    rootfs_pivot(f->plan, &f->rootfs, &f->err) < 0)
		return -1;
	return rootfs_protect(f->plan, &f->rootfs, &f->err);
}

/* In a child with namespaces of its own: build the container, then run @look in it. */
static inline void in_container(void (*look)(void))
{
	pid_t pid = fork();
	int status;

	CHECK(pid >= 0);
	if (pid == 0) {
		CHECK(unshare(CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP) == 0);
		CHECK_OK(make_plan());
		CHECK_OK(build());
		look();
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK_INT(status, 0);
}

/* The same for a container that can't be made; the error is then in the shared text. */
static inline const char *failure(void)
{
	static struct error *shared;
	pid_t pid;
	int status;

	shared =
	    mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(shared != MAP_FAILED);
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		CHECK(unshare(CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP) == 0);
		CHECK(make_plan() < 0 || build() < 0);
		*shared = fixture.err;
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK_INT(status, 0);
	fixture.err = *shared;
	return shared->text;
}

/* The line of mountinfo for @path, the last one if there are several; NULL if nothing is mounted
 * there. Seen through a procfs that needs no mount in the container. */
static inline const char *mount_at(const char *path)
{
	static char line[4096];
	static char text[1 << 16];
	int procfs = rootfs_procfs(&fixture.rootfs, &fixture.err);
	int fd = procfs < 0 ? -1 : procfs_open_at(procfs, "self/mountinfo", O_RDONLY);
	size_t length = 0;
	ssize_t got;
	char *rest = text, *next;
	bool found = false;

	CHECK(fd >= 0);
	while ((got = read(fd, text + length, sizeof(text) - 1 - length)) > 0)
		length += (size_t)got;
	text[length] = '\0';
	close(fd);
	close(procfs);
	while ((next = strsep(&rest, "\n"))) {
		char point[1024];

		if (sscanf(next, "%*d %*d %*s %*s %1023s", point) == 1 &&
		    strcmp(point, path) == 0) {
			snprintf(line, sizeof(line), "%s", next);
			found = true;
		}
	}
	return found ? line : NULL;
}

/* Field six of it: the options of the mount itself, between commas. */
static inline const char *options_at(const char *path)
{
	static char options[256];
	const char *line = mount_at(path);
	char raw[200];

	if (!line || sscanf(line, "%*d %*d %*s %*s %*s %199s", raw) != 1)
		return NULL;
	snprintf(options, sizeof(options), ",%s,", raw);
	return options;
}

#endif
