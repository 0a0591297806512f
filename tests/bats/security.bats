#!/usr/bin/env bats
# lane: native
# tier: quick
# What a container must not get at: the runtime's executable and memory, what is open in it, the host through links that
# its image brings. Each attack is made by a container that has all capabilities, where that helps it.

load helpers
load security

setup() {
	common_setup
	make_sentinel
}

# reads FILE...: the container is to print the beginning of each
reads() {
	# shellcheck disable=SC2016 # the inner shell expands it
	tried /bin/sh -c 'for file; do [ -p "$file" ] || head -c 100 "$file"; done; :' sh "$@"
}

# tried ARG...: the container either can't be made, with an error and nothing left, or runs; it never gets at the host
tried() {
	process "$@"
	run --separate-stderr proa run -b "$BUNDLE" "$ID"
	[ "$status" -le 1 ] || fail "exit code $status" "$stderr" || return
	[ "$status" = 0 ] || [ -n "$stderr" ] || fail "an error without words" || return
	[[ $output != *secret-of-the-host* ]] || fail "the container read the host's file" || return
	host_unharmed
}

# neighbour: a second bundle, whose container joins the pid namespace of the first, which is running
neighbour() {
	NEIGHBOUR=$WORK/neighbour
	make_bundle "$NEIGHBOUR" "$ID.2" "$WORK"
	cp "$BUNDLE/config.json" "$NEIGHBOUR/config.json"
	BUNDLE=$NEIGHBOUR config '(.linux.namespaces[] | select(.type == "pid")).path = $p | .linux.cgroupsPath = $c' \
		--arg p "/proc/$(init_pid)/ns/pid" --arg c "/$ID.2"
}

# --- the executable (CVE-2019-5736) --------------------------------------------------------------

# attacked: a container with all capabilities tries to write to the executable of each process that it sees but its own,
# until "stop" is there; the runtime is a copy, which may be ruined
attacked() {
	require proa
	cp "$RUNTIME" "$WORK/proa"
	RUNTIME=$WORK/proa
	sum=$(sha256sum <"$RUNTIME")
	cp "$(command -v busybox)" "$WORK/victim"
	touch "$BUNDLE/rootfs/busybox-victim"
	privileged
	config '.mounts += [{destination: "/busybox-victim", type: "bind", source: $v, options: ["bind", "ro"]}]' --arg v "$WORK/victim"
	process /probe overwrite /tmp/stop /probe /bin/busybox
	up
	wait_for_output looking
}

# withstood: it reached what it was to reach, and could write to a file that isn't protected, but not to the runtime
withstood() {
	# a file whose mount is only read-only, to see that the attack is one
	proa exec "$ID" /busybox-victim sleep 0.1
	touch "$BUNDLE/rootfs/tmp/stop"
	wait_for_output 'written /busybox-victim'
	becomes stopped
	grep -v /busybox-victim "$WORK/out" >"$WORK/result"
	[ "$(grep -c ^reached "$WORK/result")" -ge 1 ] || fail "nothing of the runtime was reached" "$(cat "$WORK/out")"
	equal "$(grep -c ^written "$WORK/result")" 0 "$(cat "$WORK/out")"
	equal "$(grep -c ^kept "$WORK/result")" "$(grep -c ^reached "$WORK/result")"
	[ "$(head -c 2 "$WORK/victim")" = '#!' ]
	equal "$(sha256sum <"$RUNTIME")" "$sum"
	proa list >/dev/null
}

@test "CVE-2019-5736: the executable can't be written to through an init that waits for start, nor when that has ended" {
	attacked
	neighbour
	quiet_neighbour create
	eventually grep -q ^reached "$WORK/out"
	proa delete "$ID.2"
	sleep 0.1
	withstood
}

# quiet_neighbour COMMAND: not into the files of the first
quiet_neighbour() {
	proa "$1" -b "$NEIGHBOUR" "$ID.2" </dev/null >"$WORK/out2" 2>"$WORK/err2" 3>&-
}

