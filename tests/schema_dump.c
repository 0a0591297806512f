/* The properties of config.json, a line "PROPERTY<TAB>FUNCTION" each: the function that acts on it. Read by
 * tests/checks/properties.check and tests/mutate. */
#include <stdio.h>

#include "oci/schema.h"

static void print_rows(const struct schema *schema, const char *above)
{
	for (size_t i = 0; i < schema->count; i++) {
		const struct schema_row *row = &schema->rows[i];
		char path[256];

		snprintf(path, sizeof(path), "%s%s%s", above, *above ? "." : "", row->key);
		printf("%s\t%s\n", path, row->applied_by);
		if (!row->object)
			continue;
		snprintf(path, sizeof(path), "%s%s%s%s", above, *above ? "." : "", row->key,
			 row->kind == SCHEMA_LIST	  ? "[]"
			 : row->kind == SCHEMA_OBJECT_MAP ? "{}"
							  : "");
		print_rows(row->object, path);
	}
}

int main(void)
{
	print_rows(&schema_config, "");
	return 0;
}
