/* The names of signals, as `kill` takes them. */
#pragma once

#include <stdbool.h>

#include "base/text.h"

/* All names without "SIG" and their numbers on this architecture; several may name one number. The
 * real-time signals are not in it: signal_parse() knows RTMIN, RTMIN+N, RTMAX and RTMAX-N. */
extern const struct name_value signal_names[];

/* "KILL", "SIGKILL" (in any case), "SIGRTMIN+3", or a decimal number from 0 (which sends nothing
 * and asks whether somebody is there) to 64. False for all else, @ret_signal is then untouched.
 * Pure. */
bool signal_parse(const char *text, int *ret_signal);
