#!/usr/bin/env bats
# lane: native
# lane-long: vm
# tier: quick
# proa mounts: what is mounted in a container while it runs, seen from inside.

load helpers

setup() {
	common_setup
	require proa
	SENTINEL=$WORK/sentinel
	mkdir "$SENTINEL" "$WORK/source"
	echo untouched >"$SENTINEL/file"
	echo hello >"$WORK/source/file"
	mkdir "$BUNDLE"/rootfs/{data,more}
	touch "$BUNDLE/rootfs/etc/hosts"
	chmod 666 "$WORK/source/file"
	config '.root.readonly = false'
}

# mounts VERB [FILTER]: with the array that the jq FILTER makes; $w is the test's directory
mounts() {
	jq -n --arg w "$WORK" "$2" >"$WORK/mounts.json" || return
	quiet proa mounts "$1" "$ID" "$WORK/mounts.json"
}

# add_refused WORDS FILTER, remove_refused: with these words, and the container has the mounts that it had
add_refused() {
	verb_refused add "$@"
}
remove_refused() {
	verb_refused remove "$@"
}
verb_refused() {
	local before
	before=$(inside_mounts)
	jq -n --arg w "$WORK" "$3" >"$WORK/mounts.json" || return
	fails 1 "$2" proa mounts "$1" "$ID" "$WORK/mounts.json" || return
	equal "$(inside_mounts)" "$before" "the container's mounts:"
}

# inside_mounts: the container's mount table
inside_mounts() {
	cat "/proc/$(init_pid)/mountinfo"
}

# bind DEST [OPTION...]: an array with that bind of the source
bind() {
	local destination=$1
	shift
	jq -nc --arg d "$destination" --arg s "$WORK/source" \
		'[{destination: $d, type: "bind", source: $s, options: (["rbind"] + $ARGS.positional)}]' --args "$@"
}

untouched() {
	equal "$(find "$SENTINEL" -printf '%P %y %s\n' | sort)" "$(printf ' d 60\nfile f 10' | sed "s/60/$(stat -c %s "$SENTINEL")/")"
	equal "$(cat "$SENTINEL/file")" untouched
	mounts_unchanged
}

@test "a directory and a file are bound into a running container with their options, listed, and removed again" {
	up_and_waiting
	before=$(inside_mounts)
	mounts add '[{destination: "/data", type: "bind", source: ($w + "/source"), options: ["rbind", "ro", "nosuid", "nodev", "noexec"]},
		{destination: "/etc/hosts", type: "bind", source: ($w + "/source/file"), options: ["bind", "nosymfollow"]}]'
	equal "$(<"$WORK/out")$(<"$WORK/err")" ""
	execs /bin/cat /data/file /etc/hosts
	equal "$output" $'hello\nhello'
	execs /probe facts mounts
	mount_has /data ro nosuid nodev noexec
	mount_has /etc/hosts rw nosymfollow
	fails 1 "read-only" proa exec "$ID" /bin/touch /data/new
	execs /bin/touch /etc/hosts
	run -0 proa mounts list --format json "$ID"
	equal "$(jq -c 'map(.destination, .source, .options[0])' <<<"$output")" \
		"[\"/data\",\"$WORK/source\",\"rbind\",\"/etc/hosts\",\"$WORK/source/file\",\"bind\"]"
	run -0 proa mounts list "$ID"
	has_words "^DESTINATION +TYPE +SOURCE +OPTIONS" "$output"
	has_words "^/data +bind +$WORK/source +rbind,ro,nosuid,nodev,noexec" "$output"
	# what list prints is what remove takes
	proa mounts list -f json "$ID" >"$WORK/list"
	proa mounts remove "$ID" - <"$WORK/list"
	equal "$(inside_mounts)" "$before"
	equal "$(proa mounts list -f json "$ID" | jq -c .)" "[]"
	execs /bin/ls /data
	equal "$output" ""
	untouched
}

