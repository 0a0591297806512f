# Loaded by every bats file: a bundle and a state root of its own for each test, ways to run a container
# and to look at it from inside and outside, and a teardown that fails if anything was left behind.
# shellcheck shell=bash
# shellcheck disable=SC2034 # the tests use what is set here
#
# Beware: bats' run changes the variable i.

bats_require_minimum_version 1.5.0

: "${PROA_SRC:=$(readlink -f "$BATS_TEST_DIRNAME/../..")}"
: "${PROA_BUILD:=$PROA_SRC/build}"
# Another runtime shows whether a test is right: RUNTIME=runc bats FILE
: "${RUNTIME:=${PROA:-$PROA_BUILD/proa}}"
BATS_TEST_TIMEOUT=240
[ "${PROA_LANE-}" != vm ] || BATS_TEST_TIMEOUT=600
export BATS_TEST_TIMEOUT
FIRST_ARGS='"args": ["/probe", "facts"]'
TERM_TOOL=$PROA_BUILD/tests/term
HIERARCHY=/sys/fs/cgroup
CGROUP=$HIERARCHY # where the tests' containers have their cgroups

# PROA_MODE=userns: containers have a user namespace; rootless: and the runtime is called by a user without privileges
: "${PROA_MODE:=root}"
[ "$PROA_MODE" = root ] || source "$PROA_SRC/tests/bats/modes.bash"

# --- before and after each test ----------------------------------------------------------------

setup_file() {
	make_rootfs "$BATS_FILE_TMPDIR/rootfs"
}

setup() {
	common_setup
}

teardown() {
	common_teardown
}

