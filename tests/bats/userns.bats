#!/usr/bin/env bats
# lane: native
# lane-long: vm
# tier: quick
# A new user namespace: maps, ownership, capabilities, devices, mounts of its own.

load helpers

setup() {
	common_setup
	require userns
	config '.linux.namespaces += [{type: "user"}] |
		.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] |
		.linux.gidMappings = [{containerID: 0, hostID: 200000, size: 65536}]'
	chown -R 100000:200000 "$BUNDLE/rootfs"
	chmod 755 "$WORK" "$BUNDLE"
}

@test "the maps are as configured" {
	facts maps uid gid
	equal "$(fact uid_map | tr -s ' ')" " 0 100000 65536"
	equal "$(fact gid_map | tr -s ' ')" " 0 200000 65536"
	expect setgroups allow
	expect uid "0 0 0 0"
	expect gid "0 0 0 0"
}

@test "the process is the mapped user on the host" {
	config '.process.user = {uid: 1000, gid: 1001, additionalGids: [5]}'
	up_and_waiting
	pid=$(init_pid)
	equal "$(awk '/^Uid:/ { print $2, $3, $4, $5 }' "/proc/$pid/status")" "101000 101000 101000 101000"
	equal "$(awk '/^Gid:/ { print $2, $3, $4, $5 }' "/proc/$pid/status")" "201001 201001 201001 201001"
	has_words "^Groups:.*200005" "$(grep ^Groups "/proc/$pid/status")"
}

@test "several lines of maps" {
	config '.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 1}, {containerID: 1, hostID: 150000, size: 10},
		{containerID: 1000, hostID: 0, size: 1}]'
	facts maps
	equal "$(fact uid_map | tr -s ' ')" " 0 100000 1
 1 150000 10
 1000 0 1"
}

@test "files that the container makes belong to the mapped user" {
	config '.root.readonly = false'
	shell 'touch /tmp/made; mkdir /tmp/dir; stat -c %u:%g /tmp/made'
	runs
	equal "$output" "0:0"
	equal "$(stat -c %u:%g "$BUNDLE/rootfs/tmp/made")" "100000:200000"
}

@test "a pid namespace of the host's, joined: /proc shows it alone, and a neighbour can look into none of the runtime's processes" {
	# root of the host without capabilities, to whom the user namespace belongs, notes each executable that it can see
	background unshare --pid --mount-proc --fork --kill-child \
		setpriv --bounding-set=-all --inh-caps=-all "$PROA_BUILD/tests/probe" spy
	wait_for_output spying "$WORK/background.out"
	other=$(pgrep -P $!)
	HELPERS+=("$other")
	config '.linux.namespaces |= (map(select(.type != "pid")) + [{type: "pid", path: $p}])' --arg p "/proc/$other/ns/pid"
	facts processes
	equal "$(fact process | wc -l)" 2
	process /bin/sleep 0.1
	for _ in $(seq "$(count 100)"); do
		runs
	done
	has_words '^saw /bin/busybox$' "$(<"$WORK/background.out")"
	equal "$(grep -vE '^(spying|saw (/bin/busybox|.*/probe))$' "$WORK/background.out")" ""
}

@test "capabilities hold in the namespace and not outside" {
	config '.process.capabilities = ($c | {bounding: ., effective: ., permitted: .}) | .root.readonly = false' \
		--argjson c "$(all_capabilities)"
	echo host >"$WORK/file"
	chmod 644 "$WORK/file"
	config '.mounts += [{destination: "/host", type: "bind", source: $f, options: ["bind"]}]' --arg f "$WORK/file"
	tries sethostname changed , open-write /host , chown /host 0 0 , mknod /tmp/null c 1 3 , mkdir /tmp/dir
	equal "$output" "ok
EACCES
EPERM
EPERM
ok"
}

