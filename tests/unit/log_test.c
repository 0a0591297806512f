#include "tests/unit/harness.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "src/log.h"

/* 2026-11-22T15:00:00Z */
#define WHEN 1795359600

static const struct error sample = {
	.code = ERROR_NOT_FOUND,
	.object = "web",
	.text = "container does not exist",
};

static void check_line(enum log_format format, enum log_level level, const char *message,
		       const struct error *error, const char *expected)
{
	_cleanup_buffer_ struct buffer line = BUFFER_INIT;

	log_format_line(&line, format, level, WHEN, message, error);
	CHECK_STR(line.bytes, expected);
}

TEST(json_lines_have_the_fields_of_logrus_first)
{
	check_line(FORMAT_JSON, LEVEL_ERROR, NULL, &sample,
		   "{\"level\":\"error\",\"msg\":\"container does not "
		   "exist\",\"time\":\"2026-11-22T15:00:00Z\","
		   "\"code\":\"not-found\",\"object\":\"web\"}\n");
	check_line(FORMAT_JSON, LEVEL_WARNING, "odd", NULL,
		   "{\"level\":\"warning\",\"msg\":\"odd\",\"time\":\"2026-11-22T15:00:00Z\"}\n");
}

TEST(text_lines_are_those_of_logrus)
{
	check_line(FORMAT_TEXT, LEVEL_ERROR, NULL, &sample,
		   "time=\"2026-11-22T15:00:00Z\" level=error msg=\"container does not exist\"\n");
	check_line(FORMAT_TEXT, LEVEL_DEBUG, "a", NULL,
		   "time=\"2026-11-22T15:00:00Z\" level=debug msg=\"a\"\n");
}

TEST(no_byte_of_a_message_breaks_a_line)
{
	check_line(FORMAT_TEXT, LEVEL_ERROR, "a\nb\t\"c\\\033[2J\x7f\xff\u00e4\xc2\x9b", NULL,
		   "time=\"2026-11-22T15:00:00Z\" level=error "
		   "msg=\"a\\nb\\x09\\\"c\\\\\\x1b[2J\\x7f\\xff\u00e4\\u009b\"\n");
	check_line(FORMAT_JSON, LEVEL_ERROR, "a\nb\t\"c\\\033[2J\x7f\xff\u00e4", NULL,
		   "{\"level\":\"error\",\"msg\":\"a\\u000ab\\u0009\\\"c\\\\\\u001b["
		   "2J\\u007f\\ufffd\u00e4\","
		   "\"time\":\"2026-11-22T15:00:00Z\"}\n");
}

/* ---- what goes where ---- */

static char directory[] = "/tmp/proa-log-XXXXXX";
static char path[64];
static int stderr_fd = -1;

/* From here on stderr is a file that read_stderr() reads. */
static void begin(void)
{
	CHECK(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/log", directory);
	stderr_fd = memfd_create("stderr", MFD_CLOEXEC);
	CHECK(stderr_fd >= 0 && dup2(stderr_fd, STDERR_FILENO) == STDERR_FILENO);
}

static void end(void)
{
	unlink(path);
	rmdir(directory);
}

static const char *read_whole(int fd)
{
	static struct buffer texts[4];
	static size_t next;
	struct buffer *text = &texts[next++];
	struct error err = ERROR_INIT;

	CHECK(fd >= 0 && lseek(fd, 0, SEEK_SET) == 0);
	CHECK(fd_read(fd, 1 << 20, text, "text", &err) == 0);
	return text->bytes;
}

static const char *read_stderr(void)
{
	return read_whole(stderr_fd);
}

static const char *read_log(void)
{
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);

	return read_whole(fd);
}

static size_t count_lines(const char *text)
{
	size_t lines = 0;

	for (; *text; text++)
		lines += *text == '\n';
	return lines;
}

