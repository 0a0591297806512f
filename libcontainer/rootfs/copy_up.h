/* The option tmpcopyup (config.md#mounts). Init. Private to this room. */
#pragma once

#include "base/error.h"

/* Copy what is in the directory @from to the directory @to: directories, files, links, fifos and
 * devices with owners, permissions and times. Links are copied, not followed. */
int copy_up(int from, int to, struct error *err);
