#!/usr/bin/env bats
# lane: native
# lane-long: vm
# tier: full
# timeout: 900
# What proa waits for never comes, or what it needs isn't there: descriptors, processes, room on the disk. It is killed while it
# waits, or says what is missing; delete --force leaves nothing. (crash.bats kills it at its own steps.)

load helpers

export BATS_TEST_TIMEOUT=600

setup() {
	common_setup
	require proa
	waits
}

# killed_while_waiting: the command in the background, which waits after it has claimed the id, is killed, and nothing is left
killed_while_waiting() {
	eventually test -e "$ROOT/$ID/state.json"
	sleep 0.2
	kill -0 "$command" || fail "it doesn't wait" "$(cat "$WORK"/background.*)"
	kill -KILL "$command"
	proa delete --force "$ID"
	eventually eval '[ -z "$(leaks_but_helpers)" ]' || fail "$(leaks_but_helpers)"
}

# leaks_but_helpers: without the processes that the test itself has made
leaks_but_helpers() {
	leaks | grep -vE 'process [0-9]+: [^ ]*(term|bash|bats|sleep|sh) ' || :
}

# --- what doesn't come ---------------------------------------------------------------------------

@test "a console socket that nobody reads: the container is there, and can be deleted" {
	config '.process.terminal = true'
	background "$TERM_TOOL" deaf "$WORK/socket"
	eventually grep -q deaf "$WORK/background.out"
	create --console-socket "$WORK/socket"
	is created
	proa start "$ID"
	is running
	proa delete --force "$ID"
}

@test "a console socket that takes no connection: create waits for a while, and can be killed" {
	config '.process.terminal = true'
	background "$TERM_TOOL" full "$WORK/socket"
	eventually grep -q deaf "$WORK/background.out"
	background proa create -b "$BUNDLE" --console-socket "$WORK/socket" "$ID"
	command=$!
	killed_while_waiting
}

@test "a hook that hangs: create, start and delete wait, and can be killed" {
	hang='touch "$0"; while [ -e "$0" ]; do sleep 0.05; done'
	for kind in createRuntime createContainer startContainer poststart poststop; do
		config ".hooks = {$kind: [{path: \"/bin/sh\", args: [\"sh\", \"-c\", \$s, \$f]}]}" --arg s "$hang" \
			--arg f "$([ $kind = startContainer ] && echo /tmp/hangs || echo "$WORK/hangs")"
		config '.root.readonly = false'
		file=$WORK/hangs
		[ $kind != startContainer ] || file=$BUNDLE/rootfs/tmp/hangs
		case $kind in
		create*) background proa create -b "$BUNDLE" "$ID" ;;
		*) create && { [ $kind != poststop ] || proa start "$ID"; } ;;
		esac
		case $kind in
		start* | poststart) background proa start "$ID" ;;
		poststop) background proa delete --force "$ID" ;;
		esac
		command=$!
		eventually test -e "$file"
		kill -KILL $command
		# whoever deletes has to wait for the hooks, too
		[ $kind = startContainer ] || rm -f "$file"
		background proa delete --force "$ID"
		# a poststop hook that was cut off is run again
		[ $kind != poststop ] || eventually test -e "$file"
		[ $kind = startContainer ] || rm -f "$file"
		wait $!
		rm -f "$file"
		eventually eval '[ -z "$(leaks_but_helpers)" ]' || fail "$kind: $(leaks_but_helpers)"
	done
}

@test "a stderr that nobody reads: all is undone before the error is told, and then it is" {
	mkfifo "$WORK/pipe"
	exec 8<>"$WORK/pipe"
	dd if=/dev/zero of=/dev/fd/8 bs=4k count=64 oflag=nonblock status=none 2>/dev/null || :
	process /no/such/program
	for how in read killed; do
		(cd / && exec env "PROA_TEST=$TAG" "$RUNTIME" --root "$ROOT" --log "$WORK/log" create -b "$BUNDLE" "$ID") </dev/null >/dev/null 2>&8 3>&- &
		command=$!
		# it is in the log, it waits at the pipe, and nothing of the container is left
		eventually grep -qs /no/such/program "$WORK/log"
		kill -0 $command
		eventually test ! -e "$ROOT/$ID"
		equal "$(find "$CGROUP" -name "*$TAG*")" ""
		status=0
		case $how in
		read) timeout 5 cat <&8 >"$WORK/read" || : ;;
		killed) kill -KILL $command ;;
		esac
		wait $command || status=$?
		[ $how != read ] || equal $status 1
		[ $how != read ] || grep -qa 'proa: .*/no/such/program' "$WORK/read"
		[ $how != read ] || dd if=/dev/zero of=/dev/fd/8 bs=4k count=64 oflag=nonblock status=none 2>/dev/null || :
		rm "$WORK/log"
		nothing_left
	done
}

# reserved PID: how much address space it may write to, in MB, which counts as memory where vm.overcommit_memory is 2
reserved() {
	echo $(($(awk '/^VmData/ { print $2 }' "/proc/$1/status") / 1024))
}

@test "run, exec and events hold little memory while they wait" {
	require plain-memory
	background proa run -b "$BUNDLE" "$ID"
	run=$!
	becomes running
	background proa exec "$ID" /probe wait
	exec=$!
	eventually grep -q waiting "$WORK/background.out"
	background proa events --interval 1s "$ID"
	events=$!
	eventually grep -q '"type":"stats"' "$WORK/background.out"
	for pid in "$run" "$exec" "$events"; do
		[ "$(reserved "$pid")" -lt 4 ] || fail "$(tr '\0' ' ' <"/proc/$pid/cmdline")" "$(<"/proc/$pid/status")"
	done
	proa kill "$ID" KILL
	wait "$events" "$exec" "$run" || :
}

