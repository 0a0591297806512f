/* libcontainer/init/hooks.c, with programs that are shell scripts. */
#include "tests/unit/support.h"

#include <time.h>

#include "base/cleanup.h"
#include "libcontainer/init/hooks.h"
#include "tests/unit/names.h"

#define STATE "{\"id\":\"c\",\"status\":\"creating\"}"

static int dir;
static struct config_hook hook;
static char hook_path[64];

/* A hook that runs @script in the scratch directory. */
static struct config_hook *hook_of(const char *script)
{
	char text[1024];
	int fd;

	NEEDS(pidfd_open);
	if (!scratch_path[0])
		dir = scratch();
	snprintf(hook_path, sizeof(hook_path), "%s/hook", scratch_path);
	snprintf(text, sizeof(text), "#!/bin/sh\ncd %s || exit 99\n%s\n", scratch_path, script);
	unlinkat(dir, "hook", 0);
	make_file(dir, "hook", text);
	fd = openat(dir, "hook", O_PATH | O_CLOEXEC);
	CHECK(fchmodat(dir, "hook", 0755, 0) == 0);
	close(fd);
	hook = (struct config_hook){ .path = hook_path };
	return &hook;
}

static void runs(const char *script)
{
	SUCCEEDS(hook_run("prestart", hook_of(script), STATE, &err));
}

static void fails_with(const char *script, const char *words)
{
	char text[1024];

	FAILS(hook_run("prestart", hook_of(script), STATE, &err), ERROR_HOOK);
	snprintf(text, sizeof(text), "error running prestart hook %s: %s", hook_path, words);
	CHECK_STR(err.text, text);
	CHECK_STR(err.object, hook_path);
}

static long milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- what it gets ---- */

TEST(the_state_is_its_standard_input)
{
	runs("cat >state");
	CHECK_STR(content(dir, "state"), STATE);
	/* from its beginning, however it is opened */
	runs("cat /dev/stdin >state");
	CHECK_STR(content(dir, "state"), STATE);
}

TEST(arguments_and_environment_are_those_of_the_config)
{
	setenv("OF_OURS", "1", 1);
	hook_of("tr '\\0' '\\n' </proc/$$/cmdline >args; env | grep -v -e PWD -e SHLVL -e ^_ >env");
	hook.args = NAMES("zero", "one", "two words");
	hook.env = NAMES("A=1", "PATH=/bin:/usr/bin");
	SUCCEEDS(hook_run("prestart", &hook, STATE, &err));
	CHECK(strstr(content(dir, "args"), "hook\none\ntwo words\n"));
	CHECK_STR(content(dir, "env"), "A=1\nPATH=/bin:/usr/bin\n");
}

TEST(without_arguments_it_has_its_path_as_name)
{
	hook_of("");
	hook.path = (char *)"/bin/sh";
	hook.args = (struct strings){ NULL, 0 };
	/* reads its script from standard input */
	SUCCEEDS(hook_run("prestart", &hook, "case $0 in /bin/sh) exit 0;; esac; exit 1", &err));
	CHECK(fchdir(dir) == 0);
	hook.args = NAMES("other");
	FAILS(hook_run("prestart", &hook, "case $0 in /bin/sh) exit 0;; esac; exit 1", &err),
	      ERROR_HOOK);
}

/* Whatever is open in us, also what a caller told us to preserve. */
TEST(nothing_is_open_but_its_standard_streams)
{
	CHECK(dup2(0, 20) == 20 && dup2(0, 100) == 100);
	runs("ls -l /proc/$$/fd >fds");
	for (const char *line = content(dir, "fds"); (line = strchr(line, '\n')); line++) {
		int fd;

		/* 10 and a few up are copies that the shell itself makes */
		if (sscanf(line, "\n%*s %*s %*s %*s %*s %*s %*s %*s %d", &fd) == 1)
			CHECK(fd < 3 || (fd >= 10 && fd < 16));
	}
	CHECK(strstr(content(dir, "fds"), " 2 -> "));
}

