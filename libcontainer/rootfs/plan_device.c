/* The plan of the devices (config-linux.md#devices, #default-devices). */
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "libcontainer/rootfs/plan.h"
#include "oci/names.h"

#define DEVICE_MODE 0666

static const struct {
	const char *path;
	unsigned int major, minor;
} default_devices[] = {
	{ "/dev/null", 1, 3 },	 { "/dev/zero", 1, 5 },	   { "/dev/full", 1, 7 },
	{ "/dev/random", 1, 8 }, { "/dev/urandom", 1, 9 }, { "/dev/tty", 5, 0 },
};

static const char *name_in_dev(const char *path)
{
	return text_starts(path, "/dev/") ? path + strlen("/dev/") : NULL;
}

static mode_t device_type(const char *type)
{
	const struct name_value *row = type ? name_find(names_device_types, type) : NULL;

	return row ? (mode_t)row->value : 0;
}

/* Replaces what is planned for the same path. */
static void add_device(struct rootfs_plan *plan, const struct device_plan *device)
{
	size_t i = 0;

	while (i < plan->devices.count && strcmp(plan->devices.items[i].path, device->path) != 0)
		i++;
	plan->devices.items[i] = *device;
	if (i == plan->devices.count)
		plan->devices.count++;
}

static int plan_device(const struct planner *planner, const struct config_device *config,
		       struct error *err)
{
	const char *path = config->path ? plan_clean_path(planner, config->path, err) : NULL;
	struct device_plan device = {
		.mode = device_type(config->type) |
			(config->file_mode.set ? config->file_mode.value & 07777 : DEVICE_MODE),
		.uid = config->uid.set ? (uid_t)config->uid.value : 0,
		.gid = config->gid.set ? (gid_t)config->gid.value : 0,
	};

	if (!path)
		return error_set(err, ERROR_INVALID, "path", "a device without a usable path");
	if (!(device.mode & S_IFMT))
		return error_set(err, ERROR_INVALID, path, "%s: unknown type of device \"%s\"",
				 path, config->type ? config->type : "");
	if (!S_ISFIFO(device.mode)) {
		if (!config->major.set || !config->minor.set)
			return error_set(err, ERROR_INVALID, path, "%s: major or minor is missing",
					 path);
		device.device =
		    makedev((unsigned int)config->major.value, (unsigned int)config->minor.value);
	}
	device.path = path;
	device.name = name_in_dev(path);
	/* made as a link to that of the container's own devpts */
	if (strcmp(path, "/dev/ptmx") != 0)
		add_device(planner->plan, &device);
	return 0;
}

int plan_devices(const struct planner *planner, struct error *err)
{
	const struct config_linux *linux_ = planner->config->linux_;
	struct rootfs_plan *plan = planner->plan;

	plan->devices_wanted = true;
	for (size_t i = 0; i < plan->mounts.count; i++)
		if (plan->mounts.items[i].kind == MOUNT_BIND &&
		    strcmp(plan->mounts.items[i].destination, "/dev") == 0)
			plan->devices_wanted = false;
	plan->devices.items =
	    arena_calloc(planner->arena, linux_->devices.count + array_length(default_devices),
			 sizeof(*plan->devices.items));
	for (size_t i = 0; i < array_length(default_devices); i++)
		plan->devices.items[plan->devices.count++] = (struct device_plan){
			.path = default_devices[i].path,
			.name = name_in_dev(default_devices[i].path),
			.mode = S_IFCHR | DEVICE_MODE,
			.device = makedev(default_devices[i].major, default_devices[i].minor),
		};
	for (size_t i = 0; i < linux_->devices.count; i++)
		if (plan_device(planner, &linux_->devices.items[i], err) < 0)
			return error_prefix(err, "linux.devices[%zu]", i);
	return 0;
}
