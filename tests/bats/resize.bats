#!/usr/bin/env bats
# lane: vm
# tier: full
# timeout: 14000
# update of memory, CPU, pids, cpuset and I/O, felt by the processes; failures and deaths with all controllers; a database
# that is resized under load.

load helpers
load update
load systemd

# a thousand updates take longer than other tests
[ "${PROA_TIER-}" != long ] || export BATS_TEST_TIMEOUT=5000

# Where the k-th of something is the one that fails: in --long each in turn, else every seventh from anywhere
if [ "${PROA_TIER-}" = long ]; then FIRST=1 STEP=1; else STEP=7 FIRST=$((1 + RANDOM % STEP)); fi

# under MANAGER: the test's containers are its
under() {
	[ "$1" = cgroupfs ] || scope
}

# The limits of a container, line by line
limits() {
	(cd "$DIR" && grep -s '' memory.max memory.high memory.min memory.low memory.swap.max cpu.max cpu.max.burst cpu.weight \
		cpu.idle cpuset.cpus cpuset.mems pids.max io.max hugetlb.2MB.max cgroup.max.depth cgroup.freeze)
}

is_limit() {
	equal "$(cat "$DIR/$1")" "$2" "$1:"
}

# event NAME: how often memory.events has counted it
event() {
	awk -v name="$1" '$1 == name { print $2 }' "$DIR/memory.events"
}

# running [JQ-FILTER]: the container waits, with that changed in its config
running() {
	require controller-memory controller-cpu controller-cpuset controller-io controller-pids
	[ -z "${1-}" ] || config "$1"
	waits
	up_and_waiting
	look
}

# The MiB that a process in the container can touch before it is killed, or 64
grown() {
	proa exec "$ID" /probe grow 64 >"$WORK/grown" 2>/dev/null </dev/null || true
	tail -n 1 "$WORK/grown"
}

# --- memory ------------------------------------------------------------------------------------

@test "a memory hog is held at the stated size, whatever that becomes" {
	running '.linux.resources.memory = {limit: 20971520}'
	for mib in 20 40 30; do
		proa update --memory "${mib}M" "$ID"
		is_limit memory.max $((mib << 20))
		kills=$(event oom_kill)
		size=$(grown)
		echo "$mib MiB: $size"
		[ "$size" -le "$mib" ]
		[ "$size" -gt $((mib - 8)) ]
		equal "$(event oom_kill)" $((kills + 1))
	done
	proa update --memory -1 "$ID"
	is_limit memory.max max
	equal "$(grown)" 64
	is running
}

@test "memory in use is not killed for: refused with used, wanted and reclaimed, and all is as before" {
	# spec: config-linux.md#memory memory-check
	config '.linux.resources.memory = {limit: 104857600}'
	process /probe hold 40
	up
	wait_for_output held
	look
	before=$(limits)
	fails 1 'linux.resources.memory.limit: 4[0-9.]+ MiB used, 30 MiB wanted, [0-9.]+ [KM]iB reclaimed' \
		proa update --memory 30M --pids-limit 7 --cpu-quota 50000 "$ID"
	equal "$(limits)" "$before"
	echo '{"memory": {"limit": 31457280, "checkBeforeUpdate": true}}' >"$WORK/r.json"
	fails 1 'MiB used' proa update --force --resources "$WORK/r.json" "$ID"
	equal "$(limits)" "$before"
	equal "$(event oom_kill) $(event oom)" "0 0"
	is running
	proa update --memory 60M --pids-limit 7 "$ID"
	is_limit memory.max 62914560
	is running
	# what was asked for by force
	proa update --memory 30M --force "$ID"
	is_limit memory.max 31457280
	becomes stopped
}

