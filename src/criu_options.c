#include "src/criu_options.h"

#include <string.h>

const struct name_value manage_cgroups_names[] = {
	{ "soft", MANAGE_CGROUPS_SOFT },
	{ "full", MANAGE_CGROUPS_FULL },
	{ "strict", MANAGE_CGROUPS_STRICT },
	{ "ignore", MANAGE_CGROUPS_IGNORE },
	{ "none", MANAGE_CGROUPS_NONE },
	{ "props", MANAGE_CGROUPS_PROPS },
	{ NULL },
};

const struct name_value network_lock_names[] = {
	{ "iptables", NETWORK_LOCK_IPTABLES },
	{ "nftables", NETWORK_LOCK_NFTABLES },
	{ "skip", NETWORK_LOCK_SKIP },
	{ NULL },
};

const struct name_value pre_dump_mode_names[] = {
	{ "splice", PRE_DUMP_SPLICE },
	{ "read", PRE_DUMP_READ },
	{ NULL },
};

static int read_ghost_limit(struct criu_flags *flags, struct error *err)
{
	int64_t bytes;

	if (!flags->ghost_limit)
		return 0;
	if (!parse_size(flags->ghost_limit, &bytes) || bytes < 1 || bytes > UINT32_MAX)
		return error_set(err, ERROR_USAGE, "ghost-limit",
				 "option --ghost-limit: expected a size like 64M, less than 4G, "
				 "found \"%s\"",
				 text_printable(flags->ghost_limit) ? flags->ghost_limit : "?");
	flags->criu.ghost_limit = (unsigned int)bytes;
	return 0;
}

static int read_empty_namespaces(struct criu_flags *flags, struct error *err)
{
	for (size_t i = 0; i < flags->empty_ns.count; i++)
		if (strcmp(flags->empty_ns.items[i], "network") != 0)
			return error_set(err, ERROR_USAGE, "empty-ns",
					 "option --empty-ns: only the namespace network can be "
					 "left empty");
	flags->criu.empty_network = flags->empty_ns.count;
	return 0;
}

int criu_flags_read(struct criu_flags *flags, struct error *err)
{
	return read_ghost_limit(flags, err) < 0 ? -1 : read_empty_namespaces(flags, err);
}
