#!/usr/bin/env bats
# lane: vm
# tier: full
# timeout: 1200
# Checkpoint and restore of one container.

load helpers
load checkpoint

# --- a container's way ---

# bats test_tags=compare
@test "a counter goes on where it was, under its own id and another" {
	start_counter
	dump
	nothing_left
	restore --pid-file "$WORK/pid"
	is running
	equal "$(cat "$WORK/pid")" "$(init_pid)"
	counting
	equal "$(cgroup_of "$(init_pid)")" "$CGROUP/$ID"
	proa delete -f "$ID"
	config '.linux.cgroupsPath = "/other-" + $id' --arg id "$ID"
	AS=other-$ID restore
	counting "other-$ID"
	equal "$(cgroup_of "$(init_pid "other-$ID")")" "$CGROUP/other-$ID"
	proa kill "other-$ID" KILL
	becomes stopped "other-$ID"
}

# bats test_tags=compare
@test "it runs on with --leave-running, and is restored from then" {
	start_counter
	dump --leave-running
	at=$(counter)
	counting
	proa delete -f "$ID"
	restore
	[ "$(counter)" -le $((at + 20)) ] || fail "restored at $(counter), dumped before $at"
	counting
}

# bats test_tags=compare
@test "a paused container, as containerd has it: it runs after restore, and stays paused with --leave-running" {
	start_counter
	proa pause "$ID"
	dump --leave-running
	is paused
	dump
	restore
	is running
	counting
}

# bats test_tags=compare
@test "in the foreground restore ends as the container does" {
	shell 'trap "exit 7" TERM; touch /dev/shm/ready; while :; do sleep 0.1; done'
	detached run -d -b "$BUNDLE" "$ID"
	eventually proa exec "$ID" test -e /dev/shm/ready
	dump
	env "PROA_TEST=$TAG" "$RUNTIME" --root "$ROOT" restore -b "$BUNDLE" --image-path "$WORK/$IMAGES" \
		--work-path "$WORK/log" "$ID" </dev/null >/dev/null 2>&1 3>&- &
	restored=$!
	becomes running
	kill -TERM "$restored"
	wait "$restored" || code=$?
	equal "$code" 7
	nothing_left
}

# --- what it has ---

# bats test_tags=compare
@test "mounts of the host: another source at restore, read-only stays so, a new bundle without mountpoints" {
	mkdir "$WORK"/{one,two,ro}
	echo one >"$WORK/one/name"
	echo two >"$WORK/two/name"
	echo file >"$WORK/file"
	config '.mounts += [
		{destination: "/one", type: "bind", source: ($w + "/one"), options: ["rbind"]},
		{destination: "/one/ro", type: "bind", source: ($w + "/ro"), options: ["bind", "ro"]},
		{destination: "/etc/file", type: "bind", source: ($w + "/file"), options: ["bind", "ro"]},
		{destination: "/scratch", type: "tmpfs", source: "tmpfs", options: ["size=1m"]}]' --arg w "$WORK"
	start_counter
	execs sh -c 'echo kept >/scratch/file'
	dump
	# another bundle, from the same image
	rm -rf "$BUNDLE/rootfs"
	cp -a "$BATS_FILE_TMPDIR/rootfs" "$BUNDLE/rootfs"
	mkdir "$WORK/two/ro"
	config '(.mounts[] | select(.destination == "/one")).source = $w + "/two"' --arg w "$WORK"
	restore
	counting
	execs cat /one/name /etc/file /scratch/file
	equal "$output" $'two\nfile\nkept'
	for at in / /one/ro /etc/file; do
		[[ $(mount_line "$at") == *" $at ro,"* ]] || fail "$(mount_line "$at")"
	done
	[[ $(mount_line /proc/kcore) == *" /null /proc/kcore "* ]] || fail "not masked: $(mount_line /proc/kcore)"
}

@test "the images ask for a mount that the config doesn't have" {
	mkdir "$WORK/one"
	config '.mounts += [{destination: "/one", type: "bind", source: ($w + "/one"), options: ["bind"]}]' --arg w "$WORK"
	start_counter
	dump
	config 'del(.mounts[] | select(.destination == "/one"))'
	restore_fails "mount of the host at /one.*--external"
	restore --external "mnt[/one]:$WORK/one"
	counting
}

