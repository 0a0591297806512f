#!/usr/bin/env bats
# lane: native
# tier: quick
# Who lives in a pid namespace looks at all that proa brings into it, from its first instruction on: with what a debugger
# may (CAP_SYS_PTRACE), and with no capability at all.

load helpers
load security

setup() {
	common_setup
	make_sentinel
	chmod 600 "$SENTINEL/file"
	SENTINEL_WAS=$(look_at_sentinel)
}

# watcher CAPABILITIES WHAT...: the container $ID watches what appears in its pid namespace; its pid is in $watcher
watcher() {
	local capabilities=$1
	shift
	mkdir "$WORK/flags"
	config '.process.capabilities = ({bounding: $c, effective: $c, permitted: $c}) | .process.args = ["/probe", "watch", "/flags/stop", $f] + $ARGS.positional |
		.mounts += [{destination: "/flags", type: "bind", source: "\($w)/flags", options: ["rbind"]}]' \
		--argjson c "$capabilities" --arg f "$SENTINEL/file" --arg w "$WORK" --args -- "$@"
	proa run -d -b "$BUNDLE" "$ID" </dev/null >"$WORK/watched" 2>&1 3>&-
	wait_for_output watching "$WORK/watched"
	watcher=$(init_pid)
}

# watched PATTERN: the watcher ends; it has seen such a line, so it didn't watch in vain. What it found is in $found.
watched() {
	touch "$WORK/flags/stop"
	becomes stopped
	found=$(<"$WORK/watched")
	has_words "$1" "$found"
}

# found_none PATTERN
found_none() {
	! grep -E "$1" <<<"$found" || fail "found by the watcher"
}

# neighbour FILTER: a bundle for a container in the pid namespace of the watcher
neighbour() {
	make_bundle "$WORK/second" "$ID.2"
	BUNDLE=$WORK/second
	config "$1 | (.linux.namespaces[] | select(.type == \"pid\")).path = \$p" --arg p "/proc/$watcher/ns/pid"
	process /bin/sleep 0.05
}

new_user_namespace='.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 0, size: 1}] |
	.linux.gidMappings = .linux.uidMappings'

# runs_often N: the neighbour, N times
runs_often() {
	local round
	for ((round = 0; round < $1; round++)); do
		run --separate-stderr proa run -b "$BUNDLE" "$ID.2"
		equal "$status" 0 "$stderr"
	done
}

# in_user_namespace: proa is called by root of another one, as under podman
in_user_namespace() {
	require userns
	unshare --user --map-root-user --mount sh -c 'echo up; exec sleep 1000' >"$WORK/up" 3>&- &
	cleanup "kill -KILL $!" # once the containers are deleted, which takes it
	eventually grep -qs up "$WORK/up"
	printf '#!/bin/sh\nexec nsenter --user --mount --preserve-credentials -t %s "%s" "$@"\n' "$!" "$RUNTIME" >"$WORK/runtime"
	chmod +x "$WORK/runtime"
	RUNTIME=$WORK/runtime GLOBALS=(--cgroup-manager disabled)
	config 'del(.linux.cgroupsPath, .linux.resources)'
}

@test "an init in a new user namespace and a joined pid namespace has left the host when it is seen, by those without a capability, too" {
	in_user_namespace
	watcher '[]' root cmdline
	neighbour "del(.linux.cgroupsPath, .linux.resources) | $new_user_namespace"
	runs_often 20
	watched '^cmdline /bin/sleep'
	found_none '^root '
	host_unharmed
}

@test "nor does a debugger find the host in it" {
	require userns
	watcher '["CAP_SYS_PTRACE"]' root seize
	neighbour "$new_user_namespace | del(.mounts[] | select(.type == \"proc\"))"
	runs_often 20
	watched '^seized .*'
	found_none '^root '
	host_unharmed
}

# procfs_for_neighbours: a container and `mounts add` get a procfs of the pid namespace in which the watcher is
procfs_for_neighbours() {
	local mount='[{"destination": "/mnt", "type": "proc", "source": "proc"}]'
	mkdir "$BUNDLE/rootfs/mnt"
	echo "$mount" >"$WORK/mounts.json"
	neighbour .
	for _ in {1..10}; do
		run --separate-stderr proa run -b "$BUNDLE" "$ID.2"
		equal "$status" 0 "$stderr"
		quiet proa mounts add "$ID" "$WORK/mounts.json"
		quiet proa mounts remove "$ID" "$WORK/mounts.json"
	done
}

@test "a procfs for a joined pid namespace is made from outside: nobody of the host comes into it" {
	require kernel-6.17
	watcher '["CAP_SYS_PTRACE"]' root seize
	procfs_for_neighbours
	watched '^seized '
	found_none '^root '
	# the container's own process and none before it; that has the cgroup's root for a root
	found_none '^seized .*CapEff:0000000000200000'
	host_unharmed
}

