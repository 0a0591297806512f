#!/usr/bin/env bats
# lane: native
# lane-long: vm
# tier: quick
# What bad input gets: one clear error that names the object, the exit code that engines know, and nothing left behind.

load helpers

# refuses WORDS [FLAG...]: create says so on stderr and in one line of the log, with the error's code, and claims no id
# and no cgroup. (All else that could be left is looked for after the test.) Only an error about the
# program may have the words by which engines tell those from all others: see ABOUT_PROGRAM.
refuses() {
	local words=$1 command=${COMMAND-create}
	shift
	rm -f "$WORK/log"
	fails 1 "$words" proa --log "$WORK/log" --log-format json "$command" -b "$BUNDLE" "$@" "$ID" || return
	mapfile -t lines <"$WORK/log"
	[ ${#lines[@]} = 1 ] || fail "lines in the log:" "${lines[@]}"
	[[ ${lines[0]} == '{"level":"error","msg":"'?*'","time":"'*'","code":"'[a-z]*'"'*'}' ]] ||
		fail "in the log:" "${lines[0]}"
	[ -n "${ABOUT_PROGRAM-}" ] || lacks_programs_words "$stderr"
	claims_nothing
}

claims_nothing() {
	! compgen -G "$ROOT/*" || fail "left in the state directory"
	[ ! -e "$CGROUP/$ID" ] || fail "left: $CGROUP/$ID"
}

# refuses_config FILTER WORDS: the bundle's config changed so; the next call begins with the original again
refuses_config() {
	[ -e "$WORK/good.json" ] || cp "$BUNDLE/config.json" "$WORK/good.json"
	cp "$WORK/good.json" "$BUNDLE/config.json"
	config "$1"
	refuses "$2" || fail "with: $1"
}

# refuses_text WORDS: config.json is what comes in from stdin
refuses_text() {
	cat >"$BUNDLE/config.json"
	refuses "$1"
}

lacks_programs_words() {
	[[ ! ${1,,} =~ 'no such file or directory'|'permission denied'|'operation not permitted'|'executable file not found' ]] ||
		fail "an engine takes that for an error about the program:" "$1"
}

# --- the bundle --------------------------------------------------------------------------------

@test "a bundle that is missing, or no directory" {
	# spec: runtime.md#create create-arguments
	BUNDLE=$WORK/missing
	refuses "$WORK/missing"
	COMMAND=run refuses "$WORK/missing"
	BUNDLE=$WORK/file
	touch "$BUNDLE"
	refuses "$WORK/file.*directory"
	ln -s loop "$WORK/loop"
	BUNDLE=$WORK/loop
	refuses "$WORK/loop"
}

@test "config.json that is missing, no file, or leads nowhere" {
	# spec: bundle.md#container-format bundle-config
	rm "$BUNDLE/config.json"
	refuses "config.json"
	mkdir "$BUNDLE/config.json"
	refuses "config.json is a directory"
	rmdir "$BUNDLE/config.json"
	ln -s nowhere "$BUNDLE/config.json"
	refuses "config.json"
	ln -sf config.json "$BUNDLE/config.json"
	refuses "config.json"
	rm "$BUNDLE/config.json"
	ln -s /dev/null "$BUNDLE/config.json"
	refuses "config.json"
}

@test "config.json that can't be read" {
	chmod 0 "$BUNDLE/config.json"
	chown 1000 "$BUNDLE/config.json"
	RUNTIME="without_override" refuses "config.json"
}

# without_override ARG...: the runtime, where a file's mode counts for root too
without_override() {
	capsh --drop=cap_dac_override,cap_dac_read_search -- -c 'exec "$0" "$@"' "$PROA" "$@"
}

@test "a pipe without a writer in place of config.json" {
	rm "$BUNDLE/config.json"
	mkfifo "$BUNDLE/config.json"
	refuses "config.json"
}

@test "another config by --config that is missing" {
	refuses "other.json" --config "$WORK/other.json"
}

# --- the text ----------------------------------------------------------------------------------

@test "an empty config.json, and ones that are no JSON" {
	refuses_text "config.json" </dev/null
	refuses_text "config.json:[0-9]" <<<$'\n'
	refuses_text "config.json:1" <<<'hello'
	refuses_text "config.json:1" <<<'{"ociVersion": "1.0.2",}'
	refuses_text "config.json:1" <<<"{'ociVersion': '1.0.2'}"
	refuses_text "config.json:2" <<<$'{"ociVersion": "1.0.2",\n"process": nul}'
	refuses_text "config.json" <<<'{} {}'
	refuses_text "config.json.*expected an object.*array" <<<'[]'
	refuses_text "config.json" <<<'null'
	printf '\xef\xbb\xbf' | cat - <(jq . "$PROA_SRC/tests/data/config.json") >"$WORK/bom.json"
	refuses_text "config.json:1" <"$WORK/bom.json"
}

@test "config.json of 100 MB is refused before it is read" {
	head -c 1000 "$BUNDLE/config.json" >"$WORK/begin"
	truncate -s 100M "$BUNDLE/config.json"
	before=$EPOCHREALTIME
	refuses "config.json.*longer than [0-9]+ bytes"
	[ $((${EPOCHREALTIME/./} - ${before/./})) -lt 2000000 ]
	# the same from a pipe, whose length nobody knows
	rm "$BUNDLE/config.json"
	mkfifo "$BUNDLE/config.json"
	exec {hold}<>"$BUNDLE/config.json" # one that nobody has opened to write is empty
	head -c 100M /dev/zero >"$BUNDLE/config.json" &
	cleanup "kill $!"
	fails 1 "config.json.*longer than [0-9]+ bytes" proa create -b "$BUNDLE" "$ID"
	nothing_left
}

@test "config.json that takes much more memory than its size: every command on its container works" {
	waits
	start=$(jq -c 'del(.annotations) | .annotations = {}' "$BUNDLE/config.json")
	{
		printf '%s' "${start%\}\}}"
		seq -f '"%06.0f":""' 550000 | paste -sd,
		echo '}}'
	} >"$BUNDLE/config.json"
	proa create -b "$BUNDLE" "$ID" </dev/null >"$WORK/log" 2>&1
	for command in state start ps "mounts list" "events --stats" pause resume "update --oom-score-adj 500" "delete --force"; do
		# shellcheck disable=SC2086 # the flags are words of their own
		quiet proa $command "$ID"
		[ "$command" != start ] || quiet proa exec "$ID" /bin/true
	done
	nothing_left
	quiet proa run -d -b "$BUNDLE" "$ID"
	quiet proa kill "$ID" KILL
	becomes stopped
	quiet proa delete "$ID"
}

@test "config.json nested 100,000 deep" {
	{
		printf '{"ociVersion": "1.0.2", "unknown": '
		head -c 100000 /dev/zero | tr '\0' '['
	} >"$BUNDLE/config.json"
	refuses "config.json.*(nested|deep|depth)"
	sed -i 's/unknown/mounts/' "$BUNDLE/config.json"
	refuses 'config.json.*mounts\[0\]: expected an object'
	{
		printf '{"ociVersion": "1.0.2"'
		printf ',"a":{"b":1%.0s' {1..100000}
	} >"$BUNDLE/config.json"
	refuses "config.json.*(nested|deep|depth)"
}

@test "text that is no text: NUL, invalid UTF-8, half of a surrogate pair, control characters" {
	for bad in '\x00' '\\u0000' '\xff' '\xc0\xaf' '\xed\xa0\x80' '\\ud800' '\x01' '\x0a' '\\x41'; do
		printf '{"ociVersion": "1.0.2",\n"hostname": "a%bb"}' "$bad" >"$BUNDLE/config.json"
		refuses "config.json:[23]" || fail "with $bad"
	done
}

@test "no truncated config.json is accepted" {
	jq -c . "$BUNDLE/config.json" >"$WORK/whole"
	size=$(stat -c %s "$WORK/whole")
	for ((length = 0; length < size - 1; length += 97)); do
		head -c $length "$WORK/whole" >"$BUNDLE/config.json"
		refuses "config.json" || fail "cut after $length bytes"
	done
}

@test "a key that is given twice" {
	# spec: config.md#extensibility unknown-ignored
	good=$(jq -c . "$BUNDLE/config.json")
	refuses_text "config.json:1:.*hostname.*twice" <<<"${good%\}},\"hostname\":\"b\"}"
	refuses_text "config.json:1:.*process.*twice" <<<"${good%\}},\"process\":{}}"
	refuses_text "linux.resources.pids.*twice" <<<"${good/\"resources\":\{/\"resources\":\{\"pids\":{\"limit\":1\},\"pids\":{\"limit\":2\},}"
	# one that is spelled otherwise is the same; an unknown one is ignored as often as it comes
	refuses_text "hostname.*twice" <<<"${good%\}},\"\\u0068ostname\":\"b\"}"
	process /bin/true
	good=$(jq -c . "$BUNDLE/config.json")
	echo "${good%\}},\"unknown\":1,\"unknown\":2}" >"$BUNDLE/config.json"
	runs
}

# --- the properties ----------------------------------------------------------------------------

# Each property of a config that has all of them, given a value of another type, is named by the error. (An object that
# isn't one is missed by what stands in it; null is the same as leaving it out.)
@test "a wrong type at each place of the config is named, with what was expected and found" {
	# spec: config.md#valid-values invalid-refused
	# spec: config.md#posix-process rlimits-kernel
	# jq has no integers of 64 bits
	sed -E 's/[0-9]{17,}/1/' "$PROA_SRC/tests/data/config-full.json" >"$WORK/full.json"
	jq -r 'paths | select(.[0] != "annotations" or length < 2) |
		map(if type == "number" then "[\(.)]" else ".\(.)" end) | join("")' "$WORK/full.json" >"$WORK/paths"
	[ "$(wc -l <"$WORK/paths")" -gt 300 ]
	jq -c 'paths as $p | select($p[0] != "annotations" or ($p | length) < 2) |
		setpath($p; getpath($p) | if type == "string" then 7 elif type == "number" then "seven" else "text" end)' \
		"$WORK/full.json" >"$WORK/wrong"
	while IFS=$'\t' read -r path wrong; do
		printf '%s\n' "$wrong" >"$BUNDLE/config.json"
		code=0
		proa create -b "$BUNDLE" "$ID" 2>"$WORK/err" || code=$?
		[ $code = 1 ] || fail "$path: exit code $code" "$(<"$WORK/err")"
		# a key of a map is told as ["key"]
		text=$(<"$WORK/err") text=${text//'["'/.} text=${text//'"]'/}
		[[ $text == *"config.json:1: ${path#.}: expected "*", found "* ]] || fail "$path:" "$text"
	done < <(paste "$WORK/paths" "$WORK/wrong")
	claims_nothing
}

@test "what the spec requires and the config lacks is named" {
	# spec: config.md#root root-required
	# spec: config.md#mounts mounts-destination
	# spec: config.md#process args-required
	refuses_config 'del(.ociVersion)' 'ociVersion'
	refuses_config 'del(.root)' 'root'
	refuses_config 'del(.root.path)' 'root.path'
	refuses_config '.process.args = []' 'process.args'
	refuses_config 'del(.process.args)' 'process.args'
	refuses_config '.mounts += [{type: "tmpfs"}]' 'mounts\[7\].destination'
	refuses_config '.linux.namespaces += [{}]' 'linux.namespaces\[6\].type'
	refuses_config '.process.rlimits = [{soft: 1, hard: 1}]' 'process.rlimits\[0\].type'
	refuses_config '.process.rlimits = [{type: "RLIMIT_CPU", soft: 1}]' 'process.rlimits\[0\].hard'
	refuses_config '.hooks.prestart = [{args: ["x"]}]' 'hooks.prestart\[0\].path'
	refuses_config '.linux.devices = [{type: "c", major: 1, minor: 3}]' 'linux.devices\[0\].path'
	refuses_config '.linux.devices = [{path: "/dev/x", major: 1, minor: 3}]' 'linux.devices\[0\].type'
	refuses_config '.linux.devices = [{path: "/dev/x", type: "c"}]' 'linux.devices\[0\].(major|minor)'
	refuses_config '.linux.seccomp = {syscalls: []}' 'linux.seccomp.defaultAction'
	refuses_config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{action: "SCMP_ACT_ERRNO"}]}' \
		'linux.seccomp.syscalls\[0\].names'
	refuses_config '.linux.uidMappings = [{containerID: 0, hostID: 0}]' 'linux.uidMappings\[0\].size'
}

@test "an ociVersion that isn't supported, or isn't one" {
	# spec: config.md#specification-version version-semver
	for version in 2.0.0 0.9.0 10.0.0 1 1.0 1.0.0.0 01.0.0 1.0.x v1.0.0 ' 1.0.0' 1.0.0- ''; do
		refuses_config ".ociVersion = \"$version\"" "ociVersion"
	done
	for version in 1.0.0 1.3.0 1.99.0 1.0.0-rc1 1.2.3+build; do
		config '.ociVersion = $v' --arg v "$version"
		inside /bin/true
	done
}

@test "names that nobody knows: namespace, rlimit, mount option, seccomp action and the like" {
	# spec: config.md#valid-values invalid-refused
	refuses_config '.linux.namespaces += [{type: "nosuch"}]' 'linux.namespaces\[6\].type.*"nosuch"'
	refuses_config '.linux.namespaces += [{type: "PID"}]' 'linux.namespaces\[6\].type.*"PID"'
	refuses_config '.process.rlimits = [{type: "RLIMIT_NOSUCH", soft: 1, hard: 1}]' 'process.rlimits\[0\].*RLIMIT_NOSUCH'
	refuses_config '.process.rlimits = [{type: "NOFILE", soft: 1, hard: 1}]' 'process.rlimits\[0\].*NOFILE'
	refuses_config '.mounts += [{destination: "/tmp", type: "bind", source: "/tmp", options: ["bind", "nosuch"]}]' \
		'mounts\[7\]|/tmp.*nosuch'
	refuses_config '.mounts += [{destination: "/tmp", type: "tmpfs", source: "tmpfs", options: ["nosuch"]}]' \
		'/tmp.*nosuch|nosuch.*/tmp'
	refuses_config '.mounts += [{destination: "/tmp", type: "nosuch", source: "x"}]' '/tmp.*nosuch|nosuch.*/tmp'
	refuses_config '.linux.rootfsPropagation = "nosuch"' 'linux.rootfsPropagation.*nosuch'
	refuses_config '.linux.seccomp = {defaultAction: "SCMP_ACT_NOSUCH"}' 'linux.seccomp.defaultAction.*SCMP_ACT_NOSUCH'
	refuses_config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW",
		syscalls: [{names: ["getcwd"], action: "SCMP_ACT_NOSUCH"}]}' 'linux.seccomp.syscalls\[0\].action.*SCMP_ACT_NOSUCH'
	refuses_config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_NOSUCH"]}' \
		'linux.seccomp.architectures.*SCMP_ARCH_NOSUCH'
	refuses_config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", flags: ["NOSUCH"]}' 'linux.seccomp.flags.*NOSUCH'
	refuses_config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["getcwd"],
		action: "SCMP_ACT_ERRNO", args: [{index: 0, value: 0, op: "SCMP_CMP_NOSUCH"}]}]}' 'SCMP_CMP_NOSUCH'
	refuses_config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["getcwd"],
		action: "SCMP_ACT_ERRNO", args: [{index: 6, value: 0, op: "SCMP_CMP_EQ"}]}]}' 'index'
	refuses_config '.linux.devices = [{path: "/dev/x", type: "x", major: 1, minor: 3}]' 'linux.devices\[0\].type.*"x"'
	refuses_config '.linux.resources.devices = [{allow: true, type: "x", access: "rwm"}]' 'resources.devices\[0\].type'
	refuses_config '.linux.resources.devices = [{allow: true, access: "rwx"}]' 'resources.devices\[0\].access'
	refuses_config '.linux.personality = {domain: "NOSUCH"}' 'linux.personality.domain.*NOSUCH'
	refuses_config '.process.scheduler = {policy: "SCHED_NOSUCH"}' 'process.scheduler.policy.*SCHED_NOSUCH'
	refuses_config '.process.ioPriority = {class: "NOSUCH", priority: 1}' 'process.ioPriority.class.*NOSUCH'
	refuses_config '.linux.resources.unified = {"nosuch.max": "1"}' 'nosuch'
	refuses_config '.linux.sysctl = {"nosuch.setting": "1"}' 'nosuch'
}

