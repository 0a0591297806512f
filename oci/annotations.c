#include "oci/annotations.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

static int wrong(const char *name, const char *expected, struct error *err)
{
	char object[128];

	text_cut(object, sizeof(object), "annotations[\"%s\"]", name);
	return error_set(err, ERROR_INVALID, object, "%s: expected %s", object, expected);
}

static int parse_switch(const char *name, const char *value, bool *ret_on, struct error *err)
{
	bool on = strcmp(value, "1") == 0 || strcmp(value, "true") == 0;

	if (!on && strcmp(value, "0") != 0 && strcmp(value, "false") != 0)
		return wrong(name, "1, true, 0 or false", err);
	*ret_on = on;
	return 0;
}

static int keep_original_groups(struct config *config, const char *name, char *value,
				struct error *err)
{
	return parse_switch(name, value, &config->keep_groups, err);
}

static int mount_context_type(struct config *config, const char *name, char *value,
			      struct error *err)
{
	static const char *const types[] = { "context", "defcontext", "fscontext", "rootcontext" };

	for (size_t i = 0; i < array_length(types); i++) {
		if (strcmp(value, types[i]) == 0) {
			config->linux_->mount_context_type = types[i];
			return 0;
		}
	}
	return wrong(name, "context, defcontext, fscontext or rootcontext", err);
}

static int seccomp_receiver(struct config *config, const char *name, char *value, struct error *err)
{
	struct config_seccomp *seccomp = config->linux_->seccomp;

	if (value[0] != '/')
		return wrong(name, "an absolute path", err);
	if (seccomp && !seccomp->listener_path)
		seccomp->listener_path = value;
	return 0;
}

static int seccomp_fail_unknown(struct config *config, const char *name, char *value,
				struct error *err)
{
	bool on = false;

	if (parse_switch(name, value, &on, err) < 0)
		return -1;
	if (config->linux_->seccomp)
		config->linux_->seccomp->fail_unknown = on;
	return 0;
}

static const struct annotation {
	const char *name;
	int (*apply)(struct config *config, const char *name, char *value, struct error *err);
} annotations[] = {
	{ "run.oci.keep_original_groups", keep_original_groups },
	{ "run.oci.mount_context_type", mount_context_type },
	{ "run.oci.seccomp.receiver", seccomp_receiver },
	{ "run.oci.seccomp_fail_unknown_syscall", seccomp_fail_unknown },
};

static const struct annotation *find(const char *name)
{
	for (size_t i = 0; i < array_length(annotations); i++)
		if (strcmp(annotations[i].name, name) == 0)
			return &annotations[i];
	return NULL;
}

int annotations_apply(struct config *config, struct error *err)
{
	for (size_t i = 0; i < config->annotations.count; i++) {
		struct string_map_entry *entry = &config->annotations.items[i];
		const struct annotation *known = find(entry->key);

		if (known && known->apply(config, known->name, entry->value, err) < 0)
			return -1;
	}
	return 0;
}