@test "default devices are the real ones" {
	facts devices /dev/null /dev/zero /dev/full /dev/tty
	has_words '^dev /dev/null c 1:3 0666' "$output"
	has_words '^dev /dev/zero c 1:5 0666' "$output"
	has_words '^dev /dev/full c 1:7 0666' "$output"
	tries write /dev/null x , read /dev/zero , read /dev/urandom , write /dev/full x
	equal "$output" "ok
ok
ok
ENOSPC"
}

@test "proc, sysfs, mqueue, devpts, tmpfs and cgroup are mounted" {
	facts mounts
	for mount in /proc:proc /sys:sysfs /dev/mqueue:mqueue /dev/pts:devpts /dev/shm:tmpfs /dev:tmpfs /sys/fs/cgroup:cgroup2; do
		has_words "- ${mount#*:} " "$(mount_of "${mount%:*}")"
	done
}

@test "sysctls of the namespaces" {
	config '.linux.sysctl = {"kernel.shmmax": "123456", "net.core.somaxconn": "77", "net.ipv4.ip_forward": "1"}'
	facts kernel.shmmax net.core.somaxconn net.ipv4.ip_forward
	expect kernel.shmmax 123456
	expect net.core.somaxconn 77
	expect net.ipv4.ip_forward 1
}

@test "exec enters the user namespace" {
	up_and_waiting
	execs --user=7 /probe facts ns uid caps
	expect ns.user "$(readlink "/proc/$(init_pid)/ns/user" | tr -dc 0-9)"
	expect uid "7 7 7 7"
	expect cap.eff ""
}

@test "a user that isn't mapped is refused" {
	config '.process.user.uid = 70000'
	refused "70000|uid"
	config '.process.user = {uid: 0, gid: 70000}'
	refused "70000|gid"
	config '.process.user = {uid: 0, gid: 0, additionalGids: [70000]}'
	refused "70000|gid"
}

@test "a new user namespace without maps is refused" {
	config 'del(.linux.uidMappings) | del(.linux.gidMappings)'
	refused "mapping|uidMappings"
}

@test "maps without a user namespace are refused" {
	config '.linux.namespaces |= map(select(.type != "user"))'
	refused "user|uidMappings|mapping"
}

@test "maps that the kernel can't take are refused" {
	# spec: config-linux.md#user-namespace-mappings mapping-fields
	config '.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 10}, {containerID: 5, hostID: 200000, size: 10}]'
	refused "uidMappings|uid_map|overlap"
	config '.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 0}]'
	refused "uidMappings|uid_map|size"
	config '.linux.uidMappings = [{containerID: 0, hostID: 100000}]'
	refused "uidMappings|size"
}

@test "hooks see the maps in place" {
	config '.hooks = {createRuntime: [{path: "/bin/sh", args: ["sh", "-c", "pid=$(jq .pid); cat /proc/$pid/uid_map > '"$WORK"'/map"],
		env: ["PATH=/usr/bin:/bin"]}]}'
	process /bin/true
	runs
	equal "$(tr -s ' ' <"$WORK/map")" " 0 100000 65536"
}

@test "a bind mount whose source only the host's root can reach" {
	mkdir -m 700 "$WORK/secret"
	mkdir -m 755 "$WORK/secret/shared"
	echo found >"$WORK/secret/shared/file"
	config '.mounts += [{destination: "/shared", type: "bind", source: $s, options: ["bind", "ro"]}]' --arg s "$WORK/secret/shared"
	process /bin/cat /shared/file
	runs
	equal "$output" found
}

@test "the bundle may be below a directory that the container's root can't enter" {
	mkdir -m 700 "$WORK/private"
	mv "$BUNDLE" "$WORK/private/bundle"
	BUNDLE=$WORK/private/bundle
	process /bin/echo found
	runs
	equal "$output" found
}

@test "a network namespace of the host can't be joined with rights over it, but it can be joined" {
	config '.linux.namespaces |= map(select(.type != "network")) |
		.mounts |= map(if .type == "sysfs" then {destination: "/sys", type: "none", source: "/sys", options: ["rbind", "ro"]} else . end)'
	facts ns
	expect ns.net "$(readlink /proc/self/ns/net | tr -dc 0-9)"
}
