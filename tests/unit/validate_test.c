/* oci/validate*.c, and the rules in the tables of oci/schema_*.c, through whole documents. */
#include "tests/unit/documents.h"

#include "base/cleanup.h"

/* A config with more in it: CONFIG(", \"hostname\": \"a\""). */
#define CONFIG(more)	  "{\"ociVersion\": \"1.3.0\", \"root\": {\"path\": \"rootfs\"}" more "}"
#define LINUX(inside)	  CONFIG(", \"linux\": {" inside "}")
#define PROCESS(more)	  CONFIG(", \"process\": {\"cwd\": \"/\", \"args\": [\"sh\"]" more "}")
#define RESOURCES(inside) LINUX("\"resources\": {" inside "}")
#define SECCOMP(more)	  LINUX("\"seccomp\": {\"defaultAction\": \"SCMP_ACT_ALLOW\"" more "}")
#define RULE(more)                                                                                 \
	SECCOMP(", \"syscalls\": [{\"names\": [\"read\"], \"action\": \"SCMP_ACT_ERRNO\"" more "}" \
		"]")
#define MAPPINGS(user, uids, gids)                                                                 \
	LINUX("\"namespaces\": [" user "], \"uidMappings\": [" uids "], \"gidMappings\": [" gids   \
	      "]")
#define USER	  "{\"type\": \"user\"}"
#define RANGE	  "{\"containerID\": 0, \"hostID\": 100000, \"size\": 65536}"
#define OCI(text) "{\"ociVersion\": \"" text "\", \"root\": {\"path\": \"r\"}}"

