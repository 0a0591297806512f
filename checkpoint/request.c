#include "checkpoint/request.h"

#include <sched.h>
#include <string.h>

#include "base/cleanup.h"

#define LOG_LEVEL 4 /* all: what is needed to understand a failure */

enum field_kind { FIELD_BOOL, FIELD_STRING, FIELD_UINT, FIELD_CHOICE, FIELD_LIST };

struct field {
	size_t option; /* offset in struct criu_options */
	size_t field;  /* offset in CriuOpts */
	size_t has;    /* offset of the flag that it is set, or of the count of a list */
	enum field_kind kind;
	unsigned int requests;
};

#define FIELD(kind_, name, has_, requests_)                                                        \
	{                                                                                          \
		.option = offsetof(struct criu_options, name), .field = offsetof(CriuOpts, name),  \
		.has = offsetof(CriuOpts, has_), .kind = (kind_), .requests = (requests_)          \
	}
#define BOOL(name, requests)   FIELD(FIELD_BOOL, name, has_##name, requests)
#define UINT(name, requests)   FIELD(FIELD_UINT, name, has_##name, requests)
#define CHOICE(name, requests) FIELD(FIELD_CHOICE, name, has_##name, requests)
#define STRING(name, requests) FIELD(FIELD_STRING, name, name, requests)
#define LIST_(name, requests)  FIELD(FIELD_LIST, name, n_##name, requests)

#define DUMPS (REQUEST_DUMP | REQUEST_PRE_DUMP)
#define FULL  (REQUEST_DUMP | REQUEST_RESTORE)
#define ALL   (DUMPS | REQUEST_RESTORE)

static const struct field fields[] = {
	BOOL(tcp_established, ALL),
	BOOL(tcp_close, FULL),
	BOOL(tcp_skip_in_flight, DUMPS),
	BOOL(ext_unix_sk, ALL),
	BOOL(shell_job, ALL),
	BOOL(link_remap, DUMPS),
	BOOL(file_locks, ALL),
	BOOL(lazy_pages, FULL),
	BOOL(auto_dedup, ALL),
	BOOL(force_irmap, DUMPS),
	BOOL(weak_sysctls, REQUEST_RESTORE),
	BOOL(skip_file_rwx_check, REQUEST_RESTORE),
	BOOL(mntns_compat_mode, REQUEST_RESTORE),
	CHOICE(manage_cgroups_mode, ALL),
	UINT(network_lock, REQUEST_DUMP),
	UINT(pre_dump_mode, REQUEST_PRE_DUMP),
	STRING(lsm_profile, REQUEST_RESTORE),
	STRING(lsm_mount_context, REQUEST_RESTORE),
	UINT(timeout, ALL),
	UINT(ghost_limit, DUMPS),
	LIST_(external, ALL),
	LIST_(skip_mnt, REQUEST_DUMP),
	LIST_(enable_fs, FULL),
	LIST_(irmap_scan_paths, DUMPS),
};

#undef BOOL
#undef UINT
#undef CHOICE
#undef STRING
#undef LIST_

static void set_flag(CriuOpts *opts, size_t offset)
{
	const protobuf_c_boolean set = true;

	memcpy((char *)opts + offset, &set, sizeof(set));
}

static void fill_number(CriuOpts *opts, const struct field *field, const void *option, size_t size,
			bool given)
{
	if (!given)
		return;
	memcpy((char *)opts + field->field, option, size);
	set_flag(opts, field->has);
}

static void fill(CriuOpts *opts, const struct field *field, const void *option)
{
	void *to = (char *)opts + field->field;

	switch (field->kind) {
	case FIELD_BOOL:
		if (*(const bool *)option) {
			set_flag(opts, field->field);
			set_flag(opts, field->has);
		}
		break;
	case FIELD_STRING:
		memcpy(to, option, sizeof(char *));
		break;
	case FIELD_UINT:
		fill_number(opts, field, option, sizeof(unsigned int),
			    *(const unsigned int *)option);
		break;
	case FIELD_CHOICE: /* one that always has a value, and 0 is one */
		fill_number(opts, field, option, sizeof(int), true);
		break;
	case FIELD_LIST:
		memcpy(to, &((const struct strings *)option)->items, sizeof(char **));
		memcpy((char *)opts + field->has, &((const struct strings *)option)->count,
		       sizeof(size_t));
		break;
	}
}

