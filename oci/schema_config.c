/* config.md */
#include "oci/config.h"
#include "oci/names.h"
#include "oci/schema.h"
#include "oci/schema_parts.h"

#define TABLE struct config_root
static const struct schema_row root_rows[] = {
	ROW_STRING(TABLE, path, "path", REQUIRED_FILLED, APPLIED_BY("rootfs_begin")),
	ROW_BOOL(TABLE, readonly, "readonly", APPLIED_BY("rootfs_protect")),
};
static const struct schema schema_root = SCHEMA(root_rows, TABLE);
#undef TABLE

#define TABLE struct config_id_mapping
static const struct schema_row id_mapping_rows[] = {
	ROW_UINT(TABLE, container_id, "containerID", REQUIRED, UINT32, APPLIED_BY("id_maps_write")),
	ROW_UINT(TABLE, host_id, "hostID", REQUIRED, UINT32, APPLIED_BY("id_maps_write")),
	ROW_UINT(TABLE, size, "size", REQUIRED, UINT32, APPLIED_BY("id_maps_write")),
};
const struct schema schema_id_mapping = SCHEMA(id_mapping_rows, TABLE);
#undef TABLE

/* A relative destination is deprecated, not wrong: validate_mounts() warns. */
#define TABLE struct config_mount
static const struct schema_row mount_rows[] = {
	ROW_STRING(TABLE, destination, "destination", REQUIRED_FILLED, APPLIED_BY("rootfs_mount")),
	ROW_STRING(TABLE, type, "type", EMPTY_IS_ABSENT, APPLIED_BY("rootfs_mount")),
	ROW_STRING(TABLE, source, "source", EMPTY_IS_ABSENT, APPLIED_BY("rootfs_mount")),
	ROW_STRINGS(TABLE, options, "options", APPLIED_BY("rootfs_mount")),
	ROW_LIST(TABLE, uid_mappings, "uidMappings", struct config_id_mapping, schema_id_mapping,
		 APPLIED_BY("rootfs_open_source")),
	ROW_LIST(TABLE, gid_mappings, "gidMappings", struct config_id_mapping, schema_id_mapping,
		 APPLIED_BY("rootfs_open_source")),
};
const struct schema schema_mount = SCHEMA(mount_rows, TABLE);
#undef TABLE

#define TABLE struct config_console_size
static const struct schema_row console_size_rows[] = {
	ROW_UINT(TABLE, height, "height", REQUIRED, UINT16, APPLIED_BY("process_plan")),
	ROW_UINT(TABLE, width, "width", REQUIRED, UINT16, APPLIED_BY("process_plan")),
};
static const struct schema schema_console_size = SCHEMA(console_size_rows, TABLE);
#undef TABLE

#define TABLE struct config_user
static const struct schema_row user_rows[] = {
	ROW_UINT(TABLE, uid, "uid", ID, APPLIED_BY("user_become")),
	ROW_UINT(TABLE, gid, "gid", ID, APPLIED_BY("user_become")),
	ROW_UINT(TABLE, umask, "umask", RANGE(0, 0777), APPLIED_BY("user_set_umask")),
	ROW_IDS(TABLE, additional_gids, "additionalGids", APPLIED_BY("user_become")),
};
static const struct schema schema_user = SCHEMA(user_rows, TABLE);
#undef TABLE

/* An unknown name is a warning, not an error: validate_capabilities(). */
#define TABLE struct config_capabilities
static const struct schema_row capabilities_rows[] = {
	ROW_STRINGS(TABLE, bounding, "bounding", APPLIED_BY("capabilities_drop_bounding")),
	ROW_STRINGS(TABLE, effective, "effective", APPLIED_BY("capabilities_apply")),
	ROW_STRINGS(TABLE, inheritable, "inheritable", APPLIED_BY("capabilities_apply")),
	ROW_STRINGS(TABLE, permitted, "permitted", APPLIED_BY("capabilities_apply")),
	ROW_STRINGS(TABLE, ambient, "ambient", APPLIED_BY("capabilities_apply")),
};
const struct schema schema_capabilities = SCHEMA(capabilities_rows, TABLE);
#undef TABLE

