#!/usr/bin/env bats
# lane: native
# lane-long: vm
# tier: quick
# Called by a user without privileges: with one id, with ranges, with and without a cgroup of their own, and in a container.
# All other properties are tried in this mode by modes_rootless.bats.

load helpers
load modes

setup() {
	make_user
	common_setup
	RUNTIME=$(runtime_of_user)
	config '.linux.namespaces += [{type: "user"}] | del(.linux.cgroupsPath, .linux.resources)'
	ids 1
	chown -hR "$ROOTLESS_UID:$ROOTLESS_UID" "$WORK"
}

# ids N: root is the user, and N-1 more come from the subordinate ids
ids() {
	config '.linux.uidMappings = [{containerID: 0, hostID: $own, size: 1}] +
			if $n > 1 then [{containerID: 1, hostID: $first, size: ($n - 1)}] else [] end |
		.linux.gidMappings = .linux.uidMappings' \
		--argjson own $ROOTLESS_UID --argjson first $SUBORDINATE --argjson n "$1"
}

@test "one id: it needs neither newuidmap nor a cgroup" {
	printf '#!/bin/sh\necho called >%s\nexit 1\n' "$WORK/called" >"$WORK/newuidmap"
	cp "$WORK/newuidmap" "$WORK/newgidmap"
	chmod 755 "$WORK"/new?idmap
	PATH=$WORK:$PATH up_and_waiting
	[ ! -e "$WORK/called" ]
	pid=$(init_pid)
	equal "$(awk '/^Uid:/ { print $2, $3 }' "/proc/$pid/status")" "$ROOTLESS_UID $ROOTLESS_UID"
	execs /probe facts uid gid maps mounts
	expect uid "0 0 0 0"
	expect setgroups deny
	equal "$(fact uid_map | tr -s ' ')" " 0 $ROOTLESS_UID 1"
	has_words ' /proc .* - proc ' "$output"
	has_words ' /sys .* - sysfs ' "$output"
	has_words ' /dev/pts .* - devpts ' "$output"
	execs /bin/sh -c 'echo x >/dev/null; touch /dev/shm/made && stat -c %u:%g /dev/shm/made'
	equal "$output" 0:0
	# nothing of the caller's own cgroup was taken, and nothing else can be
	equal "$(cgroup_of "$pid")" "$(cgroup_of $$)"
	fails 1 "no cgroup of its own" proa pause "$ID"
	fails 1 "no cgroup of its own" proa ps "$ID"
	fails 1 "has no cgroup" proa update --pids-limit 5 "$ID"
	fails 255 "isn't mapped|no mapping|not mapped" proa exec --user 5 "$ID" /bin/true
	proa kill "$ID" KILL
	becomes stopped
	proa delete "$ID"
}

@test "ranges of subordinate ids, by newuidmap and newgidmap" {
	ids 1001
	config '.process.user = {uid: 1000, gid: 7, additionalGids: [9]}'
	up_and_waiting
	pid=$(init_pid)
	equal "$(awk '/^Uid:/ { print $2 }' "/proc/$pid/status")" $((SUBORDINATE + 999))
	equal "$(awk '/^Gid:/ { print $2 }' "/proc/$pid/status")" $((SUBORDINATE + 6))
	has_words "^Groups:.*$((SUBORDINATE + 8))" "$(grep ^Groups "/proc/$pid/status")"
	execs --user=0 /probe facts uid maps
	expect uid "0 0 0 0"
	expect setgroups allow
	equal "$(fact uid_map | tr -s ' ')" " 0 $ROOTLESS_UID 1
 1 $SUBORDINATE 1000"
}

@test "ids that the user hasn't got, and no newuidmap, are refused with the cure" {
	ids 70000
	refused "newuidmap failed: are the ids listed for this user in /etc/subuid"
	config '.linux.uidMappings[1].hostID = 5 | .linux.uidMappings[1].size = 1'
	refused "newuidmap failed: are the ids listed"
	ids 10
	mkdir "$WORK/bin"
	ln -s "$(command -v setpriv)" /bin/sh "$WORK/bin/"
	PATH=$WORK/bin fails 1 "run newuidmap \\(package uidmap\\)" proa create -b "$BUNDLE" "$ID"
	nothing_left
}

