/* proa's end of the conversation with proa-systemd (systemd_message.h). */
#include "libcontainer/cgroup/systemd.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/helper.h"
#include "base/socket.h"
#include "base/text.h"
#include "base/trace.h"
#include "libcontainer/cgroup/systemd_message.h"

#define HELPER	      "proa-systemd"
#define DEADLINE_MS   30000
#define BUS_ADDRESSES 3
#define CURE	      "or make cgroups without systemd, by --cgroup-manager cgroupfs"

/* ---- start it ---- */

static int find_helper(const char *executable, struct error *err)
{
	int fd = helper_find(executable, HELPER, err);

	if (fd < 0 && err->errnum == ENOENT)
		return error_set(
		    err, ERROR_UNSUPPORTED, HELPER,
		    "the systemd cgroup manager needs the program %s, which is neither beside "
		    "proa nor in %s: install it, " CURE,
		    HELPER, PROA_LIBEXECDIR);
	return fd;
}

/* All that it gets of our environment: where buses are (sd_bus_open_user(3)). */
static void add_bus_addresses(char *envp[BUS_ADDRESSES + 1])
{
	static const char *const names[BUS_ADDRESSES] = { "DBUS_SYSTEM_BUS_ADDRESS",
							  "DBUS_SESSION_BUS_ADDRESS",
							  "XDG_RUNTIME_DIR" };
	size_t count = 0;

	for (char **entry = environ; *entry; entry++)
		for (size_t i = 0; i < array_length(names); i++) {
			size_t length = strlen(names[i]);

			if (strncmp(*entry, names[i], length) == 0 && (*entry)[length] == '=' &&
			    count < array_length(names))
				envp[count++] = *entry;
		}
	envp[count] = NULL;
}

static int start_helper(const char *executable, bool user, struct systemd *systemd,
			struct error *err)
{
	const char *argv[] = { HELPER, user ? "user" : "system", NULL };
	_cleanup_fd_ int image = find_helper(executable, err), theirs = -1;
	char *envp[BUS_ADDRESSES + 1];
	int sockets[2];

	if (image < 0)
		return -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
		return error_errno(err, errno, HELPER, "make a pair of sockets");
	systemd->socket = sockets[0];
	theirs = sockets[1];
	add_bus_addresses(envp);
	return helper_start(image, theirs, argv, envp, &systemd->pid, err);
}

void systemd_end(struct systemd *systemd)
{
	if (systemd->socket >= 0)
		close(systemd->socket);
	/* whatever it is at: nobody waits for its answer any more */
	if (systemd->pid > 0) {
		kill(systemd->pid, SIGKILL);
		waitpid(systemd->pid, NULL, 0);
	}
	*systemd = (struct systemd)SYSTEMD_INIT;
}

/* ---- talk ---- */

/* What is asked, for errors: "start", "proa-web.scope". */
struct question {
	const char *verb, *unit;
};

/* Engines search errors for the C library's words for these (base/error.h). */
static bool has_fixed_words(const char *text)
{
	static const char *const words[] = { "no such file or directory", "permission denied",
					     "operation not permitted", "no such process",
					     "does not exist" };

	for (size_t i = 0; i < array_length(words); i++)
		if (strcasestr(text, words[i]))
			return true;
	return false;
}

static const struct {
	const char *name; /* of an error on D-Bus */
	enum error_code code;
	const char *cure;
} refusals[] = {
	{ "org.freedesktop.systemd1.UnitExists", ERROR_STATE,
	  "another container has it: choose another name in linux.cgroupsPath" },
	{ "org.freedesktop.DBus.Error.AccessDenied", ERROR_SYSTEM,
	  "only root may ask systemd for that, a user his own (--rootless)" },
	{ "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired", ERROR_SYSTEM,
	  "only root may ask systemd for that, a user his own (--rootless)" },
	{ "org.freedesktop.DBus.Error.PropertyReadOnly", ERROR_INVALID,
	  "see the annotations org.systemd.property.*" },
	{ "org.freedesktop.DBus.Error.UnknownProperty", ERROR_INVALID,
	  "see the annotations org.systemd.property.*" },
	{ "org.freedesktop.DBus.Error.InvalidArgs", ERROR_INVALID,
	  "see the annotations org.systemd.property.*" },
	{ "System.Error.ENXIO", ERROR_INVALID,
	  "see the annotations org.systemd.property.*: one has a value of another type" },
};

