#!/usr/bin/env bats
# lane: vm
# tier: full
# timeout: 3600
# A root filesystem that got traps after its container was checkpointed: in place of each path that a restore touches there are
# links to the host in all forms, a loop, magic links, a file, a FIFO, a directory. The restore gives an error or a
# container, and nothing of the host is read or changed. All are tried in the long tier, else a sample.

load helpers
load checkpoint
load security

export BATS_TEST_TIMEOUT=3000

setup() {
	common_setup
	require proa
	make_sentinel
	console=
	hostile_config
	mkdir "$BUNDLE"/rootfs/{work,secret,scratch,data}
	echo data >"$BUNDLE/rootfs/data/open"
	config '.linux.maskedPaths += ["/secret"] |
		(.mounts[] | select(.destination == "/sys")) |= {destination: "/sys", type: "sysfs", source: "sysfs", options: ["ro"]} |
		.mounts += [{destination: "/scratch", type: "tmpfs", source: "tmpfs"}]'
	places+=(/bin/busybox /data /data/open /scratch /secret)
	shell 'exec 5</data/open; i=0; while :; do i=$((i + 1)); echo $i >/dev/shm/new; mv /dev/shm/new /dev/shm/count; sleep 0.1; done'
}

# restores EVERY: dump the container, then restore it as it was, and with every so many-th trap; some must be survived, and some not
restores() {
	succeeded=0 refused=0
	[ "$PROA_TIER" = long ] || TRAP_EVERY=$1
	eventually counter >/dev/null
	dump
	[ -z "$console" ] || forget_terminal
	cp -a "$BUNDLE/rootfs" "$WORK/was"
	restored
	[ $succeeded = 1 ] || fail "$(<"$WORK/err")" "$(criu_errors)"
	for place in "${places[@]}"; do
		rm -rf --one-file-system "$BUNDLE/rootfs"
		cp -a "$WORK/was" "$BUNDLE/rootfs"
		each_trap "$place" restored || fail "in place of $place"
	done
	echo "$succeeded succeeded, $refused were refused"
	[ $succeeded -gt 1 ]
	[ $refused != 0 ]
}

restored() {
	local before=$succeeded
	[ -z "$console" ] || receive
	may_survive proa restore -d -b "$BUNDLE" --image-path "$WORK/$IMAGES" --work-path "$WORK/log" --timeout 30 $console "$ID" || return
	[ "$succeeded" = "$before" ] || looks_around || return
	proa delete -f "$ID" 2>/dev/null || true
	[ -z "$console" ] || forget_terminal
	nothing_left && host_unharmed
}

looks_around() {
	proa exec "$ID" sh -c "$READ_ALL; cat /data/open" >"$WORK/out" 2>&1 || true
	! grep -q secret-of-the-host "$WORK/out" || fail "the host's file was read"
}

# receive, forget_terminal: the other end of the console socket
receive() {
	console="--console-socket $WORK/console"
	background "$TERM_TOOL" receive "$WORK/console"
	eventually test -S "$WORK/console"
}

forget_terminal() {
	kill -KILL "${HELPERS[@]}" 2>/dev/null || true
	wait "${HELPERS[@]}" 2>/dev/null || true
	HELPERS=()
	rm "$WORK/console"
}

@test "restore: a trap in each place" {
	detached run -d -b "$BUNDLE" "$ID"
	restores 13
}

@test "restore: a trap in each place that a terminal has" {
	config '.process.terminal = true'
	places=(/dev /dev/console /dev/ptmx /dev/pts)
	receive
	detached run -d -b "$BUNDLE" $console "$ID"
	restores 9
}
