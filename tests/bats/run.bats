#!/usr/bin/env bats
# lane: native
# lane-long: vm
# tier: quick
# run: the exit code, the streams, signals, and what the flags do.

load helpers

@test "run passes the program's exit code on" {
	for code in 0 1 2 77 125 126 127 128 255; do
		process /probe exit $code
		is=0
		proa run -b "$BUNDLE" "$ID" || is=$?
		equal $is $code
	done
}

@test "run exits with 128 + signal when a signal ended the program" {
	process /probe crash
	run proa run -b "$BUNDLE" "$ID"
	equal "$status" $((128 + 4))
}

@test "run exits with 137 when the container was killed from outside" {
	waits
	background proa run -b "$BUNDLE" "$ID"
	pid=$!
	wait_for_output waiting "$WORK/background.out"
	proa kill "$ID" KILL
	code=0
	wait $pid || code=$?
	equal $code 137
	nothing_left
}

@test "run deletes the container at its end" {
	process /bin/true
	runs
	nothing_left
}

@test "run --keep leaves a stopped container" {
	process /probe exit 3
	run proa run --keep -b "$BUNDLE" "$ID"
	equal "$status" 3
	is stopped
	proa delete "$ID"
	nothing_left
}

@test "the program has the caller's stdin, stdout and stderr" {
	shell 'cat; echo to stderr >&2'
	out=$(echo through stdin | proa run -b "$BUNDLE" "$ID" 2>"$WORK/err")
	equal "$out" "through stdin"
	equal "$(cat "$WORK/err")" "to stderr"
}

@test "a megabyte passes through the streams unchanged" {
	head -c 1000000 /dev/urandom >"$WORK/data"
	process /bin/cat
	proa run -b "$BUNDLE" "$ID" <"$WORK/data" >"$WORK/copy"
	cmp "$WORK/data" "$WORK/copy"
}

@test "run passes signals on to the program" {
	process /probe signals
	background proa run -b "$BUNDLE" "$ID"
	pid=$!
	wait_for_output ready "$WORK/background.out"
	for signal in HUP:1 USR1:10 USR2:12 CONT:18 34:34 64:64; do
		kill -"${signal%:*}" $pid
		wait_for_output "signal ${signal#*:}" "$WORK/background.out"
	done
	kill -TERM $pid
	wait $pid
	equal "$(tail -n 1 "$WORK/background.out")" "signal 15"
	nothing_left
}

# ends_while WORDS FILTER: told to end while a hook hangs, whose path and args are in the config by FILTER
ends_while() {
	config "$2"
	background proa run -b "$BUNDLE" "$ID"
	pid=$!
	eventually test -e "$1"
	kill -TERM $pid
	code=0
	wait $pid || code=$?
	equal $code 1 "$2"
	has_words "told to end" "$(<"$WORK/background.err")"
	nothing_left
}

@test "run that is told to end while a hook hangs ends, and leaves nothing" {
	process /probe wait
	ends_while "$WORK/in" '.hooks.createRuntime = [{path: "/bin/sh", args: ["sh", "-c", "touch '"$WORK/in"'; exec sleep 1000"]}]'
	rm "$WORK/in"
	ends_while "$WORK/in" '.hooks.createRuntime[0].args[2] = "touch '"$WORK/in"'; while sleep 0.2; do echo tick; done"'
	config 'del(.hooks)'
	# in the container, init waits for it, and we for init
	ends_while "$BUNDLE/rootfs/in" '.root.readonly = false | .hooks.startContainer = [{path: "/bin/sh", args: ["sh", "-c", "touch /in; exec sleep 1000"]}]'
}

@test "a signal while a poststart hook is running is the program's, when the hook is done" {
	process /probe wait
	config '.hooks.poststart = [{path: "/bin/sh", args: ["sh", "-c", "touch '"$WORK/in"'; while [ -e '"$WORK/in"' ]; do sleep 0.1; done"]}]'
	background proa run -b "$BUNDLE" "$ID"
	pid=$!
	eventually test -e "$WORK/in"
	wait_for_output waiting "$WORK/background.out"
	kill -TERM $pid
	sleep 1.5 # it looks once a second whether it is told to end
	rm "$WORK/in"
	wait $pid
	nothing_left
}

@test "run reaps what the container leaves without a pid namespace" {
	config '.linux.namespaces |= map(select(.type != "pid"))'
	shell '/bin/sleep 0.1 & /bin/sleep 0.2 & exit 5'
	run proa run -b "$BUNDLE" "$ID" 3>&-
	equal "$status" 5
	nothing_left
}

@test "run --detach returns at once, without an exit code of the program" {
	up_and_waiting
	is running
	pid=$(init_pid)
	[ "$pid" -gt 0 ]
	# no process of the caller's stays with it
	parent=$(sed -n 's/^PPid:\t//p' "/proc/$pid/status")
	[[ "$(tr '\0' ' ' <"/proc/$parent/cmdline")" != *"$ID"* ]]
}

@test "--pid-file holds the pid and nothing else" {
	for command in create "run -d"; do
		waits
		# shellcheck disable=SC2086
		quiet proa $command -b "$BUNDLE" --pid-file "$WORK/pid" "$ID"
		pid=$(init_pid)
		equal "$(od -An -c "$WORK/pid" | tr -d ' ')" "$(printf %s "$pid" | od -An -c | tr -d ' ')" "$command:"
		proa delete --force "$ID"
	done
}

