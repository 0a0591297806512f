# For the bats files that kill the runtime: where, and what must hold afterwards.
# shellcheck shell=bash

export BATS_TEST_TIMEOUT=900
KILL_AT=$PROA_BUILD/tests/kill_at

setup() {
	common_setup
	require proa
	waits
}

# steps FILE: the lines of a trace as "PROCESS|PHASE|N": the Nth line of that process and phase
steps() {
	awk -F '"' '{ key = $10 "|" $4; print key "|" ++n[key] }' "$1"
}

# sample LINES...: all of them, or in the quick tier every fourth, each time others
sample() {
	if [ "$PROA_TIER" = quick ]; then awk -v from=$((RANDOM % 4)) 'NR % 4 == from'; else cat; fi
}

# dies_at ARGUMENT-OF-KILL_AT... -- COMMAND...: the command comes so far and is killed; what it prints goes to $WORK/err
dies_at() {
	local place=() code=0
	while [ "$1" != -- ]; do
		place+=("$1")
		shift
	done
	shift
	PROA_TEST=$TAG timeout -k 5 30 "$KILL_AT" "${place[@]}" "$RUNTIME" --root "$ROOT" "${GLOBALS[@]}" --trace "$WORK/trace" "$@" \
		</dev/null >"$WORK/out" 2>"$WORK/err" || code=$?
	case $code in
	98 | 99 | 124) fail "not killed at: ${place[*]}, exit code $code: $*" "$(<"$WORK/err")" ;;
	esac
	died=$code
}

# copes: state and list agree on what there is, and delete --force leaves nothing
copes() {
	local code=0
	timeout 10 "$RUNTIME" --root "$ROOT" state "$ID" >"$WORK/state.json" 2>"$WORK/err" || code=$?
	timeout 10 "$RUNTIME" --root "$ROOT" list -f json >"$WORK/list.json" || fail "list" || return
	case $code in
	0) jq -es '(.[0].status | IN("creating", "created", "running", "stopped", "paused")) and
		.[0].ociVersion != "" and .[0].bundle != "" and (.[1] | map(.id)) == [.[0].id]' "$WORK/state.json" "$WORK/list.json" >/dev/null ;;
	1) has_words "does not exist" "$(<"$WORK/err")" && equal "$(<"$WORK/list.json")" "[]" ;;
	*) false ;;
	esac || fail "state: exit code $code" "$(<"$WORK/state.json")" "$(<"$WORK/list.json")" "$(<"$WORK/err")" || return
	timeout 20 "$RUNTIME" --root "$ROOT" delete --force "$ID" || fail "delete --force" || return
	eventually nothing_is_left || nothing_left
}

nothing_is_left() {
	[ -z "$(leaks)" ]
}

# killed_everywhere BEFORE COMMAND...: BEFORE makes what the command needs
killed_everywhere() {
	local before=$1 place victim process phase n
	shift
	"$before"
	quiet proa --trace "$WORK/undisturbed" "$@"
	[ ! -e "$ROOT/$ID" ] || proa delete --force "$ID"
	while IFS='|' read -r process phase n; do
		# create needn't wait for init to wait
		[ "$1 $phase" != "create wait-for-start" ] || continue
		for victim in '' -c; do
			[ "$process$victim" != parent-c ] || continue
			"$before"
			# shellcheck disable=SC2086 # nothing is no word
			dies_at $victim "$process" "$phase" "$n" -- "$@"
			copes || fail "after KILL${victim:+ of the command} at $process, $phase ($n): $*"
		done
	done < <(steps "$WORK/undisturbed" | sample)
}

# killed_at_each_call BEFORE COMMAND...: the command itself, before its first, second, … system call
killed_at_each_call() {
	local before=$1 n step=1 died
	shift
	case $PROA_TIER in
	quick) step=37 ;;
	full) step=7 ;;
	esac
	for ((n = 1 + RANDOM % step; n < 10000; n += step)); do
		"$before"
		died=0
		PROA_TEST=$TAG timeout -k 5 30 "$KILL_AT" syscall $n "$RUNTIME" --root "$ROOT" "${GLOBALS[@]}" "$@" \
			</dev/null >"$WORK/out" 2>"$WORK/err" || died=$?
		copes || fail "after KILL at system call $n: $*"
		[ $died != 99 ] || return 0
		equal $died 137
	done
	fail "the command never ends"
}

nothing() { :; }

paused() {
	up
	proa pause "$ID"
}

# unharmed: the container of an exec that was killed runs on, alone, and another exec works
unharmed() {
	local pid
	is running || return
	pid=$(init_pid)
	eventually eval "[ \"\$(<'$(cgroup_of "$pid")/cgroup.procs')\" = $pid ]" || fail "left beside init:" "$(leaks)" || return
	eventually eval "! pgrep -f 'exec $ID' >/dev/null" || fail "left of exec" || return
	proa exec "$ID" /bin/true
}
