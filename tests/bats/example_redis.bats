#!/usr/bin/env bats
# contrib/examples/redis: a server from Debian's packages, a million keys.
# lane: native
# tier: full
# prepare: contrib/examples/redis --prepare
# timeout: 900

bats_require_minimum_version 1.5.0

@test "redis from Debian's packages answers, takes a million keys, and leaves nothing" {
	mounts=$(wc -l </proc/self/mountinfo)
	run -0 --separate-stderr "$PROA_SRC/contrib/examples/redis"
	echo "$output"
	[ "${lines[0]}" = PONG ]
	[[ $output == *$'\nerrors: 0, replies: 1000000\n1000000\nvalue:1000000\n'* ]]
	[[ $output == *'"status": "running"'* ]]
	grep -qE '^web +[0-9]+ +running ' <<<"$output"
	grep -qE ' redis-server 127.0.0.1:6379' <<<"$output"
	[[ ${lines[-1]} == ID* ]]

	run -1 pgrep -x redis-server
	[ ! -e /run/proa/web ]
	[ "$(find /sys/fs/cgroup -name '*web*')" = "" ]
	[ "$(wc -l </proc/self/mountinfo)" = "$mounts" ]
}

@test "a container that has its name is left alone" {
	mkdir -p "$BATS_TEST_TMPDIR/rootfs/bin"
	cp "$(command -v busybox)" "$BATS_TEST_TMPDIR/rootfs/bin/busybox"
	"$PROA" spec --bundle "$BATS_TEST_TMPDIR"
	jq '.process.terminal = false | .process.args = ["busybox", "sleep", "1000"]' "$BATS_TEST_TMPDIR/config.json" \
		>"$BATS_TEST_TMPDIR/sleep.json"
	"$PROA" run -d -b "$BATS_TEST_TMPDIR" -f "$BATS_TEST_TMPDIR/sleep.json" web >/dev/null 2>&1 </dev/null
	run -1 "$PROA_SRC/contrib/examples/redis"
	[ "$("$PROA" state web | jq -r .status)" = running ]
	"$PROA" delete --force web
}