@test "CVE-2019-5736: the executable can't be written to through a process of exec" {
	attacked
	for _ in {1..40}; do
		proa exec "$ID" /bin/true 3>&-
		! grep -q ^reached "$WORK/out" || break
	done
	withstood
}

@test "CVE-2019-5736: the executable can't be written to through a program that is #!/proc/self/exe" {
	attacked
	neighbour
	for rootfs in "$BUNDLE/rootfs" "$NEIGHBOUR/rootfs"; do
		printf '#!/proc/self/exe\n' >"$rootfs/evil"
		chmod 755 "$rootfs/evil"
	done
	for _ in {1..10}; do
		run proa exec "$ID" /evil
		[ "$status" != 0 ]
	done
	BUNDLE=$NEIGHBOUR process /evil
	for _ in {1..3}; do
		run proa run -b "$NEIGHBOUR" "$ID.2"
		[ "$status" != 0 ]
	done
	withstood
}

# --- what is open (CVE-2024-21626) ---------------------------------------------------------------

# with_open_files COMMAND...: by a caller that has directories and files of the host open, up to 40
with_open_files() {
	local fd
	for fd in {5..40}; do eval "exec $fd<'$SENTINEL'"; done
	"$@"
	for fd in {5..40}; do eval "exec $fd<&-"; done
}

fds_are() {
	equal "$(fact fd | awk '{ print $1 }' | xargs)" "$1" "$output"
	[[ $output != *"$WORK"* ]] || fail "of the host:" "$output"
}

@test "CVE-2024-21626: run: nothing is open but 0, 1 and 2, and what was asked for" {
	with_open_files facts fds
	fds_are "0 1 2"
	process /probe facts fds
	output=$(proa run --preserve-fds 2 -b "$BUNDLE" "$ID" 3</dev/null 4</dev/zero)
	fds_are "0 1 2 3 4"
}

@test "CVE-2024-21626: exec: nothing is open but 0, 1 and 2, and what was asked for" {
	up_and_waiting
	with_open_files execs /probe facts fds
	fds_are "0 1 2"
}

@test "hooks: nothing is open but 0, 1 and 2" {
	config '.root.readonly = false | .hooks = {
		createContainer: [{path: $p, args: ["sh", "-c", "exec \($p) facts fds >\($w)/createContainer"]}],
		createRuntime: [{path: $p, args: ["sh", "-c", "exec \($p) facts fds >\($w)/createRuntime"]}],
		startContainer: [{path: "/probe", args: ["sh", "-c", "exec /probe facts fds >/startContainer"]}]} |
		.hooks[][].path = "/bin/sh"' --arg p "$PROA_BUILD/tests/probe" --arg w "$WORK"
	process /bin/true
	with_open_files runs
	for kind in createRuntime createContainer; do
		equal "$(awk '$1 == "fd" { print $2 }' "$WORK/$kind" | xargs)" "0 1 2" "$kind: $(cat "$WORK/$kind")"
	done
	equal "$(awk '$1 == "fd" { print $2 }' "$BUNDLE/rootfs/startContainer" | xargs)" "0 1 2"
}

@test "CVE-2024-21626: a working directory through /proc/self/fd is refused, whatever is open" {
	with_open_files cwds_refused
	host_unharmed
}

cwds_refused() {
	local n
	config '.process.cwd = "/proc/self/fd/NNN"'
	cp "$BUNDLE/config.json" "$WORK/config.json"
	for n in {3..40}; do
		sed "s/NNN/$n/" "$WORK/config.json" >"$BUNDLE/config.json"
		! proa run -b "$BUNDLE" "$ID" 2>"$WORK/err" 3>&- || fail "/proc/self/fd/$n" || return
		has_words "cwd" "$(<"$WORK/err")" || return
	done
	for path in /proc/self/fd/7/dir /proc/thread-self/fd/7 /dev/fd/7 /proc/1/fd/7 /proc/self/cwd /proc/self/root/..; do
		config ".process.cwd = \"$path\""
		reads ../file file ../../file
	done
	ln -s /proc/self/fd/7 "$BUNDLE/rootfs/link"
	config '.process.cwd = "/link"'
	fails 1 "cwd" proa run -b "$BUNDLE" "$ID"
	# one that really is open, for the program
	config '.process.cwd = "/proc/self/fd/3"'
	process /bin/true
	! proa run --preserve-fds 1 -b "$BUNDLE" "$ID" 2>"$WORK/err" 3<"${SENTINEL%/*}" || fail "a directory that was passed"
	has_words "cwd" "$(<"$WORK/err")"
}

