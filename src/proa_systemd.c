/* proa-systemd: the helper of proa that speaks D-Bus with systemd (org.freedesktop.systemd1(5)). What it is asked and
 * answers is drawn in libcontainer/cgroup/systemd_message.h. It decides nothing and keeps nothing. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <systemd/sd-bus.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "libcontainer/cgroup/systemd_message.h"

#define DESTINATION "org.freedesktop.systemd1"
#define MANAGER_AT  "/org/freedesktop/systemd1"
#define MANAGER	    "org.freedesktop.systemd1.Manager"

/* A unit of that name that is about to be forgotten is waited for, this often and this long each time. */
#define AGAIN_TIMES 100
#define AGAIN_MS    20

static void cleanup_message_(sd_bus_message **message)
{
	sd_bus_message_unref(*message);
}

static void cleanup_slot_(sd_bus_slot **slot)
{
	sd_bus_slot_unref(*slot);
}

#define _cleanup_message_   __attribute__((cleanup(cleanup_message_)))
#define _cleanup_slot_	    __attribute__((cleanup(cleanup_slot_)))
#define _cleanup_bus_error_ __attribute__((cleanup(sd_bus_error_free)))

/* Below, a result is 0 or more, or a negative errno, as with sd-bus. */

/* ---- properties ---- */

/* Smaller integers than these two pass as int. */
static int append_number(sd_bus_message *message, char type, const char *word)
{
	const char signature[] = { type, '\0' };
	uint64_t positive;
	int64_t number;

	if (type == 'd')
		return sd_bus_message_append(message, signature, strtod(word, NULL));
	if (parse_u64(word, &positive))
		number = (int64_t)positive;
	else if (!parse_i64(word, &number))
		return -EBADMSG;
	if (type == 'x' || type == 't')
		return sd_bus_message_append(message, signature, number);
	return sd_bus_message_append(message, signature, (int)number);
}

static int append_value(sd_bus_message *message, const char *type, struct words *words);

/* Values one after the other, each of the next type in @types. */
static int append_all(sd_bus_message *message, const char *types, struct words *words)
{
	while (*types) {
		size_t length = signature_type(types);
		char type[256];
		int result;

		if (!length || length >= sizeof(type))
			return -EBADMSG;
		memcpy(type, types, length);
		type[length] = '\0';
		result = append_value(message, type, words);
		if (result < 0)
			return result;
		types += length;
	}
	return 0;
}

static int append_array(sd_bus_message *message, const char *element, struct words *words)
{
	const char *word = words_next(words);
	uint32_t count;
	int result;

	if (!word || !parse_u32(word, &count))
		return -EBADMSG;
	result = sd_bus_message_open_container(message, SD_BUS_TYPE_ARRAY, element);
	while (result >= 0 && count--)
		result = append_value(message, element, words);
	return result < 0 ? result : sd_bus_message_close_container(message);
}

static int append_struct(sd_bus_message *message, const char *type, struct words *words)
{
	size_t length = strlen(type) - strlen("()");
	char members[256];
	int result;

	memcpy(members, type + 1, length);
	members[length] = '\0';
	result = sd_bus_message_open_container(message, SD_BUS_TYPE_STRUCT, members);
	if (result >= 0)
		result = append_all(message, members, words);
	return result < 0 ? result : sd_bus_message_close_container(message);
}

/* @type is one complete type of less than 256 bytes. */
static int append_value(sd_bus_message *message, const char *type, struct words *words)
{
	const char *word;

	if (*type == 'a')
		return append_array(message, type + 1, words);
	if (*type == '(')
		return append_struct(message, type, words);
	word = words_next(words);
	if (!word)
		return -EBADMSG;
	return strchr("sog", *type) ? sd_bus_message_append(message, type, word)
				    : append_number(message, *type, word);
}

/* NAME and the variant of its value. */
static int append_pair(sd_bus_message *message, const char *name, const char *signature,
		       struct words *values)
{
	int result = sd_bus_message_append(message, "s", name);