@test "memory that was taken since its limit grew is not killed for when the update is undone" {
	require strace controller-memory
	config '.root.readonly = false'
	shell 'echo ready; until [ -e /tmp/go ]; do sleep 0.1; done; exec /probe hold 100'
	up
	wait_for_output ready
	look
	OLD_FLAGS=(--memory 60M --pids-limit 20) NEW_FLAGS=(--memory 200M --pids-limit 50)
	proa update "${OLD_FLAGS[@]}" --unified cgroup.pressure=1 "$ID"
	OLD=$(settings)
	last=$(calls unlinkat)
	status=0
	traced "unlinkat:signal=KILL:when=$last" update "${NEW_FLAGS[@]}" "$ID" 2>"$WORK/err" || status=$?
	equal "$status" 137
	touch "/proc/$INIT/root/tmp/go"
	wait_for_output held
	is running
	is_limit memory.max 209715200
	is_limit pids.max 20
	fails 1 'undo an update that was killed: memory.max is still more than the 60 MiB of before: 10[0-9.]+ MiB used' \
		proa update --pids-limit 30 "$ID"
	[ -e "$ROOT/$ID/journal.json" ]
	# another limit of memory ends that
	proa update --memory 150M "$ID"
	is_limit memory.max 157286400
	[ ! -e "$ROOT/$ID/journal.json" ]
	proa update --pids-limit 30 "$ID"
	is_limit pids.max 30
	equal "$(event oom) $(event oom_kill)" "0 0"
	is running
}

@test "checkBeforeUpdate of the config forbids force, whatever the update's says" {
	require controller-memory
	config '.linux.resources.memory = {limit: 104857600, checkBeforeUpdate: true}'
	process /probe hold 40
	up
	wait_for_output held
	look
	before=$(limits)
	fails 1 'MiB used.* unless memory.checkBeforeUpdate is set' proa update --force -r - "$ID" \
		<<<'{"memory": {"limit": 31457280, "checkBeforeUpdate": false}}'
	equal "$(limits)" "$before"
	is running
}

@test "a cache makes room: it is reclaimed, and nobody is killed" {
	require controller-memory
	config '.root.readonly = false | .linux.resources.memory = {limit: 314572800}'
	shell 'dd if=/dev/zero of=/tmp/big bs=1M count=150 2>/dev/null; cat /tmp/big >/dev/null; exec /probe wait'
	config '.mounts |= map(select(.destination != "/tmp"))'
	up
	wait_for_output waiting
	look
	used=$(cat "$DIR/memory.current")
	echo "in use: $used"
	[ "$used" -gt 104857600 ]
	run proa update --dry-run --memory 50M "$ID"
	has_words 'memory.max: 314572800 -> 52428800' "$output"
	has_words 'memory.current: [0-9]+, to be reclaimed first' "$output"
	proa --trace "$WORK/trace" update --memory 50M "$ID"
	is_limit memory.max 52428800
	[ "$(cat "$DIR/memory.current")" -le 52428800 ]
	equal "$(event oom) $(event oom_kill)" "0 0"
	is running
	echo "frozen for $(frozen) us"
}

# frozen: microseconds between freeze and thaw in $WORK/trace
frozen() {
	jq -s '[.[] | select(.phase == "freeze" or .phase == "thaw")] | last.us - first.us' "$WORK/trace"
}

@test "swap is counted with memory, and kept where it isn't given" {
	require swap-accounting
	running '.linux.resources.memory = {limit: 104857600, swap: 157286400}'
	is_limit memory.swap.max 52428800
	proa update --memory 120M "$ID"
	equal "$(cat "$DIR/memory.max" "$DIR/memory.swap.max" | xargs)" "125829120 52428800"
	proa update --memory-swap 130M "$ID"
	equal "$(cat "$DIR/memory.max" "$DIR/memory.swap.max" | xargs)" "125829120 10485760"
	fails 1 'memory.swap: memory\+swap limit should be >= memory limit, which is 125829120; found 104857600' \
		proa update --memory-swap 100M "$ID"
	proa update --memory-swap -1 "$ID"
	is_limit memory.swap.max max
	proa update --memory -1 "$ID"
	fails 1 'memory.swap: unable to set swap limit without memory limit' proa update --memory-swap 100M "$ID"
}

