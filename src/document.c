#include "src/document.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "oci/json.h"

static int read_standard_input(enum config_document document, struct arena *arena,
			       struct config **ret_config, struct error *err)
{
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;

	if (fd_read(STDIN_FILENO, JSON_SIZE_MAX, &text, "standard input", err) < 0)
		return -1;
	return config_parse(text.bytes, text.length, "standard input", document, arena, ret_config,
			    err);
}

int document_read(const char *name, enum config_document document, struct arena *arena,
		  struct config **ret_config, struct error *err)
{
	struct config_text text;

	if (strcmp(name, "-") == 0)
		return read_standard_input(document, arena, ret_config, err);
	return config_load(AT_FDCWD, name, document, arena, &text, ret_config, err);
}