@test "--pid-file replaces a file whole, and follows no symlink that lies there" {
	echo "something that is much longer than any pid" >"$WORK/pid"
	echo untouched >"$WORK/other"
	ln -s "$WORK/other" "$WORK/link"
	waits
	create --pid-file "$WORK/pid"
	equal "$(cat "$WORK/pid")" "$(init_pid)"
	proa delete "$ID"
	create --pid-file "$WORK/link"
	equal "$(cat "$WORK/other")" untouched
}

@test "--pid-file that can't be written is an error, and nothing is left" {
	waits
	fails 1 "missing/" proa create -b "$BUNDLE" --pid-file "$WORK/missing/pid" "$ID"
	nothing_left
}

@test "--pidfd-socket gets a pidfd of the container's process" {
	require proa
	waits
	background "$TERM_TOOL" fds "$WORK/socket"
	eventually test -S "$WORK/socket"
	create --pidfd-socket "$WORK/socket"
	wait_for_output end "$WORK/background.out"
	equal "$(grep -c '^fd ' "$WORK/background.out")" 1
	equal "$(sed -n 's/^pid //p' "$WORK/background.out")" "$(init_pid)"
}

@test "-f takes another config file" {
	require proa
	process /bin/echo of config.json
	jq '.process.args = ["/bin/echo", "of other.json"]' "$BUNDLE/config.json" >"$WORK/other.json"
	run --separate-stderr proa run -b "$BUNDLE" -f "$WORK/other.json" "$ID"
	equal "$output" "of other.json"
	run --separate-stderr proa run -b "$BUNDLE" --config "$WORK/other.json" "$ID"
	equal "$output" "of other.json"
}

@test "--no-pivot runs on the same root filesystem" {
	shell 'cat /etc/passwd; ls /; ls /proc/self/fd >/dev/null && echo proc'
	run --separate-stderr proa run --no-pivot -b "$BUNDLE" "$ID"
	equal "$status" 0
	[[ $output == *"root:x:0:0"* ]]
	[[ $output == *probe* ]]
	[[ $output == *proc ]]
	[[ $output != *"$WORK"* ]]
}

@test "--no-new-keyring leaves the caller's session keyring, else it is a new one" {
	require keyctl
	config '.process.noNewPrivileges = false'
	process /probe facts keyring
	export RUNTIME ROOT BUNDLE ID
	run --separate-stderr keyctl session "outer.$TAG" "$RUNTIME" --root "$ROOT" run --no-new-keyring -b "$BUNDLE" "$ID"
	has_words "outer.$TAG" "$output"
	run --separate-stderr keyctl session "outer.$TAG" "$RUNTIME" --root "$ROOT" run -b "$BUNDLE" "$ID"
	[[ $output != *"outer.$TAG"* ]]
	has_words "^keyring keyring;0;0;" "$output"
}

@test "exec joins the container's session keyring, and none for a container created with --no-new-keyring" {
	require keyctl
	waits
	for flag in "" --no-new-keyring; do
		# shellcheck disable=SC2086 # no flag is no word
		up $flag
		run --separate-stderr keyctl session "other.$TAG" "$RUNTIME" --root "$ROOT" exec "$ID" /probe facts keyring
		equal "$status" 0 "$stderr"
		if [ -z "$flag" ]; then
			has_words "^keyring keyring;.*;_ses.$ID$" "$output"
		else
			has_words "other.$TAG" "$output"
		fi
		proa delete --force "$ID"
	done
}

@test "orphans of a container without a pid namespace go to run, and with --no-subreaper to the caller's reaper" {
	config '.linux.namespaces |= map(select(.type != "pid"))'
	shell '(/bin/sleep 1000 </dev/null >/dev/null 2>&1 & echo $!); exec /probe wait'
	for flag in "" --no-subreaper; do
		# shellcheck disable=SC2086
		background proa run $flag -b "$BUNDLE" "$ID"
		pid=$!
		wait_for_output waiting "$WORK/background.out"
		orphan=$(head -n 1 "$WORK/background.out")
		parent=$(sed -n 's/^PPid:\t//p' "/proc/$orphan/status")
		if [ -z "$flag" ]; then
			equal "$parent" $pid
		else
			[ "$parent" != $pid ]
		fi
		proa kill "$ID" KILL
		wait $pid || true
		nothing_left
	done
}

@test "single-dash long options are understood" {
	require proa
	process /bin/echo short
	run --separate-stderr proa -root "$ROOT" run -no-subreaper -bundle "$BUNDLE" "$ID"
	equal "$output" short
	run --separate-stderr proa run -no-subreaper -bundle="$BUNDLE" "$ID"
	equal "$output" short
}

@test "options after the id are understood where runc takes them" {
	require proa
	up_and_waiting
	proa delete "$ID" --force
	nothing_left
}

@test "run in the foreground hides the program from no one: state, exec and kill work on it" {
	waits
	background proa run -b "$BUNDLE" "$ID"
	pid=$!
	wait_for_output waiting "$WORK/background.out"
	is running
	run --separate-stderr proa exec "$ID" /bin/echo beside
	equal "$output" beside
	proa kill "$ID" TERM
	wait $pid
	nothing_left
}

@test "a container that deletes itself from outside lets run end" {
	waits
	background proa run -b "$BUNDLE" "$ID"
	pid=$!
	wait_for_output waiting "$WORK/background.out"
	proa delete --force "$ID"
	code=0
	wait $pid || code=$?
	equal $code 137
	nothing_left
}
