/* What run and checkpoint take of delete: an id may be that of the next container by now, a directory is not. */
#pragma once

#include "libcontainer/lifecycle/store.h"

/* container_delete() of the container whose directory @record is, open and not locked; it is locked afterwards. */
int delete_container(const struct runtime *runtime, struct record *record, const char *id,
		     bool force, struct error *err);
