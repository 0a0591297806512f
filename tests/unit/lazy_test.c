/* checkpoint/lazy.c: who watches criu lazy-pages. It and the container are children of ours here, which do nothing. */
#include "tests/unit/support.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/socket.h"
#include "checkpoint/lazy.h"

#define KILLED_ITSELF 99

static pid_t container, daemon_pid;
static int dir;
static int words; /* where the daemon is told how to end */

/* It ends as the byte says that it reads. */
static pid_t start_daemon(void)
{
	int ends[2];
	pid_t pid;

	CHECK(pipe2(ends, O_CLOEXEC) == 0);
	words = ends[1];
	pid = fork();
	if (pid == 0) {
		char code = 1;

		if (read(ends[0], &code, 1) == 1 && code == KILLED_ITSELF)
			raise(SIGKILL);
		_exit(code);
	}
	close(ends[0]);
	return pid;
}

static struct images in_scratch(void)
{
	dir = scratch();
	return (struct images){ dir, dir, scratch_path, scratch_path };
}

static void watch(void)
{
	const struct images images = in_scratch();
	struct criu criu = CRIU_INIT;
	char path[64];
	int pidfd;

	NEEDS(clone3);
	NEEDS(ptrace);
	CHECK(symlinkat("/bin/true", dir, "criu") == 0);
	snprintf(path, sizeof(path), "%s:/usr/bin:/bin", scratch_path);
	CHECK(setenv("PATH", path, 1) == 0);
	make_file(dir, "lazy-pages.log", "");
	container = fork();
	if (container == 0) {
		pause();
		_exit(0);
	}
	pidfd = pidfd_open(container, 0);
	CHECK(pidfd >= 0);
	criu.pid = daemon_pid = start_daemon();
	SUCCEEDS(lazy_watch(&images, &criu, -1, pidfd, &err));
}

static void end_daemon(char code)
{
	CHECK(write(words, &code, 1) == 1);
}

static void expect_killed(void)
{
	const char *log;
	int status;

	CHECK(waitpid(container, &status, 0) == container);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	CHECK(waitpid(daemon_pid, NULL, 0) == daemon_pid);
	CHECK(waitpid(-1, NULL, 0) > 0); /* the watcher: it has written all */
	log = content(dir, "lazy-pages.log");
	CHECK(log && strstr(log, "the container was killed"));
}

TEST(the_container_is_killed_when_the_daemon_fails)
{
	watch();
	end_daemon(1);
	expect_killed();
}

TEST(and_when_it_is_killed)
{
	watch();
	end_daemon(KILLED_ITSELF);
	expect_killed();
}

TEST(it_is_left_alone_when_all_was_fetched)
{
	watch();
	CHECK(kill(daemon_pid, SIGCHLD) == 0); /* a signal on the way changes nothing */
	end_daemon(0);
	CHECK(waitpid(daemon_pid, NULL, 0) == daemon_pid);
	CHECK(waitpid(-1, NULL, 0) > 0); /* the watcher */
	CHECK(waitpid(container, NULL, WNOHANG) == 0);
	kill(container, SIGKILL);
}

TEST(a_daemon_that_has_failed_already_is_told)
{
	const struct images images = in_scratch();
	struct criu criu = CRIU_INIT;

	criu.pid = start_daemon();
	end_daemon(1);
	CHECK(waitid(P_PID, (id_t)criu.pid, &(siginfo_t){ 0 }, WEXITED | WNOWAIT) == 0);
	FAILS(lazy_watch(&images, &criu, -1, -1, &err), ERROR_SYSTEM);
}

TEST(a_socket_whose_daemon_is_gone_is_none)
{
	const struct images images = in_scratch();
	const struct page_server none = { NULL, 0 };
	struct criu criu = CRIU_INIT;
	int listener =
	    socket_bind_at(dir, "lazy-pages.socket", SOCK_STREAM | SOCK_NONBLOCK, 0600, &err);

	CHECK(setenv("PATH", scratch_path, 1) == 0);
	CHECK(listener >= 0 && listen(listener, 1) == 0);
	SUCCEEDS(lazy_start(&images, &none, &criu, &err));
	CHECK(criu.pid == 0 && there(dir, "lazy-pages.socket"));
	CHECK(accept4(listener, NULL, NULL, SOCK_CLOEXEC) < 0 && errno == EAGAIN);
	close(listener);
	FAILS(lazy_start(&images, &none, &criu, &err), ERROR_UNSUPPORTED); /* there is no CRIU */
	CHECK(!there(dir, "lazy-pages.socket"));
	make_file(dir, "lazy-pages.socket", "no socket");
	FAILS(lazy_start(&images, &none, &criu, &err), ERROR_UNSUPPORTED);
	CHECK(!there(dir, "lazy-pages.socket"));
}