	if (result >= 0)
		result = sd_bus_message_open_container(message, SD_BUS_TYPE_VARIANT, signature);
	if (result >= 0)
		result = append_all(message, signature, values);
	return result < 0 ? result : sd_bus_message_close_container(message);
}

/* NAME SIGNATURE COUNT VALUE*COUNT as (sv). The values tell by themselves how many they are; that COUNT says the same
 * shows that both ends understand each other. */
static int append_property(sd_bus_message *message, const char *name, struct words *words)
{
	const char *signature = words_next(words), *number = words_next(words);
	struct words values = *words;
	uint32_t count;
	int result;

	if (!number || !parse_u32(number, &count) || !*signature ||
	    signature_type(signature) != strlen(signature))
		return -EBADMSG;
	while (count--)
		if (!words_next(words))
			return -EBADMSG;
	values.end = words->at;
	result = sd_bus_message_open_container(message, SD_BUS_TYPE_STRUCT, "sv");
	if (result >= 0)
		result = append_pair(message, name, signature, &values);
	if (result >= 0 && values.at != values.end)
		result = -EBADMSG;
	return result < 0 ? result : sd_bus_message_close_container(message);
}

static int append_properties(sd_bus_message *message, struct words *words)
{
	const char *name;
	int result = 0;

	while (result >= 0 && (name = words_next(words)))
		result = append_property(message, name, words);
	return result;
}

/* ---- calls ---- */

static int new_call(sd_bus *bus, const char *method, sd_bus_message **ret_message)
{
	return sd_bus_message_new_method_call(bus, ret_message, DESTINATION, MANAGER_AT, MANAGER,
					      method);
}

/* What systemd does about a unit it does as a job, whose end it tells by a signal. */
struct job {
	const char *path;
	bool ended;
	char result[32];
};

static int on_job_removed(sd_bus_message *message, void *context, sd_bus_error *error)
{
	struct job *job = context;
	const char *path, *unit, *result;
	uint32_t id;

	(void)error;
	if (sd_bus_message_read(message, "uoss", &id, &path, &unit, &result) < 0 ||
	    strcmp(path, job->path) != 0)
		return 0;
	job->ended = true;
	text_cut(job->result, sizeof(job->result), "%s", result);
	return 0;
}

static int await_job(sd_bus *bus, struct job *job, sd_bus_error *error)
{
	while (!job->ended) {
		int result = sd_bus_process(bus, NULL);

		if (result == 0)
			result = sd_bus_wait(bus, UINT64_MAX);
		if (result < 0)
			return result;
	}
	if (strcmp(job->result, "done") == 0 || strcmp(job->result, "skipped") == 0)
		return 0;
	return sd_bus_error_setf(error, SD_BUS_ERROR_FAILED, "the job ended with result %s",
				 job->result);
}

/* Make the call, whose answer is a job, and wait until that has ended. The signal is asked for before; what comes of it
 * meanwhile waits. */
static int call_for_job(sd_bus *bus, sd_bus_message *call, sd_bus_error *error)
{
	_cleanup_slot_ sd_bus_slot *slot = NULL;
	_cleanup_message_ sd_bus_message *reply = NULL;
	struct job job = { .ended = false };
	int result = sd_bus_match_signal(bus, &slot, DESTINATION, MANAGER_AT, MANAGER, "JobRemoved",
					 on_job_removed, &job);

	if (result >= 0)
		result = sd_bus_call(bus, call, 0, error, &reply);
	if (result >= 0)
		result = sd_bus_message_read(reply, "o", &job.path);
	return result < 0 ? result : await_job(bus, &job, error);
}

static int reset_failed(sd_bus *bus, const char *unit, sd_bus_error *error)
{
	return sd_bus_call_method(bus, DESTINATION, MANAGER_AT, MANAGER, "ResetFailedUnit", error,
				  NULL, "s", unit);
}

/* ---- start ---- */

