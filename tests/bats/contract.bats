#!/usr/bin/env bats
# lane: native
# lane-long: vm
# tier: quick
# The callers' side: the very calls that engines make, in their order, with their options in their places and their
# environment, and what they read afterwards: exit code, stdout, stderr, pid file, log. What an option does is tested
# elsewhere.

load helpers

setup() {
	common_setup
	LOG=$WORK/log.json
	PID_FILE=$BUNDLE/init.pid
	GLOBALS=() # the engine's options before the command
}

# calls COMMAND...: as an engine's child: a session of its own, killed with its parent, no environment but the engine's,
# nothing on stdin, pipes for the rest. It must succeed and print nothing on stderr; its stdout is in $output. (What is to
# outlive the call writes to a file: nobody reads the pipe any more.)
calls() {
	code=0
	fresh_files
	engine_call "$@" >"$WORK/out" 2>"$WORK/err" || code=$?
	[ $code = 0 ] || fail "exit code $code: $*" "$(<"$WORK/err")" || return
	[ ! -s "$WORK/err" ] || fail "on stderr: $*" "$(<"$WORK/err")" || return
	[ ! -s "$LOG" ] || fail "in the log: $*" "$(<"$LOG")" || return
	output=$(<"$WORK/out")
}

# fresh_files: new ones for each call: a container started by an earlier one may still write to its own
fresh_files() {
	rm -f "$LOG" "$WORK/out" "$WORK/err"
}

engine_call() {
	env -i "PATH=$PATH" "XDG_RUNTIME_DIR=$WORK" "PROA_TEST=$TAG" setsid --wait setpriv --pdeathsig KILL \
		"$RUNTIME" "${GLOBALS[@]}" "$@" </dev/null 3>&-
}