TEST(an_error_goes_to_the_log_and_to_stderr)
{
	struct error err = ERROR_INIT;

	begin();
	CHECK(log_open(path, FORMAT_JSON, LEVEL_ERROR, &err) == 0);
	log_warning("quiet");
	log_debug("quiet %d", 1);
	log_error(&sample);
	CHECK(count_lines(read_log()) == 1);
	CHECK(text_starts(
	    read_log(), "{\"level\":\"error\",\"msg\":\"container does not exist\",\"time\":\"2"));
	CHECK_STR(read_stderr(), "proa: container does not exist\n");
	end();
}

TEST(a_log_is_appended_to)
{
	struct error err = ERROR_INIT;
	struct stat file;

	begin();
	umask(022);
	for (int i = 0; i < 2; i++) {
		CHECK(log_open(path, FORMAT_TEXT, LEVEL_ERROR, &err) == 0);
		log_error(&sample);
	}
	CHECK(count_lines(read_log()) == 2);
	CHECK(stat(path, &file) == 0 && (file.st_mode & 07777) == 0644);
	end();
}

TEST(a_file_prefix_is_crun_s)
{
	struct error err = ERROR_INIT;
	char target[80];

	begin();
	snprintf(target, sizeof(target), "file:%s", path);
	CHECK(log_open(target, FORMAT_TEXT, LEVEL_ERROR, &err) == 0);
	log_error(&sample);
	CHECK(strstr(read_log(), "level=error"));
	end();
}

TEST(levels_let_more_into_the_log_and_not_onto_stderr)
{
	struct error err = ERROR_INIT;

	begin();
	CHECK(log_open(path, FORMAT_TEXT, LEVEL_WARNING, &err) == 0);
	log_warning("odd");
	log_debug("detail");
	CHECK(strstr(read_log(), "level=warning msg=\"odd\"\n"));
	CHECK(!strstr(read_log(), "detail"));
	CHECK(log_open(path, FORMAT_TEXT, LEVEL_DEBUG, &err) == 0);
	log_debug("detail %d", 7);
	CHECK(strstr(read_log(), "level=debug msg=\"detail 7\"\n"));
	CHECK_STR(read_stderr(), "");
	end();
}

TEST(without_a_log_stderr_is_it)
{
	struct error err = ERROR_INIT;

	begin();
	CHECK(log_open(NULL, FORMAT_TEXT, LEVEL_DEBUG, &err) == 0);
	log_warning("odd\033[1m");
	log_debug("detail");
	log_error(&sample);
	log_usage("proa x");
	CHECK_STR(read_stderr(),
		  "proa: warning: odd\\x1b[1m\nproa: debug: detail\n"
		  "proa: container does not exist\nusage: proa x; --help tells more\n");
	end();
}

TEST(without_a_log_json_on_stderr_stays_json)
{
	struct error err = ERROR_INIT;

	begin();
	CHECK(log_open(NULL, FORMAT_JSON, LEVEL_ERROR, &err) == 0);
	log_warning("odd");
	log_error(&sample);
	log_usage("proa x");
	CHECK(count_lines(read_stderr()) == 1);
	CHECK(text_starts(read_stderr(), "{\"level\":\"error\","));
	end();
}

TEST(a_log_that_cannot_be_opened_is_an_error_told_on_stderr)
{
	struct error err = ERROR_INIT;

	begin();
	snprintf(path + strlen(path), 8, "/x");
	CHECK(log_open(path, FORMAT_JSON, LEVEL_ERROR, &err) < 0);
	CHECK(err.code == ERROR_SYSTEM && err.errnum == ENOENT);
	log_error(&err);
	CHECK(text_starts(read_stderr(),
			  "{\"level\":\"error\",\"msg\":\"open log file /tmp/proa-log-"));
	end();
}

TEST(a_full_log_does_not_fail_the_error)
{
	struct error err = ERROR_INIT;

	begin();
	CHECK(log_open("/dev/full", FORMAT_JSON, LEVEL_ERROR, &err) == 0);
	log_error(&sample);
	CHECK_STR(read_stderr(), "proa: container does not exist\n");
	end();
}
