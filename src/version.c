#include "src/version.h"

#include <seccomp.h>
#include <stdio.h>

#include "oci/config.h"
#include "src/commit.h"

const char proa_commit[] = PROA_COMMIT;

/* systemd, libcgroup and CRIU can be left out of a build by configure. */
const struct version_part version_parts[] = {
	{ "SECCOMP", NULL, true },
	{ "CAP", NULL, true },
	{ "EBPF", NULL, true },
	{ "APPARMOR", NULL, true },
	{ "SELINUX", NULL, true },
	{ "YAJL", NULL, true },
	{ "SYSTEMD", "io.github.proa.systemd.enabled", HAVE_SYSTEMD },
	{ "LIBCGROUP", "io.github.proa.libcgroup.enabled", HAVE_LIBCGROUP },
	/* the name that CRI-O and Podman look for */
	{ "CRIU", "org.opencontainers.runc.checkpoint.enabled", HAVE_CRIU },
	{ NULL },
};

const char *version_of_libseccomp(char text[static 32])
{
	const struct scmp_version *version = seccomp_version();

	snprintf(text, 32, "%u.%u.%u", version->major, version->minor, version->micro);
	return text;
}

void version_text(struct buffer *text)
{
	char seccomp[32];

	buffer_printf(text, "proa version %s\ncommit: %s\nspec: %s\nlibseccomp: %s\n",
		      PACKAGE_VERSION, proa_commit, OCI_VERSION, version_of_libseccomp(seccomp));
	for (const struct version_part *part = version_parts; part->name; part++)
		buffer_printf(text, "%s%c%s", part > version_parts ? " " : "",
			      part->present ? '+' : '-', part->name);
	buffer_puts(text, "\n");
}