@test "an unknown capability is a warning in the log" {
	# spec: config.md#linux-process capabilities-warning
	config '.process.capabilities.bounding += ["CAP_NOSUCH"]'
	process /bin/true
	quiet proa --log "$WORK/log" --log-format json --log-level warning run -b "$BUNDLE" "$ID"
	equal "$(jq -r 'select(.level == "warning") | .msg' "$WORK/log" | grep -c CAP_NOSUCH)" 1
}

@test "a namespace that is given twice" {
	# spec: config-linux.md#namespaces namespace-once
	for type in pid network ipc uts mount cgroup user time; do
		refuses_config ".linux.namespaces += [{type: \"$type\"}, {type: \"$type\"}]" "linux.namespaces.*$type.*twice" ||
			fail "$type"
	done
	refuses_config '.linux.namespaces += [{type: "pid", path: "/proc/1/ns/pid"}]' 'linux.namespaces.*pid.*twice'
}

@test "a namespace to join that is none, or of another kind" {
	# spec: config-linux.md#namespaces namespace-type
	# spec: config-linux.md#namespaces namespace-path-absolute
	refuses_config '(.linux.namespaces[] | select(.type == "network")).path = "/proc/self/ns/uts"' '/proc/self/ns/uts'
	refuses_config '(.linux.namespaces[] | select(.type == "ipc")).path = "/missing/ns"' '/missing/ns'
	refuses_config '(.linux.namespaces[] | select(.type == "uts")).path = "/etc/passwd"' '/etc/passwd'
	refuses_config '(.linux.namespaces[] | select(.type == "pid")).path = "relative"' 'relative'
}