@test "high, min, reservation" {
	running
	proa update --memory-high 200M --memory-min 1M --memory-reservation 2M "$ID"
	equal "$(cat "$DIR"/memory.{high,min,low} | xargs)" "209715200 1048576 2097152"
	proa update --memory-high -1 "$ID"
	equal "$(cat "$DIR"/memory.{high,min,low} | xargs)" "max 1048576 2097152"
}

# --- CPU ---------------------------------------------------------------------------------------

# percent SECONDS: of a CPU that the container uses meanwhile
percent() {
	local from to begin end
	begin=${EPOCHREALTIME/./} from=$(awk '/^usage_usec/ { print $2 }' "$DIR/cpu.stat")
	sleep "$1"
	to=$(awk '/^usage_usec/ { print $2 }' "$DIR/cpu.stat") end=${EPOCHREALTIME/./}
	echo $(((to - from) * 100 / (end - begin)))
}

@test "20 % of a CPU, then 150 %" {
	require controller-cpu cpus-2
	config '.linux.resources.cpu = {quota: 20000, period: 100000}'
	shell 'while :; do :; done & while :; do :; done & exec /probe wait'
	up
	wait_for_output waiting
	look
	for quota in 20000 150000; do
		proa update --cpu-quota $quota "$ID"
		is_limit cpu.max "$quota 100000"
		sleep 0.5
		used=$(percent 4) wanted=$((quota / 1000))
		echo "$wanted %: $used"
		[ "$used" -le $((wanted + wanted / 10 + 3)) ]
		[ "$used" -ge $((wanted * 7 / 10)) ]
	done
}

@test "a quota without a period, a period without a quota, and none" {
	running '.linux.resources.cpu = {quota: 20000, period: 50000}'
	proa update --cpu-quota 30000 "$ID"
	is_limit cpu.max "30000 50000"
	proa update --cpu-period 80000 "$ID"
	is_limit cpu.max "30000 80000"
	proa update --cpu-quota -1 "$ID"
	is_limit cpu.max "max 80000"
	proa update --cpu-quota 40000 --cpu-period 100000 --cpu-burst 10000 "$ID"
	equal "$(cat "$DIR/cpu.max" "$DIR/cpu.max.burst" | xargs)" "40000 100000 10000"
	fails 1 'cpu.burst: a burst.*quota, which is 5000 µs; found 10000' proa update --cpu-quota 5000 "$ID"
	proa update --cpu-quota 5000 --cpu-burst 4000 "$ID"
	equal "$(cat "$DIR/cpu.max" "$DIR/cpu.max.burst" | xargs)" "5000 100000 4000"
	proa update --cpu-quota 60000 --cpu-burst 50000 "$ID"
	equal "$(cat "$DIR/cpu.max" "$DIR/cpu.max.burst" | xargs)" "60000 100000 50000"
}

@test "shares, and an idle container" {
	running '.linux.resources.cpu = {shares: 2048}'
	weight=$(cat "$DIR/cpu.weight")
	proa update --cpu-idle 1 "$ID"
	is_limit cpu.idle 1
	fails 1 'cpu.shares: the container is idle' proa update --cpu-share 1024 "$ID"
	before=$(limits)
	fails 1 'io.max' proa update --cpu-idle 0 --cpu-share 512 --unified 'io.max=240:99 rbps=1' "$ID"
	equal "$(limits)" "$before"
	proa update --cpu-idle 0 "$ID"
	equal "$(cat "$DIR/cpu.idle" "$DIR/cpu.weight" | xargs)" "0 $weight"
	proa update --cpu-share 1024 "$ID"
	is_limit cpu.weight 100
	proa update --unified cpu.weight=77 "$ID"
	proa update --cpu-idle 1 "$ID"
	proa update --cpu-idle 0 "$ID"
	is_limit cpu.weight 77
	before=$(limits)
	fails 1 'io.max' proa update --cpu-idle 1 --unified 'io.max=240:99 rbps=1' "$ID"
	equal "$(limits)" "$before"
}

