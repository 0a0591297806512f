/* Page servers by their address, which is a number: a static program can't ask for names. Caller's process. */
#pragma once

#include "base/error.h"
#include "checkpoint/checkpoint.h"

/* Connect to it, or listen there; ERROR_USAGE if the address is none. */
int page_server_connect(const struct page_server *server, struct error *err);
int page_server_listen(const struct page_server *server, struct error *err);
