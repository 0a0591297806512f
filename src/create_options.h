/* The options that `create` and `run` share, as rows that fill a struct create_options: the member
 * @at of
 * @type, or @type itself where @at is empty. */
#pragma once

#include "src/options.h"

#define CREATE_OPTIONS(type, at)                                                                   \
	STRING_OR("bundle", "b", "DIR", ".", type, at bundle, "the bundle's directory"),           \
	    STRING("config", "f", "FILE", type, at config_file,                                    \
		   "read FILE in place of config.json in the bundle"),                             \
	    STRING("console-socket", NULL, "SOCKET", type, at console_socket,                      \
		   "send the master of the terminal to this AF_UNIX socket"),                      \
	    STRING("pidfd-socket", NULL, "SOCKET", type, at pidfd_socket,                          \
		   "send a pidfd of the container's init to this AF_UNIX socket"),                 \
	    STRING("pid-file", NULL, "FILE", type, at pid_file,                                    \
		   "write the pid of the container's init to FILE"),                               \
	    FLAG("no-pivot", NULL, type, at no_pivot,                                              \
		 "change root without pivot_root(2), for a rootfs on a ramdisk"),                  \
	    FLAG("no-new-keyring", NULL, type, at no_new_keyring,                                  \
		 "keep the caller's session keyring"),                                             \
	    NUMBER("preserve-fds", NULL, "N", type, at preserve_fds,                               \
		   "pass N more descriptors, from 3 on, after those of LISTEN_FDS")