static CriuReqType type_of(enum request_kind kind)
{
	switch (kind) {
	case REQUEST_DUMP:
		return CRIU_REQ_TYPE__DUMP;
	case REQUEST_PRE_DUMP:
		return CRIU_REQ_TYPE__SINGLE_PRE_DUMP;
	case REQUEST_RESTORE:
		break;
	}
	return CRIU_REQ_TYPE__RESTORE;
}

void request_begin(struct request *request, enum request_kind kind,
		   const struct criu_options *options)
{
	*request = (struct request){ CRIU_REQ__INIT, CRIU_OPTS__INIT };
	request->message.type = type_of(kind);
	request->message.opts = &request->opts;
	request->opts.has_log_level = true;
	request->opts.log_level = LOG_LEVEL;
	request->opts.has_notify_scripts = request->opts.notify_scripts = true;
	request->opts.has_orphan_pts_master = request->opts.orphan_pts_master = true;
	if (options->empty_network) {
		request->opts.has_empty_ns = true;
		request->opts.empty_ns = CLONE_NEWNET;
	}
	for (size_t i = 0; i < array_length(fields); i++)
		if (fields[i].requests & kind)
			fill(&request->opts, &fields[i], (const char *)options + fields[i].option);
}

/* The keys are runc's, so that it can restore our images, and we its. */
const struct request_namespace *request_namespace(const char *type)
{
	static const struct request_namespace rows[] = { { "network", "net", "extRootNetNS" },
							 { "pid", "pid", "extRootPidNS" } };

	for (size_t i = 0; i < array_length(rows); i++)
		if (strcmp(rows[i].type, type) == 0)
			return &rows[i];
	return NULL;
}

/* ---- lists ---- */

/* The command line knows CRIU's numbers without CRIU's header. */
_Static_assert((int)MANAGE_CGROUPS_SOFT == (int)CRIU_CG_MODE__SOFT &&
		   (int)MANAGE_CGROUPS_STRICT == (int)CRIU_CG_MODE__STRICT,
	       "modes of cgroups are CRIU's");
_Static_assert((int)NETWORK_LOCK_IPTABLES == (int)CRIU_NETWORK_LOCK_METHOD__IPTABLES &&
		   (int)NETWORK_LOCK_SKIP == (int)CRIU_NETWORK_LOCK_METHOD__SKIP,
	       "network locks are CRIU's");
_Static_assert((int)PRE_DUMP_READ == (int)CRIU_PRE_DUMP_MODE__VM_READ,
	       "modes of a pre-dump are CRIU's");

/* A longer copy of @items, its last place free: lists here have a few dozen items. */
static void *longer(struct arena *arena, const void *items, size_t count)
{
	void **copy = arena_calloc(arena, count + 1, sizeof(*copy));

	if (count)
		memcpy(copy, items, count * sizeof(*copy));
	return copy;
}

void request_external(struct request *request, struct arena *arena, const char *external)
{
	CriuOpts *opts = &request->opts;

	opts->external = longer(arena, opts->external, opts->n_external);
	opts->external[opts->n_external++] = arena_strdup(arena, external);
}

void request_inherit(struct request *request, struct arena *arena, const char *key, int fd)
{
	CriuOpts *opts = &request->opts;
	InheritFd *inherit = arena_alloc(arena, sizeof(*inherit));

	inherit_fd__init(inherit);
	inherit->key = arena_strdup(arena, key);
	inherit->fd = fd;
	opts->inherit_fd = longer(arena, opts->inherit_fd, opts->n_inherit_fd);
	opts->inherit_fd[opts->n_inherit_fd++] = inherit;
}

void request_join(struct request *request, struct arena *arena, const char *type, const char *path)
{
	CriuOpts *opts = &request->opts;
	JoinNamespace *join = arena_alloc(arena, sizeof(*join));

	join_namespace__init(join);
	join->ns = arena_strdup(arena, type);
	join->ns_file = arena_strdup(arena, path);
	opts->join_ns = longer(arena, opts->join_ns, opts->n_join_ns);
	opts->join_ns[opts->n_join_ns++] = join;
}

void request_cgroup_root(struct request *request, struct arena *arena, const char *path)
{
	CriuOpts *opts = &request->opts;
	CgroupRoot *root = arena_alloc(arena, sizeof(*root));

	cgroup_root__init(root);
	root->path = arena_strdup(arena, path);
	opts->cg_root = longer(arena, opts->cg_root, opts->n_cg_root);
	opts->cg_root[opts->n_cg_root++] = root;
}
