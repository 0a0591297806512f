/* How statistics are shown; all walk the one table (libcontainer/cgroup/statistics.h). Pure. */
#pragma once

#include "libcontainer/cgroup/statistics.h"

/* As `runc events` prints them, one line: {"type":"stats","id":…,"data":{…}} */
int statistics_json(const char *id, const struct statistics *statistics, struct buffer *text,
		    struct error *err);

/* In Prometheus' text format (0.0.4). */
void statistics_prom(const char *id, const struct statistics *statistics, struct buffer *text);

/* For people. @arena: what is needed meanwhile. */
void statistics_table(const struct statistics *statistics, struct arena *arena,
		      struct buffer *text);
