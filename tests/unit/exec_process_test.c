/* libcontainer/lifecycle: which process exec runs, terminals, what a caller hands on. */
#include "base/socket.h"
#include "tests/unit/documents.h"
#include "tests/unit/support.h"

#include <pty.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "libcontainer/lifecycle/creation.h"
#include "libcontainer/lifecycle/exec_process.h"
#include "libcontainer/lifecycle/terminal.h"
#include "tests/unit/names.h"

static const char container[] =
    "{\"ociVersion\": \"1.0.0\", \"root\": {\"path\": \"r\"}, \"process\": {\"terminal\": true, "
    "\"consoleSize\": {\"height\": 5, \"width\": 6}, \"cwd\": \"/home\", \"args\": [\"init\"], "
    "\"env\": [\"A=1\"], \"user\": {\"uid\": 7, \"gid\": 8, \"additionalGids\": [9]}, "
    "\"apparmorProfile\": \"profile\", \"selinuxLabel\": \"label\", \"oomScoreAdj\": 10, "
    "\"noNewPrivileges\": true, \"capabilities\": {\"bounding\": [\"CAP_KILL\"]}, \"rlimits\": "
    "[{\"type\": \"RLIMIT_CORE\", \"soft\": 1, \"hard\": 2}]}, \"linux\": {}}";

static struct config *config;
static struct exec_options options;

static const struct config_process *process_of(void)
{
	config = parse(container, DOCUMENT_CONFIG);
	SUCCEEDS(exec_process(&options, test_arena(), config, &err));
	return config->process;
}

/* ---- by flags ---- */

TEST(without_flags_it_is_the_containers_process_with_other_arguments)
{
	const struct config_process *process;

	options.args = NAMES("sh", "-c", "x");
	process = process_of();
	CHECK_INT(process->args.count, 3);
	CHECK_STR(process->args.items[0], "sh");
	CHECK_STR(process->cwd, "/home");
	CHECK_INT(process->user.uid.value, 7);
	CHECK_STR(process->env.items[0], "A=1");
	CHECK_STR(process->apparmor_profile, "profile");
	CHECK(process->no_new_privileges.value);
	/* its terminal is its own affair */
	CHECK(!process->terminal.value && !process->console_size);
}

TEST(flags_change_it)
{
	const struct config_process *process;

	options = (struct exec_options){
		.args = NAMES("x"),
		.cwd = "/tmp",
		.env = NAMES("B=2", "A=3"),
		.terminal = true,
		.user = "1000:1001",
		.additional_gids = NAMES("5", "6"),
		.apparmor = "other",
		.process_label = "other label",
	};
	process = process_of();
	CHECK_STR(process->cwd, "/tmp");
	CHECK_INT(process->env.count, 3);
	CHECK_STR(process->env.items[2], "A=3");
	CHECK(process->terminal.value);
	CHECK_INT(process->user.uid.value, 1000);
	CHECK_INT(process->user.gid.value, 1001);
	CHECK_INT(process->user.additional_gids.count, 3);
	CHECK_INT(process->user.additional_gids.items[0], 9);
	CHECK_INT(process->user.additional_gids.items[2], 6);
	CHECK_STR(process->apparmor_profile, "other");
	CHECK_STR(process->selinux_label, "other label");
}

TEST(a_uid_alone_leaves_the_group)
{
	options = (struct exec_options){ .args = NAMES("x"), .user = "0" };
	CHECK_INT(process_of()->user.uid.value, 0);
	CHECK_INT(config->process->user.gid.value, 8);
}

static void refuse(void)
{
	config = parse(container, DOCUMENT_CONFIG);
	FAILS(exec_process(&options, test_arena(), config, &err), ERROR_INVALID);
}

TEST(flags_that_say_nothing_sensible_are_refused)
{
	options = (struct exec_options){ .args = NAMES("x"), .user = "1x" };
	refuse();
	options.user = "";
	refuse();
	options.user = NULL;
	options.additional_gids = NAMES("1", "-1");
	refuse();
	options.additional_gids = NAMES("4294967296");
	refuse();
	options.additional_gids.count = 0;
	options.cwd = "relative";
	refuse();
	CHECK_STR(err.text, "Cwd must be an absolute path");
}

/* ---- by a file ---- */

static const struct config_process *process_by_file(const char *text)
{
	static char path[64];

	make_file(scratch(), "process.json", text);
	snprintf(path, sizeof(path), "%s/process.json", scratch_path);
	options.process_file = path;
	return process_of();
}

