#include "src/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/socket.h"
#include "base/text.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

const struct name_value log_level_names[] = {
	{ "error", LEVEL_ERROR },
	{ "warning", LEVEL_WARNING },
	{ "debug", LEVEL_DEBUG },
	{ NULL },
};

const struct name_value log_format_names[] = {
	{ "text", FORMAT_TEXT },
	{ "json", FORMAT_JSON },
	{ NULL },
};

/* ---- lines ---- */

/* @text without a byte that ends a line, a quotation or means something to a terminal (the C1
 * controls of Unicode do too), escaped as Go's %q does. */
static void add_escaped(struct buffer *line, const char *text, const char *quotes)
{
	while (*text) {
		size_t length = utf8_length(text);
		unsigned char byte = (unsigned char)*text;

		if (*text == '\n')
			buffer_puts(line, "\\n");
		else if (!length || byte < 0x20 || byte == 0x7f)
			buffer_printf(line, "\\x%02x", byte);
		else if (byte == 0xc2 && (unsigned char)text[1] < 0xa0)
			buffer_printf(line, "\\u%04x", (unsigned char)text[1]);
		else {
			if (strchr(quotes, byte))
				buffer_puts(line, "\\");
			buffer_add(line, text, length);
		}
		text += length ? length : 1;
	}
}

static void add_json_field(struct buffer *line, const char *key, const char *value)
{
	buffer_printf(line, "%s\"%s\":", line->length > 1 ? "," : "", key);
	buffer_add_json(line, value);
}

/* logrus' fields in logrus' order; an error's code and object come after them, for those who decide
 * on more than text. */
static void add_json_line(struct buffer *line, const char *level, const char *time,
			  const char *message, const struct error *err)
{
	buffer_puts(line, "{");
	add_json_field(line, "level", level);
	add_json_field(line, "msg", message);
	add_json_field(line, "time", time);
	if (err)
		add_json_field(line, "code", error_code_name(err->code));
	if (err && err->object[0])
		add_json_field(line, "object", err->object);
	buffer_puts(line, "}\n");
}

static void add_text_line(struct buffer *line, const char *level, const char *time,
			  const char *message)
{
	buffer_printf(line, "time=\"%s\" level=%s msg=\"", time, level);
	add_escaped(line, message, "\"\\");
	buffer_puts(line, "\"\n");
}

