/* Annotations of a config that change what the runtime does. Their names are crun's, for that is where engines and their users
 * have them from; those of systemd's units are the business of libcontainer/cgroup/systemd_annotations.h. Since they can
 * reach for the host, `features` lists them as unsafe. */
#pragma once

#include "base/error.h"
#include "oci/config.h"

/* Put what the annotations ask for into the fields of @config that are theirs. ERROR_INVALID for a value that is none of
 * the annotation's; unknown annotations mean nothing (config.md, Annotations). Pure. */
int annotations_apply(struct config *config, struct error *err);