@test "limits without a delegated cgroup are refused with the cure" {
	config '.linux.resources = {unified: {"cgroup.max.depth": "3"}}'
	refused "cgroup.*(delegat|permission|rootless)"
	config 'del(.linux.resources) | .linux.cgroupsPath = "/somewhere"'
	refused "cgroup.*(delegat|permission|rootless)"
}

@test "with a cgroup delegated beforehand: pause, resume, ps, exec, kill, and its removal" {
	delegate_cgroup "$CGROUP/$ROOTLESS_USER"
	RUNTIME=$(runtime_of_user "$CGROUP/$ROOTLESS_USER/caller")
	config '.linux.cgroupsPath = $id' --arg id "$ID"
	up_and_waiting
	cgroup=$(cgroup_of "$(init_pid)")
	equal "$cgroup" "$CGROUP/$ROOTLESS_USER/$ID"
	proa pause "$ID"
	is paused
	grep -qx 'frozen 1' "$cgroup/cgroup.events"
	fails 255 "cannot exec in a paused container" proa exec "$ID" /bin/true
	proa resume "$ID"
	fails 1 "which only CAP_SYS_RESOURCE lowers" proa update --oom-score-adj -1 "$ID"
	quiet proa exec -d --pid-file "$WORK/pid" "$ID" /bin/sleep 1000
	equal "$(cgroup_of "$(<"$WORK/pid")")" "$cgroup"
	equal "$(proa ps -f json "$ID" | jq length)" 2
	proa kill --all "$ID" KILL
	becomes stopped
	proa delete "$ID"
	[ ! -e "$cgroup" ]
}

@test "exec and mounts reach a container that is created" {
	waits
	create
	execs /bin/echo before
	equal "$output" before
	proa mounts add "$ID" - <<<'[{"destination": "/dev/shm/x", "type": "tmpfs"}]'
	is created
	# nobody in there can look into init, which has more rights
	execs /probe try read /proc/1/environ
	[[ $output == EACCES || $output == EPERM ]] || fail "$output"
	proa start "$ID"
	wait_for_output waiting
	equal "$(grep -c ' /dev/shm/x ' "/proc/$(init_pid)/mountinfo")" 1
}

@test "oomScoreAdj: a higher one holds, also for exec; a lower one is left" {
	config '.process.oomScoreAdj = 321'
	up_and_waiting
	equal "$(<"/proc/$(init_pid)/oom_score_adj")" 321
	execs /bin/cat /proc/self/oom_score_adj
	equal "$output" 321
	proa delete --force "$ID"
	config '.process.oomScoreAdj = -500'
	up_and_waiting
	equal "$(<"/proc/$(init_pid)/oom_score_adj")" "$(</proc/self/oom_score_adj)"
}