@test "a number outside its range, a limit given twice" {
	# spec: config.md#posix-process rlimits-once
	refuses_config '.process.oomScoreAdj = 1001' 'oomScoreAdj'
	refuses_config '.process.user.uid = -1' 'process.user.uid'
	refuses_config '.process.user.uid = 4294967296' 'process.user.uid'
	refuses_config '.process.user.uid = 4294967295' 'process.user.uid'
	refuses_config '.process.user.umask = 512' 'process.user.umask'
	refuses_config '.process.rlimits = [{type: "RLIMIT_CPU", soft: 2, hard: 1}]' 'process.rlimits: RLIMIT_CPU'
	refuses_config '.process.rlimits = [{type: "RLIMIT_CPU", soft: 1, hard: 1}, {type: "RLIMIT_CPU", soft: 1, hard: 1}]' \
		'process.rlimits: RLIMIT_CPU is there twice'
	for number in 1.5 1e400 18446744073709551616 -9223372036854775809; do
		cp "$WORK/good.json" "$BUNDLE/config.json"
		sed -i "s/\"uid\": 0/\"uid\": $number/" "$BUNDLE/config.json"
		refuses "process.user.uid.*$number"
	done
}

# --- the root filesystem -----------------------------------------------------------------------

@test "fewer descriptors than it takes to get to the program" {
	config '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 4, hard: 10}]'
	refused "process.rlimits: RLIMIT_NOFILE: .* 5 descriptors.* not 4"
	config '.process.rlimits[0].soft = 5'
	facts rlimits
	expect rlimit.NOFILE "5 10"
	run proa run --preserve-fds 2 -b "$BUNDLE" "$ID" 3</dev/null 4</dev/null
	has_words "RLIMIT_NOFILE: .* 7 descriptors.* not 5" "$output"
	config '.process.rlimits[0].soft = 7'
	proa run --preserve-fds 2 -b "$BUNDLE" "$ID" 3</dev/null 4</dev/null
}

