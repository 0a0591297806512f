#!/usr/bin/env bats
# lane: native
# lane-long: vm
# tier: quick
# Several commands on one container at the same time: a lock puts them in order, each does all of its work or says why
# not, and what only asks never waits.

load helpers

setup() {
	common_setup
	require proa
	waits
}

# slow_hook KIND: a hook of that kind in the runtime's namespaces, which says that it runs ("in") and waits for "go"
slow_hook() {
	config '.hooks[$k] = [{path: "/bin/sh", args: ["sh", "-c", $s]}]' --arg k "$1" \
		--arg s "touch '$WORK/in'; while [ ! -e '$WORK/go' ]; do sleep 0.02; done"
	cleanup "touch '$WORK/go'"
}

# in_hook COMMAND...: start it in the background and wait until its slow hook runs; its pid is $holder
in_hook() {
	background "$@"
	holder=$!
	eventually test -e "$WORK/in"
}

# at_once COMMAND...: it takes no second
at_once() {
	timeout 5 env "PROA_TEST=$TAG" "$RUNTIME" --root "$ROOT" "$@" || fail "exit code $?: $*"
}

# connects PID: it has a socket
connects() {
	find "/proc/$1/fd" -lname 'socket:*' 2>/dev/null | grep -q .
}

# failed PID [CODE]: it ends with an error
failed() {
	local code=0
	wait "$1" || code=$?
	equal $code "${2-1}" "exit code:"
}

# together COUNT COMMAND...: that many at once; their exit codes, sorted, are in $codes, their errors in $WORK/errN
together() {
	local count=$1 i pids=()
	shift
	for ((i = 1; i <= count; i++)); do
		(
			while [ ! -e "$WORK/ready" ]; do :; done
			exec env "PROA_TEST=$TAG" timeout 40 "$RUNTIME" --root "$ROOT" "$@" </dev/null >"$WORK/out$i" 2>"$WORK/err$i" 3>&-
		) &
		pids+=($!)
	done
	touch "$WORK/ready"
	codes=
	for i in "${pids[@]}"; do
		code=0
		wait "$i" || code=$?
		codes+="$code "
	done
	rm "$WORK/ready"
	codes=$(tr ' ' '\n' <<<"$codes" | sort -n | xargs)
}

# says_only PATTERN FILE: each line has it
says_only() {
	local others
	others=$(grep -vE "$1" "$2") || return 0
	fail "said as well:" "$others"
}

# --- a create that takes its time --------------------------------------------------------------

@test "state and list don't wait for a create, and tell what it is" {
	slow_hook createRuntime
	in_hook proa create -b "$BUNDLE" "$ID"
	equal "$(at_once state "$ID" | jq -r .status)" creating
	equal "$(at_once list -f json | jq -r '.[].status')" creating
	equal "$(at_once list -q)" "$ID"
	touch "$WORK/go"
	wait $holder
	is created
}

@test "kill during create waits, and then does it" {
	slow_hook createRuntime
	in_hook proa create -b "$BUNDLE" "$ID"
	proa kill "$ID" KILL &
	killer=$!
	sleep 0.2
	kill -0 $killer
	touch "$WORK/go"
	wait $holder
	wait $killer
	becomes stopped
}

@test "a create that has noted nothing yet has the id, and no container" {
	waits
	background "$PROA_BUILD/tests/kill_at" -s parent intent 1 "$RUNTIME" --root "$ROOT" --trace "$WORK/trace" create -b "$BUNDLE" "$ID"
	wait_for_output '[0-9]+' "$WORK/background.out"
	stopped=$(<"$WORK/background.out")
	fails 1 "does not exist" proa state "$ID"
	equal "$(proa list -q)" ""
	fails 1 "already exists" proa create -b "$BUNDLE" "$ID"
	proa kill "$ID" KILL 3>&- &
	killer=$!
	sleep 0.2
	kill -CONT "$stopped"
	wait $killer
	becomes stopped
}

