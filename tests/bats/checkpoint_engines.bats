#!/usr/bin/env bats
# Checkpoint and restore as engines drive them.
# lane: vm
# tier: full

load checkpoint_engines

@test "podman: checkpoint and restore, a pre-checkpoint, export and import under another name" {
	busybox_image
	p run -d --name eng --network none --memory 64m "$BUSYBOX" sh -c "$COUNT"
	grows p exec eng cat /dev/shm/count
	p container checkpoint eng
	[ "$(p inspect --format '{{.State.Status}} {{.State.Checkpointed}}' eng)" = "exited true" ]
	p container restore eng
	grows p exec eng cat /dev/shm/count
	p container checkpoint --pre-checkpoint --export "$BATS_FILE_TMPDIR/pre.tar" eng
	p container checkpoint --with-previous --export "$BATS_FILE_TMPDIR/c.tar" eng
	p rm -f -t 1 eng
	p container restore --import-previous "$BATS_FILE_TMPDIR/pre.tar" --import "$BATS_FILE_TMPDIR/c.tar" --name d
	grows p exec d cat /dev/shm/count
	[ "$(p exec d cat /sys/fs/cgroup/memory.max)" = 67108864 ]
	p rm -f -t 1 d
}

@test "conmon, called as CRI-O calls it: restore of a container that writes into its log, with another source of a mount" {
	mkdir "$WORK/exits" "$WORK/sockets" "$WORK/persist" "$WORK/one" "$WORK/two"
	echo one >"$WORK/one/name"
	echo two >"$WORK/two/name"
	config '.mounts += [{destination: "/given", type: "bind", source: ($w + "/one"), options: ["bind", "ro"]}]' --arg w "$WORK"
	shell 'i=0; while :; do i=$((i + 1)); echo "line $i $(cat /given/name)"; sleep 0.2; done'
	monitor main
	proa start "$ID"
	wait_until grep -q "stdout F line 5 one" "$WORK/main.log"
	proa checkpoint --file-locks --image-path "$WORK/checkpoint" --work-path "$WORK/log" "$ID"
	wait_until test -s "$WORK/exits/$ID"
	last=$(sed -n 's/.* line \([0-9]*\) one.*/\1/p' "$WORK/main.log" | tail -n 1)
	config '(.mounts[] | select(.destination == "/given")).source = $w + "/two"' --arg w "$WORK"
	monitor again --restore "$WORK/checkpoint"
	called conmon "restore .*--image-path $WORK/checkpoint"
	equal "$(jq .data <<<"$reply")" "$(cat "$WORK/again.pid")"
	wait_until grep -q "stdout F line $((last + 5)) two" "$WORK/again.log"
	! grep -q " line 1 " "$WORK/again.log" || fail "it began anew"
	is running
}
