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

int option_bad_value(const char *option, const char *expected, const char *found, struct error *err)
{
	return error_set(err, ERROR_USAGE, option, "option --%s: expected %s, found \"%s\"", option,
			 expected, text_printable(found) ? found : "?");
}

/* A host, or an IPv6 address, which has colons of its own; the last one counts. */
int page_server_read(const char *text, struct arena *arena, struct page_server *ret_server,
		     struct error *err)
{
	const char *colon = text ? strrchr(text, ':') : NULL;
	const char *address;
	uint32_t port;

	if (!text)
		return 0;
	if (!colon || colon == text || !parse_u32(colon + 1, &port) || !port || port > 65535)
		return option_bad_value("page-server", "ADDRESS:PORT", text, err);
	address = arena_strndup(arena, text, (size_t)(colon - text));
	/* brackets are for people */
	if (text_starts(address, "[") && text_ends(address, "]"))
		address = arena_strndup(arena, address + 1, strlen(address) - 2);
	*ret_server = (struct page_server){ address, port };
	return 0;
}

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
