/* linux.netDevices (config-linux.md, Network Devices): devices of the runtime's network namespace that are moved into
 * the container's. Afterwards they are the container's: nothing is moved back. */
#pragma once

#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "oci/config.h"

/* Names that the kernel takes, and no two alike in the container: ERROR_INVALID. It learns of a wrong one only when it has
 * moved a device already, which then goes with the namespace. Pure. */
int net_devices_check(const struct config_linux *linux_, struct error *err);

/* Init: a netlink socket of its network namespace, by which the parent sets up what it has moved there. */
int net_devices_socket(struct error *err);

/* Parent: move each device into the network namespace @target (a descriptor of it), under its new name, with its permanent
 * addresses of global scope, and up. @socket: as init gave it. A name that is taken there is ERROR_INVALID, unless it has
 * "%d" for the kernel to fill in. */
int net_devices_move(const struct config_linux *linux_, int target, int socket, struct error *err);
