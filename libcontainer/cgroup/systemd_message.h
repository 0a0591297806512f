/* What proa and its helper proa-systemd say to each other. The helper is a program of its own because
 * libsystemd, through which it speaks D-Bus, is a shared library that drags in others: proa is static, and
 * a command that makes no scope is not to pay for it.
 *
 *   proa                                        proa-systemd system|user
 *     | starts it, a socket as descriptor 3 ------>|  connects to the bus
 *     |<------------------- ready VERSION CGROUP --|  systemd's version; the cgroup of its root slice
 *     |  start UNIT PID PROPERTY... -------------->|  StartTransientUnit, until the job is done
 *     |<------------------------------------ done -|
 *     |  set UNIT PROPERTY... -------------------->|  SetUnitProperties, until the files are written
 *     |<------------------------------------ done -|
 *     |  attach UNIT BELOW PID ------------------->|  AttachProcessesToUnit
 *     |<------------------------------------ done -|
 *     |  stop UNIT ------------------------------->|  StopUnit, until the job is done; ResetFailedUnit
 *     |<------------------------------------ done -|
 *     |==== end of file ==========================>|  ends
 *
 *   PROPERTY is NAME SIGNATURE COUNT VALUE*COUNT, one value for each basic type in the D-Bus signature and
 *   one, the number of elements, before those of an array: "DeviceAllow a(ss) 3 1 /dev/null rw"
 *
 * In place of any answer "error ERRNO NAME TEXT": NAME is D-Bus's, "" if it has none. The helper doesn't
 * wait for anything beyond an answer of the bus; that each comes in time is seen to by proa, which kills it
 * otherwise: whatever hangs in a library of others, the deadline holds.
 *
 * A message is one packet of a SOCK_SEQPACKET socket: words, each ended by a NUL, so that a value may have any
 * other byte, and at most SYSTEMD_MESSAGE_MAX bytes. Both ends refuse what is longer or isn't ended. They are
 * of one build: there is no version. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/helper.h"
#include "base/text.h"

/* Some 3,000 rules for devices; a socket takes three times as much. */
#define SYSTEMD_MESSAGE_MAX 65536

#define SYSTEMD_SOCKET HELPER_CHANNEL /* the helper's end */

/* The words of a packet, from first to last. */
struct words {
	const char *at, *end;
};

/* Add a word to a message that is being made. Any process. */
void message_add(struct buffer *message, const char *word);

/* Begin to read @bytes, which must stay. False if it isn't a message. Any process. */
bool words_begin(const char *bytes, size_t length, struct words *ret_words);

/* The next word, NULL after the last. Any process. */
const char *words_next(struct words *words);

/* The length of the complete type that a D-Bus signature begins with, 0 if that is none: a basic type, an
 * array, a structure. Neither variants nor dictionaries. Any process. */
size_t signature_type(const char *signature);
