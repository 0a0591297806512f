/* The log that engines read (--log, --log-format, --log-level), and what a person sees on stderr.
 *
 * Podman reads the whole log file as one JSON object, containerd takes the last one whose level is
 * "error", conmon and BuildKit read stderr. So a failed command writes exactly one line to the log,
 * and the same error to stderr; a successful one writes nothing anywhere. Warnings are told only to
 * those who ask by --debug or --log-level.
 *
 * There is one log per process, and it is the only thing here that is global: it must take a
 * message from anywhere in src/. Nothing below src/ knows it. */
#pragma once

#include <time.h>

#include "base/error.h"
#include "base/text.h"

enum log_level { LEVEL_ERROR, LEVEL_WARNING, LEVEL_DEBUG };
enum log_format { FORMAT_TEXT, FORMAT_JSON };

/* The names that --log-level and --log-format take. */
extern const struct name_value log_level_names[];
extern const struct name_value log_format_names[];

/* Open @target: a file (made if missing, appended to), "file:PATH", "syslog:ID" or "journald:ID";
 * NULL for stderr. Where it can't be opened the log stays on stderr, in the format asked for. */
int log_open(const char *target, enum log_format format, enum log_level level, struct error *err);

/* The one error of a failed command: to the log and to stderr. */
void log_error(const struct error *err);

/* How it is used rightly, for the person who reads stderr; nothing where a machine reads JSON
 * there. */
void log_usage(const char *usage);

/* To the log alone, or to stderr where there is no other; nothing below the level. */
void log_warning(const char *text);
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* One line of a log, newline included, as logrus formats it; an error (@err may be NULL) brings its
 * own text. No byte of a message can end the line early. @seconds since 1970. Pure. */
void log_format_line(struct buffer *line, enum log_format format, enum log_level level,
		     time_t seconds, const char *message, const struct error *err);
