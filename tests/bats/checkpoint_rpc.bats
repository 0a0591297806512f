#!/usr/bin/env bats
# lane: native
# tier: quick
# Checkpoint and restore with a CRIU that does what each test says (tests/false_criu.c): what surrounds the real one's work.

load helpers
load checkpoint_rpc

@test "a CRIU that is too old, or lacks what is asked for, is told so before anything is touched" {
	up_and_waiting
	criu_says "version is 3 15 0"
	dump_fails "CRIU is too old: its version is 3.15.0, needed is 3.16"
	criu_says "version is 4 1 0" "features has"
	dump_fails "--pre-dump and --parent-path need memory tracking" --pre-dump
	dump_fails "--lazy-pages needs userfaultfd" --lazy-pages --page-server 127.0.0.1:2727
	[ ! -e "$WORK/images" ]
	! grep work "$WORK/criu/asked" || fail "it was asked to dump"
}

@test "when CRIU fails, dies or talks nonsense in the middle of a dump, the container runs on and no images are left" {
	up_and_waiting
	criu_says "$GOOD" "work freeze" "work image core-1.img" "work kill 9"
	dump_fails "CRIU was killed by signal 9"
	criu_says "$GOOD" "work freeze" "work exit 1"
	dump_fails "CRIU ended with exit status 1 and without an answer"
	criu_says "$GOOD" "work freeze" "work notify post-dump" "work garbage"
	dump_fails "CRIU sent what is no answer"
	criu_says "$GOOD" "work freeze" "work large"
	dump_fails "CRIU sent what is no answer"
	criu_says "$GOOD" "work break" "work fail no page server"
	dump_fails "no page server"
	criu_says "$GOOD" "work log (1) Error (criu/a.c:1): Some file locks are hold by dumping tasks" "work fail"
	dump_fails "Some file locks are hold by dumping tasks; give --file-locks, on restore too \(log: $WORK/log/dump.log"
	equal "$(ls "$WORK/images")" ""
}

@test "a dump that is interrupted lets the container run on: by a terminal, by TERM, by KILL" {
	up_and_waiting
	for signal in INT TERM; do
		criu_says "$GOOD" "work freeze" "work image core-1.img" "work hang" "work notify post-dump" "work succeed"
		dumping core-1.img
		kill -s "$signal" -- "-$!"
		runs_on $((128 + $(kill -l "$signal")))
		equal "$(tail -1 "$WORK/criu/asked")" "undone 0"
		equal "$(ls -A "$WORK/images")" ""
	done
	criu_says "$GOOD" "work freeze" "work image core-1.img" "work hang" "work notify post-dump" "work succeed"
	dumping core-1.img
	kill -KILL "$!"
	runs_on 137
	eventually grep -qx "undone 0" "$WORK/criu/asked"
	# it has said that all is there, and so the processes may be gone
	criu_says "$GOOD" "work image core-1.img" "work image inventory.img" "work notify post-dump" "work image core-2.img" "work stop" \
		"work succeed"
	dumping core-2.img --leave-running
	kill -TERM "$!"
	eventually eval '[[ $(awk "/^ShdPnd/ {print \$2}" "/proc/$!/status") != 0000000000000000 ]]'
	criu_goes_on
	runs_on 143
	[ -e "$WORK/images/proa.json" ]
	# as nohup(1) has it
	criu_says "$GOOD" "work image core-3.img" "work stop" "work notify post-dump" "work succeed"
	dumping core-3.img --leave-running
	kill -HUP "$!"
	criu_goes_on
	runs_on 0
}

@test "a dump that is told to end when all is in the images ends with its container gone" {
	up_and_waiting
	criu_says "$GOOD" "work image inventory.img" "work notify post-dump" "work image core-2.img" "work stop" "work succeed"
	dumping core-2.img
	kill -TERM "$!"
	criu_goes_on
	code=0
	wait "$!" || code=$?
	equal "$code" 143
	nothing_left
	[ -e "$WORK/images/proa.json" ]
}

@test "lazy pages that nobody fetches: a signal ends CRIU, which doesn't look, and the container runs on" {
	up_and_waiting
	criu_says "$GOOD" "work image core-1.img" "work image inventory.img" "work notify post-dump" "work notify status-ready" "work freeze" \
		"work image served.img" "work serve"
	dumping served.img --lazy-pages --page-server 127.0.0.1:2727
	kill -INT -- "-$!"
	runs_on 130
	equal "$(ls -A "$WORK/images")" ""
}

