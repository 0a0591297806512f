#!/usr/bin/env bats
# lane: native
# lane-long: vm
# tier: quick
# What the spec says of create and of the environment that it makes, and of the features document.

load helpers

# in_namespaces COMMAND...: in those of the container that is up
in_namespaces() {
	nsenter -t "$(init_pid)" -m -u -n -i -C "$@"
}

@test "all properties but process are applied before start" {
	# spec: runtime.md#create create-all-applied
	# spec: runtime.md#lifecycle lifecycle-environment
	config '.hostname = "applied" | .linux.sysctl = {"net.ipv4.ip_forward": "1"} |
		.linux.devices = [{path: "/dev/other", type: "c", major: 1, minor: 3}] |
		.mounts += [{destination: "/mnt", type: "tmpfs", source: "t", options: ["size=4k"]}]'
	waits
	create
	[ ! -s "$WORK/out" ]
	equal "$(in_namespaces /bin/hostname)" applied
	equal "$(in_namespaces /bin/cat /proc/sys/net/ipv4/ip_forward)" 1
	equal "$(in_namespaces /bin/stat -c %t:%T /dev/other)" 1:3
	equal "$(in_namespaces /bin/stat -f -c %T /mnt)" tmpfs
	fails 1 "" in_namespaces /bin/touch /file
	has_words "read-only" "$stderr"
	equal "$(cgroup_of "$(init_pid)")" "$CGROUP/$ID"
}

@test "consoleSize without a terminal means nothing" {
	# spec: config.md#process console-size-ignored
	facts tty
	without=$output
	config '.process.consoleSize = {height: 11, width: 22}'
	facts tty
	equal "$output" "$without"
}

@test "annotations that nobody knows are no error, and come back" {
	# spec: config.md#annotations annotations-unknown
	config '.annotations = {"org.example.nobody": "knows", "org.opencontainers.image.os": "linux"}'
	waits
	create
	equal "$(proa state "$ID" | jq -c .annotations)" \
		'{"org.example.nobody":"knows","org.opencontainers.image.os":"linux"}'
}

@test "annotations are a map of strings, and no key is empty" {
	# spec: config.md#annotations annotations-map
	# spec: config.md#annotations annotations-key
	require proa
	for annotations in '{"a": 1}' '{"a": {}}' '{"a": ["b"]}' '["a"]' '"a"' '{"": "a"}'; do
		config ".annotations = $annotations"
		refused annotations
	done
}

@test "intelRdt without a resctrl is an error" {
	# spec: config-linux.md#intelrdt rdt-unmounted
	! grep -q resctrl /proc/mounts || skip "needs no resctrl"
	config '.linux.intelRdt = {closID: "guest"}'
	refused 'intelRdt'
}

@test "without the kernel's list of delegated files, three are given to the container's user" {
	# spec: config-linux.md#cgroup-ownership cgroup-owner-list
	# spec: config-linux.md#cgroup-ownership cgroup-owner-missing
	require proa root
	mount -t tmpfs none /sys/kernel/cgroup
	cleanup umount /sys/kernel/cgroup
	config '.process.user = {uid: 1000, gid: 1000} |
		(.mounts[] | select(.destination == "/sys/fs/cgroup")).options = ["nosuid", "noexec", "nodev", "relatime"]'
	waits
	create
	cd "$CGROUP/$ID"
	equal "$(find . -uid 1000 | LC_ALL=C sort | xargs)" \
		". ./cgroup.procs ./cgroup.subtree_control ./cgroup.threads"
	cd /
}

@test "the features document has what the spec knows, and no more" {
	# spec: features.md#specification-version features-known
	# spec: features.md#annotations features-annotations
	# spec: features-linux.md#mountextensions features-idmap
	require proa
	"$RUNTIME" features >"$WORK/features"
	equal "$(jq -r 'keys - ["ociVersionMin", "ociVersionMax", "hooks", "mountOptions", "linux", "annotations",
		"potentiallyUnsafeConfigAnnotations"] | join(" ")' "$WORK/features")" ""
	equal "$(jq -r '.linux | keys - ["namespaces", "capabilities", "cgroup", "seccomp", "apparmor", "selinux", "intelRdt",
		"memoryPolicy", "mountExtensions", "netDevices"] | join(" ")' "$WORK/features")" ""
	equal "$(jq -r '.linux.seccomp | keys - ["enabled", "actions", "operators", "archs", "knownFlags",
		"supportedFlags"] | join(" ")' "$WORK/features")" ""
	equal "$(jq -r '[.linux | (.cgroup | keys - ["v1", "v2", "systemd", "systemdUser", "rdma"]),
		(.intelRdt | keys - ["enabled", "schemata", "monitoring"]), (.memoryPolicy | keys - ["modes", "flags"]),
		(.apparmor | keys - ["enabled"]), (.selinux | keys - ["enabled"]), (.netDevices | keys - ["enabled"])] |
		add | join(" ")' "$WORK/features")" ""
	equal "$(jq -c '.annotations // {} | [type, (map(type) | unique)]' "$WORK/features")" '["object",["string"]]'
	equal "$(jq -c .linux.mountExtensions "$WORK/features")" '{"idmap":{"enabled":true}}'
}