/* What is wrong, and how the error's text ends after "f:1: ". */
static const struct {
	const char *text, *error;
} broken[] = {
	/* required */
	{ "{}", "ociVersion: is required" },
	{ "{\"ociVersion\": \"1.0.0\"}", "root: is required" },
	{ "{\"ociVersion\": \"1.0.0\", \"root\": {}}", "root.path: is required" },
	{ "{\"ociVersion\": \"1.0.0\", \"root\": {\"path\": \"\"}}",
	  "root.path: must not be empty" },
	{ CONFIG(", \"process\": {\"args\": [\"sh\"]}"), "process.cwd: is required" },
	{ CONFIG(", \"process\": {\"cwd\": \"/\"}"), "process.args: is required" },
	{ CONFIG(", \"process\": {\"cwd\": \"/\", \"args\": []}"),
	  "process.args: must not be empty" },
	{ CONFIG(", \"process\": {\"cwd\": \"\", \"args\": [\"sh\"]}"),
	  "process.cwd: expected an absolute path, found \"\"" },
	{ CONFIG(", \"mounts\": [{\"type\": \"proc\"}]"), "mounts[0].destination: is required" },
	{ CONFIG(", \"hooks\": {\"prestart\": [{}]}"), "hooks.prestart[0].path: is required" },
	{ LINUX("\"namespaces\": [{}]"), "linux.namespaces[0].type: is required" },

	/* ociVersion */
	{ OCI(""), "ociVersion: expected a version like \"1.3.0\", found \"\"" },
	{ OCI("1"), "ociVersion: expected a version like \"1.3.0\", found \"1\"" },
	{ OCI("1.0"), "ociVersion: expected a version like \"1.3.0\", found \"1.0\"" },
	{ OCI("1.0.0.0"), "ociVersion: expected a version like \"1.3.0\", found \"1.0.0.0\"" },
	{ OCI("1.0.x"), "ociVersion: expected a version like \"1.3.0\", found \"1.0.x\"" },
	{ OCI("v1.0.0"), "ociVersion: expected a version like \"1.3.0\", found \"v1.0.0\"" },
	{ OCI("01.0.0"), "ociVersion: expected a version like \"1.3.0\", found \"01.0.0\"" },
	{ OCI("1.0.0-"), "ociVersion: expected a version like \"1.3.0\", found \"1.0.0-\"" },
	{ OCI("1.0.0-01"), "ociVersion: expected a version like \"1.3.0\", found \"1.0.0-01\"" },
	{ OCI("1.0.0+"), "ociVersion: expected a version like \"1.3.0\", found \"1.0.0+\"" },
	{ OCI("1.0.0-a..b"),
	  "ociVersion: expected a version like \"1.3.0\", found \"1.0.0-a..b\"" },
	{ OCI(" 1.0.0"), "ociVersion: expected a version like \"1.3.0\", found \" 1.0.0\"" },
	{ OCI("0.9.0"), "ociVersion: only versions 1.x are supported, found 0.9.0" },
	{ OCI("2.0.0"), "ociVersion: only versions 1.x are supported, found 2.0.0" },
	{ OCI("10.0.0"), "ociVersion: only versions 1.x are supported, found 10.0.0" },

	/* annotations, names */
	{ CONFIG(", \"annotations\": {\"\": \"a\"}"),
	  "annotations[\"\"]: a key must not be empty" },
	{ CONFIG(", \"annotations\": {\"a\": 1}"),
	  "annotations[\"a\"]: expected a string, found 1" },
	{ CONFIG(", \"hostname\": \"a\""), "hostname: needs a UTS namespace: add {\"type\": "
					   "\"uts\"} to linux.namespaces" },
	{ CONFIG(", \"domainname\": \"a\""), "domainname: needs a UTS namespace: add {\"type\": "
					     "\"uts\"} to linux.namespaces" },
	{ CONFIG(", \"linux\": {\"namespaces\": [{\"type\": \"uts\"}]}, \"hostname\": "
		 "\"0123456789012345678901234567890123456789012345678901234567890123x\""),
	  "hostname: expected at most 64 bytes, found 65" },

	/* mounts */
	{ CONFIG(", \"mounts\": [{\"destination\": \"/a\", \"uidMappings\": [" RANGE "]}]"),
	  "mounts[0].uidMappings: needs gidMappings too" },
	{ CONFIG(", \"mounts\": [{\"destination\": \"/a\"}, {\"destination\": \"/a\", "
		 "\"gidMappings\": [" RANGE "]}]"),
	  "mounts[1].gidMappings: needs uidMappings too" },
	{ CONFIG(", \"mounts\": [{\"destination\": \"/a\", \"options\": [\"ridmap\"]}]"),
	  "mounts[0].options: idmap needs uidMappings and gidMappings, or a user namespace" },
	{ CONFIG(", \"mounts\": [{\"destination\": \"/a\", \"uidMappings\": [" RANGE
		 "], \"gidMappings\": [{\"containerID\": 0, \"hostID\": 1, \"size\": 0}]}]"),
	  "mounts[0].gidMappings[0].size: must not be 0" },
	{ CONFIG(", \"mounts\": [{\"destination\": \"\"}]"),
	  "mounts[0].destination: must not be empty" },

	/* process */
	{ PROCESS(", \"user\": {\"uid\": -1}"),
	  "process.user.uid: expected an integer from 0 to 4294967294, found -1" },
	{ PROCESS(", \"user\": {\"gid\": 4294967295}"),
	  "process.user.gid: expected an integer from 0 to 4294967294, found 4294967295" },
	{ PROCESS(", \"user\": {\"umask\": 512}"),
	  "process.user.umask: expected an integer from 0 to 511, found 512" },
	{ PROCESS(", \"user\": {\"additionalGids\": [5, \"a\"]}"),
	  "process.user.additionalGids[1]: expected an integer, found \"a\"" },
	{ PROCESS(", \"consoleSize\": {\"height\": 5}"), "process.consoleSize.width: is required" },
	{ PROCESS(", \"consoleSize\": {\"height\": 65536, \"width\": 1}"),
	  "process.consoleSize.height: expected an integer from 0 to 65535, found 65536" },
	{ PROCESS(", \"terminal\": \"yes\""),
	  "process.terminal: expected true or false, found \"yes\"" },
	{ PROCESS(", \"oomScoreAdj\": 1001"),
	  "process.oomScoreAdj: expected an integer from -1000 to 1000, found 1001" },
	{ PROCESS(", \"rlimits\": [{\"type\": \"RLIMIT_FOO\", \"soft\": 1, \"hard\": 1}]"),
	  "process.rlimits[0].type: expected one of \"RLIMIT_AS\", \"RLIMIT_CORE\", "
	  "\"RLIMIT_CPU\", \"RLIMIT_DATA\", \"RLIMIT_FSIZE\", \"RLIMIT_LOCKS\", "
	  "\"RLIMIT_MEMLOCK\", \"RLIMIT_MSGQUEUE\", \"RLIMIT_NICE\", \"RLIMIT_NOFILE\", "
	  "\"RLIMIT_NPROC\", \"RLIMIT_RSS\", \"RLIMIT_RTPRIO\", \"RLIMIT_RTTIME\", "
	  "\"RLIMIT_SIGPENDING\", \"RLIMIT_STACK\", found \"RLIMIT_FOO\"" },
	{ PROCESS(", \"rlimits\": [{\"type\": \"RLIMIT_CORE\", \"soft\": 1}]"),
	  "process.rlimits[0].hard: is required" },
	{ PROCESS(", \"scheduler\": {\"policy\": \"SCHED_FAST\"}"),
	  "process.scheduler.policy: expected one of \"SCHED_BATCH\", \"SCHED_DEADLINE\", "
	  "\"SCHED_FIFO\", \"SCHED_IDLE\", \"SCHED_ISO\", \"SCHED_OTHER\", \"SCHED_RR\", found "
	  "\"SCHED_FAST\"" },
	{ PROCESS(", \"scheduler\": {\"nice\": 1}"), "process.scheduler.policy: is required" },
	{ PROCESS(", \"scheduler\": {\"policy\": \"SCHED_OTHER\", \"nice\": 20}"),
	  "process.scheduler.nice: expected an integer from -20 to 19, found 20" },
	{ PROCESS(", \"ioPriority\": {\"class\": \"IOPRIO_CLASS_BE\", \"priority\": 8}"),
	  "process.ioPriority.priority: expected an integer from 0 to 7, found 8" },
	{ PROCESS(", \"ioPriority\": {\"class\": \"BE\"}"),
	  "process.ioPriority.class: expected one of \"IOPRIO_CLASS_BE\", \"IOPRIO_CLASS_IDLE\", "
	  "\"IOPRIO_CLASS_RT\", found \"BE\"" },

	/* hooks */
	{ CONFIG(", \"hooks\": {\"poststop\": [{\"path\": \"a\"}]}"),
	  "hooks.poststop[0].path: expected an absolute path, found \"a\"" },
	{ CONFIG(", \"hooks\": {\"createRuntime\": [{\"path\": \"/a\", \"timeout\": 0}]}"),
	  "hooks.createRuntime[0].timeout: expected an integer from 1 to 2147483647, found 0" },

	/* namespaces, mappings */
	{ LINUX("\"namespaces\": [{\"type\": \"net\"}]"),
	  "linux.namespaces[0].type: expected one of \"cgroup\", \"ipc\", \"mount\", "
	  "\"network\", \"pid\", \"time\", \"user\", \"uts\", found \"net\"" },
	{ LINUX("\"namespaces\": [{\"type\": \"pid\"}, {\"type\": \"ipc\"}, {\"type\": \"pid\"}]"),
	  "linux.namespaces[2].type: \"pid\" is given twice" },
	{ LINUX("\"namespaces\": [{\"type\": \"pid\", \"path\": \"ns/pid\"}]"),
	  "linux.namespaces[0].path: expected an absolute path, found \"ns/pid\"" },
	{ MAPPINGS("", RANGE, ""), "linux.uidMappings: needs a user namespace: add {\"type\": "
				   "\"user\"} to linux.namespaces" },
	{ MAPPINGS(USER, "", ""), "linux.uidMappings: is required with a new user namespace" },
	{ MAPPINGS(USER, RANGE, ""), "linux.gidMappings: is required with a new user namespace" },
	{ MAPPINGS(USER, RANGE, RANGE ", " RANGE), "linux.gidMappings[1]: overlaps with [0]" },
	{ MAPPINGS(USER, RANGE, "{\"containerID\": 0, \"hostID\": 5, \"size\": 0}"),
	  "linux.gidMappings[0].size: must not be 0" },
	{ MAPPINGS(USER, "{\"containerID\": 0, \"hostID\": 4294967000, \"size\": 296}", RANGE),
	  "linux.uidMappings[0].size: 296 ids from 4294967000 on go beyond the last id" },
	{ MAPPINGS(USER, "{\"containerID\": 0, \"size\": 296}", RANGE),
	  "linux.uidMappings[0].hostID: is required" },
	{ MAPPINGS(USER, "{\"containerID\": 1, \"hostID\": 5, \"size\": 9}", RANGE),
	  "process.user.uid: 0 is not mapped into the user namespace" },
	{ CONFIG(", \"linux\": {\"namespaces\": [" USER "], \"uidMappings\": [" RANGE
		 "], \"gidMappings\": [" RANGE
		 "]}, \"process\": {\"cwd\": \"/\", \"args\": [\"a\"], "
		 "\"user\": {\"additionalGids\": [65535, 65536]}}"),
	  "process.user.additionalGids[1]: 65536 is not mapped into the user namespace" },

	/* time, devices */
	{ LINUX("\"timeOffsets\": {\"boottime\": {\"secs\": 1}}"),
	  "linux.timeOffsets: needs a new time namespace: add {\"type\": \"time\"} to "
	  "linux.namespaces" },
	{ LINUX("\"namespaces\": [{\"type\": \"time\", \"path\": \"/a\"}], \"timeOffsets\": "
		"{\"monotonic\": {}}"),
	  "linux.timeOffsets: needs a new time namespace: add {\"type\": \"time\"} to "
	  "linux.namespaces" },
	{ LINUX("\"timeOffsets\": {\"realtime\": {}}"), "linux.timeOffsets: \"realtime\" is "
							"unknown" },
	{ LINUX("\"timeOffsets\": {\"boottime\": {\"nanosecs\": 1000000000}}"),
	  "linux.timeOffsets.boottime.nanosecs: expected an integer from 0 to 999999999, found "
	  "1000000000" },
	{ LINUX("\"devices\": [{\"type\": \"x\", \"path\": \"/dev/a\"}]"),
	  "linux.devices[0].type: expected one of \"b\", \"c\", \"p\", \"u\", found \"x\"" },
	{ LINUX("\"devices\": [{\"type\": \"c\", \"path\": \"dev/a\"}]"),
	  "linux.devices[0].path: expected an absolute path, found \"dev/a\"" },
	{ LINUX("\"devices\": [{\"type\": \"p\", \"path\": \"/a\"}, {\"type\": \"c\", \"path\": "
		"\"/a\", \"minor\": 1}]"),
	  "linux.devices[1].major: is required" },
	{ LINUX("\"devices\": [{\"type\": \"b\", \"path\": \"/a\", \"major\": 1, \"minor\": "
		"1048576}]"),
	  "linux.devices[0].minor: expected an integer from 0 to 1048575, found 1048576" },
	{ LINUX("\"devices\": [{\"type\": \"b\", \"path\": \"/a\", \"major\": -1, \"minor\": 1}]"),
	  "linux.devices[0].major: expected an integer from 0 to 4095, found -1" },

	/* others of linux */
	{ LINUX("\"rootfsPropagation\": \"sharing\""),
	  "linux.rootfsPropagation: expected one of \"private\", \"rprivate\", \"rshared\", "
	  "\"rslave\", \"runbindable\", \"shared\", \"slave\", \"unbindable\", found \"sharing\"" },
	{ LINUX("\"maskedPaths\": [\"/a\", \"b\"]"),
	  "linux.maskedPaths[1]: expected an absolute path, found \"b\"" },
	{ LINUX("\"readonlyPaths\": [\"\"]"),
	  "linux.readonlyPaths[0]: expected an absolute path, found \"\"" },
	{ LINUX("\"personality\": {\"domain\": \"BSD\"}"),
	  "linux.personality.domain: expected one of \"LINUX\", \"LINUX32\", found \"BSD\"" },
	{ LINUX("\"memoryPolicy\": {\"mode\": \"MPOL_BIND\", \"flags\": [\"MPOL_F_ALL\"]}"),
	  "linux.memoryPolicy.flags[0]: expected one of \"MPOL_F_NUMA_BALANCING\", "
	  "\"MPOL_F_RELATIVE_NODES\", \"MPOL_F_STATIC_NODES\", found \"MPOL_F_ALL\"" },
	{ LINUX("\"sysctl\": {\"a\": 1}"), "linux.sysctl[\"a\"]: expected a string, found 1" },
	{ LINUX("\"sysctl\": []"), "linux.sysctl: expected an object, found an array" },

	/* resources */
	{ RESOURCES("\"memory\": {\"limit\": \"512M\"}"),
	  "linux.resources.memory.limit: expected an integer, found \"512M\"" },
	{ RESOURCES("\"memory\": {\"swappiness\": 101}"),
	  "linux.resources.memory.swappiness: expected an integer from 0 to 100, found 101" },
	{ RESOURCES("\"cpu\": {\"shares\": -5}"),
	  "linux.resources.cpu.shares: expected an integer from 0 to 18446744073709551615, "
	  "found -5" },
	{ RESOURCES("\"cpu\": {\"idle\": 2}"),
	  "linux.resources.cpu.idle: expected an integer from 0 to 1, found 2" },
	{ RESOURCES("\"devices\": [{\"access\": \"r\"}]"),
	  "linux.resources.devices[0].allow: is required" },
	{ RESOURCES("\"devices\": [{\"allow\": true, \"type\": \"p\"}]"),
	  "linux.resources.devices[0].type: expected one of \"a\", \"b\", \"c\", found \"p\"" },
	{ RESOURCES("\"blockIO\": {\"weightDevice\": [{\"major\": 8}]}"),
	  "linux.resources.blockIO.weightDevice[0].minor: is required" },
	{ RESOURCES("\"hugepageLimits\": [{\"pageSize\": \"2MB\"}]"),
	  "linux.resources.hugepageLimits[0].limit: is required" },
	{ RESOURCES("\"rdma\": {\"mlx5\": {\"hcaHandles\": 4294967296}}"),
	  "linux.resources.rdma[\"mlx5\"].hcaHandles: expected an integer from 0 to 4294967295, "
	  "found 4294967296" },
	{ RESOURCES("\"unified\": {\"memory.high\": 5}"),
	  "linux.resources.unified[\"memory.high\"]: expected a string, found 5" },

	/* seccomp */
	{ LINUX("\"seccomp\": {}"), "linux.seccomp.defaultAction: is required" },
	{ LINUX("\"seccomp\": {\"defaultAction\": \"SCMP_ACT_PANIC\"}"),
	  "linux.seccomp.defaultAction: expected one of \"SCMP_ACT_ALLOW\", \"SCMP_ACT_ERRNO\", "
	  "\"SCMP_ACT_KILL\", \"SCMP_ACT_KILL_PROCESS\", \"SCMP_ACT_KILL_THREAD\", "
	  "\"SCMP_ACT_LOG\", \"SCMP_ACT_NOTIFY\", \"SCMP_ACT_TRACE\", \"SCMP_ACT_TRAP\", found "
	  "\"SCMP_ACT_PANIC\"" },
	{ SECCOMP(", \"flags\": [\"SECCOMP_FILTER_FLAG_FAST\"]"),
	  "linux.seccomp.flags[0]: expected one of \"SECCOMP_FILTER_FLAG_LOG\", "
	  "\"SECCOMP_FILTER_FLAG_SPEC_ALLOW\", \"SECCOMP_FILTER_FLAG_TSYNC\", "
	  "\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\", found \"SECCOMP_FILTER_FLAG_FAST\"" },
	{ SECCOMP(", \"architectures\": [\"X\"]"),
	  "linux.seccomp.architectures[0]: expected one of "
	  "\"SCMP_ARCH_AARCH64\", \"SCMP_ARCH_ARM\", \"SCMP_ARCH_LOONGARCH64\", "
	  "\"SCMP_ARCH_M68K\", \"SCMP_ARCH_MIPS\", \"SCMP_ARCH_MIPS64\", "
	  "\"SCMP_ARCH_MIPS64N32\", \"SCMP_ARCH_MIPSEL\", \"SCMP_ARCH_MIPSEL64\", "
	  "\"SCMP_ARCH_MIPSEL64N32\", \"SCMP_ARCH_PARISC\", \"SCMP_ARCH_PARISC64\", "
	  "\"SCMP_ARCH_PPC\", \"SCMP_ARCH_PPC64\", \"SCMP_ARCH_PPC64LE\", "
	  "\"SCMP_ARCH_RISCV64\", \"SCMP_ARCH_S390\", \"SCMP_ARCH_S390X\", \"SCMP_ARCH_SH\", "
	  "\"SCMP_ARCH_SHEB\", \"SCMP_ARCH_X32\", \"SCMP_ARCH_X86\", "
	  "\"SCMP_ARCH_X86_64\", found \"X\"" },
	{ SECCOMP(", \"syscalls\": [{\"names\": [], \"action\": \"SCMP_ACT_ALLOW\"}]"),
	  "linux.seccomp.syscalls[0].names: must not be empty" },
	{ SECCOMP(", \"syscalls\": [{\"names\": [\"a\"]}]"),
	  "linux.seccomp.syscalls[0].action: is required" },
	{ RULE(", \"args\": [{\"value\": 1, \"op\": \"SCMP_CMP_EQ\"}]"),
	  "linux.seccomp.syscalls[0].args[0].index: is required" },
	{ RULE(", \"args\": [{\"index\": 6, \"value\": 1, \"op\": \"SCMP_CMP_EQ\"}]"),
	  "linux.seccomp.syscalls[0].args[0].index: expected an integer from 0 to 5, found 6" },
	{ RULE(", \"args\": [{\"index\": 1, \"value\": 1, \"op\": \"EQ\"}]"),
	  "linux.seccomp.syscalls[0].args[0].op: expected one of \"SCMP_CMP_EQ\", "
	  "\"SCMP_CMP_GE\", \"SCMP_CMP_GT\", \"SCMP_CMP_LE\", \"SCMP_CMP_LT\", "
	  "\"SCMP_CMP_MASKED_EQ\", \"SCMP_CMP_NE\", found \"EQ\"" },
	{ RULE(", \"errnoRet\": 65536"),
	  "linux.seccomp.syscalls[0].errnoRet: expected an integer from 0 to 65535, found 65536" },
};

