/* Errors are values: a struct error lives on the caller's stack, is filled once where the failure
 * is seen, prefixed once per level where that helps, and logged once, at the top. Decide on the
 * code, never on the text. */
#pragma once

#include <stdarg.h>
#include <stddef.h>

enum error_code {
	ERROR_NONE,
	ERROR_USAGE,	      /* the command line is wrong */
	ERROR_INVALID,	      /* a document or a value in it is wrong */
	ERROR_UNSUPPORTED,    /* valid, but not on this kernel, machine or build */
	ERROR_NOT_FOUND,      /* no such container */
	ERROR_EXISTS,	      /* the id is taken */
	ERROR_NOT_RUNNING,    /* the container or process is dead */
	ERROR_STATE,	      /* the container is in the wrong state for the command */
	ERROR_BUSY,	      /* another command holds the container, or a deadline passed */
	ERROR_EXEC_NOT_FOUND, /* the program to run is missing (engines: 127) */
	ERROR_EXEC_DENIED,    /* the program to run can't be executed (engines: 126) */
	ERROR_REFUSED,	/* a protection refused: a path, a device, a descriptor is not what it must
			   be */
	ERROR_HOOK,	/* a hook failed or timed out */
	ERROR_MEMORY,	/* killed for memory, or no memory to be had */
	ERROR_PROTOCOL, /* parent and init lost each other */
	ERROR_SYSTEM,	/* any other failing system call: errnum says which errno */
};

/* Plain data without pointers: init sends it whole to the parent. */
struct error {
	enum error_code code;
	int errnum;	  /* the errno behind it, 0 if none */
	char object[256]; /* what it happened to: a path, a property, a container's id; may be empty
			   */
	char text[1024];  /* the sentence for people, one line */
};

#define ERROR_INIT                                                                                 \
	{                                                                                          \
		.code = ERROR_NONE                                                                 \
	}

/* Fill @err and return -1, so that `return error_set(err, …)` ends a function. @object may be NULL.
 * Text longer than the buffer is cut. Any process. */
void error_set_(struct error *err, enum error_code code, const char *object, const char *format,
		...) __attribute__((format(printf, 4, 5), cold));

/* The same for a failed system call: code ERROR_SYSTEM, and ": " with the words for @errnum follow
 * the text. The words are ours where an engine greps for the C library's (see error_words). */
void error_errno_(struct error *err, int errnum, const char *object, const char *format, ...)
    __attribute__((format(printf, 4, 5), cold));

/* Put "prefix: " before the text that is there, and return -1. */
void error_prefix_(struct error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3), cold));

/* Macros, so that compiler and analysers see that the value is always -1. */
#define error_set(...)                                                                             \
	({                                                                                         \
		error_set_(__VA_ARGS__);                                                           \
		-1;                                                                                \
	})
#define error_errno(...)                                                                           \
	({                                                                                         \
		error_errno_(__VA_ARGS__);                                                         \
		-1;                                                                                \
	})
#define error_prefix(...)                                                                          \
	({                                                                                         \
		error_prefix_(__VA_ARGS__);                                                        \
		-1;                                                                                \
	})

/* The words for an errno. Podman turns "no such file or directory" and "permission denied" anywhere
 * in an error into exit codes 127 and 126, containerd "no such process" into "not found": those
 * words belong to the container's program and its cwd alone, so here the errnos behind them are worded
 * differently. */
const char *error_words(int errnum);

/* The stable name of a code ("invalid", "not-running", …), for logs that machines read. */
const char *error_code_name(enum error_code code);
