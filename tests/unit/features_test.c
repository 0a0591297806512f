/* oci/features.c */
#include "tests/unit/documents.h"

#include "base/cleanup.h"
#include "oci/features.h"

static const char *encoded(const struct features *features)
{
	static struct buffer buffer;
	struct error err = ERROR_INIT;

	buffer.length = 0;
	CHECK(features_encode(features, &buffer, &err) == 0);
	return buffer.bytes;
}

static struct features known(void)
{
	struct features features = { 0 };

	features_from_schema(&features, test_arena());
	return features;
}

TEST(versions_and_hooks_come_from_the_schema)
{
	struct features features = known();
	const char *text = encoded(&features);

	CHECK(text_starts(text, "{\n\t\"ociVersionMin\": \"1.0.0\",\n\t\"ociVersionMax\": "
				"\"1.3.0\",\n\t\"hooks\": [\n\t\t\"prestart\",\n"
				"\t\t\"createRuntime\",\n\t\t\"createContainer\",\n"
				"\t\t\"startContainer\",\n\t\t\"poststart\",\n\t\t\"poststop\"\n"
				"\t],\n\t\"linux\": {\n"));
}

#define CONFIG "{\"ociVersion\": \"1.0.0\", \"root\": {\"path\": \"r\"}, "

/* A name that is announced is accepted where a config would have it: between these. */
static void check_accepted(const struct strings *names, const char *before, const char *after)
{
	CHECK(names->count > 0);
	for (size_t i = 0; i < names->count; i++) {
		_cleanup_buffer_ struct buffer text = BUFFER_INIT;

		buffer_printf(&text, CONFIG "%s\"%s\"%s", before, names->items[i], after);
		CHECK_INT(parse(text.bytes, DOCUMENT_CONFIG)->warnings.count, 0);
	}
}

TEST(what_is_announced_is_accepted)
{
	/* spec: features-linux.md#namespaces features-namespaces */
	/* spec: features-linux.md#capabilities features-capabilities */
	/* spec: features-linux.md#seccomp features-actions */
	/* spec: features-linux.md#seccomp features-operators */
	/* spec: features-linux.md#seccomp features-archs */
	/* spec: features-linux.md#seccomp features-known-flags */
	/* spec: features-linux.md#memorypolicy features-memory-modes */
	/* spec: features-linux.md#memorypolicy features-memory-flags */
	struct features features = known();
	struct features_linux *linux_ = &features.linux_;
	struct strings no_user = linux_->namespaces;

	/* "user" and "uts" come last; a user namespace needs mappings */
	CHECK_STR(no_user.items[no_user.count - 2], "user");
	no_user.count -= 2;
	check_accepted(&no_user, "\"linux\": {\"namespaces\": [{\"type\": ", "}]}}");
	check_accepted(&linux_->capabilities,
		       "\"process\": {\"cwd\": \"/\", \"args\": [\"a\"], \"capabilities\": "
		       "{\"bounding\": [",
		       "]}}}");
	check_accepted(&linux_->seccomp.actions,
		       "\"linux\": {\"seccomp\": {\"defaultAction\": ", "}}}");
	check_accepted(&linux_->seccomp.archs,
		       "\"linux\": {\"seccomp\": {\"defaultAction\": \"SCMP_ACT_LOG\", "
		       "\"architectures\": [",
		       "]}}}");
	check_accepted(
	    &linux_->seccomp.known_flags,
	    "\"linux\": {\"seccomp\": {\"defaultAction\": \"SCMP_ACT_LOG\", \"flags\": [", "]}}}");
	check_accepted(
	    &linux_->seccomp.operators,
	    "\"linux\": {\"seccomp\": {\"defaultAction\": \"SCMP_ACT_LOG\", "
	    "\"syscalls\": [{\"names\": [\"a\"], \"action\": \"SCMP_ACT_TRAP\", \"args\": "
	    "[{\"index\": 0, \"value\": 0, \"op\": ",
	    "}]}]}}}");
	check_accepted(&linux_->memory_policy.modes,
		       "\"linux\": {\"memoryPolicy\": {\"mode\": ", "}}}");
	check_accepted(&linux_->memory_policy.flags,
		       "\"linux\": {\"memoryPolicy\": {\"mode\": \"MPOL_BIND\", \"flags\": [",
		       "]}}}");
}

TEST(what_nobody_said_is_left_out)
{
	struct features features = { .oci_version_min = (char *)"1.0.0",
				     .oci_version_max = (char *)"1.3.0" };

	CHECK_STR(encoded(&features), "{\n\t\"ociVersionMin\": \"1.0.0\",\n\t\"ociVersionMax\": "
				      "\"1.3.0\"\n}\n");
}

TEST(false_is_not_absence)
{
	/* spec: features.md#features-structure features-null */
	struct features features = { 0 };

	features.linux_.cgroup.v1 = FEATURE(false);
	features.linux_.mount_extensions.idmap.enabled = FEATURE(true);
	CHECK_STR(encoded(&features), "{\n\t\"linux\": {\n\t\t\"cgroup\": {\n\t\t\t\"v1\": false\n"
				      "\t\t},\n\t\t\"mountExtensions\": {\n\t\t\t\"idmap\": {\n"
				      "\t\t\t\t\"enabled\": true\n\t\t\t}\n\t\t}\n\t}\n}\n");
}
