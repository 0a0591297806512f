/* Prometheus' text format: what has one name stands together, below its HELP and TYPE. */
#include <string.h>

#include "src/statistics.h"

static bool is_told_by(const struct statistic_value *value, const char *metric)
{
	return value->found && value->row->metric && strcmp(value->row->metric, metric) == 0;
}

static void add_label(struct buffer *text, const char *name, const char *value)
{
	buffer_printf(text, "%s=\"", name);
	for (; *value; value++) {
		if (*value == '\n') {
			buffer_puts(text, "\\n");
			continue;
		}
		if (strchr("\\\"", *value))
			buffer_puts(text, "\\");
		buffer_add(text, value, 1);
	}
	buffer_puts(text, "\"");
}

static void add_sample(struct buffer *text, const char *id, const struct statistic_value *value)
{
	const struct statistic *row = value->row;
	char number[DECIMAL_SIZE];

	decimal_text(value->number, row->unit == UNIT_SECONDS ? 6 : row->decimals, number);
	buffer_printf(text, "%s{", row->metric);
	add_label(text, "id", id);
	if (row->labels)
		buffer_printf(text, ",%s", row->labels);
	if (row->instance) {
		buffer_puts(text, ",");
		add_label(text, row->instance, value->instance);
	}
	buffer_printf(text, "} %s\n", value->max ? "+Inf" : number);
}

static void add_metric(struct buffer *text, const char *id, const struct statistic *row,
		       const struct statistics *statistics)
{
	bool counter = text_ends(row->metric, "_total");

	buffer_printf(text, "# HELP %s %s\n# TYPE %s %s\n", row->metric, row->help, row->metric,
		      counter ? "counter" : "gauge");
	for (size_t i = 0; i < statistics->count; i++)
		if (is_told_by(&statistics->items[i], row->metric))
			add_sample(text, id, &statistics->items[i]);
}

void statistics_prom(const char *id, const struct statistics *statistics, struct buffer *text)
{
	for (size_t i = 0; i < statistics->count; i++) {
		const struct statistic *row = statistics->items[i].row;
		bool first = row->metric && statistics->items[i].found;

		for (size_t j = 0; first && j < i; j++)
			first = !is_told_by(&statistics->items[j], row->metric);
		if (first)
			add_metric(text, id, row, statistics);
	}
}