@test "new filesystems are the container's own: tmpfs, proc, sysfs, mqueue, cgroup" {
	config 'del(.mounts[] | select(.destination == "/sys/fs/cgroup")) | .linux.namespaces += [{type: "cgroup"}] |
		.linux.namespaces |= unique'
	up_and_waiting
	mounts add '[{destination: "/data", type: "tmpfs", source: "tmpfs", options: ["size=64k", "mode=1750", "noexec"]},
		{destination: "/data/proc", type: "proc"}, {destination: "/data/sys", type: "sysfs", options: ["ro"]},
		{destination: "/data/mq", type: "mqueue"}, {destination: "/data/cg", type: "cgroup", options: ["ro"]}]'
	execs /bin/sh -c 'stat -c %a /data; ls /data/proc | grep -x "[0-9]*" | sort -n | head -n 1; ls /data/sys/class/net
		stat -fc %T /data/mq; grep -c . /data/cg/cgroup.procs'
	equal "$(head -n 3 <<<"$output")" $'1750\n1\nlo'
	equal "$(tail -n 1 <<<"$output")" "$(execs /bin/cat /data/cg/cgroup.procs && grep -c . <<<"$output")"
	# no process of the host is in that procfs, and the cgroup is the container's
	execs /bin/sh -c 'for p in /data/proc/[0-9]*; do cat $p/comm; done 2>/dev/null'
	[[ $output != *bats* ]]
	execs /bin/sh -c 'wc -l </data/cg/cgroup.procs'
	[ "$output" -le 4 ]
	mounts remove '[{destination: "/data"}]'
	execs /bin/ls -A /data
	equal "$output" ""
	equal "$(proa mounts list -f json "$ID" | jq -c .)" "[]" # what was mounted beneath has gone, too
}

@test "a missing destination is made; a read-only root doesn't take one" {
	up_and_waiting
	mounts add "$(bind /a/b/c)"
	execs /bin/cat /a/b/c/file
	proa delete --force "$ID"
	config '.root.readonly = true'
	up_and_waiting
	add_refused "/not/there.*read-only" "$(bind /not/there)"
	mounts add "$(bind /data)"
}

@test "tmpcopyup and ro of a tmpfs: it is filled, and read-only before anybody sees it" {
	echo below >"$BUNDLE/rootfs/data/below"
	up_and_waiting
	mounts add '[{destination: "/data", type: "tmpfs", source: "tmpfs", options: ["tmpcopyup", "ro"]}]'
	execs /bin/cat /data/below
	equal "$output" below
	execs /probe facts mounts
	mount_has /data ro
}

@test "what is mounted on the host beneath a source comes along, and later mounts don't go either way" {
	mkdir "$WORK/source/deep"
	mount -t tmpfs "deep$TAG" "$WORK/source/deep"
	cleanup "umount $WORK/source/deep"
	MOUNTS=$(</proc/self/mountinfo)
	echo deep >"$WORK/source/deep/file"
	up_and_waiting
	mounts add "$(bind /data)"
	execs /bin/cat /data/deep/file
	equal "$output" deep
	untouched
}

@test "a created and a paused container take mounts; its processes find them later" {
	shell 'cat /data/file'
	create
	mounts add "$(bind /data)"
	equal "$(proa mounts list -f json "$ID" | jq length)" 1
	proa start "$ID"
	wait_for_output hello
	becomes stopped
	proa delete "$ID"
	up_and_waiting
	proa pause "$ID"
	cleanup "proa resume $ID"
	mounts add "$(bind /data)"
	is paused
	proa resume "$ID"
	execs /bin/cat /data/file
}

@test "a stopped, a missing and a half-named container are refused" {
	process /bin/true
	up
	becomes stopped
	for verb in add remove; do
		fails 1 "container not running: no such process" proa mounts $verb "$ID" - <<<"$(bind /data)"
		fails 1 "does not exist" proa mounts $verb "no$ID" - <<<"$(bind /data)"
		fails 1 "ID and FILE" proa mounts $verb "$ID"
	done
	fails 1 "container not running: no such process" proa mounts list "$ID"
	fails 1 "only ID" proa mounts list "$ID" -
	fails 1 "none of add, remove and list" proa mounts move "$ID"
}

@test "what isn't an array of mounts is refused and the place named" {
	up_and_waiting
	add_refused 'expected an array, found an object' '{destination: "/data"}'
	add_refused 'expected an array, found null' 'null'
	add_refused 'must not be empty' '[]'
	add_refused 'mounts\[0\].destination: is required' '[{}]'
	add_refused 'mounts\[1\].*"sorce" is unknown' '[{destination: "/a"}, {destination: "/b", sorce: "/"}]'
	add_refused 'mounts\[0\].options: expected an array' '[{destination: "/a", options: "ro"}]'
	fails 1 "standard input" proa mounts add "$ID" - <<<'[{"destination":'
	fails 1 "no-such-file" proa mounts add "$ID" "$WORK/no-such-file"
}

