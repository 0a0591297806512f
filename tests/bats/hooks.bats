#!/usr/bin/env bats
# lane: native
# lane-long: vm
# tier: quick
# The six kinds of hooks: when, where, with what, and what happens when one fails.

load helpers

KINDS="prestart createRuntime createContainer startContainer poststart poststop"

setup() {
	common_setup
	config '.root.readonly = false'
	LOG=$WORK/hooks.log
	install -m 666 /dev/null "$LOG" # hooks of several users write to it
	# what a hook in the container writes is found in its root filesystem
	IN_LOG=$BUNDLE/rootfs/tmp/hooks.log
}

# hook KIND SCRIPT: add one; the script has the state on stdin and writes to $LOG (in the container: /tmp/hooks.log)
hook() {
	config '.hooks[$k] += [{path: "/bin/sh", args: ["sh", "-c", $s], env: ["PATH=/usr/bin:/bin", "LOG=\($l)"]}]' \
		--arg k "$1" --arg s "$2" --arg l "$([ "$1" = startContainer ] && echo /tmp/hooks.log || echo "$LOG")"
}

# log: all that hooks wrote
log() {
	cat "$LOG" "$IN_LOG" 2>/dev/null || true
}

@test "each kind is called, in its time" {
	# spec: runtime.md#lifecycle lifecycle-prestart
	# spec: runtime.md#lifecycle lifecycle-create-runtime
	# spec: runtime.md#lifecycle lifecycle-create-container
	# spec: runtime.md#lifecycle lifecycle-start-container
	# spec: runtime.md#lifecycle lifecycle-poststart
	# spec: runtime.md#lifecycle lifecycle-poststop
	# spec: config.md#prestart prestart-first
	# spec: config.md#createcontainer-hooks create-container-after
	# spec: config.md#prestart prestart-moment
	# spec: config.md#createruntime-hooks create-runtime-moment
	# spec: config.md#startcontainer-hooks start-container-moment
	# spec: config.md#poststart poststart-moment
	# spec: config.md#poststop poststop-moment
	for kind in $KINDS; do
		hook "$kind" "echo $kind >>\$LOG"
	done
	waits
	create
	equal "$(log | xargs)" "prestart createRuntime createContainer"
	[ ! -e "$IN_LOG" ]
	proa start "$ID"
	equal "$(cat "$IN_LOG")" startContainer
	equal "$(tail -n 1 "$LOG")" poststart
	proa kill "$ID" KILL
	becomes stopped
	equal "$(tail -n 1 "$LOG")" poststart
	proa delete "$ID"
	equal "$(xargs <"$LOG")" "prestart createRuntime createContainer poststart poststop"
}

@test "run calls them all" {
	for kind in $KINDS; do
		hook "$kind" "echo $kind >>\$LOG"
	done
	process /bin/true
	runs
	equal "$(xargs <"$LOG")" "prestart createRuntime createContainer poststart poststop"
	equal "$(cat "$IN_LOG")" startContainer
}

@test "hooks of one kind are called in the order of their list" {
	# spec: config.md#posix-platform-hooks hooks-order
	for kind in $KINDS; do
		for n in 1 2 3; do
			hook "$kind" "[ $n != 1 ] || sleep 0.1; echo $n >>\$LOG.$kind"
		done
	done
	process /bin/true
	runs
	for kind in $KINDS; do
		equal "$(cat "$LOG.$kind" "$IN_LOG.$kind" 2>/dev/null | xargs)" "1 2 3" "$kind:"
	done
}

