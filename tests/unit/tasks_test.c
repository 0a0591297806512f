/* checkpoint/tasks.c: who is among the restored processes. */
#include "tests/unit/harness.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "checkpoint/tasks.h"

static int ready[2];

static void *pause_forever(void *unused)
{
	CHECK(write(ready[1], "t", 1) == 1);
	for (;;)
		pause();
	return unused;
}

/* Two threads, one of which has a child; and a child that has ended. */
static _Noreturn void be_a_tree(void)
{
	pthread_t thread;

	if (fork() == 0)
		_exit(0);
	if (fork() == 0)
		pause_forever(NULL);
	CHECK(pthread_create(&thread, NULL, pause_forever, NULL) == 0);
	for (;;)
		pause();
}

TEST(all_threads_of_all_descendants_and_none_that_has_ended)
{
	struct arena arena = { 0 };
	struct error err = ERROR_INIT;
	struct task_list tasks;
	ino_t own, theirs;
	char byte;
	pid_t pid;

	if (harness_is_emulated())
		SKIP("qemu-user has threads of its own");
	CHECK(pipe(ready) == 0);
	pid = fork();
	if (pid == 0)
		be_a_tree();
	CHECK(read(ready[0], &byte, 1) == 1 && read(ready[0], &byte, 1) == 1);
	do { /* until the one that ends has */
		usleep(1000);
		arena_free(&arena);
		CHECK(arena_init(&arena, 1 << 20, &err) == 0);
		CHECK(tasks_read(pid, &arena, &tasks, &err) == 0);
	} while (tasks.count > 3);
	CHECK(tasks.count == 3);
	CHECK(tasks.items[0] == pid);
	CHECK(task_namespace(getpid(), "mnt", &own, &err) == 0);
	for (size_t i = 0; i < tasks.count; i++)
		CHECK(task_namespace(tasks.items[i], "mnt", &theirs, &err) == 0 && own == theirs);
	for (size_t i = 0; i < tasks.count; i++)
		kill(tasks.items[i], SIGKILL);
	CHECK(waitpid(pid, NULL, 0) == pid);
	CHECK(tasks_read(pid, &arena, &tasks, &err) < 0);
	arena_free(&arena);
}
