#!/usr/bin/env bats
# lane: native
# tier: quick
# Holes that other runtimes had, each by a test of its own where security.bats has none: SECURITY.md lists them all.

load helpers
load security

setup() {
	common_setup
	make_sentinel
}

@test "CVE-2021-43784: nothing of a config is too long for the conversation with init" {
	jq -n '[range(3000) | "V\(.)=" + ("x" * 60)]' >"$WORK/env"
	config '.process.env += $e[0] | .process.args = ["/bin/sh", "-c", "echo ${#V2999} $#"] + [range(2000) | "argument-\(.)"]' \
		--slurpfile e "$WORK/env"
	runs
	equal "$output" "60 1999"
	config '.mounts += [range(300) | {destination: "/tmp/\("d" * 200)\(.)", type: "tmpfs", source: "tmpfs", options: ["size=4k"]}] |
		.root.readonly = false | .process.args = ["/bin/sh", "-c", "ls /tmp | wc -l"]'
	runs
	equal "$output" 300
}

@test "CVE-2023-25809: without a cgroup namespace the host's cgroups can't be written, rootless neither" {
	config '.linux.namespaces |= map(select(.type != "cgroup"))'
	tries open-write /sys/fs/cgroup/cgroup.procs , mkdir /sys/fs/cgroup/new
	equal "$output" $'EROFS\nEROFS'
	[ "${PROA_LANE-}" = native ]
	rootless
	process /probe try open-write /sys/fs/cgroup/cgroup.procs , mkdir /sys/fs/cgroup/new
	run --separate-stderr setpriv --reuid 1000 --regid 1000 --clear-groups env "PROA_TEST=$TAG" \
		"$RUNTIME" --root "$ROOT" run -b "$BUNDLE" "$ID"
	equal "$status" 0 "$stderr"
	[[ $output != *ok* ]] || fail "written" "$output"
	host_unharmed
}

@test "CVE-2026-30892: exec --user takes a whole number or a name, and nothing else becomes root" {
	up_and_waiting
	for user in '' 1:2:3 1x -1 4294967295 4294967296 ' 1' '1 ' +1 0x1 1: :1 nobody-there '0 ' $'1\n'; do
		run --separate-stderr proa exec --user="$user" "$ID" /probe facts uid
		[ "$status" != 0 ] || fail "user '$user' became $output"
	done
	execs --user=1000:1000 /probe facts uid gid
	expect uid "1000 1000 1000 1000"
	expect gid "1000 1000 1000 1000"
}

@test "CVE-2026-88265: only pipes and terminals of ours are given to the user, no file of the host that stands for a stream" {
	config '.process.user = {uid: 1000, gid: 1000}'
	process /bin/true
	chmod 600 "$SENTINEL/file"
	SENTINEL_WAS=$(look_at_sentinel)
	proa run -b "$BUNDLE" "$ID" <"$SENTINEL/file" >"$WORK/out" 2>/dev/null 3>&-
	host_unharmed
	equal "$(stat -c %u "$WORK/out")" 0
	ln -sf "$SENTINEL/file" "$BUNDLE/rootfs/dev/null"
	config '.mounts |= map(select(.destination | startswith("/dev") | not))'
	run --separate-stderr proa run -b "$BUNDLE" "$ID" </dev/null
	host_unharmed
}

@test "CVE-2026-115521: what is to be read-only is, with all that is mounted below it" {
	config '.root.readonly = false | .mounts += [{destination: "/volume", type: "bind", source: $s, options: ["rbind", "ro"]}]' --arg s "$SENTINEL"
	# the volume has a mount of its own below it, which is read-only as well
	mkdir "$WORK/below"
	mount --bind "$WORK/below" "$SENTINEL/dir"
	cleanup "umount '$SENTINEL/dir'"
	MOUNTS=$(</proc/self/mountinfo) SENTINEL_WAS=$(look_at_sentinel)
	config '.mounts[-1].options = ["rbind", "rro"]'
	tries open-write /volume/file , mkdir /volume/new , mkdir /volume/dir/new
	equal "$output" $'EROFS\nEROFS\nEROFS'
	host_unharmed
}

@test "a container that watches its /proc sees nothing of the host in a process of exec" {
	config '.process.args = ["/bin/sh", "-c", $s] | .linux.maskedPaths = [] | .linux.readonlyPaths = []' --arg s 'echo ready; while [ ! -e /tmp/stop ]; do
		for p in /proc/[0-9]*; do
			case $p in /proc/1 | /proc/$$) continue ;; esac
			echo "looked into $p"
			for f in exe cwd root fd/0 fd/3 fd/4 fd/5; do
				l=$(readlink $p/$f 2>/dev/null) || continue
				case $l in /bin/* | /probe | / | /dev/null | pipe:*) ;; *) echo "seen $f $l" ;; esac
			done
		done
	done'
	config '.root.readonly = false'
	up
	wait_for_output ready
	for _ in {1..30}; do proa exec "$ID" /bin/true </dev/null; done
	touch "$BUNDLE/rootfs/tmp/stop"
	becomes stopped
	grep -q "looked into" "$WORK/out" # else it watched in vain
	! grep -E "^seen .*($WORK|socket:|/proc|memfd|overlay)" "$WORK/out" || fail "of the runtime"
	host_unharmed
}
