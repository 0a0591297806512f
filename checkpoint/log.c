#include "checkpoint/log.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"

#define LOG_TAIL   (128 << 10)
#define LINES_MAX  2
#define LINE_WIDTH 300

/* How CRIU closes its log after every failure. */
static const char *const empty_words[] = {
	"Dumping FAILED",	   "Pre-dumping FAILED",
	"Restoring FAILED",	   "Killing processes because of failure",
	"cgroupd: recv req error", "RPC client reported script error",
	"action scripts failed",   "Unable to detach from",
};

/* What CRIU says, and what people can do: in the order in which it counts. */
static const struct {
	const char *words, *hint;
} hints[] = {
	{ "Connected TCP socket", "give --tcp-established, on restore too" },
	{ "In-flight connection", "give --tcp-skip-in-flight" },
	{ "in-flight", "give --tcp-skip-in-flight" },
	{ "External socket is used", "give --ext-unix-sk, on restore too" },
	{ "ext-unix-sk", "give --ext-unix-sk, on restore too" },
	{ "Some file locks are hold", "give --file-locks, on restore too" },
	{ "path=/dev/pts/", "give --shell-job, on restore too: a terminal of the host is in use" },
	{ "No task found with sid", "give --shell-job, as at the checkpoint" },
	{ "shell-job", "give --shell-job, on restore too" },
	{ "Found dangling tty", "give --shell-job: a terminal of the host is in use" },
	{ "Can't dump ghost file", "give a larger --ghost-limit" },
	{ "ghost file", "give a larger --ghost-limit" },
	{ "Can't link",
	  "a name that --link-remap gave a deleted file is gone, as it is at once with "
	  "--leave-running: make the checkpoint without that" },
	{ "link-remap", "give --link-remap" },
	{ "link_remap", "give --link-remap" },
	{ "has bad mode", "give the file the mode that it had, or --skip-file-rwx-check" },
	{ "--tcp-close", "give --tcp-close, as at the checkpoint" },
	{ "unsupported id", "a filesystem that CRIU doesn't know: give --skip-mnt with its "
			    "mountpoint, or --enable-fs with its "
			    "type, on restore too" },
	{ "Unsupported link",
	  "give --empty-ns network, on restore too, and let a hook make the devices" },
	{ "irmap", "inotify on a file whose path is not known: give --force-irmap or "
		   "--irmap-scan-path" },
	{ "Can't dump that handle",
	  "inotify watches a file whose path is not known, as on an overlay: "
	  "give --irmap-scan-path with its directory, or, if the file was "
	  "removed, let the program stop watching it" },
	{ "Can't find suitable path for handle", "inotify watches a file that was removed from a "
						 "tmpfs, which can't be checkpointed: let the "
						 "program stop watching it" },
	/* of all that a program may have open only this can't be sent to CRIU, from Linux 6.7 on */
	{ "Message reply from daemon is trimmed",
	  "most likely an io_uring is open, which can't be checkpointed: the program has to do "
	  "without it" },
	{ "Can't get proc fd",
	  "the container's /proc shows the processes of another pid namespace than its own: "
	  "mount a proc there" },
	{ "without peer",
	  "a unix socket is connected to one in another network namespace, which can't "
	  "be checkpointed" },
	{ "io_uring", "io_uring can't be checkpointed: the program has to do without it" },
	{ "anon_inode:[userfaultfd]", "users of userfaultfd(2) can't be checkpointed" },
	{ "perf_event", "open perf events can't be checkpointed" },
	{ "bpf", "open BPF objects of this kind can't be checkpointed" },
	{ "Can't lookup mount=",
	  "a file of the host is open, as standard streams are that are "
	  "redirected to a file: use a pipe, a terminal of its own or /dev/null" },
	{ "Can't open file on mount", "a file of the host is open, as standard streams are that "
				      "are redirected to a file: use a pipe or /dev/null" },
	{ "doesn't have a proper root mount",
	  "a mount of the host: was it made while the container ran? --external mnt[PATH]:KEY" },
	{ "unreachable sharing", "a mount of the host: was it made while the container ran? "
				 "--external mnt[PATH]:KEY" },
	{ "Failed to copy sharing",
	  "mounts of the host lie over each other: give --mntns-compat-mode" },
	{ "No space left on device", "make room and try again" },
	{ "cpu:", "the images are of another kind of CPU" },
	{ "Magic doesn't match", "the images are damaged, or of another CRIU" },
	{ "soft-dirty", "memory can't be tracked by this kernel" },
	{ "nftables", "give --network-lock iptables or skip" },
	{ "iptables", "give --network-lock nftables or skip" },
	{ "seccomp", "CRIU needs CONFIG_CHECKPOINT_RESTORE, and no listener of seccomp" },
	{ "aa_profile", "load the AppArmor profile first, or give --lsm-profile" },
	{ "Unable to change to the profile",
	  "load the AppArmor profile first, or give --lsm-profile" },
};

