/* Mount options: one table of names, and what a list of them amounts to. Pure. Private to this room. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/mount.h>

#include "base/arena.h"
#include "base/text.h"
#include "oci/config.h"

enum option_flag {
	OPTION_BIND = 1 << 0,
	OPTION_RECURSIVE = 1 << 1, /* the bind takes along what is mounted beneath its source */
	OPTION_REMOUNT = 1 << 2,
	OPTION_COPY_UP = 1 << 3,
	OPTION_IDMAP = 1 << 4,
	OPTION_IDMAP_RECURSIVE = 1 << 5,
};

/* Bits of mount_setattr(2). Bits of neither stay as the source has them. */
struct attributes {
	uint64_t set, clear;
};

/* One option for the filesystem itself, as fsconfig(2) takes it. */
struct parameter {
	const char *key;
	const char *value; /* NULL: a flag */
	const char *text; /* as mount(2) takes it: key, key=value or key="value"; NULL: as a flag */
};

struct mount_options {
	struct attributes own;	     /* of the mount */
	struct attributes recursive; /* of the mount and all beneath it */
	unsigned int flags;
	unsigned long old_flags; /* MS_… of the superblock, for mount(2) */
	LIST(struct parameter) parameters;
	LIST(unsigned long) propagation; /* MS_…, to be applied one after the other */
	const char *unknown; /* the first option that only a filesystem can know; NULL */
};

/* One row of the table. */
struct mount_option {
	const char *name;
	struct attributes attributes;
	bool recursive;	 /* the attributes are for all beneath, too */
	bool superblock; /* a flag of the superblock, of the same name for fsconfig(2) */
	unsigned long old_set, old_clear; /* MS_… */
	unsigned long propagation;	  /* MS_… */
	unsigned int flags;
};

/* In alphabetical order. */
extern const struct mount_option mount_options[];
extern const size_t mount_option_count;

/* The row of that name, NULL if there is none. */
const struct mount_option *mount_option_find(const char *name);

/* Of two options that contradict each other the later one counts. One item may hold several
 * options, separated by commas, as fstab(5) writes them; a comma in double quotes or after a
 * backslash separates nothing. What the table doesn't know is a parameter. */
struct mount_options mount_options_parse(const struct strings *options, struct arena *arena);

#define OPTIONS_SPARE 2

/* fsconfig(2) has no word for these. */
#define OLD_FLAGS_ONLY ((unsigned long)(MS_SILENT | MS_I_VERSION | MS_POSIXACL))

/* Add a parameter behind the others; there is room for OPTIONS_SPARE more than the options asked
 * for. */
void mount_options_add(struct mount_options *options, const char *key, const char *value,
		       const char *text);

/* @first, then @second, as if they had been given in this order. */
struct attributes attributes_join(struct attributes first, struct attributes second);