@test "CVE-2024-21626: exec: a working directory through /proc/self/fd is refused" {
	up_and_waiting
	with_open_files exec_cwds_refused
	ln -s /proc/self/fd/7 "$BUNDLE/rootfs/link"
	fails 255 "cwd" proa exec --cwd /link "$ID" /bin/cat file
	! proa exec --preserve-fds 1 --cwd /proc/self/fd/3 "$ID" /bin/true 2>"$WORK/err" 3<"${SENTINEL%/*}" || fail "a directory that was passed"
	has_words "cwd" "$(<"$WORK/err")"
	is running
}

exec_cwds_refused() {
	local n
	for n in {3..40}; do
		! proa exec --cwd "/proc/self/fd/$n" "$ID" /bin/true 2>"$WORK/err" 3>&- || fail "/proc/self/fd/$n" || return
		has_words "cwd" "$(<"$WORK/err")" || return
	done
}

# --- links that the image brings -----------------------------------------------------------------

@test "CVE-2026-41579, CVE-2026-47766: traps in place of /proc, /sys and /dev, and of what is made in them" {
	config '.root.readonly = false'
	for path in /proc /sys /dev; do
		each_trap $path reads /file "$path/file" /dev/null
		mkdir -p "$BUNDLE/rootfs$path"
	done
	# without a mount there, runtimes work in the image's own /dev
	config '.mounts |= map(select(.destination | startswith("/dev") | not))'
	for path in /dev /dev/null /dev/ptmx /dev/fd /dev/stdin /dev/console /dev/tty; do
		each_trap $path reads /file "$path"
	done
}

@test "CVE-2019-19921, CVE-2023-27561, CVE-2023-28642, CVE-2025-54867: a /proc that is a link is refused, and so are /sys and /dev" {
	for path in proc sys dev; do
		rmdir "$BUNDLE/rootfs/$path"
		mkdir -p "$BUNDLE/rootfs/other"
		ln -s other "$BUNDLE/rootfs/$path"
		process /bin/true
		fails 1 "/$path" proa run -b "$BUNDLE" "$ID"
		rm "$BUNDLE/rootfs/$path"
		mkdir "$BUNDLE/rootfs/$path"
		host_unharmed
	done
}

@test "CVE-2019-18837: traps in the way of a mount" {
	mkdir "$WORK/volume"
	echo volume >"$WORK/volume/file"
	for destination in /vol /vol/sub/dir; do
		for type in bind tmpfs; do
			cp "$PROA_SRC/tests/data/config.json" "$BUNDLE/config.json"
			sed -i "s/@ID@/$ID/" "$BUNDLE/config.json"
			config '.root.readonly = false | .mounts += [{destination: $d, type: $t, source: $v,
				options: (if $t == "bind" then ["rbind"] else [] end)}]' \
				--arg d $destination --arg t $type --arg v "$WORK/volume"
			each_trap /vol mounted_or_refused "for f in $destination /vol; do [ -p \$f ] || { cat \$f/file; echo x >\$f/new; }; done; grep volume /proc/self/mountinfo; :"
		done
	done
	[ ! -e "$SENTINEL/new" ]
}

# mounted_or_refused SCRIPT: where there is a container, the volume is mounted in it, and not somewhere else
mounted_or_refused() {
	tried /bin/sh -c "$1" || return
	[ "$status" != 0 ] || [ "$type" = tmpfs ] || [[ $output == *volume* ]] || fail "it isn't mounted there" "$output"
}

@test "a destination with .. stays in the image" {
	for destination in /../../../../tmp/escape /a/../../../../tmp/escape ../../escape; do
		config '.root.readonly = false | .mounts[7] = {destination: $d, type: "tmpfs", source: "tmpfs"}' --arg d "$destination"
		tried /bin/true
		[ ! -e /tmp/escape ]
		[ ! -e "$WORK/escape" ]
	done
}

