/* What commands print on stdout. It is gathered first and written at once, so that a full disk or a
 * closed pipe is an error of the command and not a page that ends in the middle. */
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"

/* Write it all to stdout. */
int output_write(const struct buffer *text, struct error *err);

/* The name of user @uid in /etc/passwd, "#UID" if it has none there. */
const char *output_user_name(uint64_t uid, struct arena *arena);

/* A table: cells row by row, the headings first. Shaped as runc's: columns at least 12 wide with 3
 * blanks between them. What can't be printed shows as "?". */
#define OUTPUT_COLUMNS_MAX 8
void output_table(struct buffer *text, const char *const *cells, size_t rows, size_t columns);

/* How --format is given to those that print tables. */
enum output_format { OUTPUT_TABLE, OUTPUT_JSON };
extern const struct name_value output_format_names[];
