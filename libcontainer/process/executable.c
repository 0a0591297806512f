#include "libcontainer/process/executable.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "libcontainer/process/execute.h"

/* Docker looks for the whole command in an error: as much of it as leaves room there for what is the matter. */
#define REASON_SIZE 64
#define QUOTED_SIZE (sizeof(((struct error *)NULL)->text) - REASON_SIZE)

/* The name with what Go's %q escapes, so that an error stays on one line; cut where it gets long.
 */
static const char *quote(const char *name, char quoted[QUOTED_SIZE])
{
	size_t at = 0;

	for (; *name && at < QUOTED_SIZE - sizeof("\\x00"); name++) {
		unsigned char c = (unsigned char)*name;

		if (c < ' ' || c == 0x7f) {
			at += (size_t)snprintf(quoted + at, QUOTED_SIZE - at, "\\x%02x", c);
			continue;
		}
		if (c == '"' || c == '\\')
			quoted[at++] = '\\';
		quoted[at++] = (char)c;
	}
	quoted[at] = '\0';
	return quoted;
}

/* Why @path can't be executed: an errno, 0 if it can. */
static int judge(const char *path, bool *ret_exists)
{
	struct stat st;

	*ret_exists = stat(path, &st) == 0;
	if (!*ret_exists)
		return errno;
	if (S_ISDIR(st.st_mode))
		return EISDIR;
	return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0 ? errno : 0;
}

static int take(const char *name, char ret_path[PATH_MAX], struct error *err)
{
	char quoted[QUOTED_SIZE], what[QUOTED_SIZE];
	bool exists;
	int errnum = strlen(name) < PATH_MAX ? judge(name, &exists) : ENAMETOOLONG;

	if (!errnum) {
		memcpy(ret_path, name, strlen(name) + 1);
		return 0;
	}
	quote(name, quoted);
	if (errnum == ENAMETOOLONG || !exists)
		text_cut(what, sizeof(what), "exec: \"%s\": stat %s", quoted, quoted);
	else
		text_cut(what, sizeof(what), "exec: \"%s\"", quoted);
	return execute_failed(err, errnum, name, what);
}

/* The next directory of PATH with @name in it; false at the end. An empty entry is the cwd. */
static bool next_candidate(const char **path, const char *name, char candidate[PATH_MAX])
{
	while (*path) {
		size_t length = strcspn(*path, ":");
		int needed = snprintf(candidate, PATH_MAX, "%.*s%s%s", (int)length, *path,
				      length ? "/" : "./", name);

		*path = (*path)[length] ? *path + length + 1 : NULL;
		if (needed < PATH_MAX)
			return true;
	}
	return false;
}

int executable_find(const char *name, const struct environment *environment,
		    char ret_path[PATH_MAX], struct error *err)
{
	const char *path = environment_get(environment, "PATH");
	char candidate[PATH_MAX], quoted[QUOTED_SIZE];
	bool exists;

	if (strchr(name, '/'))
		return take(name, ret_path, err);
	if (path && !*path)
		path = NULL;
	while (next_candidate(&path, name, candidate)) {
		if (judge(candidate, &exists) != 0)
			continue;
		if (candidate[0] != '/') /* as Go: what lies in the cwd is not run by its name */
			return error_set(err, ERROR_EXEC_DENIED, name,
					 "exec: \"%s\": cannot run executable found relative to "
					 "current directory",
					 quote(name, quoted));
		memcpy(ret_path, candidate, strlen(candidate) + 1);
		return 0;
	}
	return error_set(err, ERROR_EXEC_NOT_FOUND, name,
			 "exec: \"%s\": executable file not found in $PATH", quote(name, quoted));
}
