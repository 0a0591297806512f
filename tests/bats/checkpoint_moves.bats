#!/usr/bin/env bats
# lane: vm
# tier: full
# Checkpoints that go elsewhere: as one stream, and with the memory after the container.

load helpers
load checkpoint

export_with() {
	detached checkpoint --export "$WORK/out" --image-path "$WORK/$IMAGES" --work-path "$WORK/log" "$@" "$ID"
	[ ! -e "$WORK/$IMAGES" ] || fail "images are left"
}

# import_from FILE [FLAG...]
import_from() {
	detached restore -d -b "$BUNDLE" --import "$1" --image-path "$WORK/$IMAGES" --work-path "$WORK/log" "${@:2}" "$ID"
	[ ! -e "$WORK/$IMAGES" ] || fail "images are left"
}

@test "an export is imported into a new bundle that is nothing but the image, with config and changes of the root filesystem" {
	require proa
	config '.root.readonly = false'
	start_counter
	execs sh -c 'echo new >/root/file; chmod 4711 /root/file; ln -s file /root/link; rm /etc/group; echo x >>/etc/passwd'
	# what it has changed before a restore goes along, too
	IMAGES=before dump
	IMAGES=before restore
	export_with --with-rootfs
	nothing_left
	for generation in 1 2; do
		rm -rf "$BUNDLE"
		mkdir "$BUNDLE"
		cp -a "$BATS_FILE_TMPDIR/rootfs" "$BUNDLE/rootfs"
		import_from "$WORK/out"
		counting
		equal "$(proa exec "$ID" sh -c 'cat /root/link; stat -c %a /root/file; tail -n 1 /etc/passwd; ls /etc' | xargs)" \
			"new 4711 x passwd"
		# what was imported has changed here, too
		[ $generation = 2 ] || export_with --with-rootfs
	done
}

@test "an export through a pipe, from a container that runs on" {
	require proa
	start_counter
	proa --log "$WORK/err" checkpoint --leave-running --export - --image-path "$WORK/$IMAGES" --work-path "$WORK/log" \
		"$ID" </dev/null 2>/dev/null | cat >"$WORK/out"
	counting
	at=$(counter)
	proa delete -f "$ID"
	proa --log "$WORK/err" restore -d -b "$BUNDLE" --import - --image-path "$WORK/$IMAGES" --work-path "$WORK/log" "$ID" \
		<"$WORK/out" >/dev/null 2>&1 || fail "$(cat "$WORK/err")"
	[ "$(counter)" -le $((at + 20)) ]
	counting
	# the bundle's own config holds
	proa delete -f "$ID"
	config '.linux.resources.pids.limit = 77'
	import_from "$WORK/out"
	equal "$(cat "$(cgroup_of "$(init_pid)")/pids.max")" 77
}

# move READER...: as docs/checkpoint.md has it
move() {
	proa pause "$ID"
	if proa checkpoint --leave-running --export - --image-path "$WORK/$IMAGES" --work-path "$WORK/log" "$ID" </dev/null 2>"$WORK/err" | "$@"; then
		proa delete -f "$ID"
	else
		proa resume "$ID"
	fi
}

there() {
	proa --log "$WORK/there" restore -d -b "$BUNDLE" --import - --image-path "$WORK/theirs" --work-path "$WORK/log" "other-$ID" >/dev/null 2>&1
}

@test "a container that is moved through a pipe is never lost: where the other end fails, it runs on here" {
	require proa
	start_counter
	fails_there() { head -c 1000 >/dev/null; return 1; }
	move fails_there
	counting
	config '.hooks.createRuntime = [{path: "/bin/false", args: ["false"]}] | .linux.cgroupsPath = "/other-" + $id' --arg id "$ID"
	move there
	counting
	has_words "createRuntime hook /bin/false" "$(<"$WORK/there")"
	config 'del(.hooks)'
	move there
	fails 1 "container does not exist" proa state "$ID"
	counting "other-$ID"
}

# --- memory that comes after the container ---

# big: it has 160 MiB
big() {
	cp "$PROA_BUILD/tests/crowd" "$BUNDLE/rootfs/crowd"
	process /crowd 3 160
	detached run -d -b "$BUNDLE" "$ID"
	eventually eval '[ "$(counter)" -gt 3 ]'
}

# resident PID: what processes in its cgroup have of memory of their own, in KiB
resident() {
	local pid
	while read -r pid; do
		awk '/^RssAnon/ { print $2 }' "/proc/$pid/status"
	done <"$(cgroup_of "$1")/cgroup.procs" | awk '{ kib += $1 } END { print kib }'
}

