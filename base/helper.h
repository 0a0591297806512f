/* The programs that proa starts for what needs a library it is to do without. They lie beside proa, or
 * where both are installed. */
#pragma once

#include <sys/types.h>

#include "base/error.h"

/* The helper's end of what proa speaks to it by; its standard streams are /dev/null. */
#define HELPER_CHANNEL 3

/* Open the helper @name that lies beside the binary @executable, or else in $(libexecdir)/proa: nothing that
 * a caller's environment says leads elsewhere. -1 with err->errnum ENOENT if it isn't there;
 * ERROR_REFUSED for one that others than root, the caller and the owner of @executable could have changed. Parent. */
int helper_find(const char *executable, const char *name, struct error *err);

/* How a process has ended, by what waitpid(2) said: "exit status 3", "killed by signal 9". */
void end_words(int status, char ret_words[32]);

/* Start what helper_find() has opened, with @channel as its descriptor 3 and no other of ours, no signal
 * blocked or ignored, and only @envp for an environment. The caller keeps @image and @channel. Parent. */
int helper_start(int image, int channel, const char *const *argv, char *const *envp, pid_t *ret_pid,
		 struct error *err);
