#include "oci/spec.h"

#include "base/cleanup.h"
#include "oci/config.h"
#include "oci/schema.h"

/* The config's structs hold char *, because a decoder fills them; what is here is only read. */
#define TEXT(literal) ((char *)(literal))
#define TEXTS(...)                                                                                 \
	{                                                                                          \
		.items = (char **)(const char *[]){ __VA_ARGS__ },                                 \
		.count = sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *)                  \
	}
#define LIST_OF(array)                                                                             \
	{                                                                                          \
		.items = (array), .count = array_length(array)                                     \
	}

#define CAPABILITIES TEXTS("CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE")

static struct config_capabilities capabilities = {
	.bounding = CAPABILITIES,
	.effective = CAPABILITIES,
	.permitted = CAPABILITIES,
};

static struct config_rlimit rlimits[] = {
	{ .type = TEXT("RLIMIT_NOFILE"), .hard = { 1024, true }, .soft = { 1024, true } },
};

static struct config_process process = {
	.terminal = { true, true },
	.user = { .uid = { 0, true }, .gid = { 0, true } },
	.args = TEXTS("sh"),
	.env = TEXTS("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		     "TERM=xterm"),
	.cwd = TEXT("/"),
	.capabilities = &capabilities,
	.rlimits = LIST_OF(rlimits),
	.no_new_privileges = { true, true },
};

static struct config_root root = { .path = TEXT("rootfs"), .readonly = { true, true } };

/* ---- what depends on the caller ---- */

enum caller { PRIVILEGED = 1, ROOTLESS = 2, ANYBODY = PRIVILEGED | ROOTLESS };

#define MOUNT(destination_, type_, source_, ...)                                                   \
	{                                                                                          \
		.destination = TEXT(destination_), .type = TEXT(type_), .source = TEXT(source_),   \
		.options = TEXTS(__VA_ARGS__)                                                      \
	}

static const struct {
	enum caller caller;
	struct config_mount mount;
} mounts[] = {
	{ ANYBODY, { .destination = TEXT("/proc"), .type = TEXT("proc"), .source = TEXT("proc") } },
	{ ANYBODY,
	  MOUNT("/dev", "tmpfs", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k") },
	{ PRIVILEGED, MOUNT("/dev/pts", "devpts", "devpts", "nosuid", "noexec", "newinstance",
			    "ptmxmode=0666", "mode=0620", "gid=5") },
	/* group 5 has no mapping */
	{ ROOTLESS, MOUNT("/dev/pts", "devpts", "devpts", "nosuid", "noexec", "newinstance",
			  "ptmxmode=0666", "mode=0620") },
	{ ANYBODY, MOUNT("/dev/shm", "tmpfs", "shm", "nosuid", "noexec", "nodev", "mode=1777",
			 "size=65536k") },
	{ ANYBODY, MOUNT("/dev/mqueue", "mqueue", "mqueue", "nosuid", "noexec", "nodev") },
	{ PRIVILEGED, MOUNT("/sys", "sysfs", "sysfs", "nosuid", "noexec", "nodev", "ro") },
	/* the kernel makes a sysfs only for the owner of the network namespace */
	{ ROOTLESS, MOUNT("/sys", "none", "/sys", "rbind", "nosuid", "noexec", "nodev", "ro") },
	{ ANYBODY, MOUNT("/sys/fs/cgroup", "cgroup", "cgroup", "nosuid", "noexec", "nodev",
			 "relatime", "ro") },
};

/* Without privileges a network namespace of one's own would have no way out. */
static const struct {
	enum caller caller;
	const char *type;
} namespaces[] = {
	{ ANYBODY, "pid" },   { PRIVILEGED, "network" }, { ANYBODY, "ipc" },   { ANYBODY, "uts" },
	{ ANYBODY, "mount" }, { ANYBODY, "cgroup" },	 { ROOTLESS, "user" },
};

static struct config_device_rule no_devices[] = {
	{ .allow = { false, true }, .access = TEXT("rwm") },
};

static struct config_resources resources = { .devices = LIST_OF(no_devices) };

static const struct strings masked_paths =
    TEXTS("/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys",
	  "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug",
	  "/sys/devices/virtual/powercap", "/sys/firmware", "/proc/scsi");

static const struct strings readonly_paths =
    TEXTS("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger");

int spec_encode(const struct spec_request *request, struct buffer *buffer, struct error *err)
{
	enum caller caller = request->rootless ? ROOTLESS : PRIVILEGED;
	struct config_mount chosen_mounts[array_length(mounts)];
	struct config_namespace chosen_namespaces[array_length(namespaces)] = { 0 };
	struct config_id_mapping uids = { { 0, true }, { request->uid, true }, { 1, true } };
	struct config_id_mapping gids = { { 0, true }, { request->gid, true }, { 1, true } };
	struct config_linux linux_ = {
		.uid_mappings = { &uids, request->rootless },
		.gid_mappings = { &gids, request->rootless },
		.resources = request->rootless ? NULL : &resources,
		.namespaces = { .items = chosen_namespaces },
		.masked_paths = masked_paths,
		.readonly_paths = readonly_paths,
	};
	struct config config = {
		.oci_version = TEXT(OCI_VERSION),
		.process = &process,
		.root = &root,
		.hostname = TEXT("proa"),
		.mounts = { .items = chosen_mounts },
		.linux_ = &linux_,
	};
	struct json_writer writer;

	for (size_t i = 0; i < array_length(mounts); i++)
		if (mounts[i].caller & caller)
			chosen_mounts[config.mounts.count++] = mounts[i].mount;
	for (size_t i = 0; i < array_length(namespaces); i++)
		if (namespaces[i].caller & caller)
			chosen_namespaces[linux_.namespaces.count++].type =
			    TEXT(namespaces[i].type);
	json_begin(&writer, true);
	schema_encode(&schema_config, &config, &writer);
	return json_finish(&writer, buffer, err);
}