@test "delete during create waits, and then does it" {
	slow_hook prestart
	for force in "" --force; do
		rm -f "$WORK/in" "$WORK/go"
		in_hook proa create -b "$BUNDLE" "$ID"
		# shellcheck disable=SC2086 # nothing is no word
		proa delete $force "$ID" &
		deleter=$!
		sleep 0.2
		kill -0 $deleter
		touch "$WORK/go"
		wait $holder
		wait $deleter
		nothing_left
	done
}

@test "delete goes on when the create that it waits for is killed" {
	slow_hook createRuntime
	in_hook proa create -b "$BUNDLE" "$ID"
	proa delete --force "$ID" &
	deleter=$!
	sleep 0.1
	kill -KILL $holder
	wait $deleter
	touch "$WORK/go"
	eventually eval "! pgrep -f '$WORK/go' >/dev/null"
	nothing_left
}

@test "a create that fails lets those that wait know" {
	slow_hook createRuntime
	config '.hooks.createContainer = [{path: "/bin/false"}]'
	in_hook proa create -b "$BUNDLE" "$ID"
	proa kill "$ID" KILL 2>"$WORK/kill.err" &
	killer=$!
	proa delete "$ID" 2>"$WORK/delete.err" &
	deleter=$!
	sleep 0.1
	touch "$WORK/go"
	failed $holder
	failed $killer
	failed $deleter
	has_words "does not exist" "$(<"$WORK/kill.err")"
	has_words "does not exist" "$(<"$WORK/delete.err")"
	nothing_left
}

@test "of twenty creates of one id exactly one wins" {
	# spec: runtime.md#create create-id
	together 20 create -b "$BUNDLE" "$ID"
	equal "$codes" "0 $(printf '1 %.0s' {1..19} | xargs)"
	equal "$(cat "$WORK"/err* | grep -c 'already exists')" 19
	is created
	proa start "$ID"
	is running
	equal "$(wc -l <"$CGROUP/$ID/cgroup.procs")" 1
}

@test "containers of different ids are made and removed at once from one bundle" {
	config 'del(.linux.cgroupsPath)'
	pids=()
	for i in {1..8}; do
		(
			exec 3>&-
			proa run -d -b "$BUNDLE" "$ID-$i" </dev/null >"$WORK/out$i" 2>"$WORK/err$i"
			proa exec "$ID-$i" /bin/true
			proa delete --force "$ID-$i"
		) &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid" || fail "$(cat "$WORK"/err*)"
	done
	nothing_left
}

# --- start, delete -----------------------------------------------------------------------------

@test "of several starts exactly one wins" {
	# spec: runtime.md#start start-only-created
	for _ in {1..3}; do
		create
		together 4 start "$ID"
		equal "$codes" "0 1 1 1"
		is running
		equal "$(wc -l <"$CGROUP/$ID/cgroup.procs")" 1
		proa delete --force "$ID"
	done
}

@test "of several deletes one does it, and the others find nothing" {
	for command in delete "delete --force"; do
		create
		# shellcheck disable=SC2086 # the flags are words of their own
		together 4 $command "$ID"
		case $command in
		*force) equal "$codes" "0 0 0 0" ;;
		*) equal "$codes" "0 1 1 1" && equal "$(cat "$WORK"/err? | grep -c 'does not exist')" 3 ;;
		esac
		nothing_left
	done
}

# start_hangs: in a hook; its pid is in $starter
start_hangs() {
	config '.hooks.startContainer = [{path: "/bin/sleep", args: ["sleep", "1000"]}]'
	create
	background proa start "$ID"
	starter=$!
	eventually pgrep -f "^sleep 1000" >/dev/null
}

@test "a start that hangs in a hook keeps nobody from asking and from killing" {
	start_hangs
	# it isn't running before its program is; asked often enough, nobody has room any more to ask init itself
	for _ in {1..12}; do
		equal "$(at_once state "$ID" | jq -r .status)" created
	done
	at_once list >/dev/null
	at_once kill "$ID" KILL
	failed $starter
	becomes stopped
	proa delete "$ID"
	nothing_left
}

@test "delete --force ends a start that hangs in a hook" {
	start_hangs
	at_once delete --force "$ID"
	failed $starter
	nothing_left
}

