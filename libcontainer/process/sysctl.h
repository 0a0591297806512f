/* linux.sysctl (config-linux.md, "Sysctl"; sysctl(8)). /proc/sys isn't separate for each container:
 * only what belongs to one of the container's own namespaces may be set. */
#pragma once

#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "oci/config.h"

struct sysctl_plan {
	struct sysctl_row {
		char *name; /* as the config writes it */
		char *path; /* below /proc: "sys/net/ipv4/ip_forward" */
		char *value;
	} * items;
	size_t count;
};

/* Names are written with dots or slashes: the first separator decides, the other one is then part
 * of a name ("net.ipv4.conf.eth0/1.forwarding" and "net/ipv4/conf/eth0.1/forwarding" are the same).
 * A sysctl that isn't of a namespace of the container is ERROR_INVALID. Parent; reads nothing but
 * the inode of a network namespace to join. */
int sysctl_plan(const struct config *config, struct arena *arena, struct sysctl_plan *ret_plan,
		struct error *err);

/* Write them. @procfs must be a whole one, writable, and trusted; the namespaces are those of the
 * caller. Init, with all its namespaces, before read-only paths apply and while it has
 * capabilities. */
int sysctl_apply(int procfs, const struct sysctl_plan *plan, struct error *err);