/* "error ERRNO NAME TEXT" */
static int refused(const struct question *question, struct words *words, struct error *err)
{
	const char *number = words_next(words), *name = words_next(words),
		   *text = words_next(words), *cure = "";
	enum error_code code = ERROR_SYSTEM;
	int errnum = 0;

	if (!text || !parse_int(number, &errnum))
		return error_set(err, ERROR_PROTOCOL, HELPER, "%s sent a broken error", HELPER);
	for (size_t i = 0; i < array_length(refusals); i++) {
		if (strcmp(refusals[i].name, name) != 0)
			continue;
		code = refusals[i].code;
		cure = refusals[i].cure;
	}
	if (!*text || !text_printable(text) || has_fixed_words(text))
		text = error_words(errnum);
	error_set(err, code, question->unit, "systemd: can't %s %s: %s%s%s", question->verb,
		  question->unit, text, *cure ? "; " : "", cure);
	err->errnum = errnum;
	return -1;
}

/* What the helper leaves when it ends by itself; 127 is the dynamic loader's. */
static int gone(struct systemd *systemd, struct error *err)
{
	int status = 0;

	waitpid(systemd->pid, &status, 0);
	systemd->pid = 0;
	systemd_end(systemd);
	if (WIFEXITED(status))
		return error_set(err, ERROR_PROTOCOL, HELPER, "%s ended with exit status %d%s",
				 HELPER, WEXITSTATUS(status),
				 WEXITSTATUS(status) == 127 ? " (is libsystemd.so.0 installed?)"
							    : "");
	return error_set(err, ERROR_PROTOCOL, HELPER, "%s was killed by signal %d", HELPER,
			 WTERMSIG(status));
}

static int too_late(struct systemd *systemd, const struct question *question, struct error *err)
{
	systemd_end(systemd);
	return error_set(
	    err, ERROR_BUSY, question->unit,
	    "systemd: no answer within %d s, asked to %s %s; is the bus or systemd stuck "
	    "(systemctl list-jobs)?",
	    DEADLINE_MS / 1000, question->verb, question->unit);
}

static bool answers_in_time(const struct systemd *systemd)
{
	struct pollfd answer = { .fd = systemd->socket, .events = POLLIN };
	int ready;

	do
		ready = poll(&answer, 1, DEADLINE_MS);
	while (ready < 0 && errno == EINTR);
	return ready > 0;
}

/* Receive an answer that begins with @word; what follows that is in *ret_words, which point into @packet. */
static int receive(struct systemd *systemd, const struct question *question, const char *word,
		   char packet[SYSTEMD_MESSAGE_MAX], struct words *ret_words, struct error *err)
{
	const char *first;
	size_t no_fds = 0;
	ssize_t length;

	if (!answers_in_time(systemd))
		return too_late(systemd, question, err);
	length = socket_receive(systemd->socket, packet, SYSTEMD_MESSAGE_MAX, NULL, 0, &no_fds);
	if (length == 0 || (length < 0 && errno == ECONNRESET))
		return gone(systemd, err);
	if (length < 0 || !words_begin(packet, (size_t)length, ret_words))
		return error_set(err, ERROR_PROTOCOL, HELPER, "%s sent what is no message", HELPER);
	first = words_next(ret_words);
	if (strcmp(first, "error") == 0)
		return refused(question, ret_words, err);
	if (strcmp(first, word) == 0)
		return 0;
	return error_set(err, ERROR_PROTOCOL, HELPER, "%s sent an unknown answer", HELPER);
}

static int ask(struct systemd *systemd, const struct question *question,
	       const struct buffer *message, struct error *err)
{
	_cleanup_free_ char *packet = malloc(SYSTEMD_MESSAGE_MAX);
	struct words words;

	if (systemd->socket < 0)
		return error_set(err, ERROR_BUSY, question->unit,
				 "systemd: not asked to %s %s: it didn't answer before",
				 question->verb, question->unit);
	if (!packet || buffer_failed(message))
		return error_set(err, ERROR_MEMORY, HELPER, "no memory for a message");
	if (message->length > SYSTEMD_MESSAGE_MAX)
		return error_set(err, ERROR_INVALID, question->unit,
				 "systemd: too many properties to %s %s: more than %d bytes",
				 question->verb, question->unit, SYSTEMD_MESSAGE_MAX);
	trace_phase("systemd");
	if (socket_send(systemd->socket, message->bytes, message->length, NULL, 0) < 0)
		return errno == EPIPE || errno == ECONNRESET
			   ? gone(systemd, err)
			   : error_errno(err, errno, HELPER, "send to %s", HELPER);
	return receive(systemd, question, "done", packet, &words, err);
}

