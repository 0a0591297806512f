#!/usr/bin/env bats
# lane: native
# lane-long: vm
# tier: quick
# update: all of it or nothing. By files that every cgroup has (huge pages, cgroup.max.*) and by devices; failures
# anywhere are in update_faults.bats, what the limits of memory, CPU, pids and I/O do is in resize.bats.

load helpers
load update

# --- what it does ------------------------------------------------------------------------------

@test "limits are changed, and what isn't given is kept" {
	limited
	run proa update "${NEW_FLAGS[@]}" "$ID"
	equal "$status $output" "0 "
	all_new
	proa update --unified cgroup.max.depth=5 "$ID"
	equal "$(settings)" "${NEW/cgroup.max.depth:3/cgroup.max.depth:5}"
}

@test "a document from a file and from standard input, with options over it" {
	limited
	echo '{"hugepageLimits": [{"pageSize": "2MB", "limit": 2097152}], "unified": {"cgroup.max.depth": "4"}}' >"$WORK/r.json"
	proa update --resources "$WORK/r.json" "$ID"
	equal "$(cat "$DIR/hugetlb.2MB.max" "$DIR/hugetlb.2MB.rsvd.max" "$DIR/cgroup.max.depth" | xargs)" "2097152 2097152 4"
	proa update -r - --unified cgroup.max.depth=6 "$ID" <<<'{"unified": {"cgroup.max.descendants": "8"}}'
	equal "$(cat "$DIR/cgroup.max.depth" "$DIR/cgroup.max.descendants" | xargs)" "6 8"
	proa update -r - "$ID" <<<'{}'
	equal "$(cat "$DIR/cgroup.max.depth" "$DIR/cgroup.max.descendants" | xargs)" "6 8"
}

@test "a dry run says what would be written, in that order, and writes nothing" {
	limited
	before=$(stat -c %Y "$ROOT/$ID" && ls "$ROOT/$ID")
	run --separate-stderr proa update --dry-run "${NEW_FLAGS[@]}" "$ID"
	equal "$status$stderr" 0
	equal "$output" "hugetlb.2MB.rsvd.max: 8388608 -> max
cgroup.max.descendants: 7 -> max
hugetlb.2MB.max: 8388608 -> 4194304
cgroup.max.depth: 9 -> 3
cgroup.pressure: 1 -> 0
oom_score_adj: of 1 processes"
	all_old
	equal "$(stat -c %Y "$ROOT/$ID" && ls "$ROOT/$ID")" "$before"
	run proa update --dry-run --unified cgroup.max.depth=9 "$ID"
	equal "$status$output" 0
}

@test "the score of all processes, and of those that exec starts" {
	shell '/probe wait & exec /probe wait'
	config '.process.oomScoreAdj = 10'
	up
	eventually eval "[ \"\$(grep -c waiting '$WORK/out')\" = 2 ]"
	look
	mapfile -t pids <"$DIR/cgroup.procs"
	equal "${#pids[@]}" 2
	proa update --oom-score-adj 300 "$ID"
	for pid in "${pids[@]}"; do
		equal "$(cat "/proc/$pid/oom_score_adj")" 300
	done
	execs cat /proc/self/oom_score_adj
	equal "$output" 300
	equal "$(cat "$DIR/cgroup.freeze")" 0
	is running
}

@test "device rules are replaced" {
	require device-fuse
	config '.linux.devices = [{"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229, "fileMode": 438}]'
	up_and_waiting
	execs /probe try open /dev/fuse , write /dev/null x
	equal "$output" "EPERM
ok"
	proa update -r - "$ID" <<<'{"devices": [{"allow": false, "access": "rwm"}, {"allow": true, "type": "c", "major": 10, "minor": 229, "access": "r"}]}'
	execs /probe try open /dev/fuse , write /dev/fuse x , write /dev/null x
	equal "$output" "ok
EPERM
ok"
	# they hold until they are replaced
	proa update --unified cgroup.max.depth=3 "$ID"
	execs /probe try open /dev/fuse
	equal "$output" ok
	proa update -r - "$ID" <<<'{"devices": [{"allow": false, "access": "rwm"}]}'
	execs /probe try open /dev/fuse
	equal "$output" EPERM
}

@test "while device rules are replaced neither less nor more is let through than both say" {
	privileged
	config '.mounts += [{destination: "/tmp", type: "tmpfs", source: "tmpfs"}]'
	shell 'mknod /tmp/kmsg c 1 11; while :; do
		true </dev/zero || echo less
		{ true </tmp/kmsg; } 2>/dev/null && echo more
		i=$((i + 1)); echo $i >/tmp/count
		done'
	up
	look
	eventually test -s "/proc/$INIT/root/tmp/count"
	for n in $(seq "$(count 400)"); do
		proa update -r - "$ID" <<<'{"devices": [{"allow": false, "access": "rwm"}, {"allow": true, "type": "c", "major": 10, "minor": '"$n"', "access": "r"}]}'
	done
	# empty while it is written
	often() { [ "$(cat "/proc/$INIT/root/tmp/count")" -gt 10 ] 2>/dev/null; }
	eventually often
	equal "$(cat "$WORK/out")" ""
	# the test can see both
	proa update -r - "$ID" <<<'{"devices": [{"allow": true, "access": "rwm"}]}'
	wait_for_output more
}