@test "the CPUs to run on" {
	require cpus-2
	running
	for set in 0 1 0-1; do
		proa update --cpuset-cpus $set --cpuset-mems 0 "$ID"
		is_limit cpuset.cpus $set
		equal "$(sed -n 's/^Cpus_allowed_list:\t//p' "/proc/$INIT/status")" $set
	done
	fails 1 'cpu.cpus: expected CPUs of this machine, which are 0-[0-9]+, found "0-99"' proa update --cpuset-cpus 0-99 "$ID"
	is_limit cpuset.cpus 0-1
}

@test "the number of processes" {
	running
	proa update --pids-limit 1 "$ID"
	fails 255 "" proa exec "$ID" true
	proa update --pids-limit 0 "$ID"
	is_limit pids.max 0
	proa update --pids-limit -1 "$ID"
	execs true
}

# --- I/O ---------------------------------------------------------------------------------------

# seconds_to_read MIB: from the loop device, past the cache, by a process in the container's cgroup
seconds_to_read() {
	local begin=$EPOCHREALTIME
	# shellcheck disable=SC2016 # the inner shell expands it
	bash -c 'echo 0 >"$1/cgroup.procs" && exec dd if="$2" of=/dev/null iflag=direct bs=256k count=$(($3 * 4)) status=none' \
		bash "$DIR" "$LOOP" "$1"
	awk -v a="$begin" -v b="$EPOCHREALTIME" 'BEGIN { print b - a }'
}

@test "io.max throttles a loop device" {
	require controller-io
	modprobe loop
	truncate -s 32M "$WORK/disk"
	LOOP=$(losetup --find --show "$WORK/disk")
	cleanup losetup -d "$LOOP"
	numbers=$(lsblk -ndo MAJ:MIN "$LOOP" | xargs)
	running '.linux.resources.devices += [{allow: true, type: "b", major: 7, access: "rwm"}]'
	throttle() {
		jq -n --argjson rate "$1" --arg n "$numbers" \
			'{blockIO: {throttleReadBpsDevice: [($n | split(":") | map(tonumber)) as [$a, $b] | {major: $a, minor: $b, rate: $rate}]}}' |
			proa update -r - "$ID"
	}
	throttle 1048576
	is_limit io.max "$numbers rbps=1048576 wbps=max riops=max wiops=max"
	slow=$(seconds_to_read 4)
	throttle 4194304
	faster=$(seconds_to_read 4)
	throttle 0
	is_limit io.max ""
	free=$(seconds_to_read 4)
	echo "1 MiB/s: $slow s, 4 MiB/s: $faster s, none: $free s"
	awk -v s="$slow" -v f="$faster" -v n="$free" 'BEGIN { exit !(s > 3 && s < 12 && f < s / 2 && n < s / 2) }'
}

@test "weights of I/O" {
	modprobe bfq 2>/dev/null || true
	running
	proa update --blkio-weight 500 "$ID"
	if [ -e "$DIR/io.bfq.weight" ]; then
		has_words "^(default )?500$" "$(cat "$DIR/io.bfq.weight")"
	else
		is_limit io.weight "default 4950"
	fi
}

# --- all or nothing, with all controllers ------------------------------------------------------

