/* checkpoint/request.c: each option reaches the requests that it is for, and no other. */
#include "tests/unit/harness.h"

#include <sched.h>

#include "base/cleanup.h"
#include "checkpoint/request.h"

static const struct {
	const char *name;
	enum request_kind kind;
} kinds[] = {
	{ "dump", REQUEST_DUMP },
	{ "pre-dump", REQUEST_PRE_DUMP },
	{ "restore", REQUEST_RESTORE },
};

/* The packed request; its length. */
static size_t pack(enum request_kind kind, const struct criu_options *options, uint8_t bytes[4096])
{
	struct request request;

	request_begin(&request, kind, options);
	CHECK(criu_req__get_packed_size(&request.message) < 4096);
	return criu_req__pack(&request.message, bytes);
}

TEST(every_flag_changes_the_requests_it_is_for)
{
	static const struct {
		size_t offset;
		unsigned int kinds;
	} rows[] = {
#define ROW(member, requests) { offsetof(struct criu_options, member), requests }
		ROW(tcp_established, REQUEST_DUMP | REQUEST_PRE_DUMP | REQUEST_RESTORE),
		ROW(tcp_close, REQUEST_DUMP | REQUEST_RESTORE),
		ROW(tcp_skip_in_flight, REQUEST_DUMP | REQUEST_PRE_DUMP),
		ROW(ext_unix_sk, REQUEST_DUMP | REQUEST_PRE_DUMP | REQUEST_RESTORE),
		ROW(shell_job, REQUEST_DUMP | REQUEST_PRE_DUMP | REQUEST_RESTORE),
		ROW(link_remap, REQUEST_DUMP | REQUEST_PRE_DUMP),
		ROW(file_locks, REQUEST_DUMP | REQUEST_PRE_DUMP | REQUEST_RESTORE),
		ROW(lazy_pages, REQUEST_DUMP | REQUEST_RESTORE),
		ROW(auto_dedup, REQUEST_DUMP | REQUEST_PRE_DUMP | REQUEST_RESTORE),
		ROW(force_irmap, REQUEST_DUMP | REQUEST_PRE_DUMP),
		ROW(weak_sysctls, REQUEST_RESTORE),
		ROW(skip_file_rwx_check, REQUEST_RESTORE),
		ROW(mntns_compat_mode, REQUEST_RESTORE),
		ROW(empty_network, REQUEST_DUMP | REQUEST_PRE_DUMP | REQUEST_RESTORE),
#undef ROW
	};

	for (size_t i = 0; i < array_length(rows); i++)
		for (size_t k = 0; k < array_length(kinds); k++) {
			struct criu_options with = { 0 }, without = { 0 };
			uint8_t one[4096], other[4096];
			bool changes;

			*(bool *)((char *)&with + rows[i].offset) = true;
			changes =
			    pack(kinds[k].kind, &with, one) != pack(kinds[k].kind, &without, other);
			if (changes != !!(rows[i].kinds & kinds[k].kind))
				harness_fail(__FILE__, __LINE__, "row %zu, %s", i, kinds[k].name);
		}
}

TEST(values_get_into_their_fields)
{
	char *external[] = { (char *)"mnt[a]:b", (char *)"file[1:2]" };
	const struct criu_options options = {
		.manage_cgroups_mode = MANAGE_CGROUPS_IGNORE,
		.network_lock = NETWORK_LOCK_SKIP,
		.pre_dump_mode = PRE_DUMP_READ,
		.lsm_profile = "apparmor:x",
		.lsm_mount_context = "y",
		.timeout = 7,
		.ghost_limit = 4096,
		.empty_network = true,
		.external = { external, 2 },
	};
	struct request request;

	request_begin(&request, REQUEST_RESTORE, &options);
	CHECK(request.message.type == CRIU_REQ_TYPE__RESTORE);
	CHECK(request.opts.has_manage_cgroups_mode &&
	      request.opts.manage_cgroups_mode == CRIU_CG_MODE__IGNORE);
	CHECK(!request.opts.has_network_lock);
	CHECK_STR(request.opts.lsm_profile, "apparmor:x");
	CHECK_STR(request.opts.lsm_mount_context, "y");
	CHECK(request.opts.has_timeout && request.opts.timeout == 7);
	CHECK(request.opts.has_empty_ns && request.opts.empty_ns == CLONE_NEWNET);
	CHECK(request.opts.n_external == 2);
	CHECK_STR(request.opts.external[1], "file[1:2]");
	CHECK(!request.opts.has_ghost_limit && !request.opts.has_pre_dump_mode);

	request_begin(&request, REQUEST_DUMP, &options);
	CHECK(request.opts.has_network_lock &&
	      request.opts.network_lock == CRIU_NETWORK_LOCK_METHOD__SKIP);

	request_begin(&request, REQUEST_PRE_DUMP, &options);
	CHECK(request.message.type == CRIU_REQ_TYPE__SINGLE_PRE_DUMP);
	CHECK(request.opts.has_ghost_limit && request.opts.ghost_limit == 4096);
	CHECK(request.opts.has_pre_dump_mode &&
	      request.opts.pre_dump_mode == CRIU_PRE_DUMP_MODE__VM_READ);
	CHECK(!request.opts.lsm_profile);
}

TEST(what_is_not_given_is_criu_s_to_decide)
{
	const struct criu_options options = { .manage_cgroups_mode = MANAGE_CGROUPS_SOFT };
	struct request request;

	request_begin(&request, REQUEST_DUMP, &options);
	CHECK(request.message.type == CRIU_REQ_TYPE__DUMP);
	CHECK(!request.opts.has_network_lock && !request.opts.has_timeout &&
	      !request.opts.has_ghost_limit && !request.opts.has_empty_ns);
	CHECK(!request.opts.lsm_profile && !request.opts.n_external);
	CHECK(request.opts.notify_scripts && request.opts.orphan_pts_master);
	CHECK(request.opts.log_level == 4);
}

TEST(lists_grow)
{
	char *given[] = { (char *)"a" };
	const struct criu_options options = { .external = { given, 1 } };
	struct error err = ERROR_INIT;
	struct request request;
	struct arena arena;

	CHECK(arena_init(&arena, 1 << 20, &err) == 0);
	request_begin(&request, REQUEST_RESTORE, &options);
	request_external(&request, &arena, "b");
	request_external(&request, &arena, "c");
	CHECK(request.opts.n_external == 3);
	CHECK_STR(request.opts.external[0], "a");
	CHECK_STR(request.opts.external[2], "c");
	/* the caller's own list stays as it was */
	CHECK(options.external.count == 1 && given[0][0] == 'a');
	request_inherit(&request, &arena, "pipe:[7]", 1);
	request_inherit(&request, &arena, "extRootNetNS", 4);
	CHECK(request.opts.n_inherit_fd == 2 && request.opts.inherit_fd[1]->fd == 4);
	CHECK_STR(request.opts.inherit_fd[0]->key, "pipe:[7]");
	request_join(&request, &arena, "uts", "/x");
	CHECK(request.opts.n_join_ns == 1);
	CHECK_STR(request.opts.join_ns[0]->ns_file, "/x");
	request_cgroup_root(&request, &arena, "/a/b");
	CHECK(request.opts.n_cg_root == 1 && !request.opts.cg_root[0]->ctrl);
	CHECK_STR(request.opts.cg_root[0]->path, "/a/b");
	arena_free(&arena);
}