@test "mounts in a running container: sources with the container's rights, filesystems, and what can't be" {
	mkdir -p "$WORK/source" "$BUNDLE"/rootfs/{data,more}
	mkdir -m 700 "$WORK/roots"
	echo mine >"$WORK/source/file"
	chown -R $ROOTLESS_UID "$WORK/source" "$BUNDLE/rootfs"
	up_and_waiting
	proa mounts add "$ID" - <<<"[{\"destination\": \"/data\", \"type\": \"bind\", \"source\": \"$WORK/source\", \"options\": [\"rbind\", \"ro\"]},
		{\"destination\": \"/more\", \"type\": \"tmpfs\", \"options\": [\"mode=755\"]}, {\"destination\": \"/more/proc\", \"type\": \"proc\"},
		{\"destination\": \"/more/sys\", \"type\": \"sysfs\"}, {\"destination\": \"/more/mq\", \"type\": \"mqueue\"}]"
	execs /bin/sh -c 'cat /data/file; stat -c %u:%g /data/file; ls /more/proc | grep -x "[0-9]*" | head -n 1; ls /more/sys/class/net'
	equal "$output" $'mine\n0:65534\n1\nlo'
	fails 1 "[Rr]ead-only" proa exec "$ID" /bin/touch /data/new
	fails 1 "need CAP_SYS_ADMIN on the host" proa mounts add "$ID" - \
		<<<"[{\"destination\": \"/data\", \"type\": \"bind\", \"source\": \"$WORK/source\", \"options\": [\"rbind\", \"idmap\"]}]"
	fails 1 "access refused" proa mounts add "$ID" - \
		<<<"[{\"destination\": \"/data\", \"type\": \"bind\", \"source\": \"$WORK/roots/x\", \"options\": [\"rbind\"]}]"
	proa mounts list -f json "$ID" >"$WORK/list"
	equal "$(jq length "$WORK/list")" 5
	proa mounts remove "$ID" - <"$WORK/list"
	execs /bin/ls /data /more
	[[ $output != *file* ]]
}

@test "a procfs in a running container, where the kernel makes none from outside (before Linux 6.17)" {
	mkdir "$BUNDLE/rootfs/more"
	printf '#!/bin/sh\nexec "%s" fsconfig "%s" "$@"\n' "$PROA_BUILD/tests/security/without" "$RUNTIME" >"$WORK/without"
	chmod +x "$WORK/without"
	up_and_waiting
	RUNTIME=$WORK/without
	proa mounts add "$ID" - <<<'[{"destination": "/more", "type": "proc"}]'
	execs /bin/sh -c 'ls /more | grep -x "[0-9]*" | head -n 1'
	equal "$output" 1
}

@test "a time namespace, whose clocks the user may set" {
	require timens
	config '.linux.namespaces += [{type: "time"}] | .linux.timeOffsets = {monotonic: {secs: -7}, boottime: {secs: 70000, nanosecs: 3}}'
	up_and_waiting
	execs /probe facts ns clocks
	equal "$(fact timens_offsets | tr -s ' ')" $'monotonic -7 0\nboottime 70000 3'
	equal "$(fact ns.time)" "$(readlink "/proc/$(init_pid)/ns/time" | tr -dc 0-9)"
	[ "$(fact ns.time)" != "$(readlink /proc/self/ns/time | tr -dc 0-9)" ]
	[ "$(fact clock.boottime)" -ge 70000 ]
}

@test "a hook of the user's finds the namespaces, as one that sets up a network must" {
	config '.hooks.createRuntime = [{path: "/bin/sh", args: ["sh", "-c", $s]}]' \
		--arg s "readlink /proc/\$(jq .pid)/ns/net >$WORK/seen"
	up_and_waiting
	equal "$(<"$WORK/seen")" "$(readlink "/proc/$(init_pid)/ns/net")"
}

# nested FILTER: a container whose program is proa, which runs another one in it
nested() {
	require static-binary
	local inner=$BUNDLE/rootfs/inner
	mkdir -p "$inner" "$BUNDLE/rootfs/run"
	cp -a "$BATS_FILE_TMPDIR/rootfs" "$inner/rootfs"
	cp /run/runtime-$ROOTLESS_USER/proa "$BUNDLE/rootfs/bin/proa"
	jq "$1"' | .process.args = ["/bin/echo", "from the innermost"]' "$BUNDLE/config.json" >"$inner/config.json"
	chown -hR $ROOTLESS_UID "$BUNDLE/rootfs"
	config '.root.readonly = false | .process.noNewPrivileges = false | .mounts += [{destination: "/run", type: "tmpfs", source: "tmpfs"}] |
		.process.capabilities = ($c | {bounding: ., effective: ., permitted: .})' --argjson c "$(all_capabilities)"
	process /bin/proa --root /run/proa run -b /inner inner
}

@test "in a container: proa runs proa" {
	nested 'del(.linux.uidMappings, .linux.gidMappings) | .linux.namespaces |= map(select(.type != "user"))'
	config 'del(.linux.maskedPaths, .linux.readonlyPaths)'
	runs
	equal "$output" "from the innermost"
}

@test "in a container, with a user namespace in the user namespace" {
	nested '.linux.uidMappings = [{containerID: 0, hostID: 0, size: 1}] | .linux.gidMappings = .linux.uidMappings'
	config 'del(.linux.maskedPaths, .linux.readonlyPaths)'
	runs
	equal "$output" "from the innermost"
}

@test "in a user namespace in a container with masked paths there is no new procfs: the error says what is possible, and it is" {
	nested '.linux.uidMappings = [{containerID: 0, hostID: 0, size: 1}] | .linux.gidMappings = .linux.uidMappings'
	fails 1 "no new procfs is possible here .* a bind of /proc is" proa run -b "$BUNDLE" "$ID"
	jq '(.mounts[] | select(.type == "proc")) |= {destination: "/proc", type: "bind", source: "/proc", options: ["rbind"]} |
		.linux.namespaces |= map(select(.type != "pid"))' "$BUNDLE/rootfs/inner/config.json" >"$WORK/inner.json"
	cp "$WORK/inner.json" "$BUNDLE/rootfs/inner/config.json"
	runs
	equal "$output" "from the innermost"
}