TEST(a_broken_config_is_refused_with_its_place)
{
	for (size_t i = 0; i < array_length(broken); i++) {
		struct error err = refused(broken[i].text, DOCUMENT_CONFIG);
		const char *text = err.text + strcspn(err.text, " ") + 1;

		CHECK_STR(text, broken[i].error);
		CHECK(text_starts(text, err.object));
		CHECK(err.object[0] != '\0');
	}
}

TEST(the_architectures_are_known)
{
	struct error err =
	    refused(SECCOMP(", \"architectures\": [\"SCMP_ARCH_Z80\"]"), DOCUMENT_CONFIG);

	CHECK(strstr(err.text, "linux.seccomp.architectures[0]: expected one of "
			       "\"SCMP_ARCH_AARCH64\", "));
	CHECK(text_ends(err.text, "found \"SCMP_ARCH_Z80\""));
}

TEST(other_versions_are_unsupported_not_invalid)
{
	CHECK_INT(refused(OCI("2.0.0"), DOCUMENT_CONFIG).code, ERROR_UNSUPPORTED);
	CHECK_INT(refused(OCI("x"), DOCUMENT_CONFIG).code, ERROR_INVALID);
}

static const char *const right[] = {
	CONFIG(""),
	OCI("1.0.0"),
	OCI("1.0.2-dev"),
	OCI("1.0.0-rc.5"),
	OCI("1.0.0-0a.b-c+build.01"),
	OCI("1.99.0"),
	CONFIG(", \"vm\": {\"kernel\": 5}, \"windows\": [], \"zos\": 1, \"freebsd\": null"),
	CONFIG(", \"hostname\": \"\", \"domainname\": null"),
	CONFIG(", \"hostname\": \"a\", \"linux\": {\"namespaces\": [{\"type\": \"uts\", \"path\": "
	       "\"/a\"}]}"),
	CONFIG(", \"mounts\": [{\"destination\": \"/a\", \"options\": [\"idmap\"], "
	       "\"uidMappings\": [" RANGE "], \"gidMappings\": [" RANGE "]}]"),
	PROCESS(""),
	PROCESS(", \"apparmorProfile\": \"\", \"selinuxLabel\": \"\", \"capabilities\": {}"),
	PROCESS(", \"rlimits\": [{\"type\": \"RLIMIT_NOFILE\", \"soft\": 1, \"hard\": "
		"18446744073709551615}]"),
	MAPPINGS(USER, RANGE, RANGE),
	MAPPINGS("{\"type\": \"user\", \"path\": \"/a\"}", "", ""),
	MAPPINGS("{\"type\": \"user\", \"path\": \"/a\"}", RANGE, RANGE),
	MAPPINGS(USER, "{\"containerID\": 0, \"hostID\": 0, \"size\": 4294967295}", RANGE),
	LINUX("\"namespaces\": [{\"type\": \"time\"}], \"timeOffsets\": {\"monotonic\": {\"secs\": "
	      "-5}}"),
	LINUX("\"timeOffsets\": {}"),
	LINUX("\"namespaces\": [{\"type\": \"pid\", \"path\": \"\"}]"),
	LINUX("\"devices\": [{\"type\": \"p\", \"path\": \"/a\"}, {\"type\": \"u\", \"path\": "
	      "\"/b\", \"major\": 4095, \"minor\": 1048575, \"fileMode\": 8630}]"),
	LINUX("\"rootfsPropagation\": \"\", \"cgroupsPath\": \"\", \"mountLabel\": \"\""),
	SECCOMP(
	    ", \"architectures\": [\"SCMP_ARCH_X86_64\", \"SCMP_ARCH_RISCV64\"], \"flags\": []"),
};