# answers CODE TEXT COMMAND...: the call fails so, and both places that engines read say TEXT: stderr, and the log, in which
# there is one JSON object, whole, on one line
answers() {
	local code=$1 text=$2 is=0
	shift 2
	fresh_files
	engine_call "$@" >"$WORK/out" 2>"$WORK/err" || is=$?
	equal $is "$code" "$*: exit code" || return
	[ ! -s "$WORK/out" ] || fail "on stdout: $*" "$(<"$WORK/out")" || return
	[[ $(<"$WORK/err") == *"$text"* ]] || fail "'$text' is not on stderr: $*" "$(<"$WORK/err")" || return
	equal "$(wc -l <"$LOG")" 1 "$*: lines in the log" || return
	jq -es --arg text "$text" 'length == 1 and (.[0] | .level == "error" and (.msg | contains($text)) and
		(.time | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(\\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$")))' "$LOG" >/dev/null ||
		fail "in the log: $*" "$(<"$LOG")"
}

conmon() {
	GLOBALS=(--root "$ROOT" --log-format=json "--log=$LOG")
}

shim() {
	GLOBALS=(--root "$ROOT" --log "$LOG" --log-format json)
}

# pid_in FILE: as engines read it: the whole of the file is digits
pid_in() {
	[[ $(tr '\n' N <"$1") =~ ^[0-9]+$ ]] || fail "pid file: $(od -c "$1")" || return
	cat "$1"
}

# process_file FILTER: the container's process, changed so, as a file for exec --process
process_file() {
	jq ".process | $1" "$BUNDLE/config.json" >"$WORK/process.json"
}

# status: what the engine reads of `state`
status() {
	calls state "$ID"
	jq -r --arg id "$ID" --arg b "$BUNDLE" 'if .id == $id and .bundle == $b and (.owner | type) == "string" and
		(.created | test("^[0-9-]{10}T[0-9:]{8}\\.[0-9]+Z$")) then .status else error("state: \(.)") end' <<<"$output"
}

becomes_stopped() {
	[ "$(status)" = stopped ]
}

@test "conmon and Podman: a container with a terminal, exec in it, from create to delete" {
	conmon
	config '.process.terminal = true'
	waits
	for socket in ctl attach; do
		background "$TERM_TOOL" receive "$WORK/$socket"
		eventually test -S "$WORK/$socket"
	done
	calls create --bundle "$BUNDLE" --pid-file "$PID_FILE" --no-new-keyring --console-socket "$WORK/ctl" "$ID"
	pid=$(pid_in "$PID_FILE")
	equal "$(status)" created
	# conmon looks for memory.events there as soon as create has returned
	equal "$(cgroup_of "$pid")" "$CGROUP$(jq -r .linux.cgroupsPath "$BUNDLE/config.json")"
	# the runtime is gone, and init has another parent: whoever reaps for conmon
	equal "$(sed -n 's/^PPid:\t//p' "/proc/$pid/status")" 1
	calls start "$ID"
	equal "$(status)" running
	process_file '.args = ["/probe", "wait"]'
	calls exec --pid-file "$WORK/exec.pid" --process "$WORK/process.json" --detach --console-socket "$WORK/attach" "$ID"
	exec_pid=$(pid_in "$WORK/exec.pid")
	equal "$(readlink "/proc/$exec_pid/ns/pid")" "$(readlink "/proc/$pid/ns/pid")"
	equal "$(readlink "/proc/$exec_pid/fd/0")" /dev/pts/1
	calls pause "$ID"
	equal "$(status)" paused
	calls resume "$ID"
	echo "{}" >"$WORK/resources.json"
	calls update "--resources=$WORK/resources.json" "$ID"
	calls kill "$ID" 15
	eventually becomes_stopped
	calls delete --force "$ID"
	calls delete --force "$ID"
	answers 1 "container does not exist" delete "$ID"
	nothing_left
}

@test "containerd's shim and go-runc: from create to delete" {
	shim
	process /probe fork 1
	calls create --bundle "$BUNDLE" --pid-file "$PID_FILE" "$ID"
	pid=$(pid_in "$PID_FILE")
	calls start "$ID"
	equal "$(status)" running
	calls list --format=json
	equal "$(jq -c 'map([.id, .pid, .status])' <<<"$output")" "[[\"$ID\",$pid,\"running\"]]"
	calls ps --format json "$ID"
	equal "$(jq 'all(type == "number") and length == 2' <<<"$output")" true
	calls ps --format table "$ID" -o pid,args
	has_words "^ *$pid /probe fork 1" "$output"
	process_file '.args = ["/probe", "wait"]'
	calls exec --process "$WORK/process.json" --detach --pid-file "$BUNDLE/exec.pid" "$ID"
	has_words "/probe.wait" "$(tr '\0' ' ' <"/proc/$(pid_in "$BUNDLE/exec.pid")/cmdline")"
	calls kill "$ID" 0
	calls kill --all "$ID" 9
	eventually becomes_stopped
	calls kill --all "$ID" 9
	calls delete "$ID"
	answers 1 "does not exist" delete "$ID"
	# introspection calls it without any of the options
	GLOBALS=()
	calls features
	jq -e '.ociVersionMin == "1.0.0" and (.linux.namespaces | index("user"))' <<<"$output" >/dev/null
	calls --version
	[[ $output == "proa version "*$'\ncommit: '*$'\nspec: '* ]]
	nothing_left
}

@test "go-runc: update reads its resources from stdin" {
	shim
	waits
	calls create --bundle "$BUNDLE" --pid-file "$PID_FILE" "$ID"
	engine_update() {
		"$RUNTIME" "${GLOBALS[@]}" update "$@"
	}
	# with a controller that isn't there it is refused; that it was read is seen by what is wrong
	fails 1 "hugepageLimits|pageSize|hugetlb" engine_update --resources=- "$ID" \
		< <(echo '{"hugepageLimits": [{"pageSize": "7TB", "limit": 1}]}')
	engine_update --resources=- "$ID" <<<'{}'
	engine_update --resources - "$ID" <<<'{}'
}

@test "BuildKit: run in the foreground with --keep, watched by state from beside it" {
	shim
	process /bin/sh -c 'until [ -e /tmp/go ]; do sleep 0.05; done; echo out; echo err >&2; exit 7'
	config '.root.readonly = false'
	engine_call run --bundle "$BUNDLE" --keep "$ID" >"$WORK/run.out" 2>"$WORK/run.err" &
	run=$!
	becomes running
	touch "$BUNDLE/rootfs/tmp/go"
	code=0
	wait $run || code=$?
	equal "$code:$(<"$WORK/run.out"):$(<"$WORK/run.err")" 7:out:err
	equal "$(status)" stopped
	answers 1 "container not running" kill "$ID" KILL
	calls delete "$ID"
	answers 1 "container does not exist" state "$ID"
}

@test "CRI-O: the manager's option before every command, signals by name, exec in the foreground" {
	waits
	GLOBALS=(--root "$ROOT")
	calls create --bundle "$BUNDLE" --pid-file "$PID_FILE" "$ID"
	GLOBALS=(--root "$ROOT" --systemd-cgroup)
	calls start "$ID"
	equal "$(status)" running
	calls pause "$ID"
	calls resume "$ID"
	GLOBALS=(--root "$ROOT")
	process_file '.args = ["/bin/sh", "-c", "echo probed; exit 3"]'
	code=0
	output=$(engine_call exec --process "$WORK/process.json" "$ID") || code=$?
	equal "$code:$output" 3:probed
	calls kill "$ID" TERM
	eventually becomes_stopped
	calls delete --force "$ID"
}

@test "Buildah: create and start without a pivot, then state until it has stopped" {
	process /bin/sh -c 'exit 9'
	GLOBALS=(--root "$ROOT")
	calls create --bundle "$BUNDLE" --pid-file "$BUNDLE/pid" --no-pivot --no-new-keyring "$ID"
	calls start "$ID"
	eventually becomes_stopped
	fails 1 "container not running" engine_call kill "$ID"
	calls delete "$ID"
}

@test "what goes wrong is one line of JSON, the same on stderr, in the words that engines look for" {
	shim
	config '.process.args = ["nosuch"]'
	answers 1 'exec: "nosuch": executable file not found in $PATH' create --bundle "$BUNDLE" --pid-file "$PID_FILE" "$ID"
	[ ! -e "$PID_FILE" ]
	config '.process.args = ["/x/y"]'
	answers 1 'exec: "/x/y": stat /x/y: no such file or directory' create --bundle "$BUNDLE" "$ID"
	config '.process.args = ["/etc/passwd"]'
	answers 1 'exec: "/etc/passwd": permission denied' create --bundle "$BUNDLE" "$ID"
	config '.process.args = ["/etc"]'
	answers 1 'exec: "/etc": is a directory' create --bundle "$BUNDLE" "$ID"
	config '.process.args = ["/probe", "wait"] | .mounts += [{destination: "/etc", type: "bind", source: "/etc/passwd",
		options: ["bind"]}]'
	answers 1 'not a directory' create --bundle "$BUNDLE" "$ID"
	config '.mounts |= .[:-1]'
	answers 1 "container does not exist" start "$ID"
	answers 255 "container does not exist" exec "$ID" /bin/true
	calls create --bundle "$BUNDLE" "$ID"
	answers 1 "container with given ID already exists" create --bundle "$BUNDLE" "$ID"
	calls start "$ID"
	answers 1 "cannot start an already running container" start "$ID"
	answers 1 "cannot delete container $ID that is not stopped: running" delete "$ID"
	answers 1 "container not paused" resume "$ID"
	answers 255 'exec: "nosuch": executable file not found in $PATH' exec "$ID" nosuch
	process_file '.args = ["/etc/passwd"]'
	answers 255 'exec: "/etc/passwd": permission denied' exec --process "$WORK/process.json" --detach --pid-file "$WORK/p" "$ID"
	[ ! -e "$WORK/p" ]
	calls kill "$ID" KILL
	eventually becomes_stopped
	answers 1 "container not running" kill "$ID" TERM
	answers 1 "no such process" kill "$ID" TERM
	answers 1 "cannot start a container that has stopped" start "$ID"
	answers 255 "cannot exec in a stopped container" exec "$ID" /bin/true
	calls delete "$ID"
}