@test "schemata of a class of resctrl" {
	limited
	updated() {
		in_classes "$RUNTIME" --root "$ROOT" update "$@" "$ID"
	}
	updated --l3-cache-schema L3:0=f --dry-run
	equal "$output" "/sys/fs/resctrl/gold/schemata: L3:0=fff;1=fff -> L3:0=f
exit code 0
    L3:0=fff;1=fff
    MB:0=100"
	updated --mem-bw-schema $'MB:0=10\nL3:0=f'
	has_words "memBwSchema: expected lines that begin with MB:" "$output"
	has_words "exit code 1" "$output"
	updated --mem-bw-schema MB:0=10 --unified cgroup.max.depth=3
	equal "${lines[*]:0:2}" "exit code 0 MB:0=10"
	equal "$(cat "$DIR/cgroup.max.depth")" 3
	updated --l3-cache-schema L3:0=f --unified cgroup.max.depth=9 --unified cgroup.max.descendants=many
	has_words "exit code 1" "$output"
	has_words "^L3:0=fff;1=fff$" "$output"
	equal "$(cat "$DIR/cgroup.max.depth")" 3
}

@test "created, running and paused containers; no others" {
	waits
	create
	look
	proa update --unified cgroup.max.depth=5 --oom-score-adj 50 "$ID"
	equal "$(cat "$DIR/cgroup.max.depth" "/proc/$INIT/oom_score_adj" | xargs)" "5 50"
	is created
	proa start "$ID"
	proa pause "$ID"
	proa update --unified cgroup.max.depth=6 --oom-score-adj 60 "$ID"
	equal "$(cat "$DIR/cgroup.max.depth" "$DIR/cgroup.freeze" "/proc/$INIT/oom_score_adj" | xargs)" "6 1 60"
	is paused
	proa resume "$ID"
	proa kill "$ID" KILL
	becomes stopped
	fails 1 "container not running" proa update --unified cgroup.max.depth=7 "$ID"
	fails 1 "does not exist" proa update --unified cgroup.max.depth=7 "no$ID"
}

@test "a container without a cgroup of its own" {
	require root
	waits
	quiet proa --cgroup-manager disabled run -d -b "$BUNDLE" "$ID"
	fails 1 "no cgroup of its own" proa update --unified cgroup.max.depth=7 "$ID"
}

# --- bad input ---------------------------------------------------------------------------------

# wrong WORDS ARG...: update refuses the arguments in one line, and nothing is changed
wrong() {
	local words=$1
	shift
	fails 1 "$words" proa update "$@" --unified cgroup.max.depth=2 "$ID"
	[ "$(wc -l <<<"$stderr")" = 1 ] || fail "more than a line:" "$stderr"
	all_old "$*:"
}

# wrong_document WORDS JSON
wrong_document() {
	printf '%s' "$2" >"$WORK/bad.json"
	wrong "$1" --resources "$WORK/bad.json"
}