@test "a mount by the caller's key" {
	mkdir "$WORK"/{one,two}
	echo one >"$WORK/one/name"
	echo two >"$WORK/two/name"
	config '.mounts += [{destination: "/one", type: "bind", source: ($w + "/one"), options: ["bind"]}]' --arg w "$WORK"
	start_counter
	dump --external "mnt[/one]:data"
	restore --external "mnt[data]:$WORK/two"
	counting
	execs cat /one/name
	equal "$output" two
	dump --external "mnt[/one]:data"
	restore
	counting
	execs cat /one/name
	equal "$output" one
}

# bats test_tags=compare
@test "a mount that was added while it ran" {
	mkdir "$BUNDLE/rootfs/late"
	start_counter
	nsenter -t "$(init_pid)" -m /bin/busybox mount -t tmpfs tmpfs /late
	execs sh -c 'echo kept >/late/file'
	dump
	restore
	counting
	execs cat /late/file
	equal "$output" kept
}

@test "names that could be taken for others are refused" {
	mkdir "$WORK/one"
	config '.mounts += [{destination: "/a]:b", type: "bind", source: ($w + "/one"), options: ["bind"]}]' --arg w "$WORK"
	start_counter
	dump_fails "can't be checkpointed at /a\]:b"
	counting
}

@test "a terminal: the console socket gets it after restore" {
	config '.process.terminal = true'
	shell 'i=0; while :; do i=$((i + 1)); echo "line $i"; sleep 0.2; done'
	background "$TERM_TOOL" receive "$WORK/console"
	eventually test -S "$WORK/console"
	detached run -d -b "$BUNDLE" --console-socket "$WORK/console" "$ID"
	eventually grep -q "line 3" "$WORK/background.out"
	dump
	mv "$WORK/background.out" "$WORK/before"
	background "$TERM_TOOL" receive "$WORK/console2"
	eventually test -S "$WORK/console2"
	restore --console-socket "$WORK/console2"
	last=$(tr -d '\r' <"$WORK/before" | sed -n 's/^line //p' | tail -1)
	eventually grep -qE "line $((last + 3))\b" "$WORK/background.out"
	! grep -qE "line 1\b" "$WORK/background.out" || fail "it began anew"
}

# bats test_tags=compare
@test "pipes as standard streams become the restorer's" {
	mkfifo "$WORK"/{in,out,in2,out2}
	shell 'n=0; while read -r line; do n=$((n + 1)); echo "$n $line"; done'
	exec 7<>"$WORK/in" 8<>"$WORK/out"
	proa --log "$WORK/err" run -d -b "$BUNDLE" "$ID" < <(exec cat "$WORK/in" 7>&- 8>&-) > >(exec cat >"$WORK/out" 7>&- 8>&-) 2>/dev/null
	echo one >&7
	read -r -t 60 line <&8
	equal "$line" "1 one"
	dump
	exec 7>&- 8>&- 7<>"$WORK/in2" 8<>"$WORK/out2"
	: >"$WORK/err"
	proa --log "$WORK/err" restore -d -b "$BUNDLE" --image-path "$WORK/$IMAGES" --work-path "$WORK/log" "$ID" \
		< <(exec cat "$WORK/in2" 7>&- 8>&-) > >(exec cat >"$WORK/out2" 7>&- 8>&-) 2>/dev/null || fail "$(cat "$WORK/err")"
	echo two >&7
	read -r -t 60 line <&8
	equal "$line" "2 two"
	exec 7>&- 8>&-
}

# bats test_tags=compare
@test "a network namespace that others made, another one at restore" {
	ip netns add "a$TAG"
	ip netns add "b$TAG"
	cleanup "ip netns del a$TAG; ip netns del b$TAG"
	config '(.linux.namespaces[] | select(.type == "network")).path = "/run/netns/a" + $t' --arg t "$TAG"
	start_counter
	dump
	config '(.linux.namespaces[] | select(.type == "network")).path = "/run/netns/b" + $t' --arg t "$TAG"
	restore
	counting
	equal "$(stat -Lc %i "/proc/$(init_pid)/ns/net")" "$(stat -c %i "/run/netns/b$TAG")"
}

