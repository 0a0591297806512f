#include "tests/unit/harness.h"
#include "tests/unit/names.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "libcontainer/process/executable.h"
#include "libcontainer/process/execute.h"

static char base[sizeof("/tmp/executable_test.XXXXXX")];

static void remove_base(void)
{
	struct error err = ERROR_INIT;

	dir_remove(AT_FDCWD, base, &err);
}

static void make_file(int dirfd, const char *name, mode_t mode, const char *text)
{
	_cleanup_fd_ int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	CHECK(fchmod(fd, mode) == 0);
}

/* first/ holds what can't be executed, second/ what can. */
static int make_base(void)
{
	int fd;

	strcpy(base, "/tmp/executable_test.XXXXXX");
	CHECK(mkdtemp(base) != NULL);
	atexit(remove_base);
	fd = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(fd >= 0 && mkdirat(fd, "first", 0755) == 0 && mkdirat(fd, "second", 0755) == 0);
	CHECK(mkdirat(fd, "first/tool", 0755) == 0);
	make_file(fd, "first/text", 0644, "");
	make_file(fd, "second/tool", 0755, "#!/bin/sh\nexit 42\n");
	make_file(fd, "second/text", 0755, "#!/no/interpreter\n");
	make_file(fd, "second/garbage", 0755, "\x01\x02\x03\x04 nothing that could run");
	CHECK(fchdir(fd) == 0);
	return fd;
}

/* Asked first: a skipped test cleans nothing up. */
static int make_base_as_root(void)
{
	if (geteuid() != 0)
		SKIP("needs root");
	return make_base();
}

/* The path that is found for @name with @path as PATH; NULL with *err filled if none is. */
static const char *found(const char *name, const char *path, struct error *err)
{
	static char result[PATH_MAX];
	char entry[PATH_MAX];
	char *vector[] = { entry, NULL };
	struct environment environment = { .vector = vector, .count = path ? 1 : 0 };

	snprintf(entry, sizeof(entry), "PATH=%s", path ?: "");
	*err = (struct error)ERROR_INIT;
	return executable_find(name, &environment, result, err) == 0 ? result : NULL;
}

TEST(path_is_searched_in_its_order)
{
	_cleanup_fd_ int fd = make_base();
	struct error err;
	char path[PATH_MAX], wanted[PATH_MAX];

	snprintf(path, sizeof(path), "/nowhere:%s/first:%s/second:/bin", base, base);
	snprintf(wanted, sizeof(wanted), "%s/second/tool", base);
	CHECK_STR(found("tool", path, &err), wanted);
	snprintf(wanted, sizeof(wanted), "%s/second/text", base);
	CHECK_STR(found("text", path, &err), wanted);
	CHECK_STR(found("second/tool", "", &err), "second/tool");
	CHECK_STR(found("./second/tool", NULL, &err), "./second/tool");
}

TEST(what_is_not_in_path_has_the_words_of_go)
{
	_cleanup_fd_ int fd = make_base();
	struct error err;
	char path[PATH_MAX];

	CHECK(found("tool", NULL, &err) == NULL);
	CHECK_INT(err.code, ERROR_EXEC_NOT_FOUND);
	CHECK_STR(err.text, "exec: \"tool\": executable file not found in $PATH");
	CHECK(found("tool", "", &err) == NULL);
	CHECK_INT(err.code, ERROR_EXEC_NOT_FOUND);
	snprintf(path, sizeof(path), "%s/first", base);
	CHECK(found("text", path, &err) == NULL); /* there, but not executable */
	CHECK_INT(err.code, ERROR_EXEC_NOT_FOUND);
	CHECK(found("", path, &err) == NULL);
	CHECK_STR(err.text, "exec: \"\": executable file not found in $PATH");
}

