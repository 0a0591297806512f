/* Lazy pages at restore: the container runs before its memory is there, and `criu lazy-pages`, a process of its own, gets what
 * is used as it is used, and the rest meanwhile: from the images, or from the page server of a checkpoint that left it behind.
 * It ends by itself once all is there. Until then the memory depends on it, so it outlives us: with a session of its own,
 * /dev/null as its standard streams and in our cgroup, not in the container's.
 *
 * When it fails, because the page server is gone for example, the kernel gives zeroes for what it hasn't fetched, and the
 * container would go on with them. So it is watched by another process, which kills the container first. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/criu.h"
#include "checkpoint/images.h"

/* Start it for @images, unless somebody has done so in their work path (as runc's users do), connected to @server, and wait
 * until it listens. *ret_criu is
 * none then. What fails is explained by its log there. Parent. */
int lazy_start(const struct images *images, const struct page_server *server, struct criu *ret_criu,
	       struct error *err);

/* Does it still live, and is it watched from now on? Of a restore that is all but running, with its @cgroup, -1 if it has none,
 * and its first process. Fine if it is none. Parent. */
int lazy_watch(const struct images *images, const struct criu *criu, int cgroup, int pidfd,
	       struct error *err);

/* Kill it, for a container that didn't come to be. */
void lazy_stop(const struct images *images, struct criu *criu);

/* The restore is connected to it: leave it to its work, no child to be waited for any more. These two remove its socket from
 * the work path, and do nothing if it is none. */
void lazy_leave(const struct images *images, struct criu *criu);
