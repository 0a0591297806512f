#include "libcontainer/security/capabilities.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/capability.h>
#include <sys/prctl.h>

#include "oci/names.h"

#define SET_BITS 64

static uint64_t bit(int number)
{
	return UINT64_C(1) << number;
}

int capability_parse(const char *name, int *ret_number)
{
	const struct name_value *row = name_find(names_capabilities, name);

	if (!row)
		return -1;
	*ret_number = (int)row->value;
	return 0;
}

static uint64_t set_of(const struct strings *names)
{
	uint64_t set = 0;
	int number;

	for (size_t i = 0; i < names->count; i++)
		if (capability_parse(names->items[i], &number) == 0)
			set |= bit(number);
	return set;
}

void capabilities_plan(const struct config_capabilities *capabilities,
		       struct capabilities_plan *ret_plan)
{
	static const struct config_capabilities none;

	if (!capabilities)
		capabilities = &none;
	*ret_plan = (struct capabilities_plan){
		.bounding = set_of(&capabilities->bounding),
		.effective = set_of(&capabilities->effective),
		.inheritable = set_of(&capabilities->inheritable),
		.permitted = set_of(&capabilities->permitted),
		.ambient = set_of(&capabilities->ambient),
	};
}

int capabilities_add(struct capabilities_plan *plan, const struct strings *names, struct error *err)
{
	uint64_t added = set_of(names);
	int number;

	for (size_t i = 0; i < names->count; i++)
		if (capability_parse(names->items[i], &number) < 0)
			return error_set(err, ERROR_INVALID, names->items[i],
					 "unknown capability \"%s\": expected a name like CAP_KILL",
					 names->items[i]);
	plan->bounding |= added;
	plan->effective |= added;
	plan->permitted |= added;
	if (plan->inheritable)
		plan->ambient |= added;
	return 0;
}

/* The kernel keeps a set in two words of 32 bits. */
static int sets_get(struct capabilities_plan *ret_sets, struct error *err)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (capget(&header, data) < 0)
		return error_errno(err, errno, "process.capabilities", "get capabilities");
	ret_sets->effective = data[0].effective | (uint64_t)data[1].effective << 32;
	ret_sets->permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
	ret_sets->inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32;
	return 0;
}

static int sets_put(const struct capabilities_plan *sets, struct error *err)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {
		{ (uint32_t)sets->effective, (uint32_t)sets->permitted,
		  (uint32_t)sets->inheritable },
		{ (uint32_t)(sets->effective >> 32), (uint32_t)(sets->permitted >> 32),
		  (uint32_t)(sets->inheritable >> 32) },
	};

	if (capset(&header, data) < 0)
		return error_errno(err, errno, "process.capabilities", "set capabilities");
	return 0;
}

/* What of @plan a process with the sets @own can have: capset(2) refuses the whole of it for one
 * capability too much. */
static struct capabilities_plan within(const struct capabilities_plan *plan,
				       const struct capabilities_plan *own)
{
	struct capabilities_plan can = { .bounding = plan->bounding & own->permitted };

	can.permitted = plan->permitted & own->permitted;
	can.effective = plan->effective & can.permitted;
	can.inheritable =
	    plan->inheritable & (own->inheritable | (own->permitted & plan->bounding));
	can.ambient = plan->ambient & can.permitted & can.inheritable;
	return can;
}

int capabilities_have(int number, struct error *err)
{
	struct capabilities_plan own = { 0 };

	return sets_get(&own, err) < 0 ? -1 : (own.effective & bit(number)) != 0;
}

static char *text_of(uint64_t set, struct arena *arena)
{
	char *text = NULL;

	for (const struct name_value *row = names_capabilities; row->name; row++)
		if (set & bit((int)row->value))
			text =
			    arena_printf(arena, "%s%s%s", text ?: "", text ? " " : "", row->name);
	return text;
}

int capabilities_missing(const struct capabilities_plan *plan, struct arena *arena,
			 char **ret_names, struct error *err)
{
	struct capabilities_plan own = { 0 }, can;

	if (sets_get(&own, err) < 0)
		return -1;
	can = within(plan, &own);
	*ret_names =
	    text_of((plan->bounding & ~can.bounding) | (plan->effective & ~can.effective) |
			(plan->inheritable & ~can.inheritable) |
			(plan->permitted & ~can.permitted) | (plan->ambient & ~can.ambient),
		    arena);
	return 0;
}

int capabilities_keep(struct error *err)
{
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return error_errno(err, errno, "process.capabilities", "keep capabilities");
	return 0;
}

/* 1 if it is still in the bounding set after an attempt to drop it, 0 if it isn't, -1 if the kernel
 * has no such capability. Without CAP_SETPCAP even one that isn't in the set can't be dropped. */
static int drop(int number)
{
	if (prctl(PR_CAPBSET_DROP, number, 0, 0, 0) == 0)
		return 0;
	return errno == EINVAL ? -1 : prctl(PR_CAPBSET_READ, number, 0, 0, 0);
}

/* By numbers, not by names: a newer kernel has capabilities without a name here. */
int capabilities_drop_bounding(const struct capabilities_plan *plan, struct error *err)
{
	for (int i = 0; i < SET_BITS; i++) {
		int left = plan->bounding & bit(i) ? 0 : drop(i);

		if (left < 0)
			return 0;
		if (left)
			return error_errno(err, EPERM, "process.capabilities.bounding",
					   "drop %s from the bounding set",
					   name_of(names_capabilities, i) ?: "a capability");
	}
	return 0;
}

int capabilities_apply(const struct capabilities_plan *plan, struct error *err)
{
	struct capabilities_plan sets = { 0 };

	if (sets_get(&sets, err) < 0)
		return -1;
	sets = within(plan, &sets);
	if (sets_put(&sets, err) < 0)
		return -1;
	/* the ambient set never exceeds the inheritable one: with that empty it is empty now */
	if (sets.inheritable && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return error_errno(err, errno, "process.capabilities.ambient",
				   "clear the ambient capabilities");
	for (int i = 0; i < SET_BITS; i++)
		if (sets.ambient & bit(i) &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0) < 0)
			return error_errno(err, errno, "process.capabilities.ambient", "raise %s",
					   name_of(names_capabilities, i) ?: "it");
	return 0;
}

int capabilities_reduce(const struct capabilities_plan *plan, struct error *err)
{
	return capabilities_drop_bounding(plan, err) < 0 ? -1 : capabilities_apply(plan, err);
}
