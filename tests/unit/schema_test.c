/* oci/schema_*.c: the tables, the decoder, the encoder. */
#include "tests/unit/documents.h"

#include "base/cleanup.h"
#include "oci/schema.h"

/* ---- sets of lines ---- */

struct lines {
	char *items[4096];
	size_t count;
};

static void add_line(struct lines *lines, const char *line)
{
	CHECK(lines->count < array_length(lines->items));
	lines->items[lines->count++] = arena_strdup(test_arena(), line);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort_lines(struct lines *lines)
{
	qsort(lines->items, lines->count, sizeof(char *), by_text);
}

static void check_same(const struct lines *got, const struct lines *want)
{
	size_t g = 0, w = 0;

	while (g < got->count || w < want->count) {
		int order = g == got->count    ? 1
			    : w == want->count ? -1
					       : strcmp(got->items[g], want->items[w]);

		if (order < 0)
			harness_fail(__FILE__, __LINE__, "too much: %s", got->items[g]);
		if (order > 0)
			harness_fail(__FILE__, __LINE__, "missing: %s", want->items[w]);
		g++;
		w++;
	}
}

/* ---- the tables against the runtime-spec ---- */

static void walk(const struct schema *schema, const char *path, struct lines *lines)
{
	for (size_t i = 0; i < schema->count; i++) {
		const struct schema_row *row = &schema->rows[i];
		char below[256];

		CHECK_INT(row->length, strlen(row->key));
		snprintf(below, sizeof(below), "%s%s%s", path, *path ? "." : "", row->key);
		add_line(lines, below);
		if (!row->applied_by || !row->applied_by[0])
			harness_fail(__FILE__, __LINE__, "%s: applied by nothing", below);
		if (row->kind == SCHEMA_LIST)
			strcat(below, "[]");
		if (row->kind == SCHEMA_OBJECT_MAP)
			strcat(below, "{}");
		if (row->object)
			walk(row->object, below, lines);
	}
}

/* tests/data/config-properties.txt is made from the spec's own schema. */
TEST(every_property_of_the_spec_has_a_row_and_every_row_a_property)
{
	struct data list = read_data("config-properties.txt");
	static struct lines rows, properties;

	for (char *line = strtok(list.bytes, "\n"); line; line = strtok(NULL, "\n"))
		add_line(&properties, line);
	CHECK(properties.count > 200);
	walk(&schema_config, "", &rows);
	sort_lines(&properties);
	sort_lines(&rows);
	check_same(&rows, &properties);
}

static void check_tables(const struct schema *schema)
{
	CHECK(schema->count <= 64); /* the decoder's bits */
	for (size_t i = 0; i < schema->count; i++) {
		const struct schema_row *row = &schema->rows[i];

		CHECK(schema_find(schema, row->key, row->length) == row);
		CHECK(row->offset < schema->size);
		for (size_t j = 0; j < i; j++)
			CHECK(schema->rows[j].offset != row->offset);
		if (row->object)
			check_tables(row->object);
	}
}

TEST(rows_of_a_table_have_keys_and_fields_of_their_own)
{
	check_tables(&schema_config);
}

/* ---- a document with every property, there and back ---- */

/* Each scalar as a line "path=value". */
struct flattener {
	struct lines *lines;
	unsigned int depth;
	struct level {
		bool array;
		size_t index;
		char key[64];
	} levels[JSON_DEPTH_MAX];
};

static void write_line(struct flattener *f, const char *value, size_t length)
{
	char line[1024] = "";

	for (unsigned int i = 0; i < f->depth; i++) {
		size_t at = strlen(line);

		if (f->levels[i].array)
			snprintf(line + at, sizeof(line) - at, "[%zu]", f->levels[i].index);
		else
			snprintf(line + at, sizeof(line) - at, ".%s", f->levels[i].key);
	}
	snprintf(line + strlen(line), sizeof(line) - strlen(line), "=%.*s", (int)length, value);
	add_line(f->lines, line);
}

static void next_item(struct flattener *f)
{
	if (f->depth)
		f->levels[f->depth - 1].index++;
}

static int flatten_event(void *context, const struct json_event *event, struct error *err)
{
	struct flattener *f = context;

	(void)err;
	switch (event->kind) {
	case JSON_KEY:
		snprintf(f->levels[f->depth - 1].key, sizeof(f->levels[0].key), "%.*s",
			 (int)event->length, event->text);
		break;
	case JSON_OBJECT:
	case JSON_ARRAY:
		write_line(f, event->kind == JSON_ARRAY ? "[" : "{", 1);
		f->levels[f->depth++] = (struct level){ .array = event->kind == JSON_ARRAY };
		break;
	case JSON_OBJECT_END:
	case JSON_ARRAY_END:
		f->depth--;
		next_item(f);
		break;
	case JSON_BOOL:
		write_line(f, event->boolean ? "true" : "false", 5 - event->boolean);
		next_item(f);
		break;
	default:
		write_line(f, event->text, event->length);
		next_item(f);
	}
	return 0;
}

static void flatten(const char *bytes, size_t length, struct lines *lines)
{
	struct flattener flattener = { .lines = lines };
	struct error err = ERROR_INIT;

	if (json_read(bytes, length, "f", flatten_event, &flattener, &err) < 0)
		harness_fail(__FILE__, __LINE__, "%s", err.text);
	sort_lines(lines);
}

static struct config *decode_full(struct data *text)
{
	struct config *config = arena_alloc(test_arena(), sizeof(*config));
	struct error err = ERROR_INIT;

	*text = read_data("config-full.json");
	if (schema_decode(&schema_config, text->bytes, text->length, "f", test_arena(), config,
			  &err) < 0)
		harness_fail(__FILE__, __LINE__, "%s", err.text);
	return config;
}

TEST(a_document_with_every_property_comes_back_as_it_went)
{
	static struct lines before, after;
	_cleanup_buffer_ struct buffer encoded = BUFFER_INIT;
	struct data original;
	struct config *config = decode_full(&original);
	struct json_writer writer;
	struct error err = ERROR_INIT;

	json_begin(&writer, true);
	schema_encode(&schema_config, config, &writer);
	CHECK(json_finish(&writer, &encoded, &err) == 0);
	flatten(original.bytes, original.length, &before);
	flatten(encoded.bytes, encoded.length, &after);
	check_same(&after, &before);
}

/* Remove what tells one item or key of a path from another: "linux.rdma.mlx5.hcaHandles=1" and its
 * like, as config-properties.txt writes them. */
static bool holds_property(const struct lines *lines, const char *property)
{
	for (size_t i = 0; i < lines->count; i++) {
		const char *have = lines->items[i] + 1, *want = property;

		while (*want && *have && *have != '=') {
			if (text_starts(want, "[]") && *have == '[') {
				have = strchr(have, ']') + 1;
				want += 2;
			} else if (text_starts(want, "{}") && *have == '.') {
				have += 1 + strcspn(have + 1, ".=");
				want += 2;
			} else if (*have++ != *want++) {
				break;
			}
		}
		if (!*want && *have == '=')
			return true;
	}
	return false;
}

TEST(that_document_has_every_property_of_the_spec)
{
	struct data list = read_data("config-properties.txt"), text = read_data("config-full.json");
	static struct lines lines;

	flatten(text.bytes, text.length, &lines);
	for (char *line = strtok(list.bytes, "\n"); line; line = strtok(NULL, "\n"))
		if (!holds_property(&lines, line))
			harness_fail(__FILE__, __LINE__, "config-full.json lacks %s", line);
}

/* ---- keys and fields are of one name ---- */

TEST(each_key_is_decoded_into_the_field_of_its_name)
{
	struct data text;
	const struct config *c = decode_full(&text);
	const struct config_linux *l = c->linux_;
	const struct config_resources *r = l->resources;

	CHECK_INT(c->process->console_size->height.value, 1001);
	CHECK_INT(c->process->console_size->width.value, 1002);
	CHECK_INT(c->process->user.uid.value, 1003);
	CHECK_INT(c->process->user.gid.value, 1004);
	CHECK_INT(c->process->user.umask.value, 63);
	CHECK_INT(c->process->user.additional_gids.items[2], 1007);
	CHECK_STR(c->process->args.items[2], "");
	CHECK_STR(c->process->env.items[0], "A=1");
	CHECK_STR(c->process->cwd, "/work");
	CHECK_STR(c->process->capabilities->bounding.items[0], "CAP_CHOWN");
	CHECK_STR(c->process->capabilities->effective.items[1], "CAP_SETUID");
	CHECK_STR(c->process->capabilities->inheritable.items[0], "CAP_SETGID");
	CHECK_STR(c->process->capabilities->permitted.items[0], "CAP_SETPCAP");
	CHECK_STR(c->process->capabilities->ambient.items[0], "CAP_MKNOD");
	CHECK(c->process->rlimits.items[0].hard.value == UINT64_MAX);
	CHECK_INT(c->process->rlimits.items[1].hard.value, 1009);
	CHECK_INT(c->process->rlimits.items[1].soft.value, 1010);
	CHECK(c->process->terminal.value && c->process->no_new_privileges.set &&
	      !c->process->no_new_privileges.value);
	CHECK_STR(c->process->apparmor_profile, "profile");
	CHECK_STR(c->process->selinux_label, "system_u:object_r:process_t:s0");
	CHECK_INT(c->process->oom_score_adj.value, -17);
	CHECK_INT(c->process->scheduler->nice.value, -3);
	CHECK_INT(c->process->scheduler->priority.value, 7);
	CHECK_INT(c->process->scheduler->runtime.value, 1011);
	CHECK_INT(c->process->scheduler->deadline.value, 1012);
	CHECK_INT(c->process->scheduler->period.value, 1013);
	CHECK_STR(c->process->io_priority->io_class, "IOPRIO_CLASS_BE");
	CHECK_STR(c->process->exec_cpu_affinity->initial, "0-1");
	CHECK_STR(c->process->exec_cpu_affinity->final, "2,3");
	CHECK_STR(c->hostname, "host");
	CHECK_STR(c->domainname, "domain");
	CHECK_STR(c->mounts.items[0].destination, "/data");
	CHECK_STR(c->mounts.items[0].type, "bind");
	CHECK_STR(c->mounts.items[0].source, "/source");
	CHECK_INT(c->mounts.items[0].uid_mappings.items[0].container_id.value, 1014);
	CHECK_INT(c->mounts.items[0].uid_mappings.items[0].host_id.value, 1015);
	CHECK_INT(c->mounts.items[0].uid_mappings.items[0].size.value, 1016);
	CHECK_INT(c->mounts.items[0].gid_mappings.items[0].container_id.value, 1017);
	CHECK_STR(c->hooks->prestart.items[0].path, "/hooks/prestart");
	CHECK_STR(c->hooks->create_runtime.items[0].args.items[1], "-createRuntime");
	CHECK_STR(c->hooks->create_container.items[0].env.items[0], "HOOK=createContainer");
	CHECK_STR(c->hooks->start_container.items[0].path, "/hooks/startContainer");
	CHECK_INT(c->hooks->poststart.items[0].timeout.value, 14);
	CHECK_STR(c->hooks->poststop.items[0].path, "/hooks/poststop");
	CHECK_INT(l->uid_mappings.items[0].host_id.value, 1021);
	CHECK_INT(l->gid_mappings.items[0].host_id.value, 1024);
	CHECK_INT(r->devices.items[1].major.value, 1026);
	CHECK_INT(r->devices.items[1].minor.value, 1027);
	CHECK_INT(r->memory->limit.value, 1028);
	CHECK_INT(r->memory->reservation.value, 1029);
	CHECK_INT(r->memory->swap.value, -1);
	CHECK_INT(r->memory->kernel.value, 1030);
	CHECK_INT(r->memory->kernel_tcp.value, 1031);
	CHECK(r->memory->disable_oom_killer.value && !r->memory->use_hierarchy.value &&
	      r->memory->check_before_update.value);
	CHECK_INT(r->cpu->shares.value, 1032);
	CHECK_INT(r->cpu->quota.value, -2);
	CHECK_INT(r->cpu->burst.value, 1033);
	CHECK_INT(r->cpu->period.value, 1034);
	CHECK_INT(r->cpu->realtime_runtime.value, -3);
	CHECK_INT(r->cpu->realtime_period.value, 1035);
	CHECK_STR(r->cpu->cpus, "0-3");
	CHECK_STR(r->cpu->mems, "0");
	CHECK_INT(r->pids->limit.value, 1036);
	CHECK_INT(r->block_io->weight.value, 1037);
	CHECK_INT(r->block_io->leaf_weight.value, 1038);
	CHECK_INT(r->block_io->weight_device.items[0].major.value, 1039);
	CHECK_INT(r->block_io->weight_device.items[0].leaf_weight.value, 1042);
	CHECK_INT(r->block_io->throttle_read_bps_device.items[0].rate.value, 1045);
	CHECK_INT(r->block_io->throttle_write_bps_device.items[0].rate.value, 1048);
	CHECK_INT(r->block_io->throttle_read_iops_device.items[0].rate.value, 1051);
	CHECK_INT(r->block_io->throttle_write_iops_device.items[0].minor.value, 1053);
	CHECK_INT(r->rdma.items[0].hca_handles.value, 1058);
	CHECK_STR(r->rdma.items[0].key, "mlx5_0");
	CHECK_STR(r->unified.items[1].key, "io.max");
	CHECK_STR(l->cgroups_path, "/group");
	CHECK_INT(l->devices.items[0].minor.value, 1061);
	CHECK_INT(l->devices.items[0].file_mode.value, 0666);
	CHECK_INT(l->devices.items[0].uid.value, 1062);
	CHECK_INT(l->devices.items[0].gid.value, 1063);
	CHECK_STR(l->net_devices.items[0].key, "eth1");
	CHECK_STR(l->net_devices.items[0].name, "inside");
	CHECK(!l->net_devices.items[1].name);
	CHECK(l->seccomp->flags_set && l->seccomp->flags.count == 0);
	CHECK(l->seccomp->syscalls.items[1].args.items[0].value.value == UINT64_MAX - 1);
	CHECK_INT(l->seccomp->syscalls.items[1].args.items[0].value_two.value, 1064);
	CHECK_STR(l->seccomp->listener_path, "/run/agent");
	CHECK_STR(l->seccomp->listener_metadata, "metadata");
	CHECK_STR(l->masked_paths.items[0], "/proc/kcore");
	CHECK_STR(l->readonly_paths.items[1], "/proc/bus");
	CHECK_STR(l->intel_rdt->clos_id, "class");
	CHECK_STR(l->intel_rdt->l3_cache_schema, "L3:0=ff");
	CHECK_STR(l->intel_rdt->mem_bw_schema, "MB:0=20");
	CHECK_STR(l->memory_policy->nodes, "0,1");
	CHECK_STR(l->personality->domain, "LINUX32");
	CHECK_INT(l->time_offsets->monotonic->secs.value, -86400);
	CHECK_INT(l->time_offsets->boottime->secs.value, 1066);
}

/* ---- what the decoder refuses, whatever the schema ---- */

struct item {
	char *name;
	struct optional_uint number;
};

struct sample {
	char *text, *path, *word;
	struct strings strings;
	struct optional_bool flag;
	struct optional_int number;
	struct optional_uint count;
	int64_t plain;
	struct config_gids ids;
	LIST(struct item) list;
	struct string_map map;
	struct item inner, *pointer;
};

static const struct name_value words[] = { { "up", 1 }, { "down", 2 }, { NULL, 0 } };

static const struct schema_row item_rows[] = {
	ROW_STRING(struct item, name, "name", REQUIRED),
	ROW_UINT(struct item, number, "number"),
};
static const struct schema item_schema = SCHEMA(item_rows, struct item, .closed = true);

#define TABLE struct sample
static const struct schema_row sample_rows[] = {
	ROW_STRING(TABLE, text, "text", NOT_EMPTY),
	ROW_STRING(TABLE, path, "path", OPTIONAL_PATH),
	ROW_STRING(TABLE, word, "word", ONE_OF(words)),
	ROW_STRINGS(TABLE, strings, "strings", NOT_EMPTY),
	ROW_BOOL(TABLE, flag, "flag"),
	ROW_INT(TABLE, number, "number", RANGE(-5, 5)),
	ROW_UINT(TABLE, count, "count"),
	ROW_PLAIN_INT(TABLE, plain, "plain"),
	ROW_IDS(TABLE, ids, "ids"),
	ROW_LIST(TABLE, list, "list", struct item, item_schema),
	ROW_STRING_MAP(TABLE, map, "map"),
	ROW_OBJECT(TABLE, inner, "inner", struct item, item_schema),
	ROW_POINTER(TABLE, pointer, "pointer", struct item, item_schema),
};
static const struct schema sample_schema = SCHEMA(sample_rows, TABLE);
#undef TABLE

static int decode(const char *text, struct sample *sample, struct error *err)
{
	*sample = (struct sample){ 0 };
	*err = (struct error)ERROR_INIT;
	return schema_decode(&sample_schema, text, strlen(text), "f", test_arena(), sample, err);
}

static const struct {
	const char *text, *error;
} broken[] = {
	{ "[]", "f:1: expected an object, found an array" },
	{ "null", "f:1: expected an object, found null" },
	{ "{\n\"text\": 1}", "f:2: text: expected a string, found 1" },
	{ "{\"text\": \"\"}", "f:1: text: must not be empty" },
	{ "{\"text\": {}}", "f:1: text: expected a string, found an object" },
	{ "{\"path\": \"a/b\"}", "f:1: path: expected an absolute path, found \"a/b\"" },
	{ "{\"word\": \"left\"}", "f:1: word: expected one of \"up\", \"down\", found \"left\"" },
	{ "{\"word\": \"\\u001b[2J\"}",
	  "f:1: word: expected one of \"up\", \"down\", found \"?[2J\"" },
	{ "{\"strings\": \"a\"}", "f:1: strings: expected an array, found \"a\"" },
	{ "{\"strings\": []}", "f:1: strings: must not be empty" },
	{ "{\"strings\": [\"a\", null]}", "f:1: strings[1]: expected a string, found null" },
	{ "{\"strings\": [\"a\", true]}", "f:1: strings[1]: expected a string, found true" },
	{ "{\"flag\": 0}", "f:1: flag: expected true or false, found 0" },
	{ "{\"number\": 6}", "f:1: number: expected an integer from -5 to 5, found 6" },
	{ "{\"number\": -6}", "f:1: number: expected an integer from -5 to 5, found -6" },
	{ "{\"number\": 1.0}", "f:1: number: expected an integer from -5 to 5, found 1.0" },
	{ "{\"number\": 1e0}", "f:1: number: expected an integer from -5 to 5, found 1e0" },
	{ "{\"number\": \"512M\"}", "f:1: number: expected an integer, found \"512M\"" },
	{ "{\"count\": -1}",
	  "f:1: count: expected an integer from 0 to 18446744073709551615, found -1" },
	{ "{\"count\": 18446744073709551616}", "f:1: count: expected an integer from 0 to "
					       "18446744073709551615, found 18446744073709551616" },
	{ "{\"plain\": 9223372036854775808}",
	  "f:1: plain: expected an integer from -9223372036854775808 to 9223372036854775807, "
	  "found 9223372036854775808" },
	{ "{\"ids\": [0, 4294967296]}",
	  "f:1: ids[1]: expected an integer from 0 to 4294967295, found 4294967296" },
	{ "{\"list\": [{\"name\": \"a\"}, {}]}", "f:1: list[1].name: is required" },
	{ "{\"list\": [{\"name\": null}]}", "f:1: list[0].name: is required" },
	{ "{\"list\": [[]]}", "f:1: list[0]: expected an object, found an array" },
	{ "{\"list\": [{\"name\": \"a\", \"size\": 1}]}", "f:1: list[0]: \"size\" is unknown" },
	{ "{\"inner\": {\"number\": 1}}", "f:1: inner.name: is required" },
	{ "{\"pointer\": 5}", "f:1: pointer: expected an object, found 5" },
	{ "{\"map\": {\"a.b\": {}}}", "f:1: map[\"a.b\"]: expected a string, found an object" },
	{ "{\"map\": {\"a\": \"1\", \"b\": \"2\",\n\"a\": \"3\"}}",
	  "f:2: map[\"a\"]: given twice" },
	{ "{\"flag\": true, \"flag\": true}", "f:1: flag: given twice" },
	{ "{\"flag\": null, \"flag\": true}", "f:1: flag: given twice" },
	{ "{\"list\": [{\"name\": \"a\", \"name\": \"b\"}]}", "f:1: list[0].name: given twice" },
	{ "{\"text\": \"a\\u0000\"}", "f:1: a string holds a NUL byte" },
};

TEST(a_wrong_value_names_line_path_expected_and_found)
{
	for (size_t i = 0; i < array_length(broken); i++) {
		struct sample sample;
		struct error err;

		if (decode(broken[i].text, &sample, &err) == 0)
			harness_fail(__FILE__, __LINE__, "accepted: %s", broken[i].text);
		CHECK_INT(err.code, ERROR_INVALID);
		CHECK_STR(err.text, broken[i].error);
	}
}

TEST(the_error_carries_the_path)
{
	struct sample sample;
	struct error err;

	CHECK(decode("{\"list\": [{\"name\": \"a\"}, {\"number\": \"x\"}]}", &sample, &err) < 0);
	CHECK_STR(err.object, "list[1].number");
}

TEST(found_text_is_cut_between_characters)
{
	char text[400] = "{\"flag\": \"x";
	struct sample sample;
	struct error err;

	for (int i = 0; i < 80; i++)
		strcat(text, "\xc3\xa4");
	strcat(text, "\"}");
	CHECK(decode(text, &sample, &err) < 0);
	CHECK(strstr(err.text, "\xc3\xa4...\""));
	for (const char *at = err.text; *at; at += utf8_length(at))
		CHECK(utf8_length(at) > 0);
}

TEST(null_is_absence)
{
	struct sample sample;
	struct error err;

	CHECK(decode("{\"text\": null, \"strings\": null, \"flag\": null, \"plain\": null, "
		     "\"list\": null, \"map\": {\"a\": null}, \"pointer\": null}",
		     &sample, &err) == 0);
	CHECK(!sample.text && !sample.strings.count && !sample.flag.set && !sample.plain);
	CHECK(!sample.list.count && !sample.map.count && !sample.pointer);
}

TEST(an_empty_optional_path_is_absence)
{
	struct sample sample;
	struct error err;

	CHECK(decode("{\"path\": \"\"}", &sample, &err) == 0);
	CHECK(!sample.path);
}

TEST(unknown_properties_are_skipped_with_all_below_them)
{
	/* spec: config.md#extensibility unknown-ignored */
	struct sample sample;
	struct error err;

	CHECK(decode("{\"a\": {\"text\": [1, {\"b\": null}]}, \"b\": [[], {}], \"c\": 1, \"c\": 2, "
		     "\"text\": \"t\", \"d\": null, \"e\": true}",
		     &sample, &err) == 0);
	CHECK_STR(sample.text, "t");
}

TEST(lists_of_any_length_are_whole)
{
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;
	struct sample sample;
	struct error err;
	size_t count = 1000;

	buffer_puts(&text, "{\"list\": [");
	for (size_t i = 0; i < count; i++)
		buffer_printf(&text, "%s{\"name\": \"n%zu\", \"number\": %zu}", i ? "," : "", i, i);
	buffer_puts(&text, "]}");
	CHECK(decode(text.bytes, &sample, &err) == 0);
	CHECK_INT(sample.list.count, count);
	for (size_t i = 0; i < count; i++)
		CHECK_INT(sample.list.items[i].number.value, i);
	CHECK_STR(sample.list.items[999].name, "n999");
}

TEST(a_document_that_needs_more_than_the_arena_is_refused)
{
	static const char *const items_of[] = { "\"\"", "{\"name\":\"\"}" };
	static const char *const keys[] = { "strings", "list" };

	for (size_t i = 0; i < array_length(keys); i++) {
		_cleanup_buffer_ struct buffer items = BUFFER_INIT, text = BUFFER_INIT;
		_cleanup_arena_ struct arena arena = ARENA_INIT;
		struct sample sample = { 0 };
		struct error err = ERROR_INIT;

		for (int n = 0; n < 20000; n++)
			buffer_printf(&items, "%s,", items_of[i]);
		buffer_printf(&text, "{\"%s\": [%s%s]}", keys[i], items.bytes, items_of[i]);
		CHECK(arena_init(&arena, 65536, &err) == 0);
		CHECK(schema_decode(&sample_schema, text.bytes, text.length, "f", &arena, &sample,
				    &err) < 0);
		CHECK_INT(err.code, ERROR_INVALID);
		CHECK(strstr(err.text, "the document needs more memory than it may have"));
	}
}

TEST(a_place_is_found_again)
{
	const char *text = "{\n\"list\": [\n{\"name\": \"a\"},\n{\n\"name\": \"b\"}]}";
	struct error err = ERROR_INIT;

	error_set(&err, ERROR_UNSUPPORTED, "list[1].name", "list[1].name: not here");
	CHECK(schema_locate(&sample_schema, text, strlen(text), "f", &err) < 0);
	CHECK_STR(err.text, "f:5: list[1].name: not here");
	CHECK_INT(err.code, ERROR_UNSUPPORTED);
	error_set(&err, ERROR_INVALID, "list[1].number", "list[1].number: is needed");
	CHECK(schema_locate(&sample_schema, text, strlen(text), "f", &err) < 0);
	CHECK_STR(err.text, "f:4: list[1].number: is needed");
	error_set(&err, ERROR_INVALID, "text", "text: is needed");
	CHECK(schema_locate(&sample_schema, text, strlen(text), "f", &err) < 0);
	CHECK_STR(err.text, "f: text: is needed");
}

/* ---- any damage is survived ---- */

TEST(no_truncated_document_is_accepted)
{
	struct data text;

	decode_full(&text);
	for (size_t length = 0; length < text.length - 2; length += 3) {
		_cleanup_arena_ struct arena arena = ARENA_INIT;
		struct config config = { 0 };
		struct error err = ERROR_INIT;

		CHECK(arena_init(&arena, 1 << 20, &err) == 0);
		CHECK(schema_decode(&schema_config, text.bytes, length, "f", &arena, &config,
				    &err) < 0);
		CHECK_INT(err.code, ERROR_INVALID);
	}
}

TEST(no_damaged_byte_does_more_than_an_error)
{
	static const char damage[] = { '"', '{', ']', ',', '0', '\\', '\xff', '\0' };
	struct data text;

	decode_full(&text);
	for (size_t i = 0; i < text.length; i++) {
		_cleanup_arena_ struct arena arena = ARENA_INIT;
		struct config config = { 0 };
		struct error err = ERROR_INIT;
		char kept = text.bytes[i];

		text.bytes[i] = damage[i % array_length(damage)];
		CHECK(arena_init(&arena, 1 << 20, &err) == 0);
		if (schema_decode(&schema_config, text.bytes, text.length, "f", &arena, &config,
				  &err) < 0)
			CHECK(text_starts(err.text, "f:"));
		text.bytes[i] = kept;
	}
}
