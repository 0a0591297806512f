#!/usr/bin/env bats
# lane: native
# tier: quick
# Checkpoint and restore with a CRIU that does what each test says (tests/false_criu.c): what surrounds the real one's work.

load helpers

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

restore_fails() {
	fails 1 "$1" proa restore -d -b "$BUNDLE" --image-path "$WORK/images" --work-path "$WORK/log" "$ID"
	nothing_left
}

@test "a CRIU that is too old, or lacks what is asked for, is told so before anything is touched" {
	up_and_waiting
	criu_says "version is 3 15 0"
	dump_fails "CRIU is too old: its version is 3.15.0, needed is 3.16"
	criu_says "version is 4 1 0" "features has"
	dump_fails "--pre-dump and --parent-path need memory tracking" --pre-dump
	dump_fails "--lazy-pages needs userfaultfd" --lazy-pages --page-server 127.0.0.1:2727
	[ ! -e "$WORK/images" ]
	! grep work "$WORK/criu/asked" || fail "it was asked to dump"
}

@test "when CRIU fails, dies or talks nonsense in the middle of a dump, the container runs on and no images are left" {
	up_and_waiting
	criu_says "$GOOD" "work freeze" "work image core-1.img" "work kill 9"
	dump_fails "CRIU was killed by signal 9"
	criu_says "$GOOD" "work freeze" "work exit 1"
	dump_fails "CRIU ended with exit status 1 and without an answer"
	criu_says "$GOOD" "work freeze" "work notify post-dump" "work garbage"
	dump_fails "CRIU sent what is no answer"
	criu_says "$GOOD" "work freeze" "work large"
	dump_fails "CRIU sent what is no answer"
	criu_says "$GOOD" "work log (1) Error (criu/a.c:1): Some file locks are hold by dumping tasks" "work fail"
	dump_fails "Some file locks are hold by dumping tasks; give --file-locks, on restore too \(log: $WORK/log/dump.log"
	equal "$(ls "$WORK/images")" ""
}

@test "a dump that is whole has a manifest before the container goes" {
	up_and_waiting
	dump
	nothing_left
	equal "$(cat "$WORK/criu/asked")" $'version 10\nwork 1\npost-dump 1'
	equal "$(ls "$WORK/images" | xargs)" "core-1.img descriptors.json inventory.img proa.json"
	equal "$(jq -r '[.images[].name] | join(" ")' "$WORK/images/proa.json")" "core-1.img descriptors.json inventory.img"
}

@test "when CRIU fails or dies in the middle of a restore, nothing is left" {
	up_and_waiting
	dump
	criu_says "version is 3 15 0"
	restore_fails "CRIU is too old"
	criu_says "$GOOD" "work notify pre-restore" "work notify setup-namespaces" "work kill 9"
	restore_fails "CRIU was killed by signal 9"
	criu_says "$GOOD" "work log Error (a.c:1): Magic doesn't match" "work fail"
	restore_fails "the images are damaged, or of another CRIU \(log: $WORK/log/restore.log"
	criu_says "$GOOD" "work garbage"
	restore_fails "CRIU sent what is no answer"
	criu_says "$GOOD" "work succeed"
	restore_fails "CRIU didn't say that it has restored"
}
