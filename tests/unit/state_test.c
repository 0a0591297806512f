/* oci/state.c */
#include "tests/unit/documents.h"

#include "base/cleanup.h"
#include "oci/state.h"

static char *mutable(const char *text)
{
	return (char *)text;
}

static struct container_state sample(void)
{
	static struct string_map_entry annotations[1];
	static char *namespaces[] = { NULL, NULL };

	annotations[0] = (struct string_map_entry){ mutable("key"), mutable("a \"value\"") };
	namespaces[0] = mutable("pid");
	namespaces[1] = mutable("mount");
	return (struct container_state){
		.version = STATE_VERSION,
		.id = mutable("web"),
		.oci_version = mutable("1.2.0"),
		.bundle = mutable("/b"),
		.rootfs = mutable("/b/rootfs"),
		.created = mutable("2026-11-22T10:00:00.123456789Z"),
		.owner_uid = 4294967294,
		.pid = 4422,
		.pid_start = 18446744073709551615u,
		.cgroup_manager = mutable("cgroupfs"),
		.cgroup_path = mutable("/group"),
		.cgroup_created = true,
		.intel_rdt_clos = mutable("class"),
		.no_new_keyring = true,
		.has_poststop = true,
		.namespaces = { namespaces, 2 },
		.annotations = { annotations, 1 },
		.status = STATUS_RUNNING,
	};
}

static const char *stored(const struct container_state *state)
{
	static struct buffer buffer;
	struct error err = ERROR_INIT;

	buffer.length = 0;
	CHECK(state_encode(state, &buffer, &err) == 0);
	return buffer.bytes;
}

static struct container_state *restored(const char *text)
{
	struct container_state *state;
	struct error err = ERROR_INIT;

	if (state_decode(text, strlen(text), test_arena(), &state, &err) < 0)
		harness_fail(__FILE__, __LINE__, "%s: %s", text, err.text);
	return state;
}

TEST(a_state_comes_back_as_it_was_stored)
{
	struct container_state before = sample();
	struct container_state *after = restored(stored(&before));

	CHECK_INT(after->version, STATE_VERSION);
	CHECK_STR(after->id, "web");
	CHECK_STR(after->oci_version, "1.2.0");
	CHECK_STR(after->bundle, "/b");
	CHECK_STR(after->rootfs, "/b/rootfs");
	CHECK_STR(after->created, before.created);
	CHECK(after->owner_uid == 4294967294 && after->pid == 4422);
	CHECK(after->pid_start == UINT64_MAX);
	CHECK_STR(after->cgroup_manager, "cgroupfs");
	CHECK_STR(after->cgroup_path, "/group");
	CHECK_STR(after->intel_rdt_clos, "class");
	CHECK(after->no_new_keyring);
	CHECK(after->cgroup_created && !after->has_poststart && after->has_poststop);
	CHECK_INT(after->namespaces.count, 2);
	CHECK_STR(after->namespaces.items[1], "mount");
	CHECK_STR(after->annotations.items[0].value, "a \"value\"");
	CHECK(!strchr(stored(&before), '\n'));
}

TEST(a_state_in_the_making_can_be_stored)
{
	struct container_state state = { .version = STATE_VERSION,
					 .id = mutable("a"),
					 .oci_version = mutable("1.0.0"),
					 .bundle = mutable("/b") };
	struct container_state *after = restored(stored(&state));

	CHECK(!after->created && !after->cgroup_path && after->pid == 0);
}

TEST(what_a_newer_proa_added_is_ignored)
{
	CHECK_STR(restored("{\"version\": 1, \"id\": \"a\", \"ociVersion\": \"1.0.0\", \"bundle\": "
			   "\"/b\", \"new\": {\"a\": []}}")
		      ->id,
		  "a");
}

TEST(what_is_no_state_is_refused)
{
	static const struct {
		const char *text;
		enum error_code code;
	} broken[] = {
		{ "", ERROR_INVALID },
		{ "{\"version\": 1, \"id\": \"a\"", ERROR_INVALID },
		{ "{\"version\": 1}", ERROR_INVALID },
		{ "{\"version\": 1, \"id\": \"\", \"ociVersion\": \"1.0.0\", \"bundle\": \"/b\"}",
		  ERROR_INVALID },
		{ "{\"id\": \"a\", \"ociVersion\": \"1.0.0\", \"bundle\": \"/b\"}", ERROR_INVALID },
		{ "{\"version\": 1, \"id\": \"a\", \"ociVersion\": \"1.0.0\", \"bundle\": \"b\"}",
		  ERROR_INVALID },
		{ "{\"version\": 1, \"id\": \"a\", \"ociVersion\": \"1.0.0\", \"bundle\": \"/b\", "
		  "\"pid\": -5}",
		  ERROR_INVALID },
		{ "{\"version\": 2, \"id\": \"a\", \"ociVersion\": \"1.0.0\", \"bundle\": \"/b\"}",
		  ERROR_UNSUPPORTED },
	};

	for (size_t i = 0; i < array_length(broken); i++) {
		struct container_state *state;
		struct error err = ERROR_INIT;

		CHECK(state_decode(broken[i].text, strlen(broken[i].text), test_arena(), &state,
				   &err) < 0);
		CHECK_INT(err.code, broken[i].code);
	}
}

