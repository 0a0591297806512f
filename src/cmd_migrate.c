#include "src/command.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "checkpoint/migrate.h"
#include "oci/json.h"
#include "src/criu_options.h"
#include "src/output.h"

struct migrate_flags {
	struct criu_flags with;
	struct migrate_options migrate;
	struct receive_options receive;
	bool is_destination;
	const char *via, *goal;
	int mode, format;
};

#define TYPE struct migrate_flags

static const struct name_value mode_names[] = {
	{ "pre-copy", MIGRATE_PRE_COPY },
	{ "cold", MIGRATE_COLD },
	{ NULL },
};

static const struct option options[] = {
	CHOICE("mode", "m", "MODE", mode_names, "pre-copy", TYPE, mode,
	       "pre-copy, most of the memory goes before it is stopped, or cold, all when it is"),
	STRING("via", NULL, "COMMAND", TYPE, via,
	       "run COMMAND by the shell to reach a proa migrate --receive, in place of ssh"),
	STRING("bundle", "b", "DIR", TYPE, migrate.bundle,
	       "the bundle there (default: the same path as here)"),
	NUMBER_OR("max-iterations", NULL, "N", "10", TYPE, migrate.rounds.max,
		  "send memory at most so many times before it is stopped"),
	STRING_OR("goal", NULL, "SIZE", "1M", TYPE, goal,
		  "stop it once no more than that has changed of its memory"),
	NUMBER("max-downtime", NULL, "MS", TYPE, migrate.max_downtime_ms,
	       "let it run on here if it would be stopped for longer"),
	FLAG("with-rootfs", NULL, TYPE, migrate.with_rootfs,
	     "send what has changed in the root filesystem, too"),
	STRING_OR("image-path", NULL, "DIR", MIGRATE_DIRECTORY, TYPE, migrate.directory,
		  "where a directory for the images is made, for a while"),
	CHOICE("format", "f", "FORMAT", output_format_names, "table", TYPE, format,
	       "how to say what it took: table or json"),
	CRIU_RESOURCES(TYPE, with.),
	CRIU_DUMP_RESOURCES(TYPE, with.),
	FLAG("receive", NULL, TYPE, is_destination,
	     "be the other side, with the source at standard input and output"),
	STRING("console-socket", NULL, "SOCKET", TYPE, receive.console_socket,
	       "with --receive, send the master of the terminal to this AF_UNIX socket"),
	STRING("pid-file", NULL, "FILE", TYPE, receive.pid_file,
	       "with --receive, write the pid of the container's init to FILE"),
	OPTIONS_END,
};

/* ---- the destination ---- */

/* The wire for us alone: CRIU is to find /dev/null as the streams of the container, and what hangs on to ours would keep ssh(1)
 * from ending. */
static int take_streams(int ret_fds[static 3], struct error *err)
{
	_cleanup_fd_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = 0; fd < 3; fd++) {
		ret_fds[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		if (null < 0 || ret_fds[fd] < 0 || dup2(null, fd) < 0)
			return error_errno(err, errno, "receive", "use the standard streams");
	}
	return 0;
}

static int receive(struct invocation *invocation, struct error *err)
{
	struct migrate_flags *flags = invocation->options;
	struct receive_options receive = flags->receive;
	bool told = false;
	int fds[3], result;

	if (invocation->arguments.count)
		return error_set(err, ERROR_USAGE, "receive",
				 "--receive takes no arguments: the source says what is to come");
	if (isatty(STDIN_FILENO))
		return error_set(err, ERROR_USAGE, "receive",
				 "--receive is for proa migrate to call, not for a terminal");
	if (take_streams(fds, err) < 0)
		return -1;
	receive.in = fds[0];
	receive.out = fds[1];
	receive.bundle = flags->migrate.bundle;
	receive.directory = flags->migrate.directory;
	result = container_receive(&invocation->runtime, &receive, &told, err);
	if (dup2(fds[2], STDERR_FILENO) < 0)
		told = true; /* there is nowhere to say it */
	if (result == 0 || !told)
		return result;
	/* the source says it, or has: not twice */
	invocation->status = EXIT_FAILURE;
	return 0;
}

/* ---- the source ---- */

/* A terminal's interrupt is for us: we have to say over the wire that we end. */
#define UNDISTURBED "trap '' INT QUIT; eval \"$1\""

/* ssh(1) notices by its own messages that the network is gone; without them a container could be stopped for hours. */
#define BY_SSH                                                                                     \
	"exec ssh -T -o ServerAliveInterval=5 -o ServerAliveCountMax=3 -- \"$2\" proa migrate "    \
	"--receive"

static char *const *command_for(const struct migrate_flags *flags, const char *host,
				struct arena *arena)
{
	const char *const words[] = { "/bin/sh", "-c", UNDISTURBED, "proa", flags->via ?: BY_SSH,
				      host };
	const size_t count = array_length(words);
	const char **command = arena_calloc(arena, count + 1, sizeof(*command));

	for (size_t i = 0; i < count; i++)
		command[i] = words[i];
	return (char *const *)command;
}

