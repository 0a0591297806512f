#include "src/command.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "src/criu_options.h"

struct checkpoint_flags {
	struct criu_flags with;
	bool pre_dump, leave_running, skip_in_flight;
	const char *parent_path, *page_server, *status_fd, *export;
	bool with_rootfs;
};

#define TYPE struct checkpoint_flags

static const struct option options[] = {
	CRIU_OPTIONS(TYPE, with.),
	FLAG("leave-running", "R", TYPE, leave_running, "let the container run on afterwards"),
	FLAG("pre-dump", "P", TYPE, pre_dump,
	     "write the memory only, and let the container run on: a later checkpoint needs to "
	     "write what has changed since"),
	STRING("parent-path", NULL, "DIR", TYPE, parent_path,
	       "the images of the pre-dump before this one, relative to those of this one"),
	CHOICE("pre-dump-mode", NULL, "MODE", pre_dump_mode_names, NULL, TYPE,
	       with.criu.pre_dump_mode, "how a pre-dump reads memory: splice or read"),
	CRIU_DUMP_RESOURCES(TYPE, with.),
	HIDDEN_FLAG("skip-in-flight", TYPE, skip_in_flight), /* LXC's name for it */
	STRINGS("skip-mnt", NULL, "PATH", TYPE, with.criu.skip_mnt, "leave out this mount"),
	FLAG("force-irmap", NULL, TYPE, with.criu.force_irmap,
	     "search for the paths of files that inotify watches"),
	STRINGS("irmap-scan-path", NULL, "PATH", TYPE, with.criu.irmap_scan_paths,
		"where to search for them"),
	STRING("page-server", NULL, "ADDRESS:PORT", TYPE, page_server,
	       "send memory to the page server there; with --lazy-pages, serve it there"),
	STRING("status-fd", NULL, "FD", TYPE, status_fd,
	       "write a byte to this descriptor once lazy pages can be fetched"),
	STRING("export", "e", "FILE", TYPE, export,
	       "write all into FILE, or with - to standard output; the images go then"),
	FLAG("with-rootfs", NULL, TYPE, with_rootfs,
	     "export what has changed in the root filesystem, too"),
	OPTIONS_END,
};

static int read_status_fd(const char *text, struct checkpoint_options *checkpoint,
			  struct error *err)
{
	uint32_t fd;
	int flags;

	checkpoint->status_fd = -1;
	if (!text)
		return 0;
	if (!parse_u32(text, &fd) || fd > INT32_MAX)
		return option_bad_value("status-fd", "a descriptor", text, err);
	flags = fcntl((int)fd, F_GETFL);
	if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY)
		return option_bad_value("status-fd", "a descriptor that is open for writing", text,
					err);
	checkpoint->status_fd = (int)fd;
	return 0;
}

/* What is exported is whole: not without memory, or without its parent. */
static int check_export(const struct checkpoint_flags *flags, struct error *err)
{
	const bool parts = flags->pre_dump || flags->parent_path || flags->page_server ||
			   flags->with.criu.lazy_pages;

	if (flags->export && parts)
		return error_set(err, ERROR_USAGE, "export",
				 "--export doesn't go with --pre-dump, --parent-path, "
				 "--page-server and --lazy-pages");
	if (flags->with_rootfs && !flags->export)
		return error_set(err, ERROR_USAGE, "with-rootfs", "--with-rootfs needs --export");
	return 0;
}

/* A pre-dump leaves nothing behind to be served: the container runs on with it. */
static int check_pre_dump(const struct checkpoint_flags *flags, struct error *err)
{
	if (flags->pre_dump && flags->with.criu.lazy_pages)
		return error_set(err, ERROR_USAGE, "pre-dump",
				 "--pre-dump doesn't go with --lazy-pages");
	return 0;
}

static int run(struct invocation *invocation, struct error *err)
{
	struct checkpoint_flags *flags = invocation->options;
	struct checkpoint_options checkpoint = {
		.id = invocation->arguments.items[0],
		.pre_dump = flags->pre_dump,
		.leave_running = flags->leave_running,
		.parent_path = flags->parent_path,
		.export = flags->export,
		.with_rootfs = flags->with_rootfs,
	};

	if (criu_flags_read(&flags->with, err) < 0 || check_pre_dump(flags, err) < 0 ||
	    check_export(flags, err) < 0 ||
	    page_server_read(flags->page_server, &invocation->arena, &checkpoint.page_server, err) <
		0 ||
	    read_status_fd(flags->status_fd, &checkpoint, err) < 0)
		return -1;
	checkpoint.criu = flags->with.criu;
	checkpoint.criu.tcp_skip_in_flight |= flags->skip_in_flight;
	return container_checkpoint(&invocation->runtime, &checkpoint, err);
}

const struct command cmd_checkpoint = {
	.name = "checkpoint",
	.usage = "ID",
	.summary = "write a running container into images",
	.options = options,
	.options_size = sizeof(TYPE),
	.arguments_min = 1,
	.arguments_max = 1,
	.missing = HAVE_CRIU ? NULL : "CRIU",
	.run = run,
};
