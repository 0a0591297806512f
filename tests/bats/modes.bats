#!/usr/bin/env bats
# lane: native
# tier: full
# timeout: 4000
# The tests of other files, in containers with a user namespace, and called by a user without privileges (modes.bash). What a
# mode can't do is on the list tests/modes, with the reason.

bats_require_minimum_version 1.5.0
export BATS_TEST_TIMEOUT=1800

FILES="exec mounts_running process"
if [ "${PROA_TIER-}" = long ]; then
	FILES+=" mounts devices terminal annotations cgroup contract events fds hooks lifecycle namespaces privileges protections query
		quickstart run seccomp spec_create spec_hooks spec_seccomp update"
	# what is for root, or made by root
	ROOTS="cgroup_states commands concurrency net_devices rdt"
fi

# in_mode MODE FILE: all its tests pass, or are skipped for a reason on the list; most do pass
in_mode() {
	local log=$BATS_TEST_TMPDIR/$2.tap skips
	[ "$PROA_LANE" = native ]
	env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=xterm TZ=UTC LC_ALL=C.UTF-8 TMPDIR="$TMPDIR" PROA="$PROA" PROA_BUILD="$PROA_BUILD" \
		PROA_SRC="$PROA_SRC" PROA_LANE="$PROA_LANE" PROA_TIER=quick PROA_MODE="$1" \
		bats "$BATS_TEST_DIRNAME/$2.bats" >"$log" 2>&1 3>&- || fails "$log" "$2 as $1"
	skips=$(sed -n 's/^ok .*# skip *//p' "$log")
	while read -r reason; do
		[ -z "$reason" ] || grep -qF "| $reason" "$PROA_SRC/tests/modes" || fails "$log" "not on the list tests/modes: $reason"
	done <<<"$skips"
	[ "$(grep -c '^ok ' "$log")" -gt $((2 * $(grep -c . <<<"$skips"))) ] || fails "$log" "most tests are skipped"
}

# fails LOG WORDS
fails() {
	cat "$1"
	echo "$2"
	return 1
}

@test "in a user namespace" {
	for file in $FILES ${ROOTS-}; do in_mode userns "$file"; done
}

@test "rootless" {
	for file in $FILES; do in_mode rootless "$file"; done
}