@test "a rootfs that is missing, a file, or a link that leads out of the bundle" {
	# spec: config.md#root root-exists
	refuses_config '.root.path = "missing"' 'root.path|missing'
	refuses_config '.root.path = "config.json"' 'config.json'
	refuses_config '.root.path = ""' 'root.path'
	mkdir "$WORK/outside"
	ln -s "$WORK/outside" "$BUNDLE/link"
	refuses_config '.root.path = "link"' 'link'
	ln -s ../outside "$BUNDLE/link2"
	refuses_config '.root.path = "link2"' 'link2'
	ln -s link3 "$BUNDLE/link3"
	refuses_config '.root.path = "link3"' 'link3'
	equal "$(ls -A "$WORK/outside")" ""
}

# --- the program -------------------------------------------------------------------------------

@test "a program that is missing" {
	ABOUT_PROGRAM=1
	refuses_config '.process.args = ["nosuch"]' 'exec: \\?"nosuch\\?": executable file not found in \$PATH'
	refuses_config '.process.args = ["/bin/nosuch"]' 'exec: \\?"/bin/nosuch\\?": stat /bin/nosuch: no such file or directory'
	refuses_config '.process.args = ["./nosuch"]' 'exec: \\?"./nosuch\\?": stat ./nosuch: no such file or directory'
	long=$(head -c 900 /dev/zero | tr '\0' x)
	refuses_config ".process.args = [\"$long\"]" "exec: \\\\?\"$long\\\\?\": executable file not found in \\\$PATH"
	refuses_config '.process.args = ["sh"] | .process.env = []' 'exec: \\?"sh\\?": executable file not found in \$PATH'
	refuses_config '.process.args = [""]' 'exec: \\?"\\?": executable file not found in \$PATH|process.args\[0\]'
}

