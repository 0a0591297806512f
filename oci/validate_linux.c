/* config-linux.md */
#include "oci/validate.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "oci/names.h"

int validate_namespaces(const struct validation *v)
{
	const struct config_linux *linux_ = v->config->linux_;
	uint64_t seen = 0;

	for (size_t i = 0; i < linux_->namespaces.count; i++) {
		const char *type = linux_->namespaces.items[i].type;
		uint64_t flag = (uint64_t)name_find(names_namespaces, type)->value;

		if (seen & flag)
			return invalid(v, at("linux.namespaces[%zu].type", i),
				       "\"%s\" is given twice", type);
		seen |= flag;
	}
	return 0;
}

/* ---- uidMappings, gidMappings ---- */

static bool overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
	return a < b + b_size && b < a + a_size;
}

static int check_range(const struct validation *v, const struct id_mapping_list *list, size_t i,
		       const char *path)
{
	const struct config_id_mapping *range = &list->items[i];
	uint64_t inside = range->container_id.value, outside = range->host_id.value;
	uint64_t size = range->size.value;

	if (size == 0)
		return invalid(v, at("%s[%zu].size", path, i), "must not be 0");
	if (inside + size > UINT32_MAX || outside + size > UINT32_MAX)
		return invalid(v, at("%s[%zu].size", path, i),
			       "%" PRIu64 " ids from %" PRIu64 " on go beyond the last id", size,
			       inside > outside ? inside : outside);
	for (size_t j = 0; j < i; j++) {
		const struct config_id_mapping *other = &list->items[j];
		uint64_t other_size = other->size.value;

		if (overlap(inside, size, other->container_id.value, other_size) ||
		    overlap(outside, size, other->host_id.value, other_size))
			return invalid(v, at("%s[%zu]", path, i), "overlaps with [%zu]", j);
	}
	return 0;
}

/* The kernel's limits for a map, and for the text that is written: less than a page (user_namespaces(7)). */
#define RANGES_MAX   340
#define MAP_TEXT_MAX 4095

static size_t text_length(const struct id_mapping_list *list)
{
	size_t length = 0;

	for (size_t i = 0; i < list->count; i++)
		length += (size_t)snprintf(NULL, 0, "%" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
					   list->items[i].container_id.value,
					   list->items[i].host_id.value, list->items[i].size.value);
	return length;
}

int validate_id_mappings(const struct validation *v, const struct id_mapping_list *list,
			 const char *path)
{
	if (list->count > RANGES_MAX)
		return invalid(v, at("%s", path), "expected at most %d ranges, found %zu",
			       RANGES_MAX, list->count);
	if (text_length(list) > MAP_TEXT_MAX)
		return invalid(v, at("%s", path),
			       "the %zu ranges take %zu bytes as text, and the kernel reads %d",
			       list->count, text_length(list), MAP_TEXT_MAX);
	for (size_t i = 0; i < list->count; i++)
		if (check_range(v, list, i, path) < 0)
			return -1;
	return 0;
}

static int check_mappings(const struct validation *v, const struct id_mapping_list *list,
			  const char *path)
{
	if (list->count && !has_namespace(v, "user"))
		return invalid(v, at("%s", path),
			       "needs a user namespace: add {\"type\": \"user\"} to "
			       "linux.namespaces");
	if (!list->count && has_new_namespace(v, "user"))
		return invalid(v, at("%s", path), "is required with a new user namespace");
	return validate_id_mappings(v, list, path);
}

int validate_mappings(const struct validation *v)
{
	const struct config_linux *linux_ = v->config->linux_;

	if (check_mappings(v, &linux_->uid_mappings, "linux.uidMappings") < 0)
		return -1;
	return check_mappings(v, &linux_->gid_mappings, "linux.gidMappings");
}

/* ---- process.user within the mappings ---- */

static int check_id(const struct validation *v, const struct id_mapping_list *list, uint64_t id,
		    struct place place)
{
	for (size_t i = 0; i < list->count; i++) {
		uint64_t first = list->items[i].container_id.value;

		if (id >= first && id - first < list->items[i].size.value)
			return 0;
	}
	return invalid(v, place, "%" PRIu64 " is not mapped into the user namespace", id);
}

int validate_ids(const struct validation *v)
{
	const struct config_linux *linux_ = v->config->linux_;
	const struct config_user *user = &v->config->process->user;

	/* a namespace that is joined has mappings of its own */
	if (!has_new_namespace(v, "user"))
		return 0;
	if (check_id(v, &linux_->uid_mappings, user->uid.value, at("process.user.uid")) < 0 ||
	    check_id(v, &linux_->gid_mappings, user->gid.value, at("process.user.gid")) < 0)
		return -1;
	for (size_t i = 0; i < user->additional_gids.count; i++)
		if (check_id(v, &linux_->gid_mappings, user->additional_gids.items[i],
			     at("process.user.additionalGids[%zu]", i)) < 0)
			return -1;
	return 0;
}

/* ---- others ---- */

int validate_time_offsets(const struct validation *v)
{
	const struct config_time_offsets *offsets = v->config->linux_->time_offsets;

	if (!offsets || (!offsets->monotonic && !offsets->boottime) || has_new_namespace(v, "time"))
		return 0;
	return invalid(v, at("linux.timeOffsets"),
		       "needs a new time namespace: add {\"type\": \"time\"} to linux.namespaces");
}

/* The kernel's 12 bits of major and 20 bits of minor number. */
#define MAJOR_MAX 0xfff
#define MINOR_MAX 0xfffff

static int check_number(const struct validation *v, const struct optional_int *number, int64_t max,
			struct place place)
{
	if (!number->set)
		return invalid(v, place, "is required");
	if (number->value < 0 || number->value > max)
		return invalid(v, place,
			       "expected an integer from 0 to %" PRId64 ", found %" PRId64, max,
			       number->value);
	return 0;
}

int validate_devices(const struct validation *v)
{
	const struct config_linux *linux_ = v->config->linux_;

	for (size_t i = 0; i < linux_->devices.count; i++) {
		const struct config_device *device = &linux_->devices.items[i];

		if (strcmp(device->type, "p") == 0)
			continue;
		if (check_number(v, &device->major, MAJOR_MAX, at("linux.devices[%zu].major", i)) <
			0 ||
		    check_number(v, &device->minor, MINOR_MAX, at("linux.devices[%zu].minor", i)) <
			0)
			return -1;
	}
	return 0;
}
