/* checkpoint: what CRIU is asked for. */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "checkpoint/config_file.h"
#include "checkpoint/dump.h"

static int add_namespace(struct dump *dump, struct request *request,
			 const struct request_namespace *namespace, struct error *err)
{
	char path[64];
	struct stat st;

	text_fit(path, sizeof(path), "/proc/%d/ns/%s", (int)dump->state->pid, namespace->criu);
	if (stat(path, &st) < 0)
		return error_errno(err, errno, path, "look at the %s namespace", namespace->type);
	request_external(request, &dump->arena,
			 arena_printf(&dump->arena, "%s[%lu]:%s", namespace->criu,
				      (unsigned long)st.st_ino, namespace->key));
	return 0;
}

/* Namespaces that others made stay theirs. Where CRIU makes a new one all the same, restore replaces it if the config names a
 * path. */
static int add_namespaces(struct dump *dump, struct request *request, struct error *err)
{
	for (size_t i = 0; i < dump->config->linux_->namespaces.count; i++) {
		const struct config_namespace *one = &dump->config->linux_->namespaces.items[i];
		const struct request_namespace *namespace = request_namespace(one->type);

		if (namespace && one->path && one->path[0] &&
		    add_namespace(dump, request, namespace, err) < 0)
			return -1;
	}
	return 0;
}

static void add_mounts(struct dump *dump, struct request *request)
{
	for (size_t i = 0; i < dump->manifest.mounts.count; i++) {
		const struct manifest_mount *mount = &dump->manifest.mounts.items[i];

		if (!dump_given_key(dump, mount->mountpoint))
			request_external(request, &dump->arena,
					 arena_printf(&dump->arena, "mnt[%s]:%s", mount->mountpoint,
						      mount->key));
	}
}

static void add_page_server(struct dump *dump, struct request *request)
{
	CriuPageServerInfo *server;

	if (!dump->options->page_server.address || dump->options->criu.lazy_pages)
		return;
	server = arena_alloc(&dump->arena, sizeof(*server));
	criu_page_server_info__init(server);
	server->address = (char *)dump->options->page_server.address;
	server->has_port = true;
	server->port = (int32_t)dump->options->page_server.port;
	request->opts.ps = server;
}

int dump_fill_request(struct dump *dump, struct request *request, struct error *err)
{
	const struct checkpoint_options *options = dump->options;
	CriuOpts *opts = &request->opts;

	request_begin(request, options->pre_dump ? REQUEST_PRE_DUMP : REQUEST_DUMP, &options->criu);
	opts->images_dir_fd = dump->images.dir;
	opts->has_work_dir_fd = true;
	opts->work_dir_fd = dump->images.work;
	opts->log_file = (char *)DUMP_LOG;
	opts->root = dump->state->rootfs;
	opts->has_pid = true;
	opts->pid = (int32_t)dump->state->pid;
	opts->has_leave_running = true;
	opts->leave_running = options->leave_running || options->pre_dump;
	opts->freeze_cgroup = dump->cgroup;
	opts->config_file = (char *)(options->criu.lazy_pages ? serve_config_file()
							      : criu_config_file(dump->config));
	opts->has_track_mem = true;
	opts->track_mem = dump->tracks;
	opts->parent_img = (char *)options->parent_path;
	add_page_server(dump, request);
	if (options->pre_dump)
		return 0;
	add_mounts(dump, request);
	return add_namespaces(dump, request, err);
}
