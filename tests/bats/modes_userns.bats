#!/usr/bin/env bats
# lane: native
# tier: full
# timeout: 4000
# The tests of properties in containers with a user namespace.

bats_require_minimum_version 1.5.0
load files_in_mode
export BATS_TEST_TIMEOUT=3000

@test "what shows properties, in containers with a user namespace" {
	# shellcheck disable=SC2086 # words
	in_mode userns $PROPERTIES $ROOTS
}
