/* The rules of the runtime-spec that a table can't say: those between properties. Each is a small
 * function in oci/validate_*.c and a row in oci/validate.c. What takes knowledge of the kernel
 * (combinations of a scheduler's values, sysctls and their namespaces, cgroup limits, …) is checked
 * by the room of libcontainer that has it, while it plans. Not for use outside oci/. */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "oci/config.h"

/* Check a decoded @document. Paths in errors (err->object, and the begin of the text) are those of
 * a config; what is tolerated is added to config->warnings. Any process. */
int validate(struct config *config, enum config_document document, struct arena *arena,
	     struct error *err);

/* ---- for the rules ---- */

struct validation {
	struct config *config;
	struct arena *arena;
	struct error *err;
};

typedef int validate_rule(const struct validation *v);

/* A place in the config, as errors name it: at("mounts[%zu].destination", i). */
struct place {
	char path[192];
};
struct place at(const char *format, ...) __attribute__((format(printf, 1, 2), cold));

/* ERROR_INVALID "PATH: …"; returns -1. */
int invalid(const struct validation *v, struct place place, const char *format, ...)
    __attribute__((format(printf, 3, 4), cold));
/* The same as a warning. */
void warn(const struct validation *v, struct place place, const char *format, ...)
    __attribute__((format(printf, 3, 4), cold));

/* Whether the container gets a namespace of @type other than the one proa is in. */
bool has_namespace(const struct validation *v, const char *type);
/* The same, and not one that exists already. */
bool has_new_namespace(const struct validation *v, const char *type);

/* ---- the rules ---- */

/* validate_config.c */
validate_rule validate_version, validate_annotations, validate_names, validate_mounts,
    validate_capabilities;
/* validate_linux.c */
validate_rule validate_namespaces, validate_mappings, validate_ids, validate_time_offsets,
    validate_devices;

/* Ranges that the kernel takes as an id map (user_namespaces(7)): not empty, not beyond the last
 * id, at most 340, none overlapping another one on either side. @path is the list's. */
int validate_id_mappings(const struct validation *v, const struct id_mapping_list *list,
			 const char *path);