TEST(what_is_right_is_accepted)
{
	for (size_t i = 0; i < array_length(right); i++)
		CHECK_INT(parse(right[i], DOCUMENT_CONFIG)->warnings.count, 0);
}

TEST(an_unknown_capability_is_a_warning)
{
	struct config *config =
	    parse(PROCESS(", \"capabilities\": {\"bounding\": [\"CAP_KILL\", \"CAP_FOO\"], "
			  "\"ambient\": [\"cap_\\u001bkill\"]}"),
		  DOCUMENT_CONFIG);

	CHECK_INT(config->warnings.count, 2);
	CHECK_STR(config->warnings.items[0], "process.capabilities.bounding[1]: unknown capability "
					     "\"CAP_FOO\", ignoring it");
	CHECK_STR(config->warnings.items[1], "process.capabilities.ambient[0]: unknown capability "
					     "\"cap_?kill\", ignoring it");
}

TEST(a_relative_destination_is_a_warning)
{
	struct config *config = parse(CONFIG(", \"mounts\": [{\"destination\": \"proc\", \"type\": "
					     "\"proc\"}]"),
				      DOCUMENT_CONFIG);

	CHECK_INT(config->warnings.count, 1);
	CHECK_STR(config->warnings.items[0], "mounts[0].destination: \"proc\" is not an absolute "
					     "path; taken as relative to \"/\"");
}

