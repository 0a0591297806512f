# Loaded after helpers by the bats files in which systemd makes the cgroups: they need the test machine.
# shellcheck shell=bash
# shellcheck disable=SC2034 # the tests use what is set here

# scope [SLICE]: the test's containers are scopes from here on, UNIT in that slice; nothing of them may be left
scope() {
	GLOBALS=(--systemd-cgroup)
	UNIT=test-$ID.scope
	config '.linux.cgroupsPath = $p' --arg p "${1-system.slice}:test:$ID"
}

# property NAME [UNIT]: as systemd tells it
property() {
	systemctl show -P "$1" "${2-$UNIT}"
}

# has_property NAME VALUE
has_property() {
	equal "$(property "$1")" "$2" "$1:"
}

# The units of the test that systemd still knows
units() {
	systemctl list-units --all --plain --no-legend "*$TAG*"
}

no_units() {
	[ -z "$(units)" ]
}

teardown() {
	common_teardown
	[ ${#GLOBALS[@]} = 0 ] || eventually no_units || fail "left behind:" "$(units)"
}
