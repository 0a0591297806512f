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
	config '.process.env = ["LONG=" + ("x" * 100000)] | .process.args = ["/bin/sh", "-c", "echo ${#LONG} ${#0}", "y" * 90000]'
	runs
	equal "$output" "100000 90000"
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
	# a cgroup that belongs to the caller, as systemd gives them to users
	mkdir "$CGROUP/of-user-$TAG"
	cleanup "rmdir '$CGROUP/of-user-$TAG'"
	chown -R 1000:1000 "$CGROUP/of-user-$TAG"
	rootless
	cp "$BUNDLE/config.json" "$WORK/config.json"
	# shellcheck disable=SC2016 # jq expands it
	# the last two get no sysfs of their own, but the host's
	for mounts in . '(.mounts[] | select(.type == "cgroup")).options = []' 'del(.mounts[] | select(.type == "cgroup"))' \
		'del(.linux.namespaces[] | select(.type == "network")) | del(.mounts[] | select(.type == "cgroup"))' \
		'del(.linux.namespaces[] | select(.type == "network")) | del(.mounts[] | select(.type == "cgroup")) |
			(.mounts[] | select(.type == "sysfs")).options = []'; do
		jq "$mounts" "$WORK/config.json" >"$BUNDLE/config.json"
		process /probe try open-write "/sys/fs/cgroup/of-user-$TAG/cgroup.procs" , mkdir "/sys/fs/cgroup/of-user-$TAG/new" , \
			open-write /sys/fs/cgroup/cgroup.procs , mkdir /sys/fs/cgroup/new
		run --separate-stderr setpriv --reuid 1000 --regid 1000 --clear-groups env "PROA_TEST=$TAG" \
			"$RUNTIME" --root "$ROOT" run -b "$BUNDLE" "$ID"
		equal "$status" 0 "$stderr"
		[[ $output != *ok* ]] || fail "written, with $mounts" "$output"
	done
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

@test "CVE-2026-115521: what is to be read-only is, with all that is mounted below it, and from the first moment" {
	require strace
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
	# and it is so before it can be reached by a path: strace shows that of a detached mount as "/"
	process /bin/true
	PROA_TEST=$TAG strace -f -y -e trace=mount,mount_setattr,move_mount -o "$WORK/strace" "$RUNTIME" --root "$ROOT" \
		run -b "$BUNDLE" "$ID" </dev/null 3>&-
	grep -B 1 -E 'move_mount\(.*/rootfs/volume>' "$WORK/strace" >"$WORK/order"
	equal "$(sed -E 's/^[0-9]+ +//; s/\(.*(RDONLY).*/ \1/; s/\(.*//' "$WORK/order")" $'mount_setattr RDONLY\nmove_mount'
	! grep -E 'mount_setattr\([0-9]+<[^>]+/volume>.*RDONLY|^[0-9]+ +mount\(' "$WORK/strace" || fail "made read-only late"
}

@test "a session keyring that another user has made under the container's name is not joined" {
	require keyctl
	for permissions in 0x3f3f3f3f 0x08080808; do
		background setpriv --reuid 65534 --regid 65534 --clear-groups keyctl session "_ses.$ID" \
			sh -c "keyctl setperm @s $permissions && echo open; exec sleep 1000"
		trap=$!
		wait_for_output open "$WORK/background.out"
		# else it is no trap: who joins by that name gets the other's
		equal "$(keyctl session "_ses.$ID" /bin/true 2>&1)" "$(cat "$WORK"/background.{err,out} | grep Joined)"
		facts keyring
		has_words '^keyring keyring;0;0;' "$output"
		up_and_waiting
		execs /probe facts keyring
		has_words '^keyring keyring;0;0;' "$output"
		proa delete --force "$ID"
		kill -KILL $trap
		wait $trap || true
	done
}

@test "the state directory of another user is refused by every command, and nothing that it says is done" {
	printf '#!/bin/sh\ntouch %s/hooked\n' "$WORK" >"$WORK/hook"
	chmod 755 "$WORK/hook"
	config '.hooks.poststop = [{path: $hook}]' --arg hook "$WORK/hook"
	up_and_waiting
	pid=$(init_pid)
	# the state root may be another's, as when it lies in his home
	chown 1000:1000 "$ROOT"
	is running
	for change in "chown 1000:1000" "chmod 0770" "chmod 0707"; do
		$change "$ROOT/$ID"
		for command in "delete --force" kill state start pause resume ps "update --pids-limit 100" "mounts list"; do
			# shellcheck disable=SC2086 # a command and its options
			fails 1 "belongs to another user" proa $command "$ID"
		done
		fails 255 "belongs to another user" proa exec "$ID" /bin/true
		fails 1 "already exists" proa create -b "$BUNDLE" "$ID"
		equal "$(proa list -q)" ""
		kill -0 "$pid"
		[ ! -e "$WORK/hooked" ]
		chown 0:0 "$ROOT/$ID"
		chmod 0700 "$ROOT/$ID"
	done
	# nor does the owner of the root get one container killed for another
	mv "$ROOT/$ID" "$ROOT/$ID-2"
	fails 1 "is that of $ID" proa delete --force "$ID-2"
	kill -0 "$pid"
	mv "$ROOT/$ID-2" "$ROOT/$ID"
	proa delete --force "$ID"
	[ -e "$WORK/hooked" ]
}