# WORK: all files of the test; TAG: the random part of its name, also in ID, by which leaks are found;
# GLOBALS: what the test adds to proa's options
common_setup() {
	WORK=$(mktemp -d "${TMPDIR:-/tmp}/proa.XXXXXXXX")
	chmod 755 "$WORK"
	TAG=${WORK##*.}
	ID=ct-$TAG
	ROOT=$WORK/state
	BUNDLE=$WORK/bundle
	CLEANUPS=() HELPERS=() GLOBALS=()
	[ "$PROA_MODE" = root ] || prepare_mode
	make_bundle "$BUNDLE"
	MOUNTS=$(</proc/self/mountinfo)
	cd "$WORK" || return 1
	export -n PWD OLDPWD # in the environment of the test's own processes they would look like leaks
}

common_teardown() {
	local i id left
	cd /
	# they must be gone when leaks looks: on a busy machine a killed process lives on for a while
	[ ${#HELPERS[@]} = 0 ] || kill -KILL "${HELPERS[@]}" 2>/dev/null || true
	[ ${#HELPERS[@]} = 0 ] || wait "${HELPERS[@]}" 2>/dev/null || true
	for id in "$ROOT"/*/; do
		[ ! -d "$id" ] || proa delete --force "$(basename "$id")" || true
	done
	for ((i = ${#CLEANUPS[@]} - 1; i >= 0; i--)); do
		eval "${CLEANUPS[i]}" 2>/dev/null || true
	done
	left=$(leaks)
	rm -rf --one-file-system "$WORK"
	if [ -n "$left" ]; then
		printf 'left behind:\n%s\n' "$left"
		return 1
	fi
}

# cleanup COMMAND: run it at the end of the test when its containers are gone, the last first
cleanup() {
	CLEANUPS+=("$*")
}

# sort_mounts MOUNTINFO: without their options: those of a filesystem that has other mounts elsewhere can change from there
sort_mounts() {
	cut -d ' ' -f 3-5 <<<"$1" | sort
}

# mounts_unchanged: those of the host are what they were when the test began
mounts_unchanged() {
	equal "$(sort_mounts "$(</proc/self/mountinfo)")" "$(sort_mounts "$MOUNTS")" "mounts:"
}

# What is left of the test's containers: one line per process, mount, cgroup and state directory. Called after every test and
# every refusal, so where nothing is left only two programs are started.
leaks() {
	local pids pid mounts dir
	pids=$(grep -alsF "$TAG" /proc/[0-9]*/{environ,cmdline,mountinfo,cgroup}) || true
	[ -z "$pids" ] || pids=$(cut -d / -f 3 <<<"$pids" | sort -u)
	for pid in $pids; do
		[ "$pid" = $$ ] || [ "$pid" = "$BASHPID" ] || [ ! -e "/proc/$pid/exe" ] ||
			echo "process $pid: $(tr '\0' ' ' <"/proc/$pid/cmdline")"
	done
	mounts=$(</proc/self/mountinfo)
	[ "${PROA_LANE-}" = vm ] || [ "$mounts" = "$MOUNTS" ] ||
		comm -13 <(sort_mounts "$MOUNTS") <(sort_mounts "$mounts") | sed 's/^/mount: /'
	[[ $mounts != *"$TAG"* ]] || grep -F "$TAG" <<<"$mounts" | sed 's/^/mount: /'
	find "$HIERARCHY" -type d -name "*$TAG*" -printf 'cgroup: %p\n' 2>/dev/null
	for dir in "$ROOT"/*; do
		[ ! -e "$dir" ] || echo "state: $dir"
	done
}

# nothing_left: nothing of a container that isn't there any more
nothing_left() {
	local left
	left=$(leaks)
	[ -z "$left" ] || fail "left behind:" "$left"
}

# fail WORDS...: each on a line of its own
fail() {
	printf '%s\n' "$@" >&2
	return 1
}

# --- what a test needs -------------------------------------------------------------------------

# require NEED...: skip, with the need's name, where one isn't met
require() {
	local need
	for need; do
		has "$need" || skip "needs $need"
	done
}

has() {
	case $1 in
	root) [ "$(id -u)" = 0 ] ;;
	cgroup-v2) [ "$(stat -fc %T "$HIERARCHY")" = cgroup2fs ] ;;
	controller-*) grep -qw "${1#controller-}" "$CGROUP/cgroup.subtree_control" ;;
	swap-accounting) [ -e "$CGROUP/init/memory.swap.max" ] || compgen -G "$CGROUP/*/memory.swap.max" >/dev/null ;;
	userns) [ -e /proc/self/ns/user ] && [ "$(cat /proc/sys/user/max_user_namespaces)" -gt 0 ] ;;
	timens) [ -e /proc/self/ns/time ] ;;
	device-*) [ -e "/dev/${1#device-}" ] ;;
	filesystem-*) grep -qw "${1#filesystem-}" /proc/filesystems ;;
	kernel-*) printf '%s\n%s\n' "${1#kernel-}" "$(uname -r)" | sort -VC ;;
	cpus-*) [ "$(nproc)" -ge "${1#cpus-}" ] ;;
	proa) [[ $("$RUNTIME" --version) == proa* ]] ;;
	plain-memory) ! readelf --dynamic "$PROA_BUILD/proa" | grep -q libasan ;; # none that stands for the rest of it
	static-binary) ! readelf --program-headers "$PROA_BUILD/proa" | grep -q INTERP ;;
	*) command -v "$1" >/dev/null ;;
	esac
}

# count N: N in the long tier, a twentieth of it in the others
count() {
	if [ "${PROA_TIER-}" = long ]; then echo "$1"; else echo $((($1 + 19) / 20)); fi
}

# reachable_runtime: a copy of the runtime, for users who may not be able to reach the build tree; prints its path
reachable_runtime() {
	install "$(command -v "$RUNTIME")" "$WORK/proa"
	echo "$WORK/proa"
}

# --- the bundle --------------------------------------------------------------------------------

make_rootfs() {
	mkdir -p "$1"/{bin,etc,proc,sys,dev,root,var}
	mkdir -m 1777 "$1/tmp"
	cp "$(command -v busybox)" "$1/bin/busybox"
	cp "$PROA_BUILD/tests/probe" "$1/probe"
	chroot "$1" /bin/busybox --install -s /bin
	echo 'root:x:0:0:root:/root:/bin/sh' >"$1/etc/passwd"
	echo 'user:x:1000:1000:user:/home/user:/bin/sh' >>"$1/etc/passwd"
	printf 'root:x:0:\ntty:x:5:\nuser:x:1000:\n' >"$1/etc/group"
}

# make_bundle DIR [ID]: its cgroup is named for the container
make_bundle() {
	local config
	mkdir -p "$1"
	cp -a "$BATS_FILE_TMPDIR/rootfs" "$1/rootfs"
	config=$(<"$PROA_SRC/tests/data/config.json")
	printf '%s\n' "${config/@ID@/${2:-$ID}}" >"$1/config.json"
	[ "$PROA_MODE" = root ] || change_bundle "$1"
}

