#!/usr/bin/env bats
# lane: native
# lane-long: vm
# tier: quick
# What a hostile image or a hostile process in the container must not get: no exploits, but the places where runtimes were
# wrong. A sentinel on the host must stay as it is.

load helpers

setup() {
	common_setup
	SENTINEL=$WORK/sentinel
	mkdir "$SENTINEL"
	echo secret >"$SENTINEL/file"
	BEFORE=$(sentinel)
}

# sentinel: everything that could change in it
sentinel() {
	find "$SENTINEL" -printf '%p %y %m %u:%g %s %T@ %l\n' | sort
	cat "$SENTINEL/file"
}

# untouched: neither the sentinel nor the host's devices and mounts have changed
untouched() {
	equal "$(sentinel)" "$BEFORE" "the sentinel:"
	equal "$(stat -c %t:%T:%a:%u /dev/null)" 1:3:666:0
	mounts_unchanged
}

# survives: the bundle runs in a safe way or is refused; nothing of the host is touched and nothing is left
survives() {
	run --separate-stderr proa run -b "$BUNDLE" "$ID"
	untouched
	[[ $output != *secret* ]] || fail "the sentinel was read" "$output"
	nothing_left
}

@test "a link in place of each path that the runtime uses leads nowhere on the host" {
	config '.process.terminal = false'
	shell 'cat /proc/keys /dev/null /etc/passwd /dev/shm/file /sys/file /proc/file /dev/file 2>/dev/null; true'
	for target in dev proc sys etc dev/null dev/pts dev/shm etc/passwd; do
		for link in "$SENTINEL" "$SENTINEL/file" ../../../../../../../../../..$SENTINEL missing "$target" /proc/self/fd/3 /proc/1/root; do
			rm -rf "$BUNDLE/rootfs"
			cp -a "$BATS_FILE_TMPDIR/rootfs" "$BUNDLE/rootfs"
			rm -rf "${BUNDLE:?}/rootfs/$target"
			mkdir -p "$(dirname "$BUNDLE/rootfs/$target")"
			ln -s "$link" "$BUNDLE/rootfs/$target"
			survives
		done
	done
}

@test "/dev of the image is a link to the host, and no tmpfs is mounted on it" {
	config '.mounts |= map(select(.destination | startswith("/dev") | not))'
	rmdir "$BUNDLE/rootfs/dev"
	ln -s "$SENTINEL" "$BUNDLE/rootfs/dev"
	process /bin/true
	survives
}

@test "/proc or /sys of the image is a link: never followed" {
	for target in proc sys; do
		rm -rf "${BUNDLE:?}/rootfs/$target"
		mkdir -p "$BUNDLE/rootfs/elsewhere"
		ln -s elsewhere "$BUNDLE/rootfs/$target"
		process /bin/true
		refused "/$target"
		untouched
		rm "$BUNDLE/rootfs/$target"
		mkdir "$BUNDLE/rootfs/$target"
	done
}

@test "/dev/null of the container is a link: masked paths are masked all the same" {
	# without a tmpfs on /dev the image's own node is what a careless runtime would bind
	config '.mounts |= map(select(.destination | startswith("/dev") | not)) | .linux.maskedPaths = ["/etc/passwd"]'
	ln -s "$SENTINEL/file" "$BUNDLE/rootfs/dev/null"
	shell 'cat /etc/passwd; echo end'
	survives
	[ "$status" != 0 ] || equal "$output" end
}

@test "a volume can't be mounted over /proc or into it" {
	mkdir "$WORK/volume"
	for dest in /proc /proc/self /proc/self/attr /proc/sys /proc/sys/kernel; do
		config '.mounts = (.mounts[:7] + [{destination: $d, type: "none", source: $v, options: ["rbind"]}])' \
			--arg d "$dest" --arg v "$WORK/volume"
		process /bin/true
		refused "$dest"
	done
}

@test "cwd can't be a descriptor of the runtime's" {
	for fd in $(seq 3 20); do
		for path in /proc/self/fd/$fd /proc/self/fd/$fd/../../../..; do
			config '.process.cwd = $c' --arg c "$path"
			shell 'pwd -P; ls; cat ../../../../../../../'"$SENTINEL"'/file'
			run --separate-stderr proa run -b "$BUNDLE" "$ID" 5<"$SENTINEL" 9<"$WORK"
			[ "$status" != 0 ] || fail "cwd $path was accepted" "$output"
			nothing_left
		done
	done
	untouched
}