@test "each gets the state on stdin" {
	# spec: config.md#posix-platform-hooks hooks-state
	config '.annotations = {"org.example.key": "value"}'
	for kind in $KINDS; do
		hook "$kind" "cat >\$LOG.$kind"
	done
	waits
	create
	pid=$(init_pid)
	proa start "$ID"
	mv "$IN_LOG.startContainer" "$LOG.startContainer"
	proa delete --force "$ID"
	for kind in $KINDS; do
		equal "$(jq -r .id "$LOG.$kind")" "$ID" "$kind:"
		equal "$(jq -r .bundle "$LOG.$kind")" "$BUNDLE" "$kind:"
		equal "$(jq -r '.annotations["org.example.key"]' "$LOG.$kind")" value "$kind:"
		equal "$(jq -r '.ociVersion | type' "$LOG.$kind")" string "$kind:"
	done
	for kind in prestart createRuntime createContainer; do
		equal "$(jq -r .status "$LOG.$kind")" creating "$kind:"
	done
	equal "$(jq -r .status "$LOG.startContainer")" created
	equal "$(jq -r .status "$LOG.poststart")" running
	equal "$(jq -r .status "$LOG.poststop")" stopped
	for kind in prestart createRuntime poststart; do
		equal "$(jq -r .pid "$LOG.$kind")" "$pid" "$kind:"
	done
	equal "$(jq -r .pid "$LOG.startContainer")" 1
}

# asks KIND COMMAND...: a hook that calls the runtime for its own container, and notes the exit code and what that said
asks() {
	local kind=$1
	shift
	hook "$kind" "PROA_TEST=$TAG $(readlink -f "$(command -v "$RUNTIME")") --root $ROOT $* >>\$LOG 2>&1 </dev/null; echo exit code \$? >>\$LOG"
}

@test "a hook of a container that is being created is told so by the commands that it calls" {
	require proa
	asks createRuntime state "$ID"
	for command in kill "delete --force" start "exec $ID" pause; do
		asks createRuntime "$command" "$ID"
	done
	process /bin/true
	SECONDS=0
	runs
	[ $SECONDS -lt 25 ] || fail "$SECONDS s"
	equal "$(grep -c '"status": "creating"' "$LOG")" 1
	equal "$(grep -c "container $ID is held by process [0-9]*, which waits for the hook that calls us" "$LOG")" 5
	equal "$(sed -n 's/^exit code //p' "$LOG" | xargs)" "0 1 1 1 255 1"
}

@test "a hook that doesn't read its stdin doesn't matter" {
	# more than a pipe holds
	config '.annotations = {"org.example.big": ("x" * 200000)}'
	for kind in $KINDS; do
		hook "$kind" "exec <&-; echo $kind >>\$LOG"
	done
	process /bin/true
	runs
	equal "$(wc -l <"$LOG")" 5
}

@test "hooks run in the namespaces that the spec says" {
	# spec: config.md#prestart prestart-namespaces
	# spec: config.md#createruntime-hooks create-runtime-namespaces
	# spec: config.md#createcontainer-hooks create-container-namespaces
	# spec: config.md#startcontainer-hooks start-container-namespaces
	# spec: config.md#poststart poststart-namespaces
	# spec: config.md#poststop poststop-namespaces
	for kind in $KINDS; do
		hook "$kind" "for n in mnt uts net ipc; do readlink /proc/self/ns/\$n; done >\$LOG.$kind"
	done
	waits
	create
	pid=$(init_pid)
	proa start "$ID"
	mv "$IN_LOG.startContainer" "$LOG.startContainer"
	inside=$(for n in mnt uts net ipc; do readlink "/proc/$pid/ns/$n"; done)
	outside=$(for n in mnt uts net ipc; do readlink "/proc/self/ns/$n"; done)
	proa delete --force "$ID"
	for kind in prestart createRuntime poststart poststop; do
		equal "$(cat "$LOG.$kind")" "$outside" "$kind:"
	done
	for kind in createContainer startContainer; do
		equal "$(cat "$LOG.$kind")" "$inside" "$kind:"
	done
}

