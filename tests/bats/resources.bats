#!/usr/bin/env bats
# lane: vm
# tier: full
# linux.resources, property by property: what is in the files of the cgroup, what is refused and how that is told. Under load it
# is seen in resize.bats, through systemd in systemd.bats.

load helpers
load update

is_limit() {
	equal "$(cat "$DIR/$1")" "$2" "$1:"
}

# A loop device in LOOP, its numbers in NUMBERS
disk() {
	modprobe loop
	truncate -s 8M "$WORK/disk"
	LOOP=$(losetup --find --show "$WORK/disk")
	cleanup losetup -d "$LOOP"
	NUMBERS=$(lsblk -ndo MAJ:MIN "$LOOP" | xargs)
}

@test "every property has its file" {
	disk
	modprobe bfq
	echo bfq >"/sys/block/${LOOP#/dev/}/queue/scheduler"
	waits
	config '($n | split(":") | map(tonumber)) as [$a, $b] | {major: $a, minor: $b} as $disk | .linux.resources += {
		memory: {limit: 104857600, reservation: 10485760, swap: 157286400, checkBeforeUpdate: true, useHierarchy: true},
		cpu: {shares: 512, quota: 30000, period: 60000, burst: 10000, idle: 0, cpus: "1", mems: "0"},
		pids: {limit: 17},
		blockIO: {weight: 300, weightDevice: [$disk + {weight: 400}],
			throttleReadBpsDevice: [$disk + {rate: 1000000}], throttleWriteBpsDevice: [$disk + {rate: 2000000}],
			throttleReadIOPSDevice: [$disk + {rate: 300}], throttleWriteIOPSDevice: [$disk + {rate: 400}]},
		hugepageLimits: [{pageSize: "2MB", limit: 4194304}],
		unified: {"memory.high": "94371840", "memory.min": "1048576", "memory.oom.group": "1", "cgroup.max.depth": "4",
			"memory.swap.high": "31457280"}}' --arg n "$NUMBERS"
	create
	look
	is_limit memory.max 104857600
	is_limit memory.low 10485760
	is_limit memory.swap.max 52428800
	is_limit cpu.weight 59
	is_limit cpu.max "30000 60000"
	is_limit cpu.max.burst 10000
	is_limit cpu.idle 0
	is_limit cpuset.cpus 1
	is_limit cpuset.mems 0
	is_limit pids.max 17
	is_limit io.max "$NUMBERS rbps=1000000 wbps=2000000 riops=300 wiops=400"
	equal "$(tr '\n' ' ' <"$DIR/io.bfq.weight")" "default 300 $NUMBERS 400 "
	is_limit hugetlb.2MB.max 4194304
	is_limit hugetlb.2MB.rsvd.max 4194304
	is_limit memory.high 94371840
	is_limit memory.min 1048576
	is_limit memory.oom.group 1
	is_limit cgroup.max.depth 4
	is_limit memory.swap.high 31457280
	proa start "$ID"
	wait_for_output waiting
	execs /bin/cat /sys/fs/cgroup/memory.max
	equal "$output" 104857600
	# by a document, as engines send it
	jq -n '($n | split(":") | map(tonumber)) as [$a, $b] | {major: $a, minor: $b} as $disk | {
		memory: {limit: 209715200, reservation: -1, swap: -1}, cpu: {shares: 1024, quota: -1, burst: 0}, pids: {limit: -1},
		blockIO: {weight: 100, weightDevice: [$disk + {weight: 500}], throttleReadBpsDevice: [$disk + {rate: 0}],
			throttleWriteIOPSDevice: [$disk + {rate: 500}]}, hugepageLimits: [{pageSize: "2MB", limit: 0}],
		unified: {"memory.oom.group": "0", "memory.swap.high": "max"}}' --arg n "$NUMBERS" | proa update -r - "$ID"
	is_limit memory.max 209715200
	is_limit memory.low max
	is_limit memory.swap.max max
	is_limit cpu.weight 100
	is_limit cpu.max "max 60000"
	is_limit cpu.max.burst 0
	is_limit pids.max max
	is_limit io.max "$NUMBERS rbps=max wbps=2000000 riops=300 wiops=500"
	equal "$(tr '\n' ' ' <"$DIR/io.bfq.weight")" "default 100 $NUMBERS 500 "
	is_limit hugetlb.2MB.max 0
	is_limit hugetlb.2MB.rsvd.max 0
	is_limit memory.oom.group 0
	is_limit memory.swap.high max
	quiet proa update --unified memory.oom.group=1 "$ID"
	is_limit memory.oom.group 1
}

