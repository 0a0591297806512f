#!/usr/bin/env bats
# lane: vm
# tier: full
# What is seen of a container that has limits: events of runc's shape, kills for memory as they happen and afterwards,
# limits too small to start, and what libcgroup says to it all.

load helpers

# The places of all numbers in an event, a line each; those of one device, of one size of huge pages and of memory.stat as
# one.
places() {
	jq -r '.data | paths(type != "object" and type != "array") | map(if type == "number" then "N" else . end) | join(".")' |
		sed -E 's/^memory\.raw\..*/memory.raw/; s/^hugetlb\.[^.]*/hugetlb.SIZE/' | sort -u
}

limits() {
	config '.linux.resources = {memory: {limit: 52428800, swap: 62914560}, pids: {limit: 50},
		cpu: {quota: 50000, period: 100000, shares: 512}}'
}

# A container that has a child take more memory than it may have, at each TERM.
hungry() {
	config '.linux.resources.memory = {limit: 20971520, swap: 20971520}'
	shell 'trap "/probe grow 64" TERM; echo waiting; while :; do sleep 0.2; done'
}

@test "events has what runc's has, in the same places" {
	require runc
	limits
	up_and_waiting
	proa events --stats "$ID" >"$WORK/ours"
	proa delete --force "$ID"
	runc --root "$WORK/runc" run -d -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>"$WORK/err"
	cleanup runc --root "$WORK/runc" delete --force "$ID"
	runc --root "$WORK/runc" events --stats "$ID" >"$WORK/theirs"
	runc --root "$WORK/runc" delete --force "$ID"
	equal "$(jq -r '[.type, .id] | join(" ")' "$WORK/ours")" "stats $ID"
	places <"$WORK/ours" >"$WORK/our-places"
	places <"$WORK/theirs" >"$WORK/their-places"
	# throttling, caches and I/O are there only where they happened
	run comm -13 "$WORK/our-places" <(grep -vE '^(cpu.throttling|memory.cache|blkio)' "$WORK/their-places")
	equal "$output" ""
	run comm -23 <(grep -vE '\.psi\.|event_count|^pids.events|^hugetlb|^(cpu.throttling|memory.cache|blkio)' "$WORK/our-places") \
		"$WORK/their-places"
	equal "$output" ""
	equal "$(jq -c '[.data.memory.usage.limit, .data.memory.swap.limit, .data.pids.limit]' "$WORK/ours")" \
		"$(jq -c '[.data.memory.usage.limit, .data.memory.swap.limit, .data.pids.limit]' "$WORK/theirs")"
}

@test "a kill for memory is told when it happens, and the container goes on" {
	hungry
	up
	wait_for_output waiting
	background proa events --interval 1h "$ID"
	pid=$!
	eventually test -s "$WORK/background.out"
	proa kill "$ID" TERM
	eventually grep -qx "{\"type\":\"oom\",\"id\":\"$ID\"}" "$WORK/background.out"
	is running
	[ "$(proa events --stats "$ID" | jq .data.memory.event_count.oom_kill)" -ge 1 ]
	has_words 'event="oom_kill"} [1-9]' "$(proa events --stats -f prom "$ID")"
	proa kill "$ID" KILL
	wait "$pid"
}

@test "state of a stopped container tells how many were killed for memory" {
	hungry
	up
	wait_for_output waiting
	proa kill "$ID" TERM
	killed() { grep -q '^oom_kill [1-9]' "$CGROUP/$ID/memory.events"; }
	eventually killed
	equal "$(state oomKills)" null
	proa kill "$ID" KILL
	becomes stopped
	equal "$(state oomKills)" 1
	equal "$(proa list -f json | jq '.[0].oomKills')" 1
	proa delete "$ID"
	up_and_waiting
	proa kill "$ID" KILL
	becomes stopped
	equal "$(state oomKills)" null
}

@test "run says that the container was killed for memory, with either manager" {
	config '.linux.resources.memory = {limit: 20971520, swap: 20971520}'
	process /probe grow 64
	for manager in cgroupfs systemd; do
		[ $manager = cgroupfs ] || config '.linux.cgroupsPath = $p' --arg p "system.slice:proa:$ID"
		run --separate-stderr proa --cgroup-manager $manager run -b "$BUNDLE" "$ID"
		equal "$status" 137 "$manager: $stderr"
		limit=": its limit memory.max is 20971520 bytes"
		# systemd may have removed the cgroup by then, and its limit with it
		[ $manager = cgroupfs ] || limit="($limit)?"
		has_words "container $ID was killed for memory$limit$" "$stderr"
		equal "${#stderr_lines[@]}" 1
	done
	shell 'kill -KILL $$'
	config '.linux.cgroupsPath = $p | .linux.namespaces |= map(select(.type != "pid"))' --arg p "/$ID"
	run --separate-stderr proa run -b "$BUNDLE" "$ID"
	equal "$status" 137
	equal "$stderr" ""
}

# stopped_run SIGNAL: ends a container of systemd while its `run` is stopped, which looks once the cgroup is gone
stopped_run() {
	kill -STOP "$run"
	proa kill "$ID" "$1"
	eventually eval "[ ! -e '$cgroup' ]"
	kill -CONT "$run"
	status=0
	wait "$run" || status=$?
	equal "$status" 137
}