@test "hooks of the runtime see the host's files, startContainer the container's" {
	# spec: config.md#prestart prestart-path
	# spec: config.md#createruntime-hooks create-runtime-path
	# spec: config.md#createcontainer-hooks create-container-path
	# spec: config.md#poststart poststart-path
	# spec: config.md#poststop poststop-path
	# spec: config.md#startcontainer-hooks start-container-path
	echo '#!/bin/sh' >"$WORK/host-hook"
	echo "echo host >>$LOG" >>"$WORK/host-hook"
	printf '#!/bin/sh\necho inside >>/tmp/hooks.log\n' >"$BUNDLE/rootfs/inside-hook"
	chmod +x "$WORK/host-hook" "$BUNDLE/rootfs/inside-hook"
	config '.hooks = {prestart: [{path: $h}], createRuntime: [{path: $h}], createContainer: [{path: $h}],
		startContainer: [{path: "/inside-hook"}], poststart: [{path: $h}], poststop: [{path: $h}]}' --arg h "$WORK/host-hook"
	process /bin/true
	runs
	equal "$(grep -c host "$LOG")" 5
	equal "$(cat "$IN_LOG")" inside
}

@test "createRuntime hooks find the namespaces made, and can set up the network" {
	hook createRuntime 'pid=$(jq -r .pid); ls -l /proc/$pid/ns/net >$LOG; nsenter -t $pid -n ip link add hook0 type dummy 2>>$LOG ||
		nsenter -t $pid -n ip addr add 192.0.2.1/32 dev lo'
	shell 'ip -o addr; ip -o link'
	runs
	has_words "192.0.2.1|hook0" "$output"
}

@test "createContainer hooks run before the root is changed" {
	# spec: config.md#createcontainer-hooks create-container-moment
	hook createContainer 'grep -c " / / " /proc/self/mountinfo >/dev/null; test -e '"$BUNDLE"'/config.json && echo old root >>$LOG'
	process /bin/true
	runs
	equal "$(cat "$LOG")" "old root"
}

@test "args and env are the hook's own, and the env is only that" {
	export SECRET_OF_THE_CALLER=yes
	config '.hooks = {createRuntime: [{path: "/bin/sh", args: ["zeroth", "-c", "echo $0 $1 $2; env", "name", "a b", "c"], env: ["LOG='"$LOG"'", "ONE=1"]}]}'
	config '.hooks.createRuntime[0].args[2] = "{ echo \"$0|$1|$2\"; env; } >$LOG"'
	process /bin/true
	runs
	equal "$(head -n 1 "$LOG")" "name|a b|c"
	has_words "^ONE=1$" "$(cat "$LOG")"
	[[ $(cat "$LOG") != *SECRET* ]]
}

@test "a hook has no descriptors but its streams" {
	exec 7<"$WORK"
	for kind in createRuntime createContainer startContainer poststart poststop; do
		config '.hooks[$k] += [{path: $p, args: ["probe", "facts", "fds"]}]' --arg k $kind \
			--arg p "$([ $kind = startContainer ] && echo /probe || echo "$PROA_BUILD/tests/probe")"
	done
	process /bin/true
	proa run -b "$BUNDLE" "$ID" >"$WORK/out" 2>&1
	exec 7<&-
	[[ $(awk '$1 == "fd" { print $2 }' "$WORK/out" | sort -u | xargs) =~ ^(0\ 1\ 2|)$ ]] || fail "$(cat "$WORK/out")"
}

@test "a hook that fails before the start ends the container, with its name in the error, and nothing is left" {
	# spec: runtime.md#lifecycle lifecycle-prestart-fails
	# spec: runtime.md#lifecycle lifecycle-create-runtime-fails
	# spec: runtime.md#lifecycle lifecycle-create-container-fails
	for kind in prestart createRuntime createContainer; do
		config 'del(.hooks)'
		hook "$kind" 'echo first >>$LOG; exit 0'
		hook "$kind" 'echo second >>$LOG; echo what went wrong >&2; exit 7'
		hook "$kind" 'echo third >>$LOG'
		hook poststop 'echo poststop >>$LOG'
		rm -f "$LOG"
		process /bin/echo never
		fails 1 "hook" proa create -b "$BUNDLE" "$ID"
		nothing_left
		equal "$(grep -vx poststop "$LOG" | xargs)" "first second" "$kind:"
		fails 1 "hook" proa run -b "$BUNDLE" "$ID"
		has_words "$kind|/bin/sh" "$stderr"
		nothing_left
	done
}

