/* CRIU's own settings of the machine's administrator. Caller's process. */
#pragma once

#include "oci/config.h"

/* The configuration file that CRIU is to read: what the annotation org.criu.config names, "" meaning none (NULL); else
 * /etc/criu/proa.conf, or runc's and crun's if only that is there. CRIU takes a missing one as an empty one. */
const char *criu_config_file(const struct config *config);
