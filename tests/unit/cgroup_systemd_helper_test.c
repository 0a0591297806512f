/* libcontainer/cgroup/systemd.c: the helper is found, believed and spoken to. The helpers here are shell scripts. */
#include "tests/unit/harness.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "libcontainer/cgroup/systemd.h"
#include "libcontainer/cgroup/systemd_message.h"

static char directory[64], executable[96], helper[96];
static struct error err;
static struct systemd facade = SYSTEMD_INIT;

static void remove_directory(void)
{
	struct error ignored = ERROR_INIT;

	dir_remove(AT_FDCWD, directory, &ignored);
}

/* A helper beside where proa would be; it sends what it is told to by printf(1). */
static void install(const char *script, mode_t mode)
{
	int fd;

	if (!directory[0]) {
		snprintf(directory, sizeof(directory), "/tmp/proa-test-XXXXXX");
		CHECK(mkdtemp(directory) != NULL);
		atexit(remove_directory);
		snprintf(executable, sizeof(executable), "%s/proa", directory);
		snprintf(helper, sizeof(helper), "%s/proa-systemd", directory);
	}
	fd = open(helper, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
	CHECK(fd >= 0);
	CHECK(dprintf(fd, "#!/bin/sh\n%s\n", script) > 0);
	CHECK(fchmod(fd, mode) == 0);
	close(fd);
}

#define READY "printf 'ready\\000257\\000/x\\000' >&3\n"
/* Takes a packet and adds it to the file "asked", its NULs as commas. */
#define TAKE "dd bs=65536 count=1 <&3 2>/dev/null | tr '\\000\\n' ',_' >>\"$DIR/asked\"\n"
#define DONE "printf 'done\\000' >&3\n"

static int connect_to(const char *script)
{
	install(script, 0755);
	return systemd_connect(executable, false, &facade, &err);
}

TEST(the_greeting_tells_of_systemd)
{
	CHECK(connect_to(READY "cat <&3 >/dev/null") == 0);
	CHECK_INT(facade.facts.version, 257);
	CHECK_STR(facade.facts.root, "/x");
	CHECK(!facade.facts.user);
	systemd_end(&facade);
	CHECK_INT(facade.pid, 0);
	CHECK_INT(facade.socket, -1);
	systemd_end(&facade);
}

TEST(the_root_cgroup_is_no_part_of_a_path)
{
	CHECK(connect_to("printf 'ready\\000257\\000/\\000' >&3; cat <&3") == 0);
	CHECK_STR(facade.facts.root, "");
	systemd_end(&facade);
}

TEST(no_helper)
{
	CHECK(systemd_connect("/nonexistent/proa", false, &facade, &err) < 0);
	if (err.code == ERROR_UNSUPPORTED)
		CHECK_HAS(err.text, "--cgroup-manager cgroupfs");
	else /* one is installed, and there is no systemd here to talk to */
		SKIP("proa-systemd is installed");
}

TEST(a_helper_that_others_may_write_is_refused)
{
	static const mode_t modes[] = { 0757, 0775, 0777 };

	for (size_t i = 0; i < array_length(modes); i++) {
		install(READY "cat <&3", modes[i]);
		CHECK(systemd_connect(executable, false, &facade, &err) < 0);
		CHECK_INT(err.code, ERROR_REFUSED);
		CHECK_STR(err.object, helper);
	}
}

TEST(a_helper_of_somebody_else_is_refused)
{
	if (geteuid() != 0)
		SKIP("needs root");
	install(READY "cat <&3", 0755);
	CHECK(chown(helper, 12345, 0) == 0);
	CHECK(systemd_connect(executable, false, &facade, &err) < 0);
	CHECK_INT(err.code, ERROR_REFUSED);
}

/* Root's files look so to whoever is root in a user namespace, as rootless Podman is. */
TEST(a_helper_of_the_owner_of_proa_is_believed)
{
	if (geteuid() != 0)
		SKIP("needs root");
	install(READY "cat <&3 >/dev/null", 0755);
	CHECK(close(open(executable, O_WRONLY | O_CREAT | O_CLOEXEC, 0755)) == 0);
	CHECK(chown(helper, 65534, 0) == 0 && chown(executable, 65534, 0) == 0);
	CHECK(systemd_connect(executable, false, &facade, &err) == 0);
	systemd_end(&facade);
	CHECK(chown(executable, 12345, 0) == 0);
	CHECK(systemd_connect(executable, false, &facade, &err) < 0);
	CHECK_INT(err.code, ERROR_REFUSED);
}

TEST(a_helper_that_is_no_file_is_refused)
{
	install("", 0755);
	CHECK(unlink(helper) == 0 && mkdir(helper, 0755) == 0);
	CHECK(systemd_connect(executable, false, &facade, &err) < 0);
	CHECK_INT(err.code, ERROR_REFUSED);
}

TEST(a_helper_that_can_t_be_loaded)
{
	CHECK(connect_to("exit 127") < 0);
	CHECK_HAS(err.text, "127");
	CHECK_HAS(err.text, "libsystemd");
	CHECK(connect_to("kill -KILL $$") < 0);
	CHECK_HAS(err.text, "signal 9");
	CHECK_INT(facade.pid, 0);
}

TEST(broken_greetings)
{
	CHECK(connect_to("printf 'ready\\000' >&3") < 0);
	CHECK_INT(err.code, ERROR_PROTOCOL);
	CHECK(connect_to("printf 'ready\\000x\\000/\\000' >&3") < 0);
	CHECK_INT(err.code, ERROR_PROTOCOL);
	CHECK(connect_to("printf 'hello\\000257\\000/\\000' >&3") < 0);
	CHECK_INT(err.code, ERROR_PROTOCOL);
	CHECK(connect_to("printf 'ready\\000257\\000/' >&3") < 0);
	CHECK_INT(err.code, ERROR_PROTOCOL);
	CHECK(connect_to("head -c 70000 /dev/zero | dd bs=70000 >&3 2>/dev/null") < 0);
	CHECK_INT(err.code, ERROR_PROTOCOL);
	CHECK(connect_to("printf 'error\\000x\\000\\000\\000' >&3") < 0);
	CHECK_INT(err.code, ERROR_PROTOCOL);
}

TEST(no_bus)
{
	CHECK(connect_to("printf 'error\\0002\\000\\000\\000' >&3") < 0);
	CHECK_INT(err.code, ERROR_UNSUPPORTED);
	CHECK_INT(err.errnum, ENOENT);
	CHECK_HAS(err.text, "start dbus");
	CHECK(systemd_connect(executable, true, &facade, &err) < 0);
	CHECK_HAS(err.text, "XDG_RUNTIME_DIR");
}

/* The scripts find the directory by a variable that helpers are given. */
static void tell_directory(void)
{
	install("", 0755);
	setenv("XDG_RUNTIME_DIR", directory, 1);
}

#define DIRECTORY "DIR=$XDG_RUNTIME_DIR\n"

static const char *written(const char *name)
{
	static struct buffer text = BUFFER_INIT;
	char path[128];

	buffer_free(&text);
	text = (struct buffer)BUFFER_INIT;
	snprintf(path, sizeof(path), "%s/%s", directory, name);
	CHECK(file_read(AT_FDCWD, path, 4096, &text, &err) == 0);
	return text.bytes;
}

/* Neither our descriptors nor our environment, but for where buses are. */
TEST(what_the_helper_gets)
{
	tell_directory();
	setenv("PROA_TEST_SECRET", "1", 1);
	setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/x", 1);
	CHECK(dup2(STDOUT_FILENO, 200) == 200);
	CHECK(connect_to(DIRECTORY
			 "{ echo \"bus=$1\"; for f in /proc/$$/fd/*; do echo \"fd=${f##*/}\"; done;"
			 "tr '\\000' '\\n' </proc/$$/environ; } >$DIR/got\n" READY
			 "cat <&3 >/dev/null") == 0);
	systemd_end(&facade);
	CHECK_HAS(written("got"), "bus=system\n");
	CHECK_HAS(written("got"), "fd=3\n");
	CHECK(!strstr(written("got"), "fd=200\n"));
	CHECK(!strstr(written("got"), "SECRET"));
	CHECK_HAS(written("got"), "DBUS_SESSION_BUS_ADDRESS=unix:path=/x\n");
}

TEST(questions)
{
	struct unit_plan unit = { .name = "a.scope" };
	const char *values[] = { "1", "/dev/x", "rw" };
	struct arena arena;

	tell_directory();
	CHECK(arena_init(&arena, 1 << 20, &err) == 0);
	unit_property_set(&unit.at_start, &arena, "Delegate", "b", values, 1);
	unit_property_set(&unit.at_start, &arena, "DeviceAllow", "a(ss)", values, 3);
	CHECK(connect_to(DIRECTORY READY TAKE DONE TAKE DONE TAKE DONE TAKE DONE) == 0);
	CHECK(systemd_start(&facade, &unit, 42, &err) == 0);
	CHECK(systemd_set(&facade, "a.scope", &unit.at_start, &err) == 0);
	/* nothing to be set is no question */
	CHECK(systemd_set(&facade, "a.scope", &unit.limits, &err) == 0);
	CHECK(systemd_attach(&facade, "a.scope", "/b", 43, &err) == 0);
	CHECK(systemd_stop(&facade, "a.scope", &err) == 0);
	systemd_end(&facade);
	CHECK_STR(written("asked"),
		  "start,a.scope,42,Delegate,b,1,1,DeviceAllow,a(ss),3,1,/dev/x,rw,"
		  "set,a.scope,Delegate,b,1,1,DeviceAllow,a(ss),3,1,/dev/x,rw,"
		  "attach,a.scope,/b,43,stop,a.scope,");
}

/* The C library's words are for the container's program: engines look for them. */
TEST(refusals)
{
	tell_directory();
	CHECK(connect_to(DIRECTORY READY TAKE
			 "printf 'error\\0001\\000org.freedesktop.DBus.Error.AccessDenied\\000"
			 "Permission denied\\000' >&3\n" TAKE
			 "printf 'error\\00017\\000org.freedesktop.systemd1.UnitExists\\000"
			 "Unit a.scope already exists.\\000' >&3\n" TAKE
			 "printf 'error\\0005\\000\\000\\000' >&3\n" TAKE) == 0);
	CHECK(systemd_stop(&facade, "a.scope", &err) < 0);
	CHECK_INT(err.code, ERROR_SYSTEM);
	CHECK_INT(err.errnum, EPERM);
	CHECK(!strcasestr(err.text, "permission denied"));
	CHECK_HAS(err.text, "can't stop a.scope");
	CHECK(systemd_stop(&facade, "a.scope", &err) < 0);
	CHECK_INT(err.code, ERROR_STATE);
	CHECK_HAS(err.text, "Unit a.scope already exists.");
	CHECK(systemd_stop(&facade, "a.scope", &err) < 0);
	CHECK_HAS(err.text, "Input/output error");
	/* it ends with that */
	CHECK(systemd_stop(&facade, "a.scope", &err) < 0);
	CHECK_INT(err.code, ERROR_PROTOCOL);
	CHECK(systemd_stop(&facade, "a.scope", &err) < 0);
	CHECK_INT(err.code, ERROR_BUSY);
}

TEST(too_much_for_a_message)
{
	struct unit_properties properties = { NULL, 0, 0 };
	char *value = calloc(1, SYSTEMD_MESSAGE_MAX);
	const char *values[] = { value };
	struct arena arena;

	memset(value, 'x', SYSTEMD_MESSAGE_MAX - 1);
	CHECK(arena_init(&arena, 1 << 20, &err) == 0);
	unit_property_set(&properties, &arena, "Foo", "s", values, 1);
	CHECK(connect_to(READY "cat <&3 >/dev/null") == 0);
	CHECK(systemd_set(&facade, "a.scope", &properties, &err) < 0);
	CHECK_INT(err.code, ERROR_INVALID);
	systemd_end(&facade);
	free(value);
}
