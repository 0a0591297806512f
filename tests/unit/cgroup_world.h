/* For tests on real cgroups: a mount namespace of their own, in which /sys/fs/cgroup is the whole
 * cgroup v2 hierarchy of the machine, and a cgroup of their own in it, which is removed at the end.
 */
#ifndef PROA_TESTS_UNIT_CGROUP_WORLD_H
#define PROA_TESTS_UNIT_CGROUP_WORLD_H

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>

#include "base/kernel.h"
#include "libcontainer/cgroup/internal.h"
#include "tests/unit/harness.h"

static char world[64];	      /* the path of the tests' cgroup: "/proa-test-PIDNS-PID" */
static char world_prefix[48]; /* "proa-test-PIDNS-": a pid means nothing in another pid namespace */
static pid_t world_owner;

/* Kill what is in it, then remove it. */
static inline void end_world(const char *path)
{
	struct error err = ERROR_INIT;
	int fd = cgroup_open(path, &err);

	if (fd < 0)
		return;
	cgroup_signal(fd, SIGKILL, &err);
	close(fd);
	cgroup_remove(path, 10000, &err);
}

static inline void world_leave(void)
{
	if (getpid() == world_owner)
		end_world(world);
}

/* What failed tests have left: those whose process is gone. */
static inline void end_old_worlds(void)
{
	DIR *dir = opendir("/sys/fs/cgroup");
	struct dirent *entry;
	char path[300];

	while (dir && (entry = readdir(dir))) {
		if (strncmp(entry->d_name, world_prefix, strlen(world_prefix)) != 0 ||
		    kill(atoi(entry->d_name + strlen(world_prefix)), 0) == 0)
			continue;
		snprintf(path, sizeof(path), "/%s", entry->d_name);
		end_world(path);
	}
	if (dir)
		closedir(dir);
}

static inline void world_enter(void)
{
	struct stat pid_namespace;

	if (geteuid() != 0)
		SKIP("needs root");
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		SKIP("needs a mount namespace");
	umount2("/sys/fs/cgroup", MNT_DETACH);
	if (mount("cgroup2", "/sys/fs/cgroup", "cgroup2", 0, NULL) < 0)
		SKIP("needs to mount cgroup v2");
	if (stat("/proc/self/ns/pid", &pid_namespace) < 0)
		SKIP("needs /proc");
	snprintf(world_prefix, sizeof(world_prefix), "proa-test-%lu-",
		 (unsigned long)pid_namespace.st_ino);
	end_old_worlds();
	world_owner = getpid();
	snprintf(world, sizeof(world), "/%s%d", world_prefix, (int)world_owner);
	end_world(world);
	atexit(world_leave);
}

/* "/proa-test-PIDNS-PID/NAME" */
static inline char *below_world(const char *name)
{
	static char paths[16][256];
	static unsigned int next;
	char *path = paths[next++ % 16];

	snprintf(path, sizeof(paths[0]), "%s/%s", world, name);
	return path;
}

static inline bool exists(const char *path)
{
	char full[512];

	snprintf(full, sizeof(full), "/sys/fs/cgroup%s", path);
	return access(full, F_OK) == 0;
}

static inline void make(const char *path)
{
	char full[512];

	snprintf(full, sizeof(full), "/sys/fs/cgroup%s", path);
	mkdir("/sys/fs/cgroup/", 0755);
	if (mkdir(full, 0755) < 0 && errno != EEXIST)
		harness_fail(__FILE__, __LINE__, "mkdir %s: %s", full, strerror(errno));
}

static inline int open_cgroup(const char *path)
{
	struct error err = ERROR_INIT;
	int fd = cgroup_open(path, &err);

	if (fd < 0)
		harness_fail(__FILE__, __LINE__, "%s", err.text);
	return fd;
}

static inline void put(const char *path, const char *file, const char *text)
{
	char full[512];
	int fd;

	snprintf(full, sizeof(full), "/sys/fs/cgroup%s/%s", path, file);
	fd = open(full, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		harness_fail(__FILE__, __LINE__, "write %s to %s: %s", text, full, strerror(errno));
	close(fd);
}

/* The file's text without the last newline, or the name of the errno's meaning. */
static inline const char *get(const char *path, const char *file)
{
	static char texts[4][CGROUP_TEXT_SIZE];
	static unsigned int next;
	char *text = texts[next++ % 4], full[512];
	int fd;

	snprintf(full, sizeof(full), "/sys/fs/cgroup%s", path);
	fd = open(full, O_PATH | O_CLOEXEC);
	if (fd < 0 || cgroup_read(fd, file, text, CGROUP_TEXT_SIZE) < 0)
		snprintf(text, CGROUP_TEXT_SIZE, "%s", strerror(errno));
	close(fd);
	return text;
}

/* A child in the cgroup from its birth on, that runs @run (never returns); its pid. */
static inline pid_t spawn(const char *path, void (*run)(void))
{
	int fd = open_cgroup(path);
	struct clone_args args = {
		.flags = CLONE_INTO_CGROUP,
		.exit_signal = SIGCHLD,
		.cgroup = (uint64_t)fd,
	};
	NEEDS(clone3);
	pid_t pid = sys_clone3(&args);

	if (pid < 0)
		harness_fail(__FILE__, __LINE__, "clone3 into %s: %s", path, strerror(errno));
	if (pid == 0) {
		run();
		_exit(99);
	}
	close(fd);
	return pid;
}

static inline void just_wait(void)
{
	for (;;)
		pause();
}

static inline void sleep_ms(int ms)
{
	struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };

	nanosleep(&time, NULL);
}

static inline int status_of(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		harness_fail(__FILE__, __LINE__, "wait: %s", strerror(errno));
	return status;
}

#endif