@test "when the fetching of lazy pages is cut off, or we are, the container runs on; who connects without a word counts for nothing" {
	local served=("work image inventory.img" "work notify post-dump" "work notify status-ready" "work freeze" "work image served.img" "work serve")
	up_and_waiting
	criu_says "$GOOD" "${served[@]}"
	dumping served.img --lazy-pages --page-server 127.0.0.1:2727
	kill -KILL "$!"
	runs_on 137
	rm -r "$WORK/images"
	dumping served.img --lazy-pages --page-server 127.0.0.1:2727
	for ((round = 0; round < 3; round++)); do
		exec 5<>/dev/tcp/127.0.0.1/2727 5>&-
	done
	exec 5<>/dev/tcp/127.0.0.1/2727
	printf 'the first request' >&5
	equal "$(cat "$(cgroup_of "$(init_pid)")/cgroup.freeze")" 1
	exec 5>&-
	runs_on 1
	has_words "who fetched the memory has gone before it had all" "$(<"$WORK/background.err")"
	equal "$(ls -A "$WORK/images")" ""
	dump_fails "--lazy-pages needs --page-server" --lazy-pages
	dump_fails "expected the address as a number" --lazy-pages --page-server localhost:2727
}

@test "who waits at --status-fd has its byte and the end of file while CRIU serves" {
	up_and_waiting
	mkfifo "$WORK/status"
	exec 9<>"$WORK/status" 8<"$WORK/status" 7>"$WORK/status" 9>&-
	criu_says "$GOOD" "work image inventory.img" "work notify post-dump" "work notify status-ready" "work image served.img" "work serve"
	dumping served.img --lazy-pages --page-server 127.0.0.1:2727 --status-fd 7
	exec 7>&-
	timeout 20 cat <&8 >"$WORK/said" || fail "no end of file"
	equal "$(od -An -tu1 "$WORK/said" | xargs)" 0
	exec 8<&-
	kill -TERM "$!"
	runs_on 143
}

@test "a dump that is whole has a manifest before the container goes" {
	up_and_waiting
	dump
	nothing_left
	equal "$(cat "$WORK/criu/asked")" $'version 10\nwork 1\npost-dump 1'
	equal "$(ls "$WORK/images" | xargs)" "core-1.img descriptors.json inventory.img proa.json"
	equal "$(jq -r '[.images[].name] | join(" ")' "$WORK/images/proa.json")" "core-1.img descriptors.json inventory.img"
}

@test "memory that went to a page server is not in the manifest, and may be put beside it" {
	up_and_waiting
	dump --page-server 127.0.0.1:2727
	criu_says "$GOOD" "work fail it was asked to restore"
	restore_fails "the memory went to a page server: put its pages-\*.img and pagemap-\*.img"
	touch "$WORK/images/pages-1.img" "$WORK/images/pagemap-1.img"
	restore_fails "it was asked to restore"
	touch "$WORK/images/core-2.img"
	restore_fails "the checkpoint is damaged: the image core-2.img is not in proa.json"
}

@test "a mount with the caller's key is found at restore: as the config has it, by its place, by its key" {
	mkdir "$WORK"/{data,more}
	config '.mounts += ["data", "more"] | .mounts[-2:] |= map({destination: ("/" + .), type: "bind", source: ($w + "/" + .),
		options: ["bind"]})' --arg w "$WORK"
	up_and_waiting
	criu_says "$GOOD" "work fail it was asked to dump"
	for key in Data ../data root proa-null proa-m0 ''; do
		dump_fails "--external mnt\[/more\]: expected a name" --external "mnt[/more]:$key"
	done
	! grep work "$WORK/criu/asked" || fail "it was asked to dump"
	criu_says "$GOOD" "work tell" "work image inventory.img" "work notify post-dump" "work succeed"
	proa checkpoint --image-path "$WORK/images" --work-path "$WORK/log" --external "mnt[/more]:more" "$ID"
	equal "$(grep -c /data "$WORK/criu/asked")" 1
	equal "$(grep /more "$WORK/criu/asked")" "mnt[/more]:more 0"
	criu_says "$GOOD" "work tell" "work fail it was asked to restore"
	for given in "" "--external mnt[/more]:$WORK/data" "--external mnt[more]:$WORK/data"; do
		rm -f "$WORK/criu/asked"
		restore_fails "it was asked to restore" $given
		grep -qE "^mnt\[more\]:.*/(more|data) 0" "$WORK/criu/asked" || fail "$(cat "$WORK/criu/asked")"
	done
	config 'del(.mounts[] | select(.destination == "/more"))'
	restore_fails "a mount of the host at /more, the config has none"
	restore_fails "it was asked to restore" --external "mnt[more]:$WORK/data"
}