@test "nobody enters with more rights than its own the namespaces that an unprivileged init has made itself" {
	config '.process.user = {uid: 1000, gid: 1000} | .process.capabilities = {} | .root.readonly = false'
	shell 'exec unshare -Urm sh -c "mount --bind /bin /var && echo ready && exec sleep 1000"'
	echo secret >"$BUNDLE/rootfs/root/secret"
	chmod 600 "$BUNDLE/rootfs/root/secret"
	chmod 755 "$BUNDLE/rootfs/root"
	echo '[{"destination": "/tmp", "type": "tmpfs", "source": "tmpfs"}]' >"$WORK/mounts.json"
	up
	wait_for_output ready
	fails 255 "a user namespace of its own" proa exec --user 0 "$ID" /var/cat /root/secret
	fails 255 "a user namespace of its own" proa exec "$ID" /var/true
	fails 1 "a user namespace of its own" proa mounts add "$ID" "$WORK/mounts.json"
	proa delete --force "$ID"
	# in a container that has one exec enters init's, out of which the container's other namespaces can't be joined
	config '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
	chown -hR 100000:100000 "$BUNDLE/rootfs"
	up
	wait_for_output ready
	fails 255 "join the .* namespace" proa exec --user 0 "$ID" /var/cat /root/secret
}

@test "the caller's groups don't come along into a user namespace that denies to drop them" {
	mkdir -m 755 "$WORK/volume"
	echo of-the-group >"$WORK/volume/file"
	chown 0:4242 "$WORK/volume/file"
	chmod 640 "$WORK/volume/file"
	setpriv --reuid 1000 --regid 1000 --clear-groups unshare --user --map-root-user sleep 1000 3>&- &
	other=$!
	HELPERS+=($other)
	eventually grep -qs 1000 "/proc/$other/uid_map"
	equal "$(cat "/proc/$other/setgroups")" deny
	config '.linux.namespaces += [{type: "user", path: $p}] | del(.linux.resources, .process.rlimits) |
		.mounts |= map(select(.destination != "/dev/pts")) + [{destination: "/var", type: "bind", source: $v, options: ["bind"]}]' \
		--arg p "/proc/$other/ns/user" --arg v "$WORK/volume"
	chown -hR 1000:1000 "$BUNDLE/rootfs"
	process /bin/sh -c 'id -G; cat /var/file; echo ready; exec sleep 1000'
	PROA_TEST=$TAG quiet setpriv --groups 0,4242 "$RUNTIME" --root "$ROOT" run -d -b "$BUNDLE" "$ID"
	wait_for_output ready
	equal "$(<"$WORK/out")" $'0\nready'
	fails 1 "can't open" env "PROA_TEST=$TAG" setpriv --groups 0,4242 "$RUNTIME" --root "$ROOT" exec "$ID" cat /var/file
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

# Who has CAP_SYS_PTRACE may look into whatever he sees, dumpable or not: so nothing may be there to be found.
@test "a process of exec has nothing of the host from when the container sees it on, step by step, and can't be looked into" {
	require proa
	config 'del(.process.capabilities)'
	up_and_waiting
	quiet proa --trace "$WORK/undisturbed" exec --user user "$ID" /bin/true
	inside=$(sed -n '/"process":"exec"/s/{"phase":"\([^"]*\)".*/\1/p' "$WORK/undisturbed" | sed '1,/^enter$/d')
	[ "$(wc -l <<<"$inside")" -ge 7 ]
	for phase in $inside; do
		# shellcheck disable=SC2016 # the inner shell expands it
		PROA_TEST=$TAG "$PROA_BUILD/tests/kill_at" -s exec "$phase" 1 capsh --drop=cap_sys_ptrace -- -c 'exec "$0" "$@"' \
			"$RUNTIME" --root "$ROOT" --trace "$WORK/trace" exec --user user "$ID" /bin/true \
			</dev/null >"$WORK/stopped" 2>"$WORK/err" 3>&-
		pid=$(<"$WORK/stopped")
		nothing_of_host "$pid" && no_look_at "$pid" || {
			kill -KILL "$pid"
			fail "at $phase"
		}
		kill -CONT "$pid"
		eventually eval "[ ! -e /proc/$pid ]"
	done
}

no_look_at() {
	local file
	for file in mem fd/0; do
		! looks_at "$1" $file || fail "$file can be read" || return
	done
}

# nothing_of_host PID: nothing that leads to a file of the host is open in it, but its streams and the trace
nothing_of_host() {
	local fd
	for fd in "/proc/$1"/fd/*; do
		case $(readlink "$fd") in
		/dev/null | pipe:* | socket:* | /proc | "$WORK/stopped" | "$WORK/trace" | "$WORK/err") ;;
		*) fail "$fd: $(readlink "$fd")" || return ;;
		esac
	done
	equal "$(stat -L -c %d:%i "/proc/$1/cwd" "/proc/$1/root")" "$(stat -L -c %d:%i "/proc/$(init_pid)"/{root,root})"
}