# A container with 30 MiB in use, and updates that change all there is, in both directions
everything() {
	require controller-memory controller-cpu controller-cpuset controller-pids
	config '.linux.resources = {memory: {limit: 209715200, reservation: 4194304}, cpu: {quota: 80000, period: 100000,
		shares: 2048, cpus: "0-1"}, pids: {limit: 100}}'
	process /probe hold 30
	up
	wait_for_output held
	look
	OLD_FLAGS=(--memory 200M --memory-reservation 4M --memory-high -1 --cpu-quota 80000 --cpu-period 100000 --cpu-burst 0
		--cpu-share 2048 --cpuset-cpus 0-1 --pids-limit 100 --unified cgroup.max.depth=9 --oom-score-adj 100)
	NEW_FLAGS=(--memory 100M --memory-reservation 8M --memory-high 90M --cpu-quota 60000 --cpu-period 50000 --cpu-burst 20000
		--cpu-share 512 --cpuset-cpus 1 --pids-limit 200 --unified cgroup.max.depth=3 --oom-score-adj 200)
	proa update "${OLD_FLAGS[@]}" "$ID"
	OLD=$(settings)
	proa update "${NEW_FLAGS[@]}" "$ID"
	NEW=$(settings)
	[ "$NEW" != "$OLD" ]
	proa update "${OLD_FLAGS[@]}" "$ID"
	all_old
}

@test "refused by the kernel at the end: EINVAL, ENODEV and EBUSY" {
	echo 3 >/proc/sys/vm/nr_hugepages
	cleanup 'echo 0 >/proc/sys/vm/nr_hugepages'
	config '.mounts += [{destination: "/huge", type: "hugetlbfs", source: "none", options: ["pagesize=2M"]}]'
	everything
	execs fallocate -l 6M /huge/file
	fails 1 'hugetlb.2MB.max: Device or resource busy; what it would take away is in use' \
		proa update "${NEW_FLAGS[@]}" --unified hugetlb.2MB.max=4194304 "$ID"
	all_old EBUSY
	for bad in 'io.max=240:99 rbps=1000' 'cgroup.max.descendants=many' 'cpu.weight=10001'; do
		fails 1 "${bad%%=*}" proa update "${NEW_FLAGS[@]}" --unified "$bad" "$ID"
		all_old "$bad"
	done
	fails 1 'throttleReadBpsDevice: .*io.max: No such device; there is no such disk' proa update "${NEW_FLAGS[@]}" -r - "$ID" \
		<<<'{"blockIO": {"throttleReadBpsDevice": [{"major": 240, "minor": 99, "rate": 1000}]}}'
	all_old ENODEV
}

@test "each file read-only in turn" {
	everything
	for file in memory.max memory.low memory.high cpu.max cpu.max.burst cpu.weight cpuset.cpus pids.max cgroup.freeze; do
		# shellcheck disable=SC2016 # the inner shell expands it
		fails 1 "$file: Read-only file system" unshare -m --propagation private bash -c '
			mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && shift && exec "$@"' bash "$DIR/$file" \
			"$RUNTIME" --root "$ROOT" update "${NEW_FLAGS[@]}" "$ID"
		all_old "$file"
	done
}

any_write_fails() {
	require strace
	under "$1"
	everything
	for ((k = FIRST; ; k += STEP)); do
		traced "write:error=EBUSY:when=$k" update "${NEW_FLAGS[@]}" "$ID" 2>"$WORK/err" && break
		all_old "$k: $(cat "$WORK/err")"
	done
	all_new
	[ "$k" -gt 15 ]
}

@test "any write may fail, cgroupfs" {
	any_write_fails cgroupfs
}

@test "any write may fail, systemd" {
	any_write_fails systemd
}

# killed_at CALL: the update, before each such system call of a process of it, proa or its helper
killed_at() {
	for ((k = FIRST; ; k += STEP)); do
		status=0
		traced "$1:signal=KILL:when=$k" update "${NEW_FLAGS[@]}" "$ID" 2>"$WORK/err" || status=$?
		[ "$status" != 0 ] || break
		[ "$status" = 137 ] || has_words 'proa-systemd' "$(cat "$WORK/err")"
		is running
		all_old "$1 $k"
	done
	all_new
}

@test "killed before any write, cgroupfs" {
	require strace
	everything
	killed_at write
	[ "$k" -gt 15 ]
}

