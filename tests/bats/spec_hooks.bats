#!/usr/bin/env bats
# lane: native
# lane-long: vm
# tier: quick
# Hooks as the spec has them: when, where, in which order, with what on stdin, and what a failure does.

load helpers

setup() {
	common_setup
	# here hooks leave what they saw: a path that means the same inside and outside
	mkdir -m 777 "$WORK/log"
	install -m 666 /dev/null "$WORK/log/events"
	config '.root.readonly = false | .annotations = {"org.example.a": "b"} |
		.mounts += [{destination: $l, source: $l, type: "bind", options: ["bind"]}]' --arg l "$WORK/log"
	shell "echo program >>$WORK/log/events; exec /probe wait"
}

# hook KIND SCRIPT: one more of that kind; "$state" is what came in
hook() {
	local script='read -r state; '"$2"
	config '.hooks[$k] += [{path: "/bin/sh", args: ["sh", "-c", $s], env: ["PATH=/usr/bin:/bin:/usr/sbin:/sbin"]}]' \
		--arg k "$1" --arg s "cd $WORK/log || exit 1; $script"
}

kinds='prestart createRuntime createContainer startContainer poststart poststop'

# through: the whole life of a container
through() {
	create
	proa start "$ID"
	wait_for_output waiting
	proa kill "$ID" KILL
	becomes stopped
	proa delete "$ID"
}

events() {
	xargs <"$WORK/log/events"
}

@test "each kind of hooks is called at its moment, in the order of the list" {
	# spec: runtime.md#lifecycle lifecycle-prestart
	# spec: runtime.md#lifecycle lifecycle-create-runtime
	# spec: runtime.md#lifecycle lifecycle-create-container
	# spec: runtime.md#lifecycle lifecycle-start-container
	# spec: runtime.md#lifecycle lifecycle-poststart
	# spec: runtime.md#lifecycle lifecycle-poststop
	# spec: config.md#posix-platform-hooks hooks-order
	# spec: config.md#prestart prestart-first
	# spec: config.md#createcontainer-hooks create-container-after
	# spec: config.md#startcontainer-hooks start-container-moment
	# spec: config.md#poststart poststart-moment
	# spec: config.md#poststop poststop-moment
	# spec: features.md#hooks features-hooks
	! has proa || equal "$("$RUNTIME" features | jq -r '.hooks[]' | xargs)" "$kinds"
	for kind in $kinds; do
		hook "$kind" "sleep 0.1; echo $kind-1 >>events"
		hook "$kind" "echo $kind-2 >>events"
	done
	create
	wanted='prestart-1 prestart-2 createRuntime-1 createRuntime-2 createContainer-1 createContainer-2'
	equal "$(events)" "$wanted"
	proa start "$ID"
	# the program may write its line before or after poststart's
	wanted+=' startContainer-1 startContainer-2'
	[[ $(events) == "$wanted "* ]] || fail "$(events)"
	equal "$(grep -v program "$WORK/log/events" | xargs)" "$wanted poststart-1 poststart-2"
	wait_for_output waiting
	proa kill "$ID" KILL
	becomes stopped
	[[ $(events) != *poststop* ]]
	proa delete "$ID"
	[[ $(events) == *' poststop-1 poststop-2' ]] || fail "$(events)"
	nothing_left
}

@test "prestart, createRuntime and createContainer hooks come before pivot_root, when the environment is there" {
	# spec: config.md#prestart prestart-moment
	# spec: config.md#createruntime-hooks create-runtime-moment
	# spec: config.md#createcontainer-hooks create-container-moment
	config '.linux.namespaces |= map(select(.type != "pid"))' # jq isn't in the container, and $PPID is init
	touch "$WORK/outside"
	look='uts=$(readlink /proc/$pid/ns/uts); [ -e "/proc/$pid/root'$WORK'/outside" ] && echo sees-host'
	for kind in prestart createRuntime; do
		hook $kind "pid=\$(printf %s \"\$state\" | jq .pid); { $look; echo \$uts; cat /proc/\$pid/cgroup; } >$kind"
	done
	hook createContainer '{ [ -e '"$WORK"'/outside ] && echo sees-host; readlink /proc/self/ns/uts; cat /proc/self/mountinfo; } >createContainer'
	create
	uts=$(readlink "/proc/$(init_pid)/ns/uts")
	for kind in prestart createRuntime createContainer; do
		equal "$(head -n 2 "$WORK/log/$kind" | xargs)" "sees-host $uts" "$kind:"
	done
	for kind in prestart createRuntime; do
		has_words "$ID" "$(cat "$WORK/log/$kind")"
	done
	has_words "$BUNDLE/rootfs" "$(cat "$WORK/log/createContainer")"
}

# inodes KIND: the hook leaves the namespaces it is in
inodes() {
	hook "$1" "for n in cgroup ipc mnt net pid uts; do readlink /proc/self/ns/\$n; done >ns.$1"
}

namespaces_of() {
	local n
	for n in cgroup ipc mnt net pid uts; do readlink "/proc/$1/ns/$n"; done
}