@test "a program that isn't executable, or is a directory" {
	ABOUT_PROGRAM=1
	refuses_config '.process.args = ["/etc/passwd"]' 'exec: \\?"/etc/passwd\\?": permission denied'
	refuses_config '.process.args = ["/etc"]' 'exec: \\?"/etc\\?": is a directory: permission denied'
	refuses_config '.process.args = ["passwd"] | .process.env = ["PATH=/etc"]' \
		'exec: \\?"passwd\\?": (permission denied|executable file not found in \$PATH)'
}

@test "a program of a wrong format fails at start, and the container can be deleted" {
	echo "no program" >"$BUNDLE/rootfs/bin/text"
	chmod 755 "$BUNDLE/rootfs/bin/text"
	process /bin/text
	create
	fails 1 "/bin/text" proa start "$ID"
	becomes stopped
	proa delete "$ID"
	nothing_left
	fails 1 "/bin/text" proa run -b "$BUNDLE" "$ID"
	nothing_left
}

@test "a working directory that is relative, can't be made, or is none" {
	# spec: config.md#process cwd-absolute
	refuses_config 'del(.process.cwd)' 'process.cwd'
	refuses_config '.process.cwd = "relative"' 'process.cwd'
	refuses_config '.process.cwd = ""' 'process.cwd'
	refuses_config '.process.cwd = "/new"' '/new'
	refuses_config '.process.cwd = "/etc/passwd"' '/etc/passwd'
	[ ! -e "$BUNDLE/rootfs/new" ]
}

