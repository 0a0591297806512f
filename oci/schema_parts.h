/* Schemas that more than one table refers to; not for use outside oci/schema_*.c. */
#pragma once

#include "oci/schema.h"

extern const struct schema schema_id_mapping;
