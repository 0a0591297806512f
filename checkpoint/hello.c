#include "checkpoint/hello.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "checkpoint/cpu.h"
#include "checkpoint/criu.h"
#include "oci/schema.h"

#define DOCUMENT "the greeting"

#define TABLE struct hello
static const struct schema_row hello_rows[] = {
	ROW_PLAIN_UINT(TABLE, version, "version"),
	ROW_STRING(TABLE, proa, "proa", REQUIRED),
	ROW_STRING(TABLE, id, "id", REQUIRED_FILLED),
	ROW_STRING(TABLE, bundle, "bundle", REQUIRED_PATH),
	ROW_STRING(TABLE, manager, "cgroupManager", REQUIRED),
	ROW_STRING(TABLE, architecture, "architecture", REQUIRED_FILLED),
	ROW_STRING(TABLE, kernel, "kernel", REQUIRED_FILLED),
	ROW_PLAIN_UINT(TABLE, criu, "criu"),
	ROW_STRINGS(TABLE, cpu, "cpu"),
	ROW_PLAIN_BOOL(TABLE, tcp_established, "tcpEstablished"),
	ROW_PLAIN_BOOL(TABLE, tcp_close, "tcpClose"),
	ROW_PLAIN_BOOL(TABLE, ext_unix_sk, "extUnixSk"),
	ROW_PLAIN_BOOL(TABLE, file_locks, "fileLocks"),
	ROW_PLAIN_BOOL(TABLE, empty_network, "emptyNetwork"),
	ROW_PLAIN_UINT(TABLE, manage_cgroups_mode, "manageCgroupsMode",
		       RANGE(0, MANAGE_CGROUPS_STRICT)),
};
static const struct schema hello_schema = SCHEMA(hello_rows, TABLE);
#undef TABLE

int hello_of_host(uint64_t criu, struct arena *arena, struct hello *ret_hello, struct error *err)
{
	struct utsname machine;
	struct hello hello = {
		.version = HELLO_VERSION,
		.proa = arena_strdup(arena, PACKAGE_VERSION),
		.criu = criu,
	};

	uname(&machine);
	hello.architecture = arena_strdup(arena, machine.machine);
	hello.kernel = arena_strdup(arena, machine.release);
	if (cpu_features(arena, &hello.cpu, err) < 0)
		return -1;
	*ret_hello = hello;
	return 0;
}

void hello_add_options(struct hello *hello, const struct criu_options *criu)
{
	hello->tcp_established = criu->tcp_established;
	hello->tcp_close = criu->tcp_close;
	hello->ext_unix_sk = criu->ext_unix_sk;
	hello->file_locks = criu->file_locks;
	hello->empty_network = criu->empty_network;
	hello->manage_cgroups_mode = (uint64_t)criu->manage_cgroups_mode;
}

struct criu_options hello_options(const struct hello *hello)
{
	return (struct criu_options){
		.tcp_established = hello->tcp_established,
		.tcp_close = hello->tcp_close,
		.ext_unix_sk = hello->ext_unix_sk,
		.file_locks = hello->file_locks,
		.empty_network = hello->empty_network,
		.manage_cgroups_mode = (int)hello->manage_cgroups_mode,
	};
}

int hello_encode(const struct hello *hello, struct buffer *buffer, struct error *err)
{
	struct json_writer writer;

	json_begin(&writer, false);
	schema_encode(&hello_schema, hello, &writer);
	return json_finish(&writer, buffer, err);
}

/* The version first: of another one nothing else may be known. */
static int check_version(const struct hello *hello, struct error *err)
{
	if (hello->version == HELLO_VERSION)
		return 0;
	return error_set(err, ERROR_UNSUPPORTED, "proa",
			 "the source speaks version %" PRIu64
			 " of the conversation, proa " PACKAGE_VERSION
			 " here version %d: install the same proa on both hosts",
			 hello->version, HELLO_VERSION);
}

int hello_decode(const char *bytes, size_t length, struct arena *arena, struct hello *ret_hello,
		 struct error *err)
{
	struct hello hello = { .version = 0 };

	if (schema_decode(&hello_schema, bytes, length, DOCUMENT, arena, &hello, err) < 0 ||
	    check_version(&hello, err) < 0)
		return -1;
	*ret_hello = hello;
	return 0;
}

/* ---- can it run here? ---- */

static int check_architecture(const struct hello *source, const struct hello *here,
			      struct error *err)
{
	if (strcmp(source->architecture, here->architecture) == 0)
		return 0;
	return error_set(err, ERROR_UNSUPPORTED, "architecture",
			 "the source is of another architecture, %.32s, and this is %s",
			 text_printable(source->architecture) ? source->architecture : "?",
			 here->architecture);
}

static unsigned int kernel_number(const char *release)
{
	unsigned int major = 0, minor = 0;

	(void)sscanf(release, "%4u.%4u", &major, &minor);
	return major * 10000 + minor;
}

/* What the container has from the newer one, a kind of descriptor for example, may be none of the older one's. */
static int check_kernel(const struct hello *source, const struct hello *here, struct error *err)
{
	if (kernel_number(here->kernel) >= kernel_number(source->kernel))
		return 0;
	return error_set(
	    err, ERROR_UNSUPPORTED, "kernel",
	    "the kernel here is %s, that of the source %.64s is newer: use one that is "
	    "as new",
	    here->kernel, text_printable(source->kernel) ? source->kernel : "?");
}

static int check_criu(const struct hello *source, const struct hello *here, struct error *err)
{
	if (here->criu / 100 >= source->criu / 100)
		return 0;
	return error_set(err, ERROR_UNSUPPORTED, "criu",
			 "CRIU here is %" PRIu64 ".%" PRIu64 ", that of the source %" PRIu64
			 ".%" PRIu64 " is newer: install one that is as new",
			 here->criu / 10000, here->criu / 100 % 100, source->criu / 10000,
			 source->criu / 100 % 100);
}

/* A program looks once what its CPU can, and goes on to use it. */
static int check_cpu(const struct hello *source, const struct hello *here, struct error *err)
{
	for (size_t i = 0; i < source->cpu.count; i++) {
		const char *feature = source->cpu.items[i];

		if (!text_in(&here->cpu, feature))
			return error_set(err, ERROR_UNSUPPORTED, "cpu",
					 "the CPU here lacks %.32s, which that of the source has, "
					 "and programs may use",
					 text_printable(feature) ? feature : "?");
	}
	return 0;
}

int hello_check(const struct hello *source, const struct hello *here, struct error *err)
{
	if (check_architecture(source, here, err) < 0 || check_kernel(source, here, err) < 0 ||
	    check_criu(source, here, err) < 0)
		return -1;
	return check_cpu(source, here, err);
}