@test "a working directory that isn't there is made" {
	config '.process.cwd = "/new/dir" | .root.readonly = false'
	inside /probe facts cwd
	expect cwd /new/dir
	equal "$(stat -c %a "$BUNDLE/rootfs/new/dir")" 755
}

# --- the id ------------------------------------------------------------------------------------

@test "an id that isn't one, for every command" {
	# spec: runtime.md#create create-id
	mkdir "$ROOT" "$WORK/victim"
	cd "$BUNDLE"
	long=$(head -c 2000 /dev/zero | tr '\0' a)
	for id in ../victim a/b / . .. "" "a b" $'a\nb' $'a\tb' $'a\x1b[31m' $'\xff' é a:b @ 'a*' "$long"; do
		for command in create run state start kill delete "delete --force" pause resume ps; do
			code=0
			# shellcheck disable=SC2086 # the flags are words of their own
			proa $command -- "$id" 2>"$WORK/err" || code=$?
			[ $code = 1 ] || fail "exit code $code: $command '$id'"
			[[ $(<"$WORK/err") == *"invalid container ID format"* ]] || fail "$command '$id'" "$(<"$WORK/err")"
			[[ $(<"$WORK/err") != *$'\x1b'* ]]
		done
		fails 255 "invalid container ID format" proa exec "$id" true
	done
	[ -d "$WORK/victim" ]
	claims_nothing
}

@test "an id with all that is allowed" {
	process /bin/true
	for id in a 0 _ + - -x a.b ..a "$(head -c 200 /dev/zero | tr '\0' z)"; do
		proa run -b "$BUNDLE" -- "$id" || fail "$id"
	done
}

# --- the state ---------------------------------------------------------------------------------

# Rows: what the container is, the command, its exit code, words of the error (- for none).
@test "each command on a container in each state" {
	# spec: runtime.md#start start-only-created
	# spec: runtime.md#kill kill-only-alive
	# spec: runtime.md#delete delete-only-stopped
	waits
	while read -r now command code words; do
		bring_to "$now"
		before=$(status_and_pid)
		case $command in
		exec) set -- exec "$ID" /bin/true ;;
		create | run) set -- "$command" -b "$BUNDLE" "$ID" ;;
		kill) set -- kill "$ID" 0 ;;
		*) set -- "$command" "$ID" ;;
		esac
		fails "$code" "$words" proa "$@" || fail "$command of a $now container"
		equal "$(status_and_pid)" "$before" "after $command of a $now container:"
	done <<-'END'
		created create 1 already exists
		created run 1 already exists
		created resume 1 not paused
		running create 1 already exists
		running start 1 already running
		running delete 1 not stopped: running
		running resume 1 not paused
		paused create 1 already exists
		paused start 1 paused
		paused delete 1 not stopped: paused
		paused pause 1 paused
		paused exec 255 paused
		stopped create 1 already exists
		stopped run 1 already exists
		stopped start 1 stopped
		stopped kill 1 container not running: no such process
		stopped pause 1 not running
		stopped resume 1 not paused
		stopped exec 255 not running
	END
}

status_and_pid() {
	proa state "$ID" | jq -r '.status + " " + (.pid | tostring)'
}

# bring_to STATUS: from where it was left last time
bring_to() {
	[ "$1" != "${last-}" ] || return 0
	last=$1
	quiet proa delete --force "$ID"
	create
	[ "$1" = created ] || proa start "$ID"
	case $1 in
	paused) proa pause "$ID" ;;
	stopped) proa kill "$ID" KILL ;;
	esac
	becomes "$1"
}

# Init is dead, and can't be reaped before a process is that came in from outside: for so long it has a pid and no namespaces.
@test "a container whose init is about to end: nothing enters it, looks into it or pauses it" {
	up_and_waiting
	pid=$(init_pid)
	background nsenter -F -t "$pid" -p bash -c 'sleep 1000 & exec sleep 1000'
	eventually holds_a_child "$!" || fail "$(<"$WORK/background.err")"
	proa kill "$ID" KILL
	eventually [ ! -e "/proc/$pid/ns/mnt" ]
	echo '[]' >"$WORK/mounts"
	fails 255 "container not running: no such process" proa exec "$ID" /bin/true
	fails 1 "container not running: no such process" proa mounts list "$ID"
	fails 1 "container not running: no such process" proa pause "$ID"
	fails 1 "not paused" proa resume "$ID"
	kill -KILL "$!"
	becomes stopped
}

# holds_a_child PID: it is the program that doesn't reap its child
holds_a_child() {
	[[ $(tr '\0' ' ' <"/proc/$1/cmdline") == "sleep 1000 " && -n $(<"/proc/$1/task/$1/children") ]]
}

