/* The unit of a container: its name, its slice, what it is given at its start. Pure. */
#include "libcontainer/cgroup/systemd.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

#define PROPERTY   "linux.cgroupsPath"
#define ANNOTATION "org.systemd.property."
#define NAME_LIMIT 255 /* systemd.unit(5) */

/* ---- the directory of a unit ---- */

/* Names that would be taken for files of cgroupfs: systemd puts a "_" before them (cg_needs_escape() in its cgroup-util.c). */
static bool is_like_a_file(const char *name)
{
	static const char *const beginnings[] = { "_",	      ".",	  "cgroup.", "cpu.",
						  "cpuacct.", "cpuset.",  "io.",     "blkio.",
						  "memory.",  "devices.", "pids." };

	for (size_t i = 0; i < array_length(beginnings); i++)
		if (text_starts(name, beginnings[i]))
			return true;
	return false;
}

static char *directory_of(const char *name, struct arena *arena)
{
	return arena_printf(arena, "%s%s", is_like_a_file(name) ? "_" : "", name);
}

const char *unit_of_path(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	return name + (name[0] == '_');
}

/* ---- slices ---- */

static const char letters[] =
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ:_.\\-";

/* The root slice is "-"; all others have names between single dashes. */
static bool is_slice_stem(const char *stem)
{
	return *stem && strspn(stem, letters) == strlen(stem) && stem[0] != '-' &&
	       !text_ends(stem, "-") && !strstr(stem, "--");
}

char *slice_path(const char *slice, struct arena *arena)
{
	char *stem, *path = arena_strdup(arena, "");

	if (!text_ends(slice, ".slice") || strlen(slice) > NAME_LIMIT)
		return NULL;
	stem = arena_strndup(arena, slice, strlen(slice) - strlen(".slice"));
	if (strcmp(stem, "-") == 0)
		return path;
	if (!is_slice_stem(stem))
		return NULL;
	for (const char *dash = stem; dash; dash = strchr(dash + 1, '-')) {
		const char *end = strchr(dash + 1, '-');
		int length = (int)(end ? end - stem : (long)strlen(stem));
		const char *name = arena_printf(arena, "%.*s.slice", length, stem);

		path = arena_printf(arena, "%s/%s", path, directory_of(name, arena));
	}
	return path;
}

/* ---- from linux.cgroupsPath ---- */

struct place {
	const char *slice, *prefix, *name;
};

static int refuse(struct error *err, const char *path, const char *why)
{
	return error_set(err, ERROR_INVALID, PROPERTY, PROPERTY ": \"%.200s\" %s",
			 text_printable(path) ? path : "", why);
}

/* "slice:prefix:name"; what is empty stands for the default, but a prefix for none. */
static int split(const char *path, struct arena *arena, struct place *place, struct error *err)
{
	const char *first = strchr(path, ':'), *second = first ? strchr(first + 1, ':') : NULL;

	if (!second || strchr(second + 1, ':') || strchr(path, '/'))
		return refuse(
		    err, path,
		    "is not of the form slice:prefix:name, which the systemd cgroup manager "
		    "takes; a path is for --cgroup-manager cgroupfs");
	if (!text_printable(path))
		return refuse(err, path, "contains control characters");
	if (first > path)
		place->slice = arena_strndup(arena, path, (size_t)(first - path));
	place->prefix = arena_strndup(arena, first + 1, (size_t)(second - first - 1));
	if (second[1])
		place->name = second + 1;
	return 0;
}

/* systemd-escape(1): what a name of a unit may not have, as \xNN. */
static void escape(const char *part, char *name, size_t size)
{
	size_t used = strlen(name);

	for (; *part && used < size; part++)
		used += (size_t)(strchr(letters, *part)
				     ? snprintf(name + used, size - used, "%c", *part)
				     : snprintf(name + used, size - used, "\\x%02x",
						(unsigned char)*part));
}

static int unit_name(const struct place *place, const char *path, char name[NAME_LIMIT + 2],
		     struct error *err)
{
	name[0] = '\0';
	if (text_ends(place->name, ".slice"))
		return refuse(err, path, "names a slice, which has no processes of its own");
	escape(place->prefix, name, NAME_LIMIT + 2);
	escape(*place->prefix ? "-" : "", name, NAME_LIMIT + 2);
	escape(place->name, name, NAME_LIMIT + 2);
	escape(".scope", name, NAME_LIMIT + 2);
	if (strlen(name) > NAME_LIMIT)
		return refuse(err, path, "makes a name of a unit of more than 255 bytes");
	return 0;
}

