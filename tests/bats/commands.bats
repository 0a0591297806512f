#!/usr/bin/env bats
# lane: native
# lane-long: vm
# tier: quick
# What has no container: the global options, version, help, spec, features, wrong usage.

load helpers

@test "--version: the first lines are as engines read them" {
	require proa
	for flag in --version -v -V; do
		run --separate-stderr "$RUNTIME" $flag
		equal "$status" 0
		[[ ${lines[0]} =~ ^"proa version "[0-9]+\.[0-9]+ ]]
		[[ ${lines[1]} == "commit: "* ]]
		[[ ${lines[2]} =~ ^"spec: 1."[0-9]+\.[0-9]+ ]]
		[ ${#lines[@]} -ge 4 ]
		has_words "seccomp" "$output"
		equal "$stderr" ""
	done
}

@test "--help of proa and of each command exits with 0" {
	require proa
	for flag in --help -h '-?' --usage; do
		run --separate-stderr "$RUNTIME" $flag
		equal "$status" 0
		for command in create start state run exec kill delete list ps pause resume update spec features; do
			has_words "\\b$command\\b" "$output"
		done
	done
	for command in create start state run exec kill delete list ps pause resume update spec features; do
		run --separate-stderr "$RUNTIME" $command --help
		equal "$status" 0 "$command:"
		has_words "$command" "$output"
		equal "$stderr" "" "$command:"
	done
}

@test "wrong usage exits with 1 and names what is wrong" {
	require proa
	fails 1 "nosuch" "$RUNTIME" nosuch
	fails 1 "nosuch" "$RUNTIME" --nosuch list
	fails 1 "" "$RUNTIME"
	for command in create start state run kill delete list ps pause resume update spec features; do
		fails 1 "nosuch" proa $command --nosuch x
	done
	fails "1|255" "nosuch" proa exec --nosuch x y
	fails 1 "bundle" proa create --bundle
	fails 1 "preserve-fds" proa run --preserve-fds=x "$ID"
	fails 1 "preserve-fds" proa run --preserve-fds=-1 "$ID"
	fails 1 "" proa state one two
	fails 1 "" proa start one two
}

@test "an option that wants a value says so in the words that Podman looks for" {
	require proa
	run proa create --bundle
	has_words "flag needs an argument|requires an argument" "$output"
}

@test "--root: made when it is missing, only for its owner" {
	waits
	create
	equal "$(stat -c %a "$ROOT" | tail -c 4 | head -c 3)" 700
}

@test "a kernel before 5.14 is refused with a sentence" {
	process /bin/true
	# uname(2) says 2.6 then, as to old programs (personality(2), UNAME26)
	fails 1 "kernel.*2\\.6.*5\\.14|5\\.14.*2\\.6" setarch --uname-2.6 "$RUNTIME" --root "$ROOT" run -b "$BUNDLE" "$ID"
	nothing_left
}

@test "without --root the state is below /run/proa, a user's below XDG_RUNTIME_DIR, else the error names --root" {
	waits
	quiet env "PROA_TEST=$TAG" "$RUNTIME" create -b "$BUNDLE" "$ID"
	cleanup "'$RUNTIME' delete --force '$ID'"
	[ -d "/run/proa/$ID" ]
	mkdir "$WORK/run"
	chown 2000 "$WORK/run"
	reachable=$(reachable_runtime)
	as_user() {
		setpriv --reuid 2000 --regid 2000 --clear-groups env "PROA_TEST=$TAG" "$@"
	}
	# how far it comes depends on the machine; the claim on the id is before that
	config '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 2000, size: 1}] |
		.linux.gidMappings = .linux.uidMappings | del(.linux.cgroupsPath)'
	as_user "XDG_RUNTIME_DIR=$WORK/run" "$reachable" create -b "$BUNDLE" "$ID" </dev/null >"$WORK/out" 2>"$WORK/err" || true
	equal "$(stat -c %a "$WORK/run/proa")" 1700
	as_user "XDG_RUNTIME_DIR=$WORK/run" "$reachable" delete --force "$ID"
	fails 1 "--root" as_user env -u XDG_RUNTIME_DIR "$reachable" list
}

@test "--root that can't be written is an error that names it" {
	fails 1 "/proc/state" "$RUNTIME" --root /proc/state create -b "$BUNDLE" "$ID"
	echo file >"$WORK/file"
	fails 1 "$WORK/file" "$RUNTIME" --root "$WORK/file" create -b "$BUNDLE" "$ID"
	nothing_left
}

@test "--log gets errors, and stderr too" {
	fails 1 "missing" proa --log "$WORK/log" state missing
	has_words "missing" "$(cat "$WORK/log")"
	equal "$(wc -l <"$WORK/log")" 1
}

# Who reads it sees its end once: it is opened by the process that does the work, and by no other.
@test "--log and --trace may be pipes that somebody reads" {
	mkfifo "$WORK/log" "$WORK/trace"
	for tool in log trace; do cat "$WORK/$tool" >"$WORK/$tool.read" & done
	timeout 60 "$PROA" --root "$ROOT" --debug --log "$WORK/log" --trace "$WORK/trace" run -b "$BUNDLE" "$ID"
	equal "$(grep -c '"command line"' "$WORK/trace.read")" 1
}

@test "--log-format json: one object per error, as engines decode it" {
	for lines_wanted in 1 2; do
		fails 1 "missing" proa --log "$WORK/log.json" --log-format json state missing
		equal "$(wc -l <"$WORK/log.json")" $lines_wanted
	done
	equal "$(jq -r .level "$WORK/log.json" | sort -u)" error
	has_words "does not exist" "$(jq -r .msg "$WORK/log.json")"
	while read -r time; do
		[[ $time =~ ^[0-9-]{10}T[0-9:]{8}(\.[0-9]+)?(Z|[+-][0-9:]{5})$ ]]
	done < <(jq -r .time "$WORK/log.json")
}

@test "a command that succeeds writes nothing to the log and nothing to stderr" {
	waits
	quiet proa --log "$WORK/log" --log-format json run -d -b "$BUNDLE" "$ID"
	quiet proa --log "$WORK/log" --log-format json delete --force "$ID"
	equal "$(cat "$WORK/err")" ""
	[ ! -s "$WORK/log" ]
}

@test "the log is appended to, and made with mode 0644" {
	echo before >"$WORK/log"
	fails 1 "" proa --log "$WORK/log" state missing
	equal "$(head -n 1 "$WORK/log")" before
	umask 022
	fails 1 "" proa --log "$WORK/new" state missing
	equal "$(stat -c %a "$WORK/new")" 644
}

@test "--log that can't be written is an error" {
	fails 1 "$WORK/no/log" proa --log "$WORK/no/log" state missing
}

@test "--log file:PATH, syslog:ID and journald:ID" {
	fails 1 "missing" proa --log "file:$WORK/log" state missing
	has_words "missing" "$(<"$WORK/log")"
	# where both have their sockets: a place of our own is mounted on it
	mkdir -p /run/systemd/journal
	cat >"$WORK/script" <<-'END'
		mount -t tmpfs tmpfs /run/systemd/journal
		for socket in socket dev-log; do
			"$TERM_TOOL" notify "/run/systemd/journal/$socket" >"$WORK/$socket" 3>&- &
			until [ -S "/run/systemd/journal/$socket" ]; do sleep 0.02; done
		done
		"$PROA" --log journald:ours state missing
		"$PROA" --log syslog:ours state missing
		for socket in socket dev-log; do
			until grep -qs missing "$WORK/$socket"; do sleep 0.02; done
		done
		kill $(jobs -p)
	END
	[ -e /dev/log ] || { ln -s /run/systemd/journal/dev-log /dev/log && cleanup "rm /dev/log"; }
	TERM_TOOL=$TERM_TOOL WORK=$WORK PROA=$RUNTIME timeout 30 unshare -m --propagation private bash "$WORK/script" 2>"$WORK/err"
	equal "$(head -n 3 "$WORK/socket")" \
		$'message PRIORITY=3\nSYSLOG_IDENTIFIER=ours\nMESSAGE=container does not exist: missing'
	has_words '^message <27>.* ours\[[0-9]+\]: container does not exist: missing' "$(<"$WORK/dev-log")"
}

@test "--log-format refuses another format" {
	fails 1 "nosuch|format" proa --log-format nosuch list
}

@test "--debug tells more, at other levels than error" {
	require proa
	process /bin/true
	quiet proa --debug --log "$WORK/log" --log-format json run -b "$BUNDLE" "$ID"
	[ -s "$WORK/log" ]
	equal "$(jq -r 'select(.level == "error").msg' "$WORK/log")" ""
	has_words debug "$(jq -r .level "$WORK/log" | sort -u)"
}

@test "--log-level warning adds warnings" {
	require proa
	config '.process.capabilities.bounding += ["CAP_NOSUCH"]'
	process /bin/true
	quiet proa --log "$WORK/log" --log-format json --log-level warning run -b "$BUNDLE" "$ID"
	equal "$(jq -r .level "$WORK/log")" warning
	quiet proa --log "$WORK/log.2" --log-format json --log-level error run -b "$BUNDLE" "$ID"
	[ ! -s "$WORK/log.2" ]
	fails 1 "nosuch" proa --log-level nosuch list
}

@test "what engines pass on for other runtimes is accepted without effect" {
	require proa
	process /bin/echo fine
	run --separate-stderr proa --criu /usr/sbin/criu --rootless=false run -b "$BUNDLE" "$ID"
	equal "$status:$output" 0:fine
	run --separate-stderr proa --rootless auto run -b "$BUNDLE" "$ID"
	equal "$status:$output" 0:fine
	waits
	quiet proa create --detach -b "$BUNDLE" "$ID"
	is created
	execs --no-subreaper /bin/echo fine
	equal "$output" fine
}

@test "kill and delete --regex" {
	require proa
	waits
	make_bundle "$WORK/second" "$ID.2"
	cp "$BUNDLE/config.json" "$WORK/config.json"
	up
	BUNDLE=$WORK/second
	waits
	quiet proa run -d -b "$BUNDLE" "$ID.2"
	proa kill --regex "^ct-.*\\.2$" KILL
	becomes stopped "$ID.2"
	is running
	proa delete --regex "^ct-.*\\.2$"
	equal "$(proa list -q)" "$ID"
	proa delete --force -r '.*'
	equal "$(proa list -q)" ""
	fails 1 "\\(" proa delete --regex '('
}

@test "--trace writes what happened when, in which process" {
	require proa
	process /bin/true
	quiet proa --trace "$WORK/trace" run -b "$BUNDLE" "$ID"
	[ "$(wc -l <"$WORK/trace")" -ge 5 ]
	equal "$(jq -c 'select((.phase | type) != "string" or (.us | type) != "number" or (.process | type) != "string")' "$WORK/trace")" ""
	has_words "^parent$" "$(jq -r .process "$WORK/trace")"
	has_words "^init$" "$(jq -r .process "$WORK/trace")"
	# what one process writes is in the order of time
	equal "$(jq -s '[group_by(.process)[] | map(.us) | . == sort] | all' "$WORK/trace")" true
}

@test "without a bus the systemd manager is refused with a sentence, everywhere it can be asked for" {
	require proa
	config '.linux.cgroupsPath = "system.slice:proa:test"'
	export DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nosuch
	fails 1 "systemd.*--cgroup-manager cgroupfs" proa --systemd-cgroup create -b "$BUNDLE" "$ID"
	fails 1 "systemd.*--cgroup-manager cgroupfs" proa --cgroup-manager systemd create -b "$BUNDLE" "$ID"
	fails 1 "nosuch" proa --cgroup-manager nosuch list
	nothing_left
}

@test "spec writes a config that runs" {
	run --separate-stderr proa spec -b "$WORK"
	equal "$status" 0
	equal "$output$stderr" ""
	jq '.process.args = ["/probe", "facts", "uid", "uts"] | .process.terminal = false' \
		"$WORK/config.json" >"$BUNDLE/config.json"
	config '.linux.cgroupsPath = "/" + $i' --arg i "$ID"
	runs
	expect uid "0 0 0 0"
}

@test "spec writes to where it is called, and never over a config that is there" {
	mkdir "$WORK/here"
	cd "$WORK/here"
	proa spec
	[ -s config.json ]
	echo mine >config.json
	fails 1 "config.json" proa spec
	equal "$(cat config.json)" mine
}

@test "spec's config isolates and confines as runc's does" {
	# tests/data/config.json was taken from there
	proa spec -b "$WORK"
	for path in .root .mounts .linux.namespaces .linux.resources .linux.readonlyPaths \
		.process.cwd .process.env .process.rlimits .process.noNewPrivileges; do
		equal "$(jq -Sc "$path" "$WORK/config.json")" "$(jq -Sc "$path" "$PROA_SRC/tests/data/config.json")" "$path"
	done
	equal "$(jq -c '$theirs[0].linux.maskedPaths - .linux.maskedPaths' "$WORK/config.json" \
		--slurpfile theirs "$PROA_SRC/tests/data/config.json")" '[]'
	equal "$(jq -Sc '.process.capabilities | .bounding, .effective, .permitted' "$WORK/config.json" | sort -u)" \
		'["CAP_AUDIT_WRITE","CAP_KILL","CAP_NET_BIND_SERVICE"]'
}

@test "spec --file" {
	require proa
	proa spec -b "$WORK" --file other.json
	[ -s "$WORK/other.json" ]
	[ ! -e "$WORK/config.json" ]
}

@test "spec --rootless is for a caller without privileges" {
	proa spec --rootless -b "$WORK"
	equal "$(jq -r '.linux.namespaces[].type' "$WORK/config.json" | grep -c user)" 1
	equal "$(jq -c '.linux.uidMappings' "$WORK/config.json")" "[{\"containerID\":0,\"hostID\":$(id -u),\"size\":1}]"
	equal "$(jq -c '.linux.resources' "$WORK/config.json")" null
}

@test "features is a document as the spec describes it" {
	# spec: features.md#specification-version features-min
	# spec: features.md#specification-version features-max
	require proa
	run --separate-stderr "$RUNTIME" features
	equal "$status" 0
	equal "$stderr" ""
	features=$output
	process /bin/true
	for field in ociVersionMin ociVersionMax; do
		config '.ociVersion = $v' --arg v "$(jq -r .$field <<<"$features")"
		runs
	done
	equal "$(jq -c '.hooks | sort' <<<"$features")" \
		'["createContainer","createRuntime","poststart","poststop","prestart","startContainer"]'
	equal "$(jq -c '.linux.namespaces | sort' <<<"$features")" \
		'["cgroup","ipc","mount","network","pid","time","user","uts"]'
	equal "$(jq -c '[.linux.cgroup.v1, .linux.cgroup.v2]' <<<"$features")" '[false,true]'
	equal "$(jq -c '.linux.seccomp.enabled' <<<"$features")" true
	equal "$(jq -c '[.linux.seccomp[] | arrays | length > 0] | all' <<<"$features")" true
	equal "$(jq '.linux.capabilities | length >= 41' <<<"$features")" true
	equal "$(jq '[.mountOptions | index("rro", "idmap", "nosymfollow", "bind")] | all' <<<"$features")" true
}

@test "features needs nothing: no root, no /proc, no state" {
	require proa
	expected=$("$RUNTIME" features)
	run --separate-stderr setpriv --reuid 65534 --clear-groups env -i "$(reachable_runtime)" features
	equal "$status" 0
	equal "$output" "$expected"
	[ -z "${ASAN_OPTIONS-}" ] || return 0 # a leak checker does need /proc
	run --separate-stderr unshare -m sh -c 'umount -l /proc; exec "$1" features' sh "$RUNTIME"
	equal "$status" 0
	equal "$output" "$expected"
}

@test "features opens nothing of the host" {
	require proa strace
	[ -z "${ASAN_OPTIONS-}" ] || return 0 # a leak checker does
	strace -f -o "$WORK/calls" -e trace=%file,%network,seccomp "$RUNTIME" features >"$WORK/features"
	jq -e .linux "$WORK/features" >/dev/null
	# its own path, and what the dynamic loader wants
	equal "$(grep -vE ' (execve|exit_group)\(| \+\+\+ |readlink\("/proc/self/exe"|"/etc/ld\.so|"(/usr)?/lib' "$WORK/calls")" ""
}

@test "features: the runtime accepts each mount option that it lists" {
	# spec: features.md#mount-options features-options
	require proa
	mkdir "$WORK/src"
	process /bin/true
	for option in $("$RUNTIME" features | jq -r '.mountOptions[]'); do
		case $option in
		idmap | ridmap) continue ;; # they need a user namespace
		tmpcopyup) mount='{destination: "/tmp", type: "tmpfs", source: "tmpfs", options: [$o]}' ;;
		remount) mount='{destination: "/dev/shm", type: "tmpfs", options: [$o, "nosuid"]}' ;;
		*) mount='{destination: "/tmp", type: "none", source: $s, options: ["rbind", $o]}' ;;
		esac
		config ".mounts = .mounts[:7] + [$mount]" --arg s "$WORK/src" --arg o "$option"
		runs || fail "$option"
	done
}
