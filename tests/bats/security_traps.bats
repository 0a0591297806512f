#!/usr/bin/env bats
# lane: native
# tier: full
# timeout: 900
# An image that has a trap in place of each path that a runtime touches: links to the host in all forms, a loop, magic links, a
# file, a FIFO, a directory. Whatever is done with it, by whomever, gives an error or a container, and nothing of the host is
# read or changed. As root, `run` is tried by security.bats.

load helpers
load security

export BATS_TEST_TIMEOUT=900

setup() {
	common_setup
	require proa
	make_sentinel
}

places=(/dev /dev/null /dev/console /dev/pts /dev/shm /proc /sys /sys/fs/cgroup /etc /etc/passwd /etc/mtab /work /volume)

# hostile_config: all places are used, in the image's own /dev where there is no other
hostile_config() {
	mkdir -p "$WORK/volume"
	config '.root.readonly = false | .process.cwd = "/work" | .process.user.additionalGids = [] |
		.mounts |= map(select(.destination | IN("/dev", "/dev/mqueue", "/sys/fs/cgroup") | not)) |
		(.mounts[] | select(.destination == "/sys")) |= {destination: "/sys", type: "none", source: "/sys", options: ["rbind", "ro"]} |
		.mounts += [{destination: "/volume/sub", type: "bind", source: $v, options: ["bind"]}]' --arg v "$WORK/volume"
	# shellcheck disable=SC2016 # the inner shell expands it
	process /bin/sh -c 'for f in /dev /dev/null /dev/shm /etc/passwd /etc/mtab /work /volume /volume/sub /sys; do
		for g in $f $f/file $f/../file; do [ ! -f $g ] || head -c 100 $g; done; done; echo x >/volume/sub/x; :'
}

# trapped COMMAND...: with each trap in each place, one after the other; some of them must succeed, and some must not
trapped() {
	local place succeeded=0 refused=0
	for place in "${places[@]}"; do
		each_trap "$place" "$@"
	done
	[ $succeeded != 0 ] && [ $refused != 0 ] || fail "$succeeded succeeded, $refused were refused"
}

# survives COMMAND...: no matter whether it succeeds
survives() {
	local code=0
	"$@" </dev/null >"$WORK/out" 2>"$WORK/err" 3>&- || code=$?
	[ "$code" -le 1 ] || [ "$code" = 255 ] || [ "$code" = 126 ] || [ "$code" = 127 ] || fail "exit code $code" "$(<"$WORK/err")" || return
	if [ "$code" = 0 ]; then succeeded=$((succeeded + 1)); else refused=$((refused + 1)); fi
	[ "$code" = 0 ] || [ -s "$WORK/err" ] || fail "an error without words" || return
	! grep -q secret-of-the-host "$WORK/out" || fail "the host's file was read" || return
	host_unharmed
}

@test "run: a trap in each place, in a user namespace" {
	require userns
	hostile_config
	config '.linux.namespaces += [{type: "user"}] |
		.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
	chown -R 100000:100000 "$BUNDLE/rootfs"
	TRAP_OWNER=100000
	trapped survives proa run -b "$BUNDLE" "$ID"
	nothing_left
}

@test "run: a trap in each place, rootless" {
	require userns
	hostile_config
	rootless
	TRAP_OWNER=1000
	trapped survives setpriv --reuid 1000 --regid 1000 --clear-groups env "PROA_TEST=$TAG" \
		"$RUNTIME" --root "$ROOT" run -b "$BUNDLE" "$ID"
	nothing_left
}

@test "exec: a trap in each place that it uses" {
	config '.root.readonly = false'
	mkdir "$BUNDLE/rootfs/work"
	up_and_waiting
	places=(/work /etc /etc/passwd /etc/group)
	trapped survives proa exec --cwd /work --user user --env HOME= "$ID" /probe facts env
	# a program that is none: never one of the host's
	each_trap /bin/program none_is_run
	is running
}

none_is_run() {
	local succeeded=0 refused=0
	survives proa exec "$ID" /bin/program
	[ $succeeded = 0 ]
}

@test "mounts add: a trap in each place" {
	config '.root.readonly = false'
	up_and_waiting
	mkdir "$WORK/volume"
	places=(/volume /volume/sub)
	for type in bind tmpfs; do
		jq -n --arg t $type --arg s "$WORK/volume" '[{destination: "/volume/sub/place", type: $t, source: $s,
			options: (if $t == "bind" then ["bind"] else [] end)}]' >"$WORK/mounts.json"
		trapped added
	done
	is running
}

added() {
	survives proa mounts add "$ID" "$WORK/mounts.json"
	if proa mounts remove "$ID" "$WORK/mounts.json" 2>/dev/null; then :; fi
}
