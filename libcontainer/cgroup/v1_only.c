/* What cgroup v1 alone knows. Pure. */
#include "libcontainer/cgroup/internal.h"

#include "base/cleanup.h"

static bool has_kernel_memory(const struct config_resources *resources)
{
	return resources->memory && resources->memory->kernel.value > 0;
}

static bool has_kernel_tcp_memory(const struct config_resources *resources)
{
	return resources->memory && resources->memory->kernel_tcp.value > 0;
}

static bool has_swappiness(const struct config_resources *resources)
{
	return resources->memory && resources->memory->swappiness.set;
}

static bool has_oom_killer_disabled(const struct config_resources *resources)
{
	return resources->memory && resources->memory->disable_oom_killer.value;
}

static bool has_realtime_runtime(const struct config_resources *resources)
{
	return resources->cpu && resources->cpu->realtime_runtime.value != 0;
}

static bool has_realtime_period(const struct config_resources *resources)
{
	return resources->cpu && resources->cpu->realtime_period.value != 0;
}

static bool has_leaf_weight(const struct config_resources *resources)
{
	const struct config_block_io *io = resources->block_io;

	for (size_t i = 0; io && i < io->weight_device.count; i++)
		if (io->weight_device.items[i].leaf_weight.value)
			return true;
	return io && io->leaf_weight.value != 0;
}

static bool has_network(const struct config_resources *resources)
{
	return resources->network &&
	       (resources->network->class_id.value || resources->network->priorities.count);
}

/* An effect that was asked for and can't be had is an error, not a silence. memory.useHierarchy is
 * not here: on v2 it always holds. */
static const struct {
	const char *property;
	bool (*is_set)(const struct config_resources *resources);
	const char *instead;
} v1_only[] = {
	{ "linux.resources.memory.kernel", has_kernel_memory,
	  "memory.limit includes kernel memory" },
	{ "linux.resources.memory.kernelTCP", has_kernel_tcp_memory, "memory.limit includes it" },
	{ "linux.resources.memory.swappiness", has_swappiness, "limit swap by memory.swap" },
	{ "linux.resources.memory.disableOOMKiller", has_oom_killer_disabled,
	  "set process.oomScoreAdj" },
	{ "linux.resources.cpu.realtimeRuntime", has_realtime_runtime, "use process.scheduler" },
	{ "linux.resources.cpu.realtimePeriod", has_realtime_period, "use process.scheduler" },
	{ "linux.resources.blockIO.leafWeight", has_leaf_weight, "use blockIO.weight" },
	{ "linux.resources.network", has_network,
	  "mark packets by an eBPF program or by nftables' cgroupv2" },
};

int cgroup_refuse_v1_only(const struct config_resources *resources, struct error *err)
{
	for (size_t i = 0; i < array_length(v1_only); i++)
		if (v1_only[i].is_set(resources))
			return error_set(err, ERROR_UNSUPPORTED, v1_only[i].property,
					 "%s: cgroup v2 has nothing like it; %s",
					 v1_only[i].property, v1_only[i].instead);
	return 0;
}
