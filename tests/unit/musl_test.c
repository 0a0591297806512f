/* base/musl/: what a static proa has of its C library that musl hasn't. */
#include "tests/unit/harness.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* perl(1) is linked against glibc, whatever this program is. */
TEST(errors_have_the_words_that_others_give_them)
{
	FILE *perl = popen("perl -e 'for (1 .. 133, 524) { $! = $_; print \"$_ $!\\n\" }'", "r");
	char line[128], ours[128];
	int errnum, count = 0;

	CHECK(perl);
	while (fgets(line, sizeof(line), perl)) {
		CHECK(sscanf(line, "%d", &errnum) == 1);
		snprintf(ours, sizeof(ours), "%d %s\n", errnum, strerror(errnum));
		CHECK_STR(ours, line);
		count++;
	}
	CHECK(pclose(perl) == 0);
	CHECK_INT(count, 134);
}

/* ---- fortified calls ---- */

/* What the compiler doesn't know: how long it will be. */
static volatile size_t too_long = 17;
static const char from[32] = "0123456789";
static int zeros;

/* A function that fills an array of 16 bytes. */
#define WRITER(name, call)                                                                         \
	static void name(void)                                                                     \
	{                                                                                          \
		char to[16];                                                                       \
		(void)!(call);                                                                     \
		__asm__ volatile("" ::"r"(to) : "memory");                                         \
	}

WRITER(copy, memcpy(to, from, too_long))
WRITER(move, memmove(to, from, too_long))
WRITER(set, memset(to, 0, too_long))
WRITER(print, snprintf(to, too_long, "%s", from))
WRITER(read_zeros, read(zeros, to, too_long))
WRITER(read_zeros_at, pread(zeros, to, too_long, 0))
WRITER(read_link, readlink("/proc/self/exe", to, too_long))
WRITER(read_link_at, readlinkat(AT_FDCWD, "/proc/self/exe", to, too_long))
WRITER(receive, recv(zeros, to, too_long, 0))

static int status_of(void (*writer)(void))
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		writer();
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	return status;
}

TEST(who_writes_beyond_an_object_ends)
{
	static void (*const writers[])(void) = { copy,	     move,	    set,       print,	     read_zeros,
						 read_zeros_at, read_link, read_link_at, receive };

	zeros = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	for (size_t i = 0; i < sizeof(writers) / sizeof(writers[0]); i++) {
		int status;

		too_long = 16;
		CHECK_INT(status_of(writers[i]), 0);
		too_long = 17;
		status = status_of(writers[i]);
		CHECK(WIFSIGNALED(status) && WTERMSIG(status) == TRAP_SIGNAL);
	}
}