static int read_goal(struct migrate_flags *flags, struct error *err)
{
	int64_t bytes;

	if (!parse_size(flags->goal, &bytes) || bytes < 0)
		return option_bad_value("goal", "a size like 4M", flags->goal, err);
	flags->migrate.rounds.goal = (uint64_t)bytes;
	return 0;
}

static int read_options(struct invocation *invocation, struct error *err)
{
	struct migrate_flags *flags = invocation->options;
	const struct strings *arguments = &invocation->arguments;
	const char *host = arguments->count > 1 ? arguments->items[1] : NULL;

	if (!arguments->count)
		return error_set(err, ERROR_USAGE, "migrate",
				 "migrate: too few arguments: expected %s",
				 invocation->command->usage);
	if (!host == !flags->via)
		return error_set(err, ERROR_USAGE, "via",
				 "migrate: expected where to: either a host for ssh, or --via");
	if (criu_flags_read(&flags->with, err) < 0 || read_goal(flags, err) < 0)
		return -1;
	flags->migrate.id = arguments->items[0];
	flags->migrate.mode = (enum migrate_mode)flags->mode;
	flags->migrate.peer = host ?: "the destination";
	flags->migrate.command = command_for(flags, host, &invocation->arena);
	flags->migrate.criu = flags->with.criu;
	return 0;
}

/* ---- what it took ---- */

static void add_seconds(struct buffer *text, int64_t ms)
{
	buffer_printf(text, "%" PRId64 ".%03" PRId64 " s", ms / 1000, ms % 1000);
}

static void add_size(struct buffer *text, uint64_t bytes)
{
	const uint64_t tenths = (bytes * 10 + (1 << 19)) >> 20;

	buffer_printf(text, "%" PRIu64 ".%" PRIu64 " MiB", tenths / 10, tenths % 10);
}

static void add_round(struct buffer *text, const struct round *round)
{
	add_size(text, round->memory);
	buffer_puts(text, " of memory, ");
	add_size(text, round->sent);
	buffer_puts(text, " sent");
}

static void say(struct buffer *text, const struct migrate_options *migrate,
		const struct migrate_report *report)
{
	for (size_t i = 0; i < report->round_count; i++) {
		buffer_printf(text, "round %zu: ", i + 1);
		add_round(text, &report->rounds[i]);
		buffer_puts(text, ", ");
		add_seconds(text, report->rounds[i].ms);
		buffer_puts(text, "\n");
	}
	buffer_puts(text, "stopped: ");
	add_round(text, &report->last);
	buffer_printf(text, "\n%s runs at %s: down for ", migrate->id, migrate->peer);
	add_seconds(text, report->downtime_ms);
	buffer_puts(text, " of ");
	add_seconds(text, report->total_ms);
	buffer_puts(text, "\n");
}

static void add_number(struct json_writer *writer, const char *key, uint64_t number)
{
	json_key(writer, key);
	json_uint(writer, number);
}

static void add_sizes(struct json_writer *writer, const struct round *round)
{
	json_object(writer);
	add_number(writer, "memory", round->memory);
	add_number(writer, "sent", round->sent);
	if (round->ms)
		add_number(writer, "ms", (uint64_t)round->ms);
	json_object_end(writer);
}

static int add_json(struct buffer *text, const struct migrate_options *migrate,
		    const struct migrate_report *report, struct error *err)
{
	struct json_writer writer;

	json_begin(&writer, true);
	json_object(&writer);
	json_key(&writer, "id");
	json_string(&writer, migrate->id);
	json_key(&writer, "mode");
	json_string(&writer, name_of(mode_names, migrate->mode));
	json_key(&writer, "rounds");
	json_array(&writer);
	for (size_t i = 0; i < report->round_count; i++)
		add_sizes(&writer, &report->rounds[i]);
	json_array_end(&writer);
	json_key(&writer, "stopped");
	add_sizes(&writer, &report->last);
	add_number(&writer, "sent", report->sent);
	add_number(&writer, "downtimeMs", (uint64_t)report->downtime_ms);
	add_number(&writer, "totalMs", (uint64_t)report->total_ms);
	json_object_end(&writer);
	return json_finish(&writer, text, err);
}

static int run(struct invocation *invocation, struct error *err)
{
	struct migrate_flags *flags = invocation->options;
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;
	struct migrate_report report;

	if (flags->is_destination)
		return receive(invocation, err);
	if (read_options(invocation, err) < 0 ||
	    container_migrate(&invocation->runtime, &flags->migrate, &report, err) < 0)
		return -1;
	if (flags->format == OUTPUT_TABLE)
		say(&text, &flags->migrate, &report);
	else if (add_json(&text, &flags->migrate, &report, err) < 0)
		return -1;
	return output_write(&text, err);
}

const struct command cmd_migrate = {
	.name = "migrate",
	.usage = "ID [HOST]",
	.summary = "let a running container go on at another host",
	.options = options,
	.options_size = sizeof(TYPE),
	.arguments_min = 0,
	.arguments_max = 2,
	.protected = true,
	.makes = true,
	.missing = HAVE_CRIU ? NULL : "CRIU",
	.run = run,
};
