/* proc_pid_mountinfo(5), the kernel's list of mounts: lines of "ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [FIELD…] - TYPE
 * SOURCE OPTIONS". Names in it may come from a container, which can put any byte into them but the one that ends a field:
 * the kernel escapes that. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* More than any machine has. */
#define MOUNTINFO_MAX (64u << 20)

/* As the line has it, with its escapes and without an end of its own. */
struct mountinfo_field {
	const char *at;
	size_t length;
};

struct mountinfo_line {
	uint64_t id;
	dev_t device;
	struct mountinfo_field root, point, options, type;
};

/* Take the next line off *@text; false at the end. What is no line of a mount is passed over. Pure. */
bool mountinfo_next(const char **text, struct mountinfo_line *ret_line);

/* Is the field this word? Pure. */
bool mountinfo_is(struct mountinfo_field field, const char *word);

/* Is @option among the options of a field of them? Pure. */
bool mountinfo_has(struct mountinfo_field options, const char *option);

/* The path that a field names, in @ret_path of PATH_MAX bytes; false if it is longer. Pure. */
bool mountinfo_path(struct mountinfo_field field, char *ret_path);

/* The point where the mount @id is, in @ret_path of PATH_MAX bytes; false if nowhere. Pure. */
bool mountinfo_find(const char *text, uint64_t id, char *ret_path);