TEST(what_a_process_file_leaves_open_is_the_containers)
{
	const struct config_process *process = process_by_file(
	    "{\"cwd\": \"/f\", \"args\": [\"f\"], \"user\": {\"uid\": 0, \"gid\": 0}}");

	CHECK_STR(process->args.items[0], "f");
	CHECK_STR(process->cwd, "/f");
	CHECK_INT(process->user.uid.value, 0);
	CHECK_INT(process->env.count, 0);
	CHECK_STR(process->apparmor_profile, "profile");
	CHECK_STR(process->selinux_label, "label");
	CHECK_INT(process->oom_score_adj.value, 10);
	CHECK(!process->no_new_privileges.value);
	CHECK_INT(process->capabilities->bounding.count, 1);
	CHECK_INT(process->rlimits.count, 1);
	CHECK(!process->terminal.value);
}

TEST(what_it_says_counts)
{
	const struct config_process *process = process_by_file(
	    "{\"terminal\": true, \"cwd\": \"/f\", \"args\": [\"f\"], \"user\": {\"uid\": 0, "
	    "\"gid\": 0}, \"noNewPrivileges\": false, \"oomScoreAdj\": -5, \"capabilities\": {}, "
	    "\"apparmorProfile\": \"its own\"}");

	CHECK(process->terminal.value);
	CHECK(process->no_new_privileges.set && !process->no_new_privileges.value);
	CHECK_INT(process->oom_score_adj.value, -5);
	CHECK_INT(process->capabilities->bounding.count, 0);
	CHECK_STR(process->apparmor_profile, "its own");
}

TEST(a_file_that_is_none_is_refused)
{
	config = parse(container, DOCUMENT_CONFIG);
	options.process_file = "/missing/process.json";
	FAILS(exec_process(&options, test_arena(), config, &err), ERROR_SYSTEM);
	CHECK_INT(err.errnum, ENOENT);
}

/* ---- the cgroup ---- */

static const char *below(const char *path)
{
	return exec_cgroup_path("/c", path, test_arena(), &err);
}

TEST(a_cgroup_below_the_containers)
{
	CHECK_STR(below("a/b"), "/c/a/b");
	CHECK_STR(below("/a"), "/c/a");
	CHECK_STR(below("/"), "/c");
	CHECK_STR(below("."), "/c");
	CHECK_STR(below("cpu,memory:a"), "/c/a");
	CHECK_STR(below(":a"), "/c/a");
	CHECK_STR(below("..a/b.."), "/c/..a/b..");
}

TEST(no_way_leads_out_of_it)
{
	static const char *const ways[] = { "..",   "../other",	 "a/../..",	   "a/..", "/..",
					    "x:..", "a/../../c", "a/b/../../../d", "a/.." };

	for (size_t i = 0; i < array_length(ways); i++) {
		err = (struct error)ERROR_INIT;
		CHECK(!below(ways[i]));
		CHECK_INT(err.code, ERROR_INVALID);
	}
}

/* ---- terminals ---- */

TEST(a_terminal_must_fit_to_how_we_are_called)
{
	SUCCEEDS(terminal_check(false, false, NULL, &err));
	SUCCEEDS(terminal_check(false, true, NULL, &err));
	SUCCEEDS(terminal_check(true, false, NULL, &err));
	SUCCEEDS(terminal_check(true, true, "/s", &err));
	FAILS(terminal_check(true, true, NULL, &err), ERROR_USAGE);
	CHECK_STR(err.text,
		  "cannot allocate tty if proa will detach without setting console socket");
	FAILS(terminal_check(true, false, "/s", &err), ERROR_USAGE);
	CHECK_STR(err.text, "cannot use console socket if proa will not detach or allocate tty");
	FAILS(terminal_check(false, true, "/s", &err), ERROR_USAGE);
	FAILS(terminal_check(false, false, "/s", &err), ERROR_USAGE);
}

TEST(the_master_comes_over_the_pair)
{
	_cleanup_terminal_ struct terminal terminal = TERMINAL_INIT;
	int theirs = terminal_connect(&terminal, NULL, -1, &err), master, slave;

	SUCCEEDS(theirs);
	CHECK(openpty(&master, &slave, NULL, NULL, NULL) == 0);
	CHECK(socket_send(theirs, "/dev/pts/0", 10, &master, 1) == 0);
	SUCCEEDS(terminal_receive(&terminal, &err));
	CHECK(isatty(terminal.master));
	terminal_end(&terminal);
	terminal_end(&terminal);
	CHECK_INT(terminal.master, -1);
}

TEST(a_master_that_does_not_come_is_an_error)
{
	_cleanup_terminal_ struct terminal none = TERMINAL_INIT, terminal = TERMINAL_INIT;
	int theirs = terminal_connect(&terminal, NULL, -1, &err);

	SUCCEEDS(terminal_receive(&none, &err));
	CHECK(write(theirs, "x", 1) == 1);
	FAILS(terminal_receive(&terminal, &err), ERROR_PROTOCOL);
	close(theirs);
	FAILS(terminal_receive(&terminal, &err), ERROR_PROTOCOL);
}

