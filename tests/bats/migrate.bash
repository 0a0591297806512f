# shellcheck shell=bash
# shellcheck disable=SC2034 # status is for the tests
# Loaded by the files that migrate: from one state root to another on the same machine.

setup() {
	common_setup
	THERE=$WORK/there
	mkdir "$WORK/images" "$WORK/log"
	make_bundle "$THERE/bundle"
	cleanup "there delete -f '$ID'"
}

there() {
	PROA_TEST=$TAG "$RUNTIME" --root "$THERE/state" "$@"
}

pid_there() {
	there state "$ID" | jq .pid
}

# both_bundles: that there is as this one, but for its cgroup
both_bundles() {
	jq --arg id "$ID" '.linux.cgroupsPath = "/there-" + $id' "$BUNDLE/config.json" >"$THERE/bundle/config.json"
}

# receiver: the command that is the other side
receiver() {
	echo "env PROA_TEST=$TAG $RUNTIME --root $THERE/state migrate --receive --image-path $WORK/images"
}

# migrates [FLAG...]: with $VIA before the receiver; its exit status is in $status, what it says in $WORK/out and err
migrates() {
	both_bundles
	status=0
	timeout 300 env "PROA_TEST=$TAG" "$RUNTIME" --root "$ROOT" migrate --image-path "$WORK/images" --bundle "$THERE/bundle" \
		--via "exec ${VIA-} $(receiver)" "$@" "$ID" </dev/null >"$WORK/out" 2>"$WORK/err" 3>&- || status=$?
}

# migrate [FLAG...]: it is there then, and nothing of it here
migrate() {
	migrates "$@"
	[ "$status" = 0 ] || fail "exit status $status" "$(<"$WORK/err")" "$(grep -h Error "$WORK"/images/*/*.log)"
	fails 1 "container does not exist" proa state "$ID"
	equal "$(ls "$WORK/images")" ""
	equal "$(there state "$ID" | jq -r .status)" running
}

# migrate_fails WORDS [FLAG...]: it runs on here, and nothing is there
migrate_fails() {
	migrates "${@:2}"
	equal "$status" 1
	has_words "$1" "$(<"$WORK/err")"
	is running
	fails 1 "container does not exist" there state "$ID"
	equal "$(find "$WORK/images" -name '*.img' -o -name '*.json')" ""
}