void log_format_line(struct buffer *line, enum log_format format, enum log_level level,
		     time_t seconds, const char *message, const struct error *err)
{
	const char *name = name_of(log_level_names, level);
	char time[sizeof("2026-11-22T15:00:00Z") + 16];
	struct tm tm;

	if (err)
		message = err->text;
	gmtime_r(&seconds, &tm);
	strftime(time, sizeof(time), "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (format == FORMAT_JSON)
		add_json_line(line, name, time, message, err);
	else
		add_text_line(line, name, time, message);
}

/* What a person gets to read. */
static void add_plain_line(struct buffer *line, enum log_level level, const char *message)
{
	buffer_puts(line, "proa: ");
	if (level != LEVEL_ERROR)
		buffer_printf(line, "%s: ", name_of(log_level_names, level));
	add_escaped(line, message, "");
	buffer_puts(line, "\n");
}

/* ---- where they go ---- */

struct message {
	enum log_level level;
	const char *text;
	const struct error *err; /* NULL: no error */
};

static void write_stderr(const struct message *message);

static struct {
	enum log_format format;
	enum log_level level;
	int fd;			/* the file, or the journal's socket */
	const char *identifier; /* ID of syslog:ID and journald:ID */
	void (*write)(const struct message *message);
} current = { .fd = -1, .write = write_stderr };

/* One write(2), so that the lines of two commands don't mix. A log that can't be written must not
 * fail the command: the error is on stderr too. */
static void write_line(int fd, const struct buffer *line)
{
	if (!buffer_failed(line))
		(void)fd_write_all(fd, line->bytes, line->length);
}

static void write_file(const struct message *message)
{
	_cleanup_buffer_ struct buffer line = BUFFER_INIT;

	log_format_line(&line, current.format, message->level, time(NULL), message->text,
			message->err);
	write_line(current.fd, &line);
}

static void write_plain(const struct message *message)
{
	_cleanup_buffer_ struct buffer line = BUFFER_INIT;

	add_plain_line(&line, message->level, message->text);
	write_line(STDERR_FILENO, &line);
}

static void write_stderr(const struct message *message)
{
	_cleanup_buffer_ struct buffer line = BUFFER_INIT;

	if (current.format == FORMAT_TEXT)
		return write_plain(message);
	log_format_line(&line, FORMAT_JSON, message->level, time(NULL), message->text,
			message->err);
	write_line(STDERR_FILENO, &line);
}

static int priority(enum log_level level)
{
	return level == LEVEL_ERROR ? LOG_ERR : level == LEVEL_WARNING ? LOG_WARNING : LOG_DEBUG;
}

static void write_syslog(const struct message *message)
{
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;

	add_escaped(&text, message->text, "");
	if (!buffer_failed(&text))
		syslog(priority(message->level), "%s", text.bytes ? text.bytes : "");
}

/* systemd.journal-fields(7), in the journal's own protocol: a datagram of lines KEY=VALUE. */
static void write_journal(const struct message *message)
{
	_cleanup_buffer_ struct buffer fields = BUFFER_INIT;

	buffer_printf(&fields,
		      "PRIORITY=%d\nSYSLOG_IDENTIFIER=%s\nMESSAGE=", priority(message->level),
		      current.identifier);
	add_escaped(&fields, message->text, "");
	buffer_puts(&fields, "\n");
	if (!buffer_failed(&fields))
		(void)socket_send(current.fd, fields.bytes, fields.length, NULL, 0);
}

/* ---- opening ---- */

static int open_file(const char *path, struct error *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0644);

	if (fd < 0)
		return error_errno(err, errno, path, "open log file %s", path);
	current.fd = fd;
	current.write = write_file;
	return 0;
}

static int open_syslog(const char *identifier, struct error *err)
{
	(void)err; /* syslog(3) connects when it has something to say, and drops it in silence if it
		      can't */
	openlog(identifier, LOG_PID, LOG_DAEMON);
	current.write = write_syslog;
	return 0;
}

static int open_journal(const char *identifier, struct error *err)
{
	int fd = socket_connect_path(JOURNAL_SOCKET, SOCK_DGRAM, -1, err);

	if (fd < 0)
		return error_prefix(err, "open the journal");
	current.fd = fd;
	current.identifier = identifier;
	current.write = write_journal;
	return 0;
}

static const struct {
	const char *prefix;
	int (*open)(const char *rest, struct error *err);
} targets[] = {
	{ "file:", open_file },
	{ "syslog:", open_syslog },
	{ "journald:", open_journal },
	{ "", open_file }, /* last: every target begins with it */
};

int log_open(const char *target, enum log_format format, enum log_level level, struct error *err)
{
	current.format = format;
	current.level = level;
	if (!target)
		return 0;
	for (size_t i = 0; i < array_length(targets); i++)
		if (text_starts(target, targets[i].prefix))
			return targets[i].open(target + strlen(targets[i].prefix), err);
	return 0;
}

/* ---- messages ---- */

void log_error(const struct error *err)
{
	const struct message message = { LEVEL_ERROR, err->text, err };

	current.write(&message);
	if (current.write != write_stderr)
		write_plain(&message);
}

void log_usage(const char *usage)
{
	_cleanup_buffer_ struct buffer line = BUFFER_INIT;

	if (current.write == write_stderr && current.format == FORMAT_JSON)
		return;
	buffer_printf(&line, "usage: %s; --help tells more\n", usage);
	write_line(STDERR_FILENO, &line);
}

void log_warning(const char *text)
{
	if (current.level >= LEVEL_WARNING)
		current.write(&(struct message){ LEVEL_WARNING, text, NULL });
}

void log_debug(const char *format, ...)
{
	char text[1024]; /* longer ones are cut */
	va_list args;

	if (current.level < LEVEL_DEBUG)
		return;
	va_start(args, format);
	text_cutv(text, sizeof(text), format, args);
	va_end(args);
	current.write(&(struct message){ LEVEL_DEBUG, text, NULL });
}
