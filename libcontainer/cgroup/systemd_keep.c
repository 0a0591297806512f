/* After the files of a cgroup were written: systemd gets to know what they say. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "libcontainer/cgroup/internal.h"
#include "libcontainer/cgroup/systemd.h"

#define ARENA (1 << 26)

/* What the file says, in @arena; NULL if it isn't there: a limit that this machine can't have, and that was none. */
static const char *read_file(int cgroupfd, const char *file, struct arena *arena)
{
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;
	struct error ignored = ERROR_INIT;

	if (file_read(cgroupfd, file, CGROUP_LINES_LIMIT, &text, &ignored) < 0)
		return NULL;
	text.bytes[strlen(text.bytes) - text_ends(text.bytes, "\n")] = '\0';
	return arena_strdup(arena, text.bytes);
}

/* The file by which systemd knows what a write of @file changes. */
static const char *known_file(const char *file)
{
	return strcmp(file, "cpu.weight.nice") == 0 ? "cpu.weight" : file;
}

static bool has_file(const struct cgroup_writes *writes, const char *file)
{
	for (size_t i = 0; i < writes->count; i++)
		if (strcmp(known_file(writes->items[i].file), file) == 0)
			return true;
	return false;
}

/* What each unit_file() said before systemd was told anything. Where it is told @more than the files say, only those of
 * @writes. */
static const char **read_files(int cgroupfd, const struct cgroup_writes *writes, bool more,
			       struct arena *arena)
{
	const char **texts;
	size_t count = 0;

	while (unit_file(count))
		count++;
	texts = arena_calloc(arena, count, sizeof(*texts));
	for (size_t i = 0; i < count; i++)
		if (!more || has_file(writes, unit_file(i)))
			texts[i] = read_file(cgroupfd, unit_file(i), arena);
	return texts;
}

/* It has written all files, though it was told of one, and has rounded what they say. */
static int restore(int cgroupfd, const char **before, struct arena *arena, struct error *err)
{
	for (size_t i = 0; unit_file(i); i++) {
		const char *now = before[i] ? read_file(cgroupfd, unit_file(i), arena) : NULL;
		struct cgroup_write write = { .file = unit_file(i), .property = unit_file(i) };

		if (!now || strcmp(now, before[i]) == 0)
			continue;
		/* the lines of devices are not its; what takes a list away is an empty line */
		write.value =
		    *before[i] ? arena_strndup(arena, before[i], strcspn(before[i], "\n")) : "\n";
		if (file_write(cgroupfd, write.file, write.value) < 0)
			return cgroup_write_refused(cgroupfd, &write, errno, err);
	}
	return 0;
}

static bool add_property(int cgroupfd, const char *file, unsigned int version, struct arena *arena,
			 struct unit_properties *properties)
{
	const char *text = read_file(cgroupfd, file, arena);

	if (text)
		unit_properties_of_file(file, text, version, arena, properties);
	return text != NULL;
}

/* The properties for what the files of @writes say. */
static void add_properties(int cgroupfd, const struct cgroup_writes *writes, unsigned int version,
			   struct arena *arena, struct unit_properties *properties)
{
	bool found = false;

	for (size_t i = 0; i < writes->count; i++) {
		const struct cgroup_write *write = &writes->items[i];
		const char *file = known_file(write->file);

		/* an alternative, where there is what it stands in for, was not written */
		if ((write->alternative && found) || !unit_has_property(file))
			continue;
		found = add_property(cgroupfd, file, version, arena, properties);
	}
	if (!properties->count)
		return;
	/* It writes all files, whatever it is told. A limit of memory that somebody has raised behind its back may be in use
	 * by now: the kernel would kill before restore() comes. */
	add_property(cgroupfd, "memory.max", version, arena, properties);
	add_property(cgroupfd, "memory.swap.max", version, arena, properties);
}

int systemd_keep(struct systemd *systemd, const char *unit, int cgroupfd,
		 const struct cgroup_writes *writes, const struct config_resources *devices,
		 const struct unit_properties *limits, struct error *err)
{
	_cleanup_arena_ struct arena arena = ARENA_INIT;
	struct unit_properties properties = { NULL, 0, 0 };
	const char **before;

	if (arena_init(&arena, ARENA, err) < 0)
		return -1;
	before = read_files(cgroupfd, writes, limits && limits->count, &arena);
	if (devices && unit_device_properties(devices, &arena, &properties, err) < 0)
		return -1;
	add_properties(cgroupfd, writes, systemd->facts.version, &arena, &properties);
	for (size_t i = 0; limits && i < limits->count; i++)
		unit_property_set(&properties, &arena, limits->items[i].name,
				  limits->items[i].signature,
				  (const char *const *)limits->items[i].values.items,
				  limits->items[i].values.count);
	if (!properties.count)
		return 0;
	if (systemd_set(systemd, unit, &properties, err) < 0)
		return -1;
	return restore(cgroupfd, before, &arena, err);
}
