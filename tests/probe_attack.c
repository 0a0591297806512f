#include "tests/probe.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define LINK_SIZE 256

/* ---- overwrite: the executables of processes that aren't the container's ---- */

/* An executable that was reached, held so that it can be tried again when its process has ended. */
struct prey {
	int fd;
	dev_t device;
	ino_t inode;
	char link[LINK_SIZE];
	int errnum; /* of the last open for writing */
	bool written;
};

static struct prey preys[64];
static size_t prey_count;

/* Whatever lets root make the mount, or the whole filesystem, that a file is seen through writable again. */
static void clear_read_only(const struct prey *prey, const char *path)
{
	struct mount_attr attr = { .attr_clr = MOUNT_ATTR_RDONLY };
	int fs;

	syscall(SYS_mount_setattr, prey->fd, "", AT_EMPTY_PATH, &attr, sizeof(attr));
	/* MS_REMOUNT | MS_BIND */
	syscall(SYS_mount, NULL, path, NULL, 32 | 4096, NULL);
	fs = (int)syscall(SYS_fspick, prey->fd, "", FSPICK_EMPTY_PATH | FSPICK_CLOEXEC);
	if (fs < 0)
		return;
	syscall(SYS_fsconfig, fs, FSCONFIG_SET_FLAG, "rw", NULL, 0);
	syscall(SYS_fsconfig, fs, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0);
	close(fs);
}

static void overwrite(struct prey *prey)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", prey->fd);
	clear_read_only(prey, path);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0) {
		prey->errnum = errno;
		return;
	}
	prey->written = write(fd, "#!", 2) == 2;
	prey->errnum = prey->written ? 0 : errno;
	close(fd);
}

static bool known(const struct stat *st)
{
	for (size_t i = 0; i < prey_count; i++)
		if (preys[i].device == st->st_dev && preys[i].inode == st->st_ino)
			return true;
	return false;
}

/* Is @link one of those that aren't worth it? */
static bool is_own(const char *link, int argc, char **argv)
{
	for (int i = 0; i < argc; i++)
		if (strcmp(link, argv[i]) == 0)
			return true;
	return false;
}

static void reach(const char *pid, int argc, char **argv)
{
	char path[300];
	struct prey prey = { .fd = -1 };
	struct stat st;
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/%s/exe", pid);
	prey.fd = open(path, O_PATH | O_CLOEXEC);
	if (prey.fd < 0)
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", prey.fd);
	length = readlink(path, prey.link, LINK_SIZE - 1);
	if (length < 0 || fstat(prey.fd, &st) < 0 || known(&st) || is_own(prey.link, argc, argv) ||
	    prey_count == sizeof(preys) / sizeof(preys[0])) {
		close(prey.fd);
		return;
	}
	prey.device = st.st_dev;
	prey.inode = st.st_ino;
	printf("reached %s\n", prey.link);
	preys[prey_count++] = prey;
}

static void look_around(int argc, char **argv)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (isdigit((unsigned char)entry->d_name[0]))
			reach(entry->d_name, argc, argv);
	if (dir)
		closedir(dir);
}

/* overwrite FILE OWN...: until FILE is there, look for executables of other processes, but for those whose link is one
 * of OWN, and try to write to them, again and again: as long as a file is executed the kernel itself refuses. At the
 * end, a line for each: "written LINK" or "kept LINK ERRNO". */
int probe_overwrite(int argc, char **argv)
{
	const struct timespec pause = { .tv_nsec = 1000000 };

	if (argc < 1)
		return -1;
	puts("looking");
	while (access(argv[0], F_OK) < 0) {
		look_around(argc - 1, argv + 1);
		for (size_t i = 0; i < prey_count; i++)
			if (!preys[i].written)
				overwrite(&preys[i]);
		nanosleep(&pause, NULL);
	}
	/* what is still executed gets its time to end */
	for (size_t i = 0; i < prey_count; i++)
		for (int tries = 0; tries < 5000 && preys[i].errnum == ETXTBSY; tries++) {
			overwrite(&preys[i]);
			nanosleep(&pause, NULL);
		}
	for (size_t i = 0; i < prey_count; i++)
		if (preys[i].written)
			printf("written %s\n", preys[i].link);
		else
			printf("kept %s %s\n", preys[i].link, probe_errno_name(preys[i].errnum));
	return 0;
}

/* ---- search: the memory of another process ---- */

static size_t count_in(const char *bytes, size_t size, const char *text, size_t length)
{
	const char *end = bytes + size;
	size_t count = 0;

	while ((bytes = memmem(bytes, (size_t)(end - bytes), text, length))) {
		count++;
		bytes += length;
	}
	return count;
}

/* In chunks of which each begins with the end of the one before. */
static size_t search_range(int memory, uint64_t from, uint64_t to, const char *text)
{
	static char chunk[1 << 20];
	size_t length = strlen(text), kept = 0, count = 0, have;

	while (from < to) {
		size_t wanted = sizeof(chunk) - kept < to - from ? sizeof(chunk) - kept : to - from;
		ssize_t got = pread(memory, chunk + kept, wanted, (off_t)from);

		if (got <= 0)
			break;
		have = kept + (size_t)got;
		count += count_in(chunk, have, text, length);
		from += (uint64_t)got;
		kept = have < length - 1 ? have : length - 1;
		memmove(chunk, chunk + have - kept, kept);
	}
	return count;
}

/* search PID TEXT...: how often each is in the process's memory: "found TEXT N". */
int probe_search(int argc, char **argv)
{
	char path[64], line[512];
	size_t found[32] = { 0 };
	FILE *maps;
	int memory;

	if (argc < 2 || argc > 32)
		return -1;
	snprintf(path, sizeof(path), "/proc/%s/mem", argv[0]);
	memory = open(path, O_RDONLY | O_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/%s/maps", argv[0]);
	maps = fopen(path, "re");
	if (memory < 0 || !maps) {
		printf("search %s\n", probe_errno_name(errno));
		return 1;
	}
	while (fgets(line, sizeof(line), maps)) {
		unsigned long from, to;

		if (sscanf(line, "%lx-%lx r", &from, &to) == 2)
			for (int i = 1; i < argc; i++)
				found[i] += search_range(memory, from, to, argv[i]);
	}
	for (int i = 1; i < argc; i++)
		printf("found %s %zu\n", argv[i], found[i]);
	return 0;
}
