# shellcheck shell=bash
# Loaded by the files that test checkpoint and restore with a CRIU that does what each test says (tests/false_criu.c).

GOOD=$'version is 4 1 1\nfeatures has mem_track lazy_pages'

setup() {
	common_setup
	waits
	mkdir "$WORK/criu" "$WORK/log"
	ln -s "$PROA_BUILD/tests/false_criu" "$WORK/criu/criu"
	PATH=$WORK/criu:$PATH
}

# criu_says LINE...: of the script
criu_says() {
	printf '%s\n' "$@" >"$WORK/criu/script"
	rm -f "$WORK/criu/asked"
}

dump_fails() {
	local words=$1
	shift
	fails 1 "$words" proa checkpoint --image-path "$WORK/images" --work-path "$WORK/log" "$@" "$ID"
	becomes running
	equal "$(cat "$(cgroup_of "$(init_pid)")/cgroup.freeze")" 0
}

# as a dump leaves the container
dump() {
	criu_says "$GOOD" "work image core-1.img" "work image inventory.img" "work notify post-dump" "work succeed"
	proa checkpoint --image-path "$WORK/images" --work-path "$WORK/log" "$@" "$ID"
}

# restore_fails WORDS [FLAG...]
restore_fails() {
	fails 1 "$1" proa restore -d -b "$BUNDLE" --image-path "$WORK/images" --work-path "$WORK/log" "${@:2}" "$ID"
	nothing_left
}

# dumping FILE [FLAG...]: in the background, as the leader of a process group, until the images have FILE
dumping() {
	background setsid env --default-signal=INT --ignore-signal=HUP "PROA_TEST=$TAG" "$RUNTIME" --root "$ROOT" checkpoint --image-path "$WORK/images" \
		--work-path "$WORK/log" "${@:2}" "$ID"
	eventually test -e "$WORK/images/$1"
}

# runs_on STATUS: the dump has ended so, the container runs, and no images are left
runs_on() {
	local code=0
	wait "$!" || code=$?
	equal "$code" "$1"
	eventually eval '[ "$(cat "$(cgroup_of "$(init_pid)")/cgroup.freeze")" = 0 ]'
	becomes running
}

# restoring [FLAG...]: in the background
restoring() {
	background env --default-signal=INT "PROA_TEST=$TAG" "$RUNTIME" --root "$ROOT" restore -b "$BUNDLE" --image-path "$WORK/images" \
		--work-path "$WORK/log" "$@" "$ID"
}

# is_undone SIGNAL: sent to the restore, it ends that, and nothing is left
is_undone() {
	local code=0
	kill -s "$1" "$!"
	wait "$!" || code=$?
	equal "$code" $((128 + $(kill -l "$1")))
	nothing_left
}

# criu_goes_on [PROA]: after "stop"
criu_goes_on() {
	local criu proa=${1:-$!}
	criu=$(<"/proc/$proa/task/$proa/children")
	eventually grep -q "^State:.T" "/proc/${criu% }/status"
	kill -CONT $criu
}
