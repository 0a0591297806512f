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
	char text[CGROUP_TEXT_SIZE];

	return cgroup_read(cgroupfd, file, text, sizeof(text)) < 0 ? NULL
								   : arena_strdup(arena, text);
}

/* systemd may have rounded what it was told, and written that. */
static int restore(int cgroupfd, const struct cgroup_write *write, const char *before,
		   struct arena *arena, struct error *err)
{
	const char *now = before ? read_file(cgroupfd, write->file, arena) : NULL;

	if (!now || strcmp(now, before) == 0)
		return 0;
	return file_write(cgroupfd, write->file, before) < 0
		   ? cgroup_write_refused(cgroupfd, write, errno, err)
		   : 0;
}

int systemd_keep(struct systemd *systemd, const char *unit, int cgroupfd,
		 const struct cgroup_writes *writes, const struct unit_properties *limits,
		 struct error *err)
{
	unsigned int version = systemd->facts.version;
	_cleanup_arena_ struct arena arena = ARENA_INIT;
	struct unit_properties properties = { NULL, 0, 0 };
	const char **before;

	if (arena_init(&arena, ARENA, err) < 0)
		return -1;
	before = arena_calloc(&arena, writes->count, sizeof(*before));
	for (size_t i = 0; i < writes->count; i++) {
		const char *file = writes->items[i].file;

		/* an alternative, where there is what it stands in for, was not written */
		if ((writes->items[i].alternative && i && before[i - 1]) ||
		    !unit_has_property(file))
			continue;
		before[i] = read_file(cgroupfd, file, &arena);
		if (before[i])
			unit_properties_of_file(file, before[i], version, &arena, &properties);
	}
	for (size_t i = 0; limits && i < limits->count; i++)
		unit_property_set(&properties, &arena, limits->items[i].name,
				  limits->items[i].signature,
				  (const char *const *)limits->items[i].values.items,
				  limits->items[i].values.count);
	if (systemd_set(systemd, unit, &properties, err) < 0)
		return -1;
	for (size_t i = 0; i < writes->count; i++)
		if (restore(cgroupfd, &writes->items[i], before[i], &arena, err) < 0)
			return -1;
	return 0;
}