limits_hold() {
	config '.linux.resources += {memory: {limit: 67108864}, pids: {limit: 20}, cpu: {quota: 50000, period: 100000}}'
	start_counter
	dump
	nothing_left
	config '.linux.resources.pids.limit = 21'
	restore
	counting
	cgroup=$(cgroup_of "$(init_pid)")
	equal "$(cat "$cgroup/memory.max" "$cgroup/pids.max" "$cgroup/cpu.max")" $'67108864\n21\n50000 100000'
	grep -qx "$(init_pid)" "$cgroup/cgroup.procs"
	! cat $(sed 's,.*,/proc/&/comm,' "$cgroup/cgroup.procs") | grep criu || fail "CRIU is in it"
}

# bats test_tags=compare
@test "limits of the config hold after restore" {
	limits_hold
}

# bats test_tags=compare
@test "limits of the config hold after restore, with the manager systemd" {
	GLOBALS=(--systemd-cgroup)
	config '.linux.cgroupsPath = "system.slice:proa:" + $id' --arg id "$ID"
	limits_hold
}

# bats test_tags=compare
@test "hooks run at their moments" {
	for kind in prestart createRuntime createContainer startContainer poststart poststop; do
		config '.hooks[$k] = [{path: "/bin/sh", args: ["sh", "-c",
			("echo " + $k + " $(jq -r .status) >>" + $w + "/hooks")]}]' --arg k $kind --arg w "$WORK"
	done
	config 'del(.hooks.createContainer, .hooks.startContainer)'
	start_counter
	dump
	equal "$(awk '{print $1}' "$WORK/hooks" | xargs)" "prestart createRuntime poststart poststop"
	rm "$WORK/hooks"
	restore
	equal "$(xargs <"$WORK/hooks")" "prestart creating createRuntime creating poststart running"
	proa delete -f "$ID"
	equal "$(tail -1 "$WORK/hooks")" "poststop stopped"
}

@test "a hook that fails lets nothing through" {
	start_counter
	dump
	config '.hooks.createRuntime = [{path: "/bin/false", args: ["false"]}]'
	restore_fails "createRuntime hook /bin/false"
}

# in_user_namespace: a container that counts in one of its own
in_user_namespace() {
	config '.linux.namespaces += [{type: "user"}] |
		.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
	chown -R 100000:100000 "$BUNDLE/rootfs"
	start_counter
}

@test "in a user namespace" {
	in_user_namespace
	dump
	restore
	counting
	equal "$(awk '{print $1, $2, $3}' "/proc/$(init_pid)/uid_map")" "0 100000 65536"
}

@test "in a user namespace, binds of the filesystem that the root is on, and of the root itself" {
	mkdir "$WORK/one" "$BUNDLE/rootfs/two"
	echo one >"$WORK/one/name"
	echo two >"$BUNDLE/rootfs/two/name"
	config '.mounts += [{destination: "/one", type: "bind", source: ($w + "/one"), options: ["bind"]},
		{destination: "/three", type: "bind", source: ($w + "/bundle/rootfs/two"), options: ["bind", "ro"]}]' --arg w "$WORK"
	in_user_namespace
	dump
	restore
	counting
	execs cat /one/name /three/name
	equal "$output" $'one\ntwo'
}

@test "in a user namespace, images that stand on two pre-dumps" {
	require proa
	in_user_namespace
	IMAGES=p1 dump --pre-dump
	IMAGES=p2 dump --pre-dump --parent-path ../p1
	dump --parent-path ../p2
	equal "$(stat -c %a "$WORK/p1" "$WORK/p2" | xargs)" "700 700"
	restore
	counting
}

@test "in a user namespace, images out of one stream" {
	require proa
	in_user_namespace
	dump --export "$WORK/out"
	restore --import "$WORK/out"
	counting
}