@test "unified takes the place of other properties, has lines, and any file of the kernel's" {
	# spec: config-linux.md#unified unified-missing
	disk
	waits
	config '.linux.resources += {pids: {limit: 5}, unified: {"pids.max": "6", "io.max": $lines, "cpu.uclamp.min": "0.00"}}' \
		--arg lines "$NUMBERS rbps=4096
$NUMBERS wiops=7"
	if [ -e "$CGROUP/init/cpu.uclamp.min" ]; then
		create
	else
		refused 'cpu.uclamp.min.*this kernel doesn.t know it'
		config 'del(.linux.resources.unified["cpu.uclamp.min"])'
		create
	fi
	look
	is_limit pids.max 6
	is_limit io.max "$NUMBERS rbps=4096 wbps=max riops=max wiops=7"
}

@test "idle: the least weight, and no other" {
	waits
	config '.linux.resources.cpu = {idle: 1, shares: 2048}'
	create
	look
	is_limit cpu.idle 1
	[ "$(cat "$DIR/cpu.weight")" -le 1 ]
}

@test "what can't be set is refused with property, file, reason and cure" {
	no() {
		config '.linux.resources = {devices: .linux.resources.devices}'
		config ".linux.resources += $1"
		fails 1 "$2" proa create -b "$BUNDLE" "$ID"
	}
	waits
	no '{rdma: {mlx5_9: {hcaHandles: 3}}}' 'linux.resources.rdma: can.t write "mlx5_9 hca_handle=3" to rdma.max: '
	no '{hugepageLimits: [{pageSize: "64KB", limit: 0}]}' 'hugetlb.64KB.max: .*no huge pages of this size'
	no '{blockIO: {throttleReadBpsDevice: [{major: 240, minor: 9, rate: 5}]}}' 'throttleReadBpsDevice: .*io.max: No such device; there is no such disk'
	no '{cpu: {cpus: "0-99"}}' 'linux.resources.cpu.cpus: .*"0-99"'
	no '{cpu: {quota: 999}}' 'cpu.quota: expected -1 \(unlimited\) or 1000 to 17592186044415 µs, found 999'
	no '{cpu: {quota: 5000, burst: 6000}}' 'cpu.burst: a burst can.t be larger than the quota, which is 5000 µs; found 6000'
	no '{memory: {limit: 2097152, swap: 1048576}}' 'memory.swap: memory\+swap limit should be >= memory limit, which is 2097152; found 1048576'
	no '{memory: {swap: 1048576}}' 'memory.swap: unable to set swap limit without memory limit'
	no '{memory: {swappiness: 60}}' 'memory.swappiness: cgroup v2 has nothing like it'
	no '{network: {classID: 5}}' 'network: cgroup v2 has nothing like it'
	no '{unified: {"nosuch.max": "1"}}' 'controller nosuch is missing'
	no '{unified: {"memory.max": "-5"}}' 'memory.max.*expected max, or bytes from 0 to .*, found "-5"'
	nothing_left
}

