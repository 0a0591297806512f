#include "src/signals.h"

#include <signal.h>
#include <string.h>
#include <strings.h>

const struct name_value signal_names[] = {
	{ "HUP", SIGHUP },
	{ "INT", SIGINT },
	{ "QUIT", SIGQUIT },
	{ "ILL", SIGILL },
	{ "TRAP", SIGTRAP },
	{ "ABRT", SIGABRT },
	{ "IOT", SIGIOT },
	{ "BUS", SIGBUS },
	{ "FPE", SIGFPE },
	{ "KILL", SIGKILL },
	{ "USR1", SIGUSR1 },
	{ "SEGV", SIGSEGV },
	{ "USR2", SIGUSR2 },
	{ "PIPE", SIGPIPE },
	{ "ALRM", SIGALRM },
	{ "TERM", SIGTERM },
	{ "STKFLT", SIGSTKFLT },
	{ "CHLD", SIGCHLD },
	{ "CLD", SIGCHLD },
	{ "CONT", SIGCONT },
	{ "STOP", SIGSTOP },
	{ "TSTP", SIGTSTP },
	{ "TTIN", SIGTTIN },
	{ "TTOU", SIGTTOU },
	{ "URG", SIGURG },
	{ "XCPU", SIGXCPU },
	{ "XFSZ", SIGXFSZ },
	{ "VTALRM", SIGVTALRM },
	{ "PROF", SIGPROF },
	{ "WINCH", SIGWINCH },
	{ "IO", SIGIO },
	{ "POLL", SIGPOLL },
	{ "PWR", SIGPWR },
	{ "SYS", SIGSYS },
	{ NULL },
};

/* As everybody outside the C library counts them: SIGRTMIN+0 is 34, because glibc keeps two. */
#define REAL_TIME_FIRST 34
#define REAL_TIME_LAST	64

static bool parse_real_time(const char *name, int *ret_signal)
{
	bool from_first = strncasecmp(name, "RTMIN", 5) == 0;
	const char *rest = name + 5;
	uint32_t offset = 0;

	if (!from_first && strncasecmp(name, "RTMAX", 5) != 0)
		return false;
	if (*rest && (*rest != (from_first ? '+' : '-') || !parse_u32(rest + 1, &offset)))
		return false;
	if (offset > REAL_TIME_LAST - REAL_TIME_FIRST)
		return false;
	*ret_signal = from_first ? REAL_TIME_FIRST + (int)offset : REAL_TIME_LAST - (int)offset;
	return true;
}

bool signal_parse(const char *text, int *ret_signal)
{
	const char *name = strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text;
	uint32_t number;

	if (parse_u32(text, &number)) {
		if (number > REAL_TIME_LAST)
			return false;
		*ret_signal = (int)number;
		return true;
	}
	for (const struct name_value *row = signal_names; row->name; row++)
		if (strcasecmp(row->name, name) == 0) {
			*ret_signal = (int)row->value;
			return true;
		}
	return parse_real_time(name, ret_signal);
}