@test "the engine dies during create: so does create, and nothing of the container runs" {
	shim
	waits
	config '.hooks.createRuntime = [{path: "/bin/sh", args: ["sh", "-c", $s]}]' \
		--arg s "touch '$WORK/in'; while [ ! -e '$WORK/go' ]; do sleep 0.05; done"
	cleanup "touch '$WORK/go'"
	background setsid env PROA_TEST="$TAG" sh -c 'setpriv --pdeathsig KILL "$@" & wait' - \
		"$RUNTIME" "${GLOBALS[@]}" create --bundle "$BUNDLE" "$ID"
	engine=$!
	eventually test -e "$WORK/in"
	kill -KILL $engine
	eventually eval "! pgrep -f 'create --bundle $BUNDLE' >/dev/null"
	becomes stopped
	calls delete --force "$ID"
	touch "$WORK/go"
	eventually eval "[ -z \"\$(leaks)\" ]"
}

@test "the engine's thread that called dies after create and after exec: the container lives on" {
	shim
	waits
	# each call's parent, on whose death it would be killed, ends with the call
	calls create --bundle "$BUNDLE" --pid-file "$PID_FILE" "$ID"
	calls start "$ID"
	process_file '.args = ["/probe", "wait"]'
	calls exec --process "$WORK/process.json" --detach --pid-file "$WORK/exec.pid" "$ID"
	for _ in {1..5}; do
		kill -0 "$(pid_in "$PID_FILE")"
		kill -0 "$(pid_in "$WORK/exec.pid")"
		equal "$(status)" running
	done
}