@test "values that are no limits: one line with option, value and range, and nothing is changed" {
	limited
	wrong '--memory: expected a size in bytes.* -1 for no limit, found "-2"' --memory -2
	wrong '--memory: .*found "99999999999999999999"' --memory 99999999999999999999
	wrong '--memory: .*found "1.5G"' --memory 1.5G
	wrong '--memory: .*found "M"' --memory M
	wrong '--memory-swap: .*found "1Q"' --memory-swap 1Q
	wrong '--memory-high: .*found "1e9"' --memory-high 1e9
	wrong '--memory-min: .*found " 1"' --memory-min " 1"
	wrong '--cpu-quota: .*found "10ms"' --cpu-quota 10ms
	wrong 'linux.resources.cpu.quota: expected -1 \(unlimited\) or 1000 to 17592186044415 µs, found 999' --cpu-quota 999
	wrong 'linux.resources.cpu.period: expected 1000 to 1000000 µs, found 999' --cpu-period 999
	wrong '--cpu-period: .*0 to 1000000, found "1000001"' --cpu-period 1000001
	wrong '--cpu-burst: .*found "-1"' --cpu-burst -1
	wrong 'linux.resources.cpu.burst: a burst.* quota, which is 5000 µs; found 6000' --cpu-quota 5000 --cpu-burst 6000
	wrong '--cpu-idle: expected a number from 0 to 1, found "2"' --cpu-idle 2
	wrong '--cpu-share: .*0 to 262144, found "262145"' --cpu-share 262145
	wrong 'linux.resources.cpu.cpus: expected CPUs of this machine, which are [0-9,-]+, found "8000"' --cpuset-cpus 8000
	wrong 'linux.resources.cpu.cpus: expected a list of CPUs like 0-2,4, found "one"' --cpuset-cpus one
	wrong 'linux.resources.cpu.mems: expected memory nodes.*, found "500"' --cpuset-mems 500
	wrong '--pids-limit: .*found "-2"' --pids-limit -2
	wrong '--blkio-weight: .*found "1001"' --blkio-weight 1001
	wrong 'linux.resources.blockIO.weight: expected a weight from 10 to 1000, found 9' --blkio-weight 9
	wrong 'linux.resources.memory.swap: memory\+swap limit should be >= memory limit, which is 2097152; found 1048576' \
		--memory 2M --memory-swap 1M
	wrong '--oom-score-adj: .*-1000 to 1000, found "1001"' --oom-score-adj 1001
	wrong '--unified: expected FILE=VALUE, found "x"' --unified x
	wrong 'linux.resources.unified\["../x"\]: a key is the name of a file' --unified ../x=1
	wrong 'cgroup.kill holds no limit' --unified cgroup.kill=1
	wrong 'cgroup.freeze holds no limit' --unified cgroup.freeze=1
	wrong '"no.such.file\"\]: .*not there' --unified no.such.file=1
	wrong 'cpu.realtimePeriod: cgroup v2 has nothing like it' --cpu-rt-period 1000
	wrong 'linux.intelRdt: the container has none' --l3-cache-schema L3:0=f
}

@test "documents that are wrong" {
	limited
	wrong_document 'bad.json.*"shares" is unknown' '{"shares": 5}'
	wrong_document 'memory: "limits" is unknown' '{"memory": {"limits": 5}}'
	wrong_document 'memory.limit: expected an integer, found "300M"' '{"memory": {"limit": "300M"}}'
	wrong_document 'memory.limit: expected an integer from .*, found 1.5' '{"memory": {"limit": 1.5}}'
	wrong_document 'memory.limit: expected .*, found 99999999999999999999' '{"memory": {"limit": 99999999999999999999}}'
	wrong_document 'cpu.shares: expected .*, found -1' '{"cpu": {"shares": -1}}'
	wrong_document 'pids.limit: expected -1 .*, found -3' '{"pids": {"limit": -3}}'
	wrong_document 'hugepageLimits: .*2MB or 1GB' '{"hugepageLimits": [{"pageSize": "2M", "limit": 0}]}'
	wrong_document 'hugetlb.64KB.max: not there' '{"hugepageLimits": [{"pageSize": "64KB", "limit": 0}]}'
	wrong_document 'blockIO.throttleReadBpsDevice' '{"blockIO": {"throttleReadBpsDevice": [{"major": 240, "minor": 99, "rate": 5}]}}'
	wrong_document 'not valid JSON' '{"memory": '
	wrong_document 'bad.json: empty' ''
	wrong '/nosuch' --resources /nosuch
	run proa update -r - "$ID" <<<'{"x": 1}'
	has_words 'standard input:1: "x" is unknown' "$output"
}

@test "a size in the kernel's other spellings is what the kernel makes of it; what it would make 0 is refused" {
	limited
	for size in 0x600000 030000000 $'\t6m ' 6144K; do
		proa update --unified "hugetlb.2MB.max=$size" "$ID"
		equal "$(cat "$DIR/hugetlb.2MB.max")" 6291456
		proa update --unified hugetlb.2MB.max=8M "$ID"
	done
	for size in "" 18446744073709551616 17179869184G; do
		wrong 'unified\["hugetlb.2MB.max"\]: expected max, or bytes from 0' --unified "hugetlb.2MB.max=$size"
	done
	wrong 'expected one line, as cgroup.max.depth holds one value' --unified cgroup.max.depth=$'3\n12'
}

@test "a state directory that is full: nothing is changed, and nothing has to be undone" {
	limited
	cp -a "$ROOT/$ID" "$WORK/copy"
	mount -t tmpfs -o size=1m tmpfs "$ROOT/$ID"
	cp -a "$WORK/copy/." "$ROOT/$ID"
	dd if=/dev/zero of="$ROOT/$ID/full" bs=4096 2>/dev/null || true
	run ! proa update --unified cgroup.max.depth=2 "$ID"
	has_words "No space left on device" "$output"
	[[ $output != *undone* ]]
	[ ! -e "$ROOT/$ID/journal.json" ]
	equal "$(cat "$DIR/cgroup.max.depth")" 9
	rm "$ROOT/$ID/full"
	proa update --unified cgroup.max.depth=2 "$ID"
	equal "$(cat "$DIR/cgroup.max.depth")" 2
	umount "$ROOT/$ID"
}

