#!/usr/bin/env bats
# lane: vm
# tier: full
# A checkpoint that is cut off: CRIU undoes what it has done, whoever is killed, and the container runs on. A restore that is cut
# off: nothing is left.

load helpers
load checkpoint

# dumping [FLAG...]: in the background, as the leader of a process group
dumping() {
	mkdir -p "$WORK/log"
	rm -f "$WORK/log/dump.log"
	background setsid env --default-signal=INT "PROA_TEST=$TAG" "$RUNTIME" --root "$ROOT" checkpoint --image-path "$WORK/$IMAGES" \
		--work-path "$WORK/log" "$@" "$ID"
	dumping=$!
}

# ended STATUS: the dump has
ended() {
	local code=0
	wait "$dumping" || code=$?
	equal "$code" "$1" || fail "$(cat "$WORK/background.err")" "$(criu_errors)"
}

@test "while it is frozen with a connection: a terminal's interrupt, or KILL" {
	shell 'tail -f /dev/null | nc -l -p 77 >/dev/shm/count & sleep 1
		{ i=0; while :; do i=$((i + 1)); echo $i; sleep 0.1; done; } | nc 127.0.0.1 77'
	detached run -d -b "$BUNDLE" "$ID"
	last() { tail -n 1 "/proc/$(init_pid)/root/dev/shm/count"; }
	goes_on() {
		local now
		now=$(last)
		eventually eval "[ \"\$(last)\" -gt $((now + 3)) ]"
		is running
	}
	eventually eval '[ -n "$(last)" ]'
	# nobody reads the stream, so it hangs with all images there
	mkfifo "$WORK/stream"
	exec 7<>"$WORK/stream"
	head -c 65000 /dev/urandom >&7
	dumping --tcp-established --export "$WORK/stream"
	eventually test -e "$WORK/$IMAGES/proa.json"
	kill -INT -- "-$dumping"
	ended 130
	exec 7>&-
	goes_on
	[ ! -e "$WORK/$IMAGES" ]
	# killed while CRIU is at work: it learns that when it wants to say that it is done
	dumping --tcp-established
	eventually test -s "$WORK/log/dump.log"
	criu=$(<"/proc/$dumping/task/$dumping/children")
	kill -STOP $criu
	kill -KILL "$dumping"
	ended 137
	kill -CONT $criu
	eventually test ! -e "/proc/${criu% }"
	grep -q "Dumping FAILED" "$WORK/log/dump.log"
	goes_on
	dump --tcp-established
	restore --tcp-established
	goes_on
}

# serving: the dump has come so far that CRIU serves, and the process that stands before it is there
serving() {
	dumping --lazy-pages --page-server 127.0.0.1:2727
	eventually grep -q "Starting lazy pages server" "$WORK/log/dump.log"
	eventually eval '[ "$(wc -w <"/proc/$dumping/task/$dumping/children")" = 2 ]'
	grep -q "tracing stop" "/proc/$(init_pid)/status"
}

@test "while lazy pages wait for somebody to fetch them" {
	start_counter
	serving
	kill -INT -- "-$dumping"
	ended 130
	equal "$(ls -A "$WORK/$IMAGES")" ""
	is running
	counting
	# it listens at the address that was given and no other; a look at it is none that fetches
	serving
	equal "$(ss -Hltn | awk '/:2727/ {print $4}')" 127.0.0.1:2727
	exec 5<>/dev/tcp/127.0.0.1/2727 5>&-
	exec 5<>/dev/tcp/127.0.0.1/2727 5>&-
	kill -KILL "$dumping"
	ended 137
	counting
	# the one that stands before CRIU is killed first: as docs/checkpoint.md says
	serving
	before=$(cut -d ' ' -f 2 "/proc/$dumping/task/$dumping/children")
	kill -KILL "$before" "$dumping"
	ended 137
	grep -q "tracing stop" "/proc/$(init_pid)/status"
	kill -KILL "$(pgrep -f 'criu: dump')"
	counting
	ignored=$(grep SigIgn "/proc/$(init_pid)/status")
	dump
	restore
	counting
	equal "$(grep SigIgn "/proc/$(init_pid)/status")" "$ignored"
}

# cut_restore WHEN [FLAG...]: it gets TERM once WHEN is true
cut_restore() {
	local code=0
	rm -f "$WORK/log/restore.log"
	background env "PROA_TEST=$TAG" "$RUNTIME" --root "$ROOT" restore -b "$BUNDLE" --image-path "$WORK/$IMAGES" --work-path "$WORK/log" \
		"${@:2}" "$ID"
	eventually eval "$1"
	kill -TERM "$!"
	wait "$!" || code=$?
	equal "$code" 143
	nothing_left
	[ -z "$(pgrep -f 'criu (swrk|lazy-pages)')" ] || fail "$(pgrep -af criu)"
}

@test "a restore is told to end: while CRIU makes processes, in a hook, with lazy pages; and one that comes later has its way" {
	start_counter
	dump
	cut_restore 'grep -qs "Forking task" "$WORK/log/restore.log"'
	cut_restore 'grep -qs "Forking task" "$WORK/log/restore.log"' -d --lazy-pages
	config '.hooks.createRuntime = [{path: "/bin/sleep", args: ["sleep", "1234"]}]'
	cut_restore 'pgrep -f "^sleep 1234" >/dev/null' -d --lazy-pages
	config '.hooks = null'
	# whose daemon is gone
	background "$TERM_TOOL" notify "$WORK/log/lazy-pages.socket"
	eventually test -S "$WORK/log/lazy-pages.socket"
	kill -KILL "$!"
	wait "$!" || true
	[ -S "$WORK/log/lazy-pages.socket" ]
	restore --lazy-pages
	counting
}