# dev_volume: /dev is a directory of the host that an attacker has prepared
dev_volume() {
	mkdir "$WORK/dev"
	config '.mounts |= [{destination: "/proc", type: "proc", source: "proc"},
		{destination: "/dev", type: "bind", source: $d, options: ["bind"]}] | .root.readonly = false' --arg d "$WORK/dev"
}

@test "CVE-2025-31133, CVE-2025-62161: a /dev/null that isn't the device masks nothing, and shows nothing" {
	dev_volume
	echo hidden >"$BUNDLE/rootfs/hidden"
	mkdir "$BUNDLE/rootfs/hidden.d"
	echo hidden >"$BUNDLE/rootfs/hidden.d/file"
	config '.linux.maskedPaths = ["/hidden", "/hidden.d", "/proc/kcore"]'
	for null in "$SENTINEL/file" "$SENTINEL" /proc/1/root/file file fifo zero; do
		rm -rf "$WORK/dev/null"
		case $null in
		file) echo secret-of-the-host >"$WORK/dev/null" ;;
		fifo) mkfifo "$WORK/dev/null" ;;
		zero) mknod "$WORK/dev/null" c 1 5 ;;
		*) ln -s "$null" "$WORK/dev/null" ;;
		esac
		reads /hidden /hidden.d/file
		[[ $output != *hidden* ]] || fail "not masked with null -> $null" "$output"
	done
}

@test "CVE-2025-52565, CVE-2026-88264: traps in place of /dev/console, /dev/ptmx and /dev/pts, with a terminal" {
	for path in console ptmx pts; do
		dev_volume
		config '.process.terminal = true'
		config '.mounts += [{destination: "/dev/pts", type: "devpts", source: "devpts", options: ["newinstance", "ptmxmode=0666"]}]'
		for trap in "$SENTINEL/file" "$SENTINEL" "$SENTINEL/new" loop /proc/self/fd/0 file; do
			rm -rf "${WORK:?}/dev"
			mkdir -p "$WORK/dev/pts"
			[ $path != pts ] || rmdir "$WORK/dev/pts"
			case $trap in
			file) echo file >"$WORK/dev/$path" ;;
			loop) ln -s $path "$WORK/dev/$path" ;;
			*) ln -s "$trap" "$WORK/dev/$path" ;;
			esac
			process /bin/sh -c 'echo written >/dev/console'
			run --separate-stderr env "PROA_TEST=$TAG" "$TERM_TOOL" run 24x80 "$RUNTIME" --root "$ROOT" run -b "$BUNDLE" "$ID" </dev/null
			host_unharmed || fail "with /dev/$path -> $trap"
		done
		rm -rf "${WORK:?}/dev"
	done
}

@test "/dev/pts/ptmx of an image that isn't devpts gives no terminal" {
	dev_volume
	config '.process.terminal = true'
	mkdir "$WORK/dev/pts"
	for trap in "$SENTINEL/file" /dev/ptmx /dev/null; do
		ln -sf "$trap" "$WORK/dev/pts/ptmx"
		process /bin/true
		run --separate-stderr env "PROA_TEST=$TAG" "$TERM_TOOL" run 24x80 "$RUNTIME" --root "$ROOT" run -b "$BUNDLE" "$ID" </dev/null
		[ "$status" = 1 ]
		host_unharmed
	done
	rm "$WORK/dev/pts/ptmx"
	mknod "$WORK/dev/pts/ptmx" c 5 2
	run --separate-stderr env "PROA_TEST=$TAG" "$TERM_TOOL" run 24x80 "$RUNTIME" --root "$ROOT" run -b "$BUNDLE" "$ID" </dev/null
	equal "$status" 1
	nothing_left
}

# --- procfs and labels (CVE-2019-16884, CVE-2025-52881) ----------------------------------------

