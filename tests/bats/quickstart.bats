#!/usr/bin/env bats
# contrib/quickstart on a finished build.
# lane: native
# lane-long: vm
# tier: quick

bats_require_minimum_version 1.5.0

setup() {
	export BUILD=$PROA_BUILD
	# as where there is nothing to be built: a make would exchange the binary under the tests that run beside this one
	mkdir -p "$BATS_TEST_TMPDIR/src/tests"
	cp -r "$PROA_SRC/contrib" "$BATS_TEST_TMPDIR/src"
	cp -r "$PROA_SRC/tests/lib" "$BATS_TEST_TMPDIR/src/tests"
	PATH=$BATS_TEST_TMPDIR/src/contrib:$PATH
}

# start CMD...: in the background, until it prints "ready"
start() {
	local i
	quickstart -- "$@" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
	for ((i = 0; i < 500; i++)); do
		! grep -qx ready "$BATS_TEST_TMPDIR/out" || return 0
		sleep 0.1
	done
	cat "$BATS_TEST_TMPDIR/out"
	return 1
}

# ends_with CODE: what was started last
ends_with() {
	local code=0
	wait $! || code=$?
	[ "$code" = "$1" ]
}

# shows LINE...: patterns for whole lines of the output
shows() {
	local line
	for line; do
		grep -qxE -e "$line" <<<"$output" || {
			printf 'no line "%s" in:\n%s\n' "$line" "$output"
			return 1
		}
	done
}

@test "it shows what a container is and what to try next" {
	run -0 --separate-stderr quickstart
	shows '  hostname +proa' \
		' +1 root +tour' \
		'  namespaces +its own: cgroup ipc mnt net pid uts' \
		" +the host's: (time )?user" \
		'  network +lo' \
		'  root directory +bin dev etc proc root sys tmp, read-only' \
		'  capabilities +3 of 41: kill net_bind_service audit_write' \
		'  no_new_privs +1'
	[[ $output != *"try next"* && $stderr == *"Try next:"* ]]
}

@test "it shows the limits that the machine has controllers for, and which are missing" {
	local controller
	run -0 --separate-stderr quickstart
	for controller in memory:268435456 pids:100 'cpu:100000 100000'; do
		if grep -qw "${controller%%:*}" /sys/fs/cgroup/cgroup.controllers; then
			shows "[ a-z]+${controller%%:*}.max: ${controller#*:}"
		else
			shows ".*missing in cgroup v2:[ a-z]* ${controller%%:*}[ )].*"
		fi
	done
}

@test "the processes of the machine are not seen" {
	run -0 --separate-stderr quickstart -- sh -c 'ls /proc | grep "^[0-9]" | wc -l'
	[ "$output" -le 4 ]
}

@test "only the command's output is on stdout" {
	run -0 --separate-stderr quickstart -- sh -c 'echo out; echo err >&2'
	[ "$output" = out ]
	[[ $stderr == *err* ]]
}

@test "the command's words and its input arrive as they are" {
	run -0 --separate-stderr quickstart -- printf '<%s>' "two words" '' '$HOME' --
	[ "$output" = '<two words><><$HOME><-->' ]
	output=$(quickstart -- cat <<<"what came in")
	[ "$output" = "what came in" ]
}

@test "the command's exit code is passed on, a signal's too" {
	run -7 quickstart -- sh -c 'exit 7'
	start sh -c 'echo ready; sleep 1000'
	"$PROA" kill "quickstart-$!" KILL
	ends_with 137
}

@test "a command that isn't there is an error on stderr" {
	run -1 --separate-stderr quickstart -- no-such-command
	[ "$output" = "" ]
	[[ $stderr == *no-such-command* ]]
}

@test "wrong usage is refused" {
	run -2 --separate-stderr quickstart ls
	[[ $output == "" && $stderr == quickstart* ]]
	run -2 quickstart --
	run -2 quickstart --help
}

@test "a signal to it ends the container" {
	start sh -c 'trap "exit 5" TERM; echo ready; while :; do sleep 0.1; done'
	kill -TERM $!
	ends_with 5
}

@test "nothing is left of its containers" {
	run -0 "$PROA" list -q
	[[ $output != *quickstart-* ]]
	run -0 find /sys/fs/cgroup -name 'quickstart-*'
	[ "$output" = "" ]
}
