#!/usr/bin/env bats
# lane: native
# lane-long: vm
# tier: quick
# Terminals: in the foreground, through a console socket, their size, owner and place.

load helpers

setup() {
	common_setup
	config '.process.terminal = true'
}

# in_terminal ROWSxCOLUMNS COMMAND...: proa in a terminal of that size; the output is in $output without CRs
in_terminal() {
	local size=$1
	shift
	[ "$1" != proa ] || set -- env "PROA_TEST=$TAG" "$RUNTIME" --root "$ROOT" "${@:2}"
	run "$TERM_TOOL" run "$size" "$@" </dev/null
	output=${output//$'\r'/}
}

# receive: a receiver of a terminal at $WORK/socket, in the background
receive() {
	background "$TERM_TOOL" receive "$WORK/socket"
	eventually test -S "$WORK/socket"
}

received() {
	output=$(tr -d '\r' <"$WORK/background.out")
}

@test "run in the foreground gives the program a terminal of the caller's size" {
	# spec: config.md#process may-terminal
	process /probe facts tty fds
	in_terminal 33x77 proa run -b "$BUNDLE" "$ID"
	equal "$status" 0
	for fd in 0 1 2; do
		has_words "^tty $fd 136:0 .* 33x77$" "$output"
		has_words "^fd $fd rw /dev/pts/0$" "$output"
	done
	expect ctty ok
}

@test "run in the foreground passes the exit code on, and the output" {
	shell 'echo hello; exit 5'
	in_terminal 24x80 proa run -b "$BUNDLE" "$ID"
	equal "$status" 5
	equal "$output" hello
	nothing_left
}

@test "what is typed reaches the program" {
	shell 'read line; echo "got $line"'
	output=$({
		sleep 0.3
		echo typed
		sleep 1
	} | PROA_TEST=$TAG "$TERM_TOOL" run 24x80 "$RUNTIME" --root "$ROOT" run -b "$BUNDLE" "$ID")
	has_words "got typed" "$output"
}

@test "Ctrl-C is the program's, not proa's" {
	shell 'trap "echo interrupted; exit 9" INT; echo ready; while :; do sleep 0.05; done'
	code=0
	output=$({
		sleep 1
		printf '\003'
		sleep 1
	} | PROA_TEST=$TAG "$TERM_TOOL" run 24x80 "$RUNTIME" --root "$ROOT" run -b "$BUNDLE" "$ID") || code=$?
	equal $code 9
	has_words "interrupted" "$output"
}

@test "the caller's terminal is raw meanwhile, and as before afterwards" {
	process /bin/true
	in_terminal 24x80 sh -c 'before=$(stty -g); "$@"; [ "$(stty -g)" = "$before" ] && echo same' - \
		"$RUNTIME" --root "$ROOT" run -b "$BUNDLE" "$ID"
	has_words "^same$" "$output"
	# also after an error
	process /missing
	in_terminal 24x80 sh -c 'before=$(stty -g); "$@"; [ "$(stty -g)" = "$before" ] && echo same' - \
		"$RUNTIME" --root "$ROOT" run -b "$BUNDLE" "$ID"
	has_words "^same$" "$output"
}

@test "a change of the window's size is passed on" {
	shell 'trap "/probe facts tty | grep \"tty 0\"; exit 0" WINCH; echo ready; while :; do sleep 0.05; done'
	background env "PROA_TEST=$TAG" "$TERM_TOOL" run 24x80 40x100 "$RUNTIME" --root "$ROOT" run -b "$BUNDLE" "$ID"
	pid=$!
	eventually grep -qs ready "$WORK/background.out"
	kill -USR1 $pid
	eventually grep -qs 40x100 "$WORK/background.out"
	wait $pid
}

@test "consoleSize is the size before any other" {
	config '.process.consoleSize = {height: 11, width: 22}'
	process /probe facts tty
	receive
	create --console-socket "$WORK/socket"
	proa start "$ID"
	becomes stopped
	eventually grep -qs ctty "$WORK/background.out"
	received
	has_words "^tty 0 136:0 .* 11x22$" "$output"
}

@test "consoleSize is ignored without a terminal" {
	# spec: config.md#process console-size-ignored
	config '.process.terminal = false | .process.consoleSize = {height: 11, width: 22}'
	process /bin/echo fine
	runs
	equal "$output" fine
}

@test "a console socket gets the terminal's master, named, once" {
	process /probe facts tty fds
	receive
	create --console-socket "$WORK/socket"
	eventually grep -qs "^terminal /dev/pts/0$" "$WORK/background.err"
	is created
	proa start "$ID"
	eventually grep -qs ctty "$WORK/background.out"
	received
	has_words "^fd 0 rw /dev/pts/0$" "$output"
	expect ctty ok
	equal "$(cat "$WORK/background.err")" $'terminal /dev/pts/0\nsize 0x0'
}

@test "run -d with a console socket" {
	shell 'echo through the socket; exec sleep 1000'
	receive
	up --console-socket "$WORK/socket"
	eventually grep -qs "through the socket" "$WORK/background.out"
	is running
	equal "$(readlink "/proc/$(init_pid)/fd/0")" /dev/pts/0
}

@test "/dev/console is the terminal" {
	# spec: config-linux.md#default-devices devices-default
	shell 'stat -c %t:%T /dev/console; echo on the console >/dev/console; cat </dev/null; grep " /dev/console " /proc/self/mountinfo'
	in_terminal 24x80 proa run -b "$BUNDLE" "$ID"
	equal "$status" 0
	equal "${output%%$'\n'*}" "88:0"
	has_words "^on the console" "$output"
	has_words " /dev/console .*devpts" "$output"
}

@test "the terminal belongs to the process's user" {
	config '.process.user = {uid: 1000, gid: 1000}'
	process /probe facts tty
	in_terminal 24x80 proa run -b "$BUNDLE" "$ID"
	has_words "^tty 0 136:0 620 1000:5 " "$output"
}

@test "exec --tty in the foreground" {
	config '.process.terminal = false'
	up_and_waiting
	in_terminal 22x66 proa exec -t "$ID" /probe facts tty
	equal "$status" 0
	has_words "^tty 0 136:0 .* 22x66$" "$output"
	expect ctty ok
	in_terminal 22x66 proa exec --tty "$ID" /probe exit 7
	equal "$status" 7
}

@test "exec --tty detached with a console socket" {
	config '.process.terminal = false'
	up_and_waiting
	receive
	proa exec -t -d --console-socket "$WORK/socket" "$ID" /bin/sh -c 'echo here; exec sleep 1000'
	eventually grep -qs here "$WORK/background.out"
	has_words "terminal /dev/pts/" "$(cat "$WORK/background.err")"
}

@test "exec doesn't touch /dev/console" {
	config '.process.terminal = false'
	up_and_waiting
	in_terminal 22x66 proa exec -t "$ID" /probe try open /dev/console
	equal "$output" ENOENT
}

@test "a console socket without a terminal, and a terminal without a socket when detached, are refused" {
	fails 1 "cannot allocate tty if .* will detach without setting console socket" proa create -b "$BUNDLE" "$ID"
	nothing_left
	fails 1 "cannot allocate tty if .* will detach without setting console socket" proa run -d -b "$BUNDLE" "$ID"
	nothing_left
	config '.process.terminal = false'
	fails 1 "cannot use console socket if .* will not detach or allocate tty" proa create --console-socket "$WORK/socket" -b "$BUNDLE" "$ID"
	nothing_left
}

@test "a console socket that isn't there is an error, and nothing is left" {
	fails 1 "$WORK/missing" proa create -b "$BUNDLE" --console-socket "$WORK/missing" "$ID"
	nothing_left
	echo file >"$WORK/file"
	fails 1 "$WORK/file" proa create -b "$BUNDLE" --console-socket "$WORK/file" "$ID"
	nothing_left
}

@test "a console socket with a name longer than an address" {
	require proa
	deep=$WORK/$(printf 'd%.0s' {1..100})
	mkdir "$deep"
	background sh -c 'cd "$1" && exec "$2" receive s' - "$deep" "$TERM_TOOL"
	eventually test -S "$deep/s"
	waits
	create --console-socket "$deep/s"
	eventually grep -qs "^terminal /dev/pts/0$" "$WORK/background.err"
}

@test "a full screen of output arrives whole, though the program ends at once" {
	shell 'seq 1 5000'
	in_terminal 24x80 proa run -b "$BUNDLE" "$ID"
	equal "$(wc -l <<<"$output")" 5000
	equal "${output##*$'\n'}" 5000
}

@test "run with a terminal where the caller has none" {
	process /probe facts tty
	run --separate-stderr proa run -b "$BUNDLE" "$ID" </dev/null
	output=${output//$'\r'/}
	equal "$status" 0
	has_words "^tty 1 136:0" "$output"
}

# every way in which line ends, tabs and NULs could be changed
BYTES='printf "one\ntwo\r\nthree\tx\n"; stty -opost; printf "raw\n"; head -c 2 /dev/zero'

@test "output through a console socket is as a terminal makes it, byte for byte" {
	shell "$BYTES"
	receive
	up --console-socket "$WORK/socket"
	becomes stopped
	eventually grep -qs raw "$WORK/background.out"
	printf 'one\r\ntwo\r\r\nthree\tx\r\nraw\n\0\0' >"$WORK/expected"
	eventually cmp -s "$WORK/expected" "$WORK/background.out" || cmp "$WORK/expected" "$WORK/background.out"
}

@test "output that proa relays has the line ends that the program wrote, of run and of exec" {
	shell "$BYTES"
	# in a pipe, and in a terminal of which those of the caller make \r\n
	printf 'one\ntwo\r\nthree\tx\nraw\n\0\0' >"$WORK/expected"
	if has proa; then # runc wants a terminal here
		proa run -b "$BUNDLE" "$ID" </dev/null >"$WORK/piped"
		cmp "$WORK/expected" "$WORK/piped"
	fi
	sed -z 's/\n/\r\n/g' "$WORK/expected" >"$WORK/in-terminal"
	PROA_TEST=$TAG "$TERM_TOOL" run 24x80 "$RUNTIME" --root "$ROOT" run -b "$BUNDLE" "$ID" </dev/null >"$WORK/shown"
	cmp "$WORK/in-terminal" "$WORK/shown"
	config '.process.terminal = false'
	up_and_waiting
	PROA_TEST=$TAG "$TERM_TOOL" run 24x80 "$RUNTIME" --root "$ROOT" exec -t "$ID" /bin/sh -c "$BYTES" </dev/null >"$WORK/shown"
	cmp "$WORK/in-terminal" "$WORK/shown"
}

@test "the size is set before anybody has the master, of create and of exec --process" {
	config '.process.consoleSize = {height: 11, width: 22}'
	waits
	receive
	up --console-socket "$WORK/socket"
	wait_for_output "size 11x22" "$WORK/background.err"
	jq '.process | .consoleSize = {height: 5, width: 6} | .args = ["/bin/stty", "size"]' "$BUNDLE/config.json" >"$WORK/process.json"
	rm "$WORK/socket"
	receive
	proa exec -d --console-socket "$WORK/socket" --process "$WORK/process.json" "$ID"
	wait_for_output "size 5x6" "$WORK/background.err"
	wait_for_output $'5 6\r' "$WORK/background.out"
}