TEST(a_bundle_that_json_cant_hold_is_refused_when_it_is_stored)
{
	_cleanup_buffer_ struct buffer buffer = BUFFER_INIT;
	struct container_state state = sample();
	struct error err = ERROR_INIT;

	state.bundle = mutable("/b\xff");
	CHECK(state_encode(&state, &buffer, &err) < 0);
	CHECK_STR(err.text, "bundle: not valid UTF-8");
}

TEST(hooks_get_the_state_of_the_spec)
{
	_cleanup_buffer_ struct buffer buffer = BUFFER_INIT;
	struct container_state state = sample();
	struct error err = ERROR_INIT;

	state.status = STATUS_CREATING;
	CHECK(state_encode_for_hooks(&state, &buffer, &err) == 0);
	CHECK_STR(buffer.bytes,
		  "{\"ociVersion\":\"1.2.0\",\"id\":\"web\",\"status\":\"creating\",\"pid\":4422,"
		  "\"bundle\":\"/b\",\"annotations\":{\"key\":\"a \\\"value\\\"\"}}");
}

TEST(a_stopped_container_has_no_pid_and_no_annotations_are_left_out)
{
	_cleanup_buffer_ struct buffer buffer = BUFFER_INIT;
	struct container_state state = sample();
	struct error err = ERROR_INIT;

	state.status = STATUS_STOPPED;
	state.annotations.count = 0;
	CHECK(state_encode_for_hooks(&state, &buffer, &err) == 0);
	CHECK_STR(buffer.bytes, "{\"ociVersion\":\"1.2.0\",\"id\":\"web\",\"status\":\"stopped\","
				"\"pid\":0,\"bundle\":\"/b\"}");
}

TEST(the_seccomp_agent_gets_the_container_process_state)
{
	/* spec: config-linux.md#the-container-process-state process-state-fields */
	/* spec: config-linux.md#seccomp seccomp-fd */
	_cleanup_buffer_ struct buffer buffer = BUFFER_INIT;
	struct container_state state = sample();
	struct error err = ERROR_INIT;

	state.annotations.count = 0;
	CHECK(state_encode_for_listener(&state, 77, "meta", &buffer, &err) == 0);
	CHECK_STR(buffer.bytes,
		  "{\"ociVersion\":\"1.2.0\",\"fds\":[\"seccompFd\"],\"pid\":77,\"metadata\":"
		  "\"meta\",\"state\":{\"ociVersion\":\"1.2.0\",\"id\":\"web\",\"status\":"
		  "\"running\",\"pid\":4422,\"bundle\":\"/b\"}}");
}

TEST(people_see_who_was_killed_for_memory)
{
	_cleanup_buffer_ struct buffer buffer = BUFFER_INIT;
	struct container_state state = sample();
	struct error err = ERROR_INIT;

	state.status = STATUS_STOPPED;
	CHECK(state_encode_for_people(&state, "", &buffer, &err) == 0);
	CHECK_LACKS(buffer.bytes, "oomKills");
	state.oom_kills = 3;
	CHECK(state_encode_for_people(&state, "", &buffer, &err) == 0);
	CHECK_HAS(buffer.bytes, "\t\"oomKills\": 3,\n");
	CHECK_LACKS(stored(&state), "oomKills");
}

TEST(people_see_owner_and_rootfs_too)
{
	_cleanup_buffer_ struct buffer buffer = BUFFER_INIT;
	struct container_state state = sample();
	struct error err = ERROR_INIT;

	state.status = STATUS_PAUSED;
	CHECK(state_encode_for_people(&state, "", &buffer, &err) == 0);
	CHECK_STR(buffer.bytes, "{\n"
				"\t\"ociVersion\": \"1.2.0\",\n"
				"\t\"id\": \"web\",\n"
				"\t\"pid\": 4422,\n"
				"\t\"status\": \"paused\",\n"
				"\t\"bundle\": \"/b\",\n"
				"\t\"rootfs\": \"/b/rootfs\",\n"
				"\t\"created\": \"2026-11-22T10:00:00.123456789Z\",\n"
				"\t\"annotations\": {\n"
				"\t\t\"key\": \"a \\\"value\\\"\"\n"
				"\t},\n"
				"\t\"owner\": \"\"\n"
				"}\n");
}
