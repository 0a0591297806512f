/* What a scope owns is given back when the scope ends; errno survives it. */
#pragma once

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_fd_(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	errno = saved;
}

static inline void cleanup_free_(void *pointer)
{
	free(*(void **)pointer);
}

static inline void cleanup_dir_(DIR **dir)
{
	int saved = errno;

	if (*dir)
		closedir(*dir);
	errno = saved;
}

static inline void cleanup_file_(FILE **file)
{
	int saved = errno;

	if (*file)
		fclose(*file);
	errno = saved;
}

#define _cleanup_fd_   __attribute__((cleanup(cleanup_fd_)))
#define _cleanup_free_ __attribute__((cleanup(cleanup_free_)))
#define _cleanup_dir_  __attribute__((cleanup(cleanup_dir_)))
#define _cleanup_file_ __attribute__((cleanup(cleanup_file_)))

/* Give up the ownership of a descriptor: return it and leave -1 behind. */
static inline int steal_fd(int *fd)
{
	int stolen = *fd;

	*fd = -1;
	return stolen;
}

/* The same for a pointer, with its type. */
#define steal_pointer(pointer)                                                                     \
	({                                                                                         \
		__typeof__(*(pointer)) stolen_ = *(pointer);                                       \
		*(pointer) = NULL;                                                                 \
		stolen_;                                                                           \
	})

#define array_length(array) (sizeof(array) / sizeof((array)[0]))