/* ---- properties ---- */

static void set_flag(struct unit_plan *unit, struct arena *arena, const char *name,
		     const char *value)
{
	unit_property_set(&unit->at_start, arena, name, "b", &value, 1);
}

static void set_string(struct unit_plan *unit, struct arena *arena, const char *name,
		       const char *value)
{
	unit_property_set(&unit->at_start, arena, name, "s", &value, 1);
}

static void set_basics(struct unit_plan *unit, const char *id, const char *slice,
		       struct arena *arena)
{
	static const char *const on[] = { "Delegate", "MemoryAccounting", "CPUAccounting",
					  "IOAccounting", "TasksAccounting" };

	set_string(unit, arena, "Description", arena_printf(arena, "container %s (proa)", id));
	set_string(unit, arena, "Slice", slice);
	/* a unit that has failed is forgotten like others, and doesn't lie in the way of the next */
	set_string(unit, arena, "CollectMode", "inactive-or-failed");
	set_flag(unit, arena, "DefaultDependencies", "0");
	for (size_t i = 0; i < array_length(on); i++)
		set_flag(unit, arena, on[i], "1");
}

/* Scopes have it since systemd 253; before that nothing but the file counts. */
static void set_oom_policy(struct unit_plan *unit, const struct config_resources *resources,
			   unsigned int version, struct arena *arena)
{
	for (size_t i = 0; resources && version >= 253 && i < resources->unified.count; i++)
		if (strcmp(resources->unified.items[i].key, "memory.oom.group") == 0)
			set_string(unit, arena, "OOMPolicy",
				   resources->unified.items[i].value[0] == '1' ? "kill"
									       : "continue");
}

/* What could refuse or charge the processes that prepare the container waits until they have left. */
static bool is_limit(const char *property)
{
	static const char *const beginnings[] = { "Memory", "StartupMemory", "Tasks",
						  "EffectiveMemory" };

	for (size_t i = 0; i < array_length(beginnings); i++)
		if (text_starts(property, beginnings[i]))
			return !text_ends(property, "Accounting");
	return false;
}

static int add_annotations(const struct config *config, struct unit_plan *unit, struct arena *arena,
			   struct error *err)
{
	for (size_t i = 0; i < config->annotations.count; i++) {
		const char *key = config->annotations.items[i].key;
		const char *name = key + strlen(ANNOTATION);

		if (!text_starts(key, ANNOTATION))
			continue;
		if (unit_annotation(name, config->annotations.items[i].value, arena,
				    is_limit(name) ? &unit->limits : &unit->at_start, err) < 0)
			return -1;
	}
	return 0;
}

/* ---- the plan ---- */

static const struct config_resources no_resources;

int unit_plan(const struct config *config, const struct cgroup_request *request,
	      struct arena *arena, struct cgroup_plan *plan, struct error *err)
{
	const struct systemd_facts *facts = request->systemd;
	const struct config_resources *resources = config->linux_->resources;
	const char *path = config->linux_->cgroups_path, *slice;
	struct place place = { facts->user ? "user.slice" : "system.slice", "proa", request->id };
	struct unit_plan *unit = arena_alloc(arena, sizeof(*unit));
	char name[NAME_LIMIT + 2];

	if (path && *path && split(path, arena, &place, err) < 0)
		return -1;
	slice = slice_path(place.slice, arena);
	if (!slice)
		return refuse(err, path, "begins with what is no name of a slice, like a-b.slice");
	if (unit_name(&place, path ? path : request->id, name, err) < 0)
		return -1;
	unit->name = arena_strdup(arena, name);
	set_basics(unit, request->id, place.slice, arena);
	set_oom_policy(unit, resources, facts->version, arena);
	/* who has no right to load a device program has a systemd that hasn't either */
	if (!facts->user && unit_device_properties(resources ? resources : &no_resources, arena,
						   &unit->devices, err) < 0)
		return -1;
	plan->unit = unit;
	plan->path = arena_printf(arena, "%s%s/%s", facts->root, slice, directory_of(name, arena));
	return add_annotations(config, unit, arena, err);
}
