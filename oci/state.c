#include "oci/state.h"

#include "oci/schema.h"

const char *container_status_name(enum container_status status)
{
	static const char *const names[] = {
		[STATUS_CREATING] = "creating", [STATUS_CREATED] = "created",
		[STATUS_RUNNING] = "running",	[STATUS_PAUSED] = "paused",
		[STATUS_STOPPED] = "stopped",
	};

	return names[status];
}

/* ---- the stored form ---- */

#define TABLE struct container_state
static const struct schema_row stored_rows[] = {
	ROW_PLAIN_UINT(TABLE, version, "version"),
	ROW_STRING(TABLE, id, "id", REQUIRED_FILLED),
	ROW_STRING(TABLE, oci_version, "ociVersion", REQUIRED),
	ROW_STRING(TABLE, bundle, "bundle", REQUIRED_PATH),
	ROW_STRING(TABLE, rootfs, "rootfs"),
	ROW_STRING(TABLE, created, "created"),
	ROW_PLAIN_UINT(TABLE, owner_uid, "ownerUid", UINT32),
	ROW_PLAIN_INT(TABLE, pid, "pid", RANGE(0, INT32_MAX)),
	ROW_PLAIN_UINT(TABLE, pid_start, "pidStart"),
	ROW_STRING(TABLE, cgroup_manager, "cgroupManager"),
	ROW_STRING(TABLE, cgroup_path, "cgroupPath"),
	ROW_PLAIN_BOOL(TABLE, cgroup_created, "cgroupCreated"),
	ROW_STRING(TABLE, cgroup_mark, "cgroupMark"),
	ROW_PLAIN_BOOL(TABLE, systemd_user, "systemdUser"),
	ROW_STRING(TABLE, intel_rdt_clos, "intelRdtClos"),
	ROW_STRING(TABLE, intel_rdt_monitoring, "intelRdtMonitoring"),
	ROW_PLAIN_BOOL(TABLE, no_new_keyring, "noNewKeyring"),
	ROW_PLAIN_BOOL(TABLE, has_poststart, "hasPoststart"),
	ROW_PLAIN_BOOL(TABLE, has_poststop, "hasPoststop"),
	ROW_STRINGS(TABLE, namespaces, "namespaces"),
	ROW_STRINGS(TABLE, descriptors, "descriptors"),
	ROW_STRING_MAP(TABLE, annotations, "annotations"),
};
static const struct schema stored_schema = SCHEMA(stored_rows, TABLE);

static const struct schema_row version_rows[] = { ROW_PLAIN_UINT(TABLE, version, "version") };
static const struct schema version_schema = SCHEMA(version_rows, TABLE);
#undef TABLE

static int encode(const struct schema *schema, const void *object, bool pretty,
		  struct buffer *buffer, struct error *err)
{
	struct json_writer writer;

	json_begin(&writer, pretty);
	schema_encode(schema, object, &writer);
	return json_finish(&writer, buffer, err);
}

int state_encode(const struct container_state *state, struct buffer *buffer, struct error *err)
{
	return encode(&stored_schema, state, false, buffer, err);
}

#define STATE_NAME "state.json"

static int newer(uint64_t version, struct error *err)
{
	return error_set(err, ERROR_UNSUPPORTED, NULL,
			 "the container was made by a newer proa (state version %ju, known is %d)",
			 (uintmax_t)version, STATE_VERSION);
}

/* What can't be read may be a newer one, which says other things: its version is where it always was. Always -1. */
static int explain_version(const char *bytes, size_t length, struct arena *arena, struct error *err)
{
	struct error ignored = ERROR_INIT;
	struct container_state state = { .version = 0 };

	schema_decode(&version_schema, bytes, length, STATE_NAME, arena, &state, &ignored);
	return state.version > STATE_VERSION ? newer(state.version, err) : -1;
}

int state_decode(const char *bytes, size_t length, struct arena *arena,
		 struct container_state **ret_state, struct error *err)
{
	struct container_state *state;

