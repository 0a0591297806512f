#!/usr/bin/env bats
# lane: native
# lane-long: vm
# tier: quick
# The container's cgroup: where it is, who is in it, what it is to the container, pause, what goes at the end.
# What needs a controller is in resources.bats.

load helpers

@test "cgroupsPath is where the container's process is, from its first moment" {
	# spec: config-linux.md#cgroups-path cgroup-path-absolute
	config '.linux.cgroupsPath = $p' --arg p "/$TAG.outer/inner"
	cleanup rmdir "$CGROUP/$TAG.outer"
	waits
	create
	equal "$(cgroup_of "$(init_pid)")" "$CGROUP/$TAG.outer/inner"
	equal "$(cat "$CGROUP/$TAG.outer/inner/cgroup.procs")" "$(init_pid)"
	proa start "$ID"
	equal "$(cgroup_of "$(init_pid)")" "$CGROUP/$TAG.outer/inner"
}

@test "the same cgroupsPath leads to the same place" {
	# spec: config-linux.md#cgroups-path cgroup-path-same
	for path in "/$TAG.same" "$TAG.relative"; do
		config '.linux.cgroupsPath = $p' --arg p "$path"
		up_and_waiting
		first=$(cgroup_of "$(init_pid)")
		proa delete --force "$ID"
		up_and_waiting
		equal "$(cgroup_of "$(init_pid)")" "$first"
		proa delete --force "$ID"
	done
}

@test "without cgroupsPath each container has a cgroup of its own, named for it" {
	config 'del(.linux.cgroupsPath)'
	up_and_waiting
	cgroup=$(cgroup_of "$(init_pid)")
	[[ $cgroup == *"$ID"* ]]
	equal "$(cat "$cgroup/cgroup.procs")" "$(init_pid)"
}

@test "the cgroup is gone after delete, and its parents stay" {
	config '.linux.cgroupsPath = $p' --arg p "/$TAG.parent/child"
	mkdir "$CGROUP/$TAG.parent"
	cleanup rmdir "$CGROUP/$TAG.parent"
	process /bin/true
	runs
	[ -d "$CGROUP/$TAG.parent" ]
	[ ! -d "$CGROUP/$TAG.parent/child" ]
}

@test "cgroups that the container made below its own are removed too" {
	privileged
	config '.mounts |= map(if .type == "cgroup" then .options -= ["ro"] else . end)'
	shell 'mkdir -p /sys/fs/cgroup/one/two && echo made; exec /probe wait'
	up
	wait_for_output waiting
	equal "$(head -n 1 "$WORK/out")" made
	[ -d "$CGROUP/$ID/one/two" ]
	proa delete --force "$ID"
	nothing_left
}

@test "an existing empty cgroup is used, and not deleted" {
	# spec: runtime.md#delete delete-keeps
	require proa
	mkdir "$CGROUP/$ID"
	up_and_waiting
	equal "$(cgroup_of "$(init_pid)")" "$CGROUP/$ID"
	proa delete --force "$ID"
	rmdir "$CGROUP/$ID"
}

@test "a cgroup with other processes in it is refused, and they stay" {
	# spec: config-linux.md#control-groups cgroup-unfit
	mkdir "$CGROUP/$ID"
	background sleep 1000
	pid=$!
	echo $pid >"$CGROUP/$ID/cgroup.procs"
	waits
	fails 1 "cgroup is not empty" proa create -b "$BUNDLE" "$ID"
	equal "$(cat "$CGROUP/$ID/cgroup.procs")" $pid
	kill -KILL $pid
	eventually rmdir "$CGROUP/$ID"
}

@test "a frozen cgroup is refused" {
	mkdir "$CGROUP/$ID"
	echo 1 >"$CGROUP/$ID/cgroup.freeze"
	waits
	fails 1 "frozen" proa create -b "$BUNDLE" "$ID"
	rmdir "$CGROUP/$ID"
}

@test "a path out of the hierarchy is refused" {
	# spec: config-linux.md#cgroups-path cgroup-path-invalid
	require proa
	for path in /../x "/$TAG/../../../x" ../x "/$TAG/./../x"; do
		config '.linux.cgroupsPath = $p' --arg p "$path"
		refused "cgroupsPath"
	done
}

@test "the container sees its own cgroup as the root, read-only" {
	config '.linux.namespaces |= . + []'
	shell 'cat /sys/fs/cgroup/cgroup.procs; mkdir /sys/fs/cgroup/x 2>&1 | grep -o "Read-only file system"'
	runs
	has_words '^1$' "${lines[0]}"
	has_words 'Read-only file system' "$output"
}

