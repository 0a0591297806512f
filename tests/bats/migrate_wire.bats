#!/usr/bin/env bats
# lane: native
# tier: quick
# Both sides of a migration, each opposite one that says what the test says (tests/wire.c), with a CRIU that does what the test
# says: what is refused before anything is touched, and that the container ends just when it is handed over.

load helpers
load checkpoint_rpc

DUMPS=("work notify pre-dump" "work freeze" "work image pages-1.img" "work image inventory.img" "work notify post-dump" "work succeed")

# migrate STEP... [-- FLAG...]: to one who says and expects those
migrate() {
	local steps=()
	while [ $# != 0 ] && [ "$1" != -- ]; do
		steps+=("$1")
		shift
	done
	mkdir -p "$WORK/images"
	proa migrate --mode cold --image-path "$WORK/images" --via "exec $PROA_BUILD/tests/wire says ${steps[*]@Q}" "${@:2}" "$ID"
}

# stays WORDS STEP... [-- FLAG...]: it fails with those words, and the container runs on as if nothing had been
stays() {
	fails 1 "$1" migrate "${@:2}"
	becomes running
	equal "$(cat "$(cgroup_of "$(init_pid)")/cgroup.freeze")" 0
	equal "$(find "$WORK/images" -name '*.img' -o -name '*.json')" ""
}

@test "the container ends when the other one is ready, and only then is it said to go" {
	up_and_waiting
	criu_says "$GOOD" "${DUMPS[@]}"
	migrate -hello +welcome -final -end +ready -go +running end >"$WORK/said"
	nothing_left
	equal "$(ls "$WORK/images")" ""
	equal "$(tail -n 2 "$WORK/criu/asked" | xargs)" "pre-dump 1 post-dump 1"
	grep -q "^$ID runs at the destination: down for " "$WORK/said"
}

# killed_at PHASE STEP...: the source is killed just before it enters that, opposite one who says and expects those
killed_at() {
	local phase=$1 code=0
	shift
	mkdir -p "$WORK/images"
	rm -f "$WORK/over"
	PROA_TEST=$TAG timeout 60 "$PROA_BUILD/tests/kill_at" parent "$phase" 1 "$RUNTIME" --root "$ROOT" --trace "$WORK/trace" migrate --mode cold \
		--image-path "$WORK/images" --via "$PROA_BUILD/tests/wire says ${*@Q} 2>$WORK/heard; touch $WORK/over" "$ID" </dev/null 2>"$WORK/err" || code=$?
	equal "$code" 137
	eventually test -e "$WORK/over"
}

@test "first it is killed, then GO is said: a source that is killed before the one lets it run on, before the other says nothing" {
	up_and_waiting
	criu_says "$GOOD" "${DUMPS[@]}"
	killed_at "give up" -hello +welcome -final -end +ready end
	eventually eval '[ "$(cat "$(cgroup_of "$(init_pid)")/cgroup.freeze")" = 0 ]'
	is running
	killed_at go -hello +welcome -final -end +ready -go
	equal "$(<"$WORK/heard")" "the end in place of go"
	becomes stopped
	[ -n "$(compgen -G "$WORK/images/*/1/proa.json")" ]
}

@test "until the other one is ready it only stands still: a signal, KILL or a deadline lets it run on" {
	up_and_waiting
	criu_says "$GOOD" "${DUMPS[@]}"
	pid=$(init_pid)
	mkdir "$WORK/images"
	for signal in TERM INT KILL; do
		background env --default-signal=INT "PROA_TEST=$TAG" "$RUNTIME" --root "$ROOT" --trace "$WORK/trace" migrate --mode cold \
			--image-path "$WORK/images" --via "exec $PROA_BUILD/tests/wire says -hello +welcome -final -end end" "$ID"
		eventually grep -qs "send the checkpoint" "$WORK/trace"
		eventually eval 'compgen -G "$WORK/images/*/1/proa.json" >/dev/null'
		equal "$(cat "$(cgroup_of "$pid")/cgroup.freeze")" 1
		equal "$(init_pid)" "$pid"
		kill -s "$signal" "$!"
		code=0
		wait "$!" || code=$?
		equal "$code" $((128 + $(kill -l "$signal")))
		eventually eval '[ "$(cat "$(cgroup_of "$pid")/cgroup.freeze")" = 0 ]'
		becomes running
		[ $signal = KILL ] || equal "$(ls "$WORK/images")" ""
		rm -rf "$WORK"/images/* "$WORK/trace"
	done
	stays "the destination has taken too long" -hello +welcome -final -end end -- --max-downtime 200
	equal "$(init_pid)" "$pid"
}

@test "whatever the other side says or does instead of being ready, the container runs on" {
	up_and_waiting
	criu_says "$GOOD" "${DUMPS[@]}"
	stays "the destination: no room" -hello +welcome -final -end "+failed:no room"
	stays "the destination: no room" -hello +welcome -final "+failed:no room" end
	stays "doesn't speak as proa migrate does" -hello +welcome -final -end +running end
	stays "doesn't speak as proa migrate does" -hello +welcome -final -end +go end
	stays "doesn't speak as proa migrate does" -hello +welcome -final -end +welcome end
	stays "the destination has gone" -hello +welcome -final -end
	stays "the destination has gone" -hello +welcome -final
	stays "the way there has ended: exit status 1" -hello +welcome -ready
	# it hears of it, also where the failure is ours
	criu_says "$GOOD" "work notify pre-dump" "work freeze" "work log (1) Error (criu/a.c:1): no luck" "work fail"
	stays "no luck.*log: $WORK/images/proa-$ID.*/dump.log" -hello +welcome -failed end
	compgen -G "$WORK/images/*/dump.log"
}

@test "what can't be moved is refused before CRIU is asked to stop it" {
	up_and_waiting
	criu_says "$GOOD" "${DUMPS[@]}"
	stays "the destination: there is a container" -hello "+failed:there is a container"
	stays "the way there has ended: exit status 127" "" -- --via "exec nonesuch"
	stays "either a host for ssh, or --via" -hello -- "$ID"
	fails 1 "expected where to" proa migrate "$ID"
	fails 1 "expected ID" proa migrate --via true
	fails 1 "expected a size like 4M" proa migrate --goal x --via true "$ID"
	fails 1 "container does not exist" proa migrate --via true nonesuch
	fails 1 "the way there has ended: exit status 127" env "PATH=$WORK/criu" "$RUNTIME" --root "$ROOT" migrate "$ID" root@web2
	proa pause "$ID"
	fails 1 "cannot migrate a container that is paused: resume it first" migrate -hello
	proa resume "$ID"
	criu_says "version is 3 15 0"
	stays "CRIU is too old" -hello
	! grep work "$WORK/criu/asked" || fail "it was asked to dump"
	proa delete -f "$ID"
	create
	criu_says "$GOOD"
	fails 1 "cannot migrate a container that is created" migrate -hello
}

# ---- the other side ----

# hello [FILTER]: as a source like this host would say it
hello() {
	jq -nc '{version: 1, proa: "1", id: $id, bundle: $b, cgroupManager: "cgroupfs", architecture: $a, kernel: $k, criu: 40101, cpu: []} |
		'"${1:-.}" --arg id "$ID" --arg b "$BUNDLE" --arg a "$(uname -m)" --arg k "$(uname -r)"
}

# receives STEP...: the other side, opposite one who says and expects those
receives() {
	mkdir -p "$WORK/images"
	env "PROA_TEST=$TAG" "$PROA_BUILD/tests/wire" says "$@" -- "$RUNTIME" --root "$ROOT" migrate --receive --image-path "$WORK/images"
}

# refuses WORDS FILTER: what is said so
refuses() {
	fails 1 "$1" receives "+hello:$(hello "$2")" -failed
	equal "$(ls "$WORK/images")" ""
	nothing_left
}

@test "what the host lacks is told before anything is made" {
	criu_says "$GOOD"
	refuses "the source is of another architecture, vax, and this is" '.architecture = "vax"'
	refuses "the kernel here is .*, that of the source 99.1 is newer" '.kernel = "99.1"'
	refuses "CRIU here is 4.1, that of the source 5.0 is newer" '.criu = 50000'
	refuses "the CPU here lacks avx9" '.cpu = ["avx9"]'
	refuses "the bundle $WORK/none is needed" '.bundle = $b + "/../none" | .bundle = "'"$WORK/none"'"'
	refuses "install the same proa on both hosts" '.version = 2'
	refuses "id" '.id = "../x"'
	criu_says "version is 3 15 0"
	refuses "CRIU is too old" .
	rm "$WORK/criu/criu"
	refuses "there is no criu in PATH" .
}

@test "an id that is taken is refused, and the one that has it is unharmed" {
	criu_says "$GOOD"
	up_and_waiting
	fails 1 "there is a container $ID already" receives "+hello:$(hello)" -failed
	is running
}

@test "a source that goes, or says what it shouldn't, leaves nothing" {
	criu_says "$GOOD"
	receives "+hello:$(hello)" -welcome +failed:gone || [ $? = 1 ]
	equal "$(ls "$WORK/images")" ""
	for steps in "+go -failed" "+ready -failed" "+round +go -failed" "+round +end -failed" "+final +data:xyz +end -failed" "+final +failed:no"; do
		# shellcheck disable=SC2086 # words
		receives "+hello:$(hello)" -welcome $steps >"$WORK/out" 2>"$WORK/err" || [ $? = 1 ]
		equal "$(ls "$WORK/images")" ""
		nothing_left
	done
	fails 1 "the source has gone" receives "+hello:$(hello)" -welcome
	equal "$(ls "$WORK/images")" ""
	fails 1 "takes no arguments" proa migrate --receive "$ID"
}
