/* Checkpoint and restore: a running container becomes files, and a container again, here or elsewhere. CRIU does that
 * work (criu(8)); what surrounds it is done here. The two verbs, as lifecycle.h has the others. Caller's process. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "libcontainer/lifecycle/lifecycle.h"

/* CRIU's numbers. */
enum manage_cgroups {
	MANAGE_CGROUPS_IGNORE = 0,
	MANAGE_CGROUPS_NONE = 1,
	MANAGE_CGROUPS_PROPS = 2,
	MANAGE_CGROUPS_SOFT = 3,
	MANAGE_CGROUPS_FULL = 4,
	MANAGE_CGROUPS_STRICT = 5,
};
enum network_lock { NETWORK_LOCK_IPTABLES = 1, NETWORK_LOCK_NFTABLES = 2, NETWORK_LOCK_SKIP = 3 };
enum pre_dump_mode { PRE_DUMP_SPLICE = 1, PRE_DUMP_READ = 2 };

/* What both verbs tell CRIU. Each member is a row in request.c, where it becomes a field of CRIU's RPC; 0, NULL and
 * empty: not given. */
struct criu_options {
	const char *image_path; /* directory of the images */
	const char *work_path;	/* of logs and statistics; NULL: the images' */
	bool tcp_established, tcp_close, tcp_skip_in_flight, ext_unix_sk, shell_job, link_remap;
	bool file_locks, lazy_pages, auto_dedup, force_irmap, weak_sysctls;
	bool skip_file_rwx_check, mntns_compat_mode;
	int manage_cgroups_mode; /* always given */
	int network_lock, pre_dump_mode;
	const char *lsm_profile, *lsm_mount_context;
	const char *plugin_dir;
	unsigned int timeout;	  /* seconds */
	unsigned int ghost_limit; /* bytes */
	bool empty_network;	  /* --empty-ns network */
	struct strings external, skip_mnt, enable_fs, irmap_scan_paths;
};

/* Where CRIU sends memory, or gets it from. */
struct page_server {
	const char *address; /* NULL: nowhere */
	unsigned int port;
};

struct checkpoint_options {
	const char *id;
	struct criu_options criu;
	bool pre_dump;	    /* only the memory, and the container runs on */
	bool leave_running; /* the container runs on */
	const char
	    *parent_path; /* images of the pre-dump before this one, relative to image_path */
	int status_fd;	  /* a NUL byte is written there once pages can be fetched; -1 */
	struct page_server page_server; /* pages go there, or with lazy_pages are served there */
	const char *export;		/* all goes there as one stream, "-": our output; NULL */
	bool with_rootfs;		/* and what has changed in the root filesystem */
	const struct checkpoint_taker *taker; /* who takes the container over (dump.h); NULL */
};

/* Dump a running container into images. Unless it is left running, it is deleted then, as by container_delete(). When it
 * fails the container runs on, and there are no images. */
int container_checkpoint(const struct runtime *runtime, const struct checkpoint_options *options,
			 struct error *err);

struct restore_options {
	struct run_options run;
	struct criu_options criu;
	struct page_server page_server;	   /* with lazy_pages: they are fetched from there */
	const char *import;		   /* all comes from there, "-": our input; NULL */
	const struct restore_giver *giver; /* who gives the container up for it (restore.h); NULL */
};

/* Make a container out of images: as container_run(), but its first process comes from CRIU. When it fails nothing is
 * left. */
int container_restore(const struct runtime *runtime, const struct restore_options *options,
		      int *ret_status, struct error *err);