@test "mounts that lie over each other: a destination of two spellings, a directory that is covered" {
	require proa
	mkdir -p "$WORK/data" "$BUNDLE"/rootfs/{data,a/k}
	echo of the host >"$WORK/data/name"
	config '.mounts += [{destination: "/data", type: "tmpfs", source: "t", options: ["noexec"]},
		{destination: "/data/", type: "bind", source: $d, options: ["rbind"]},
		{destination: "/a/k", type: "tmpfs", source: "t"}, {destination: "/a", type: "tmpfs", source: "t", options: ["noexec"]}]' \
		--arg d "$WORK/data"
	start_counter
	dump
	restore
	counting
	execs cat /data/name
	equal "$output" "of the host"
}

# --- memory in rounds ---

@test "pre-dumps shrink, and the last images stand on them" {
	shell 'x=$(head -c 16000000 /dev/zero | tr "\0" x); i=0
		while :; do i=$((i + 1)); echo "$i" >/dev/shm/new; mv /dev/shm/new /dev/shm/count; sleep 0.1; done'
	detached run -d -b "$BUNDLE" "$ID"
	eventually eval 'counter >/dev/null 2>&1'
	IMAGES=p1 dump --pre-dump
	is running
	IMAGES=p2 dump --pre-dump --pre-dump-mode read --parent-path ../p1
	first=$(du -sk --apparent-size "$WORK/p1" | cut -f 1) second=$(du -sk --apparent-size "$WORK/p2" | cut -f 1)
	[ "$second" -lt $((first / 10)) ] || fail "first $first KiB, then $second KiB"
	dump --parent-path ../p2
	IMAGES=p2 restore_fails "is only the memory|a pre-dump"
	restore
	counting
	[ "$(awk '/^VmRSS/ {print $2}' "/proc/$(init_pid)/status")" -gt 16000 ]
	proa delete -f "$ID"
	mv "$WORK/p1" "$WORK/gone"
	restore_fails "parent"
}

@test "with --auto-dedup the parents lose what the next dump has, and the chain is whole" {
	shell 'i=0; while :; do i=$((i + 1)); echo "$i" >/dev/shm/new; mv /dev/shm/new /dev/shm/count; sleep 0.1; done'
	detached run -d -b "$BUNDLE" "$ID"
	eventually eval 'counter >/dev/null 2>&1'
	IMAGES=p1 dump --pre-dump
	before=$(du -k "$WORK/p1" | cut -f 1)
	IMAGES=p2 dump --pre-dump --parent-path ../p1 --auto-dedup
	dump --parent-path ../p2 --auto-dedup
	after=$(du -k "$WORK/p1" | cut -f 1)
	[ "$after" -lt "$before" ] || fail "p1 has $after KiB, and had $before before"
	restore
	counting
}

# --- bad input ---

@test "a container that can't be checkpointed is told so, and stays as it is" {
	counts
	detached create -b "$BUNDLE" "$ID"
	dump_fails "has not been started"
	proa start "$ID"
	fails 1 "no criu in PATH: install" env PATH=/nowhere "$RUNTIME" --root "$ROOT" checkpoint "$ID"
	dump_fails "parent-path.*beside" --parent-path /tmp
	dump_fails "parent-path" --parent-path ../nosuch
	touch "$WORK/$IMAGES/mine"
	dump_fails "not empty and holds no checkpoint \(mine"
	rm -r "${WORK:?}/$IMAGES"
	touch "$WORK/$IMAGES"
	dump_fails "image-path"
	rm "$WORK/$IMAGES"
	counting
	proa kill "$ID" KILL
	becomes stopped
	dump_fails "container not running: no such process"
}

@test "what CRIU can't dump is named with what to do, and the container runs on" {
	counts
	detached_to_file() { proa run -d -b "$BUNDLE" "$ID" </dev/null >"$WORK/host-file" 2>&1; }
	detached_to_file
	eventually counter >/dev/null
	dump_fails "host-file.*a file of the host is open.*/log/dump.log"
	[ ! -e "$WORK/$IMAGES/inventory.img" ]
	counting
}

