/* config-linux.md#control-groups: linux.resources, also the document of `update` */
#include "oci/config.h"
#include "oci/names.h"
#include "oci/schema.h"

#define TABLE struct config_device_rule
static const struct schema_row device_rule_rows[] = {
	ROW_BOOL(TABLE, allow, "allow", REQUIRED, APPLIED_BY("device_program_compile")),
	ROW_STRING(TABLE, type, "type", EMPTY_IS_ABSENT, ONE_OF(names_device_rule_types),
		   APPLIED_BY("device_program_compile")),
	ROW_INT(TABLE, major, "major", APPLIED_BY("device_program_compile")),
	ROW_INT(TABLE, minor, "minor", APPLIED_BY("device_program_compile")),
	ROW_STRING(TABLE, access, "access", EMPTY_IS_ABSENT, APPLIED_BY("device_program_compile")),
};
static const struct schema schema_device_rule = SCHEMA(device_rule_rows, TABLE);
#undef TABLE

#define TABLE struct config_memory
static const struct schema_row memory_rows[] = {
	ROW_INT(TABLE, limit, "limit", APPLIED_BY("memory_max")),
	ROW_INT(TABLE, reservation, "reservation", APPLIED_BY("memory_low")),
	ROW_INT(TABLE, swap, "swap", APPLIED_BY("memory_swap_max")),
	ROW_INT(TABLE, kernel, "kernel", APPLIED_BY("has_kernel_memory")),
	ROW_INT(TABLE, kernel_tcp, "kernelTCP", APPLIED_BY("has_kernel_tcp_memory")),
	ROW_UINT(TABLE, swappiness, "swappiness", RANGE(0, 100), APPLIED_BY("has_swappiness")),
	ROW_BOOL(TABLE, disable_oom_killer, "disableOOMKiller",
		 APPLIED_BY("has_oom_killer_disabled")),
	ROW_BOOL(TABLE, use_hierarchy, "useHierarchy", APPLIED_BY("cgroup_refuse_v1_only")),
	ROW_BOOL(TABLE, check_before_update, "checkBeforeUpdate", APPLIED_BY("container_update")),
};
static const struct schema schema_memory = SCHEMA(memory_rows, TABLE);
#undef TABLE

#define TABLE struct config_cpu
static const struct schema_row cpu_rows[] = {
	ROW_UINT(TABLE, shares, "shares", APPLIED_BY("cpu_weight")),
	ROW_INT(TABLE, quota, "quota", APPLIED_BY("cpu_max")),
	ROW_UINT(TABLE, burst, "burst", APPLIED_BY("cpu_max_burst")),
	ROW_UINT(TABLE, period, "period", APPLIED_BY("cpu_max")),
	ROW_INT(TABLE, realtime_runtime, "realtimeRuntime", APPLIED_BY("has_realtime_runtime")),
	ROW_UINT(TABLE, realtime_period, "realtimePeriod", APPLIED_BY("has_realtime_period")),
	ROW_STRING(TABLE, cpus, "cpus", APPLIED_BY("cpuset_cpus")),
	ROW_STRING(TABLE, mems, "mems", APPLIED_BY("cpuset_mems")),
	ROW_INT(TABLE, idle, "idle", RANGE(0, 1), APPLIED_BY("cpu_idle")),
};
static const struct schema schema_cpu = SCHEMA(cpu_rows, TABLE);
#undef TABLE

#define TABLE struct config_weight_device
static const struct schema_row weight_device_rows[] = {
	ROW_INT(TABLE, major, "major", REQUIRED, APPLIED_BY("io_weight_device")),
	ROW_INT(TABLE, minor, "minor", REQUIRED, APPLIED_BY("io_weight_device")),
	ROW_UINT(TABLE, weight, "weight", UINT16, APPLIED_BY("io_weight_device")),
	ROW_UINT(TABLE, leaf_weight, "leafWeight", UINT16, APPLIED_BY("has_leaf_weight")),
};
static const struct schema schema_weight_device = SCHEMA(weight_device_rows, TABLE);
#undef TABLE

#define TABLE struct config_throttle_device
static const struct schema_row throttle_device_rows[] = {
	ROW_INT(TABLE, major, "major", REQUIRED, APPLIED_BY("add_throttles")),
	ROW_INT(TABLE, minor, "minor", REQUIRED, APPLIED_BY("add_throttles")),
	ROW_UINT(TABLE, rate, "rate", REQUIRED, APPLIED_BY("add_throttles")),
};
static const struct schema schema_throttle_device = SCHEMA(throttle_device_rows, TABLE);
#undef TABLE