# runs_early ID: it goes on while less than 30 % of its memory is there
runs_early() {
	local pid count kib
	pid=$(init_pid "$1")
	count=/proc/$pid/root/dev/shm/count
	eventually eval "[ \"\$(cat $count)\" -gt $(($(cat "$count") + 3)) ]"
	kib=$(resident "$pid")
	[ "$kib" -lt $((160 * 1024 * 30 / 100)) ] || fail "it has $kib KiB"
}

# faults LOG: how many were served
faults() {
	grep -c '#PF at' "$1"
}

@test "lazy restore from images: faults are served, and all comes in the end" {
	require proa
	big
	dump
	restore --lazy-pages
	whole
	eventually eval "! pgrep -f 'criu lazy-pages'"
	[ "$(faults "$WORK/log/lazy-pages.log")" -gt 0 ]
	[ "$(resident "$(init_pid)")" -gt $((160 * 1024)) ]
	# and once more in the same work path
	proa delete -f "$ID"
	restore --lazy-pages
	counting
}

# left_behind: checkpoint it, which leaves the memory behind, and restore it as other-$ID with the page server's 5 MB in a second, so
# that there is time to look; the checkpoint is $dumping
left_behind() {
	big
	config '.linux.cgroupsPath = "/other-" + $id' --arg id "$ID"
	mkfifo "$WORK/status"
	(exec 7>"$WORK/status"; exec env "PROA_TEST=$TAG" "$RUNTIME" --root "$ROOT" --log "$WORK/err" checkpoint --lazy-pages \
		--page-server 127.0.0.1:2727 --status-fd 7 --image-path "$WORK/$IMAGES" --work-path "$WORK/log" "$ID") </dev/null >/dev/null 2>&1 3>&- &
	dumping=$!
	HELPERS+=("$dumping")
	[ "$(head -c 1 "$WORK/status" | od -An -tu1 | xargs)" = 0 ] || fail "$(cat "$WORK/err")" "$(criu_errors)"
	modprobe sch_netem
	tc qdisc replace dev lo root netem rate 40mbit limit 10000
	cleanup "tc qdisc del dev lo root"
	detached restore -d -b "$BUNDLE" --lazy-pages --page-server 127.0.0.1:2727 --image-path "$WORK/$IMAGES" \
		--work-path "$WORK/lazy" "other-$ID"
}

@test "lazy restore from the checkpoint that has left the memory behind: it runs with less than 30 % of that" {
	require proa
	left_behind
	[ "$(du -k "$WORK/$IMAGES" | cut -f 1)" -lt 20000 ] || fail "the memory isn't left behind"
	runs_early "other-$ID"
	tc qdisc del dev lo root
	whole "other-$ID"
	wait "$dumping"
	fails 1 "container does not exist" proa state "$ID"
	eventually eval "! pgrep -f 'criu lazy-pages'"
	[ "$(faults "$WORK/lazy/lazy-pages.log")" -gt 0 ]
	whole "other-$ID"
}

# killed_for_memory ID LOG: it was ended rather than run without its memory, and nobody is left who could bring that
killed_for_memory() {
	becomes stopped "$1"
	eventually eval "! pgrep -f 'criu lazy-pages'"
	grep -q "the container was killed: what wasn't fetched" "$2"
}

@test "when the page server is gone before all is fetched, the copy ends, and the container itself goes on" {
	require proa
	left_behind
	kill -KILL "$(pgrep -f 'criu: dump')"
	killed_for_memory "other-$ID" "$WORK/lazy/lazy-pages.log"
	is running
	counting
	whole
}

@test "when the daemon of a lazy restore is killed, the copy ends, and the container itself goes on" {
	require proa
	left_behind
	kill -KILL "$(pgrep -f 'criu lazy-pages')"
	killed_for_memory "other-$ID" "$WORK/lazy/lazy-pages.log"
	wait "$dumping" || code=$?
	equal "$code" 1
	has_words "gone before it had all" "$(<"$WORK/err")"
	is running
	counting
	whole
}

@test "a lazy restore that fails leaves no daemon" {
	require proa
	start_counter
	dump
	restore_fails "connect to the page server at 127.0.0.1:9" --lazy-pages --page-server 127.0.0.1:9
	config '.hooks.createRuntime = [{path: "/bin/false", args: ["false"]}]'
	restore_fails "createRuntime hook /bin/false" --lazy-pages
	# it runs already then
	config '.hooks = {poststart: [{path: "/bin/false", args: ["false"]}]}'
	restore_fails "poststart hook /bin/false" --lazy-pages --pid-file "$WORK/pid"
	[ ! -e "$WORK/pid" ]
	! pgrep -f 'criu lazy-pages' || fail "a daemon is left"
	[ ! -e "$WORK/log/lazy-pages.socket" ]
}
