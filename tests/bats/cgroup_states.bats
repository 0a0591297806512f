#!/usr/bin/env bats
# lane: native
# lane-long: vm
# tier: quick
# The commands on a container whose cgroup others have changed: gone, read-only, frozen from above, with strangers in it
# or a process that can't be frozen. One that can't be killed is in events_limits.bats.

load helpers

# others_remove: somebody moves the container's process to another cgroup, and removes its own
others_remove() {
	mkdir "$CGROUP/$TAG.elsewhere"
	cleanup rmdir "$CGROUP/$TAG.elsewhere"
	init_pid >"$CGROUP/$TAG.elsewhere/cgroup.procs"
	rmdir "$CGROUP/$ID"
}

@test "a cgroup that others have emptied and removed" {
	up_and_waiting
	others_remove
	is running
	equal "$(proa list -q)" "$ID"
	for verb in pause ps events; do
		fails 1 "cgroup /$ID is gone" proa $verb "$ID"
	done
	fails 1 "not paused|cgroup /$ID is gone" proa resume "$ID"
	proa kill "$ID" KILL
	becomes stopped
	proa delete "$ID"
	[ ! -d "$ROOT/$ID" ]
}

@test "watching a cgroup that others remove ends with an error" {
	up_and_waiting
	background proa events --interval 50ms "$ID"
	pid=$!
	eventually test -s "$WORK/background.out"
	others_remove
	code=0
	wait "$pid" || code=$?
	equal "$code" 1
	has_words "cgroup is gone" "$(cat "$WORK/background.err")"
	proa kill "$ID" KILL
	becomes stopped
}

# read_only: from now on all see the hierarchy so
read_only() {
	mount --bind "$CGROUP" "$CGROUP"
	cleanup "umount $CGROUP"
	mount -o remount,bind,ro "$CGROUP"
}

writable() {
	mount -o remount,bind,rw "$CGROUP"
}

@test "a read-only hierarchy: what only looks works, and so does kill" {
	require proa
	config '.linux.namespaces |= map(select(.type != "pid"))'
	shell 'sleep 1000 & exec /probe wait'
	up
	wait_for_output waiting
	read_only
	is running
	equal "$(proa ps -f json "$ID" | jq length)" 2
	proa events --stats "$ID" | jq -e .data >/dev/null
	fails 1 "cgroup.freeze" proa pause "$ID"
	is running
	proa kill --all "$ID" 0
	proa kill --all "$ID" KILL
	becomes stopped
	emptied() { [ -z "$(cat "$CGROUP/$ID/cgroup.procs")" ]; }
	eventually emptied
	fails 1 "remove cgroup /$ID" proa delete "$ID"
	is stopped
	writable
	proa delete "$ID"
	[ ! -d "$CGROUP/$ID" ]
}

@test "frozen by a cgroup above: resume names it, kill kills" {
	require proa
	config '.linux.cgroupsPath = $p' --arg p "/$TAG.outer/inner"
	cleanup rmdir "$CGROUP/$TAG.outer"
	up_and_waiting
	echo 1 >"$CGROUP/$TAG.outer/cgroup.freeze"
	becomes paused
	fails 1 "frozen by the cgroup /$TAG.outer above it" proa resume "$ID"
	equal "$(proa ps -f json "$ID")" "[$(init_pid)]"
	proa kill "$ID" KILL
	becomes stopped
	proa delete "$ID"
}

@test "frozen by hand" {
	up_and_waiting
	echo 1 >"$CGROUP/$ID/cgroup.freeze"
	becomes paused
	proa events --stats "$ID" | jq -e .data >/dev/null
	proa resume "$ID"
	is running
	grep -qx "frozen 0" "$CGROUP/$ID/cgroup.events"
}

# stuck: a running container, in whose cgroup a process waits in the kernel, deaf to the freezer: it looks at a FUSE
# filesystem whose daemon never answers
stuck() {
	require device-fuse
	mkdir "$WORK/trap"
	exec 9<>/dev/fuse
	mount -i -t fuse -o fd=9,rootmode=40000,user_id=0,group_id=0 trap "$WORK/trap"
	cleanup umount --lazy "$WORK/trap"
	up_and_waiting 9>&-
	background sh -c "echo \$\$ >$CGROUP/$ID/cgroup.procs; exec stat $WORK/trap"
	# not just anywhere: who moves into a cgroup waits, too
	waits_in_kernel() { grep -q '^fuse' "/proc/${HELPERS[0]}/wchan"; }
	eventually waits_in_kernel
}

