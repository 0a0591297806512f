/* Documents that a command is given as FILE. */
#pragma once

#include "oci/config.h"

/* Read the file @name, or standard input if that is "-"; the rest is as in config_load(). */
int document_read(const char *name, enum config_document document, struct arena *arena,
		  struct config **ret_config, struct error *err);
