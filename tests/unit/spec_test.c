/* oci/spec.c */
#include "tests/unit/documents.h"

#include "base/cleanup.h"
#include "oci/spec.h"

static struct config *template_for(bool rootless)
{
	struct spec_request request = { .rootless = rootless, .uid = 1000, .gid = 1001 };
	_cleanup_buffer_ struct buffer buffer = BUFFER_INIT;
	struct error err = ERROR_INIT;

	CHECK(spec_encode(&request, &buffer, &err) == 0);
	return parse(buffer.bytes, DOCUMENT_CONFIG);
}

static const struct config_mount *mount_at(const struct config *config, const char *destination)
{
	const struct config_mount *found = NULL;

	for (size_t i = 0; i < config->mounts.count; i++) {
		if (strcmp(config->mounts.items[i].destination, destination) != 0)
			continue;
		CHECK(!found);
		found = &config->mounts.items[i];
	}
	CHECK(found);
	return found;
}

TEST(the_template_is_a_config_without_a_warning)
{
	struct config *config = template_for(false);

	CHECK_INT(config->warnings.count, 0);
	CHECK_STR(config->oci_version, OCI_VERSION);
	CHECK_STR(config->root->path, "rootfs");
	CHECK_STR(config->process->args.items[0], "sh");
	CHECK(config->process->terminal.value && config->process->no_new_privileges.value);
	CHECK_INT(config->process->capabilities->bounding.count, 3);
	CHECK_INT(config->process->capabilities->inheritable.count, 0);
	CHECK_INT(config->mounts.count, 7);
	CHECK(config->linux_->masked_paths.count > 0 && config->linux_->readonly_paths.count > 0);
}

TEST(as_root_it_denies_all_devices_and_needs_no_mappings)
{
	struct config *config = template_for(false);
	const struct config_device_rule *rule = config->linux_->resources->devices.items;

	CHECK(rule->allow.set && !rule->allow.value);
	CHECK_STR(rule->access, "rwm");
	CHECK(config_namespace_find(config, "network") && !config_namespace_find(config, "user"));
	CHECK_INT(config->linux_->uid_mappings.count, 0);
	CHECK_STR(mount_at(config, "/sys")->type, "sysfs");
	CHECK(text_in(&mount_at(config, "/dev/pts")->options, "gid=5"));
}

TEST(rootless_it_maps_the_caller_and_limits_nothing)
{
	struct config *config = template_for(true);

	CHECK_INT(config->warnings.count, 0);
	CHECK(config_namespace_find(config, "user") && !config_namespace_find(config, "network"));
	CHECK_INT(config->linux_->uid_mappings.count, 1);
	CHECK_INT(config->linux_->uid_mappings.items[0].container_id.value, 0);
	CHECK_INT(config->linux_->uid_mappings.items[0].host_id.value, 1000);
	CHECK_INT(config->linux_->uid_mappings.items[0].size.value, 1);
	CHECK_INT(config->linux_->gid_mappings.items[0].host_id.value, 1001);
	CHECK(!config->linux_->resources);
	CHECK_STR(mount_at(config, "/sys")->source, "/sys");
	CHECK(text_in(&mount_at(config, "/sys")->options, "rbind"));
	CHECK(!text_in(&mount_at(config, "/dev/pts")->options, "gid=5"));
}
