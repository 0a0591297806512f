#!/usr/bin/env bats
# lane: native
# tier: full
# timeout: 4000
# The tests of properties, called by a user without privileges.

bats_require_minimum_version 1.5.0
load files_in_mode
export BATS_TEST_TIMEOUT=3000

@test "what shows properties, called by a user without privileges" {
	# shellcheck disable=SC2086 # words
	in_mode rootless $PROPERTIES
}