@test "CVE-2019-16884, CVE-2025-62596: nothing is mounted over what the runtime itself reads and writes in /proc" {
	mkdir -p "$WORK/proc/self/attr" "$WORK/proc/sys"
	config '.root.readonly = false'
	cp "$BUNDLE/config.json" "$WORK/good.json"
	for destination in /proc /proc/self /proc/self/attr /proc/sys /proc/sys/net /proc/1; do
		for type in bind tmpfs; do
			cp "$WORK/good.json" "$BUNDLE/config.json"
			config '.mounts += [{destination: $d, type: $t, source: $s, options: (if $t == "bind" then ["bind"] else [] end)}]' \
				--arg d $destination --arg t $type --arg s "$WORK/proc"
			process /bin/true
			fails 1 "/proc" proa run -b "$BUNDLE" "$ID" || fail "$type on $destination"
		done
	done
}

@test "CVE-2025-52881: a sysctl is written to the kernel, not to a file of the image" {
	rmdir "$BUNDLE/rootfs/proc"
	mkdir -p "$BUNDLE/rootfs/proc/sys/net/ipv4"
	echo 7 >"$BUNDLE/rootfs/proc/sys/net/ipv4/ip_forward"
	config '.linux.sysctl = {"net.ipv4.ip_forward": "1"} | .mounts |= map(select(.destination != "/proc")) |
		.linux.maskedPaths = [] | .linux.readonlyPaths = []'
	tried /bin/cat /proc/sys/net/ipv4/ip_forward
	equal "$(cat "$BUNDLE/rootfs/proc/sys/net/ipv4/ip_forward")" 7
	rm -r "$BUNDLE/rootfs/proc/sys"
}

# --- init before the program -------------------------------------------------------------------

# Who has all the capabilities of another process may look into it, if that is dumpable: so everybody here lacks
# CAP_SYS_PTRACE, which would be another right to look.
@test "an init that waits for start can't be looked into without CAP_SYS_PTRACE" {
	waits
	config 'del(.process.capabilities)'
	PROA_TEST=$TAG without_ptrace "$RUNTIME" --root "$ROOT" create -b "$BUNDLE" "$ID" </dev/null >"$WORK/out" 2>&1 3>&-
	pid=$(init_pid)
	(exec capsh --drop=cap_sys_ptrace -- -c 'exec sleep 1000' 3>&-) &
	other=$!
	cleanup "kill $other"
	eventually eval "[ \"\$(cat /proc/$other/comm)\" = sleep ]"
	# maps and environ are open to CAP_SYS_ADMIN, which nobody can make a container without
	for file in mem fd/0 exe cwd root; do
		looks_at "$other" $file || fail "$file of an ordinary process can't be read: the test is no test"
		! looks_at "$pid" $file || fail "$file of init can be read"
	done
	proa start "$ID"
	wait_for_output waiting
	looks_at "$pid" exe
}

