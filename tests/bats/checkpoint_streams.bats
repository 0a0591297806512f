#!/usr/bin/env bats
# lane: native
# tier: quick
# Checkpoints that are one stream, with a CRIU that does what each test says.

load helpers
load checkpoint_rpc

# mounted TYPE DIR [OPTIONS]: until the end of the test
mounted() {
	mkdir -p "$2"
	mount -t "$1" ${3:+-o "$3"} "$1" "$2"
	cleanup "umount $2"
}

@test "an export that is interrupted lets the container run on, and leaves nothing" {
	config '.root.readonly = false'
	up_and_waiting
	truncate -s 16G "$BUNDLE/rootfs/large"
	criu_says "$GOOD" "work image core-1.img" "work image inventory.img" "work notify post-dump" "work succeed"
	dumping proa.json --export "$WORK/stream" --with-rootfs
	kill -INT -- "-$!"
	runs_on 130
	grep -qx "post-dump 0" "$WORK/criu/asked"
	equal "$(compgen -G "$WORK/images*"; compgen -G "$WORK/stream*")" ""
}

@test "an export that hangs in a pipe is ended by TERM and leaves nothing; one whose fifo nobody opens keeps nobody waiting" {
	up_and_waiting
	criu_says "$GOOD" "work freeze" "work image core-1.img" "work image inventory.img" "work notify post-dump" "work succeed"
	mkfifo "$WORK/fifo"
	background proa checkpoint --export "$WORK/fifo" --image-path "$WORK/images" --work-path "$WORK/log" "$ID"
	eventually grep -q "^State:.S" "/proc/$!/status"
	proa pause "$ID"
	proa resume "$ID"
	kill -TERM "$!"
	runs_on 143
	[ ! -e "$WORK/criu/asked" ]
	# there is room for a part of it, which CRIU's images alone don't fill
	head -c 300000 /dev/urandom >"$BUNDLE/rootfs/large"
	exec 7<>"$WORK/fifo"
	head -c 60000 /dev/urandom >&7
	dumping proa.json --export "$WORK/fifo" --with-rootfs
	eventually grep -q "^State:.S" "/proc/$!/status"
	kill -TERM "$!"
	runs_on 143
	exec 7>&-
	grep -qx "post-dump 0" "$WORK/criu/asked"
	[ ! -e "$WORK/images" ]
}

@test "an export is one stream that tar can list, and the images go; an import gives them to CRIU, and they go again" {
	require zstd
	up_and_waiting
	criu_says "$GOOD" "work image core-1.img" "work image inventory.img" "work notify post-dump" "work succeed"
	proa checkpoint --export "$WORK/out.tar.zst" --image-path "$WORK/images" --work-path "$WORK/log" "$ID"
	nothing_left
	[ ! -e "$WORK/images" ]
	equal "$(zstd -dc "$WORK/out.tar.zst" | tar t | xargs)" "proa.json config.json core-1.img descriptors.json inventory.img"
	equal "$(stat -c %a "$WORK/out.tar.zst")" 600
	# in place of what CRIU would restore from
	criu_says "$GOOD" "work fail no processes here"
	fails 1 "no processes here" proa restore -d -b "$BUNDLE" --import - --image-path "$WORK/images" --work-path "$WORK/log" "$ID" \
		<"$WORK/out.tar.zst"
	grep -q work "$WORK/criu/asked"
	nothing_left
	[ ! -e "$WORK/images" ]
	# cut off, it isn't even asked for that
	criu_says "$GOOD"
	head -c -20 "$WORK/out.tar.zst" >"$WORK/cut"
	fails 1 "--import $WORK/cut: the stream is damaged: it is cut off" proa restore -d -b "$BUNDLE" --import "$WORK/cut" \
		--image-path "$WORK/images" --work-path "$WORK/log" "$ID"
	[ ! -e "$WORK/criu/asked" ]
	[ ! -e "$WORK/images" ]
	nothing_left
}

@test "an import that hangs in a pipe is ended by TERM and leaves nothing, whether images or files are on their way" {
	config '.root.readonly = false'
	up_and_waiting
	seq 500000 >"$BUNDLE/rootfs/large"
	dump --export "$WORK/out" --with-rootfs
	rm "$BUNDLE/rootfs/large"
	mkfifo "$WORK/fifo"
	restoring --import "$WORK/fifo"
	is_undone TERM
	[ ! -e "$WORK/images" ]
	# no more than a pipe takes at once
	for until in images bundle/rootfs/large; do
		rm "$WORK/fifo"
		mkfifo "$WORK/fifo"
		exec 7<>"$WORK/fifo"
		head -c "$([ $until = images ] && echo 100 || echo 60000)" "$WORK/out" >&7
		restoring --import "$WORK/fifo"
		eventually test -e "$WORK/$until"
		is_undone TERM
		[ ! -e "$WORK/images" ]
		exec 7>&-
	done
}