TEST(its_signals_are_at_their_defaults)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	/* of the program itself, not of a shell, which changes them */
	hook_of("");
	hook.path = (char *)"/bin/grep";
	hook.args = NAMES("grep", "-q", "^SigBlk:\t0*$", "/proc/self/status");
	SUCCEEDS(hook_run("prestart", &hook, STATE, &err));
	hook.args = NAMES("grep", "-q", "^SigIgn:\t0*$", "/proc/self/status");
	SUCCEEDS(hook_run("prestart", &hook, STATE, &err));
}

/* ---- what may go wrong with its streams ---- */

TEST(a_hook_that_reads_nothing_does_not_matter)
{
	static char large[4 << 20];

	memset(large, ' ', sizeof(large) - 1);
	hook_of("exit 0");
	SUCCEEDS(hook_run("prestart", &hook, large, &err));
	hook_of("exec <&-; exit 0");
	SUCCEEDS(hook_run("prestart", &hook, large, &err));
	hook_of("sleep 0.1; head -c 10 >/dev/null");
	SUCCEEDS(hook_run("prestart", &hook, large, &err));
}

TEST(a_hook_that_closes_its_output_does_not_matter)
{
	runs("exec >&- 2>&-; sleep 0.1");
}

TEST(a_hook_that_prints_a_lot_does_not_matter)
{
	runs("head -c 3000000 /dev/zero; head -c 3000000 /dev/zero >&2");
}

TEST(a_descendant_that_keeps_the_pipe_open_keeps_nobody)
{
	long begin = milliseconds();

	runs("sleep 20 & exit 0");
	CHECK(milliseconds() - begin < 10000);
}

TEST(nor_does_one_that_goes_on_printing)
{
	long begin = milliseconds();

	runs("yes & exit 0");
	CHECK(milliseconds() - begin < 10000);
}

/* ---- how it fails ---- */

TEST(the_code_is_told_and_what_it_printed)
{
	fails_with("exit 3", "exit status 3");
	fails_with("echo out; echo err >&2; exit 1", "exit status 1, output: out err");
	fails_with("kill -9 $$", "killed by signal 9");
	/* one line, nothing that acts on a terminal, no line ends behind */
	fails_with("printf 'a\\033[2Jb\\001\\n\\n\\n'; exit 1", "exit status 1, output: a [2Jb ");
}

TEST(of_much_that_it_printed_the_end_is_told)
{
	FAILS(hook_run("prestart",
		       hook_of("head -c 100000 /dev/zero | tr '\\0' x; echo the end; exit 1"),
		       STATE, &err),
	      ERROR_HOOK);
	CHECK_HAS(err.text, "xxx");
	CHECK_HAS(err.text, "xthe end");
	CHECK(strlen(err.text) < 800);
}

TEST(one_that_cannot_be_executed_fails)
{
	if (harness_is_emulated())
		SKIP("qemu-user forks for vfork(), so a failed exec goes unseen");
	hook_of("");
	hook.path = (char *)"/missing/hook";
	FAILS(hook_run("poststop", &hook, STATE, &err), ERROR_HOOK);
	CHECK_STR(err.text, "error running poststop hook /missing/hook: not there (ENOENT)");
	hook.path = scratch_path;
	FAILS(hook_run("poststop", &hook, STATE, &err), ERROR_HOOK);
	CHECK_HAS(err.text, "access refused (EACCES)");
}

TEST(when_its_time_is_up_it_is_killed)
{
	long begin = milliseconds();

	hook_of("echo $$ >pid; echo waiting; exec sleep 100");
	hook.timeout = (struct optional_int){ 1, true };
	FAILS(hook_run("createRuntime", &hook, STATE, &err), ERROR_HOOK);
	CHECK_HAS(err.text, "not done after 1 s, output: waiting");
	CHECK(milliseconds() - begin >= 1000 && milliseconds() - begin < 20000);
	CHECK(kill((pid_t)strtol(content(dir, "pid"), NULL, 10), 0) < 0 && errno == ESRCH);
}

