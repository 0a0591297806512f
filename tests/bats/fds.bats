#!/usr/bin/env bats
# lane: native
# lane-long: vm
# tier: quick
# Descriptors: none leaks in, those asked for are passed on; LISTEN_FDS and NOTIFY_SOCKET.

load helpers

fd_numbers() {
	fact fd | awk '{ print $1 }' | xargs
}

@test "the program has its three streams and nothing else" {
	exec 5<"$WORK" 6<"$BUNDLE/config.json" 200</dev/null
	facts fds
	exec 5<&- 6<&- 200<&-
	equal "$(fd_numbers)" "0 1 2"
}

@test "the same for create and start, and for run --detach" {
	process /probe facts fds
	exec 5<"$WORK" 200</dev/null
	create
	proa start "$ID"
	becomes stopped
	output=$(cat "$WORK/out")
	equal "$(fd_numbers)" "0 1 2"
	proa delete "$ID"
	up
	becomes stopped
	output=$(cat "$WORK/out")
	equal "$(fd_numbers)" "0 1 2"
	exec 5<&- 200<&-
}

@test "a closed stream isn't replaced by something of the runtime's" {
	process /probe facts fds
	proa run -b "$BUNDLE" "$ID" >"$WORK/out" 2>"$WORK/err" <&-
	output=$(cat "$WORK/out")
	case "$(fact fd | grep '^0 ')" in
	"" | *" /dev/null") ;;
	*) fail "descriptor 0 is $(fact fd | grep '^0 ')" ;;
	esac
	proa run -b "$BUNDLE" "$ID" </dev/null 2>"$WORK/err" >&- || true
	nothing_left
}

@test "--preserve-fds passes just so many on" {
	echo three >"$WORK/3"
	echo four >"$WORK/4"
	shell 'cat <&3; cat <&4; /probe facts fds'
	run --separate-stderr proa run --preserve-fds 2 -b "$BUNDLE" "$ID" 3<"$WORK/3" 4<"$WORK/4" 5<"$WORK"
	equal "$status" 0 "$stderr"
	equal "${lines[0]} ${lines[1]}" "three four"
	equal "$(fd_numbers)" "0 1 2 3 4"
}

@test "--preserve-fds with a descriptor that isn't open is refused" {
	process /bin/true
	fails 1 "preserve-fds|4|descriptor" proa run --preserve-fds 100 -b "$BUNDLE" "$ID"
	for listen in "" 1; do
		LISTEN_FDS=$listen fails 1 "descriptor [34] is to be passed on" proa run --preserve-fds 4294967295 -b "$BUNDLE" "$ID" 3</dev/null
	done
	nothing_left
}

@test "LISTEN_FDS of the caller: the sockets come first, and the program is told" {
	process /probe facts fds env
	listen() {
		exec 3<"$WORK" 4</dev/null 5<"$BUNDLE/config.json"
		LISTEN_FDS=2 LISTEN_PID=$BASHPID LISTEN_FDNAMES=a:b PROA_TEST=$TAG exec "$RUNTIME" --root "$ROOT" run "$@" -b "$BUNDLE" "$ID"
	}
	output=$(listen)
	equal "$(fd_numbers)" "0 1 2 3 4"
	has_words '^env LISTEN_FDS=2$' "$output"
	has_words '^env LISTEN_PID=1$' "$output"
	has_words '^env LISTEN_FDNAMES=a:b$' "$output"
	output=$(listen --preserve-fds 1)
	equal "$(fd_numbers)" "0 1 2 3 4 5"
	has_words '^env LISTEN_FDS=2$' "$output"
}

@test "LISTEN_FDS reaches a program that is started later" {
	process /probe facts fds env
	(
		exec 3<"$WORK"
		LISTEN_FDS=1 LISTEN_PID=$BASHPID PROA_TEST=$TAG exec "$RUNTIME" --root "$ROOT" create -b "$BUNDLE" "$ID" </dev/null >"$WORK/out" 2>"$WORK/err"
	)
	proa start "$ID"
	becomes stopped
	output=$(cat "$WORK/out")
	equal "$(fd_numbers)" "0 1 2 3"
	has_words '^env LISTEN_FDS=1$' "$output"
	has_words '^env LISTEN_PID=1$' "$output"
}

@test "LISTEN_FDS is nothing for a process of exec, which isn't the one that they are meant for" {
	up_and_waiting
	output=$(
		exec 3<"$BUNDLE/config.json" 4<"$WORK"
		LISTEN_FDS=2 LISTEN_PID=$BASHPID PROA_TEST=$TAG exec "$RUNTIME" --root "$ROOT" exec --preserve-fds 1 "$ID" /probe facts fds env
	)
	equal "$(fd_numbers)" "0 1 2 3"
	has_words ' .*/config.json$' "$(fact fd | grep '^3 ')"
	[[ $output != *LISTEN_* ]]
}

@test "without LISTEN_FDS the program has no such variables" {
	process /probe facts env
	output=$(LISTEN_PID=1 proa run -b "$BUNDLE" "$ID")
	[[ $output != *LISTEN_* ]]
}

@test "NOTIFY_SOCKET: READY reaches the caller's socket, with the pid" {
	background "$TERM_TOOL" notify "$WORK/notify"
	eventually test -S "$WORK/notify"
	shell '/probe notify READY=1 && exec /probe wait'
	NOTIFY_SOCKET=$WORK/notify quiet proa run -d -b "$BUNDLE" "$ID"
	# the barrier comes when readiness was sent, and proa returns when it was answered
	wait_for_output 'message BARRIER=1' "$WORK/background.out"
	equal "$(head -n 2 "$WORK/background.out" | xargs)" "message MAINPID=$(init_pid) READY=1"
}

@test "NOTIFY_SOCKET: the program is told of a socket in the container, not of the caller's" {
	background "$TERM_TOOL" notify "$WORK/notify"
	eventually test -S "$WORK/notify"
	process /probe facts env
	quiet env NOTIFY_SOCKET="$WORK/notify" PROA_TEST="$TAG" "$RUNTIME" --root "$ROOT" create -b "$BUNDLE" "$ID"
	proa start "$ID"
	becomes stopped
	output=$(cat "$WORK/out")
	has_words '^env NOTIFY_SOCKET=/run/notify/notify.sock$' "$output"
	[[ $output != *$WORK* ]]
}
