/* Unit tests in TAP, one process per test.
 *
 *	TEST(empty_path_is_refused)
 *	{
 *		struct error err = ERROR_INIT;
 *		CHECK(path_check("", &err) < 0);
 *		CHECK_STR(err.text, "empty path");
 *	}
 *
 * Include it once per test program; it brings main(). A test that fails a CHECK, crashes, exits by
 * itself or takes longer than the limit is "not ok", and the others still run. CHECK also works in
 * processes that a test forks. What the code under test prints goes to stderr, not into the TAP.
 *
 * `NAME_test [TEST...]` runs these tests only; HARNESS_TIMEOUT limits each, in seconds.
 */
#ifndef PROA_TESTS_UNIT_HARNESS_H
#define PROA_TESTS_UNIT_HARNESS_H

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct harness_test {
	const char *name;
	void (*run)(void);
};

/* Shared between the harness and all processes of a test. */
struct harness_result {
	int failed;
	char skip[256];
};

static struct harness_test harness_tests[512];
static size_t harness_count;
static struct harness_result *harness_result;
static int harness_tap = -1; /* the real stdout */

#define TEST(name)                                                                                 \
	static void test_##name(void);                                                             \
	__attribute__((constructor)) static void harness_add_##name(void)                          \
	{                                                                                          \
		harness_add(#name, test_##name);                                                   \
	}                                                                                          \
	static void test_##name(void)

/* What __builtin_trap() ends a process by. */
#if defined(__x86_64__) || defined(__i386__)
#define TRAP_SIGNAL SIGILL
#else
#define TRAP_SIGNAL SIGTRAP
#endif

#define CHECK(cond)                                                                                \
	do {                                                                                       \
		if (!(cond))                                                                       \
			harness_fail(__FILE__, __LINE__, "%s", #cond);                             \
	} while (0)

#define CHECK_STR(got, want)                                                                       \
	do {                                                                                       \
		const char *got_ = (got), *want_ = (want);                                         \
		if (!got_ || !want_ ? got_ != want_ : strcmp(got_, want_) != 0)                    \
			harness_fail(__FILE__, __LINE__, "%s: got \"%s\", want \"%s\"", #got,      \
				     got_ ? got_ : "(null)", want_ ? want_ : "(null)");            \
	} while (0)

#define CHECK_INT(got, want)                                                                       \
	do {                                                                                       \
		intmax_t got_ = (intmax_t)(got), want_ = (intmax_t)(want);                         \
		if (got_ != want_)                                                                 \
			harness_fail(__FILE__, __LINE__, "%s: got %jd, want %jd", #got, got_,      \
				     want_);                                                       \
	} while (0)

#define CHECK_HAS(text, part)                                                                      \
	do {                                                                                       \
		const char *text_ = (text), *part_ = (part);                                       \
		if (!text_ || !strstr(text_, part_))                                               \
			harness_fail(__FILE__, __LINE__, "\"%s\" is not in \"%s\"", part_,         \
				     text_ ? text_ : "(null)");                                    \
	} while (0)

#define CHECK_LACKS(text, part)                                                                    \
	do {                                                                                       \
		const char *text_ = (text), *part_ = (part);                                       \
		if (!text_ || strstr(text_, part_))                                                \
			harness_fail(__FILE__, __LINE__, "\"%s\" is in \"%s\"", part_,             \
				     text_ ? text_ : "(null)");                                    \
	} while (0)

/* How often to do something of which a whole run (tests/run --long) does n: then n, else a
 * twentieth. */
#define COUNT(n) harness_times(n)

/* Ends the test; each reason must be on the list tests/skips. */
#define SKIP(reason)                                                                               \
	do {                                                                                       \
		snprintf(harness_result->skip, sizeof(harness_result->skip), "%s", (reason));      \
		_exit(0);                                                                          \
	} while (0)

/* Skips the test where a system call is missing that all our kernels have: under qemu-user. */
#define NEEDS(name)                                                                                \
	do {                                                                                       \
		if (syscall(SYS_##name, -1, -1, -1, -1, -1) < 0 && errno == ENOSYS)                \
			SKIP("qemu-user has no " #name);                                           \
	} while (0)

/* Whether this is a program of another architecture, under qemu-user. */
static inline int harness_is_emulated(void)
{
	const char *emulator = getenv("PROA_EMULATOR");

	return emulator && emulator[0];
}

static inline void harness_add(const char *name, void (*run)(void))
{
	if (harness_count == sizeof(harness_tests) / sizeof(harness_tests[0]))
		abort();
	harness_tests[harness_count++] = (struct harness_test){ name, run };
}

/* _exit: the test's memory is in use, a leak checker would only add noise to the failure. */
__attribute__((noreturn, format(printf, 3, 4))) static inline void
harness_fail(const char *file, int line, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	for (char *p = text; *p; p++)
		if (*p == '\n')
			*p = ' ';
	dprintf(harness_tap, "# %s:%d: %s\n", file, line, text);
	harness_result->failed = 1;
	_exit(1);
}

static inline unsigned int harness_times(unsigned int n)
{
	const char *tier = getenv("PROA_TIER");

	if (tier && strcmp(tier, "long") == 0)
		return n;
	return n < 20 ? 1 : n / 20;
}

static inline void harness_alarm(int sig)
{
	(void)sig; /* only there to interrupt waitpid */
}

static inline _Noreturn void harness_child(const struct harness_test *test)
{
	setpgid(0, 0);
	dup2(STDERR_FILENO, STDOUT_FILENO);
	test->run();
	if (access("/proc/self/task", R_OK) == 0)
		exit(0); /* not _exit: the leak checker runs here, and needs that */
	_exit(0);
}

/* The wait status of the test; its whole process group is killed in the end. */
static inline int harness_wait(pid_t pid, unsigned int timeout)
{
	int status = -1;

	alarm(timeout);
	if (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
		dprintf(harness_tap, "# no end within %u s\n", timeout);
		kill(-pid, SIGKILL);
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
	}
	alarm(0);
	kill(-pid, SIGKILL);
	return status;
}

static inline int harness_run(size_t number, const struct harness_test *test, unsigned int timeout)
{
	*harness_result = (struct harness_result){ 0 };
	pid_t pid = fork();
	if (pid == 0)
		harness_child(test);
	int status = pid < 0 ? -1 : harness_wait(pid, timeout);
	int ok = status == 0 && !harness_result->failed;

	if (status != 0 && !harness_result->failed)
		dprintf(harness_tap, "# wait status %#x\n", (unsigned int)status);
	dprintf(harness_tap, "%sok %zu - %s%s%s\n", ok ? "" : "not ", number, test->name,
		ok && harness_result->skip[0] ? " # SKIP " : "", ok ? harness_result->skip : "");
	return ok;
}

static inline int harness_wanted(const char *name, char **names)
{
	if (!*names)
		return 1;
	for (; *names; names++)
		if (strcmp(*names, name) == 0)
			return 1;
	return 0;
}

int main(int argc, char **argv)
{
	const char *limit = getenv("HARNESS_TIMEOUT");
	unsigned int timeout = limit ? (unsigned int)strtoul(limit, NULL, 10) : 60;
	struct sigaction action = { .sa_handler = harness_alarm };
	size_t planned = 0, number = 0;
	int all_ok = 1;

	(void)argc;
	harness_tap = dup(STDOUT_FILENO);
	harness_result = mmap(NULL, sizeof(*harness_result), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (harness_tap < 0 || harness_result == MAP_FAILED)
		return 99;
	sigaction(SIGALRM, &action, NULL);

	/* The plan comes first: a harness that dies leaves too few results, which is an error. */
	for (size_t i = 0; i < harness_count; i++)
		planned += (size_t)harness_wanted(harness_tests[i].name, argv + 1);
	if (planned == 0)
		return 99; /* and no plan: "1..0" would pass for a skip */
	dprintf(harness_tap, "1..%zu\n", planned);
	for (size_t i = 0; i < harness_count; i++)
		if (harness_wanted(harness_tests[i].name, argv + 1))
			all_ok &= harness_run(++number, &harness_tests[i], timeout);
	return !all_ok;
}

#endif
