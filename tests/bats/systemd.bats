#!/usr/bin/env bats
# lane: vm
# tier: full
# The manager systemd: a scope for each container, its properties and the files of its cgroup, its end.

load helpers
load crash
load update
load systemd

setup() {
	common_setup
	require proa
	waits
	scope
}

is_limit() {
	equal "$(cat "$DIR/$1")" "$2" "$1:"
}

# --- where it is -------------------------------------------------------------------------------

@test "slice, prefix and name are the unit's; init is in its cgroup from its first step, and alone there" {
	scope machine-proa-some.slice
	config '.hooks.createContainer = [{path: "/bin/sh", args: ["sh", "-c", $s]}] |
		.annotations["org.systemd.property.TimeoutStopUSec"] = "uint64 123456000"' \
		--arg s "cat /proc/self/cgroup >'$WORK/hook'"
	config '.annotations["org.systemd.property.CollectMode"] = "\"inactive\"" |
		.annotations["org.systemd.property.RuntimeMaxSec"] = "1000" |
		.annotations["org.systemd.property.MemoryHigh"] = "uint64 104857600" | .linux.resources.pids = {limit: 44}'
	create
	look
	equal "$DIR" "$CGROUP/machine.slice/machine-proa.slice/machine-proa-some.slice/$UNIT"
	equal "$(cat "$DIR/cgroup.procs")" "$INIT"
	equal "$(cat "$WORK/hook")" "0::/"
	has_property ControlGroup "${DIR#"$CGROUP"}"
	has_property Slice machine-proa-some.slice
	has_property Description "container $ID (proa)"
	for name in Delegate MemoryAccounting CPUAccounting IOAccounting TasksAccounting Transient; do
		has_property $name yes
	done
	has_property DefaultDependencies no
	has_property TimeoutStopUSec "2min 3.456000s"
	has_property CollectMode inactive
	has_property RuntimeMaxUSec "16min 40s"
	has_property MemoryHigh 104857600
	is_limit memory.high 104857600
	is_limit pids.max 44
	proa start "$ID"
	wait_for_output waiting
	equal "$(cgroup_of "$INIT")" "$DIR"
	quiet proa exec -d --pid-file "$WORK/pid" "$ID" /bin/sleep 1000
	equal "$(cgroup_of "$(cat "$WORK/pid")")" "$DIR"
	proa delete --force "$ID"
	equal "$(units)" ""
	[ ! -e "$DIR" ]
}

@test "without cgroupsPath; and paths that are refused leave nothing" {
	config 'del(.linux.cgroupsPath)'
	UNIT=proa-$ID.scope
	up
	look
	equal "$DIR" "$CGROUP/system.slice/$UNIT"
	proa delete --force "$ID"
	for path in /a/b system.slice:a "a--b.slice:test:$ID" "x:test:$ID" "system.slice:test:$ID.slice"; do
		config '.linux.cgroupsPath = $p' --arg p "$path"
		fails 1 'linux.cgroupsPath: ' proa create -b "$BUNDLE" "$ID"
	done
	scope
	for bad in 'Slice|"x.slice"' 'TimeoutStopUSec|wrong' 'No1|1' 'NoSuchProperty|1' 'MemoryAccounting|"x"'; do
		config '.annotations = {("org.systemd.property." + $n): $v}' --arg n "${bad%%|*}" --arg v "${bad#*|}"
		fails 1 'org.systemd.property' proa create -b "$BUNDLE" "$ID"
	done
	equal "$(units)" ""
	nothing_left
}

# --- limits ------------------------------------------------------------------------------------