@test "killed before any write and any message, systemd" {
	require strace
	under systemd
	everything
	killed_at write
	[ "$k" -gt 15 ]
	proa update "${OLD_FLAGS[@]}" "$ID"
	all_old
	STEP=$(((STEP + 1) / 2))
	FIRST=1
	killed_at sendmsg
	[ "$k" -gt 3 ]
}

# random: flags in FLAGS, all files and contents that they ask for in WANTED
random() {
	local n
	FLAGS=() WANTED=()
	((RANDOM % 2)) && n=$((60 + RANDOM % 200)) && FLAGS+=(--memory "${n}M") && WANTED+=("memory.max $((n << 20))")
	((RANDOM % 3)) || { n=$((RANDOM % 20)) && FLAGS+=(--memory-reservation "${n}M") && ((n)) && WANTED+=("memory.low $((n << 20))"); }
	((RANDOM % 3)) || { n=$((2000 + RANDOM)) && FLAGS+=(--cpu-period "$n" --cpu-quota "$n") && WANTED+=("cpu.max $n $n"); }
	((RANDOM % 3)) || { n=$((RANDOM % 2)) && FLAGS+=(--cpuset-cpus "$n") && WANTED+=("cpuset.cpus $n"); }
	((RANDOM % 3)) || { n=$((10 + RANDOM)) && FLAGS+=(--pids-limit "$n") && WANTED+=("pids.max $n"); }
	((RANDOM % 3)) || { FLAGS+=(--cpu-share 1024) && WANTED+=("cpu.weight 100" "cpu.weight.nice 0"); }
	((RANDOM % 4)) || {
		n=$((RANDOM % 9)) && FLAGS+=(--memory-high -1 --unified "cgroup.max.depth=$n")
		WANTED+=("memory.high max" "cgroup.max.depth $n")
	}
}

# expected BEFORE: those settings with what is wanted in place of what there was
expected() {
	local line wanted
	while IFS= read -r line; do
		for wanted in "${WANTED[@]}"; do
			[[ $line != "${wanted%% *}":* ]] || line=${wanted/ /:}
		done
		echo "$line"
	done <<<"$1"
}

# One in three must fail: by a device that isn't there, by a burst, by memory in use
spoil() {
	BAD=
	case $((RANDOM % 9)) in
	0) BAD=1 FLAGS+=(--unified 'io.max=240:99 rbps=1000') ;;
	1) BAD=1 FLAGS+=(--unified cpu.max.burst=999999999999) ;;
	2) BAD=1 FLAGS+=(--memory 20M) ;;
	esac
}

random_updates() {
	local many=30
	[ "${PROA_TIER-}" != long ] || many=1000
	under "$1"
	everything
	RANDOM=42
	bad=0
	for n in $(seq $many); do
		random
		spoil
		before=$(UNIT='' settings)
		if proa update "${FLAGS[@]}" "$ID" 2>"$WORK/err"; then
			[ -z "$BAD" ] || fail "$n: ${FLAGS[*]}: not refused"
			equal "$(UNIT='' settings)" "$(expected "$before")" "$n: ${FLAGS[*]}"
		else
			[ -n "$BAD" ] || fail "$n: ${FLAGS[*]}" "$(cat "$WORK/err")"
			equal "$(UNIT='' settings)" "$before" "$n: ${FLAGS[*]}"
			bad=$((bad + 1))
		fi
	done
	[ "$bad" -gt 3 ]
	equal "$(event oom_kill)" 0
	is running
}

@test "random updates: each is whole, cgroupfs" {
	random_updates cgroupfs
}

@test "random updates: each is whole, systemd" {
	random_updates systemd
}