@test "the cwd of exec can't be a descriptor of the runtime's" {
	up_and_waiting
	for fd in $(seq 3 20); do
		run --separate-stderr proa exec --cwd "/proc/self/fd/$fd" "$ID" /bin/pwd
		equal "$status" 255
	done
	ln -s /proc/self/fd/7 "$BUNDLE/rootfs/tmp/link"
	run --separate-stderr proa exec --cwd /tmp/link "$ID" /bin/pwd 7<"$SENTINEL"
	equal "$status" 255
}

@test "the runtime's executable can't be written from inside, by all capabilities, also when its processes have ended" {
	privileged
	config 'del(.linux.maskedPaths) | del(.linux.readonlyPaths)'
	before=$(sha256sum <"$RUNTIME")
	printf '#!/proc/self/exe\n' >"$BUNDLE/rootfs/evil"
	chmod +x "$BUNDLE/rootfs/evil"
	# each executable that isn't the container's own is kept open, its mount made writable, and written until that works
	shell 'n=10; echo waiting; while :; do for p in /proc/[0-9]*; do
		e=$(readlink $p/exe) || continue
		case $e in /bin/busybox | /probe) continue ;; esac
		echo "seen $e"
		(exec 9<$p/exe && while :; do /probe try remount-rw $p/exe , write /proc/self/fd/9 overwritten; /bin/usleep 10000; done) &
	done 2>/dev/null; done'
	up
	wait_for_output waiting
	for _ in $(seq 10); do
		timeout 10 "$RUNTIME" --root "$ROOT" exec "$ID" /evil >/dev/null 2>&1 || true
		timeout 10 "$RUNTIME" --root "$ROOT" exec "$ID" /proc/self/exe --version >/dev/null 2>&1 || true
	done
	sleep 0.5
	equal "$(sha256sum <"$RUNTIME")" "$before"
	proa delete --force "$ID"
	equal "$(sha256sum <"$RUNTIME")" "$before"
	run ! grep -qx ok "$WORK/out"
	grep -q '^seen' "$WORK/out" # else the attack was none
}

@test "the container's process can't be looked into before it is the program: not dumpable" {
	waits
	create
	pid=$(init_pid)
	# /proc files of a process that isn't dumpable belong to root, whoever it runs as
	config '.process.user = {uid: 1000, gid: 1000}'
	equal "$(stat -c %u "/proc/$pid/environ")" 0
	run setpriv --reuid 1000 --regid 1000 --clear-groups readlink "/proc/$pid/exe"
	[ "$status" != 0 ]
}

@test "mount targets that are swapped while they are mounted never lead out" {
	mkdir -p "$BUNDLE/rootfs/vol/real" "$WORK/volume"
	ln -s "$SENTINEL" "$BUNDLE/rootfs/vol/link"
	config '.root.readonly = false | .mounts += [{destination: "/vol/real/sub/dir", type: "tmpfs", source: "tmpfs"},
		{destination: "/vol/real/file", type: "none", source: $v, options: ["bind"]}]' --arg v "$WORK/volume"
	process /bin/true
	background sh -c 'cd "$1" && while :; do mv -T real x 2>/dev/null; mv -T link real 2>/dev/null; mv -T real link 2>/dev/null; mv -T x real 2>/dev/null; done' - \
		"$BUNDLE/rootfs/vol"
	for _ in $(seq "$(count 500)"); do
		run --separate-stderr proa run -b "$BUNDLE" "$ID"
	done
	kill -KILL "${HELPERS[@]}"
	untouched
	nothing_left
}

@test "a file that the runtime would have to make through a link isn't made on the host" {
	config '.root.readonly = false | .mounts += [{destination: "/out/new/file", type: "none", source: "/etc/hostname", options: ["bind"]}]'
	ln -s "$SENTINEL" "$BUNDLE/rootfs/out"
	process /bin/true
	survives
	config '.mounts |= .[:-1] | .linux.devices = [{path: "/out/device", type: "c", major: 1, minor: 3}]'
	survives
	config 'del(.linux.devices) | .process.cwd = "/out/cwd"'
	survives
}