TEST(warnings_are_limited)
{
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;

	buffer_puts(&text,
		    "{\"cwd\": \"/\", \"args\": [\"a\"], \"capabilities\": {\"bounding\": [");
	for (int i = 0; i < 1000; i++)
		buffer_printf(&text, "%s\"CAP_%d\"", i ? "," : "", i);
	buffer_puts(&text, "]}}");
	CHECK_INT(parse(text.bytes, DOCUMENT_PROCESS)->warnings.count, 32);
}

TEST(ranges_are_limited_as_the_kernel_does)
{
	_cleanup_buffer_ struct buffer ranges = BUFFER_INIT, text = BUFFER_INIT;

	for (int i = 0; i < 341; i++)
		buffer_printf(&ranges, "%s{\"containerID\": %d, \"hostID\": %d, \"size\": 1}",
			      i ? "," : "", i, 1000 + i);
	buffer_printf(&text, MAPPINGS(USER, "%s", RANGE), ranges.bytes);
	CHECK(strstr(refused(text.bytes, DOCUMENT_CONFIG).text,
		     "linux.uidMappings: expected at most 340 ranges, found 341"));
}

TEST(the_text_of_ranges_is_limited_as_the_kernel_does)
{
	_cleanup_buffer_ struct buffer ranges = BUFFER_INIT, text = BUFFER_INIT;

	/* 16 bytes each: "1000 101000 100\n" */
	for (int i = 0; i < 256; i++)
		buffer_printf(&ranges, "%s{\"containerID\": %d, \"hostID\": %d, \"size\": 100}",
			      i ? "," : "", 1000 + 100 * i, 101000 + 100 * i);
	buffer_printf(&text, MAPPINGS(USER, "%s", RANGE), ranges.bytes);
	CHECK(strstr(refused(text.bytes, DOCUMENT_CONFIG).text,
		     "linux.uidMappings: the 256 ranges take 4262 bytes as text"));
}

TEST(options_of_mounts_are_limited)
{
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;

	buffer_puts(&text, "{\"ociVersion\": \"1.0.2\", \"root\": {\"path\": \"r\"}, \"mounts\": [{"
			   "\"destination\": \"/a\", \"type\": \"tmpfs\", \"options\": [\"");
	for (int i = 0; i < 65536; i++)
		buffer_puts(&text, ",");
	buffer_puts(&text, "\"]}]}");
	CHECK(strstr(refused(text.bytes, DOCUMENT_CONFIG).text,
		     "mounts: expected at most 65536 options in all, found 65537"));
}