freezing() {
	grep -qx 1 "$CGROUP/$ID/cgroup.freeze"
}

thawed() {
	grep -qx 0 "$CGROUP/$ID/cgroup.freeze" && grep -qx "frozen 0" "$CGROUP/$ID/cgroup.events"
}

@test "pause that is told to end lets all go on, and resume thaws what a killed one has left" {
	stuck
	for signal in INT TERM HUP QUIT; do
		background proa pause "$ID"
		pid=$!
		eventually freezing
		SECONDS=0
		kill -$signal $pid
		wait $pid || true
		[ "$SECONDS" -lt 8 ] # and not the 10 s that a process gets to freeze
		thawed
	done
	is running
	background proa pause "$ID"
	pid=$!
	eventually freezing
	kill -KILL $pid
	wait $pid || true
	freezing
	is running
	proa resume "$ID"
	thawed
	fails 1 "not paused" proa resume "$ID"
}

@test "an update that needs all to stand still waits for a half frozen container, and thaws none" {
	stuck
	echo 1 >"$CGROUP/$ID/cgroup.freeze"
	fails 1 "didn't freeze within 1000 ms because of process ${HELPERS[0]}" proa update --oom-score-adj 300 "$ID"
	freezing
	equal "$(cat "/proc/$(init_pid)/oom_score_adj")" 0
	# what may be changed while they run is
	proa update --unified cgroup.max.depth=5 "$ID"
	freezing
}

# signalling: kill --all stands still after its first signal, in PROA_PID, child of STRACE_PID
signalling() {
	require strace proa
	up_and_waiting
	background strace -f -qq -o "$WORK/strace" -e inject=kill:signal=STOP:when=1 \
		"$RUNTIME" --root "$ROOT" kill --all "$ID" WINCH
	STRACE_PID=$!
	eventually grep -q "stopped by SIGSTOP" "$WORK/strace"
	PROA_PID=$(cat "/proc/$STRACE_PID/task/$STRACE_PID/children")
	is running
}

@test "kill --all is killed while it signals: the next command lets all go on" {
	signalling
	freezing
	kill -KILL "$PROA_PID"
	wait "$STRACE_PID" || true
	is running
	thawed
	execs /bin/true
}

@test "kill --all is told to end while it signals: it lets all go on first" {
	signalling
	kill -TERM "$PROA_PID"
	kill -CONT "$PROA_PID"
	wait "$STRACE_PID" || true
	thawed
	[ ! -e "$ROOT/$ID/journal.json" ]
}

@test "pause, update and exec wait until kill --all has signalled" {
	signalling
	background proa --trace "$WORK/trace" update --oom-score-adj 300 "$ID"
	update=$!
	background proa exec "$ID" true
	exec=$!
	for pid in $update $exec; do
		eventually grep -q -e "-> POSIX .* $pid " /proc/locks
	done
	kill -CONT "$PROA_PID"
	wait "$STRACE_PID"
	wait "$update"
	wait "$exec"
	equal "$(jq -r '.phase | select(. == "freeze" or . == "thaw")' "$WORK/trace" | xargs)" "freeze thaw"
	is running
	proa pause "$ID"
	proa kill --all "$ID" WINCH
	is paused
}

@test "kill --all signals beside a command that holds the container" {
	require strace proa
	config '.linux.namespaces |= map(select(.type != "pid"))'
	up_and_waiting
	background strace -f -qq -o "$WORK/strace" -e inject=renameat:signal=STOP:when=1 \
		"$RUNTIME" --root "$ROOT" update --unified cgroup.max.depth=5 "$ID"
	pid=$!
	eventually grep -q "stopped by SIGSTOP" "$WORK/strace"
	proa kill --all "$ID" TERM
	becomes stopped
	kill -CONT "$(cat "/proc/$pid/task/$pid/children")"
	wait $pid || true
}