TEST(printing_does_not_give_it_more_time)
{
	long begin = milliseconds();

	hook_of("exec yes");
	hook.timeout = (struct optional_int){ 1, true };
	FAILS(hook_run("createRuntime", &hook, STATE, &err), ERROR_HOOK);
	CHECK(milliseconds() - begin < 20000);
}

TEST(one_that_is_done_in_time_is_fine)
{
	hook_of("sleep 0.1");
	hook.timeout = (struct optional_int){ 60, true };
	SUCCEEDS(hook_run("createRuntime", &hook, STATE, &err));
}

TEST(nothing_is_left_of_it)
{
	int before;

	hook_of("exit 0");
	before = open_fds();
	SUCCEEDS(hook_run("prestart", &hook, STATE, &err));
	hook.path = (char *)"/missing";
	FAILS(hook_run("prestart", &hook, STATE, &err), ERROR_HOOK);
	CHECK_INT(open_fds(), before);
	CHECK_INT(waitpid(-1, NULL, WNOHANG), -1);
}

/* ---- several ---- */

TEST(they_run_in_order_until_one_fails)
{
	struct config_hook hooks[3];
	struct hook_list list = { hooks, 3 };
	const char *words[] = { "one", "two", "three" };

	hook_of("echo $1 >>log; [ $1 != two ] || [ ! -e fail ]");
	for (size_t i = 0; i < 3; i++) {
		hooks[i] = hook;
		hooks[i].args.items = calloc(2, sizeof(char *));
		hooks[i].args.items[0] = (char *)"hook";
		hooks[i].args.items[1] = (char *)words[i];
		hooks[i].args.count = 2;
	}
	SUCCEEDS(hooks_run("prestart", &list, STATE, &err));
	CHECK_STR(content(dir, "log"), "one\ntwo\nthree\n");
	make_file(dir, "fail", "");
	FAILS(hooks_run("prestart", &list, STATE, &err), ERROR_HOOK);
	CHECK_STR(content(dir, "log"), "one\ntwo\nthree\none\ntwo\n");
	for (size_t i = 0; i < 3; i++)
		free(hooks[i].args.items);
}

TEST(none_is_fine)
{
	SUCCEEDS(hooks_run("prestart", &(struct hook_list){ NULL, 0 }, STATE, &err));
}

TEST(a_copy_is_deep)
{
	_cleanup_arena_ struct arena arena = ARENA_INIT;
	char path[] = "/path", arg[] = "arg", variable[] = "A=1", *args[] = { arg },
	     *env[] = { variable };
	struct config_hook original = {
		.path = path, .args = { args, 1 }, .env = { env, 1 }, .timeout = { 7, true }
	};
	struct hook_list copy;

	SUCCEEDS(arena_init(&arena, 4096, &err));
	copy = hooks_copy(&arena, &(struct hook_list){ &original, 1 });
	path[1] = arg[0] = variable[0] = 'x';
	CHECK_INT(copy.count, 1);
	CHECK_STR(copy.items[0].path, "/path");
	CHECK_STR(copy.items[0].args.items[0], "arg");
	CHECK_STR(copy.items[0].env.items[0], "A=1");
	CHECK(copy.items[0].timeout.set && copy.items[0].timeout.value == 7);
}

/* The config's arena is kept from children; a hook in it runs all the same. */
TEST(a_hook_in_memory_that_no_child_has)
{
	_cleanup_arena_ struct arena arena = ARENA_INIT;
	struct config_hook in_arena = { .timeout = { 0, false } };

	hook_of("echo $1 >arg");
	SUCCEEDS(arena_init(&arena, 4096, &err));
	in_arena.path = arena_strdup(&arena, hook_path);
	in_arena.args.items = arena_calloc(&arena, 2, sizeof(char *));
	in_arena.args.items[0] = arena_strdup(&arena, "hook");
	in_arena.args.items[1] = arena_strdup(&arena, "one");
	in_arena.args.count = 2;
	SUCCEEDS(arena_keep_from_children(&arena, &err));
	SUCCEEDS(hook_run("prestart", &in_arena, STATE, &err));
	CHECK_STR(content(dir, "arg"), "one\n");
}