@test "a created container can be paused and resumed" {
	waits
	create
	proa pause "$ID"
	is paused
	# as many as may wait in line for an init that doesn't answer
	for _ in {1..12}; do
		timeout 10 "$RUNTIME" --root "$ROOT" state "$ID" >/dev/null
	done
	proa resume "$ID"
	is created
	proa start "$ID"
	wait_for_output waiting
}

@test "the state of an init that was stopped is known" {
	waits
	create
	proa kill "$ID" STOP
	for _ in {1..12}; do
		equal "$(timeout 10 "$RUNTIME" --root "$ROOT" state "$ID" | jq -r .status)" created
	done
	proa kill "$ID" CONT
	proa start "$ID"
	wait_for_output waiting
}

# --- the state directory -----------------------------------------------------------------------

@test "a state directory that can't be written" {
	mkdir "$WORK/ro"
	mount -t tmpfs -o ro tmpfs "$WORK/ro"
	cleanup "umount '$WORK/ro'"
	fails 1 "$WORK/ro" "$RUNTIME" --root "$WORK/ro/state" create -b "$BUNDLE" "$ID"
	lacks_programs_words "$stderr"
	fails 1 "$ID|$WORK/ro" "$RUNTIME" --root "$WORK/ro" create -b "$BUNDLE" "$ID"
	lacks_programs_words "$stderr"
	fails 1 "$ID|$WORK/ro" "$RUNTIME" --root "$WORK/ro" run -b "$BUNDLE" "$ID"
	fails 1 "" "$RUNTIME" --root "" create -b "$BUNDLE" "$ID"
	fails 1 "" "$RUNTIME" --root / create -b "$BUNDLE" "$ID"
}

# full_root PAGES INODES: the state root is a tmpfs that has just this much room
full_root() {
	mkdir -p "$ROOT"
	mount -t tmpfs -o "size=$(($1 * 4))k,nr_inodes=$(($2 + 1))" tmpfs "$ROOT"
}

@test "a disk that is full while the state is written" {
	waits
	enough=none
	for room in "1 1" "1 2" "1 3" "1 4" "1 5" "1 20" "2 20" "3 20" "64 1" "64 2" "64 3" "64 4" "64 5"; do
		# shellcheck disable=SC2086 # two numbers
		full_root $room
		code=0
		proa --log "$WORK/log" create -b "$BUNDLE" "$ID" </dev/null >"$WORK/out" 2>"$WORK/err" || code=$?
		if [ $code = 0 ]; then
			enough=$room
			proa delete --force "$ID"
		else
			equal $code 1 "$room:"
			has_words "No space left" "$(cat "$WORK/err")"
			lacks_programs_words "$(cat "$WORK/err")"
		fi
		claims_nothing || fail "with $room"
		umount "$ROOT"
		rmdir "$ROOT"
	done
	# it was the lack of room that failed, and some of it was enough
	has_words "20|64" "$enough"
}

@test "a disk that is full when the pid file is written" {
	mkdir "$WORK/full"
	mount -t tmpfs -o "size=4k,nr_inodes=1" tmpfs "$WORK/full"
	cleanup "umount '$WORK/full'"
	refuses "pid.*No space left" --pid-file "$WORK/full/pid"
	refuses "$WORK/no" --pid-file "$WORK/no/pid"
}

@test "a log that can't take any more doesn't hide the error" {
	mkdir "$WORK/full"
	mount -t tmpfs -o "size=4k" tmpfs "$WORK/full"
	cleanup "umount '$WORK/full'"
	dd if=/dev/zero of="$WORK/full/fill" bs=4k count=1 status=none
	fails 1 "does not exist" proa --log "$WORK/full/log" state missing
	process /bin/true
	# a trace that can't be written must not fail the command
	quiet proa --trace "$WORK/full/trace" run -b "$BUNDLE" "$ID"
}

@test "a state that was damaged is told, listed, and can be deleted by force" {
	waits
	for text in '' '{' '[]' '{"version": 1}' "$(head -c 1000 /dev/zero | tr '\0' '[')"; do
		create
		printf '%s' "$text" >"$ROOT/$ID/state.json"
		for command in state start kill delete pause; do
			fails 1 "$ID" proa $command "$ID"
		done
		equal "$(proa list -q)" "$ID"
		proa delete --force "$ID" || fail "state '${text:0:20}'"
		nothing_left
	done
}

# left_behind: what a create leaves that is killed before it has noted anything, and a delete that was almost done
left_behind() {
	mkdir -m 700 "$ROOT/$ID"
	[ "$1" = nothing ] || : >"$ROOT/$ID/lock"
	[ "$1" != more ] || cp "$BUNDLE/config.json" "$ROOT/$ID/"
}