static int start_once(sd_bus *bus, const char *unit, uint32_t pid, struct words properties,
		      sd_bus_error *error)
{
	_cleanup_message_ sd_bus_message *call = NULL;
	int result = new_call(bus, "StartTransientUnit", &call);

	if (result >= 0)
		result = sd_bus_message_append(call, "ss", unit, "replace");
	if (result >= 0)
		result = sd_bus_message_open_container(call, SD_BUS_TYPE_ARRAY, "(sv)");
	if (result >= 0)
		result = sd_bus_message_append(call, "(sv)", "PIDs", "au", 1, pid);
	if (result >= 0)
		result = append_properties(call, &properties);
	if (result >= 0)
		result = sd_bus_message_close_container(call);
	if (result >= 0)
		result = sd_bus_message_append(call, "a(sa(sv))", 0); /* no further units */
	return result < 0 ? result : call_for_job(bus, call, error);
}

/* Is the unit one that has ended, and is only not forgotten yet? */
static bool is_stale(sd_bus *bus, const char *unit)
{
	_cleanup_bus_error_ sd_bus_error ignored = SD_BUS_ERROR_NULL;
	_cleanup_free_ char *path = NULL, *state = NULL;

	if (sd_bus_path_encode("/org/freedesktop/systemd1/unit", unit, &path) < 0 ||
	    sd_bus_get_property_string(bus, DESTINATION, path, DESTINATION ".Unit", "ActiveState",
				       &ignored, &state) < 0)
		return true; /* forgotten by now */
	return strcmp(state, "active") != 0 && strcmp(state, "activating") != 0;
}

/* What a container of the same name has left, if it failed, stays until somebody takes note; or it is just on its way
 * out. */
static int ask_start(sd_bus *bus, struct words *words, sd_bus_error *error)
{
	const char *unit = words_next(words), *number = words_next(words);
	const struct timespec pause = { .tv_nsec = AGAIN_MS * 1000000L };
	uint32_t pid;
	int result;

	if (!number || !parse_u32(number, &pid))
		return -EBADMSG;
	result = start_once(bus, unit, pid, *words, error);
	for (int i = 0; i < AGAIN_TIMES; i++) {
		_cleanup_bus_error_ sd_bus_error ignored = SD_BUS_ERROR_NULL;

		if (result >= 0 ||
		    !sd_bus_error_has_name(error, "org.freedesktop.systemd1.UnitExists") ||
		    !is_stale(bus, unit))
			break;
		reset_failed(bus, unit, &ignored); /* one that has not failed needs no reset */
		if (i)
			nanosleep(&pause, NULL);
		sd_bus_error_free(error);
		result = start_once(bus, unit, pid, *words, error);
	}
	return result;
}

/* ---- set, attach, stop ---- */

/* systemd answers first, and writes the files of the cgroup before it takes the next message: so that one is answered when
 * they are written, and the caller's look at them is no race. */
static int await_files(sd_bus *bus, sd_bus_error *error)
{
	return sd_bus_call_method(bus, DESTINATION, MANAGER_AT, "org.freedesktop.DBus.Peer", "Ping",
				  error, NULL, NULL);
}

static int ask_set(sd_bus *bus, struct words *words, sd_bus_error *error)
{
	_cleanup_message_ sd_bus_message *call = NULL;
	const char *unit = words_next(words);
	int result = unit ? new_call(bus, "SetUnitProperties", &call) : -EBADMSG;

	/* true: for as long as the unit is there, not on disk */
	if (result >= 0)
		result = sd_bus_message_append(call, "sb", unit, true);
	if (result >= 0)
		result = sd_bus_message_open_container(call, SD_BUS_TYPE_ARRAY, "(sv)");
	if (result >= 0)
		result = append_properties(call, words);
	if (result >= 0)
		result = sd_bus_message_close_container(call);
	if (result >= 0)
		result = sd_bus_call(bus, call, 0, error, NULL);
	return result < 0 ? result : await_files(bus, error);
}

static int ask_attach(sd_bus *bus, struct words *words, sd_bus_error *error)
{
	const char *unit = words_next(words), *below = words_next(words),
		   *number = words_next(words);
	uint32_t pid;

	if (!number || !parse_u32(number, &pid))
		return -EBADMSG;
	return sd_bus_call_method(bus, DESTINATION, MANAGER_AT, MANAGER, "AttachProcessesToUnit",
				  error, NULL, "ssau", unit, below, 1, pid);
}