#define TABLE struct config_rlimit
static const struct schema_row rlimit_rows[] = {
	ROW_STRING(TABLE, type, "type", REQUIRED, ONE_OF(names_rlimits),
		   APPLIED_BY("rlimits_apply")),
	ROW_UINT(TABLE, hard, "hard", REQUIRED, APPLIED_BY("rlimits_apply")),
	ROW_UINT(TABLE, soft, "soft", REQUIRED, APPLIED_BY("rlimits_apply")),
};
static const struct schema schema_rlimit = SCHEMA(rlimit_rows, TABLE);
#undef TABLE

#define TABLE struct config_scheduler
static const struct schema_row scheduler_rows[] = {
	ROW_STRING(TABLE, policy, "policy", REQUIRED, ONE_OF(names_scheduler_policies),
		   APPLIED_BY("scheduler_apply")),
	ROW_INT(TABLE, nice, "nice", RANGE(-20, 19), APPLIED_BY("scheduler_apply")),
	ROW_INT(TABLE, priority, "priority", RANGE(0, 99), APPLIED_BY("scheduler_apply")),
	ROW_STRINGS(TABLE, flags, "flags", ONE_OF(names_scheduler_flags),
		    APPLIED_BY("scheduler_apply")),
	ROW_UINT(TABLE, runtime, "runtime", APPLIED_BY("scheduler_apply")),
	ROW_UINT(TABLE, deadline, "deadline", APPLIED_BY("scheduler_apply")),
	ROW_UINT(TABLE, period, "period", APPLIED_BY("scheduler_apply")),
};
static const struct schema schema_scheduler = SCHEMA(scheduler_rows, TABLE);
#undef TABLE

#define TABLE struct config_io_priority
static const struct schema_row io_priority_rows[] = {
	ROW_STRING(TABLE, io_class, "class", REQUIRED, ONE_OF(names_io_classes),
		   APPLIED_BY("io_priority_apply")),
	ROW_INT(TABLE, priority, "priority", RANGE(0, 7), APPLIED_BY("io_priority_apply")),
};
static const struct schema schema_io_priority = SCHEMA(io_priority_rows, TABLE);
#undef TABLE

#define TABLE struct config_exec_cpu_affinity
static const struct schema_row exec_cpu_affinity_rows[] = {
	ROW_STRING(TABLE, initial, "initial", EMPTY_IS_ABSENT, APPLIED_BY("affinity_apply")),
	ROW_STRING(TABLE, final, "final", EMPTY_IS_ABSENT, APPLIED_BY("affinity_apply")),
};
static const struct schema schema_exec_cpu_affinity = SCHEMA(exec_cpu_affinity_rows, TABLE);
#undef TABLE

#define TABLE struct config_process
static const struct schema_row process_rows[] = {
	ROW_BOOL(TABLE, terminal, "terminal", APPLIED_BY("rootfs_console")),
	ROW_POINTER(TABLE, console_size, "consoleSize", struct config_console_size,
		    schema_console_size, APPLIED_BY("process_plan")),
	ROW_OBJECT(TABLE, user, "user", struct config_user, schema_user, APPLIED_BY("user_plan")),
	ROW_STRINGS(TABLE, args, "args", REQUIRED_FILLED, APPLIED_BY("execute")),
	ROW_STRINGS(TABLE, env, "env", APPLIED_BY("environment_plan")),
	ROW_STRING(TABLE, cwd, "cwd", REQUIRED_PATH, APPLIED_BY("cwd_enter")),
	ROW_POINTER(TABLE, capabilities, "capabilities", struct config_capabilities,
		    schema_capabilities, APPLIED_BY("capabilities_plan")),
	ROW_LIST(TABLE, rlimits, "rlimits", struct config_rlimit, schema_rlimit,
		 APPLIED_BY("rlimits_apply")),
	ROW_BOOL(TABLE, no_new_privileges, "noNewPrivileges", APPLIED_BY("process_no_new_privs")),
	ROW_STRING(TABLE, apparmor_profile, "apparmorProfile", EMPTY_IS_ABSENT,
		   APPLIED_BY("labels_apply")),
	ROW_INT(TABLE, oom_score_adj, "oomScoreAdj", RANGE(-1000, 1000),
		APPLIED_BY("oom_score_apply")),
	ROW_POINTER(TABLE, scheduler, "scheduler", struct config_scheduler, schema_scheduler,
		    APPLIED_BY("scheduler_apply")),
	ROW_STRING(TABLE, selinux_label, "selinuxLabel", EMPTY_IS_ABSENT,
		   APPLIED_BY("labels_apply")),
	ROW_POINTER(TABLE, io_priority, "ioPriority", struct config_io_priority, schema_io_priority,
		    APPLIED_BY("io_priority_apply")),
	ROW_POINTER(TABLE, exec_cpu_affinity, "execCPUAffinity", struct config_exec_cpu_affinity,
		    schema_exec_cpu_affinity, APPLIED_BY("affinity_apply")),
};
const struct schema schema_process = SCHEMA(process_rows, TABLE);
#undef TABLE

