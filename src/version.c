#include "src/version.h"

#include <seccomp.h>

#include "src/commit.h"

const char proa_commit[] = PROA_COMMIT;

static const struct {
	const char *name;
	bool present;
} parts[] = {
	{ "SECCOMP", true },  { "CAP", true },	      { "EBPF", true },
	{ "APPARMOR", true }, { "SELINUX", true },    { "YAJL", true },
	{ "SYSTEMD", false }, { "LIBCGROUP", false }, { "CRIU", false },
};

void version_text(struct buffer *text)
{
	const struct scmp_version *seccomp = seccomp_version();

	buffer_printf(text, "proa version %s\ncommit: %s\nspec: 1.3.0\n", PACKAGE_VERSION,
		      proa_commit);
	if (seccomp)
		buffer_printf(text, "libseccomp: %u.%u.%u\n", seccomp->major, seccomp->minor,
			      seccomp->micro);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		buffer_printf(text, "%s%c%s", i ? " " : "", parts[i].present ? '+' : '-',
			      parts[i].name);
	buffer_puts(text, "\n");
}