# config FILTER [JQ-OPTION...]: change the bundle's config.json
config() {
	local filter=$1 changed
	shift
	changed=$(jq "$filter" "$BUNDLE/config.json" "$@") || return
	printf '%s\n' "$changed" >"$BUNDLE/config.json"
}

# process ARG...: what the container is to run. Nearly every test says it, and jq takes longer to start than a container:
# so where the arguments are still those that the bundle came with, they are exchanged as text.
process() {
	local config args
	config=$(<"$BUNDLE/config.json")
	printf -v args ', "%s"' "$@"
	if [[ $# != 0 && $config == *"$FIRST_ARGS"* && $args != *[\\[:cntrl:]]* && "$*" != *\"* ]]; then
		printf '%s\n' "${config/"$FIRST_ARGS"/"\"args\": [${args#, }]"}" >"$BUNDLE/config.json"
	else
		config '.process.args = $ARGS.positional' --args -- "$@"
	fi
}

# shell SCRIPT: the container is to run it
shell() {
	process /bin/sh -c "$1"
}

# privileged: a writable root and all capabilities, for tests that try what only such a process may
privileged() {
	config '.root.readonly = false | .process.noNewPrivileges = false |
		.process.capabilities = ($c | {bounding: ., effective: ., permitted: .})' \
		--argjson c "$(all_capabilities)"
}

all_capabilities() {
	capsh --print 2>/dev/null | sed -n 's/^Bounding set *= *//p' | jq -R 'ascii_upcase | split(",")'
}

# --- running it --------------------------------------------------------------------------------

proa() {
	[ "$PROA_MODE" = root ] || own_bundle "$BUNDLE"
	PROA_TEST=$TAG "$RUNTIME" --root "$ROOT" "${GLOBALS[@]}" "$@"
}

# inside ARG...: run the container with that command in the foreground; it must exit with 0. Its output is in $output.
inside() {
	process "$@"
	runs
}

# runs: the same with the command that is in the config
runs() {
	run --separate-stderr proa run -b "$BUNDLE" "$ID"
	[ "$status" = 0 ] || fail "exit code $status" "$output" "$stderr"
}

# facts NAME...: inside /probe facts NAME...
facts() {
	inside /probe facts "$@"
}

# execs [FLAG...] ARG...: exec in the running container; it must exit with 0. Its output is in $output.
execs() {
	local flags=()
	while [[ $1 == -* ]]; do
		flags+=("$1")
		shift
	done
	run --separate-stderr proa exec "${flags[@]}" "$ID" "$@"
	[ "$status" = 0 ] || fail "exit code $status" "$output" "$stderr"
}

# tries ACTION...: inside /probe try ACTION...
tries() {
	inside /probe try "$@"
}

# quiet COMMAND...: as a caller that leaves a container behind must do it: `run` would wait for the container's end.
# What it prints is in $WORK/out and $WORK/err, where the container's own output goes too.
quiet() {
	local code=0
	"$@" </dev/null >"$WORK/out" 2>"$WORK/err" || code=$?
	[ "$code" = 0 ] || fail "exit code $code: $*" "$(cat "$WORK/err")"
}

# create [FLAG...], up [FLAG...]: a container that is created; one that is running
create() {
	quiet proa create -b "$BUNDLE" "$@" "$ID"
}

up() {
	quiet proa run -d -b "$BUNDLE" "$@" "$ID"
}

# waits: the container's process prints "waiting" once it runs, and ends with 0 when it gets TERM
waits() {
	process /probe wait
}

# up_and_waiting [FLAG...]
up_and_waiting() {
	waits
	up "$@"
	wait_for_output waiting
}

# background COMMAND...: beside the test, in /; its pid is in $!, its output in $WORK/background.out and .err
background() {
	local command=("$@")
	rm -f "$WORK"/background.{out,err}
	[ "$1" != proa ] || command=(env "PROA_TEST=$TAG" "$RUNTIME" --root "$ROOT" "${GLOBALS[@]}" "${@:2}")
	(cd / && exec "${command[@]}") </dev/null >"$WORK/background.out" 2>"$WORK/background.err" 3>&- &
	HELPERS+=($!)
}

# --- looking at it -----------------------------------------------------------------------------

# eventually COMMAND...: until it succeeds, for at most 10 s (in the test machine 100 s)
eventually() {
	local i
	for ((i = 0; i < 500; i++)); do
		"$@" && return 0
		if [ "${PROA_LANE-}" = vm ]; then sleep 0.2; else sleep 0.02; fi
	done
	fail "never came true: $*"
}

# wait_for_output LINE [FILE]: a pattern for a whole line
wait_for_output() {
	eventually grep -qsxE -e "$1" "${2:-$WORK/out}" || fail "output:" "$(cat "${2:-$WORK/out}" "$WORK"/*err)"
}

# state FIELD [ID]: of `proa state`
state() {
	local json
	json=$(proa state "${2:-$ID}") || return
	if [[ $1 == pid || $1 == status ]] && [[ $json =~ \"$1\":\ *\"?([a-z0-9]+) ]]; then
		echo "${BASH_REMATCH[1]}"
	else
		jq -r ".$1" <<<"$json"
	fi
}

# is STATUS [ID]
is() {
	local now
	now=$(state status "${2:-$ID}") || return
	[ "$now" = "$1" ] || fail "status is $now, not $1"
}

becomes() {
	eventually eval "[ \"\$(state status ${2:-$ID})\" = $1 ]"
}

init_pid() {
	state pid "$@"
}

# cgroup_of PID: its directory in the cgroup v2 hierarchy
cgroup_of() {
	echo "$HIERARCHY$(sed -n 's/^0:://p' "/proc/$1/cgroup")"
}

# fact NAME: what the probe printed about it, one line each
fact() {
	sed -n "s,^$1 ,,p" <<<"$output"
}

# expect NAME VALUE: the fact is just that
expect() {
	local is
	is=$(fact "$1")
	[ "$is" = "$2" ] || fail "$1: wanted '$2', is '$is'"
}

# equal A B [WORDS]
equal() {
	[ "$1" = "$2" ] || fail "${3-} wanted '$2', is '$1'"
}

# mount_of DEST: the last mount on it, as the probe saw it: "ROOT OPTIONS PROPAGATION - TYPE SOURCE SUPEROPTIONS"
mount_of() {
	fact mount | awk -v d="$1" '$5 == d { found = $4; for (i = 6; i <= NF; i++) found = found " " $i } END { print found }'
}

# mount_has DEST OPTION..., mount_lacks DEST OPTION...: among the options of the mount (not of its filesystem)
mount_has() {
	local dest=$1 option options
	shift
	options=$(mount_of "$dest" | cut -d ' ' -f 2)
	for option; do
		[[ ,$options, == *,$option,* ]] || fail "$dest: no $option in '$options'"
	done
}

mount_lacks() {
	local dest=$1 option options
	shift
	options=$(mount_of "$dest" | cut -d ' ' -f 2)
	[ -n "$options" ] || fail "$dest is no mount"
	for option; do
		[[ ,$options, != *,$option,* ]] || fail "$dest: $option in '$options'"
	done
}

# has_words WORDS TEXT: in any case; WORDS is a pattern for a line
has_words() {
	local code=0
	if [[ $2 == *$'\n'* ]]; then
		grep -qiE -e "$1" <<<"$2" || code=1
	else
		shopt -s nocasematch
		[[ $2 =~ $1 ]] || code=1
		shopt -u nocasematch
	fi
	[ $code = 0 ] || fail "'$1' is not in:" "$2"
}

# fails CODE WORDS COMMAND...: with that exit code (1|255: one of them), an error on stderr that matches the pattern WORDS,
# and nothing on stdout. Through files: a container that is wrongly made would hold a pipe open that `run` reads to its end.
fails() {
	local code=$1 words=$2
	shift 2
	status=0
	"$@" >"$WORK/fails.out" 2>"$WORK/fails.err" 3>&- || status=$?
	output=$(<"$WORK/fails.out") stderr=$(<"$WORK/fails.err")
	[[ $status =~ ^($code)$ ]] || fail "exit code $status, not $code: $*" "$output" "$stderr" || return
	[ -z "$output" ] || fail "on stdout:" "$output" || return
	has_words "$words" "$stderr"
}

# refused WORDS: the bundle can't be created, run says the same, and nothing is left
refused() {
	fails 1 "$1" proa create -b "$BUNDLE" "$ID"
	nothing_left
	fails 1 "$1" proa run -b "$BUNDLE" "$ID"
	nothing_left
}