@test "delete --force doesn't wait for an exec that hangs: at a socket that takes no connection, or for an agent's answer" {
	local kind
	for kind in full deaf; do
		background "$TERM_TOOL" $kind "$WORK/$kind"
		wait_for_output deaf "$WORK/background.out"
	done
	up
	background proa exec -d --pidfd-socket "$WORK/full" "$ID" /probe wait
	holder=$!
	eventually connects $holder
	at_once delete --force "$ID"
	failed $holder 255
	has_words "not running: no such process" "$(<"$WORK/background.err")"

	# the agent gets the listener and never looks at it; the container itself isn't started, and so isn't held up
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: $l,
		syscalls: [{names: ["execve"], action: "SCMP_ACT_NOTIFY"}]}' --arg l "$WORK/deaf"
	create
	background proa exec -d "$ID" /probe wait
	eventually eval "[ \"\$(wc -l <'$CGROUP/$ID/cgroup.procs')\" = 2 ]"
	at_once delete --force "$ID"
}

@test "a poststart hook that hangs keeps nobody from asking and from killing" {
	slow_hook poststart
	create
	in_hook proa start "$ID"
	at_once state "$ID" >/dev/null
	at_once kill "$ID" KILL
	becomes stopped
	touch "$WORK/go"
	wait $holder || true
	proa delete "$ID"
	nothing_left
}

@test "a poststart hook may use its container, and one that takes its time keeps nobody from that" {
	config '.hooks.poststart = [{path: $r, args: ["proa", "--root", $root, "exec", $id, "/bin/true"]}]' \
		--arg r "$(command -v "$RUNTIME")" --arg root "$ROOT" --arg id "$ID"
	at_once run -d -b "$BUNDLE" "$ID" </dev/null >"$WORK/out"
	proa delete --force "$ID"

	slow_hook poststart
	create
	in_hook proa start "$ID"
	at_once exec "$ID" /bin/true
	at_once pause "$ID"
	at_once resume "$ID"
	at_once delete --force "$ID"
	touch "$WORK/go"
	wait $holder
	nothing_left
}

@test "a poststart hook that fails when its container is gone does nothing to the next of that id" {
	config '.linux.namespaces |= map(select(.type != "pid"))'
	slow_hook poststart
	config '.hooks.poststart += [{path: "/bin/false"}]'
	create
	in_hook proa start "$ID"
	at_once delete --force "$ID"
	config 'del(.hooks)'
	up
	touch "$WORK/go"
	failed $holder
	is running
}

@test "delete --force of a container that runs in the foreground elsewhere" {
	background proa run -b "$BUNDLE" "$ID"
	runner=$!
	becomes running
	proa delete --force "$ID"
	code=0
	wait $runner || code=$?
	equal $code 137
	equal "$(cat "$WORK/background.err")" ""
	nothing_left
}

@test "a run leaves the next container of its id alone, however late it comes to delete its own" {
	require proa
	background proa run -b "$BUNDLE" "$ID"
	runner=$!
	becomes running
	kill -STOP $runner
	proa delete --force "$ID"
	up
	kill -CONT $runner
	failed $runner 137
	is running
}

@test "kill and the program's own end at the same time" {
	for _ in {1..5}; do
		shell 'sleep 0.0$((RANDOM % 5))'
		up
		code=0
		proa kill "$ID" KILL 2>"$WORK/kill.err" || code=$?
		[ $code = 0 ] || has_words "container not running: no such process" "$(<"$WORK/kill.err")"
		becomes stopped
		proa delete "$ID"
	done
}

# --- exec --------------------------------------------------------------------------------------

# execs_until_deleted: exec after exec until one finds no container any more
execs_until_deleted() {
	while [ ! -e "$WORK/stop" ]; do
		timeout 30 env "PROA_TEST=$TAG" "$RUNTIME" --root "$ROOT" exec "$ID" /bin/true 2>>"$WORK/execs" 3>&- || true
	done
}

# deleted_during_exec: and nothing is left
deleted_during_exec() {
	for _ in {1..4}; do
		rm -f "$WORK/stop"
		up
		execs_until_deleted &
		one=$!
		execs_until_deleted &
		two=$!
		sleep 0.0$((RANDOM % 10))
		proa delete --force "$ID"
		touch "$WORK/stop"
		wait $one $two
		nothing_left
	done
	# what they say is that it isn't there any more, and nothing stranger
	says_only 'does not exist|not running|init died|stopped' "$WORK/execs"
}