@test "a relative --plugin-dir is the caller's, not one in the work path" {
	up_and_waiting
	criu_says "$GOOD" "work tell" "work fail it was asked"
	mkdir "$WORK/plugins"
	cd "$WORK"
	dump_fails "it was asked" --plugin-dir plugins
	grep -qx "$WORK/plugins 0" "$WORK/criu/asked"
	dump_fails "--plugin-dir: find the directory nosuch" --plugin-dir nosuch
	dump
	criu_says "$GOOD" "work tell" "work fail it was asked"
	restore_fails "it was asked" --plugin-dir plugins
	grep -qx "$WORK/plugins 0" "$WORK/criu/asked"
}

@test "mounts of the host that restore could not tell apart, or would not find, are refused while the container goes on" {
	mkdir -p "$WORK"/{one,two} "$BUNDLE/rootfs/data/k"
	criu_says "$GOOD" "work image inventory.img" "work notify post-dump" "work succeed"
	# with MOUNTS: a container that has those besides
	with() {
		config ".mounts += [$1] | (.mounts[] | select(.source == \"one\" or .source == \"two\")).source |= \"$WORK/\" + ."
		up_and_waiting
	}
	bind() {
		echo "{destination: \"$1\", type: \"bind\", source: \"$2\", options: [\"bind\", \"${3:-rw}\"]}"
	}
	cp "$BUNDLE/config.json" "$WORK/config.json"
	for mounts in "$(bind /data one), $(bind /data/ two)" "$(bind /data one), $(bind /data one ro)" \
		"$(bind /data/k one), {destination: \"/data\", type: \"tmpfs\", source: \"t\"}" "$(bind /data/k one), $(bind /data two)"; do
		with "$mounts"
		dump_fails "another mount lies over the one at /data(/k)?, which restore wouldn't find there"
		proa delete -f "$ID"
		cp "$WORK/config.json" "$BUNDLE/config.json"
	done
	with "{destination: \"/data\", type: \"tmpfs\", source: \"t\"}, $(bind /data one), $(bind /data/k two), {destination: \"/data/k\", type: \"bind\", options: [\"remount\", \"bind\", \"ro\"]}"
	dump
	nothing_left
}

@test "when CRIU fails or dies in the middle of a restore, nothing is left" {
	up_and_waiting
	dump
	criu_says "version is 3 15 0"
	restore_fails "CRIU is too old"
	criu_says "$GOOD" "work notify pre-restore" "work notify setup-namespaces" "work kill 9"
	restore_fails "CRIU was killed by signal 9"
	criu_says "$GOOD" "work log Error (a.c:1): Magic doesn't match" "work fail"
	restore_fails "the images are damaged, or of another CRIU \(log: $WORK/log/restore.log"
	criu_says "$GOOD" "work garbage"
	restore_fails "CRIU sent what is no answer"
	criu_says "$GOOD" "work succeed"
	restore_fails "CRIU didn't say that it has restored"
}

@test "a restore in which CRIU waits for ever ends with --timeout, and nothing is left" {
	up_and_waiting
	dump
	criu_says "$GOOD" "work notify setup-namespaces" "work hang"
	restore_fails "CRIU was killed after the --timeout: it may wait for a FIFO" --timeout 1
}

@test "modes of cgroups with which a restore must fail are refused with those that will do" {
	up_and_waiting
	dump
	criu_says "$GOOD" "work fail it was asked"
	restore_fails "--manage-cgroups-mode strict wants that no cgroup is there yet, .* give soft or full" --manage-cgroups-mode strict
	restore_fails "--manage-cgroups-mode ignore doesn't restore the cgroup namespace .* give none" --manage-cgroups-mode ignore
	for mode in soft full none props; do
		restore_fails "it was asked" --manage-cgroups-mode $mode
	done
	config 'del(.linux.namespaces[] | select(.type == "cgroup"))'
	restore_fails "it was asked" --manage-cgroups-mode ignore
}

@test "who isn't root is told that first of all" {
	for command in checkpoint restore; do
		run setpriv --reuid 1000 --clear-groups env PATH= "$RUNTIME" --root "$WORK/state-of-1000" $command "$ID"
		equal "$status" 1
		has_words "checkpoint and restore are for root: CRIU can't do them for others" "$output"
	done
}

@test "a configuration of CRIU's that isn't there is none, also for lazy pages" {
	config '.annotations["org.criu.config"] = "/nosuch.conf"'
	up_and_waiting
	criu_says "$GOOD" "work fail it was asked"
	dump_fails "it was asked"
	dump_fails "it was asked" --lazy-pages --page-server 127.0.0.1:2727
}

