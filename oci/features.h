/* The features document (features.md, features-linux.md): what this build recognises, whatever the
 * host can do. Determined when it was compiled, so nothing here looks at the host. */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "oci/config.h"

/* An absent value means "unknown". */
struct features {
	char *oci_version_min, *oci_version_max;
	struct strings hooks;
	struct strings mount_options;
	struct features_linux {
		struct strings namespaces;
		struct strings capabilities;
		struct features_cgroup {
			struct optional_bool v1, v2, systemd, systemd_user, rdma;
		} cgroup;
		struct features_seccomp {
			struct optional_bool enabled;
			struct strings actions, operators, archs, known_flags, supported_flags;
		} seccomp;
		struct features_switch {
			struct optional_bool enabled;
		} apparmor, selinux;
		struct features_intel_rdt {
			struct optional_bool enabled, schemata, monitoring;
		} intel_rdt;
		struct features_memory_policy {
			struct strings modes, flags;
		} memory_policy;
		struct features_mount_extensions {
			struct features_switch idmap;
		} mount_extensions;
		struct features_switch net_devices;
	} linux_;
	struct string_map annotations;
	struct strings potentially_unsafe_config_annotations;
};

#define FEATURE(value) ((struct optional_bool){ (value), true })

/* What follows from the tables of this storey: versions, hooks, and the lists of names (namespaces,
 * capabilities, seccomp's but its supportedFlags, memory policies). The rest, and what the
 * libraries of this build narrow, is the caller's to set. */
void features_from_schema(struct features *features, struct arena *arena);

/* The document, indented. */
int features_encode(const struct features *features, struct buffer *buffer, struct error *err);
