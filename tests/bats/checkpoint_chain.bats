#!/usr/bin/env bats
# lane: native
# tier: quick
# Checkpoints that stand on others, with a CRIU that does what each test says.

load helpers
load checkpoint_rpc

# pre_dump NAME [PARENT]
pre_dump() {
	criu_says "$GOOD" "work image pages-1.img" "work image inventory.img" "work succeed"
	proa checkpoint --pre-dump --image-path "$WORK/$1" --work-path "$WORK/log" ${2:+--parent-path "../$2"} "$ID"
	[ -z "${2-}" ] || ln -s "../$2" "$WORK/$1/parent" # as CRIU does
}

NEW_CHAIN="begin a new chain, with --pre-dump and without --parent-path"

@test "a parent without its manifest is no parent" {
	up_and_waiting
	pre_dump first
	dump --parent-path ../first --leave-running
	ln -s ../first "$WORK/images/parent"
	criu_says "$GOOD" "work fail it was asked"
	mv "$WORK/first/proa.json" "$WORK/kept"
	dump_fails "--parent-path ../first holds no whole pre-dump" --parent-path ../first
	proa delete -f "$ID"
	fails 1 "parent images: the checkpoint is damaged: proa.json is missing" proa restore -b "$BUNDLE" --image-path "$WORK/images" "$ID"
	mv "$WORK/kept" "$WORK/first/proa.json"
	fails 1 "it was asked" proa restore -b "$BUNDLE" --image-path "$WORK/images" "$ID"
}

@test "a parent is the last dump of the memory, of this container; one that failed since, or was killed, ends the chain" {
	up_and_waiting
	pre_dump one
	pre_dump two one
	criu_says "$GOOD" "work fail it was asked"
	dump_fails "--parent-path ../one is not the last dump of this container's memory, .* $NEW_CHAIN" --parent-path ../one
	! grep work "$WORK/criu/asked" || fail "it was asked to dump"
	# what doesn't track, and what is refused before CRIU is asked, is none of the chain
	dump --leave-running
	rm -r "$WORK/images"
	criu_says "$GOOD" "work fail it was asked"
	dump_fails "it was asked" --parent-path ../two
	dump_fails "../two is not the last dump of .* or one has failed since, .* $NEW_CHAIN" --parent-path ../two
	pre_dump three
	criu_says "$GOOD" "work image core-1.img" "work hang"
	dumping core-1.img --parent-path ../three
	kill -KILL "$!"
	runs_on 137
	dump_fails "$NEW_CHAIN" --parent-path ../three
	pre_dump four
	jq "del(.tracked)" "$WORK/four/proa.json" >"$WORK/old"
	cp "$WORK/old" "$WORK/four/proa.json"
	dump_fails "$NEW_CHAIN" --parent-path ../four
	pre_dump five
	config '.linux.cgroupsPath = "/other-" + $id' --arg id "$ID"
	quiet proa run -d -b "$BUNDLE" "other-$ID"
	fails 1 "$NEW_CHAIN" proa checkpoint --image-path "$WORK/images" --parent-path ../five "other-$ID"
	proa delete -f "other-$ID"
	dump --parent-path ../five --leave-running
	ln -s ../five "$WORK/images/parent"
	mv "$WORK/images" "$WORK/six"
	dump --parent-path ../six
	nothing_left
}

@test "images don't stand on themselves, by whatever way" {
	up_and_waiting
	pre_dump one
	pre_dump two one
	before=$(sha256sum "$WORK"/{one,two}/*.*)
	criu_says "$GOOD" "work fail it was asked"
	for itself in "one two" "two two"; do
		fails 1 "--parent-path ../two is the directory of the images itself, or stands on that" proa checkpoint \
			--image-path "$WORK/${itself% *}" --parent-path "../${itself#* }" "$ID"
	done
	equal "$(sha256sum "$WORK"/{one,two}/*.*)" "$before"
	! grep work "$WORK/criu/asked" || fail "it was asked to dump"
	dump --parent-path ../two
}
