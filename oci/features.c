#include "oci/features.h"

#include "oci/names.h"
#include "oci/schema.h"

#define TABLE struct features_cgroup
static const struct schema_row cgroup_rows[] = {
	ROW_BOOL(TABLE, v1, "v1"),	     ROW_BOOL(TABLE, v2, "v2"),
	ROW_BOOL(TABLE, systemd, "systemd"), ROW_BOOL(TABLE, systemd_user, "systemdUser"),
	ROW_BOOL(TABLE, rdma, "rdma"),
};
static const struct schema cgroup_schema = SCHEMA(cgroup_rows, TABLE);
#undef TABLE

#define TABLE struct features_seccomp
static const struct schema_row seccomp_rows[] = {
	ROW_BOOL(TABLE, enabled, "enabled"),
	ROW_STRINGS(TABLE, actions, "actions"),
	ROW_STRINGS(TABLE, operators, "operators"),
	ROW_STRINGS(TABLE, archs, "archs"),
	ROW_STRINGS(TABLE, known_flags, "knownFlags"),
	ROW_STRINGS(TABLE, supported_flags, "supportedFlags"),
};
static const struct schema seccomp_schema = SCHEMA(seccomp_rows, TABLE);
#undef TABLE

#define TABLE struct features_switch
static const struct schema_row switch_rows[] = {
	ROW_BOOL(TABLE, enabled, "enabled"),
};
static const struct schema switch_schema = SCHEMA(switch_rows, TABLE);
#undef TABLE

#define TABLE struct features_intel_rdt
static const struct schema_row intel_rdt_rows[] = {
	ROW_BOOL(TABLE, enabled, "enabled"),
	ROW_BOOL(TABLE, schemata, "schemata"),
	ROW_BOOL(TABLE, monitoring, "monitoring"),
};
static const struct schema intel_rdt_schema = SCHEMA(intel_rdt_rows, TABLE);
#undef TABLE

#define TABLE struct features_memory_policy
static const struct schema_row memory_policy_rows[] = {
	ROW_STRINGS(TABLE, modes, "modes"),
	ROW_STRINGS(TABLE, flags, "flags"),
};
static const struct schema memory_policy_schema = SCHEMA(memory_policy_rows, TABLE);
#undef TABLE

#define TABLE struct features_mount_extensions
static const struct schema_row mount_extensions_rows[] = {
	ROW_OBJECT(TABLE, idmap, "idmap", struct features_switch, switch_schema),
};
static const struct schema mount_extensions_schema = SCHEMA(mount_extensions_rows, TABLE);
#undef TABLE

#define TABLE struct features_linux
static const struct schema_row linux_rows[] = {
	ROW_STRINGS(TABLE, namespaces, "namespaces"),
	ROW_STRINGS(TABLE, capabilities, "capabilities"),
	ROW_OBJECT(TABLE, cgroup, "cgroup", struct features_cgroup, cgroup_schema),
	ROW_OBJECT(TABLE, seccomp, "seccomp", struct features_seccomp, seccomp_schema),
	ROW_OBJECT(TABLE, apparmor, "apparmor", struct features_switch, switch_schema),
	ROW_OBJECT(TABLE, selinux, "selinux", struct features_switch, switch_schema),
	ROW_OBJECT(TABLE, intel_rdt, "intelRdt", struct features_intel_rdt, intel_rdt_schema),
	ROW_OBJECT(TABLE, memory_policy, "memoryPolicy", struct features_memory_policy,
		   memory_policy_schema),
	ROW_OBJECT(TABLE, mount_extensions, "mountExtensions", struct features_mount_extensions,
		   mount_extensions_schema),
	ROW_OBJECT(TABLE, net_devices, "netDevices", struct features_switch, switch_schema),
};
static const struct schema linux_schema = SCHEMA(linux_rows, TABLE);
#undef TABLE

#define TABLE struct features
static const struct schema_row features_rows[] = {
	ROW_STRING(TABLE, oci_version_min, "ociVersionMin"),
	ROW_STRING(TABLE, oci_version_max, "ociVersionMax"),
	ROW_STRINGS(TABLE, hooks, "hooks"),
	ROW_STRINGS(TABLE, mount_options, "mountOptions"),
	ROW_OBJECT(TABLE, linux_, "linux", struct features_linux, linux_schema),
	ROW_STRING_MAP(TABLE, annotations, "annotations"),
	ROW_STRINGS(TABLE, potentially_unsafe_config_annotations,
		    "potentiallyUnsafeConfigAnnotations"),
};
static const struct schema features_schema = SCHEMA(features_rows, TABLE);
#undef TABLE

static struct strings keys_of(const struct schema *schema, struct arena *arena)
{
	struct strings keys = { arena_calloc(arena, schema->count, sizeof(char *)), 0 };

	for (; keys.count < schema->count; keys.count++)
		keys.items[keys.count] = arena_strdup(arena, schema->rows[keys.count].key);
	return keys;
}

void features_from_schema(struct features *features, struct arena *arena)
{
	struct features_linux *linux_ = &features->linux_;

	features->oci_version_min = arena_strdup(arena, OCI_VERSION_MIN);
	features->oci_version_max = arena_strdup(arena, OCI_VERSION);
	features->hooks = keys_of(&schema_hooks, arena);
	linux_->namespaces = name_list(names_namespaces, arena);
	linux_->capabilities = name_list(names_capabilities, arena);
	linux_->seccomp.actions = name_list(names_seccomp_actions, arena);
	linux_->seccomp.operators = name_list(names_seccomp_operators, arena);
	linux_->seccomp.archs = name_list(names_seccomp_archs, arena);
	linux_->seccomp.known_flags = name_list(names_seccomp_flags, arena);
	linux_->memory_policy.modes = name_list(names_memory_modes, arena);
	linux_->memory_policy.flags = name_list(names_memory_flags, arena);
}

int features_encode(const struct features *features, struct buffer *buffer, struct error *err)
{
	struct json_writer writer;

	json_begin(&writer, true);
	schema_encode(&features_schema, features, &writer);
	return json_finish(&writer, buffer, err);
}
