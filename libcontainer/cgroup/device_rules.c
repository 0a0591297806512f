/* linux.resources.devices, read, and what every container may do with devices besides. Pure. */
#include "base/text.h"
#include "libcontainer/cgroup/internal.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

#define PROPERTY    "linux.resources.devices"
#define READ_WRITE  (BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE)
#define RULES_LIMIT 2048

/* The kernel's own limits for the numbers of devices. */
#define MAJOR_MAX 0xfff
#define MINOR_MAX 0xfffff

/* Appended to every list, as engines and programs expect of a runtime: nodes may be made at will
 * (they can't be opened), the spec's default devices and terminals are open. */
static const struct device_rule default_rules[] = {
	{ true, BPF_DEVCG_DEV_CHAR, DEVICE_ANY, DEVICE_ANY, BPF_DEVCG_ACC_MKNOD },
	{ true, BPF_DEVCG_DEV_BLOCK, DEVICE_ANY, DEVICE_ANY, BPF_DEVCG_ACC_MKNOD },
	{ true, BPF_DEVCG_DEV_CHAR, 1, 3, READ_WRITE },		   /* /dev/null */
	{ true, BPF_DEVCG_DEV_CHAR, 1, 5, READ_WRITE },		   /* /dev/zero */
	{ true, BPF_DEVCG_DEV_CHAR, 1, 7, READ_WRITE },		   /* /dev/full */
	{ true, BPF_DEVCG_DEV_CHAR, 1, 8, READ_WRITE },		   /* /dev/random */
	{ true, BPF_DEVCG_DEV_CHAR, 1, 9, READ_WRITE },		   /* /dev/urandom */
	{ true, BPF_DEVCG_DEV_CHAR, 5, 0, READ_WRITE },		   /* /dev/tty */
	{ true, BPF_DEVCG_DEV_CHAR, 5, 2, READ_WRITE },		   /* /dev/ptmx */
	{ true, BPF_DEVCG_DEV_CHAR, 136, DEVICE_ANY, READ_WRITE }, /* /dev/pts/N, /dev/console */
	{ true, BPF_DEVCG_DEV_CHAR, 10, 200, READ_WRITE },	   /* /dev/net/tun */
};

static int bad_rule(struct error *err, size_t index, const char *property, const char *expected)
{
	char object[96];

	text_cut(object, sizeof(object), PROPERTY "[%zu].%s", index, property);
	return error_set(err, ERROR_INVALID, object, "%s: expected %s", object, expected);
}

static int read_type(const char *type, uint32_t *ret_type)
{
	if (!type || strcmp(type, "a") == 0)
		*ret_type = DEVICE_ANY_TYPE;
	else if (strcmp(type, "c") == 0)
		*ret_type = BPF_DEVCG_DEV_CHAR;
	else if (strcmp(type, "b") == 0)
		*ret_type = BPF_DEVCG_DEV_BLOCK;
	else
		return -1;
	return 0;
}

static int read_access(const char *access, uint32_t *ret_access)
{
	uint32_t bits = 0;

	if (!access || !*access)
		return -1;
	for (; *access; access++) {
		switch (*access) {
		case 'r':
			bits |= BPF_DEVCG_ACC_READ;
			break;
		case 'w':
			bits |= BPF_DEVCG_ACC_WRITE;
			break;
		case 'm':
			bits |= BPF_DEVCG_ACC_MKNOD;
			break;
		default:
			return -1;
		}
	}
	*ret_access = bits;
	return 0;
}

static int read_number(struct optional_int number, int64_t max, int64_t *ret_number)
{
	if (number.set && (number.value < DEVICE_ANY || number.value > max))
		return -1;
	*ret_number = number.set ? number.value : DEVICE_ANY;
	return 0;
}

static int read_rule(const struct config_device_rule *from, size_t index, struct device_rule *rule,
		     struct error *err)
{
	rule->allow = from->allow.value;
	if (read_type(from->type, &rule->type) < 0)
		return bad_rule(err, index, "type", "\"a\", \"b\" or \"c\"");
	if (read_number(from->major, MAJOR_MAX, &rule->major) < 0)
		return bad_rule(err, index, "major", "a number from 0 to 4095, or -1 for all");
	if (read_number(from->minor, MINOR_MAX, &rule->minor) < 0)
		return bad_rule(err, index, "minor", "a number from 0 to 1048575, or -1 for all");
	if (read_access(from->access, &rule->access) < 0)
		return bad_rule(err, index, "access", "one or more of r, w and m");
	return 0;
}

int device_rules_read(const struct config_resources *resources, struct arena *arena,
		      struct device_rules *ret_rules, struct error *err)
{
	size_t given = resources->devices.count;
	struct device_rules rules = { .count = given + array_length(default_rules) };

	if (given > RULES_LIMIT)
		return error_set(err, ERROR_INVALID, PROPERTY, PROPERTY ": more than %d rules",
				 RULES_LIMIT);
	rules.items = arena_calloc(arena, rules.count, sizeof(*rules.items));
	for (size_t i = 0; i < given; i++)
		if (read_rule(&resources->devices.items[i], i, &rules.items[i], err) < 0)
			return -1;
	memcpy(rules.items + given, default_rules, sizeof(default_rules));
	*ret_rules = rules;
	return 0;
}