static bool is_unknown(const sd_bus_error *error)
{
	return sd_bus_error_has_name(error, "org.freedesktop.systemd1.NoSuchUnit");
}

static int ask_stop(sd_bus *bus, struct words *words, sd_bus_error *error)
{
	_cleanup_bus_error_ sd_bus_error ignored = SD_BUS_ERROR_NULL;
	_cleanup_message_ sd_bus_message *call = NULL;
	const char *unit = words_next(words);
	int result = unit ? new_call(bus, "StopUnit", &call) : -EBADMSG;

	if (result >= 0)
		result = sd_bus_message_append(call, "ss", unit, "replace");
	if (result >= 0)
		result = call_for_job(bus, call, error);
	if (result < 0)
		return is_unknown(error) ? 0 : result;
	reset_failed(bus, unit, &ignored); /* one that didn't fail is forgotten without */
	return 0;
}

/* ---- the conversation ---- */

static const struct {
	const char *word;
	int (*ask)(sd_bus *bus, struct words *words, sd_bus_error *error);
} questions[] = {
	{ "start", ask_start },
	{ "set", ask_set },
	{ "attach", ask_attach },
	{ "stop", ask_stop },
};

static int say(const char *const *words, size_t count)
{
	_cleanup_buffer_ struct buffer message = BUFFER_INIT;

	for (size_t i = 0; i < count; i++)
		message_add(&message, words[i]);
	if (buffer_failed(&message) ||
	    send(SYSTEMD_SOCKET, message.bytes, message.length, MSG_NOSIGNAL) < 0)
		return -1;
	return 0;
}

static int say_error(int result, const sd_bus_error *error)
{
	char number[16];
	const char *words[] = { "error", number, error->name ? error->name : "",
				error->message ? error->message : "" };

	snprintf(number, sizeof(number), "%d", -result);
	return say(words, array_length(words));
}

static int answer(sd_bus *bus, struct words *words)
{
	_cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	const char *word = words_next(words), *done = "done";
	int result = -EBADMSG;

	for (size_t i = 0; i < array_length(questions); i++)
		if (strcmp(questions[i].word, word) == 0)
			result = questions[i].ask(bus, words, &error);
	return result < 0 ? say_error(result, &error) : say(&done, 1);
}

/* "257.9-1", "v251": the number in it */
static int greet(sd_bus *bus)
{
	_cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_free_ char *version = NULL, *cgroup = NULL;
	const char *words[] = { "ready", "0", "" };
	char *digits;
	int result = sd_bus_get_property_string(bus, DESTINATION, MANAGER_AT, MANAGER, "Version",
						&error, &version);

	if (result >= 0)
		result = sd_bus_get_property_string(bus, DESTINATION, MANAGER_AT, MANAGER,
						    "ControlGroup", &error, &cgroup);
	if (result < 0)
		return say_error(result, &error);
	digits = version + strcspn(version, "0123456789");
	digits[strspn(digits, "0123456789")] = '\0';
	words[1] = digits;
	words[2] = cgroup;
	return say(words, array_length(words));
}

static int serve(sd_bus *bus)
{
	static char packet[SYSTEMD_MESSAGE_MAX];

	for (;;) {
		ssize_t length = recv(SYSTEMD_SOCKET, packet, sizeof(packet), MSG_TRUNC);
		struct words words;

		if (length <= 0)
			return length < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
		if (!words_begin(packet, (size_t)length, &words) || answer(bus, &words) < 0)
			return EXIT_FAILURE;
	}
}

int main(int argc, char **argv)
{
	bool user = argc == 2 && strcmp(argv[1], "user") == 0;
	sd_bus *bus = NULL;
	int result;

	/* the end of file comes too late for who is waiting for the bus */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	result = user ? sd_bus_open_user(&bus) : sd_bus_open_system(&bus);
	if (result < 0)
		return say_error(result, &SD_BUS_ERROR_NULL) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	return greet(bus) < 0 ? EXIT_FAILURE : serve(bus);
}