# --- what isn't there ----------------------------------------------------------------------------

# limited OPTION N COMMAND...: with ulimit OPTION N; the exit code is in $status, what it said in $WORK/err
limited() {
	local option=$1 n=$2
	shift 2
	status=0
	# shellcheck disable=SC2016 # the inner shell expands it
	"${CALLER[@]}" env "PROA_TEST=$TAG" bash -c 'ulimit "$0" "$1" && shift && exec "$@"' "$option" "$n" "$RUNTIME" --root "$ROOT" "$@" \
		</dev/null >"$WORK/out" 2>"$WORK/err" 3>&- || status=$?
}

# told WORDS: an error of ours, that names something besides the errno
told() {
	[[ $status =~ ^(1|255)$ ]] || fail "exit code $status" "$(<"$WORK/err")" || return
	has_words "^proa: .*[a-z]+ .*($1)" "$(<"$WORK/err")"
}

@test "too few descriptors: create, start, exec, update and delete say so, and leave nothing" {
	refused=0 done=0
	words='too many|no file descriptors|descriptors? '
	for ((n = 4; n < 64 && done < 3; n++)); do
		limited -Sn $n create -b "$BUNDLE" "$ID"
		if [ "$status" = 0 ]; then
			done=$((done + 1))
			proa delete --force "$ID"
		else
			refused=$((refused + 1))
			told "$words" || fail "create with $n"
		fi
		nothing_left || fail "create with $n"
	done
	echo "create: $refused refused, from $n on it is enough"
	[ $refused -gt 3 ]
	[ $done = 3 ]
	for command in start exec update delete; do
		refused=0 done=0
		for ((n = 4; n < 64 && done < 2; n++)); do
			create
			[ $command = start ] || proa start "$ID"
			case $command in
			start) limited -Sn $n start "$ID" ;;
			exec) limited -Sn $n exec "$ID" /bin/true ;;
			update) limited -Sn $n update --unified cgroup.max.depth=9 "$ID" ;;
			delete) limited -Sn $n delete --force "$ID" ;;
			esac
			if [ "$status" = 0 ]; then
				done=$((done + 1))
			else
				refused=$((refused + 1))
				told "$words" || fail "$command with $n"
			fi
			[ $command:$status = delete:0 ] || proa delete --force "$ID"
			nothing_left || fail "$command with $n"
		done
		echo "$command: $refused refused, from $n on it is enough"
		[ $done = 2 ]
	done
}

@test "too few descriptors: list never calls a container stopped because it couldn't look at it" {
	create
	refused=0
	for ((n = 4; n < 12; n++)); do
		limited -Sn $n list
		if [ "$status" = 0 ]; then
			has_words "^$ID .*(created|running)" "$(<"$WORK/out")"
		else
			refused=$((refused + 1))
			told "too many" || fail "list with $n"
		fi
		! grep stopped "$WORK/out" || fail "list with $n"
	done
	[ $refused -gt 1 ]
	equal "$status" 0
}

@test "too few processes: create and exec say so, and leave nothing" {
	require userns
	source "$BATS_TEST_DIRNAME/security.bash"
	rootless
	CALLER=(setpriv --reuid 1000 --regid 1000 --clear-groups)
	# all of them are his: root's commands refuse his state
	proa() { "${CALLER[@]}" env "PROA_TEST=$TAG" "$RUNTIME" --root "$ROOT" "$@"; }
	refused=0 done=0
	for n in 1 2 3 4 8; do
		limited -u $n create -b "$BUNDLE" "$ID"
		if [ "$status" = 0 ]; then
			done=$((done + 1))
		else
			refused=$((refused + 1))
			told "EAGAIN|temporarily|no more processes|processes" || fail "create with $n"
		fi
		[ "$status" != 0 ] || proa delete --force "$ID"
		nothing_left || fail "create with $n"
	done
	[ $refused -gt 0 ]
	[ $done -gt 0 ]
	limited -u 100 run -d -b "$BUNDLE" "$ID"
	equal "$status" 0
	refused=0 done=0
	for n in 1 2 3 4 8; do
		limited -u $n exec "$ID" /bin/true
		if [ "$status" = 0 ]; then
			done=$((done + 1))
		else
			refused=$((refused + 1))
			told "EAGAIN|temporarily|no more processes|processes" || fail "exec with $n"
		fi
		is running
	done
	[ $refused -gt 0 ]
	[ $done -gt 0 ]
}

@test "a disk that becomes full: start, exec, pause and kill go on, update says so, delete --force leaves nothing" {
	mkdir -p "$ROOT"
	mount -t tmpfs -o size=256k tmpfs "$ROOT"
	cleanup "umount '$ROOT'"
	MOUNTS=$(</proc/self/mountinfo)
	create
	dd if=/dev/zero of="$ROOT/.fill" bs=4k status=none 2>/dev/null || :
	proa start "$ID"
	proa exec "$ID" /bin/true
	proa pause "$ID"
	proa resume "$ID"
	fails 1 "No space left" proa update --unified cgroup.max.depth=9 "$ID"
	equal "$(cat "$(cgroup_of "$(init_pid)")/cgroup.max.depth")" max
	fails 1 "No space left" proa create -b "$BUNDLE" "$ID.2"
	proa kill "$ID" KILL
	becomes stopped
	proa delete --force "$ID"
	rm "$ROOT/.fill"
}