# watches PREPARE FILE THEN: the container has FILE open and watches it, after PREPARE and before THEN
watches() {
	shell "$1; /probe open inotify $2 >/dev/shm/said & exec 5<>$2; until grep -q opened /dev/shm/said; do sleep 0.1; done
		$3; touch /dev/shm/ready; while :; do sleep 0.1; done"
	detached run -d -b "$BUNDLE" "$ID"
	eventually test -e "/proc/$(init_pid)/root/dev/shm/ready"
}

# still_watches: a change of the open file is told
still_watches() {
	local said before
	said=/proc/$(init_pid)/root/dev/shm/said
	before=$(grep -c event "$said" || true)
	execs sh -c 'echo x >>/proc/1/fd/5'
	eventually eval "[ \"\$(grep -c event $said)\" -gt $before ]"
}

@test "inotify on a file that was removed" {
	config '.root.readonly = false'
	watches 'mkdir /data; echo x >/data/file' /data/file 'rm /data/file'
	dump
	restore
	still_watches
	# a tmpfs doesn't find it again
	proa delete -f "$ID"
	watches 'echo x >/dev/shm/file' /dev/shm/file 'rm /dev/shm/file'
	dump_fails "inotify watches a file that was removed from a tmpfs.*let the program stop watching it"
	still_watches
}

@test "inotify on a file of an overlay, to which CRIU finds no path" {
	config '.root.readonly = false'
	mkdir "$WORK"/{lower,upper,work}
	mount -t overlay -o "lowerdir=$BUNDLE/rootfs,upperdir=$WORK/upper,workdir=$WORK/work" overlay "$BUNDLE/rootfs"
	cleanup "umount $BUNDLE/rootfs"
	watches 'mkdir /data; echo x >/data/file' /data/file :
	dump_fails "inotify watches a file whose path is not known.*--irmap-scan-path"
	still_watches
	dump --irmap-scan-path /data
	restore
	still_watches
}

@test "a full disk fails the dump and not the container" {
	start_counter
	mkdir "$WORK/small"
	mount -t tmpfs -o size=100k tmpfs "$WORK/small"
	cleanup "umount $WORK/small"
	IMAGES=small/images dump_fails "No space left|make room"
	counting
	umount "$WORK/small"
}

@test "damaged images start nothing" {
	start_counter
	dump
	cp -a "$WORK/$IMAGES" "$WORK/good"
	again() { rm -r "${WORK:?}/$IMAGES" && cp -a "$WORK/good" "$WORK/$IMAGES"; }
	truncate -s 1000 "$WORK/$IMAGES/pages-1.img"
	restore_fails "damaged: the image pages-1.img has 1000 bytes"
	again
	printf x | dd of="$WORK/$IMAGES/core-1.img" bs=1 seek=50 conv=notrunc status=none
	restore_fails "the image core-1.img has changed"
	again
	rm "$WORK/$IMAGES/core-1.img"
	ln -s /etc/passwd "$WORK/$IMAGES/core-1.img"
	restore_fails "core-1.img among the images is no regular file"
	again
	ln -s /etc "$WORK/$IMAGES/parent"
	restore_fails "link to their parent leads to /etc"
	again
	sed -i 's/"version": 1/"version": 99/' "$WORK/$IMAGES/proa.json"
	restore_fails "newer proa"
	again
	sed -i "s/\"$(uname -m)\"/\"vax\"/" "$WORK/$IMAGES/proa.json"
	restore_fails "another architecture, vax"
	again
	rm "$WORK/$IMAGES/inventory.img"
	restore_fails "holds no checkpoint"
	again
	restore
	counting
}

# --- others' images ---

