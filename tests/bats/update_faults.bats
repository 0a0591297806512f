#!/usr/bin/env bats
# lane: native
# lane-long: vm
# tier: full
# update: all old or all new, whatever fails and wherever it is killed.

load helpers
load update

# --- failures ----------------------------------------------------------------------------------

@test "any system call may fail: all is old or all is new" {
	require strace
	limited
	for call in write:error=EINVAL write:error=EBUSY write:error=EIO renameat:error=ENOSPC unlinkat:error=EIO read:error=EIO openat:error=EMFILE; do
		failed=0
		for ((k = 1; ; k++)); do
			if traced "$call:when=$k" update "${NEW_FLAGS[@]}" "$ID" 2>"$WORK/err"; then
				all_new "$call $k"
				back
				# past the last call; else it may fail
				grep -q INJECTED "$WORK/strace" || break
			else
				all_old "$call $k: $(cat "$WORK/err")"
				failed=$((failed + 1))
			fi
		done
		echo "$call: $failed of $((k - 1))"
		[ "$failed" -gt 0 ]
	done
}

@test "killed at any system call: the next command undoes it" {
	require strace
	limited
	proa update --unified cgroup.max.depth=9 "$ID"
	for call in write renameat unlinkat openat; do
		for ((k = 1; ; k++)); do
			status=0
			traced "$call:signal=KILL:when=$k" update "${NEW_FLAGS[@]}" "$ID" 2>"$WORK/err" || status=$?
			[ "$status" != 0 ] || break
			[ "$status" = 137 ] || fail "$call $k: $status" "$(cat "$WORK/err")"
			# it is not taken for paused, and it runs
			is running
			equal "$(cat "$DIR/cgroup.freeze")" 0 "$call $k"
			all_old "$call $k"
		done
		[ "$k" -gt 1 ] || fail "$call: not one was killed"
		all_new
		back
	done
}

@test "every command that finds the journal of a killed update undoes it" {
	require strace
	limited
	last=$(calls unlinkat)
	killed() {
		local status=0
		# all is written; what is left is to take the journal away
		traced "unlinkat:signal=KILL:when=$last" update "${NEW_FLAGS[@]}" "$ID" 2>"$WORK/err" || status=$?
		equal "$status" 137
		equal "$(cat "$DIR/cgroup.max.depth" "$DIR/cgroup.freeze" | xargs)" "3 0"
		[ -e "$ROOT/$ID/journal.json" ]
	}
	for command in "state $ID" list "ps $ID" "exec $ID true" "kill $ID 0" "update $ID" "update --dry-run $ID"; do
		killed
		# shellcheck disable=SC2086 # a list of words
		quiet proa $command
		all_old "$command"
	done
	killed
	quiet proa pause "$ID"
	is paused
	quiet proa resume "$ID"
	all_old pause
	killed
	proa delete --force "$ID"
}

@test "killed, and the cgroup is gone: what lies elsewhere is put back" {
	require strace
	limited
	schema=(--l3-cache-schema L3:0=f --unified cgroup.max.depth=3)
	trace=(strace -f -qq -o "$WORK/strace" -e trace=unlinkat)
	in_classes "${trace[@]}" "$RUNTIME" --root "$ROOT" update "${schema[@]}" "$ID"
	has_words "exit code 0" "$output"
	last=$(grep -c "unlinkat(" "$WORK/strace")
	back
	in_classes bash -c "
		${trace[*]} -e inject=unlinkat:signal=KILL:when=$last '$RUNTIME' --root '$ROOT' update ${schema[*]} '$ID'
		grep L3 /sys/fs/resctrl/gold/schemata
		kill -KILL $INIT
		until rmdir '$DIR' 2>/dev/null; do sleep 0.1; done
		'$RUNTIME' --root '$ROOT' state '$ID' >'$WORK/now'"
	has_words "^L3:0=f$" "$output"
	has_words "exit code 0" "$output"
	has_words "^L3:0=fff;1=fff$" "$output"
	equal "$(jq -r .status "$WORK/now")" stopped
	[ ! -e "$ROOT/$ID/journal.json" ]
}

@test "a container that a killed update left frozen is not paused" {
	require strace
	limited
	for ((k = 1; ; k++)); do
		status=0
		traced "write:signal=KILL:when=$k" update "${NEW_FLAGS[@]}" "$ID" 2>"$WORK/err" || status=$?
		[ "$status" != 0 ] || break
		if [ "$(cat "$DIR/cgroup.freeze")" = 1 ]; then
			frozen=$k
			# exec would wait in it
			execs true
			equal "$(cat "$DIR/cgroup.freeze")" 0
		fi
		is running
	done
	[ -n "${frozen-}" ]
}