@test "CPUs and memory resized up and down under load" {
	require controller-memory controller-cpu cpus-2
	config '.linux.resources.memory = {limit: 209715200}'
	shell 'while :; do /probe grow 40 >/dev/null || echo killed; done & while :; do :; done & exec /probe wait'
	up
	wait_for_output waiting
	look
	for n in $(seq "$(count 200)"); do
		proa update --memory 120M --cpu-quota 50000 --cpuset-cpus $((n % 2)) "$ID"
		proa update --memory 200M --cpu-quota 150000 --cpuset-cpus 0-1 "$ID"
		# the load needs less than 60 MiB
		proa update --memory $((60 + n % 40))M "$ID"
	done
	is_limit cgroup.freeze 0
	equal "$(event oom_kill)" 0
	equal "$(grep -c killed "$WORK/out")" 0
	is running
}

# --- a database --------------------------------------------------------------------------------

# Redis of this machine in a container, with 500 MB in 1,000 keys
redis() {
	require redis-server redis-cli python3
	rm -rf "$BUNDLE/rootfs"
	mkdir -p "$BUNDLE/rootfs"/{usr,etc,proc,sys,dev,tmp} "$WORK/run"
	for link in bin lib lib64; do
		ln -s "usr/$link" "$BUNDLE/rootfs/$link"
	done
	config '.linux.resources.memory = {limit: 1073741824} | .mounts += [
		{destination: "/usr", source: "/usr", type: "bind", options: ["bind", "ro"]},
		{destination: "/tmp", source: $run, type: "bind", options: ["bind", "rw"]}]' --arg run "$WORK/run"
	process /usr/bin/redis-server --port 0 --unixsocket /tmp/redis --save "" --enable-debug-command yes
	up
	look
	eventually eval "[ \"\$(ask PING)\" = PONG ]"
	equal "$(ask DEBUG POPULATE 1000 key 524288)" OK
	equal "$(ask DBSIZE)" 1000
	[ "$(cat "$DIR/memory.current")" -gt 500000000 ]
}

ask() {
	redis-cli -s "$WORK/run/redis" "$@"
}

# longest SECONDS: of the answers to a steady load, in ms
longest() {
	python3 - "$WORK/run/redis" "$1" <<-'EOF'
		import socket, sys, time
		s = socket.socket(socket.AF_UNIX)
		s.connect(sys.argv[1])
		end, worst, n = time.monotonic() + float(sys.argv[2]), 0, 0
		while time.monotonic() < end:
		    n += 1
		    begin = time.monotonic()
		    s.sendall(b"STRLEN key:%d\r\n" % (n % 1000))
		    s.recv(100)
		    worst = max(worst, time.monotonic() - begin)
		    time.sleep(0.002)
		print(int(worst * 1000))
	EOF
}

@test "a database of 500 MB: less than it holds is refused and no key is lost; more is given without a long pause" {
	redis
	digest=$(ask DEBUG DIGEST)
	before=$(limits)
	fails 1 'memory.limit: 5[0-9]{2} MiB used, 300 MiB wanted, [0-9.]+ [KM]iB reclaimed' proa update --memory 300M "$ID"
	equal "$(limits)" "$before"
	equal "$(ask DBSIZE)" 1000
	equal "$(ask DEBUG DIGEST)" "$digest"
	equal "$(event oom_kill)" 0
	is running
	best=
	for round in 1 2 3; do
		proa update --memory 1G "$ID"
		alone=$(longest 3)
		longest 3 >"$WORK/longest" 3>&- &
		sleep 1
		rm -f "$WORK/trace"
		proa --trace "$WORK/trace" update --memory 600M "$ID"
		wait $!
		is_limit memory.max 629145600
		with=$(cat "$WORK/longest")
		echo "# round $round: longest answer $alone ms without an update, $with ms with one, frozen $(frozen) us" >&3
		[ -n "$best" ] && [ "$best" -le $((with - alone)) ] || best=$((with - alone))
	done
	[ "$best" -le 100 ]
	equal "$(ask DBSIZE)" 1000
	equal "$(event oom_kill)" 0
}
