#include "base/cleanup.h"
#include "libcontainer/rootfs/rootfs.h"
#include "libcontainer/security/seccomp.h"
#include "oci/features.h"
#include "oci/names.h"
#include "src/command.h"
#include "src/output.h"
#include "src/version.h"

#define ANNOTATIONS_MAX 16

static struct strings mount_options(struct arena *arena)
{
	struct strings names = { NULL, 0 };

	while (rootfs_mount_option(names.count))
		names.count++;
	names.items = arena_calloc(arena, names.count, sizeof(char *));
	for (size_t i = 0; i < names.count; i++)
		names.items[i] = arena_strdup(arena, rootfs_mount_option(i));
	return names;
}

/* What the rooms of libcontainer do with the names that the schema knows. */
static void fill_linux(struct features_linux *linux_, struct arena *arena)
{
	linux_->cgroup = (struct features_cgroup){
		.v1 = FEATURE(false),
		.v2 = FEATURE(true),
		.systemd = FEATURE(HAVE_SYSTEMD),
		.systemd_user = FEATURE(HAVE_SYSTEMD),
		.rdma = FEATURE(true),
	};
	linux_->seccomp.enabled = FEATURE(true);
	linux_->seccomp.archs = name_list(seccomp_architectures, arena);
	linux_->seccomp.supported_flags = name_list(names_seccomp_flags, arena);
	linux_->apparmor.enabled = FEATURE(true);
	linux_->selinux.enabled = FEATURE(true);
	linux_->intel_rdt =
	    (struct features_intel_rdt){ FEATURE(true), FEATURE(true), FEATURE(true) };
	linux_->mount_extensions.idmap.enabled = FEATURE(true);
	linux_->net_devices.enabled = FEATURE(true);
}

static void annotate(struct string_map *annotations, struct arena *arena, const char *key,
		     const char *value)
{
	annotations->items[annotations->count].key = arena_strdup(arena, key);
	annotations->items[annotations->count].value = arena_strdup(arena, value);
	annotations->count++;
}

static void fill_annotations(struct string_map *annotations, struct arena *arena)
{
	char seccomp[32];

	annotations->items = arena_calloc(arena, ANNOTATIONS_MAX, sizeof(*annotations->items));
	annotate(annotations, arena, "io.github.proa.version", PACKAGE_VERSION);
	annotate(annotations, arena, "io.github.proa.commit", proa_commit);
	annotate(annotations, arena, "io.github.seccomp.libseccomp.version",
		 version_of_libseccomp(seccomp));
	for (const struct version_part *part = version_parts; part->name; part++)
		if (part->annotation)
			annotate(annotations, arena, part->annotation,
				 part->present ? "true" : "false");
}

/* Annotations of a config by which an engine changes what happens on the host; what users write
 * into a config must not contain them. */
static const char *const unsafe_annotations[] = { "org.criu.config", "org.systemd.property.",
						  "run.oci." };

static int run(struct invocation *invocation, struct error *err)
{
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;
	struct features features = { .hooks.count = 0 };

	features_from_schema(&features, &invocation->arena);
	features.mount_options = mount_options(&invocation->arena);
	fill_linux(&features.linux_, &invocation->arena);
	fill_annotations(&features.annotations, &invocation->arena);
	features.potentially_unsafe_config_annotations =
	    (struct strings){ (char **)unsafe_annotations, array_length(unsafe_annotations) };
	if (features_encode(&features, &text, err) < 0)
		return -1;
	return output_write(&text, err);
}

const struct command cmd_features = {
	.name = "features",
	.usage = "",
	.summary = "show what this proa can do as JSON",
	.host_free = true,
	.run = run,
};