@test "a startContainer hook that fails ends the container" {
	# spec: runtime.md#lifecycle lifecycle-start-container-fails
	hook startContainer 'exit 7'
	process /bin/echo never
	create
	fails 1 "hook" proa start "$ID"
	[ ! -s "$WORK/out" ]
	run --separate-stderr proa state "$ID"
	[ "$status" != 0 ] || is stopped
	proa delete --force "$ID"
	fails 1 "hook" proa run -b "$BUNDLE" "$ID"
	nothing_left
}

@test "a poststart hook that fails is an error, and the container is stopped" {
	# spec: runtime.md#lifecycle lifecycle-poststart-fails
	require proa
	hook poststart 'exit 7'
	waits
	create
	fails 1 "hook" proa start "$ID"
	run --separate-stderr proa state "$ID"
	[ "$status" != 0 ] || is stopped
	proa delete --force "$ID"
	nothing_left
}

@test "a poststop hook that fails is a warning, and the later ones still run" {
	# spec: runtime.md#lifecycle lifecycle-poststop-fails
	hook poststop 'echo first >>$LOG; exit 7'
	hook poststop 'echo second >>$LOG'
	up_and_waiting
	proa kill "$ID" KILL
	becomes stopped
	run --separate-stderr proa delete "$ID"
	equal "$status" 0
	equal "$(xargs <"$LOG")" "first second"
	nothing_left
}

@test "poststop hooks run when the container is gone" {
	hook poststop 'cat >/dev/null; find /sys/fs/cgroup -name "*'"$ID"'*" >$LOG; echo end >>$LOG'
	up_and_waiting
	proa delete --force "$ID"
	equal "$(cat "$LOG")" end
}

@test "poststop hooks are owed until they have run: a delete that is killed leaves them to the next" {
	require proa
	hook poststop '[ -e $LOG.killed ] || { touch $LOG.killed; kill -KILL $PPID; }; echo first >>$LOG'
	hook poststop 'echo second >>$LOG'
	up_and_waiting
	run proa delete --force "$ID"
	equal "$status" 137
	eventually grep -q first "$LOG"
	is stopped
	: >"$LOG"
	proa delete "$ID"
	equal "$(xargs <"$LOG")" "first second"
	nothing_left
}

@test "a hook that takes longer than its timeout is killed, and fails" {
	for kind in createRuntime createContainer; do
		config 'del(.hooks)'
		hook "$kind" 'echo $$ >$LOG.pid; exec sleep 100'
		config ".hooks.${kind}[0].timeout = 1"
		process /bin/true
		start=$SECONDS
		fails 1 "hook|timeout|timed out" proa create -b "$BUNDLE" "$ID"
		[ $((SECONDS - start)) -lt 30 ]
		nothing_left
	done
	hook startContainer 'exec sleep 100'
	config 'del(.hooks.createContainer) | .hooks.startContainer[0].timeout = 1'
	create
	fails 1 "hook|timeout|timed out" proa start "$ID"
	proa delete --force "$ID"
	nothing_left
}

@test "a hook within its timeout is fine" {
	hook createRuntime 'echo done >$LOG'
	config '.hooks.createRuntime[0].timeout = 20'
	process /bin/true
	runs
	equal "$(cat "$LOG")" "done"
}

@test "a hook that is killed by a signal has failed" {
	hook createRuntime 'kill -KILL $$'
	refused "hook"
}

@test "what is wrong with a hook is refused before anything is made" {
	# spec: config.md#posix-platform-hooks hook-path-absolute
	# spec: config.md#posix-platform-hooks hook-timeout-positive
	config '.hooks = {createRuntime: [{path: "relative"}]}'
	refused "relative|path"
	config '.hooks = {createRuntime: [{args: ["x"]}]}'
	refused "path"
	config '.hooks = {createRuntime: [{path: "/bin/true", timeout: 0}]}'
	refused "timeout"
	config '.hooks = {createRuntime: [{path: "/bin/true", timeout: -1}]}'
	refused "timeout"
	config '.hooks = {createRuntime: [{path: "/no/such/hook"}]}'
	refused "/no/such/hook"
}