@test "a controller that an ancestor doesn't pass on is named, and the ancestor" {
	config '.linux.cgroupsPath = $p' --arg p "/$TAG.outer/inner"
	waits
	up
	look
	wrong() { fails 1 "$1" proa update --unified hugetlb.2MB.max=2M "$ID"; }
	require controller-hugetlb
	echo -hugetlb >"${DIR%/inner}/cgroup.subtree_control"
	wrong "the controller hugetlb is missing: ${DIR%/inner} doesn't enable it for its children"
	proa delete --force "$ID"
	rmdir "${DIR%/inner}"
}

@test "a value that the kernel refuses after others were written" {
	limited
	wrong 'cgroup.max.descendants.*: can.t write "many" to cgroup.max.descendants: Invalid argument' \
		--unified hugetlb.2MB.max=0 --unified cgroup.max.descendants=many
	wrong 'hugetlb.2MB.rsvd.max' --unified hugetlb.2MB.max=0 --unified hugetlb.2MB.rsvd.max=-5
}

@test "a controller that the container's cgroup doesn't have" {
	limited
	[ ! -e "$DIR/memory.max" ] || skip "needs a cgroup without the memory controller"
	wrong 'linux.resources.memory.limit: .*memory.max: not there.*the controller memory is missing: .*cgroup v1' --memory 300M
}

# --- the cgroup in other states ----------------------------------------------------------------

@test "a file that is read-only" {
	limited
	for file in hugetlb.2MB.max cgroup.max.depth cgroup.max.descendants; do
		# shellcheck disable=SC2016 # the inner shell expands it
		fails 1 "$file: Read-only file system.*read-only" unshare -m --propagation private bash -c '
			mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && shift && exec "$@"' bash "$DIR/$file" \
			"$RUNTIME" --root "$ROOT" update "${NEW_FLAGS[@]}" "$ID"
		all_old "$file"
	done
	proa update "${NEW_FLAGS[@]}" "$ID"
	all_new
}

@test "a cgroup that is gone" {
	limited
	proa update "${NEW_FLAGS[@]}" "$ID"
	echo "$INIT" >"$CGROUP/init/cgroup.procs" || echo "$INIT" >"$CGROUP/cgroup.procs"
	rmdir "$DIR"
	fails 1 "cgroup .* is gone" proa update "${OLD_FLAGS[@]}" "$ID"
	is running
}

@test "a process of somebody else in the cgroup, and one that has frozen it" {
	limited
	background sleep 1000
	echo $! >"$DIR/cgroup.procs"
	proa update "${NEW_FLAGS[@]}" "$ID"
	all_new
	equal "$(cat "/proc/$!/oom_score_adj")" 200
	echo 1 >"$DIR/cgroup.freeze"
	eventually grep -q 'frozen 1' "$DIR/cgroup.events"
	proa update "${OLD_FLAGS[@]}" "$ID"
	equal "$(cat "$DIR/cgroup.freeze" "$DIR/cgroup.max.depth" "/proc/$!/oom_score_adj" | xargs)" "1 9 100"
	is paused
	proa resume "$ID"
	is running
}

# --- at the same time --------------------------------------------------------------------------

@test "updates at the same time: each is whole" {
	limited
	for round in $(seq "$(count 40)"); do
		pids=()
		for n in 1 2 3 4; do
			PROA_TEST=$TAG "$RUNTIME" --root "$ROOT" update --unified cgroup.max.depth=$n --unified cgroup.max.descendants=$n \
				--unified hugetlb.2MB.max=$((n << 21)) "$ID" 3>&- &
			pids+=($!)
		done
		for pid in "${pids[@]}"; do
			wait "$pid"
		done
		n=$(cat "$DIR/cgroup.max.depth")
		equal "$(cat "$DIR/cgroup.max.descendants" "$DIR/hugetlb.2MB.max" | xargs)" "$n $((n << 21))" "round $round"
	done
}

@test "updates while exec runs" {
	limited
	for n in $(seq "$(count 60)"); do
		PROA_TEST=$TAG "$RUNTIME" --root "$ROOT" exec -d "$ID" sleep 1000 3>&- &
		proa update --unified cgroup.max.depth="$n" --oom-score-adj "$n" "$ID"
		wait $!
		equal "$(cat "$DIR/cgroup.max.depth")" "$n"
		equal "$(wc -l <"$DIR/cgroup.procs")" $((n + 1))
		# whether a process came before the update or after it
		equal "$(sed 's|.*|/proc/&/oom_score_adj|' "$DIR/cgroup.procs" | xargs cat | sort -u)" "$n"
	done
	equal "$(cat "$DIR/cgroup.freeze")" 0
}
