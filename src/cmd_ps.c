#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/helper.h"
#include "base/program.h"
#include "src/command.h"
#include "src/output.h"
#include "src/ps_filter.h"

/* Of a machine with 100,000 processes and long command lines. */
#define PS_OUTPUT_MAX (64ul << 20)

struct ps_options {
	int format; /* enum output_format */
};

static const struct option options[] = {
	CHOICE("format", "f", "FORMAT", output_format_names, "table", struct ps_options, format,
	       "table or json, which is the list of pids"),
	OPTIONS_END,
};

/* ---- the host's ps(1) ---- */

static int spawn_ps(char *const *argv, int stdout_fd, pid_t *ret_pid, struct error *err)
{
	const int fds[] = { STDIN_FILENO, stdout_fd, STDERR_FILENO };
	int code = program_spawn(argv[0], fds, array_length(fds), argv, environ, ret_pid);

	return code == 0 ? 0 : error_errno(err, code, "ps", "start ps");
}

static int reap_ps(pid_t pid, struct error *err)
{
	char words[32];
	int status = -1;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	end_words(status, words);
	return status == 0 ? 0 : error_set(err, ERROR_SYSTEM, "ps", "ps failed: %s", words);
}

/* All that `ps ARGUMENTS...` prints; what it complains about goes to our stderr. */
static int read_ps(char *const *argv, struct buffer *text, struct error *err)
{
	struct error ps_error = ERROR_INIT;
	int pipe_fds[2], result;
	pid_t pid;

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return error_errno(err, errno, "ps", "make a pipe for ps");
	_cleanup_fd_ int from_ps = pipe_fds[0], to_us = pipe_fds[1];

	if (spawn_ps(argv, to_us, &pid, err) < 0)
		return -1;
	close(steal_fd(&to_us));
	result = fd_read(from_ps, PS_OUTPUT_MAX, text, "ps", err);
	close(steal_fd(&from_ps)); /* a ps that writes on must fail, not wait for a reader */
	if (reap_ps(pid, &ps_error) < 0 && result == 0) {
		*err = ps_error;
		result = -1;
	}
	return result;
}

static char *const *ps_arguments(const struct strings *arguments, struct arena *arena)
{
	const char **argv = arena_calloc(arena, arguments->count + 3, sizeof(char *));

	argv[0] = "ps";
	argv[1] = "-ef"; /* unless there are others */
	for (size_t i = 0; i < arguments->count; i++)
		argv[1 + i] = arguments->items[i];
	return (char *const *)argv;
}

/* ---- the command ---- */

static int add_table(struct buffer *text, const struct pid_list *pids,
		     struct invocation *invocation, struct error *err)
{
	const struct strings *words = &invocation->arguments;
	const struct strings arguments = { words->items + 1, words->count - 1 };
	_cleanup_buffer_ struct buffer table = BUFFER_INIT;

	if (read_ps(ps_arguments(&arguments, &invocation->arena), &table, err) < 0)
		return -1;
	return ps_filter(table.bytes, pids, text, err);
}

static void add_json(struct buffer *text, const struct pid_list *pids)
{
	buffer_puts(text, "[");
	for (size_t i = 0; i < pids->count; i++)
		buffer_printf(text, "%s%d", i ? "," : "", (int)pids->items[i]);
	buffer_puts(text, "]\n");
}

static int run(struct invocation *invocation, struct error *err)
{
	const struct ps_options *wanted = invocation->options;
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;
	struct pid_list pids;

	if (container_pids(&invocation->runtime, invocation->arguments.items[0], &invocation->arena,
			   &pids, err) < 0)
		return -1;
	if (wanted->format == OUTPUT_JSON)
		add_json(&text, &pids);
	else if (add_table(&text, &pids, invocation, err) < 0)
		return -1;
	return output_write(&text, err);
}

const struct command cmd_ps = {
	.name = "ps",
	.usage = "ID [PS-ARGUMENT...]",
	.summary = "list the processes of a container, as ps(1) or as JSON",
	.options = options,
	.options_size = sizeof(struct ps_options),
	.arguments_min = 1,
	.arguments_max = ARGUMENTS_ANY,
	.ordered = true,
	.run = run,
};
