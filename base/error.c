#include "base/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

static const struct {
	int errnum;
	const char *words;
} own_words[] = {
	{ ENOENT, "not there (ENOENT)" }, { EACCES, "access refused (EACCES)" },
	{ EPERM, "not allowed (EPERM)" }, { ESRCH, "process gone (ESRCH)" },
	{ ENOTDIR, "not a directory" },
};

const char *error_words(int errnum)
{
	for (size_t i = 0; i < sizeof(own_words) / sizeof(own_words[0]); i++)
		if (own_words[i].errnum == errnum)
			return own_words[i].words;
	return strerror(errnum);
}

static const char *const code_names[] = {
	[ERROR_NONE] = "none",
	[ERROR_USAGE] = "usage",
	[ERROR_INVALID] = "invalid",
	[ERROR_UNSUPPORTED] = "unsupported",
	[ERROR_NOT_FOUND] = "not-found",
	[ERROR_EXISTS] = "exists",
	[ERROR_NOT_RUNNING] = "not-running",
	[ERROR_STATE] = "state",
	[ERROR_BUSY] = "busy",
	[ERROR_EXEC_NOT_FOUND] = "exec-not-found",
	[ERROR_EXEC_DENIED] = "exec-denied",
	[ERROR_REFUSED] = "refused",
	[ERROR_HOOK] = "hook",
	[ERROR_MEMORY] = "memory",
	[ERROR_PROTOCOL] = "protocol",
	[ERROR_SYSTEM] = "system",
};

const char *error_code_name(enum error_code code)
{
	if ((size_t)code >= sizeof(code_names) / sizeof(code_names[0]))
		return "unknown";
	return code_names[code];
}

static void set(struct error *err, enum error_code code, int errnum, const char *object,
		const char *format, va_list args)
{
	err->code = code;
	err->errnum = errnum;
	text_cut(err->object, sizeof(err->object), "%s", object ? object : "");
	text_cutv(err->text, sizeof(err->text), format, args);
}

void error_set_(struct error *err, enum error_code code, const char *object, const char *format,
		...)
{
	va_list args;

	va_start(args, format);
	set(err, code, 0, object, format, args);
	va_end(args);
}

void error_errno_(struct error *err, int errnum, const char *object, const char *format, ...)
{
	va_list args;
	size_t length;

	va_start(args, format);
	set(err, ERROR_SYSTEM, errnum, object, format, args);
	va_end(args);
	length = strlen(err->text);
	text_cut(err->text + length, sizeof(err->text) - length, ": %s", error_words(errnum));
}

void error_prefix_(struct error *err, const char *format, ...)
{
	char old[sizeof(err->text)];
	va_list args;
	size_t length;

	memcpy(old, err->text, sizeof(old));
	va_start(args, format);
	text_cutv(err->text, sizeof(err->text), format, args);
	va_end(args);
	length = strlen(err->text);
	text_cut(err->text + length, sizeof(err->text) - length, ": %s", old);
}