@test "a limit of memory that is too small to start says how much is needed" {
	waits
	config '.linux.resources.memory = {limit: 65536} | .linux.cgroupsPath = $p' --arg p "system.slice:test:$ID"
	# systemd takes the cgroup away, soon, and the numbers with it
	fails 1 'killed for memory' proa --cgroup-manager systemd create -b "$BUNDLE" "$ID"
	nothing_left
	config '.linux.cgroupsPath = $p' --arg p "/$ID"
	fails 1 'killed for memory: a limit of 65536 bytes is too small to start: it takes [0-9]+ bytes' proa create -b "$BUNDLE" "$ID"
	nothing_left
	config '.linux.resources.memory = {limit: 4095}'
	fails 1 'killed for memory: a limit of 0 bytes is too small to start: it takes [0-9]+ bytes' proa create -b "$BUNDLE" "$ID"
	need=$(sed -n 's/.*it takes \([0-9]*\) bytes.*/\1/p' <<<"$stderr")
	[ "$need" -lt 4194304 ]
	config '.linux.resources.memory = {limit: $n} | .linux.cgroupsPath = $p' --argjson n $((need + 524288)) --arg p "/$ID"
	up_and_waiting
}

@test "controllers are enabled down to the cgroup; where they can't be, which, where and what to do is told" {
	# spec: config-linux.md#control-groups cgroup-unfit
	waits
	config '.linux.resources += {memory: {limit: 104857600}, pids: {limit: 9}} | .linux.cgroupsPath = $p' --arg p "/$TAG.a/b/c"
	cleanup "rmdir $CGROUP/$TAG.a/b; rmdir $CGROUP/$TAG.a"
	create
	look
	for dir in "$CGROUP/$TAG.a" "$CGROUP/$TAG.a/b"; do
		grep -qw memory "$dir/cgroup.subtree_control"
		grep -qw hugetlb "$dir/cgroup.subtree_control"
	done
	proa delete --force "$ID"
	# an ancestor with processes
	mkdir -p "$CGROUP/$TAG.p"
	cleanup "rmdir $CGROUP/$TAG.p"
	background sleep 1000
	echo $! >"$CGROUP/$TAG.p/cgroup.procs"
	config '.linux.cgroupsPath = $p' --arg p "/$TAG.p/c"
	fails 1 "linux.resources.memory.limit: .*memory.max: the controller memory is missing: cgroup /$TAG.p, which has to enable it for its children, has processes of its own .*move them into a child cgroup" \
		proa create -b "$BUNDLE" "$ID"
	[ ! -e "$CGROUP/$TAG.p/c" ]
	# a threaded one
	mkdir -p "$CGROUP/$TAG.t/threads"
	cleanup "rmdir $CGROUP/$TAG.t/threads; rmdir $CGROUP/$TAG.t"
	echo threaded >"$CGROUP/$TAG.t/threads/cgroup.type"
	config '.linux.cgroupsPath = $p' --arg p "/$TAG.t/threads/c"
	fails 1 "the controller memory is missing: cgroup /$TAG.t, which has to enable it for its children, is threaded.*choose a cgroupsPath outside" proa create -b "$BUNDLE" "$ID"
	config 'del(.linux.resources.memory) | del(.linux.resources.pids)'
	fails 1 "cgroup /$TAG.t/threads/c is in a threaded subtree .*choose another cgroupsPath" proa create -b "$BUNDLE" "$ID"
	[ ! -e "$CGROUP/$TAG.t/threads/c" ]
	# as many as an ancestor allows
	mkdir "$CGROUP/$TAG.full"
	cleanup "rmdir $CGROUP/$TAG.full"
	echo 0 >"$CGROUP/$TAG.full/cgroup.max.descendants"
	config '.linux.cgroupsPath = $p' --arg p "/$TAG.full/c"
	fails 1 "make cgroup /$TAG.full/c: .*cgroup.max.descendants or cgroup.max.depth of an ancestor" proa create -b "$BUNDLE" "$ID"
}

# in_cgroup DIR COMMAND...: proa's, with the caller in DIR; the exit code is in $status, what it said in $WORK/err
in_cgroup() {
	status=0
	# shellcheck disable=SC2016 # the inner shell expands it
	env "PROA_TEST=$TAG" bash -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$1" "$RUNTIME" --root "$ROOT" "${@:2}" \
		</dev/null >"$WORK/out" 2>"$WORK/err" 3>&- || status=$?
}