@test "mounts that can't be are refused, and none of the others is left" {
	up_and_waiting
	good='{destination: "/data", type: "tmpfs", source: "tmpfs"}, {destination: "/more", type: "tmpfs", source: "tmpfs"}'
	add_refused "open source.*not there" "[$good, {destination: \"/data\", type: \"bind\", source: (\$w + \"/none\"), options: [\"bind\"]}]"
	add_refused "not a directory" "[$good, {destination: \"/data\", type: \"bind\", source: (\$w + \"/source/file\"), options: [\"bind\"]}]"
	add_refused "Unknown parameter" "[$good, {destination: \"/data/x\", type: \"tmpfs\", options: [\"nonsense=1\"]}]"
	add_refused "root filesystem itself" "[$good, {destination: \"/x/..\", type: \"tmpfs\"}]"
	add_refused "no filesystem" "[$good, {destination: \"/data\", type: \"nosuchfs\"}]"
	add_refused "unknown mount option" "[$good, {destination: \"/data\", type: \"bind\", source: \$w, options: [\"bind\", \"nonsense\"]}]"
	add_refused "not changed" "[$good, {destination: \"/data\", options: [\"remount\", \"ro\"]}]"
	add_refused "inside /proc" "[$good, {destination: \"/proc/1\", type: \"tmpfs\"}]"
	add_refused "can't be given" "[$good, {destination: \"/data\", type: \"tmpfs\", options: [\"silent\"]}]"
	equal "$(proa mounts list -f json "$ID" | jq -c .)" "[]"
}

@test "nothing can be mounted over what is masked or read-only, or above it" {
	up_and_waiting
	add_refused "uncover /proc/acpi" '[{destination: "/proc", type: "proc"}]'
	add_refused "uncover /sys/firmware" '[{destination: "/sys/firmware", type: "tmpfs"}]'
	add_refused "uncover /sys/firmware" '[{destination: "/sys", type: "sysfs"}]'
	mounts add '[{destination: "/proc/uptime", type: "bind", source: ($w + "/source/file"), options: ["bind"]}]'
	execs /bin/cat /proc/uptime
	equal "$output" hello
}

@test "nor over what the config masks in another spelling" {
	config '.linux.maskedPaths = ["//proc/./kcore"] | .linux.readonlyPaths = []'
	up_and_waiting
	add_refused "uncover /proc/kcore" '[{destination: "/proc", type: "proc"}]'
}

@test "links in place of a destination lead nowhere on the host" {
	up_and_waiting
	n=0
	for link in "$SENTINEL" "$SENTINEL/file" "../../../../../../../..$SENTINEL" "$SENTINEL/new" /proc/1/root /proc/self/cwd \
		/proc/self/fd/5 /proc/1 loop; do
		n=$((n + 1))
		execs /bin/ln -sfn "$link" "/more/loop"
		execs /bin/ln -sfn "$link" "/more/$n"
		jq -n --arg d "/more/$n" '[{destination: $d, type: "tmpfs", source: "tmpfs", options: ["size=4k"]}]' >"$WORK/m"
		run proa mounts add "$ID" "$WORK/m"
		untouched
		[ "$status" != 0 ] || proa mounts remove "$ID" "$WORK/m"
		untouched
	done
	# a sysfs and a procfs take no link at all: it could bring them where nobody looks for them
	execs /bin/ln -sfn /data /more/link
	add_refused "symbolic link" '[{destination: "/more/link", type: "proc"}]'
	add_refused "symbolic link" '[{destination: "/more/link/x", type: "sysfs"}]'
	# a link in the container is followed there
	mounts add "$(bind /more/link)"
	execs /bin/cat /data/file
	equal "$output" hello
}

@test "somebody in the container exchanges the destination all the time" {
	shell "echo ready; mkdir -p /more/a; ln -s $SENTINEL /more/b
		while :; do mv /more/a /more/c; mv /more/b /more/a; mv /more/a /more/b; mv /more/c /more/a; done 2>/dev/null"
	up
	wait_for_output ready
	bind /more/a/x >"$WORK/m"
	for _ in $(seq "$(count 400)"); do
		run proa mounts add "$ID" "$WORK/m"
		[ "$status" != 0 ] || run proa mounts remove "$ID" "$WORK/m"
	done
	untouched
	equal "$(grep -c 'source.*/x ' "/proc/$(init_pid)/mountinfo" || true)" "$(proa mounts list -f json "$ID" | jq length)"
}

@test "only what was added is removed, the last first" {
	up_and_waiting
	remove_refused "no mount was added there" '[{destination: "/data"}]'
	remove_refused "of the container's config" '[{destination: "/dev/shm"}]'
	mounts add "$(bind /data)"
	mounts add '[{destination: "/data", type: "tmpfs", source: "tmpfs"}]'
	# all or none
	remove_refused "no mount was added there" '[{destination: "/data"}, {destination: "/more"}]'
	mounts remove '[{destination: "data/."}]'
	execs /bin/cat /data/file
	mounts remove '[{destination: "/data"}]'
	remove_refused "no mount was added there" '[{destination: "/data"}]'
}