@test "images of runc and crun are restored" {
	mkdir "$WORK/one"
	echo one >"$WORK/one/name"
	config '.mounts += [{destination: "/one", type: "bind", source: ($w + "/one"), options: ["bind"]}]' --arg w "$WORK"
	counts
	for other in runc crun; do
		mkdir -p "$WORK/log"
		$other --root "$WORK/$other" run -d -b "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
		eventually $other --root "$WORK/$other" exec "$ID" cat /dev/shm/count >/dev/null 2>&1
		$other --root "$WORK/$other" checkpoint --image-path "$WORK/$other-images" --work-path "$WORK/log" "$ID" </dev/null >/dev/null 2>"$WORK/err" ||
			fail "$other: $(cat "$WORK/err")"
		$other --root "$WORK/$other" delete -f "$ID" 2>/dev/null || true
		IMAGES=$other-images restore
		counting
		execs cat /one/name
		equal "$output" one
		proa delete -f "$ID"
	done
}

# --- what takes an option ---

last() {
	proa exec "$ID" tail -n 1 /dev/shm/count
}

start_connected() {
	shell 'tail -f /dev/null | nc -l -p 77 >/dev/shm/count & sleep 1
		{ i=0; while :; do i=$((i + 1)); echo $i; sleep 0.1; done; } | nc 127.0.0.1 77'
	detached run -d -b "$BUNDLE" "$ID"
	eventually eval '[ -n "$(last)" ]'
}

@test "the option for established TCP connections is named where it is missing" {
	start_connected
	dump_fails "TCP.*--tcp-established"
	eventually eval "[ \"\$(last)\" -gt $(last) ]"
}

# bats test_tags=compare
@test "established TCP connections" {
	start_connected
	dump --tcp-established
	restore --tcp-established
	now=$(last)
	[ "$now" -gt 1 ]
	eventually eval "[ \"\$(last)\" -gt $((now + 3)) ]"
}

@test "memory sent to a page server, whose images are put beside the others" {
	start_counter
	mkdir "$WORK/pages"
	background criu page-server --images-dir "$WORK/pages" --address 127.0.0.1 --port 2728 -o server.log
	eventually grep -q ":0AA8 0*:0000 0A " /proc/net/tcp # it listens at 2728
	dump --page-server 127.0.0.1:2728
	wait "$!"
	[ ! -e "$WORK/$IMAGES/pages-1.img" ]
	restore_fails "put its pages"
	cp "$WORK"/pages/*.img "$WORK/$IMAGES"
	restore
	counting
}

# bats test_tags=compare
@test "lazy pages are fetched when they are used" {
	shell 'x=$(head -c 16000000 /dev/zero | tr "\0" x); i=0
		while :; do i=$((i + 1)); echo "$i" >/dev/shm/new; mv /dev/shm/new /dev/shm/count; sleep 0.1; done'
	detached run -d -b "$BUNDLE" "$ID"
	eventually eval 'counter >/dev/null 2>&1'
	mkfifo "$WORK/status"
	mkdir "$WORK/lazy"
	(exec 7>"$WORK/status"; exec env "PROA_TEST=$TAG" "$RUNTIME" --root "$ROOT" --log "$WORK/err" checkpoint --lazy-pages \
		--page-server 127.0.0.1:2727 --status-fd 7 --image-path "$WORK/$IMAGES" --work-path "$WORK/log" "$ID") </dev/null >/dev/null 2>&1 3>&- &
	dumping=$!
	[ "$(head -c 1 "$WORK/status" | od -An -tu1 | xargs)" = 0 ] || fail "$(cat "$WORK/err")" "$(criu_errors)"
	criu lazy-pages --page-server --address 127.0.0.1 --port 2727 -v4 -o lazy.log -D "$WORK/$IMAGES" -W "$WORK/lazy" </dev/null >/dev/null 2>&1 3>&- &
	fetching=$!
	HELPERS+=("$dumping" "$fetching")
	eventually test -S "$WORK/lazy/lazy-pages.socket"
	config '.linux.cgroupsPath = "/other-" + $id' --arg id "$ID"
	detached restore -d -b "$BUNDLE" --lazy-pages --image-path "$WORK/$IMAGES" --work-path "$WORK/lazy" "other-$ID"
	counting "other-$ID"
	wait "$dumping"
	wait "$fetching"
	counting "other-$ID"
	grep -q "uffd.*#PF\|page fault\|UFFDIO" "$WORK/lazy/lazy.log"
}