@test "an update that ends while state looks is no pause" {
	require strace proa
	up_and_waiting
	echo 1 >"$CGROUP/$ID/cgroup.freeze"
	becomes paused
	# the last thing that it looks for is a journal
	last=$(strace -qq -e trace=faccessat2 "$RUNTIME" --root "$ROOT" state "$ID" 2>&1 >/dev/null | grep -c journal.json)
	background strace -f -qq -o "$WORK/strace" -e inject=faccessat2:signal=STOP:when="$last" \
		"$RUNTIME" --root "$ROOT" state "$ID"
	pid=$!
	eventually grep -q "stopped by SIGSTOP" "$WORK/strace"
	echo 0 >"$CGROUP/$ID/cgroup.freeze"
	kill -CONT "$(cat "/proc/$pid/task/$pid/children")"
	wait $pid
	equal "$(jq -r .status "$WORK/background.out")" running
}

@test "a stranger in the cgroup of a stopped container goes with it" {
	up_and_waiting
	background sleep 1000
	pid=$!
	echo $pid >"$CGROUP/$ID/cgroup.procs"
	proa kill "$ID" KILL
	becomes stopped
	equal "$(cat "$CGROUP/$ID/cgroup.procs")" $pid
	proa delete "$ID"
	[ ! -d "$CGROUP/$ID" ]
	! kill -0 $pid 2>/dev/null || [[ "$(cat "/proc/$pid/stat")" == *") Z "* ]]
}

@test "a process that comes back while delete waits, and leaves" {
	up_and_waiting
	proa kill "$ID" KILL
	becomes stopped
	mkdir -p "$CGROUP/$ID/a/b"
	background sh -c "for n in 1 2 3 4 5; do sleep 0.3 & echo \$! >'$CGROUP/$ID/a/b/cgroup.procs' || exit 0; wait; done"
	proa delete "$ID"
	[ ! -d "$CGROUP/$ID" ]
}

@test "a snapshot is what the files say" {
	require proa controller-hugetlb
	up_and_waiting
	proa events --snapshot "$ID" | grep '^hugetlb' | sort >"$WORK/snapshot"
	(cd "$CGROUP/$ID" && grep '' hugetlb.* | sort) >"$WORK/files"
	diff "$WORK/files" "$WORK/snapshot"
	[ "$(wc -l <"$WORK/files")" -gt 5 ]
	cp "$RUNTIME" "$WORK/proa"
	fails 1 "proa-cgroup, which is neither beside proa nor in" "$WORK/proa" --root "$ROOT" events --snapshot "$ID"
}

@test "a cgroup that was there before is used again and again, also after a pause" {
	mkdir "$CGROUP/before.$TAG"
	cleanup "rmdir $CGROUP/before.$TAG/sub $CGROUP/before.$TAG"
	config '.linux.cgroupsPath = $p' --arg p "/before.$TAG"
	waits
	for round in first second third; do
		up_and_waiting
		equal "$(cat "$CGROUP/before.$TAG/cgroup.procs" | wc -l)" 1 "$round:"
		execs /bin/true
		mkdir -p "$CGROUP/before.$TAG/sub"
		echo 1 >"$CGROUP/before.$TAG/sub/cgroup.kill"
		proa exec --cgroup sub "$ID" /bin/true
		proa pause "$ID"
		proa delete --force "$ID"
		equal "$(cat "$CGROUP/before.$TAG/cgroup.freeze")" 0 "$round:"
		equal "$(cat "$CGROUP/before.$TAG/cgroup.procs")" ""
	done
}

# ended_and_its_place_taken: the container has ended; in its cgroup runs one of the same id, of another state root
ended_and_its_place_taken() {
	waits
	config '.linux.cgroupsPath = "/both-" + $t' --arg t "$TAG"
	up
	proa kill "$ID" KILL
	eventually is stopped
	cleanup "'$RUNTIME' --root '$WORK/other' delete --force '$ID'"
	"$RUNTIME" --root "$WORK/other" run -d -b "$BUNDLE" "$ID" </dev/null >"$WORK/other.out" 2>&1 3>&-
}