@test "where the kernel can't, who goes in to make it has left the host's files, and all capabilities but one" {
	printf '#!/bin/sh\nexec "%s" fsconfig "%s" "$@"\n' "$PROA_BUILD/tests/security/without" "$RUNTIME" >"$WORK/runtime"
	chmod +x "$WORK/runtime"
	RUNTIME=$WORK/runtime
	watcher '["CAP_SYS_PTRACE"]' root seize
	procfs_for_neighbours
	watched '^seized .*CapEff:0000000000200000 CapBnd:0000000000200000'
	found_none '^root '
	host_unharmed
}

# capabilities_found: what each seized process might still have got, a line each: permitted, bounding
capabilities_found() {
	sed -n 's/^seized .*CapPrm:\([0-9a-f]*\) .*CapBnd:\([0-9a-f]*\) .*/\1 \2/p' <<<"$found" | sort -u
}

# execs_watched USER: a debugger of the container (CAP_SYS_PTRACE is bit 19) seizes what `exec` brings into it. Last of all, the
# filter, and what the program has of capabilities, are as configured.
execs_watched() {
	watcher '["CAP_SYS_PTRACE"]' root seize
	for _ in {1..20}; do
		proa exec --user "$1" "$ID" /bin/sleep 0.05 </dev/null 3>&-
	done
	execs --user="$1" /probe try syscall personality
	personality=$output
	execs --user="$1" /probe facts caps
	expect cap.bnd SYS_PTRACE
	watched '^seized '
	found_none '^root '
}

profile='{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: (["personality"] + $more), action: "SCMP_ACT_ERRNO"}]}'

@test "a debugger in a container finds a process of exec with what its program has, and with no right of ours" {
	config '.process.noNewPrivileges = false'
	execs_watched 1000
	equal "$(capabilities_found | grep -vE '^0000000000(00|08)0000 0000000000080000$')" ""
	# nor the ids and groups of the caller
	equal "$(grep '^seized' <<<"$found" | grep -v 'Uid:1000,1000,1000,1000 Groups: Seccomp:0')" ""
	host_unharmed
}

@test "the same with a filter that takes CAP_SYS_ADMIN to load" {
	config '.process.noNewPrivileges = false | .linux.seccomp = '"$profile" --argjson more '["clone3"]'
	execs_watched 0
	equal "$(capabilities_found)" "0000000000080000 0000000000080000"
	equal "$personality" EPERM
	equal "$(grep '^seized' <<<"$found" | grep -v 'Seccomp:2')" ""
	host_unharmed
}

@test "a filter that lets no process in is loaded as soon as the process is in, which has one right for it" {
	config '.process.noNewPrivileges = false | .linux.seccomp = '"$profile" --argjson more '["clone", "clone3", "sendmsg"]'
	execs_watched 0
	equal "$(capabilities_found | grep -vE '^0000000000(08|28)0000 0000000000080000$')" ""
	equal "$personality" EPERM
}

@test "a debugger in a joined pid namespace finds in a container's init what its way to the program takes, and none of the host's other rights" {
	watcher '["CAP_SYS_PTRACE"]' root seize
	neighbour '.process.user = {uid: 1000, gid: 1000} | .process.capabilities = {}'
	runs_often 20
	watched '^seized '
	found_none '^root '
	# CHOWN, DAC_OVERRIDE, SETGID, SETUID
	equal "$(capabilities_found | grep -vE '^0000000000000(000|0c3) 0000000000000000$')" ""
	host_unharmed
}

# Whoever traces it, by exec, would have what it has: mknod of the host's disks.
@test "a created container's init has given up what building it took, also in a pid namespace of its own" {
	for namespaces in . '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] |
			.linux.gidMappings = .linux.uidMappings'; do
		config "$namespaces"' | .process.capabilities = ({bounding: $c, effective: $c, permitted: $c})' --argjson c '["CAP_KILL", "CAP_SYS_PTRACE"]'
		create
		# KILL and SYS_PTRACE; CHOWN, DAC_OVERRIDE, SETGID, SETUID
		equal "$(sed -n 's/^Cap\(Eff\|Prm\|Bnd\):\t//p' "/proc/$(init_pid)/status" | xargs)" \
			"00000000000800e3 00000000000800e3 0000000000080020"
		equal "$(tr '\0' '\n' <"/proc/$(init_pid)/environ" | grep -c /)" 0
		proa delete --force "$ID"
	done
}

@test "the command line of proa is nobody's to read who sees its processes: exec, and an init that waits for start" {
	watcher '[]' cmdline
	for _ in {1..20}; do
		proa exec --env SECRET=of-the-caller "$ID" /bin/sleep 0.05 </dev/null 3>&-
	done
	neighbour .
	proa create -b "$BUNDLE" "$ID.2" </dev/null >"$WORK/out" 2>&1 3>&-
	second=$(init_pid "$ID.2")
	equal "$(tr -d '\0' <"/proc/$second/cmdline")" ""
	proa delete --force "$ID.2"
	watched '^cmdline /bin/sleep'
	found_none 'SECRET|proa|exec'
}