@test "limits are in the files and in the unit, at create, by update, and after a reload of systemd" {
	config '.linux.resources += {memory: {limit: 104857600, reservation: 10485760, swap: 157286400},
		cpu: {shares: 2048, quota: 25000, period: 50000, burst: 1000, cpus: "0-1", mems: "0"}, pids: {limit: 0},
		unified: {"memory.high": "94371840", "memory.oom.group": "1", "cgroup.max.depth": "5"}}'
	create
	look
	both() {
		is_limit memory.max 104857600
		is_limit memory.swap.max 52428800
		is_limit memory.low 10485760
		is_limit memory.high 94371840
		is_limit memory.oom.group 1
		is_limit cpu.weight 174
		is_limit cpu.max "25000 50000"
		is_limit cpu.max.burst 1000
		is_limit cpuset.cpus 0-1
		is_limit cpuset.mems 0
		is_limit pids.max 0
		is_limit cgroup.max.depth 5
		equal "$(systemctl show -p MemoryMax,MemorySwapMax,MemoryLow,MemoryHigh,OOMPolicy,CPUWeight,CPUQuotaPerSecUSec \
			-p CPUQuotaPeriodUSec,AllowedCPUs,AllowedMemoryNodes,TasksMax "$UNIT" | sort | xargs)" \
			"AllowedCPUs=0-1 AllowedMemoryNodes=0 CPUQuotaPerSecUSec=500ms CPUQuotaPeriodUSec=50ms CPUWeight=174 MemoryHigh=94371840 MemoryLow=10485760 MemoryMax=104857600 MemorySwapMax=52428800 OOMPolicy=kill TasksMax=1"
	}
	both
	systemctl daemon-reload
	equal "$(cat "$DIR/cpu.max" "$DIR/memory.max" "$DIR/cpuset.cpus" | xargs)" "25000 50000 104857600 0-1"
	proa update --pids-limit 50 "$ID"
	proa start "$ID"
	wait_for_output waiting
	proa update --memory 200M --memory-swap 300M --memory-high -1 --cpu-share 1024 --cpu-quota 12345 --cpu-burst 0 \
		--cpuset-cpus 1 --pids-limit 60 "$ID"
	after() {
		equal "$(cat "$DIR"/{memory.max,memory.swap.max,memory.high,cpu.weight,cpu.max,cpuset.cpus,pids.max} | xargs)" \
			"209715200 104857600 max 100 12345 50000 1 60"
		equal "$(systemctl show -p MemoryMax,MemorySwapMax,MemoryHigh,CPUWeight,CPUQuotaPerSecUSec,AllowedCPUs,TasksMax "$UNIT" |
			sort | xargs)" "AllowedCPUs=1 CPUQuotaPerSecUSec=250ms CPUWeight=100 MemoryHigh=infinity MemoryMax=209715200 MemorySwapMax=104857600 TasksMax=60"
	}
	after
	# refused by the kernel after others were written: in both as before
	fails 1 io.max proa update --memory 300M --pids-limit 70 --unified 'io.max=240:99 rbps=1' "$ID"
	after
	proa update --cpu-idle 1 "$ID"
	has_property CPUWeight idle
	proa update --cpu-idle 0 --cpu-share 1024 "$ID"
	after
	execs true
}

@test "weights of I/O are the unit's, too" {
	modprobe bfq
	config '.linux.resources.blockIO = {weight: 200}'
	create
	look
	if [ -e "$DIR/io.bfq.weight" ]; then
		has_words 200 "$(cat "$DIR/io.bfq.weight")"
		has_property IOWeight 1200
	else
		is_limit io.weight "default 1920"
		has_property IOWeight 1920
	fi
}

@test "devices: systemd's list and proa's program let the same through, before and after an update" {
	privileged
	config '.linux.resources.devices = [{allow: false, access: "rwm"}, {allow: true, type: "c", major: 1, minor: 11, access: "r"},
		{allow: true, type: "b", major: 7, access: "rw"}]'
	up
	has_property DevicePolicy strict
	has_words '/dev/(char/1:11|kmsg) r' "$(property DeviceAllow)"
	has_words 'block-(7|loop) rw' "$(property DeviceAllow)"
	tried() {
		execs /probe try open /tmp/kmsg , open-write /tmp/kmsg , open /tmp/mem , open /dev/null
		equal "$(xargs <<<"$output")" "$1"
	}
	execs /probe try mknod /tmp/kmsg c 1 11 , mknod /tmp/mem c 1 1
	tried "ok EPERM EPERM ok"
	systemctl daemon-reload
	tried "ok EPERM EPERM ok"
	systemctl set-property --runtime "$UNIT" MemoryHigh=90M # systemd has its own program anew
	tried "ok EPERM EPERM ok"
	proa update -r - "$ID" <<<'{"devices": [{"allow": false, "access": "rwm"}, {"allow": true, "type": "c", "major": 1, "minor": 11, "access": "rw"}]}'
	tried "ok ok EPERM ok"
	equal "$(property DeviceAllow | grep -E 'block-(7|loop)')" ""
	proa update -r - "$ID" <<<'{"devices": [{"allow": true, "access": "rwm"}]}'
	has_property DevicePolicy auto
	execs /probe try open-write /tmp/kmsg , mknod /tmp/other c 1 1
	equal "$(xargs <<<"$output")" "ok ok"
}

