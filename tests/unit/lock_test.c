/* libcontainer/lifecycle/lock.c: locks that are waited for, up to a deadline. */
#include "tests/unit/support.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "base/cleanup.h"
#include "libcontainer/lifecycle/lock.h"

static int file;

static long milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Another process that has the lock, does @what and lets go of it when it ends. */
static pid_t holder(enum lock_kind kind, void (*what)(pid_t waiter))
{
	pid_t waiter = getpid(), pid;
	int ready[2];

	CHECK(pipe2(ready, O_CLOEXEC) == 0);
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		if (lock_try(file, kind) < 0 || write(ready[1], "", 1) != 1)
			_exit(1);
		what(waiter);
		_exit(0);
	}
	close(ready[1]);
	CHECK(read(ready[0], &(char){ 0 }, 1) == 1);
	close(ready[0]);
	return pid;
}

static void begin(void)
{
	file = openat(scratch(), "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	CHECK(file >= 0);
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void hold(pid_t waiter)
{
	(void)waiter;
	for (;;)
		pause();
}

static void hold_shortly(pid_t waiter)
{
	(void)waiter;
	nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
}

static void disturb(pid_t waiter)
{
	for (int i = 0; i < 50; i++) {
		kill(waiter, SIGUSR1);
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
}

static volatile sig_atomic_t caught;

static void count(int signal)
{
	(void)signal;
	caught++;
}

TEST(what_is_free_is_taken_at_once)
{
	begin();
	CHECK_INT(lock_wait(file, LOCK_EXCLUSIVE, 0), 0);
}

TEST(the_wait_ends_when_the_lock_is_free)
{
	pid_t pid;

	begin();
	pid = holder(LOCK_SHARED, hold_shortly);
	CHECK(lock_try(file, LOCK_EXCLUSIVE) < 0);
	CHECK_INT(lock_wait(file, LOCK_EXCLUSIVE, 50000), 0);
	end(pid);
}

TEST(the_wait_ends_at_the_deadline)
{
	long began;
	pid_t pid;

	begin();
	pid = holder(LOCK_EXCLUSIVE, hold);
	CHECK(lock_refused(file, LOCK_SHARED));
	for (unsigned int ms = 0; ms <= 200; ms += 50) {
		began = milliseconds();
		CHECK_INT(lock_wait(file, LOCK_SHARED, ms), -1);
		CHECK_INT(errno, ETIMEDOUT);
		CHECK(milliseconds() - began >= (long)ms);
	}
	end(pid);
	CHECK(!lock_refused(file, LOCK_SHARED));
}

/* Of a process of which a child and its child ask. */
static void descendants_are_told(enum lock_kind kind, pid_t expected)
{
	pid_t child = fork(), grandchild;

	if (child == 0) {
		grandchild = fork();
		if (grandchild == 0)
			_exit(lock_ancestor(file, kind) == expected);
		CHECK_INT(exit_of(grandchild), 1);
		_exit(lock_ancestor(file, kind) == expected);
	}
	CHECK_INT(exit_of(child), 1);
}

TEST(who_is_in_the_way_may_be_who_started_us)
{
	begin();
	CHECK_INT(lock_try(file, LOCK_EXCLUSIVE), 0);
	descendants_are_told(LOCK_SHARED, getpid());
	CHECK_INT(lock_try(file, LOCK_SHARED), 0);
	descendants_are_told(LOCK_SHARED, 0);
	descendants_are_told(LOCK_EXCLUSIVE, getpid());
}

TEST(that_of_others_is_not_told_as_that_of_who_started_us)
{
	pid_t pid;

	begin();
	pid = holder(LOCK_EXCLUSIVE, hold);
	CHECK_INT(lock_ancestor(file, LOCK_SHARED), 0);
	end(pid);
	CHECK_INT(lock_ancestor(file, LOCK_SHARED), 0);
}

TEST(other_signals_do_not_end_it)
{
	const struct sigaction action = { .sa_handler = count };
	pid_t pid;

	begin();
	CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
	pid = holder(LOCK_EXCLUSIVE, disturb);
	CHECK_INT(lock_wait(file, LOCK_EXCLUSIVE, 50000), 0);
	CHECK(caught > 0);
	end(pid);
}

TEST(the_callers_signals_are_as_they_were)
{
	const struct sigaction action = { .sa_handler = count };
	struct sigaction after;
	sigset_t all, mask;
	pid_t pid;

	begin();
	sigfillset(&all);
	CHECK(sigaction(SIGALRM, &action, NULL) == 0 && sigprocmask(SIG_SETMASK, &all, NULL) == 0);
	pid = holder(LOCK_EXCLUSIVE, hold);
	CHECK_INT(lock_wait(file, LOCK_EXCLUSIVE, 50), -1);
	CHECK_INT(errno, ETIMEDOUT);
	CHECK(sigaction(SIGALRM, NULL, &after) == 0 && after.sa_handler == count);
	CHECK(sigprocmask(SIG_SETMASK, NULL, &mask) == 0 && sigismember(&mask, SIGALRM));
	CHECK(sigpending(&mask) == 0 && !sigismember(&mask, SIGALRM));
	sigemptyset(&mask);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	CHECK_INT(caught, 0);
	end(pid);
}
