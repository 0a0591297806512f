/* The options that `checkpoint`, `restore` and `migrate` share, as rows that fill a struct criu_flags: the member @at of
 * @type. */
#pragma once

#include "checkpoint/checkpoint.h"
#include "src/options.h"

/* CRIU's, and what of them has to be read once more. */
struct criu_flags {
	struct criu_options criu;
	const char *ghost_limit;
	struct strings empty_ns;
};

extern const struct name_value manage_cgroups_names[], network_lock_names[], pre_dump_mode_names[];

/* Read those; ERROR_USAGE. */
int criu_flags_read(struct criu_flags *flags, struct error *err);

/* "ADDRESS:PORT", NULL for none; ERROR_USAGE. */
int page_server_read(const char *text, struct arena *arena, struct page_server *ret_server,
		     struct error *err);

/* ERROR_USAGE: the value of an option is none. */
int option_bad_value(const char *option, const char *expected, const char *found,
		     struct error *err);

/* What a container may have that CRIU has to be told of, at checkpoint and at restore; at checkpoint alone. */
#define CRIU_RESOURCES(type, at)                                                                   \
	FLAG("tcp-established", NULL, type, at criu.tcp_established,                               \
	     "with established TCP connections"),                                                  \
	    FLAG("tcp-close", NULL, type, at criu.tcp_close,                                       \
		 "with TCP connections, which are found closed after restore"),                    \
	    FLAG("ext-unix-sk", NULL, type, at criu.ext_unix_sk,                                   \
		 "with unix sockets that are connected to others outside"),                        \
	    FLAG("file-locks", NULL, type, at criu.file_locks, "with file locks"),                 \
	    CHOICE("manage-cgroups-mode", NULL, "MODE", manage_cgroups_names, "soft", type,        \
		   at criu.manage_cgroups_mode,                                                    \
		   "cgroups of the container's own: soft, full, strict or ignore"),                \
	    STRINGS("empty-ns", NULL, "NAMESPACE", type, at empty_ns,                              \
		    "leave out what is in the namespace; only network can be")
#define CRIU_DUMP_RESOURCES(type, at)                                                              \
	FLAG("tcp-skip-in-flight", NULL, type, at criu.tcp_skip_in_flight,                         \
	     "leave out TCP connections that are not yet accepted"),                               \
	    FLAG("link-remap", NULL, type, at criu.link_remap,                                     \
		 "with open files that have been deleted but have other names"),                   \
	    STRING("ghost-limit", NULL, "SIZE", type, at ghost_limit,                              \
		   "take along open files that have been deleted up to this size (CRIU's "         \
		   "default is 1M)"),                                                              \
	    CHOICE("network-lock", NULL, "HOW", network_lock_names, NULL, type,                    \
		   at criu.network_lock,                                                           \
		   "how connections are held meanwhile: iptables, nftables or skip")

#define CRIU_OPTIONS(type, at)                                                                     \
	STRING_OR("image-path", NULL, "DIR", "checkpoint", type, at criu.image_path,               \
		  "the directory of the images"),                                                  \
	    STRING("work-path", NULL, "DIR", type, at criu.work_path,                              \
		   "the directory of CRIU's log and statistics (default: that of the images)"),    \
	    CRIU_RESOURCES(type, at),                                                              \
	    FLAG("shell-job", NULL, type, at criu.shell_job, "with the caller's terminal"),        \
	    FLAG("lazy-pages", NULL, type, at criu.lazy_pages,                                     \
		 "leave memory behind, to be fetched when it is used"),                            \
	    FLAG("auto-dedup", NULL, type, at criu.auto_dedup,                                     \
		 "free what is no longer needed of images as they are used"),                      \
	    STRINGS("external", NULL, "RESOURCE", type, at criu.external,                          \
		    "a resource that stays outside, as CRIU names it"),                            \
	    STRINGS("enable-fs", NULL, "TYPE", type, at criu.enable_fs,                            \
		    "take this filesystem type for one that is mounted anew"),                     \
	    STRING("plugin-dir", NULL, "DIR", type, at criu.plugin_dir,                            \
		   "where CRIU looks for its plugins"),                                            \
	    NUMBER("timeout", NULL, "SECONDS", type, at criu.timeout, "give up after this time")