# told: limits in the files and in the unit
told() {
	(cd "$DIR" && cat memory.max pids.max cpu.max cpuset.cpus memory.oom.group | xargs)
	systemctl show -p MemoryMax,TasksMax,CPUQuotaPerSecUSec,AllowedCPUs,DevicePolicy "$UNIT" | sort | xargs
}

@test "limits and device rules in one update, and that update undone: files and unit have both" {
	require strace
	config '.linux.resources += {memory: {limit: 104857600}, pids: {limit: 60}, cpu: {quota: 12345, period: 50000, cpus: "0-1"}}'
	up
	look
	strict='[{"allow": false, "access": "rwm"}, {"allow": true, "type": "c", "major": 10, "minor": 229, "access": "rw"}]'
	# systemd writes all files, and rounds
	before=$(told)
	proa update -r - "$ID" <<<"{\"devices\": $strict}"
	equal "$(told)" "$before"
	has_words 'char/10:229|fuse' "$(property DeviceAllow)"
	echo '{"devices": [{"allow": true, "access": "rwm"}], "memory": {"limit": 209715200}, "pids": {"limit": 0},
		"cpu": {"quota": 23456, "cpus": "1"}}' >"$WORK/grow.json"
	echo "{\"devices\": $strict, \"memory\": {\"limit\": 104857600}, \"pids\": {\"limit\": 60}, \"cpu\": {\"quota\": 12345, \"cpus\": \"0-1\"}}" \
		>"$WORK/shrink.json"
	proa update -r "$WORK/grow.json" "$ID"
	after=$(told)
	equal "$after" "209715200 0 23456 50000 1 0
AllowedCPUs=1 CPUQuotaPerSecUSec=470ms DevicePolicy=auto MemoryMax=209715200 TasksMax=1"
	proa update -r "$WORK/shrink.json" "$ID"
	equal "$(told)" "$before"
	# killed when all is made and told
	last=$(OLD_FLAGS=(-r "$WORK/shrink.json") NEW_FLAGS=(-r "$WORK/grow.json") OLD=$(settings) && calls unlinkat)
	traced "unlinkat:signal=KILL:when=$last" update -r "$WORK/grow.json" "$ID" 2>"$WORK/err" || true
	equal "$(told)" "$after"
	is running
	equal "$(told)" "$before"
	[ ! -e "$ROOT/$ID/journal.json" ]
	traced "unlinkat:signal=KILL:when=$last" update -r "$WORK/grow.json" "$ID" 2>"$WORK/err" || true
	equal "$(told)" "$after"
	proa update --pids-limit 61 "$ID"
	equal "$(told)" "$(sed 's/ 60 / 61 /; s/=60$/=61/' <<<"$before")"
}

@test "memory.oom.group, which systemd can't be told while the unit is there, stays what an update made of it" {
	config '.linux.resources.unified = {"memory.oom.group": "1"}'
	up
	look
	proa update --unified memory.oom.group=0 --memory-high 90M "$ID"
	is_limit memory.oom.group 0
	proa update --memory-high 91M "$ID"
	is_limit memory.oom.group 0
	proa update --unified memory.oom.group=1 "$ID"
	proa update --memory-high 92M "$ID"
	is_limit memory.oom.group 1
}

@test "a name that begins like a file of cgroupfs, which systemd's directory may not" {
	scope memory.slice
	UNIT=memory.$ID.scope
	config '.linux.cgroupsPath = $p' --arg p "memory.slice::memory.$ID"
	up
	look
	equal "$DIR" "$CGROUP/_memory.slice/_$UNIT"
	proa update --pids-limit 33 "$ID"
	has_property TasksMax 33
	proa delete --force "$ID"
	equal "$(units)" ""
}

@test "a weight by its other name is systemd's, too" {
	up
	look
	proa update --unified cpu.weight.nice=5 "$ID"
	weight=$(cat "$DIR/cpu.weight")
	[ "$weight" != 100 ]
	equal "$(property CPUWeight)" "$weight"
	systemctl daemon-reload
	equal "$(cat "$DIR/cpu.weight")" "$weight"
}

