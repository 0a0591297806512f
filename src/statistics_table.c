#include <inttypes.h>

#include "src/output.h"
#include "src/statistics.h"

/* "868 KiB", "1.2 GiB": two digits, or the whole number. */
static const char *bytes_text(uint64_t bytes, struct arena *arena)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	uint64_t tenths = bytes > UINT64_MAX / 10 ? UINT64_MAX : bytes * 10;
	size_t unit = 0;

	for (; tenths >= 10240; tenths = tenths / 1024 + (tenths % 1024 >= 512))
		unit++;
	if (unit && tenths < 100)
		return arena_printf(arena, "%" PRIu64 ".%" PRIu64 " %s", tenths / 10, tenths % 10,
				    units[unit]);
	return arena_printf(arena, "%" PRIu64 " %s", (tenths + 5) / 10, units[unit]);
}

static const char *value_text(const struct statistic_value *value, struct arena *arena)
{
	char number[DECIMAL_SIZE];

	if (value->max)
		return "max";
	switch (value->row->unit) {
	case UNIT_BYTES:
		return bytes_text(value->number, arena);
	case UNIT_SECONDS:
		decimal_text((value->number + 500) / 1000, 3, number);
		return arena_printf(arena, "%s s", number);
	case UNIT_PERCENT:
		decimal_text(value->number, value->row->decimals, number);
		return arena_printf(arena, "%s %%", number);
	case UNIT_COUNT:
		break;
	}
	decimal_text(value->number, 0, number);
	return arena_strdup(arena, number);
}

static const char *name_text(const struct statistic_value *value, struct arena *arena)
{
	return value->instance ? arena_printf(arena, "%s (%s)", value->row->name, value->instance)
			       : value->row->name;
}

void statistics_table(const struct statistics *statistics, struct arena *arena, struct buffer *text)
{
	const char **cells = arena_calloc(arena, 2 * (statistics->count + 1), sizeof(*cells));
	size_t rows = 1;

	cells[0] = "STATISTIC";
	cells[1] = "VALUE";
	for (size_t i = 0; i < statistics->count; i++) {
		const struct statistic_value *value = &statistics->items[i];

		if (!value->found || !value->row->name)
			continue;
		cells[2 * rows] = name_text(value, arena);
		cells[2 * rows + 1] = value_text(value, arena);
		rows++;
	}
	output_table(text, cells, rows, 2);
}
