#include "libcontainer/init/image.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "libcontainer/init/bare.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x10U
#endif

/* More variables than this, and the image is executed later, by who has memory. */
#define ENVIRONMENT_MAX 4096

#define COPY_AT_ONCE (1l << 30)

/* ---- what the C library would have ---- */

/* The end of what is at @to, which has room for it. */
static char *append(char *to, const char *text)
{
	while ((*to = *text++))
		to++;
	return to;
}

static char *append_hex(char *to, unsigned long long number)
{
	int shift = 60;

	while (shift && !(number >> shift))
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		*to++ = "0123456789abcdef"[number >> shift & 15];
	*to = '\0';
	return to;
}

static bool has(const char *text, char wanted)
{
	while (*text && *text != wanted)
		text++;
	return *text;
}

/* What stands after @prefix, or NULL. */
static const char *after(const char *text, const char *prefix)
{
	while (*prefix)
		if (*text++ != *prefix++)
			return NULL;
	return text;
}

static int close_fd(int fd)
{
	return fd < 0 ? 0 : (int)bare_call(SYS_close, fd);
}

/* ---- an overlay ---- */

/* Makes @path end at its last slash, and says what stood behind. */
static char *cut_name(char *path)
{
	char *slash = path;

	for (char *at = path; *at; at++)
		if (*at == '/')
			slash = at;
	*slash = '\0';
	return slash + 1;
}

static long overlay_configure(int fs, const char *directory)
{
	/* without an upper layer an overlay wants two lower ones: the second is only there to be
	 * there (procfs can be none: it refuses to be stacked upon) */
	char layers[PATH_MAX + 8];
	long result;

	if (has(directory, ':') || has(directory, '\\') || has(directory, ','))
		return -EINVAL;
	append(append(layers, *directory ? directory : "/"), ":/sys");
	result = bare_call(SYS_fsconfig, fs, FSCONFIG_SET_STRING, "lowerdir", layers, 0);
	if (result < 0)
		return result;
	return bare_call(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
}

static int overlay_mount(const char *directory)
{
	int fs = (int)bare_call(SYS_fsopen, "overlay", FSOPEN_CLOEXEC), mount;

	if (fs < 0)
		return fs;
	mount = (int)overlay_configure(fs, directory);
	if (mount == 0)
		mount = (int)bare_call(SYS_fsmount, fs, FSMOUNT_CLOEXEC,
				       MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID);
	close_fd(fs);
	return mount;
}

/* The binary, seen through an overlay of its directory. */
static int open_overlay(const char *path)
{
	char directory[PATH_MAX];
	const char *name;
	int mount, fd;

	append(directory, path);
	name = cut_name(directory);
	mount = overlay_mount(directory);
	if (mount < 0)
		return mount;
	fd = (int)bare_call(SYS_openat, mount, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	close_fd(mount);
	return fd;
}

/* ---- a copy in memory ---- */

static long copy_whole(int from, int to)
{
	long sent;

	do
		sent = bare_call(SYS_sendfile, to, from, NULL, COPY_AT_ONCE);
	while (sent > 0 || sent == -EINTR);
	return sent;
}

static long copy_and_seal(int binary, int copy)
{
	long result = copy_whole(binary, copy);

	if (result == 0)
		result = bare_call(SYS_fchmod, copy, 0500);
	if (result == 0)
		result = bare_call(SYS_fcntl, copy, F_ADD_SEALS,
				   F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
	return result;
}

/* A file in memory may be made such that it can't be executed unless that is asked for
 * (vm.memfd_noexec); kernels before 6.3 don't know the question. */
static int make_memory_file(void)
{
	const unsigned int flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int fd = (int)bare_call(SYS_memfd_create, "proa", flags | MFD_EXEC);

	return fd != -EINVAL ? fd : (int)bare_call(SYS_memfd_create, "proa", flags);
}

static int open_sealed_copy(void)
{
	int binary, copy;
	long result;

	binary = (int)bare_call(SYS_openat, AT_FDCWD, "/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (binary < 0)
		return binary;
	copy = make_memory_file();
	result = copy < 0 ? copy : copy_and_seal(binary, copy);
	close_fd(binary);
	if (result == 0)
		return copy;
	close_fd(copy);
	return (int)result;
}

/* ---- its execution ---- */

/* Of @entry, if that is the mark's. */
static const char *mark_of(const char *entry)
{
	const char *rest = after(entry, IMAGE_MARK);

	return rest && *rest == '=' ? rest : NULL;
}

const char *image_mark(char **envp)
{
	for (; *envp; envp++)
		if (mark_of(*envp))
			return mark_of(*envp);
	return NULL;
}

static long make_mark(int image, const char *path, char mark[static PATH_MAX + 64])
{
	struct stat st = { .st_dev = 0,
			   .st_ino = 0 }; /* tools don't see that the kernel fills it */
	long result = bare_call(SYS_fstat, image, &st);
	char *end;

	if (result < 0)
		return result;
	end = append_hex(append(mark, IMAGE_MARK "="), st.st_dev);
	end = append_hex(append(end, ":"), st.st_ino);
	append(append(end, ":"), path);
	return 0;
}

/* The mark in place of an older one, or behind all others. */
static long mark_environment(char **envp, char *mark, char *ret_envp[static ENVIRONMENT_MAX + 2])
{
	size_t count = 0;

	for (; *envp; envp++) {
		if (mark_of(*envp))
			continue;
		if (count == ENVIRONMENT_MAX)
			return -E2BIG;
		ret_envp[count++] = *envp;
	}
	ret_envp[count] = mark;
	ret_envp[count + 1] = NULL;
	return 0;
}

static long execute(int image, const char *path, char **argv, char **envp)
{
	char mark[PATH_MAX + 64], *environment[ENVIRONMENT_MAX + 2];
	long result = make_mark(image, path, mark);

	if (result == 0)
		result = mark_environment(envp, mark, environment);
	if (result == 0)
		result = bare_call(SYS_execveat, image, "", argv, environment, AT_EMPTY_PATH);
	return result;
}

long image_execute(char **argv, char **envp)
{
	char path[PATH_MAX];
	long result = bare_call(SYS_readlinkat, AT_FDCWD, "/proc/self/exe", path, sizeof(path) - 1);
	int image;

	if (result < 0)
		return result;
	path[result] = '\0';
	image = open_overlay(path);
	if (image < 0)
		image = open_sealed_copy();
	if (image < 0)
		return image;
	result = execute(image, path, argv, envp);
	close_fd(image);
	return result;
}