@test "hooks run in the runtime's namespaces, createContainer and startContainer hooks in the container's" {
	# spec: config.md#prestart prestart-namespaces
	# spec: config.md#createruntime-hooks create-runtime-namespaces
	# spec: config.md#createcontainer-hooks create-container-namespaces
	# spec: config.md#startcontainer-hooks start-container-namespaces
	# spec: config.md#poststart poststart-namespaces
	# spec: config.md#poststop poststop-namespaces
	for kind in $kinds; do
		inodes "$kind"
	done
	create
	inside=$(namespaces_of "$(init_pid)")
	proa start "$ID"
	wait_for_output waiting
	proa delete --force "$ID"
	outside=$(namespaces_of self)
	for kind in prestart createRuntime poststart poststop; do
		equal "$(cat "$WORK/log/ns.$kind")" "$outside" "$kind:"
	done
	for kind in createContainer startContainer; do
		equal "$(cat "$WORK/log/ns.$kind")" "$inside" "$kind:"
	done
}

# script FILE TEXT: a program
script() {
	printf '#!/bin/sh\n%s\n' "$2" >"$1"
	chmod 755 "$1"
}

@test "the path of a hook is the runtime's, of a startContainer hook the container's" {
	# spec: config.md#prestart prestart-path
	# spec: config.md#createruntime-hooks create-runtime-path
	# spec: config.md#createcontainer-hooks create-container-path
	# spec: config.md#startcontainer-hooks start-container-path
	# spec: config.md#poststart poststart-path
	# spec: config.md#poststop poststop-path
	for kind in prestart createRuntime createContainer poststart poststop; do
		script "$WORK/$kind" "echo $kind >>$WORK/log/events"
		config '.hooks[$k] = [{path: $p}]' --arg k $kind --arg p "$WORK/$kind"
	done
	script "$BUNDLE/rootfs/only-inside" "echo startContainer >>$WORK/log/events"
	config '.hooks.startContainer = [{path: "/only-inside"}]'
	through
	equal "$(grep -v program "$WORK/log/events" | xargs)" "$kinds"
}

@test "hooks find the container's state on stdin" {
	# spec: config.md#posix-platform-hooks hooks-state
	# spec: runtime.md#state pid-for-runtime-hooks
	# spec: runtime.md#state pid-for-container-hooks
	for kind in $kinds; do
		hook "$kind" "printf '%s' \"\$state\" >state.$kind"
	done
	create
	pid=$(init_pid)
	proa start "$ID"
	wait_for_output waiting
	proa kill "$ID" KILL
	becomes stopped
	proa delete "$ID"
	for kind in $kinds; do
		equal "$(jq -c '[.id, .bundle, .annotations, (.ociVersion | type)]' "$WORK/log/state.$kind")" \
			"[\"$ID\",\"$BUNDLE\",{\"org.example.a\":\"b\"},\"string\"]" "$kind:"
	done
	for kind in prestart:creating createRuntime:creating createContainer:creating startContainer:created \
		poststart:running poststop:stopped; do
		equal "$(jq -r .status "$WORK/log/state.${kind%:*}")" "${kind#*:}" "$kind:"
	done
	for kind in prestart createRuntime poststart; do
		equal "$(jq .pid "$WORK/log/state.$kind")" "$pid" "$kind:"
	done
	for kind in createContainer startContainer; do # in a pid namespace of its own
		equal "$(jq .pid "$WORK/log/state.$kind")" 1 "$kind:"
	done
}

@test "a prestart, createRuntime or createContainer hook that fails is an error, and the container is destroyed" {
	# spec: runtime.md#lifecycle lifecycle-prestart-fails
	# spec: runtime.md#lifecycle lifecycle-create-runtime-fails
	# spec: runtime.md#lifecycle lifecycle-create-container-fails
	# spec: runtime.md#errors error-undone
	for kind in prestart createRuntime createContainer; do
		config 'del(.hooks)'
		rm -f "$WORK/log/events"
		hook $kind 'echo sorry >&2; exit 3'
		hook $kind 'echo second >>events'
		hook poststop 'echo poststop >>events'
		fails 1 "$kind hook.*sorry|sorry.*$kind hook" proa create -b "$BUNDLE" "$ID"
		equal "$(events)" poststop "$kind:"
		nothing_left
	done
}

@test "a startContainer hook that fails is an error of start; the program never runs" {
	# spec: runtime.md#lifecycle lifecycle-start-container-fails
	hook startContainer 'exit 3'
	hook startContainer 'echo second >>events'
	hook poststop 'echo poststop >>events'
	create
	fails 1 "startContainer hook" proa start "$ID"
	becomes stopped
	proa delete "$ID"
	equal "$(events)" poststop
	nothing_left
}

@test "a poststart hook that fails is an error of start, and the container is stopped" {
	# spec: runtime.md#lifecycle lifecycle-poststart-fails
	hook poststart 'exit 3'
	hook poststart 'echo second >>events'
	hook poststop 'echo poststop >>events'
	create
	fails 1 "poststart hook" proa start "$ID"
	becomes stopped
	proa delete "$ID"
	equal "$(grep -v program "$WORK/log/events" | xargs)" poststop
	nothing_left
}

@test "a poststop hook that fails is a warning, and the others are called" {
	# spec: runtime.md#lifecycle lifecycle-poststop-fails
	# spec: runtime.md#warnings warning-goes-on
	hook poststop 'exit 3'
	hook poststop 'echo second >>events'
	up
	wait_for_output waiting
	proa kill "$ID" KILL
	becomes stopped
	run --separate-stderr proa --log "$WORK/warnings" --log-format json --log-level warning delete "$ID"
	equal "$status" 0
	[[ $(events) == *second ]] || fail "$(events)"
	has_words "poststop" "$(jq -r 'select(.level == "warning") | .msg' "$WORK/warnings")"
	nothing_left
}