@test "delete during exec" {
	deleted_during_exec
}

@test "delete during exec, in a container without a pid namespace of its own" {
	config '.linux.namespaces |= map(select(.type != "pid"))'
	deleted_during_exec
}

@test "delete ends what exec has left running" {
	config '.linux.namespaces |= map(select(.type != "pid"))'
	up_and_waiting
	for _ in {1..3}; do quiet proa exec -d "$ID" /bin/sleep 1000; done
	proa delete --force "$ID"
	nothing_left
}

@test "the container ends when exec has just found it alive" {
	local phase
	waits
	for phase in "parent plan" "parent clone" "bridge join" "exec root"; do
		up
		# shellcheck disable=SC2086
		background "$PROA_BUILD/tests/kill_at" -s $phase 1 "$RUNTIME" --root "$ROOT" --trace "$WORK/trace" exec "$ID" /bin/true
		wait_for_output '[0-9]+' "$WORK/background.out"
		proa kill "$ID" KILL
		becomes stopped
		kill -CONT "$(<"$WORK/background.out")"
		eventually grep -q . "$WORK/background.err"
		has_words "container not running: no such process" "$(<"$WORK/background.err")"
		proa delete "$ID"
	done
}

@test "a process of exec that is stopped on its way to the program keeps others waiting for a while only" {
	up_and_waiting
	background "$PROA_BUILD/tests/kill_at" -s exec execute 1 "$RUNTIME" --root "$ROOT" --trace "$WORK/trace" exec "$ID" /bin/true
	wait_for_output '[0-9]+' "$WORK/background.out"
	quiet proa update --unified cgroup.max.depth=3 "$ID"
	quiet proa pause "$ID"
	is paused
	quiet proa resume "$ID"
	kill -CONT "$(<"$WORK/background.out")"
	wait "$!"
	is running
}

@test "exec while the container is paused and resumed" {
	up_and_waiting
	(
		exec 3>&-
		for _ in {1..15}; do
			proa pause "$ID"
			proa resume "$ID"
		done
	) &
	pauser=$!
	for _ in {1..15}; do
		code=0
		timeout 20 env "PROA_TEST=$TAG" "$RUNTIME" --root "$ROOT" exec "$ID" /bin/true 2>"$WORK/err" || code=$?
		case $code in
		0) ;;
		255) has_words "paused" "$(<"$WORK/err")" ;;
		*) fail "exit code $code" "$(<"$WORK/err")" ;;
		esac
	done
	wait $pauser
	is running
	execs /bin/true
}

# --- all at once -------------------------------------------------------------------------------

# worker ROUNDS: commands on one id, chosen by chance; what they say goes to $WORK/said
worker() {
	local i command code
	for ((i = 0; i < $1; i++)); do
		case $((RANDOM % 9)) in
		0 | 1 | 2) command="create -b $BUNDLE" ;;
		3) command=start ;;
		4) command="delete --force" ;;
		5) command=delete ;;
		6) command="kill" ;;
		7) command=pause ;;
		8) command=resume ;;
		esac
		code=0
		# shellcheck disable=SC2086 # the flags are words of their own
		proa $command "$ID" </dev/null 2>>"$WORK/said" >"$WORK/out" 3>&- || code=$?
		[ $code -le 1 ] || echo "$command: exit code $code" >>"$WORK/said"
	done
}

@test "any commands at once on one id: whatever they do, they say what they know, and nothing is left" {
	pids=()
	for _ in 1 2 3 4; do
		worker $(($(count 1000) / 2)) &
		pids+=($!)
	done
	while kill -0 "${pids[0]}" 2>/dev/null; do
		timeout 5 "$RUNTIME" --root "$ROOT" list -f json >"$WORK/list.json"
		jq -e 'length < 2' "$WORK/list.json" >/dev/null
	done
	wait "${pids[@]}"
	says_only 'already exists|does not exist|not running|not stopped|cannot start|paused|init died|doesn.t wait' "$WORK/said"
	proa delete --force "$ID"
	nothing_left
}