@test "a journal that can't be acted on keeps further updates away, and nothing else" {
	limited
	echo '{' >"$ROOT/$ID/journal.json"
	is running
	quiet proa exec "$ID" true
	fails 1 "undo an update that was killed: .*journal" proa update "${NEW_FLAGS[@]}" "$ID"
	equal "$(settings)" "$OLD"
	quiet proa pause "$ID"
	quiet proa resume "$ID"
	quiet proa delete --force "$ID"
}

@test "where a file can't be put back the device rules are all the same" {
	require strace device-fuse
	config '.linux.devices = [{"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229, "fileMode": 438}]'
	limited
	echo '{"devices": [{"allow": true, "type": "c", "major": 10, "minor": 229, "access": "rw"}]}' >"$WORK/more.json"
	echo '{"devices": [{"allow": false, "access": "rwm"}]}' >"$WORK/less.json"
	NEW_FLAGS+=(-r "$WORK/more.json") OLD_FLAGS+=(-r "$WORK/less.json")
	last=$(calls unlinkat)
	traced "unlinkat:signal=KILL:when=$last" update "${NEW_FLAGS[@]}" "$ID" 2>"$WORK/err" || true
	# shellcheck disable=SC2016 # the inner shell expands it
	run unshare -m --propagation private bash -c 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && shift && exec "$@"' \
		bash "$DIR/cgroup.max.depth" "$RUNTIME" --root "$ROOT" exec "$ID" /probe try open /dev/fuse
	equal "$output" EPERM
	equal "$(settings)" "${OLD/cgroup.max.depth:9/cgroup.max.depth:3}"
	[ -e "$ROOT/$ID/journal.json" ]
	is running
	all_old
}

@test "an update that is refused before its device rules come leaves the program alone" {
	require strace device-fuse
	limited
	# a hook may have put its own in the place of ours: another beside it would forbid what that allows
	echo '{"devices": [{"allow": true, "type": "c", "major": 10, "minor": 229, "access": "rw"}]}' >"$WORK/r.json"
	attached() {
		local status=0
		PROA_TEST=$TAG strace -f -qq -o "$WORK/strace" -e trace=bpf "$RUNTIME" --root "$ROOT" update -r "$WORK/r.json" "$@" "$ID" \
			2>"$WORK/err" || status=$?
		echo "$status $(grep -c BPF_PROG_ATTACH "$WORK/strace")"
	}
	equal "$(attached --unified cgroup.max.depth=3 --unified cgroup.max.descendants=many)" "1 0"
	all_old
	equal "$(attached --unified cgroup.max.depth=3)" "0 1"
}

@test "a signal that would end the update waits for its end" {
	require strace
	limited
	traced renameat:delay_enter=500000:when=1 update "${NEW_FLAGS[@]}" "$ID" 2>"$WORK/err" 3>&- &
	tracer=$!
	# the journal is about to be renamed: from now on something is at stake
	eventually compgen -G "$ROOT/$ID/.journal.json.*" >/dev/null
	pkill -TERM -x proa
	status=0
	wait "$tracer" || status=$?
	equal "$status" 143
	all_new
}

# --- many --------------------------------------------------------------------------------------

@test "random updates, some of which fail: each is whole" {
	limited
	RANDOM=4711
	depth=9 descendants=7 pages=8388608 bad=0
	for n in $(seq "$(count 1000)"); do
		flags=() d=$depth s=$descendants p=$pages fail=0
		((RANDOM % 2)) && d=$((RANDOM % 100)) && flags+=(--unified cgroup.max.depth=$d)
		((RANDOM % 2)) && p=$(((RANDOM % 9) << 21)) && flags+=(--unified hugetlb.2MB.max=$p)
		((RANDOM % 2)) && s=$((RANDOM % 100)) && flags+=(--unified cgroup.max.descendants=$s)
		((RANDOM % 4)) || { fail=1 && flags+=(--unified hugetlb.2MB.rsvd.max=wrong); }
		if proa update "${flags[@]}" "$ID" 2>"$WORK/err"; then
			[ $fail = 0 ]
			depth=$d descendants=$s pages=$p
		else
			[ $fail = 1 ] || fail "$n: ${flags[*]}" "$(cat "$WORK/err")"
			bad=$((bad + 1))
		fi
		equal "$(cat "$DIR/cgroup.max.depth" "$DIR/cgroup.max.descendants" "$DIR/hugetlb.2MB.max" | xargs)" \
			"$depth $descendants $pages" "$n: ${flags[*]}"
	done
	[ "$bad" -gt 3 ]
}
