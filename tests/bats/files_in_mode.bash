# Loaded by modes_userns.bats and modes_rootless.bats: the files that show properties, run once more in another mode
# (modes.bash). What a mode can't do is on the list tests/modes, with the reason.
# shellcheck shell=bash
# shellcheck disable=SC2034 # the tests use what is set here

PROPERTIES="annotations cgroup contract devices events exec fds hooks lifecycle mounts mounts_running namespaces privileges process
	protections query quickstart run seccomp spec_create spec_hooks spec_seccomp terminal update"
# what is for root, or made by root
ROOTS="cgroup_states commands concurrency net_devices rdt update_faults"

# in_mode MODE FILE...: the tests of each pass, or are skipped for a reason on the list; most do pass
in_mode() {
	local mode=$1 file log skips
	[ "$PROA_LANE" = native ]
	shift
	for file; do
		log=$BATS_TEST_TMPDIR/$file.tap
		env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=xterm TZ=UTC LC_ALL=C.UTF-8 \
			TMPDIR="$TMPDIR" PROA="$PROA" PROA_BUILD="$PROA_BUILD" PROA_SRC="$PROA_SRC" PROA_LANE="$PROA_LANE" \
			PROA_TIER=quick PROA_MODE="$mode" \
			bats "$BATS_TEST_DIRNAME/$file.bats" >"$log" 2>&1 3>&- || fails "$log" "$file as $mode" || return
		skips=$(sed -n 's/^ok .*# skip *//p' "$log")
		only_listed "$log" "$skips" || return
		[ "$(grep -c '^ok ' "$log")" -gt $((2 * $(grep -c . <<<"$skips"))) ] || fails "$log" "most tests are skipped" || return
	done
}

# only_listed LOG REASONS: each is on the list
only_listed() {
	local reason
	while read -r reason; do
		[ -z "$reason" ] || grep -qF "| $reason" "$PROA_SRC/tests/modes" ||
			fails "$1" "not on the list tests/modes: $reason" || return
	done <<<"$2"
}

# fails LOG WORDS
fails() {
	cat "$1"
	echo "$2"
	return 1
}