/* ---- connect ---- */

static const char *no_bus(bool user)
{
	return user ? "there is no systemd of this user to talk to: log in by a session of its own "
		      "(or "
		      "loginctl enable-linger), with XDG_RUNTIME_DIR or DBUS_SESSION_BUS_ADDRESS "
		      "set, " CURE
		    : "there is no systemd to talk to over the system's D-Bus: start dbus, " CURE;
}

static int take_facts(struct systemd *systemd, bool user, struct words *words, struct error *err)
{
	const char *version = words_next(words), *root = words_next(words);
	uint32_t number;

	if (!root || !parse_u32(version, &number) || strlen(root) >= sizeof(systemd->root))
		return error_set(err, ERROR_PROTOCOL, HELPER, "%s sent a broken greeting", HELPER);
	text_fit(systemd->root, sizeof(systemd->root), "%s", strcmp(root, "/") == 0 ? "" : root);
	systemd->facts =
	    (struct systemd_facts){ .user = user, .version = number, .root = systemd->root };
	return 0;
}

int systemd_connect(const char *executable, bool user, struct systemd *ret_systemd,
		    struct error *err)
{
	static const struct question question = { "connect", "to its bus" };
	_cleanup_free_ char *packet = malloc(SYSTEMD_MESSAGE_MAX);
	struct systemd *systemd = ret_systemd;
	struct words words;

	*systemd = (struct systemd)SYSTEMD_INIT;
	trace_phase("systemd helper");
	if (!packet)
		return error_set(err, ERROR_MEMORY, HELPER, "no memory for a message");
	if (start_helper(executable, user, systemd, err) == 0 &&
	    receive(systemd, &question, "ready", packet, &words, err) == 0 &&
	    take_facts(systemd, user, &words, err) == 0)
		return 0;
	systemd_end(systemd);
	if (err->code != ERROR_SYSTEM || strcmp(err->object, question.unit) != 0)
		return -1;
	err->code = ERROR_UNSUPPORTED;
	return error_prefix(err, "%s", no_bus(user));
}

/* ---- the questions ---- */

static void add_number(struct buffer *message, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%ju", (uintmax_t)number);
	message_add(message, text);
}

static void add_property(struct buffer *message, const char *name, const char *signature,
			 const struct strings *values)
{
	message_add(message, name);
	message_add(message, signature);
	add_number(message, values->count);
	for (size_t i = 0; i < values->count; i++)
		message_add(message, values->items[i]);
}

static void add_properties(struct buffer *message, const struct unit_properties *properties)
{
	for (size_t i = 0; i < properties->count; i++) {
		const struct unit_property *property = &properties->items[i];

		add_property(message, property->name, property->signature, &property->values);
	}
}

int systemd_start(struct systemd *systemd, const struct unit_plan *unit, pid_t pid,
		  struct error *err)
{
	const struct question question = { "start", unit->name };
	_cleanup_buffer_ struct buffer message = BUFFER_INIT;

	message_add(&message, "start");
	message_add(&message, unit->name);
	add_number(&message, (uint64_t)pid);
	add_properties(&message, &unit->at_start);
	return ask(systemd, &question, &message, err);
}

int systemd_set(struct systemd *systemd, const char *unit, const struct unit_properties *properties,
		struct error *err)
{
	const struct question question = { "set properties of", unit };
	_cleanup_buffer_ struct buffer message = BUFFER_INIT;

	if (!properties->count)
		return 0;
	message_add(&message, "set");
	message_add(&message, unit);
	add_properties(&message, properties);
	return ask(systemd, &question, &message, err);
}

int systemd_attach(struct systemd *systemd, const char *unit, const char *below, pid_t pid,
		   struct error *err)
{
	const struct question question = { "put a process into", unit };
	_cleanup_buffer_ struct buffer message = BUFFER_INIT;

	message_add(&message, "attach");
	message_add(&message, unit);
	message_add(&message, below);
	add_number(&message, (uint64_t)pid);
	return ask(systemd, &question, &message, err);
}

int systemd_stop(struct systemd *systemd, const char *unit, struct error *err)
{
	const struct question question = { "stop", unit };
	_cleanup_buffer_ struct buffer message = BUFFER_INIT;

	message_add(&message, "stop");
	message_add(&message, unit);
	return ask(systemd, &question, &message, err);
}
