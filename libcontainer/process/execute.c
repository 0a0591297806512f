#include "libcontainer/process/execute.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

static const struct {
	int errnum;
	enum error_code code;
	const char *words;
} failures[] = {
	{ ENOENT, ERROR_EXEC_NOT_FOUND, "no such file or directory" },
	{ ENOTDIR, ERROR_EXEC_NOT_FOUND, "not a directory" },
	{ EACCES, ERROR_EXEC_DENIED, "permission denied" },
	{ EPERM, ERROR_EXEC_DENIED, "operation not permitted" },
	{ EISDIR, ERROR_EXEC_DENIED, "is a directory: permission denied" },
	{ ENOEXEC, ERROR_EXEC_DENIED, "exec format error" },
	{ ELOOP, ERROR_EXEC_DENIED, "too many levels of symbolic links" },
	{ ENAMETOOLONG, ERROR_EXEC_DENIED, "file name too long" },
	{ ETXTBSY, ERROR_EXEC_DENIED, "text file busy" },
	{ EINVAL, ERROR_EXEC_DENIED, "invalid argument" },
	{ ELIBBAD, ERROR_EXEC_DENIED, "accessing a corrupted shared library" },
	{ E2BIG, ERROR_SYSTEM, "argument list too long" },
};

int execute_failed(struct error *err, int errnum, const char *object, const char *what)
{
	enum error_code code = ERROR_SYSTEM;
	const char *words = strerror(errnum);

	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
		if (failures[i].errnum != errnum)
			continue;
		code = failures[i].code;
		words = failures[i].words;
	}
	error_set(err, code, object, "%s: %s", what, words);
	err->errnum = errnum;
	return -1;
}

int execute(const char *path, char **args, char **env, struct error *err)
{
	char what[512];

	execve(path, args, env);
	text_cut(what, sizeof(what), "exec %s", path);
	return execute_failed(err, errno, path, what);
}