# times_woken PID
times_woken() {
	sed -n 's/^voluntary_ctxt_switches:\t//p' "/proc/$1/status"
}

@test "run says so, too, when it comes too late to look into the cgroup" {
	config '.linux.resources.memory = {limit: 20971520, swap: 20971520} | .linux.cgroupsPath = $p' --arg p "system.slice:proa:$ID"
	shell 'trap "exec /probe grow 64" TERM; echo waiting; while :; do sleep 0.1; done'
	in_foreground() {
		background proa --systemd-cgroup run -b "$BUNDLE" "$ID"
		run=$!
		wait_for_output waiting "$WORK/background.out"
		cgroup=$(cgroup_of "$(init_pid)")
	}
	in_foreground
	stopped_run TERM
	equal "$(<"$WORK/background.err")" "proa: container $ID was killed for memory"
	# and nothing, if it was somebody else's kill, though others in the slice were killed for memory before
	in_foreground
	woken=$(times_woken "$run")
	systemd-run --quiet --wait -p MemoryMax=8M -p MemorySwapMax=0 "$PROA_BUILD/tests/probe" grow 64 3>&- || true
	eventually eval "[ \"\$(times_woken $run)\" -gt $woken ]"
	stopped_run KILL
	equal "$(<"$WORK/background.err")" ""
}

@test "exec says that its process was killed for memory, and the container goes on" {
	config '.linux.resources.memory = {limit: 20971520, swap: 20971520}'
	up_and_waiting
	run --separate-stderr proa exec "$ID" /probe grow 64
	equal "$status" 137 "$stderr"
	has_words "process [0-9]+ of container $ID was killed for memory: its limit memory.max is 20971520 bytes" "$stderr"
	equal "${#stderr_lines[@]}" 1
	is running
	# who is killed later by somebody isn't taken for that
	run --separate-stderr proa exec "$ID" /bin/sh -c 'kill -KILL $$'
	equal "$status" 137
	equal "$stderr" ""
}

@test "a limit too small to start says how much it takes" {
	for limit in 4096 65536; do
		config '.linux.resources.memory = {limit: $l, swap: $l}' --argjson l $limit
		waits
		refused "killed for memory: a limit of $limit bytes is too small to start"
		has_words "it takes [0-9]+ bytes" "$stderr"
	done
}

@test "memory.max that runs out between create and start is told by start" {
	waits
	create
	echo 8192 >"$CGROUP/$ID/memory.max" || true
	fails 1 "killed for memory: a limit of 8192 bytes is too small to start|cannot start a container that has stopped" proa start "$ID"
	becomes stopped
	[ "$(state oomKills)" -ge 1 ]
}

@test "libcgroup's snapshot is what the files say, also after an update" {
	limits
	up_and_waiting
	proa pause "$ID"
	proa update --memory 60M --cpu-quota 30000 --pids-limit 40 --unified memory.high=50M "$ID"
	proa events --snapshot "$ID" | grep -vE 'pressure|nr_periods' | sort >"$WORK/snapshot"
	# an empty line is no value; what begins with cgroup. belongs to no controller; periods pass in a paused one, too
	(cd "$CGROUP/$ID" && grep '' -- *.* 2>/dev/null) | grep -vE '^cgroup\.|pressure|nr_periods|:$' | sort >"$WORK/files"
	diff "$WORK/files" "$WORK/snapshot"
	for line in memory.max:62914560 "cpu.max:30000 100000" pids.max:40 memory.high:52428800; do
		grep -qxF "$line" "$WORK/snapshot"
	done
}

# stuck: a running container whose init waits uninterruptibly, for a filesystem that is frozen
stuck() {
	dd if=/dev/zero of="$WORK/disk" bs=1M count=16 status=none
	modprobe loop
	loop=$(losetup --find --show "$WORK/disk")
	cleanup losetup -d "$loop"
	busybox mke2fs "$loop" >/dev/null
	mkdir "$WORK/mnt"
	mount -t ext4 "$loop" "$WORK/mnt"
	cleanup umount "$WORK/mnt"
	config '.mounts += [{destination: "/mnt", type: "bind", source: $s, options: ["bind"]}]' --arg s "$WORK/mnt"
	shell 'trap "echo x >/mnt/file" TERM; echo waiting; while :; do sleep 0.2; done'
	up
	wait_for_output waiting
	INIT=$(init_pid)
	fsfreeze -f "$WORK/mnt"
	cleanup fsfreeze -u "$WORK/mnt"
	proa kill "$ID" TERM
	waits_in_kernel() { grep -q '^State:.D' "/proc/$INIT/status"; }
	eventually waits_in_kernel
}

@test "a process that can't be frozen: pause says which, and lets all go on" {
	stuck
	fails 1 "because of process $INIT \\(sh\\), which waits uninterruptibly" proa pause "$ID"
	grep -qx 0 "$CGROUP/$ID/cgroup.freeze"
	grep -qx "frozen 0" "$CGROUP/$ID/cgroup.events"
	is running
	fsfreeze -u "$WORK/mnt"
	proa pause "$ID"
	is paused
}

@test "a process that can't be killed: kill and delete say so, and delete finishes later" {
	stuck
	proa kill --all "$ID" KILL
	fails 1 "doesn't die within" proa delete --force "$ID"
	is running
	fsfreeze -u "$WORK/mnt"
	becomes stopped
	proa delete "$ID"
}