# small: a container with 32 MB that takes 64 MB, which can't be reclaimed, once it is told to: take_64_mb
small() {
	config '.linux.resources.memory = {limit: 33554432, swap: 33554432} | .mounts += [{destination: "/mnt", type: "tmpfs", source: "tmpfs"}]'
	process /bin/sh -c 'while [ ! -e /mnt/go ]; do sleep 0.1; done; head -c 67108864 /dev/zero >/mnt/file; touch /mnt/done; sleep 1000'
	proa run -d -b "$BUNDLE" "$ID"
	look
}

take_64_mb() {
	touch "/proc/$INIT/root/mnt/go"
	eventually test -e "/proc/$INIT/root/mnt/done"
}

nobody_killed() {
	is running
	has_words "oom_kill 0" "$(cat "$DIR/memory.events")"
}

@test "memory.max raised by somebody else: an update of something else doesn't have systemd lower it, and the kernel kill" {
	small
	echo 209715200 >"$DIR/memory.max"
	take_64_mb
	proa update --cpu-share 500 "$ID"
	nobody_killed
	is_limit memory.max 209715200
	systemctl daemon-reload
	nobody_killed
}

@test "killed after memory.max has grown, and more is in use by now: systemd gets to know that it stays" {
	require strace
	small
	traced "renameat:signal=KILL:when=2" update --memory 200M --memory-swap 200M "$ID" 2>"$WORK/err" || true
	[ -e "$ROOT/$ID/journal.json" ]
	is_limit memory.max 209715200
	has_property MemoryMax 33554432
	take_64_mb
	fails 1 "memory.max is still more than" proa update --pids-limit 61 "$ID"
	has_property MemoryMax 209715200
	systemctl daemon-reload
	nobody_killed
}

# --- what there was before ---------------------------------------------------------------------

@test "a unit of that name that has failed is cleared away; one that is alive is left alone" {
	cleanup systemctl stop "$UNIT"
	systemd-run --quiet --scope --unit "$UNIT" -p RuntimeMaxSec=1 sleep 1000 3>&- || true
	eventually eval "[ \"\$(property ActiveState)\" = failed ]"
	up
	look
	equal "$DIR" "$CGROUP/system.slice/$UNIT"
	proa delete --force "$ID"
	equal "$(units)" ""
	(exec -a "$TAG" systemd-run --quiet --scope --unit "$UNIT" sleep 1000) 3>&- &
	eventually eval "[ \"\$(property ActiveState)\" = active ]"
	other=$(cat "$CGROUP/system.slice/$UNIT/cgroup.procs")
	fails 1 "another container has it: choose another name" proa create -b "$BUNDLE" "$ID"
	[ ! -e "$ROOT/$ID" ]
	equal "$(cat "$CGROUP/system.slice/$UNIT/cgroup.procs")" "$other"
	systemctl stop "$UNIT"
}

# --- its end -----------------------------------------------------------------------------------

@test "no unit is left by a run, by a failure at create, by a program that ends, and by delete of what systemd removed" {
	inside /bin/true
	equal "$(units)" ""
	process /nosuch
	fails 1 nosuch proa run -b "$BUNDLE" "$ID"
	equal "$(units)" ""
	config '.hooks.createRuntime = [{path: "/bin/false"}]'
	fails 1 createRuntime proa create -b "$BUNDLE" "$ID"
	equal "$(units)" ""
	config 'del(.hooks)'
	process /bin/true
	up
	becomes stopped
	proa delete "$ID"
	equal "$(units)" ""
	waits
	up
	systemctl stop "$UNIT"
	becomes stopped
	proa delete "$ID"
	nothing_left
}

@test "a create that is killed while it talks to systemd: delete leaves nothing" {
	quiet proa --trace "$WORK/undisturbed" create "$ID" -b "$BUNDLE"
	proa delete --force "$ID"
	steps "$WORK/undisturbed" | grep -E '^parent\|' | sample >"$WORK/steps"
	grep -q 'systemd helper' "$WORK/steps"
	[ "${PROA_TIER-}" = long ] || sed -i -n '/systemd\|ENTER\|cgroup\|CREATED\|RUNTIME/p' "$WORK/steps"
	while IFS='|' read -r process phase n; do
		dies_at "$process" "$phase" "$n" -- create -b "$BUNDLE" "$ID"
		copes || fail "after KILL at $process, $phase ($n)"
		eventually no_units || fail "after KILL at $process, $phase ($n):" "$(units)"
	done <"$WORK/steps"
}

