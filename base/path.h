/* The one resolver for paths inside a container's root filesystem, which is hostile: its links may
 * point anywhere, and somebody may exchange its parts while we look. So a path is never used twice:
 * it is turned once into an O_PATH descriptor by openat2(2) with RESOLVE_IN_ROOT and without magic
 * links, and everything else is done on that descriptor. (CVE-2021-30465, CVE-2024-45310,
 * CVE-2019-18837) */
#pragma once

#include <limits.h>
#include <sys/types.h>

#include "base/error.h"

enum path_flags {
	PATH_NOFOLLOW = 1 << 0, /* a link in the last place is the result itself */
	PATH_NO_SYMLINKS =
	    1 << 1, /* no link anywhere: for /dev, /proc, /sys (CVE-2023-27561, CVE-2026-41579) */
	PATH_DIRECTORY = 1 << 2, /* the result must be a directory */
	PATH_MISSING = 1 << 3,	 /* it has just been looked for: make it without looking again */
};

/* Open @path, absolute or relative, inside the directory @rootfd as if that were "/". Returns an
 * O_PATH descriptor; -1 with err->errnum ENOENT if it is not there. Any process. */
int path_open(int rootfd, const char *path, int flags, struct error *err);

/* The same, and what is missing is made: directories with @mode (before umask; those above a file with 0755) where they lack,
 * links that dangle are followed inside the root. The last component becomes a directory, or an
 * empty regular file. Each is made relative to a descriptor of its parent, never through a path. Returns a
 * descriptor to refer to it, not to read or write through. */
int path_make_directory(int rootfd, const char *path, mode_t mode, int flags, struct error *err);
int path_make_file(int rootfd, const char *path, mode_t mode, int flags, struct error *err);

/* The parent directory of @path, made if missing, and the name of the last component in @ret_name:
 * for those who then make a device or a link there. A path without a name ("/", "a/..") is
 * ERROR_INVALID. */
int path_make_parent(int rootfd, const char *path, mode_t mode, int flags,
		     char ret_name[NAME_MAX + 1], struct error *err);

/* What follows @root in @path, both clean: "" if they are the same, "/..." if it lies below; NULL if it doesn't. */
const char *path_below(const char *path, const char *root);

/* An absolute, lexically clean form of @path in @ret_clean: no ".", no "..", no double slashes,
 * ".." at the root stays there. For comparing destinations as text, never for opening them. */
int path_clean(const char *path, char *ret_clean, size_t size, struct error *err);