@test "a restore that is told to end leaves nothing: while CRIU works, in a hook, detached and not" {
	up_and_waiting
	dump
	for flag in -d ""; do
		for signal in TERM INT; do
			criu_says "$GOOD" "work notify setup-namespaces" "work serve"
			restoring $flag
			eventually grep -qs setup-namespaces "$WORK/criu/asked"
			is_undone "$signal"
		done
	done
	config '.hooks.createRuntime = [{path: "/bin/sleep", args: ["sleep", "1000"]}]'
	criu_says "$GOOD" "work image hook.img" "work notify setup-namespaces" "work fail script"
	restoring -d
	eventually test -e "$WORK/images/hook.img"
	is_undone TERM
}

@test "a dump that fails, or is killed, leaves the older checkpoint in the directory" {
	up_and_waiting
	dump --leave-running
	before=$(sha256sum "$WORK"/images/*)
	criu_says "$GOOD" "work image core-9.img" "work image inventory.img" "work fail no room"
	dump_fails "no room"
	equal "$(sha256sum "$WORK"/images/*)" "$before"
	dump_fails "parent-path" --parent-path ../nosuch
	equal "$(sha256sum "$WORK"/images/*)" "$before"
	equal "$(ls -A "$WORK/images" | xargs)" "core-1.img descriptors.json inventory.img proa.json"
	# what is killed is put right by the next one
	criu_says "$GOOD" "work image core-9.img" "work hang"
	background proa checkpoint --image-path "$WORK/images" --work-path "$WORK/log" "$ID"
	eventually test -e "$WORK/images/core-9.img"
	kill -KILL "$!"
	wait "$!" || true
	criu_says "$GOOD" "work fail no room"
	dump_fails "no room"
	equal "$(sha256sum "$WORK"/images/*)" "$before"
	# and one that succeeds has none of its files
	criu_says "$GOOD" "work image core-2.img" "work image inventory.img" "work notify post-dump" "work succeed"
	proa checkpoint --image-path "$WORK/images" --work-path "$WORK/log" "$ID"
	equal "$(ls -A "$WORK/images" | xargs)" "core-2.img descriptors.json inventory.img proa.json"
}

@test "of two checkpoints at once into one directory the second is refused, and so is an import" {
	up_and_waiting
	criu_says "$GOOD" "work image core-1.img" "work stop" "work image inventory.img" "work notify post-dump" "work succeed"
	dumping core-1.img
	first=$!
	fails 1 "another checkpoint or import is at work in the directory $WORK/images" proa restore -d -b "$BUNDLE" --import /dev/null \
		--image-path "$WORK/images" "other-$ID"
	config '.linux.cgroupsPath = "/other-" + $id' --arg id "$ID"
	quiet proa run -d -b "$BUNDLE" "other-$ID"
	fails 1 "another checkpoint or import is at work in the directory $WORK/images" proa checkpoint --image-path "$WORK/images" "other-$ID"
	proa delete -f "other-$ID"
	criu_goes_on "$first"
	wait "$first"
	nothing_left
	[ -e "$WORK/images/proa.json" ]
}

@test "what a killed dump leaves: the older checkpoint is kept and named, or the new one, if that is whole" {
	up_and_waiting
	dump --leave-running
	older=$(cd "$WORK/images" && sha256sum -- *)
	criu_says "$GOOD" "work image inventory.img" "work image core-2.img" "work hang"
	dumping core-2.img
	kill -KILL "$!"
	wait "$!" || true
	fails 1 "$WORK/images is not complete, and the older one is in $WORK/images/.proa-older" proa restore -d -b "$BUNDLE" \
		--image-path "$WORK/images" "other-$ID"
	rm "$WORK"/images/*
	criu_says "$GOOD" "work fail it was asked to dump"
	fails 1 "holds a checkpoint" proa checkpoint --export "$WORK/out" --image-path "$WORK/images" "$ID"
	fails 1 "holds a checkpoint" proa restore -d -b "$BUNDLE" --import /dev/null --image-path "$WORK/images" "other-$ID"
	equal "$(cd "$WORK/images/.proa-older" && sha256sum -- *)" "$older"
	# killed when all is written
	criu_says "$GOOD" "work image core-3.img" "work image inventory.img" "work notify post-dump" "work hang"
	dumping core-3.img
	eventually grep -q post-dump "$WORK/criu/asked"
	kill -KILL "$!"
	wait "$!" || true
	criu_says "$GOOD" "work image core-4.img" "work fail no room"
	dump_fails "no room"
	equal "$(ls -A "$WORK/images" | xargs)" "core-3.img descriptors.json inventory.img proa.json"
	proa delete -f "$ID"
	criu_says "$GOOD" "work fail it was asked to restore"
	restore_fails "it was asked to restore"
}

@test "directories that aren't there, can't be written to, or have a manifest from elsewhere" {
	up_and_waiting
	criu_says "$GOOD"
	mkdir "$WORK/ro"
	touch "$WORK/log/file"
	mount -t tmpfs -o ro tmpfs "$WORK/ro"
	cleanup "umount $WORK/ro"
	fails 1 "--image-path: the directory $WORK/ro can't be written to" proa checkpoint --image-path "$WORK/ro" "$ID"
	fails 1 "--image-path: make the directory $WORK/log/file/such" proa checkpoint --image-path "$WORK/log/file/such" "$ID"
	fails 1 "--work-path: the directory $WORK/ro can't be written to" proa checkpoint --image-path "$WORK/images" \
		--work-path "$WORK/ro" "$ID"
	! grep work "$WORK/criu/asked" || fail "it was asked to dump"
	umount "$WORK/ro"
	rm "$WORK/log/file"
	criu_says "$GOOD" "work image core-1.img" "work image inventory.img" "work notify post-dump" "work succeed"
	proa checkpoint --leave-running --image-path "$WORK/a/first" --work-path "$WORK/b/c" "$ID"
	mv "$WORK/a/first" "$WORK/first"
	criu_says "$GOOD" "work image core-1.img" "work image core-2.img" "work image inventory.img" "work notify post-dump" "work succeed"
	proa checkpoint --image-path "$WORK/images" --work-path "$WORK/log" "$ID"
	criu_says "$GOOD" "work fail it was asked to restore"
	cp "$WORK/first/proa.json" "$WORK/images"
	restore_fails "the checkpoint is damaged: the image core-2.img is not in proa.json"
	rm "$WORK/images/proa.json"
	restore_fails "it was asked to restore" # as if runc had made it
	rm -r "$WORK/images"
	restore_fails "--image-path: open the directory $WORK/images"
	mkdir "$WORK/images"
	restore_fails "holds no checkpoint"
}

# trap_at KIND PATH: in place of what is there
trap_at() {
	rm -f "$2"
	case $1 in
	link) ln -s "$WORK/host" "$2" ;;
	fifo) mkfifo "$2" ;;
	socket) ln "$WORK/socket" "$2" ;;
	device) mknod "$2" c 1 5 ;;
	directory) mkdir "$2" ;;
	esac
}

@test "among the images are links, fifos, sockets, devices, directories: each is refused, and nothing of the host read or changed" {
	up_and_waiting
	dump
	echo of the host >"$WORK/host"
	background "$TERM_TOOL" notify "$WORK/socket"
	eventually test -S "$WORK/socket"
	kill -KILL "$!"
	wait "$!" || true
	criu_says "$GOOD" "work fail it was asked to restore"
	mv "$WORK/images" "$WORK/good"
	for name in core-1.img inventory.img proa.json parent; do
		for kind in link fifo socket device directory; do
			cp -a "$WORK/good" "$WORK/images"
			trap_at $kind "$WORK/images/$name"
			restore_fails "$name among the images is no regular file|link to their parent leads to $WORK/host"
			rm -r "$WORK/images"
		done
	done
	# a file of the host, from which CRIU would take what it has used
	cp -a "$WORK/good" "$WORK/images"
	ln "$WORK/host" "$WORK/images/pages-1.img"
	restore_fails "pages-1.img among the images is a file under another name, too" --auto-dedup
	restore_fails "the image pages-1.img is not in proa.json"
	[ ! -e "$WORK/criu/asked" ] || fail "CRIU was asked"
	equal "$(<"$WORK/host")" "of the host"
}

@test "what lies in the way of CRIU's log and statistics is not written through" {
	up_and_waiting
	echo of the host >"$WORK/host"
	ln -s "$WORK/host" "$WORK/log/dump.log"
	ln -s "$WORK/host" "$WORK/log/stats-dump"
	criu_says "$GOOD" "work log a line" "work statistics stats-dump" "work image inventory.img" "work notify post-dump" "work succeed"
	proa checkpoint --image-path "$WORK/images" --work-path "$WORK/log" "$ID"
	ln -s "$WORK/host" "$WORK/log/restore.log"
	ln -s "$WORK/host" "$WORK/log/stats-restore"
	criu_says "$GOOD" "work log a line" "work statistics stats-restore" "work fail it was asked to restore"
	restore_fails "it was asked to restore"
	equal "$(cat "$WORK"/log/*)" $'a line\na line\nstatistics\nstatistics'
	equal "$(<"$WORK/host")" "of the host"
}