@test "without a cgroup namespace the container sees only its own cgroup" {
	config '.linux.namespaces |= map(select(.type != "cgroup"))'
	up_and_waiting
	execs /bin/ls /sys/fs/cgroup
	has_words "^cgroup.procs$" "$output"
	execs /bin/cat /sys/fs/cgroup/cgroup.procs
	has_words "^1$" "$output"
	facts_of=$(proa exec "$ID" /probe facts cgroup)
	has_words "0::/.*$ID" "$facts_of"
}

@test "pause freezes every process, resume thaws them" {
	shell 'i=0; while :; do i=$((i + 1)); echo $i >/tmp/count; done'
	config '.mounts += [{destination: "/tmp", type: "tmpfs", source: "tmpfs"}]'
	up
	pid=$(init_pid)
	eventually test -s "/proc/$pid/root/tmp/count"
	proa pause "$ID"
	is paused
	grep -q "frozen 1" "$(cgroup_of "$pid")/cgroup.events"
	first=$(cat "/proc/$pid/root/tmp/count")
	sleep 0.2
	equal "$(cat "/proc/$pid/root/tmp/count")" "$first"
	proa resume "$ID"
	is running
	moved() { [ "$(cat "/proc/$pid/root/tmp/count")" != "$first" ]; }
	eventually moved
}

@test "pause and resume in the wrong state are refused" {
	waits
	create
	run --separate-stderr proa resume "$ID"
	equal "$status" 1
	proa start "$ID"
	wait_for_output waiting
	fails 1 "not paused" proa resume "$ID"
	proa pause "$ID"
	fails 1 "paused" proa pause "$ID"
	proa kill "$ID" KILL
	becomes stopped
	fails 1 "not running|stopped" proa pause "$ID"
	fails 1 "not paused|not running|stopped" proa resume "$ID"
}

@test "a paused container can be killed and deleted" {
	up_and_waiting
	proa pause "$ID"
	proa kill "$ID" KILL
	becomes stopped
	proa delete "$ID"
	nothing_left
	up_and_waiting
	proa pause "$ID"
	proa delete --force "$ID"
	nothing_left
}

@test "a paused container isn't deleted without force" {
	up_and_waiting
	proa pause "$ID"
	fails 1 "paused|not stopped" proa delete "$ID"
	is paused
}

@test "exec --cgroup puts the process below the container's cgroup" {
	privileged
	config '.mounts |= map(if .type == "cgroup" then .options -= ["ro"] else . end)'
	shell 'mkdir /sys/fs/cgroup/sub; exec /probe wait'
	up
	wait_for_output waiting
	quiet proa exec -d --cgroup sub --pid-file "$WORK/pid" "$ID" /bin/sleep 1000
	equal "$(cgroup_of "$(cat "$WORK/pid")")" "$CGROUP/$ID/sub"
	fails 255 "nosuch" proa exec --cgroup nosuch "$ID" /bin/true
	fails 255 "\\.\\." proa exec --cgroup ../.. "$ID" /bin/true
	fails 255 "\\.\\." proa exec --cgroup sub/../../x "$ID" /bin/true
}

@test "--cgroup-manager disabled leaves cgroups alone" {
	require proa
	config 'del(.linux.resources) | del(.linux.cgroupsPath) | .mounts |= map(select(.type != "cgroup"))'
	config '.linux.namespaces |= map(select(.type != "cgroup"))'
	waits
	quiet proa --cgroup-manager disabled run -d -b "$BUNDLE" "$ID"
	wait_for_output waiting
	equal "$(cgroup_of "$(init_pid)")" "$(cgroup_of self)"
	fails 1 "cgroup" proa pause "$ID"
	fails 1 "cgroup" proa ps "$ID"
	fails 1 "cgroup" proa update --pids-limit 5 "$ID"
	fails 1 "cgroup" proa kill --all "$ID" TERM
	execs /bin/echo works
	fails 255 "no cgroup of its own" proa exec --cgroup nosuch "$ID" /bin/true
	proa kill "$ID" KILL
	becomes stopped
	proa delete "$ID"
	nothing_left
}

