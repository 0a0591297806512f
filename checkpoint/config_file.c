#include "checkpoint/config_file.h"

#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

const char *criu_config_file(const struct config *config)
{
	static const char *const files[] = { "/etc/criu/proa.conf", "/etc/criu/runc.conf",
					     "/etc/criu/crun.conf" };

	for (size_t i = 0; i < config->annotations.count; i++) {
		const struct string_map_entry *annotation = &config->annotations.items[i];

		if (strcmp(annotation->key, "org.criu.config") == 0)
			return annotation->value[0] ? annotation->value : NULL;
	}
	for (size_t i = 0; i < array_length(files); i++)
		if (access(files[i], R_OK) == 0)
			return files[i];
	return NULL;
}