TEST(ours_is_raw_while_it_is_relayed_and_then_as_before)
{
	struct terminal terminal = TERMINAL_INIT;
	struct termios before, during, after;
	struct winsize size = { .ws_row = 33, .ws_col = 44 }, got;
	int master, slave, inner, inner_slave;

	CHECK(openpty(&master, &slave, NULL, NULL, &size) == 0);
	CHECK(openpty(&inner, &inner_slave, NULL, NULL, NULL) == 0);
	CHECK(dup2(slave, STDIN_FILENO) == 0);
	CHECK(tcgetattr(STDIN_FILENO, &before) == 0);
	terminal.master = inner;
	SUCCEEDS(terminal_begin(&terminal, &err));
	CHECK(tcgetattr(STDIN_FILENO, &during) == 0);
	CHECK(before.c_lflag & ICANON && !(during.c_lflag & (ICANON | ECHO | ISIG)));
	CHECK(ioctl(inner_slave, TIOCGWINSZ, &got) == 0);
	CHECK_INT(got.ws_row, 33);
	CHECK_INT(got.ws_col, 44);
	terminal_end(&terminal);
	CHECK(tcgetattr(STDIN_FILENO, &after) == 0);
	CHECK_INT(after.c_lflag, before.c_lflag);
}

/* ---- what the caller hands on ---- */

static unsigned int listen_fds(const char *fds, const char *pid, const char *names,
			       struct strings *env)
{
	*env = (struct strings){ arena_calloc(test_arena(), EXTRA_ENV_MAX, sizeof(char *)), 0 };
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDNAMES");
	if (fds)
		setenv("LISTEN_FDS", fds, 1);
	if (pid)
		setenv("LISTEN_PID", pid, 1);
	if (names)
		setenv("LISTEN_FDNAMES", names, 1);
	return inherited_listen_fds(test_arena(), env);
}

TEST(sockets_of_systemd_are_passed_on)
{
	struct strings env;
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	CHECK_INT(listen_fds("2", pid, "a:b", &env), 2);
	CHECK_INT(env.count, 3);
	CHECK_STR(env.items[0], "LISTEN_FDS=2");
	CHECK_STR(env.items[1], "LISTEN_PID=1");
	CHECK_STR(env.items[2], "LISTEN_FDNAMES=a:b");
	CHECK_INT(listen_fds("1", NULL, NULL, &env), 1);
	CHECK_INT(env.count, 2);
}

TEST(those_of_somebody_else_or_nonsense_are_not)
{
	struct strings env;

	CHECK_INT(listen_fds(NULL, NULL, NULL, &env), 0);
	CHECK_INT(listen_fds("2", "1", NULL, &env), 0);
	CHECK_INT(listen_fds("2", "x", NULL, &env), 0);
	CHECK_INT(listen_fds("0", NULL, NULL, &env), 0);
	CHECK_INT(listen_fds("-1", NULL, NULL, &env), 0);
	CHECK_INT(listen_fds("1025", NULL, NULL, &env), 0);
	CHECK_INT(listen_fds("2 ", NULL, NULL, &env), 0);
	CHECK_INT(env.count, 0);
}

TEST(a_pid_file_is_the_number_alone)
{
	int dir = scratch();
	char path[64];

	snprintf(path, sizeof(path), "%s/pid", scratch_path);
	make_file(dir, "pid", "an older one\n");
	SUCCEEDS(pid_file_write(path, 4711, &err));
	CHECK_STR(content(dir, "pid"), "4711");
	CHECK(fchdir(dir) == 0);
	SUCCEEDS(pid_file_write("relative", 1, &err));
	CHECK_STR(content(dir, "relative"), "1");
	FAILS(pid_file_write("missing/pid", 1, &err), ERROR_SYSTEM);
	FAILS(pid_file_write("", 1, &err), ERROR_SYSTEM);
	FAILS(pid_file_write("missing/", 1, &err), ERROR_SYSTEM);
}

TEST(a_pidfd_goes_with_a_word)
{
	int pair[2], fd = -1;
	char word[16] = "";
	size_t count = 0;

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	SUCCEEDS(pidfd_send(pair[0], 0, &err));
	CHECK_INT(socket_receive(pair[1], word, sizeof(word) - 1, &fd, 1, &count), 5);
	CHECK_STR(word, "pidfd");
	CHECK_INT(count, 1);
	close(pair[1]);
	FAILS(pidfd_send(pair[0], 0, &err), ERROR_SYSTEM);
}