@test "a bus that doesn't answer: create and update change nothing, delete goes without, each after half a minute" {
	up
	look
	pids_max=$(cat "$DIR/pids.max")
	for name in first second; do
		make_bundle "$WORK/$name" "$name$ID"
		jq '.process.args = ["/probe", "wait"] | .linux.cgroupsPath = $p' --arg p "system.slice:$name:$ID" \
			"$WORK/$name/config.json" >"$WORK/config.json"
		mv "$WORK/config.json" "$WORK/$name/config.json"
	done
	quiet proa create -b "$WORK/second" "second$ID"
	bus=$(systemctl show -P MainPID dbus.service)
	kill -STOP "$bus"
	cleanup kill -CONT "$bus"
	begun=$SECONDS pids=() codes=()
	proa create -b "$WORK/first" "first$ID" 2>"$WORK/create.err" >/dev/null 3>&- </dev/null &
	pids+=($!)
	proa update --pids-limit 33 "$ID" 2>"$WORK/update.err" 3>&- &
	pids+=($!)
	proa delete --force "second$ID" 2>"$WORK/delete.err" 3>&- &
	pids+=($!)
	for pid in "${pids[@]}"; do
		wait "$pid" && codes+=(0) || codes+=($?)
	done
	equal "${codes[*]}" "1 1 0"
	[ $((SECONDS - begun)) -ge 29 ]
	[ $((SECONDS - begun)) -le 50 ]
	for command in create update; do
		has_words 'systemd: no answer within 30 s, asked to connect' "$(cat "$WORK/$command.err")"
	done
	is_limit pids.max "$pids_max"
	[ ! -e "$ROOT/$ID/journal.json" ]
	[ ! -e "$ROOT/first$ID" ]
	[ ! -e "$ROOT/second$ID" ]
	[ ! -e "$CGROUP/system.slice/second-$ID.scope" ]
	kill -CONT "$bus"
	eventually eval "! units | grep -q second"
}

# --- a user's ----------------------------------------------------------------------------------

@test "rootless: a scope of the user's own systemd" {
	id rootless >/dev/null
	systemctl start systemd-logind
	config '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 2000, size: 1}] |
		.linux.gidMappings = [{containerID: 0, hostID: 2000, size: 1}] | .mounts |= map(select(.type != "devpts" and .type != "mqueue")) |
		.linux.cgroupsPath = $p | .linux.resources = {memory: {limit: 104857600}, pids: {limit: 20}, cpu: {quota: 50000}}' \
		--arg p "user-proa.slice:test:$ID"
	chown -R rootless "$WORK"
	cat >"$WORK/session" <<-OUTER
		p() { PROA_TEST=$TAG $RUNTIME --root $WORK/mine "\$@"; }
		set -e
		p --systemd-cgroup run -d -b $BUNDLE $ID >$WORK/out 2>&1 </dev/null
		p state $ID | jq .pid >$WORK/pid
		sed -n 's/^0:://p' /proc/\$(cat $WORK/pid)/cgroup >$WORK/cgroup
		systemctl --user show -p Slice,MemoryMax,TasksMax,Delegate $UNIT | sort | xargs >$WORK/shown
		p update --memory 90M --pids-limit 30 $ID
		systemctl --user show -p MemoryMax,TasksMax $UNIT | sort | xargs >>$WORK/shown
		cd /sys/fs/cgroup/\$(cat $WORK/cgroup) && cat memory.max pids.max cpu.max | xargs >>$WORK/shown
		p exec $ID cat /proc/self/cgroup >$WORK/inside
		p pause $ID && p resume $ID
		p delete --force $ID
		systemctl --user list-units --all --plain --no-legend "*$TAG*" >>$WORK/shown
	OUTER
	run su - rootless -c "bash $WORK/session"
	equal "$status" 0 "$output $(cat "$WORK/out" "$WORK/shown")"
	has_words "^/user.slice/user-2000.slice/user@2000.service/user.slice/user-proa.slice/$UNIT\$" "$(cat "$WORK/cgroup")"
	equal "$(cat "$WORK/shown")" "Delegate=yes MemoryMax=104857600 Slice=user-proa.slice TasksMax=20
MemoryMax=94371840 TasksMax=30
94371840 30 50000 100000"
	equal "$(cat "$WORK/inside")" "0::/"
	# without a session there is no systemd to ask
	fails 1 "no systemd of this user to talk to" su rootless -s /bin/bash -c "env -u XDG_RUNTIME_DIR -u DBUS_SESSION_BUS_ADDRESS \
		$RUNTIME --root $WORK/mine --systemd-cgroup create -b $BUNDLE $ID"
}
