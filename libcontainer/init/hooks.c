#include "libcontainer/init/hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/helper.h"
#include "base/program.h"
#include "base/termination.h"

#define OUTPUT_KEPT 512 /* bytes of a hook's last words, for the error */
#define CHUNK	    4096
#define PIPE_CHUNKS 16 /* that a pipe holds, pipe(7) */
#define LOOK_MS	    1000

struct hook_list hooks_copy(struct arena *arena, const struct hook_list *list)
{
	struct hook_list copy = { arena_calloc(arena, list->count, sizeof(*list->items)),
				  list->count };

	for (size_t i = 0; i < list->count; i++)
		copy.items[i] = (struct config_hook){
			.path = arena_strdup(arena, list->items[i].path),
			.args = strings_copy(arena, &list->items[i].args),
			.env = strings_copy(arena, &list->items[i].env),
			.timeout = list->items[i].timeout,
		};
	return copy;
}

/* A file in memory rather than a pipe: a hook that reads nothing, or late, can't block us or make
 * us fail. */
static int state_input(const char *state)
{
	_cleanup_fd_ int fd = memfd_create("state", MFD_CLOEXEC);

	if (fd < 0 || fd_write_all(fd, state, strlen(state)) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return -1;
	return steal_fd(&fd);
}

/* NULL-terminated, of the list's own strings. NULL without memory. */
static char **vector(const struct strings *strings, const char *first)
{
	char **vector = calloc(strings->count + 2, sizeof(char *));

	if (!vector)
		return NULL;
	if (strings->count)
		memcpy(vector, strings->items, strings->count * sizeof(char *));
	else
		vector[0] = (char *)first;
	return vector;
}

/* Nothing of ours is open in the hook but its standard streams. Returns 0 or an errno. */
static int spawn_hook(const struct config_hook *hook, int input, int output, pid_t *ret_pid)
{
	_cleanup_free_ char **argv = vector(&hook->args, hook->path),
			    **envp = vector(&hook->env, NULL);
	int fds[] = { input, output, output };

	if (!argv || !envp)
		return ENOMEM;
	return program_spawn(hook->path, fds, array_length(fds), argv, envp, ret_pid);
}

/* What a hook has printed: the last OUTPUT_KEPT bytes. */
struct output {
	char bytes[OUTPUT_KEPT];
	size_t length;
};

static void keep_output(struct output *output, int fd)
{
	char chunk[CHUNK];
	ssize_t got = read(fd, chunk, sizeof(chunk));
	size_t kept, new;

	if (got <= 0)
		return;
	new = (size_t)got > OUTPUT_KEPT ? OUTPUT_KEPT : (size_t)got;
	kept = output->length + new > OUTPUT_KEPT ? OUTPUT_KEPT - new : output->length;
	memmove(output->bytes, output->bytes + output->length - kept, kept);
	memcpy(output->bytes + kept, chunk + got - new, new);
	output->length = kept + new;
}

/* What the hook has left in the pipe; not what a descendant goes on writing. */
static void keep_rest(struct output *output, int fd)
{
	struct pollfd rest = { .fd = fd, .events = POLLIN };

	for (int i = 0; i < PIPE_CHUNKS && poll(&rest, 1, 0) > 0 && rest.revents & POLLIN; i++)
		keep_output(output, fd);
}

enum end {
	END_OWN,
	END_TIME_UP,
	END_TOLD, /* we are told to end: it goes with us */
};

/* Until the hook ends, or its time is up. A descendant that keeps the pipe open doesn't keep us. Who relays signals to a
 * program has them blocked (base/termination.h): if it @yields, a look every second tells of them. */
static enum end await_end(int pidfd, int output_fd, int64_t deadline, bool yields,
			  struct output *output)
{
	struct pollfd fds[] = { { .fd = pidfd, .events = POLLIN },
				{ .fd = output_fd, .events = POLLIN } };

	for (int64_t now = clock_ms(), look = now + LOOK_MS;; now = clock_ms()) {
		int64_t next = deadline >= 0 && deadline < look ? deadline : look;

		if (deadline >= 0 && now >= deadline)
			return END_TIME_UP;
		if (now >= look) {
			if (yields && termination_waits())
				return END_TOLD;
			look = now + LOOK_MS;
			continue;
		}
		if (poll(fds, 2, (int)(next - now)) <= 0)
			continue;
		if (fds[0].revents) {
			keep_rest(output, output_fd);
			return END_OWN;
		}
		if (fds[1].revents & POLLIN)
			keep_output(output, output_fd);
		else if (fds[1].revents)
			fds[1].fd = -1;
	}
}

static void printable(struct output *output, char text[OUTPUT_KEPT + 1])
{
	size_t length = output->length;

	while (length && output->bytes[length - 1] == '\n')
		length--;
	for (size_t i = 0; i < length; i++)
		text[i] = (unsigned char)output->bytes[i] < 0x20 ? ' ' : output->bytes[i];
	text[length] = '\0';
}

static int failed(const char *kind, const struct config_hook *hook, const char *why,
		  struct output *output, struct error *err)
{
	char words[OUTPUT_KEPT + 1];

	printable(output, words);
	return error_set(err, ERROR_HOOK, hook->path, "error running %s hook %s: %s%s%s", kind,
			 hook->path, why, words[0] ? ", output: " : "", words);
}

static int judge(const char *kind, const struct config_hook *hook, int status, enum end end,
		 struct output *output, struct error *err)
{
	char why[64];

	if (end == END_OWN && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (end == END_TOLD)
		snprintf(why, sizeof(why), "told to end meanwhile");
	else if (end == END_TIME_UP)
		snprintf(why, sizeof(why), "not done after %lld s", (long long)hook->timeout.value);
	else
		end_words(status, why);
	return failed(kind, hook, why, output, err);
}

static int64_t deadline_of(const struct config_hook *hook)
{
	if (!hook->timeout.set || hook->timeout.value >= INT32_MAX)
		return -1;
	return clock_ms() + hook->timeout.value * 1000;
}

static int run(const char *kind, const struct config_hook *hook, const char *state, bool yields,
	       struct error *err)
{
	_cleanup_fd_ int input = state_input(state), pidfd = -1, reader = -1, writer = -1;
	struct output output = { .length = 0 };
	int pipe_fds[2], status = 0, failure;
	enum end end = END_TIME_UP;
	pid_t pid;

	if (input < 0 || pipe2(pipe_fds, O_CLOEXEC) < 0)
		return error_errno(err, errno, hook->path, "prepare the %s hook", kind);
	reader = pipe_fds[0];
	writer = pipe_fds[1];
	failure = spawn_hook(hook, input, writer, &pid);
	if (failure)
		return failed(kind, hook, error_words(failure), &output, err);
	close(steal_fd(&writer));
	pidfd = pidfd_open(pid, 0);
	if (pidfd >= 0)
		end = await_end(pidfd, reader, deadline_of(hook), yields, &output);
	if (end != END_OWN)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return error_errno(err, errno, hook->path, "wait for the %s hook", kind);
	return judge(kind, hook, status, end, &output, err);
}

int hook_run(const char *kind, const struct config_hook *hook, const char *state, struct error *err)
{
	return run(kind, hook, state, false, err);
}

int hooks_run(const char *kind, const struct hook_list *list, const char *state, struct error *err)
{
	for (size_t i = 0; i < list->count; i++)
		if (run(kind, &list->items[i], state, true, err) < 0)
			return -1;
	return 0;
}