TEST(a_path_has_the_words_of_go)
{
	_cleanup_fd_ int fd = make_base();
	struct error err;

	CHECK(found("/x/y", "/bin", &err) == NULL);
	CHECK_INT(err.code, ERROR_EXEC_NOT_FOUND);
	CHECK_STR(err.text, "exec: \"/x/y\": stat /x/y: no such file or directory");
	CHECK(found("first/text", "/bin", &err) == NULL);
	CHECK_INT(err.code, ERROR_EXEC_DENIED);
	CHECK_STR(err.text, "exec: \"first/text\": permission denied");
	CHECK(found("/etc", "/bin", &err) == NULL);
	CHECK_INT(err.code, ERROR_EXEC_DENIED);
	CHECK_STR(err.text, "exec: \"/etc\": is a directory: permission denied");
	CHECK(found("first/text/x", "/bin", &err) == NULL);
	CHECK_STR(err.text, "exec: \"first/text/x\": stat first/text/x: not a directory");
}

TEST(what_lies_in_the_cwd_is_not_run_by_its_name)
{
	_cleanup_fd_ int fd = make_base();
	struct error err;

	CHECK(fchdir(fd) == 0 && chdir("second") == 0);
	CHECK(found("tool", ":/bin", &err) == NULL);
	CHECK_INT(err.code, ERROR_EXEC_DENIED);
	CHECK(found("tool", "/nowhere:", &err) == NULL);
	CHECK_INT(err.code, ERROR_EXEC_DENIED);
	CHECK(found("tool", "../second", &err) == NULL);
	CHECK_STR(err.text, "exec: \"tool\": cannot run executable found relative to current "
			    "directory");
}

TEST(a_hostile_name_stays_on_one_line)
{
	struct error err;
	char name[3 * PATH_MAX];

	CHECK(found("a\nb\"c\x7f", "/bin", &err) == NULL);
	CHECK_STR(err.text, "exec: \"a\\x0ab\\\"c\\x7f\": executable file not found in $PATH");
	memset(name, '\n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	CHECK(found(name, "/bin", &err) == NULL);
	CHECK_INT(err.code, ERROR_EXEC_NOT_FOUND);
	name[0] = '/';
	CHECK(found(name, "/bin", &err) == NULL);
	CHECK_INT(err.code, ERROR_EXEC_DENIED);
	CHECK(strchr(err.text, '\n') == NULL);
	CHECK(strstr(err.text, "file name too long"));
}

TEST(a_user_without_access_is_told_so)
{
	_cleanup_fd_ int fd = make_base_as_root();
	struct error err;
	int status;
	pid_t pid;

	CHECK(fchmodat(fd, "second/tool", 0700, 0) == 0 && chmod(base, 0755) == 0);
	CHECK(found("second/tool", "", &err) != NULL);
	pid = fork();
	if (pid == 0) {
		CHECK(setresuid(1000, 1000, 1000) == 0);
		CHECK(found("second/tool", "", &err) == NULL);
		CHECK_STR(err.text, "exec: \"second/tool\": permission denied");
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

/* ---- execve ---- */

static void fails(const char *path, enum error_code code, const char *text)
{
	char *args[] = { (char *)path, NULL }, *env[] = { NULL };
	struct error err = ERROR_INIT;

	CHECK(execute(path, args, env, &err) < 0);
	CHECK_INT(err.code, code);
	CHECK_STR(err.text, text);
}

TEST(what_the_kernel_will_not_execute)
{
	_cleanup_fd_ int fd = make_base();

	fails("/x/y", ERROR_EXEC_NOT_FOUND, "exec /x/y: no such file or directory");
	fails("second/text", ERROR_EXEC_NOT_FOUND, "exec second/text: no such file or directory");
	fails("second/garbage", ERROR_EXEC_DENIED, "exec second/garbage: exec format error");
	fails("first/text", ERROR_EXEC_DENIED, "exec first/text: permission denied");
	fails("/etc", ERROR_EXEC_DENIED, "exec /etc: permission denied");
}

TEST(what_the_kernel_executes)
{
	_cleanup_fd_ int fd = make_base();
	char *args[] = { (char *)"tool", NULL }, *env[] = { NULL };
	struct error err = ERROR_INIT;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		execute("second/tool", args, env, &err);
		_exit(1);
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK_INT(WEXITSTATUS(status), 42);
}
