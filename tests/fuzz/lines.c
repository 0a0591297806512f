/* What is no JSON: messages of init, paths of cgroups, command lines, passwd, mountinfo. */
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/mountinfo.h"
#include "base/socket.h"
#include "libcontainer/cgroup/internal.h"
#include "libcontainer/init/message.h"
#include "libcontainer/process/accounts.h"
#include "libcontainer/process/environment.h"
#include "src/command.h"
#include "src/help.h"
#include "tests/fuzz/targets.h"

#define ARENA_SIZE (16u << 20)

#define MUST(condition)                                                                            \
	do {                                                                                       \
		if (!(condition))                                                                  \
			__builtin_trap();                                                          \
	} while (0)

static struct arena *empty_arena(void)
{
	static struct arena arena;
	struct error err;

	arena_free(&arena);
	MUST(arena_init(&arena, ARENA_SIZE, &err) == 0);
	return &arena;
}

/* The parts that @separator ends, as strings of their own. */
static struct strings split(const char *bytes, size_t length, char separator, struct arena *arena)
{
	struct strings parts = { arena_calloc(arena, length + 1, sizeof(char *)), 0 };
	const char *end = bytes + length;

	while (bytes < end) {
		const char *stop = memchr(bytes, separator, (size_t)(end - bytes));
		size_t size = (size_t)((stop ? stop : end) - bytes);

		parts.items[parts.count++] = arena_strndup(arena, bytes, size);
		bytes += size + 1;
	}
	return parts;
}

/* ---- messages ---- */

/* A process of the container may be any of the two: who asks, and who answers. */
void fuzz_message(const char *bytes, size_t length)
{
	struct message message;
	struct error err = ERROR_INIT;
	int ends[2], received = -1, got;

	MUST(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
	/* some of them with a descriptor */
	socket_send(ends[0], bytes, length, &ends[0], length & 1);
	got = message_receive(ends[1], &message, &received, &err);
	if (got > 0) {
		MUST(message_name(message.type)[0]);
		MUST(memchr(message.error.text, '\0', sizeof(message.error.text)));
		MUST(memchr(message.error.object, '\0', sizeof(message.error.object)));
		message_send_error(ends[1], &message.error);
	}
	if (received >= 0)
		close(received);
	received = -1;
	socket_send(ends[0], bytes, length, NULL, 0);
	if (length % 3)
		shutdown(ends[0], SHUT_WR);
	if (message_ask(ends[1], MESSAGE_MOUNT_SOURCE, 0, -1, &received, &err) == 0 &&
	    received >= 0)
		close(received);
	close(ends[0]);
	close(ends[1]);
}

/* ---- paths of cgroups ---- */

/* "CGROUPS-PATH\nOUR-OWN": the second only where it is rootless. */
void fuzz_cgroup(const char *bytes, size_t length)
{
	struct arena *arena = empty_arena();
	struct strings lines = split(bytes, length, '\n', arena);
	struct cgroup_request request = { .id = "web",
					  .rootless = lines.count > 1,
					  .own = lines.count > 1 ? lines.items[1] : NULL };
	struct error err = ERROR_INIT;
	char *path;

	if (cgroup_of(0, arena, &path, &err) == 0)
		MUST(path[0] == '/');
	if (cgroup_path_decide(lines.count ? lines.items[0] : NULL, &request, arena, &path, &err) <
	    0)
		return;
	MUST(path[0] == '/' && !strstr(path, "//") && !strstr(path, "/./") &&
	     !strstr(path, "/../"));
	cgroup_may_enter(path);
}

/* ---- command lines ---- */

/* "COMMAND\nWORD\nWORD…" */
void fuzz_options(const char *bytes, size_t length)
{
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;
	struct arena *arena = empty_arena();
	struct strings words = split(bytes, length, '\n', arena), rest = words;
	const struct command *command = words.count ? command_find(words.items[0]) : NULL;
	struct parsed parsed;
	struct error err = ERROR_INIT;

	if (!command)
		return;
	rest.items++;
	rest.count--;
	if (options_parse(command->options, command->ordered, &rest,
			  arena_alloc(arena, command->options_size + 1), arena, &parsed, &err) < 0)
		MUST(err.code == ERROR_USAGE && err.text[0]);
	else
		MUST(parsed.help || parsed.arguments.count <= rest.count);
}

/* ---- passwd, group and the environment ---- */

/* An image, in a directory that is made once. */
static int image(void)
{
	static int fd = -1;
	char name[] = "/tmp/proa-fuzz-XXXXXX";

	if (fd >= 0)
		return fd;
	MUST(mkdtemp(name));
	fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	MUST(fd >= 0 && mkdirat(fd, "etc", 0755) == 0);
	/* nobody needs its name any more; the files are made anew each time */
	return fd;
}

static void put_file(const char *path, const char *bytes, size_t length)
{
	int file = openat(image(), path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	MUST(file >= 0 && fd_write_all(file, bytes, length) == 0);
	close(file);
}

/* Both files, and their lines as process.env. */
void fuzz_passwd(const char *bytes, size_t length)
{
	struct arena *arena = empty_arena();
	struct strings lines = split(bytes, length, '\n', arena);
	struct environment environment;
	struct error err = ERROR_INIT;
	uid_t uid = 0;
	gid_t gid = 0;

	put_file("etc/passwd", bytes, length);
	put_file("etc/group", bytes, length);
	if (environment_plan(&lines, NULL, arena, &environment, &err) < 0) {
		lines.count = 0;
		MUST(environment_plan(&lines, NULL, arena, &environment, &err) == 0);
	}
	environment_set_home(&environment, image(), 1000);
	MUST(environment_get(&environment, "HOME"));
	MUST(!accounts_user(image(), "user", &uid, &gid) || (uid != (uid_t)-1 && gid != (gid_t)-1));
	MUST(!accounts_group(image(), "user", &gid) || gid != (gid_t)-1);
}

/* ---- mountinfo ---- */

void fuzz_mountinfo(const char *bytes, size_t length)
{
	struct arena *arena = empty_arena();
	const char *text = arena_strndup(arena, bytes, length), *rest = text;
	struct mountinfo_line line;
	char path[PATH_MAX], found[PATH_MAX];

	while (mountinfo_next(&rest, &line)) {
		mountinfo_is(line.type, "proc");
		if (mountinfo_path(line.point, path))
			mountinfo_find(text, line.id, found);
	}
}
