#include "src/output.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"

#define COLUMN_WIDTH 12
#define COLUMN_GAP   3

const struct name_value output_format_names[] = {
	{ "table", OUTPUT_TABLE },
	{ "json", OUTPUT_JSON },
	{ NULL },
};

int output_write(const struct buffer *text, struct error *err)
{
	if (buffer_failed(text))
		return error_set(err, ERROR_MEMORY, NULL, "no memory for the output");
	if (fd_write_all(STDOUT_FILENO, text->bytes, text->length) < 0)
		return error_errno(err, errno, "stdout", "write to stdout");
	return 0;
}

/* Not getpwuid(3): a static binary can't load the name services that it would ask. */
const char *output_user_name(uint64_t uid, struct arena *arena)
{
	_cleanup_file_ FILE *passwd = fopen("/etc/passwd", "re");
	const struct passwd *entry;

	while (passwd && (entry = fgetpwent(passwd)))
		if (entry->pw_uid == uid)
			return arena_strdup(arena, entry->pw_name);
	return arena_printf(arena, "#%llu", (unsigned long long)uid);
}

static size_t column_width(const char *const *cells, size_t rows, size_t columns)
{
	size_t width = COLUMN_WIDTH;

	for (size_t row = 0; row < rows; row++) {
		const char *cell = cells[row * columns];

		if (strlen(cell) + COLUMN_GAP > width)
			width = strlen(cell) + COLUMN_GAP;
	}
	return width;
}

static void add_cell(struct buffer *text, const char *cell, size_t width)
{
	size_t length = 0;

	for (; cell[length]; length++) {
		bool control = (unsigned char)cell[length] < 0x20 || cell[length] == 0x7f;

		buffer_add(text, control ? "?" : cell + length, 1);
	}
	if (width)
		buffer_printf(text, "%*s", (int)(width - length), "");
}

void output_table(struct buffer *text, const char *const *cells, size_t rows, size_t columns)
{
	size_t widths[OUTPUT_COLUMNS_MAX] = { 0 };

	/* the last column needs no width: nothing follows it */
	for (size_t column = 0; column + 1 < columns; column++)
		widths[column] = column_width(cells + column, rows, columns);
	for (size_t row = 0; row < rows; row++) {
		for (size_t column = 0; column < columns; column++)
			add_cell(text, cells[row * columns + column], widths[column]);
		buffer_puts(text, "\n");
	}
}