	if (arena_left(arena) < 2 * sizeof(*state))
		return error_set(err, ERROR_MEMORY, NULL, "no memory for a container's state");
	state = arena_alloc(arena, sizeof(*state));
	if (schema_decode(&stored_schema, bytes, length, STATE_NAME, arena, state, err) < 0)
		return explain_version(bytes, length, arena, err);
	if (state->version == 0)
		return error_set(err, ERROR_INVALID, state->id,
				 STATE_NAME ": version: is required");
	if (state->version > STATE_VERSION)
		return newer(state->version, err);
	*ret_state = state;
	return 0;
}

/* ---- what others see of it ---- */

struct shown_state {
	char *oci_version, *id, *status, *bundle, *rootfs, *created, *owner;
	int64_t pid;
	struct optional_uint oom_kills;
	struct string_map annotations;
};

/* The process of a container that has ended has no pid any more. */
static struct shown_state shown(const struct container_state *state)
{
	return (struct shown_state){
		.oci_version = state->oci_version,
		.id = state->id,
		.status = (char *)container_status_name(state->status),
		.bundle = state->bundle,
		.rootfs = state->rootfs,
		.created = state->created,
		.pid = state->status == STATUS_STOPPED ? 0 : state->pid,
		.oom_kills = { .set = state->oom_kills > 0, .value = state->oom_kills },
		.annotations = state->annotations,
	};
}

#define TABLE struct shown_state
static const struct schema_row hook_state_rows[] = {
	ROW_STRING(TABLE, oci_version, "ociVersion"),
	ROW_STRING(TABLE, id, "id"),
	ROW_STRING(TABLE, status, "status"),
	ROW_PLAIN_INT(TABLE, pid, "pid"),
	ROW_STRING(TABLE, bundle, "bundle"),
	ROW_STRING_MAP(TABLE, annotations, "annotations"),
};
static const struct schema hook_state_schema = SCHEMA(hook_state_rows, TABLE);

static const struct schema_row people_state_rows[] = {
	ROW_STRING(TABLE, oci_version, "ociVersion"),
	ROW_STRING(TABLE, id, "id"),
	ROW_PLAIN_INT(TABLE, pid, "pid"),
	ROW_STRING(TABLE, status, "status"),
	ROW_STRING(TABLE, bundle, "bundle"),
	ROW_STRING(TABLE, rootfs, "rootfs"),
	ROW_STRING(TABLE, created, "created"),
	ROW_UINT(TABLE, oom_kills, "oomKills"),
	ROW_STRING_MAP(TABLE, annotations, "annotations"),
	ROW_STRING(TABLE, owner, "owner"),
};
static const struct schema people_state_schema = SCHEMA(people_state_rows, TABLE);
#undef TABLE

struct listener_state {
	char *oci_version, *metadata;
	struct strings fds;
	int64_t pid;
	struct shown_state state;
};

#define TABLE struct listener_state
static const struct schema_row listener_state_rows[] = {
	ROW_STRING(TABLE, oci_version, "ociVersion"),
	ROW_STRINGS(TABLE, fds, "fds"),
	ROW_PLAIN_INT(TABLE, pid, "pid"),
	ROW_STRING(TABLE, metadata, "metadata"),
	ROW_OBJECT(TABLE, state, "state", struct shown_state, hook_state_schema),
};
static const struct schema listener_state_schema = SCHEMA(listener_state_rows, TABLE);
#undef TABLE

int state_encode_for_hooks(const struct container_state *state, struct buffer *buffer,
			   struct error *err)
{
	struct shown_state what = shown(state);

	return encode(&hook_state_schema, &what, false, buffer, err);
}

int state_encode_for_listener(const struct container_state *state, pid_t pid, const char *metadata,
			      struct buffer *buffer, struct error *err)
{
	char *fds[] = { (char *)"seccompFd" };
	struct listener_state what = {
		.oci_version = state->oci_version,
		.metadata = (char *)metadata,
		.fds = { fds, 1 },
		.pid = pid,
		.state = shown(state),
	};

	return encode(&listener_state_schema, &what, false, buffer, err);
}

int state_encode_for_people(const struct container_state *state, const char *owner,
			    struct buffer *buffer, struct error *err)
{
	struct shown_state what = shown(state);

	what.owner = (char *)owner;
	return encode(&people_state_schema, &what, true, buffer, err);
}