@test "two state roots, one path: whoever is deleted or killed, the other's container runs on" {
	ended_and_its_place_taken
	for command in "kill --all $ID KILL" "delete $ID"; do
		# shellcheck disable=SC2086 # words of their own
		proa $command
		equal "$("$RUNTIME" --root "$WORK/other" state "$ID" | jq -r .status)" running "after $command"
	done
	# the second has taken it over, with the duty to remove it
	"$RUNTIME" --root "$WORK/other" delete --force "$ID"
	[ ! -e "$CGROUP/both-$TAG" ]
}

@test "the same with a container whose state is damaged" {
	ended_and_its_place_taken
	echo '{' >"$ROOT/$ID/state.json"
	proa delete --force "$ID"
	equal "$("$RUNTIME" --root "$WORK/other" state "$ID" | jq -r .status)" running
	"$RUNTIME" --root "$WORK/other" delete --force "$ID"
	[ ! -e "$CGROUP/both-$TAG" ]
}

# cgroup_of_init: its directory
cgroup_of_init() {
	echo "$CGROUP$(awk -F: '$1 == 0 { print $3 }' "/proc/$(init_pid)/cgroup")"
}

@test "a container without a pid namespace dies by KILL and delete --force, whatever its cgroup's mark says" {
	config '.linux.namespaces |= map(select(.type != "pid"))'
	for command in "kill $ID KILL" "delete --force $ID"; do
		up_and_waiting
		dir=$(cgroup_of_init)
		made=$(getfattr --only-values -n trusted.proa "$dir")
		setfattr -n trusted.proa -v "made 1:1" "$dir"
		# shellcheck disable=SC2086 # words of their own
		proa $command
		eventually eval '! grep -q "populated 1" "$dir/cgroup.events" 2>/dev/null'
		[ ! -e "$dir" ] || setfattr -n trusted.proa -v "$made" "$dir"
		proa delete --force "$ID"
	done
}

@test "a damaged container whose cgroup has no mark isn't forgotten as long as there are processes" {
	up_and_waiting
	pid=$(init_pid)
	dir=$(cgroup_of_init)
	setfattr -x trusted.proa "$dir"
	echo '{' >"$ROOT/$ID/state.json"
	fails 1 "process.*in cgroup .* may be the container's or not" proa delete --force "$ID"
	[ -e "$ROOT/$ID" ]
	kill -KILL "$pid"
	eventually eval '! [ -e /proc/$pid ]'
	proa delete --force "$ID"
	[ ! -e "$dir" ]
}

@test "a cgroup that was there before keeps no mark" {
	mkdir "$CGROUP/found-$TAG"
	cleanup "rmdir '$CGROUP/found-$TAG'"
	config '.linux.cgroupsPath = "/found-" + $t' --arg t "$TAG"
	up_and_waiting
	proa delete --force "$ID"
	equal "$(getfattr -m trusted.proa "$CGROUP/found-$TAG")" ""
}

# from_killed COMMAND...: as a caller in a cgroup in which cgroup.kill was once written
from_killed() {
	(
		echo "$BASHPID" >"$CGROUP/caller.$TAG/cgroup.procs"
		"$@"
	)
}

@test "a caller in whose cgroup others were once killed creates, runs and executes" {
	require cgroup-v2
	mkdir "$CGROUP/caller.$TAG"
	cleanup "rmdir '$CGROUP/caller.$TAG'"
	echo 1 >"$CGROUP/caller.$TAG/cgroup.kill"
	process /bin/echo done
	equal "$(from_killed proa run -b "$BUNDLE" "$ID")" "done"
	waits
	# by way of a bridge, too
	for namespaces in . '. + [{type: "time"}]'; do
		config ".linux.namespaces |= ($namespaces)"
		from_killed create
		equal "$(cgroup_of "$(init_pid)")" "$CGROUP/$ID"
		proa start "$ID"
		wait_for_output waiting
		equal "$(from_killed proa exec "$ID" /bin/grep ^0:: /proc/self/cgroup)" 0::/
		proa delete --force "$ID"
	done
}