/* Words of the C library that engines take for the container's program missing or dead (base/error.h). */
static const int worded_anew[] = { ENOENT, EACCES, EPERM, ESRCH };

static const char *hint_for(const char *message)
{
	for (size_t i = 0; i < array_length(hints); i++)
		if (strstr(message, hints[i].words))
			return hints[i].hint;
	return NULL;
}

/* "(00.012345)     1: Error (criu/files.c:1234): files: …": what follows the place in CRIU's source. */
static const char *message_of(const char *line)
{
	const char *error = strstr(line, "Error (");
	const char *end = error ? strstr(error, "): ") : NULL;

	return end ? end + 3 : NULL;
}

static bool is_empty(const char *message)
{
	for (size_t i = 0; i < array_length(empty_words); i++)
		if (strstr(message, empty_words[i]))
			return true;
	return false;
}

static void reword(char *text)
{
	for (size_t i = 0; i < array_length(worded_anew); i++) {
		const char *theirs = strerror(worded_anew[i]), *ours = error_words(worded_anew[i]);
		char *found = strcasestr(text, theirs);
		char rest[LINE_WIDTH];

		if (!found)
			continue;
		text_cut(rest, sizeof(rest), "%s", found + strlen(theirs));
		text_cut(found, LINE_WIDTH - (size_t)(found - text), "%s%s", ours, rest);
	}
}

static void clean(char text[static LINE_WIDTH], const char *message)
{
	size_t length = strcspn(message, "\n");

	text_cut(text, LINE_WIDTH, "%.*s", (int)length, message);
	for (char *at = text; *at; at++)
		if (iscntrl((unsigned char)*at))
			*at = ' ';
	reword(text);
}

/* The last messages that say something, in their order. */
static size_t last_messages(char *log, const char *messages[static LINES_MAX],
			    const char **ret_hint)
{
	size_t count = 0;
	char *save = NULL;

	for (char *line = strtok_r(log, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		const char *message = message_of(line);

		if (!message || is_empty(message))
			continue;
		*ret_hint = hint_for(message) ?: *ret_hint;
		if (count == LINES_MAX)
			memmove(messages, messages + 1, (LINES_MAX - 1) * sizeof(*messages));
		else
			count++;
		messages[count - 1] = message;
	}
	return count;
}

int log_explain_text(const char *log, const char *place, struct error *err)
{
	_cleanup_free_ char *copy = strdup(log);
	const char *messages[LINES_MAX] = { NULL }, *hint = NULL;
	char first[LINE_WIDTH] = "", second[LINE_WIDTH] = "";
	size_t count = copy ? last_messages(copy, messages, &hint) : 0;
	enum error_code code = err->code;

	if (!count)
		return error_prefix(err, "see %s", place);
	clean(first, messages[0]);
	if (count > 1)
		clean(second, messages[1]);
	return error_set(err, code, "criu", "CRIU failed: %s%s%s%s%s (log: %s)", first,
			 count > 1 ? "; " : "", second, hint ? "; " : "", hint ? hint : "", place);
}

void log_forget(int workfd, const char *name)
{
	(void)unlinkat(workfd, name, 0);
}

int log_explain(int workfd, const char *path, const char *name, struct error *err)
{
	_cleanup_fd_ int fd = openat(workfd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_free_ char *log = malloc(LOG_TAIL + 1);
	char place[PATH_MAX];
	struct stat st;
	ssize_t length;
	off_t from;

	if (fd < 0 || !log || fstat(fd, &st) < 0)
		return -1;
	from = st.st_size > LOG_TAIL ? st.st_size - LOG_TAIL : 0;
	length = pread(fd, log, LOG_TAIL, from);
	if (length < 0)
		return -1;
	log[length] = '\0';
	text_cut(place, sizeof(place), "%s/%s", path, name);
	return log_explain_text(log, place, err);
}