@test "a directory without a state is no container, and in nobody's way" {
	waits
	mkdir -m 700 "$ROOT"
	for what in nothing lock more; do
		left_behind $what
		for command in state start kill pause resume ps update; do
			fails 1 "container does not exist" proa $command "$ID" || fail "$command with $what"
		done
		fails 255 "container does not exist" proa exec "$ID" /bin/true
		equal "$(proa list -f json)" "[]"
		equal "$(proa list -q)" ""
		proa delete "$ID" || fail "delete with $what"
		nothing_left
		left_behind $what
		proa delete --force "$ID"
		nothing_left
		left_behind $what
		create || fail "create with $what"
		is created
		proa delete "$ID"
		nothing_left
	done
}

@test "what another runtime or somebody else keeps in the state root is left as it is" {
	local before others=$ROOT/$ID files file command
	waits
	mkdir -m 700 "$ROOT"
	# runc's, crun's, somebody's
	for files in "state.json" "status config.json exec.fifo" "file" "lock file" "lock state.json file"; do
		mkdir -m 700 "$others"
		for file in $files; do echo '{"id": "'"$ID"'"}' >"$others/$file"; done
		before=$(stat -c '%n %i %s' "$others"/*)
		for command in delete "delete --force" "create -b $BUNDLE"; do
			# shellcheck disable=SC2086 # the flags are words of their own
			fails 1 "another runtime use the same --root|already exists: $ID|state of container $ID" proa $command "$ID" || fail "$command with $files"
		done
		for command in state start kill pause; do
			fails 1 "$ID" proa $command "$ID" || fail "$command with $files"
		done
		equal "$(stat -c '%n %i %s' "$others"/*)" "$before" "$files:"
		rm -r "$others"
	done
	mkdir -m 700 "$others"
	touch "$others/state.json"
	equal "$(proa list --format json)" "[]"
	equal "$(proa list --quiet)" ""
	rm -r "$others"
}

# older_state: as the first build that kept one wrote it; what was added since is not in it
older_state() {
	local state=$ROOT/$ID/state.json
	jq -c '{version: 1, id, ociVersion, bundle, rootfs, created, ownerUid, pid, pidStart, cgroupManager, cgroupPath, cgroupCreated,
		hasPoststart, hasPoststop, namespaces}' "$state" >"$WORK/older"
	cp "$WORK/older" "$state"
}

@test "a container of an older proa: all commands know it" {
	waits
	proa create -b "$BUNDLE" "$ID" </dev/null >"$WORK/log" 2>&1
	older_state
	is created
	proa start "$ID"
	older_state
	is running
	run --separate-stderr proa exec "$ID" /probe facts uid
	equal "$output" "uid 0 0 0 0"
	proa pause "$ID"
	is paused
	proa resume "$ID"
	run --separate-stderr proa ps -f json "$ID"
	equal "$output" "[$(init_pid)]"
	run --separate-stderr proa events --stats "$ID"
	equal "$(jq -r .id <<<"$output")" "$ID"
	proa kill "$ID" KILL
	becomes stopped
	proa delete "$ID"
	nothing_left
}

@test "a state that a newer proa wrote is left to that" {
	up_and_waiting
	cp "$ROOT/$ID/state.json" "$WORK/state.json"
	sed -i 's/"version":[0-9]*/"version":9999/' "$ROOT/$ID/state.json"
	for command in state kill "delete --force"; do
		# shellcheck disable=SC2086 # the flags are words of their own
		fails 1 "$ID.*newer proa" proa $command "$ID"
	done
	# nor does it hide the others
	make_bundle "$WORK/second" "$ID.2"
	quiet proa create -b "$WORK/second" "$ID.2"
	run --separate-stderr proa list
	equal "$status" 1
	has_words "$ID: .*newer proa" "$stderr"
	equal "$(awk 'NR > 1 { print $1, $3 }' <<<"$output")" "$ID.2 created"
	equal "$(proa list -q)" "$ID
$ID.2"
	cp "$WORK/state.json" "$ROOT/$ID/state.json"
	is running
}

@test "what lies beside the containers in the state directory is no container" {
	up_and_waiting
	touch "$ROOT/file"
	mkdir "$ROOT/with space" "$ROOT/.@hidden"
	ln -s "$WORK" "$ROOT/link"
	equal "$(proa list -q)" "$ID"
	for id in file link; do
		fails 1 "$id" proa state "$id"
		fails 1 "$id" proa kill "$id"
	done
	fails 1 "link" proa delete link
	[ -d "$WORK" ]
	rm -r "$ROOT/file" "$ROOT/link" "$ROOT/with space" "$ROOT/.@hidden"
}