#define TABLE struct config_block_io
#define THROTTLE(field, key)                                                                       \
	ROW_LIST(TABLE, field, key, struct config_throttle_device, schema_throttle_device,         \
		 APPLIED_BY("add_throttles"))
static const struct schema_row block_io_rows[] = {
	ROW_UINT(TABLE, weight, "weight", UINT16, APPLIED_BY("io_weight")),
	ROW_UINT(TABLE, leaf_weight, "leafWeight", UINT16, APPLIED_BY("has_leaf_weight")),
	ROW_LIST(TABLE, weight_device, "weightDevice", struct config_weight_device,
		 schema_weight_device, APPLIED_BY("io_weight_device")),
	THROTTLE(throttle_read_bps_device, "throttleReadBpsDevice"),
	THROTTLE(throttle_write_bps_device, "throttleWriteBpsDevice"),
	THROTTLE(throttle_read_iops_device, "throttleReadIOPSDevice"),
	THROTTLE(throttle_write_iops_device, "throttleWriteIOPSDevice"),
};
static const struct schema schema_block_io = SCHEMA(block_io_rows, TABLE);
#undef THROTTLE
#undef TABLE

#define TABLE struct config_hugepage_limit
static const struct schema_row hugepage_limit_rows[] = {
	ROW_STRING(TABLE, page_size, "pageSize", REQUIRED_FILLED, APPLIED_BY("hugetlb_max")),
	ROW_UINT(TABLE, limit, "limit", REQUIRED, APPLIED_BY("hugetlb_max")),
};
static const struct schema schema_hugepage_limit = SCHEMA(hugepage_limit_rows, TABLE);
#undef TABLE

#define TABLE struct config_network_priority
static const struct schema_row network_priority_rows[] = {
	ROW_STRING(TABLE, name, "name", REQUIRED_FILLED, APPLIED_BY("has_network")),
	ROW_UINT(TABLE, priority, "priority", REQUIRED, UINT32, APPLIED_BY("has_network")),
};
static const struct schema schema_network_priority = SCHEMA(network_priority_rows, TABLE);
#undef TABLE

#define TABLE struct config_network
static const struct schema_row network_rows[] = {
	ROW_UINT(TABLE, class_id, "classID", UINT32, APPLIED_BY("has_network")),
	ROW_LIST(TABLE, priorities, "priorities", struct config_network_priority,
		 schema_network_priority, APPLIED_BY("has_network")),
};
static const struct schema schema_network = SCHEMA(network_rows, TABLE);
#undef TABLE

#define TABLE struct config_pids
static const struct schema_row pids_rows[] = {
	ROW_INT(TABLE, limit, "limit", APPLIED_BY("pids_max")),
};
static const struct schema schema_pids = SCHEMA(pids_rows, TABLE);
#undef TABLE

#define TABLE struct config_rdma
static const struct schema_row rdma_rows[] = {
	ROW_UINT(TABLE, hca_handles, "hcaHandles", UINT32, APPLIED_BY("rdma_max")),
	ROW_UINT(TABLE, hca_objects, "hcaObjects", UINT32, APPLIED_BY("rdma_max")),
};
static const struct schema schema_rdma = SCHEMA(rdma_rows, TABLE);
#undef TABLE

#define TABLE struct config_resources
static const struct schema_row resources_rows[] = {
	ROW_LIST(TABLE, devices, "devices", struct config_device_rule, schema_device_rule,
		 APPLIED_BY("device_program_compile")),
	ROW_POINTER(TABLE, memory, "memory", struct config_memory, schema_memory,
		    APPLIED_BY("cgroup_plan_writes")),
	ROW_POINTER(TABLE, cpu, "cpu", struct config_cpu, schema_cpu,
		    APPLIED_BY("cgroup_plan_writes")),
	ROW_POINTER(TABLE, pids, "pids", struct config_pids, schema_pids,
		    APPLIED_BY("cgroup_plan_writes")),
	ROW_POINTER(TABLE, block_io, "blockIO", struct config_block_io, schema_block_io,
		    APPLIED_BY("cgroup_plan_writes")),
	ROW_LIST(TABLE, hugepage_limits, "hugepageLimits", struct config_hugepage_limit,
		 schema_hugepage_limit, APPLIED_BY("hugetlb_max")),
	ROW_POINTER(TABLE, network, "network", struct config_network, schema_network,
		    APPLIED_BY("has_network")),
	ROW_OBJECT_MAP(TABLE, rdma, "rdma", struct config_rdma, schema_rdma,
		       APPLIED_BY("rdma_max")),
	ROW_STRING_MAP(TABLE, unified, "unified", APPLIED_BY("unified")),
};
const struct schema schema_resources = SCHEMA(resources_rows, TABLE);
#undef TABLE
