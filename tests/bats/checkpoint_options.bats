#!/usr/bin/env bats
# lane: vm
# tier: full
# Options that are CRIU's: for each, what becomes of the container with it, and what proa says without it.

load helpers
load checkpoint

# --- files ---

@test "--ghost-limit and --link-remap: open files that have been deleted" {
	config '.root.readonly = false'
	shell 'mkdir /data; head -c 3000000 /dev/zero >/data/large; echo two >/data/one; ln /data/one /data/two
		exec 5</data/large 6</data/one; rm /data/large /data/one; touch /dev/shm/ready; while :; do sleep 0.1; done'
	detached run -d -b "$BUNDLE" "$ID"
	eventually test -e "/proc/$(init_pid)/root/dev/shm/ready"
	dump_fails "give a larger --ghost-limit" --link-remap
	dump_fails "give --link-remap" --ghost-limit 4M
	dump --ghost-limit 4M --link-remap
	restore
	execs sh -c 'wc -c </proc/1/fd/5; cat /proc/1/fd/6; ls /data'
	equal "$(xargs <<<"$output")" "3000000 two two"
}

@test "--skip-file-rwx-check: a file that is open has another mode at restore" {
	config '.root.readonly = false'
	shell 'echo x >/root/file; exec 5</root/file; touch /dev/shm/ready; while :; do sleep 0.1; done'
	detached run -d -b "$BUNDLE" "$ID"
	eventually test -e "/proc/$(init_pid)/root/dev/shm/ready"
	dump
	chmod 600 "$BUNDLE/rootfs/root/file"
	restore_fails "root/file has bad mode.* or --skip-file-rwx-check"
	restore --skip-file-rwx-check
	execs cat /proc/1/fd/5
	equal "$output" x
}

# --- mounts ---

@test "--skip-mnt and --enable-fs: mounts that were made while it ran" {
	mkdir "$BUNDLE"/rootfs/{late,ram}
	start_counter
	nsenter -t "$(init_pid)" -m /bin/busybox mount -t tmpfs tmpfs /late
	nsenter -t "$(init_pid)" -m /bin/busybox mount -t ramfs ramfs /ram
	dump_fails "mnt ./ram .* or --enable-fs"
	dump --enable-fs ramfs --skip-mnt /late
	restore_fails "--enable-fs|mounted at /ram .ramfs."
	restore --enable-fs ramfs
	counting
	[[ $(mount_line /ram) == *" - ramfs "* ]] || fail "$(mount_line /ram)"
	[ -z "$(mount_line /late)" ] || fail "$(mount_line /late)"
}

# --- the network ---

links() {
	nsenter -t "$(init_pid)" -n ip -o link | sed 's/^[0-9]*: \([a-z0-9]*\).*/\1/' | sort | xargs
}

@test "--empty-ns network: what was in the network namespace stays out" {
	modprobe dummy
	start_counter
	nsenter -t "$(init_pid)" -n ip link add mine type dummy
	dump_fails "kind dummy.*give --empty-ns network"
	dump --empty-ns network
	restore --empty-ns network
	counting
	equal "$(links)" lo
}

# connected: a server counts what a client sends on a connection; when that is closed it says so
connected() {
	shell 'tail -f /dev/null | nc -l -p 77 >/dev/shm/count & sleep 1
		{ i=0; while :; do i=$((i + 1)); echo $i; sleep 0.1; done; } | nc 127.0.0.1 77
		touch /dev/shm/closed; while :; do sleep 0.1; done'
	detached run -d -b "$BUNDLE" "$ID"
	eventually eval '[ -n "$(last)" ]'
}

last() {
	tail -n 1 "/proc/$(init_pid)/root/dev/shm/count"
}

@test "--tcp-close: a connection is found closed" {
	connected
	dump --tcp-close
	restore --tcp-close
	eventually test -e "/proc/$(init_pid)/root/dev/shm/closed"
	is running
}

@test "--network-lock: rules of iptables, or of nftables, or none while it is frozen; a connection goes on" {
	connected
	# nobody reads the stream, so it hangs with all images there
	mkfifo "$WORK/stream"
	exec 7<>"$WORK/stream"
	head -c 65000 /dev/urandom >&7
	for how in iptables nftables skip; do
		background proa checkpoint --tcp-established --network-lock $how --export "$WORK/stream" --image-path "$WORK/$IMAGES" \
			--work-path "$WORK/log" "$ID"
		eventually test -e "$WORK/$IMAGES/proa.json"
		nsenter -t "$(init_pid)" -n nft list ruleset >"$WORK/$how"
		kill -TERM "$!"
		wait "$!" || true
		eventually eval '[ -z "$(nsenter -t "$(init_pid)" -n nft list ruleset | grep CRIU)" ]'
	done
	exec 7>&-
	grep -q "chain CRIU " "$WORK/iptables"
	grep -q "table inet CRIU-" "$WORK/nftables"
	! grep -q CRIU "$WORK/skip" || fail "$(<"$WORK/skip")"
	dump --tcp-established --network-lock nftables
	restore --tcp-established
	now=$(last)
	eventually eval "[ \"\$(last)\" -gt $((now + 3)) ]"
}

# client: of the port; it stays connected
client() {
	background nsenter -t "$(init_pid)" -n bash -c 'exec 5<>/dev/tcp/127.0.0.1/77; exec sleep 1000'
	eventually grep -q ":004D [0-9A-F:]* 01 " "/proc/$(init_pid)/net/tcp"
}

@test "--tcp-skip-in-flight: a connection that nobody has accepted" {
	process /probe open listen 77
	detached run -d -b "$BUNDLE" "$ID"
	eventually grep -q ":004D " "/proc/$(init_pid)/net/tcp"
	client
	dump_fails "give --tcp-skip-in-flight"
	dump --tcp-skip-in-flight
	restore
	equal "$(grep -c ":004D " "/proc/$(init_pid)/net/tcp")" 1
	client
}

# --- the terminal ---

# on_terminal COMMAND...: in the foreground of a terminal; what is typed comes from the fifo $WORK/keys
on_terminal() {
	(exec "$TERM_TOOL" run 24x80 env "PROA_TEST=$TAG" "$RUNTIME" --root "$ROOT" "$@" "$ID") <"$WORK/keys" >"$WORK/shown" 2>&1 3>&- 7>&- &
	HELPERS+=($!)
}

@test "--shell-job: the caller's terminal, and at restore the one of that caller" {
	shell 'n=0; while read -r line; do n=$((n + 1)); echo "$n $line"; done'
	mkfifo "$WORK/keys"
	exec 7<>"$WORK/keys"
	on_terminal run -b "$BUNDLE"
	echo one >&7
	eventually grep -q "^1 one" "$WORK/shown"
	dump_fails "give --shell-job"
	dump --shell-job
	restore_fails "give --shell-job"
	on_terminal restore -b "$BUNDLE" --image-path "$WORK/$IMAGES" --work-path "$WORK/log" --shell-job
	becomes running
	echo two >&7
	eventually grep -q "^2 two" "$WORK/shown"
	exec 7>&-
}