@test "an init that waits for start has nothing of the host, for those who may look into it" {
	require proa
	config '.mounts += [{destination: "/volume", type: "bind", source: $v, options: ["bind"]}]' --arg v "$SENTINEL"
	waits
	create
	pid=$(init_pid)
	for fd in /proc/"$pid"/fd/*; do
		case $(readlink "$fd") in
		/dev/null | "$WORK"/* | pipe:* | socket:*) ;;
		*) fail "$fd: $(readlink "$fd")" ;;
		esac
		# the standard streams are the caller's; apart from them, one socket
		[ "${fd##*/}" -le 2 ] || [[ $(readlink "$fd") == socket:* ]] || fail "$fd: $(readlink "$fd")"
	done
	open=(/proc/"$pid"/fd/*)
	equal ${#open[@]} 4
	equal "$(readlink "/proc/$pid/cwd")" /
	# as it sees it, its root is the image
	[ "$(stat -c %d:%i "/proc/$pid/root/probe")" = "$(stat -c %d:%i "$BUNDLE/rootfs/probe")" ]
}

# secrets: in all that the config says to others than the program, once short and once long, plain and escaped; where
# they are is in $SECRETS
secrets() {
	mkdir -p "$SENTINEL/source-EEEE"
	config '("x" * 20000) as $long |
		.annotations = {"a": "annotation-AAAA", "é\n": "annotation-BBBB\né", "long": ($long + "annotation-CCCC"),
			"long\n": ($long + "\nannotation-DDDD")} |
		.unknown = {"deep": ["unknown-EEEE"]} | .linux.unknown = ($long + "\nunknown-FFFF") |
		.hooks = {poststop: [{path: "/bin/true", args: ["true", "hook-GGGG"], env: ["X=hook-HHHH\n"]}],
			createRuntime: [{path: "/bin/true", args: ["true", $long + "hook-IIII"], env: ["X=hook-JJJJ"]}],
			createContainer: [{path: "/bin/true", args: ["true", $long + "hook-KKKK"], env: ["X=hook-MMMM"]}]} |
		.linux.sysctl = {"net.ipv4.ip_forward": "1"} |
		.mounts += [{destination: "/volume", type: "bind", source: $s, options: ["bind"]}] |
		.process.env += ["PROGRAMS=environment-ZZZZ"]' --arg s "$SENTINEL/source-EEEE"
	SECRETS=(annotation-{AAAA,BBBB,CCCC,DDDD} unknown-{EEEE,FFFF} hook-{GGGG,HHHH,IIII,JJJJ,KKKK,MMMM} environment-LLLL)
}

# keeps_no_secret PID: and neither does its environment
keeps_no_secret() {
	local secret
	output=$("$PROA_BUILD/tests/probe" search "$1" "${SECRETS[@]}" environment-ZZZZ)
	# what it needs for the program is there, or the search is none
	[ "$(fact "found environment-ZZZZ")" -gt 0 ] || fail "nothing is found at all"
	for secret in "${SECRETS[@]}"; do
		expect "found $secret" 0
	done
	[[ $(tr '\0' ' ' <"/proc/$1/environ") != *LLLL* ]]
}

@test "the memory of init holds nothing of the config and of the caller's environment that isn't for it" {
	require proa plain-memory
	secrets
	waits
	CALLERS=environment-LLLL create
	keeps_no_secret "$(init_pid)"
}

@test "the same is true of a process of exec" {
	require proa plain-memory
	secrets
	up_and_waiting
	# stopped just before it executes the program
	PROA_TEST=$TAG CALLERS=environment-LLLL "$PROA_BUILD/tests/kill_at" -s exec execute 1 "$RUNTIME" --root "$ROOT" \
		--trace "$WORK/trace" exec "$ID" /bin/true </dev/null >"$WORK/stopped" 2>"$WORK/err" 3>&-
	pid=$(<"$WORK/stopped")
	keeps_no_secret "$pid"
	kill -CONT "$pid"
}

# --- privileges ----------------------------------------------------------------------------------

@test "CVE-2022-29162, CVE-2022-27650: exec gives no inheritable capabilities, and no ambient ones" {
	up_and_waiting
	for user in 0 1000; do
		execs --user=$user --cap=CAP_NET_RAW --cap=CAP_SYS_ADMIN /probe facts caps
		expect cap.inh ""
		expect cap.amb ""
		execs --user=$user /probe facts caps
		expect cap.inh ""
		expect cap.amb ""
	done
	facts_of_start=$(grep -E '^Cap(Inh|Amb)' "/proc/$(init_pid)/status" | awk '{ print $2 }' | sort -u)
	equal "$facts_of_start" 0000000000000000
}

@test "a setuid program gains nothing under no_new_privs" {
	cp "$BUNDLE/rootfs/probe" "$BUNDLE/rootfs/setuid"
	chmod 4755 "$BUNDLE/rootfs/setuid"
	config '.process.user = {uid: 1000, gid: 1000}'
	inside /setuid facts uid
	expect uid "1000 1000 1000 1000"
}

@test "device nodes that the image brings can't be opened" {
	mknod "$BUNDLE/rootfs/kmsg" c 1 11
	mknod "$BUNDLE/rootfs/disk" b 7 0
	privileged
	tries read /kmsg , read /disk , read /dev/null
	equal "$output" $'EPERM\nEPERM\nok'
}
