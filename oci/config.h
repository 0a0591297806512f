/* config.json of the runtime-spec 1.3, as typed structs. One struct per object of the schema, named
 * and ordered as the spec names and orders them; the tables in oci/schema_*.c tie each field to its
 * key and rules, decode it, and say which function applies it. All memory belongs to the arena it
 * was decoded into.
 *
 * What may be absent: a pointer is NULL, a list has count 0 (and `set` tells an empty one from an
 * absent one where the spec tells them apart), a number or a bool has .set false. JSON null counts
 * as absent. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"

/* The versions of the runtime-spec that are understood: these and all between. */
#define OCI_VERSION_MIN "1.0.0"
#define OCI_VERSION	"1.3.0"

struct optional_int {
	int64_t value;
	bool set;
};

struct optional_uint {
	uint64_t value;
	bool set;
};

struct optional_bool {
	bool value;
	bool set;
};

/* An object whose keys are names chosen by the user, in the order of the file. */
struct string_map {
	struct string_map_entry {
		char *key;
		char *value;
	} * items;
	size_t count;
};

/* A list of structs: `LIST(struct mount)`. */
#define LIST(type)                                                                                 \
	struct {                                                                                   \
		type *items;                                                                       \
		size_t count;                                                                      \
	}

/* ---- config.md ---- */

struct config_root {
	char *path;
	struct optional_bool readonly;
};

struct config_id_mapping {
	struct optional_uint container_id, host_id, size;
};

struct id_mapping_list {
	struct config_id_mapping *items;
	size_t count;
};

struct config_mount {
	char *destination;
	char *type;
	char *source;
	struct strings options;
	struct id_mapping_list uid_mappings, gid_mappings;
};

struct mount_list {
	struct config_mount *items;
	size_t count;
};

struct config_console_size {
	struct optional_uint height, width;
};

struct config_user {
	struct optional_uint uid, gid, umask;
	struct config_gids {
		uint32_t *items;
		size_t count;
	} additional_gids;
	/* of no document: names to look up in the container, in place of the ids; NULL */
	char *user_name, *group_name;
	bool gid_of_user; /* the gid comes with the user's name */
};

struct config_capabilities {
	struct strings bounding, effective, inheritable, permitted, ambient;
};

struct config_rlimit {
	char *type;
	struct optional_uint soft, hard;
};

struct config_scheduler {
	char *policy;
	struct optional_int nice, priority;
	struct strings flags;
	struct optional_uint runtime, deadline, period;
};

struct config_io_priority {
	char *io_class;
	struct optional_int priority;
};

struct config_exec_cpu_affinity {
	char *initial, *final;
};

struct config_process {
	struct optional_bool terminal;
	struct config_console_size *console_size;
	struct config_user user;
	struct strings args;
	struct strings env;
	char *cwd;
	struct config_capabilities *capabilities;
	LIST(struct config_rlimit) rlimits;
	struct optional_bool no_new_privileges;
	char *apparmor_profile;
	struct optional_int oom_score_adj;
	struct config_scheduler *scheduler;
	char *selinux_label;
	struct config_io_priority *io_priority;
	struct config_exec_cpu_affinity *exec_cpu_affinity;
};

struct config_hook {
	char *path;
	struct strings args, env;
	struct optional_int timeout; /* seconds */
};

struct hook_list {
	struct config_hook *items;
	size_t count;
};

struct config_hooks {
	struct hook_list prestart, create_runtime, create_container, start_container, poststart,
	    poststop;
};

/* ---- config-linux.md ---- */

struct config_namespace {
	char *type;
	char *path;
};

struct config_device {
	char *type;
	char *path;
	struct optional_int major, minor;
	struct optional_uint file_mode, uid, gid;
};

struct config_net_device {
	char *key;  /* the interface's name on the host */
	char *name; /* its name in the container, may be absent */
};

struct config_device_rule {
	struct optional_bool allow;
	char *type;
	struct optional_int major, minor;
	char *access;
};

struct config_memory {
	struct optional_int limit, reservation, swap, kernel, kernel_tcp;
	struct optional_uint swappiness;
	struct optional_bool disable_oom_killer, use_hierarchy, check_before_update;
};

struct config_cpu {
	struct optional_uint shares;
	struct optional_int quota;
	struct optional_uint burst, period;
	struct optional_int realtime_runtime;
	struct optional_uint realtime_period;
	char *cpus, *mems;
	struct optional_int idle;
};

struct config_weight_device {
	struct optional_int major, minor;
	struct optional_uint weight, leaf_weight;
};

struct config_throttle_device {
	struct optional_int major, minor;
	struct optional_uint rate;
};

struct throttle_list {
	struct config_throttle_device *items;
	size_t count;
};

struct config_block_io {
	struct optional_uint weight, leaf_weight;
	LIST(struct config_weight_device) weight_device;
	struct throttle_list throttle_read_bps_device, throttle_write_bps_device;
	struct throttle_list throttle_read_iops_device, throttle_write_iops_device;
};

struct config_hugepage_limit {
	char *page_size;
	struct optional_uint limit;
};

struct config_network_priority {
	char *name;
	struct optional_uint priority;
};

struct config_network {
	struct optional_uint class_id;
	LIST(struct config_network_priority) priorities;
};

struct config_pids {
	struct optional_int limit;
};

struct config_rdma {
	char *key; /* the device */
	struct optional_uint hca_handles, hca_objects;
};