#define TABLE struct config_hook
static const struct schema_row hook_rows[] = {
	ROW_STRING(TABLE, path, "path", REQUIRED_PATH, APPLIED_BY("hooks_run")),
	ROW_STRINGS(TABLE, args, "args", APPLIED_BY("hooks_run")),
	ROW_STRINGS(TABLE, env, "env", APPLIED_BY("hooks_run")),
	ROW_INT(TABLE, timeout, "timeout", RANGE(1, INT32_MAX), APPLIED_BY("hooks_run")),
};
static const struct schema schema_hook = SCHEMA(hook_rows, TABLE);
#undef TABLE

#define TABLE struct config_hooks
#define HOOKS(field, key)                                                                          \
	ROW_LIST(TABLE, field, key, struct config_hook, schema_hook, APPLIED_BY("hooks_run"))
static const struct schema_row hooks_rows[] = {
	HOOKS(prestart, "prestart"),
	HOOKS(create_runtime, "createRuntime"),
	HOOKS(create_container, "createContainer"),
	HOOKS(start_container, "startContainer"),
	HOOKS(poststart, "poststart"),
	HOOKS(poststop, "poststop"),
};
const struct schema schema_hooks = SCHEMA(hooks_rows, TABLE);
#undef HOOKS
#undef TABLE

/* vm, windows, solaris, zos and freebsd are unknown properties: other platforms' sections. */
#define TABLE struct config
static const struct schema_row config_rows[] = {
	ROW_STRING(TABLE, oci_version, "ociVersion", REQUIRED, APPLIED_BY("validate_version")),
	ROW_POINTER(TABLE, process, "process", struct config_process, schema_process,
		    APPLIED_BY("process_plan")),
	ROW_POINTER(TABLE, root, "root", struct config_root, schema_root, REQUIRED,
		    APPLIED_BY("rootfs_plan")),
	ROW_STRING(TABLE, hostname, "hostname", EMPTY_IS_ABSENT, APPLIED_BY("uts_apply")),
	ROW_STRING(TABLE, domainname, "domainname", EMPTY_IS_ABSENT, APPLIED_BY("uts_apply")),
	ROW_LIST(TABLE, mounts, "mounts", struct config_mount, schema_mount,
		 APPLIED_BY("rootfs_mount")),
	ROW_POINTER(TABLE, hooks, "hooks", struct config_hooks, schema_hooks,
		    APPLIED_BY("hooks_run")),
	ROW_STRING_MAP(TABLE, annotations, "annotations", APPLIED_BY("state_encode_for_hooks")),
	ROW_POINTER(TABLE, linux_, "linux", struct config_linux, schema_linux,
		    APPLIED_BY("namespace_plan")),
};
const struct schema schema_config = SCHEMA(config_rows, TABLE);

static const struct schema_row mounts_rows[] = {
	ROW_LIST(TABLE, mounts, "mounts", struct config_mount, schema_mount, NOT_EMPTY),
};
const struct schema schema_mounts = SCHEMA(mounts_rows, TABLE, .bare = true);
#undef TABLE