@test "too few processes for the caller, above the container, in the container: told, and nothing is left" {
	waits
	for place in caller above own; do
		config '.linux.cgroupsPath = $p' --arg p "$([ $place = above ] && echo "/few.above/c" || echo "/$ID")"
		mkdir "$CGROUP/few.$place"
		cleanup "rmdir $CGROUP/few.$place"
		refused=0 done=0
		for ((n = 0; n < 8 && done < 2; n++)); do
			# the shell that becomes proa counts, too
			[ $place:$n != caller:0 ] || continue
			echo max >"$CGROUP/few.caller/pids.max"
			case $place in
			caller | above)
				echo $n >"$CGROUP/few.$place/pids.max"
				in_cgroup "$CGROUP/few.caller" run -d -b "$BUNDLE" "$ID"
				;;
			own)
				create
				proa start "$ID"
				proa update --unified pids.max=$n "$ID"
				in_cgroup "$CGROUP/few.caller" exec "$ID" /bin/true
				;;
			esac
			if [ "$status" = 0 ]; then
				done=$((done + 1))
			else
				refused=$((refused + 1))
				[[ $status =~ ^(1|255)$ ]] || fail "$place $n: exit code $status" "$(<"$WORK/err")"
				has_words "^proa: .*[a-z]+ .*(temporarily unavailable|processes|pids.max)" "$(<"$WORK/err")"
			fi
			[ $place:$status != own:255 ] || is running
			proa delete --force "$ID" 2>/dev/null || [ "$status" != 0 ]
			nothing_left || fail "$place $n"
		done
		echo "$place: $refused refused, with $((n - 1)) it is enough: $(<"$WORK/err")"
		[ $done = 2 ]
		[ $place = caller ] || [ $refused -gt 0 ]
	done
}

@test "rootless with a part of the controllers: which isn't delegated is told, with the cure; the others limit" {
	id rootless >/dev/null
	outer=$CGROUP/$TAG.outer
	mkdir "$outer"
	echo "+memory +pids" >"$outer/cgroup.subtree_control"
	mkdir "$outer/user" "$outer/user/init"
	cleanup "rmdir $outer/user/init $outer/user $outer"
	chown rootless "$outer/user"{,/init,/init/cgroup.procs,/cgroup.procs,/cgroup.subtree_control}
	waits
	config '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 2000, size: 1}] |
		.linux.gidMappings = [{containerID: 0, hostID: 2000, size: 1}] | .mounts |= map(select(.type != "devpts" and .type != "mqueue"))'
	config '.linux.resources.cpu = {cpus: "0"} | .linux.cgroupsPath = $p' --arg p "/$TAG.outer/user/c"
	chown -R rootless "$WORK"
	# shellcheck disable=SC2016 # the inner shell expands it
	as_user() {
		bash -c 'echo $$ >"$1/cgroup.procs" && shift && exec setpriv --reuid rootless --regid rootless --clear-groups "$@"' \
			bash "$outer/user/init" env PROA_TEST="$TAG" "$RUNTIME" --root "$WORK/mine" "$@"
	}
	fails 1 "cpu.cpus: .*the controller cpuset is missing: cgroup /$TAG.outer, which has to enable it for its children, is not delegated to this user .*Delegate=" \
		as_user create -b "$BUNDLE" "$ID"
	[ ! -e "$outer/user/c" ]
	config '.linux.resources = {memory: {limit: 52428800}, pids: {limit: 7}}'
	quiet as_user run -d -b "$BUNDLE" "$ID"
	equal "$(cat "$outer/user/c"/{memory,pids}.max | xargs)" "52428800 7"
	as_user update --memory 60M --pids-limit 8 "$ID"
	equal "$(cat "$outer/user/c"/{memory,pids}.max | xargs)" "62914560 8"
	fails 1 "cpu.cpus: .*cpuset.cpus: .*the controller cpuset is missing: .*/$TAG.outer doesn.t enable it for its children" as_user update --cpuset-cpus 0 "$ID"
	as_user delete --force "$ID"
	[ ! -e "$outer/user/c" ]
}
