/* config-linux.md, all but resources */
#include "oci/config.h"
#include "oci/names.h"
#include "oci/schema.h"
#include "oci/schema_parts.h"

#define TABLE struct config_namespace
static const struct schema_row namespace_rows[] = {
	ROW_STRING(TABLE, type, "type", REQUIRED, ONE_OF(names_namespaces),
		   APPLIED_BY("namespace_plan")),
	ROW_STRING(TABLE, path, "path", OPTIONAL_PATH, APPLIED_BY("namespaces_join")),
};
static const struct schema schema_namespace = SCHEMA(namespace_rows, TABLE);
#undef TABLE

/* fileMode may hold the type of the file too, as st_mode does: some callers write it so. */
#define TABLE struct config_device
static const struct schema_row device_rows[] = {
	ROW_STRING(TABLE, type, "type", REQUIRED, ONE_OF(names_device_types),
		   APPLIED_BY("rootfs_devices")),
	ROW_STRING(TABLE, path, "path", REQUIRED_PATH, APPLIED_BY("rootfs_devices")),
	ROW_INT(TABLE, major, "major", APPLIED_BY("rootfs_devices")),
	ROW_INT(TABLE, minor, "minor", APPLIED_BY("rootfs_devices")),
	ROW_UINT(TABLE, file_mode, "fileMode", UINT32, APPLIED_BY("rootfs_devices")),
	ROW_UINT(TABLE, uid, "uid", ID, APPLIED_BY("rootfs_devices")),
	ROW_UINT(TABLE, gid, "gid", ID, APPLIED_BY("rootfs_devices")),
};
static const struct schema schema_device = SCHEMA(device_rows, TABLE);
#undef TABLE

#define TABLE struct config_net_device
static const struct schema_row net_device_rows[] = {
	ROW_STRING(TABLE, name, "name", EMPTY_IS_ABSENT, APPLIED_BY("net_devices_move")),
};
static const struct schema schema_net_device = SCHEMA(net_device_rows, TABLE);
#undef TABLE

#define TABLE struct config_intel_rdt
static const struct schema_row intel_rdt_rows[] = {
	ROW_STRING(TABLE, clos_id, "closID", EMPTY_IS_ABSENT, APPLIED_BY("intel_rdt_join")),
	ROW_STRINGS(TABLE, schemata, "schemata", APPLIED_BY("intel_rdt_join")),
	ROW_STRING(TABLE, l3_cache_schema, "l3CacheSchema", EMPTY_IS_ABSENT,
		   APPLIED_BY("intel_rdt_join")),
	ROW_STRING(TABLE, mem_bw_schema, "memBwSchema", EMPTY_IS_ABSENT,
		   APPLIED_BY("intel_rdt_join")),
	ROW_BOOL(TABLE, enable_monitoring, "enableMonitoring", APPLIED_BY("intel_rdt_join")),
};
static const struct schema schema_intel_rdt = SCHEMA(intel_rdt_rows, TABLE);
#undef TABLE

#define TABLE struct config_memory_policy
static const struct schema_row memory_policy_rows[] = {
	ROW_STRING(TABLE, mode, "mode", REQUIRED, ONE_OF(names_memory_modes),
		   APPLIED_BY("memory_policy_apply")),
	ROW_STRING(TABLE, nodes, "nodes", EMPTY_IS_ABSENT, APPLIED_BY("memory_policy_apply")),
	ROW_STRINGS(TABLE, flags, "flags", ONE_OF(names_memory_flags),
		    APPLIED_BY("memory_policy_apply")),
};
static const struct schema schema_memory_policy = SCHEMA(memory_policy_rows, TABLE);
#undef TABLE

#define TABLE struct config_personality
static const struct schema_row personality_rows[] = {
	ROW_STRING(TABLE, domain, "domain", REQUIRED, ONE_OF(names_personalities),
		   APPLIED_BY("personality_apply")),
	ROW_STRINGS(TABLE, flags, "flags", APPLIED_BY("personality_plan")),
};
static const struct schema schema_personality = SCHEMA(personality_rows, TABLE);
#undef TABLE

#define TABLE struct config_seccomp_arg
static const struct schema_row seccomp_arg_rows[] = {
	ROW_UINT(TABLE, index, "index", REQUIRED, RANGE(0, 5), APPLIED_BY("seccomp_plan")),
	ROW_UINT(TABLE, value, "value", REQUIRED, APPLIED_BY("seccomp_plan")),
	ROW_UINT(TABLE, value_two, "valueTwo", APPLIED_BY("seccomp_plan")),
	ROW_STRING(TABLE, op, "op", REQUIRED, ONE_OF(names_seccomp_operators),
		   APPLIED_BY("seccomp_plan")),
};
static const struct schema schema_seccomp_arg = SCHEMA(seccomp_arg_rows, TABLE);
#undef TABLE

#define TABLE struct config_seccomp_syscall
static const struct schema_row seccomp_syscall_rows[] = {
	ROW_STRINGS(TABLE, names, "names", REQUIRED_FILLED, APPLIED_BY("seccomp_plan")),
	ROW_STRING(TABLE, action, "action", REQUIRED, ONE_OF(names_seccomp_actions),
		   APPLIED_BY("seccomp_plan")),
	ROW_UINT(TABLE, errno_ret, "errnoRet", UINT16, APPLIED_BY("seccomp_plan")),
	ROW_LIST(TABLE, args, "args", struct config_seccomp_arg, schema_seccomp_arg,
		 APPLIED_BY("seccomp_plan")),
};
static const struct schema schema_seccomp_syscall = SCHEMA(seccomp_syscall_rows, TABLE);
#undef TABLE