@test "--cgroup-manager disabled and limits: the container has none, and that is told" {
	require proa
	config 'del(.linux.cgroupsPath) | .linux.resources.pids = {limit: 5} | .mounts |= map(select(.type != "cgroup"))'
	process /bin/true
	run --separate-stderr proa --log-level warning --cgroup-manager disabled run -b "$BUNDLE" "$ID"
	equal "$status" 0
	has_words "cgroups are disabled: linux.resources is not applied" "$stderr"
}

@test "a cgroup that is delegated belongs to the container's user, with the files that the kernel lists" {
	config '.process.user = {uid: 1000, gid: 1000} | .mounts |= map(if .type == "cgroup" then .options -= ["ro"] else . end)'
	shell 'mkdir /sys/fs/cgroup/own && echo made; exec /probe wait'
	up
	wait_for_output waiting
	equal "$(head -n 1 "$WORK/out")" made
	for file in . $(</sys/kernel/cgroup/delegate); do
		[ ! -e "$CGROUP/$ID/$file" ] || equal "$(stat -c %u "$CGROUP/$ID/$file")" 1000 "$file:"
	done
	equal "$(stat -c %u "$CGROUP/$ID/cgroup.freeze" "$CGROUP/$ID/cgroup.max.depth" | xargs)" "0 0"
	proa delete --force "$ID"
	config '.mounts |= map(if .type == "cgroup" then .options += ["ro"] else . end)'
	up_and_waiting
	equal "$(stat -c %u "$CGROUP/$ID" "$CGROUP/$ID/cgroup.procs" | xargs)" "0 0"
}

@test "no command starts a helper where systemd makes no cgroup" {
	require strace proa
	traced() {
		timeout 20 strace -f -qq -A -o "$WORK/calls" -e trace=execve,execveat "$RUNTIME" --root "$ROOT" "$@" </dev/null
	}
	process /bin/true
	traced run -b "$BUNDLE" "$ID"
	up_and_waiting
	for command in "update --unified cgroup.max.depth=5 $ID" "exec $ID /bin/true" "kill $ID KILL" "delete --force $ID"; do
		# shellcheck disable=SC2086 # a list of words
		traced $command
	done
	# itself, its protected image, and programs of the container
	equal "$(grep -vF -e "execve(\"$RUNTIME\"" -e 'execveat(' -e 'execve("/bin/true"' "$WORK/calls")" ""
	[ "$(wc -l <"$WORK/calls")" -ge 9 ]
}

@test "unified: files that need no controller" {
	# spec: config-linux.md#unified unified-unknown
	config '.linux.resources.unified = {"cgroup.max.descendants": "5", "cgroup.max.depth": "3"}'
	up_and_waiting
	equal "$(cat "$CGROUP/$ID/cgroup.max.descendants")" 5
	equal "$(cat "$CGROUP/$ID/cgroup.max.depth")" 3
}

@test "unified: what can't be written is refused with the file's name" {
	# spec: config-linux.md#unified unified-missing
	config '.linux.resources.unified = {"nosuch.max": "1"}'
	refused "nosuch"
	config '.linux.resources.unified = {"cgroup.max.depth": "words"}'
	refused "cgroup.max.depth"
	config '.linux.resources.unified = {"../cgroup.max.depth": "1"}'
	refused "\\.\\./cgroup.max.depth|unified"
}

@test "a limit whose controller isn't there is refused, with the file, the reason and the cure" {
	require proa
	for limit in memory:'{memory: {limit: 10000000}}':memory.max pids:'{pids: {limit: 5}}':pids.max cpu:'{cpu: {quota: 10000}}':cpu.max; do
		controller=${limit%%:*}
		if has "controller-$controller"; then continue; fi
		filter=${limit#*:}
		config ".linux.resources += ${filter%:*}"
		refused "${limit##*:}|$controller"
		has_words "controller|subtree_control" "$stderr"
		config 'del(.linux.resources)'
	done
}

@test "hugetlb limits" {
	require controller-hugetlb
	[ -d /sys/kernel/mm/hugepages/hugepages-2048kB ] || skip "needs huge pages of 2 MB"
	config '.linux.resources.hugepageLimits = [{pageSize: "2MB", limit: 4194304}]'
	up_and_waiting
	equal "$(cat "$CGROUP/$ID/hugetlb.2MB.max")" 4194304
	equal "$(cat "$CGROUP/$ID/hugetlb.2MB.rsvd.max")" 4194304
	proa delete --force "$ID"
	config '.linux.resources.hugepageLimits = [{pageSize: "3MB", limit: 4194304}]'
	refused "3MB"
}