@test "what the container did to a mount meanwhile: moved, covered, unmounted" {
	privileged
	up_and_waiting
	mounts add "$(bind /more/deep/data)"
	execs /bin/mv /more/deep /more/moved
	mounts remove '[{destination: "/more/deep/data"}]'
	equal "$(grep -c "/more/" "/proc/$(init_pid)/mountinfo" || true)" 0
	# another mount on it: that is somebody else's
	mounts add "$(bind /data)"
	execs /bin/mount -t tmpfs covering /data
	remove_refused "something else is mounted over it" '[{destination: "/data"}]'
	execs /bin/umount /data
	mounts remove '[{destination: "/data"}]'
	# one that is gone isn't listed, and what came in its place stays
	mounts add "$(bind /data)"
	execs /bin/umount /data
	equal "$(proa mounts list -f json "$ID" | jq -c .)" "[]"
	execs /bin/mount -t tmpfs theirs /data
	mounts remove '[{destination: "/data"}]'
	equal "$(grep -c ' /data .*theirs' "/proc/$(init_pid)/mountinfo")" 1
}

@test "open files of a removed mount stay usable" {
	up_and_waiting
	mounts add "$(bind /data)"
	proa exec -d "$ID" /bin/sh -c 'exec 5</data/file; echo open >/tmp/state; while [ ! -e /tmp/go ]; do sleep 0.1; done; cat <&5 >/tmp/state'
	eventually grep -qsx open "$BUNDLE/rootfs/tmp/state"
	mounts remove '[{destination: "/data"}]'
	execs /bin/touch /tmp/go
	eventually grep -qsx hello "$BUNDLE/rootfs/tmp/state"
}

@test "in a user namespace: sources that only the host's root can reach, id mappings, filesystems of its own" {
	require userns
	config '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] |
		.linux.gidMappings = [{containerID: 0, hostID: 200000, size: 65536}]'
	chown -R 100000:200000 "$BUNDLE/rootfs"
	chmod 755 "$WORK" "$BUNDLE"
	mkdir -m 700 "$WORK/closed"
	cp -r "$WORK/source" "$WORK/closed/source"
	mkdir "$BUNDLE/rootfs/m1"
	up_and_waiting
	mounts add '[{destination: "/data", type: "bind", source: ($w + "/closed/source"), options: ["bind", "ro"]},
		{destination: "/more", type: "tmpfs", source: "tmpfs", options: ["mode=755"]},
		{destination: "/more/mq", type: "mqueue"}]'
	execs /bin/sh -c 'cat /data/file; stat -c %u:%g /data/file /more; touch /more/new && stat -c %u:%g /more/new'
	equal "$output" $'hello\n65534:65534\n0:0\n0:0'
	mounts add '[{destination: "/m1", type: "bind", source: ($w + "/source"), options: ["bind", "idmap"]}]'
	execs /bin/stat -c %u:%g /m1/file
	equal "$output" 0:0
	untouched
}

@test "containers without a mount namespace take none" {
	config '.linux.namespaces |= map(select(.type != "mount")) | del(.mounts, .linux.maskedPaths, .linux.readonlyPaths) | .root.readonly = false'
	up_and_waiting
	fails 1 "no mount namespace" proa mounts add "$ID" - <<<"$(bind /data)"
	untouched
}

@test "the process that goes in is not seen in there" {
	shell 'echo ready; while :; do for p in /proc/[0-9]*; do [ $p = /proc/1 ] || cat $p/comm; done; done 2>/dev/null | grep --line-buffered proa'
	up
	wait_for_output ready
	for _ in 1 2 3 4 5; do
		proa mounts add "$ID" - <<<"$(bind /data)"
		proa mounts remove "$ID" - <<<"$(bind /data)"
	done
	equal "$(<"$WORK/out")" ready
}

@test "a crowd: forty mounts at once, and six commands at a time" {
	up_and_waiting
	mounts add '[range(40) | {destination: "/more/\(.)", type: "bind", source: ($w + "/source"), options: ["bind"]}]'
	pids=()
	for n in 1 2 3 4 5 6; do
		proa mounts add "$ID" - <<<"$(bind /data/$n)" 3>&- &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do wait "$pid"; done
	equal "$(proa mounts list -f json "$ID" | jq length)" 46
	execs /bin/sh -c 'cat /more/*/file /data/*/file | wc -l'
	equal "$output" 46
	proa mounts list -f json "$ID" | proa mounts remove "$ID" -
	equal "$(grep -c "$WORK/source\|/source " "/proc/$(init_pid)/mountinfo" || true)" 0
}