struct config_resources {
	LIST(struct config_device_rule) devices;
	struct config_memory *memory;
	struct config_cpu *cpu;
	struct config_block_io *block_io;
	LIST(struct config_hugepage_limit) hugepage_limits;
	struct config_network *network;
	struct config_pids *pids;
	LIST(struct config_rdma) rdma;
	struct string_map unified;
};

struct config_intel_rdt {
	char *clos_id;
	struct strings schemata;
	char *l3_cache_schema, *mem_bw_schema;
	struct optional_bool enable_monitoring;
};

struct config_memory_policy {
	char *mode;
	char *nodes;
	struct strings flags;
};

struct config_personality {
	char *domain;
	struct strings flags;
};

struct config_seccomp_arg {
	struct optional_uint index, value, value_two;
	char *op;
};

struct config_seccomp_syscall {
	struct strings names;
	char *action;
	struct optional_uint errno_ret;
	LIST(struct config_seccomp_arg) args;
};

struct config_seccomp {
	char *default_action;
	struct optional_uint default_errno_ret;
	struct strings architectures;
	struct strings flags;
	bool flags_set; /* an empty list means no flags, an absent one the default */
	char *listener_path;
	char *listener_metadata;
	bool fail_unknown; /* by an annotation: oci/annotations.h */
	LIST(struct config_seccomp_syscall) syscalls;
};

struct config_time_offset {
	struct optional_int secs;
	struct optional_uint nanosecs;
};

struct config_time_offsets {
	struct config_time_offset *monotonic, *boottime;
};

struct config_linux {
	LIST(struct config_device) devices;
	struct id_mapping_list uid_mappings, gid_mappings;
	struct string_map sysctl;
	LIST(struct config_net_device) net_devices;
	char *cgroups_path;
	struct config_resources *resources;
	LIST(struct config_namespace) namespaces;
	struct config_intel_rdt *intel_rdt;
	struct config_memory_policy *memory_policy;
	struct config_personality *personality;
	char *rootfs_propagation;
	struct config_seccomp *seccomp;
	struct strings masked_paths, readonly_paths;
	char *mount_label;
	const char *mount_context_type; /* by an annotation: oci/annotations.h; NULL: none */
	struct config_time_offsets *time_offsets;
};

struct config {
	char *oci_version;
	struct config_process *process; /* never NULL after config_read(): an absent one has no
					   args, and such a container can't be started */
	struct config_root *root;	/* never NULL after config_read() */
	char *hostname, *domainname;
	struct mount_list mounts;
	struct config_hooks *hooks;
	struct string_map annotations;
	struct config_linux
	    *linux_; /* never NULL after config_read(): an absent object is an empty one */

	bool keep_groups; /* by an annotation: oci/annotations.h */
	struct strings warnings; /* what was tolerated, one sentence each: for whoever logs */
};

/* The documents: a whole config.json; a process object (exec --process), which is returned as a
 * config with nothing but .process; a resources object (update), one with just linux.resources; an
 * array of mounts (mounts), one with just .mounts, at least one. */
enum config_document { DOCUMENT_CONFIG, DOCUMENT_PROCESS, DOCUMENT_RESOURCES, DOCUMENT_MOUNTS };

/* Room for a document of the greatest length, in address space: pages cost memory only once they are used. One that is made
 * to need more is refused. */
#define CONFIG_ARENA_SIZE (192u << 20)

/* Read and validate BUNDLE/@name, a config.json; @bundlefd is the bundle's directory, and errors
 * call the file by @name. Limits on size and depth hold before memory is taken. An error names
 * file, line, JSON path, what was expected and what was found (ERROR_INVALID), e.g.
 * "config.json:12: linux.resources.memory.limit: expected an integer, found "512M""; err->object is
 * the path. An ociVersion with another major version is ERROR_UNSUPPORTED. Any process. */
int config_read(int bundlefd, const char *name, struct arena *arena, struct config **ret_config,
		struct error *err);

/* A document as it was read, in the arena. */
struct config_text {
	const char *bytes;
	size_t length;
};

/* The same for any of the documents above, and the bytes are given, too; @name may be an absolute
 * path, the file a pipe. The arena must have room for a document of the greatest length (16 MiB of
 * address space). */
int config_load(int dirfd, const char *name, enum config_document document, struct arena *arena,
		struct config_text *ret_text, struct config **ret_config, struct error *err);

/* For an error that was found later, while a plan was made, err->object naming the place in the
 * config: put "NAME:LINE: " before its text. Returns -1. */
int config_locate(const struct config_text *text, const char *name, struct error *err);

/* The same from bytes. */
int config_parse(const char *bytes, size_t length, const char *name, enum config_document document,
		 struct arena *arena, struct config **ret_config, struct error *err);

/* Write @mounts as the array that DOCUMENT_MOUNTS is read from, indented, with a newline at its end. ERROR_INVALID if a path
 * is no UTF-8. */
int config_encode_mounts(const struct mount_list *mounts, struct buffer *buffer, struct error *err);

/* The namespace of @type ("pid", "mount", …) that the config lists, NULL if it is inherited. */
const struct config_namespace *config_namespace_find(const struct config *config, const char *type);

/* Does the container get a namespace of that type of its own, or join one by its path? Neither if it is inherited. */
bool config_namespace_is_new(const struct config *config, const char *type);
bool config_namespace_is_joined(const struct config *config, const char *type);