@test "an export that fails lets the container run on, and leaves the older one" {
	up_and_waiting
	criu_says "$GOOD" "work image core-1.img" "work image inventory.img" "work notify post-dump" "work fail script"
	dump_fails "--export: close the stream|--export: write the stream" --export /dev/full
	equal "$(tail -1 "$WORK/criu/asked")" "post-dump 0"
	[ ! -e "$WORK/images" ]
	dump_fails "--export: open the directory" --export "$WORK/missing/out"
	dump_fails "--export doesn't go with" --export "$WORK/out" --pre-dump
	dump_fails "--with-rootfs needs --export" --with-rootfs
	# a checkpoint that is there isn't to go with the images of another
	criu_says "$GOOD" "work image inventory.img" "work notify post-dump" "work succeed"
	proa checkpoint --leave-running --image-path "$WORK/images" --work-path "$WORK/log" "$ID"
	dump_fails "holds a checkpoint" --export "$WORK/out"
	[ -e "$WORK/images/proa.json" ]
	fails 1 "holds a checkpoint" proa restore -d -b "$BUNDLE" --import /dev/null --image-path "$WORK/images" "other-$ID"
	[ -e "$WORK/images/proa.json" ]
}

@test "an export whose reader goes away lets the container be as it was, and leaves no images" {
	config '.root.readonly = false'
	up_and_waiting
	# more than a pipe takes, and no pages of zeroes, which would become a few bytes
	head -c 3000000 /dev/urandom >"$BUNDLE/rootfs/large"
	criu_says "$GOOD" "work image core-1.img" "work image inventory.img" "work notify post-dump" "work fail script"
	# until READER, which ends early
	export_to() {
		proa checkpoint --export - --with-rootfs --image-path "$WORK/images" --work-path "$WORK/log" "$ID" 2>"$WORK/err" | eval "$1" >/dev/null
		equal "${PIPESTATUS[*]}" "1 0"
		has_words "--export: .*write the stream" "$(<"$WORK/err")"
		equal "$(tail -1 "$WORK/criu/asked")" "post-dump 0"
		[ ! -e "$WORK/images" ]
	}
	for reader in true "head -c 100" "head -c 100000"; do
		export_to "$reader"
		becomes running
	done
	proa pause "$ID"
	export_to "head -c 100"
	is paused
}

@test "with an overlay whose layers lie on two filesystems, what has changed in files and directories goes with it" {
	config '.root.readonly = false'
	mounted tmpfs "$WORK/lower"
	mounted tmpfs "$WORK/upper"
	cp -a "$BUNDLE/rootfs/." "$WORK/lower"
	mkdir "$WORK"/lower/{dir,other} "$WORK"/upper/{u,w}
	echo old | tee "$WORK/lower/file" "$WORK/lower/dir/file" >"$WORK/lower/kept"
	mounted overlay "$BUNDLE/rootfs" "lowerdir=$WORK/lower,upperdir=$WORK/upper/u,workdir=$WORK/upper/w,xino=off"
	mounted tmpfs "$BUNDLE/rootfs/other"
	sleep 0.05 # the kernel's clock for files goes in steps
	up_and_waiting
	echo new | tee "$BUNDLE"/rootfs/{file,dir/file,added} >"$BUNDLE/rootfs/other/file"
	dump --export "$WORK/out" --with-rootfs
	equal "$(zstd -dc "$WORK/out" | tar t | grep ^rootfs/ | sort | xargs)" "rootfs/added rootfs/dir rootfs/dir/file rootfs/file"
}

@test "an import that finds no room names the file, and leaves nothing" {
	config '.root.readonly = false'
	up_and_waiting
	head -c 1000000 /dev/urandom >"$BUNDLE/rootfs/large"
	dump --export "$WORK/out" --with-rootfs
	rm "$BUNDLE/rootfs/large"
	mounted tmpfs "$WORK/small"
	cp -a "$BUNDLE/." "$WORK/small"
	mount -o "remount,size=$(($(df --output=used "$WORK/small" | tail -n 1) + 500))k" "$WORK/small"
	criu_says "$GOOD" "work fail it was asked"
	fails 1 "--import $WORK/out: /large: write a file of the stream" proa restore -d -b "$WORK/small" --import "$WORK/out" \
		--image-path "$WORK/images" --work-path "$WORK/log" "$ID"
	umount "$WORK/small"
	nothing_left
	[ ! -e "$WORK/images" ]
}
