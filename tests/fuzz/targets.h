/* What is fed with bytes that we didn't write: one function per reader. Each may be called any number of times in one
 * process, and must come back whatever the bytes are. They are run by libFuzzer (tests/fuzz/run), and on the seeds by
 * `make check` (tests/unit/fuzz_test.c). */
#pragma once

#include <stddef.h>

/* NAME, and the files of which it is to reach at least 80 % of the lines. */
#define FUZZ_TARGETS(TARGET)                                                                       \
	TARGET(config, "oci/schema_decode.c oci/schema_refuse.c oci/schema_scalars.c "             \
		       "oci/validate.c oci/validate_config.c oci/validate_linux.c")                \
	TARGET(process, "oci/schema_decode.c oci/schema_scalars.c")                                \
	TARGET(resources, "libcontainer/cgroup/knobs.c libcontainer/cgroup/v1_only.c "             \
			  "libcontainer/cgroup/values.c "                                          \
			  "libcontainer/cgroup/device_rules.c "                                    \
			  "libcontainer/cgroup/device_program.c")                                  \
	TARGET(state, "oci/state.c oci/json.c oci/schema_encode.c")                                \
	TARGET(message, "libcontainer/init/message.c")                                             \
	TARGET(cgroup, "libcontainer/cgroup/path.c")                                               \
	TARGET(options, "src/options.c")                                                           \
	TARGET(passwd, "libcontainer/process/environment.c libcontainer/process/accounts.c")       \
	TARGET(mountinfo, "base/mountinfo.c")                                                      \
	TARGET(manifest, "checkpoint/manifest.c")                                                  \
	TARGET(hello, "checkpoint/hello.c")                                                        \
	TARGET(tar, "checkpoint/tar_read.c")

#define DECLARE_TARGET(name, files) void fuzz_##name(const char *bytes, size_t length);
FUZZ_TARGETS(DECLARE_TARGET)