#define TABLE struct config_seccomp
static const struct schema_row seccomp_rows[] = {
	ROW_STRING(TABLE, default_action, "defaultAction", REQUIRED, ONE_OF(names_seccomp_actions),
		   APPLIED_BY("seccomp_plan")),
	ROW_UINT(TABLE, default_errno_ret, "defaultErrnoRet", UINT16, APPLIED_BY("seccomp_plan")),
	ROW_STRINGS(TABLE, architectures, "architectures", ONE_OF(names_seccomp_archs),
		    APPLIED_BY("seccomp_plan")),
	ROW_STRINGS(TABLE, flags, "flags", ONE_OF(names_seccomp_flags), GIVEN(TABLE, flags_set),
		    APPLIED_BY("seccomp_apply")),
	ROW_STRING(TABLE, listener_path, "listenerPath", EMPTY_IS_ABSENT,
		   APPLIED_BY("seccomp_apply")),
	ROW_STRING(TABLE, listener_metadata, "listenerMetadata", EMPTY_IS_ABSENT,
		   APPLIED_BY("seccomp_plan")),
	ROW_LIST(TABLE, syscalls, "syscalls", struct config_seccomp_syscall, schema_seccomp_syscall,
		 APPLIED_BY("seccomp_plan")),
};
static const struct schema schema_seccomp = SCHEMA(seccomp_rows, TABLE);
#undef TABLE

#define TABLE struct config_time_offset
static const struct schema_row time_offset_rows[] = {
	ROW_INT(TABLE, secs, "secs", APPLIED_BY("namespaces_join")),
	ROW_UINT(TABLE, nanosecs, "nanosecs", RANGE(0, 999999999), APPLIED_BY("namespaces_join")),
};
static const struct schema schema_time_offset = SCHEMA(time_offset_rows, TABLE);
#undef TABLE

#define TABLE struct config_time_offsets
static const struct schema_row time_offsets_rows[] = {
	ROW_POINTER(TABLE, monotonic, "monotonic", struct config_time_offset, schema_time_offset,
		    APPLIED_BY("namespaces_join")),
	ROW_POINTER(TABLE, boottime, "boottime", struct config_time_offset, schema_time_offset,
		    APPLIED_BY("namespaces_join")),
};
/* The keys are clocks, and there is no third one that a namespace could shift. */
static const struct schema schema_time_offsets = SCHEMA(time_offsets_rows, TABLE, .closed = true);
#undef TABLE

#define TABLE struct config_linux
static const struct schema_row linux_rows[] = {
	ROW_LIST(TABLE, uid_mappings, "uidMappings", struct config_id_mapping, schema_id_mapping,
		 APPLIED_BY("id_maps_write")),
	ROW_LIST(TABLE, gid_mappings, "gidMappings", struct config_id_mapping, schema_id_mapping,
		 APPLIED_BY("id_maps_write")),
	ROW_STRING_MAP(TABLE, sysctl, "sysctl", APPLIED_BY("sysctl_apply")),
	ROW_POINTER(TABLE, resources, "resources", struct config_resources, schema_resources,
		    APPLIED_BY("cgroup_plan")),
	ROW_STRING(TABLE, cgroups_path, "cgroupsPath", EMPTY_IS_ABSENT, APPLIED_BY("cgroup_plan")),
	ROW_LIST(TABLE, namespaces, "namespaces", struct config_namespace, schema_namespace,
		 APPLIED_BY("namespace_plan")),
	ROW_LIST(TABLE, devices, "devices", struct config_device, schema_device,
		 APPLIED_BY("rootfs_devices")),
	ROW_OBJECT_MAP(TABLE, net_devices, "netDevices", struct config_net_device,
		       schema_net_device, APPLIED_BY("net_devices_move")),
	ROW_POINTER(TABLE, seccomp, "seccomp", struct config_seccomp, schema_seccomp,
		    APPLIED_BY("seccomp_plan")),
	ROW_STRING(TABLE, rootfs_propagation, "rootfsPropagation", EMPTY_IS_ABSENT,
		   ONE_OF(names_propagations), APPLIED_BY("rootfs_begin")),
	ROW_STRINGS(TABLE, masked_paths, "maskedPaths", ABSOLUTE_EACH,
		    APPLIED_BY("rootfs_protect")),
	ROW_STRINGS(TABLE, readonly_paths, "readonlyPaths", ABSOLUTE_EACH,
		    APPLIED_BY("rootfs_protect")),
	ROW_STRING(TABLE, mount_label, "mountLabel", EMPTY_IS_ABSENT, APPLIED_BY("plan_label")),
	ROW_POINTER(TABLE, intel_rdt, "intelRdt", struct config_intel_rdt, schema_intel_rdt,
		    APPLIED_BY("intel_rdt_join")),
	ROW_POINTER(TABLE, memory_policy, "memoryPolicy", struct config_memory_policy,
		    schema_memory_policy, APPLIED_BY("memory_policy_apply")),
	ROW_POINTER(TABLE, personality, "personality", struct config_personality,
		    schema_personality, APPLIED_BY("personality_apply")),
	ROW_POINTER(TABLE, time_offsets, "timeOffsets", struct config_time_offsets,
		    schema_time_offsets, APPLIED_BY("namespaces_join")),
};
const struct schema schema_linux = SCHEMA(linux_rows, TABLE);
#undef TABLE
