# shellcheck shell=bash
# Sourced by tests/run, tests/builds/* and tests/checks/results.check: from output of tests to results.
# A result is a line of five fields, separated by tabs: pass|fail|skip, lane, file, test, reason.

lib=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")

# tap_results LANE FILE STATUS <TAP: results of a test program; STATUS is its exit status
tap_results() {
	awk -v lane="$1" -v file="$2" -v status="$3" -f "$lib/tap.awk"
}

# trs_results LANE DIR: results of the automake test runs in the build tree DIR
trs_results() {
	local trs file
	while IFS= read -r trs; do
		file=${trs#"$2"/}
		file=${file%.trs}
		awk -v lane="$1" -v file="$file" -f "$lib/trs.awk" "$trs" "${trs%trs}log"
	done < <(find "$2/tests" -name '*.trs' 2>/dev/null | LC_ALL=C sort)
}

# lane_results LANE DIR RESULTS FILE...: what tests/lane left in DIR for each FILE goes to RESULTS; fails if a test did
lane_results() {
	local lane=$1 dir=$2 results=$3 before file name status
	shift 3
	before=$(count fail "$results")
	for file; do
		name=$dir/$(basename "$file")
		if read -r status _ 2>/dev/null <"$name.end"; then
			tap_results "$lane" "$file" "$status" <"$name.tap"
		else
			printf 'fail\t%s\t%s\t(all)\tdid not end\n' "$lane" "$file"
		fi >>"$results"
	done
	[ "$(count fail "$results")" = "$before" ]
}

# count RESULT FILE: how many results of that kind are in FILE
count() {
	awk -F '\t' -v kind="$1" '$1 == kind { n++ } END { print n + 0 }' "$2"
}

# unlisted_skips SKIPS RESULTS: the skips in RESULTS that the list SKIPS doesn't allow
unlisted_skips() {
	local kind lane file test reason
	while IFS=$'\t' read -r kind lane file test reason; do
		[ "$kind" = skip ] || continue
		skip_is_listed "$1" "$2" || printf '%s %s: %s: %s\n' "$lane" "$file" "$test" "$reason"
	done < <(cat "$2")
}

# In the caller's lane, file, test and reason.
skip_is_listed() {
	local skips=$1 results=$2 a b c d run_in
	while IFS='|' read -r a b c d run_in; do
		a=$(trim "$a") b=$(trim "$b") c=$(trim "$c") d=$(trim "$d") run_in=$(trim "$run_in")
		case $a in '' | '#'*) continue ;; esac
		# shellcheck disable=SC2053 # patterns are meant
		if [[ $lane == $a && $file == $b && $test == $c && $reason == $d && $run_in ]] &&
			passes_elsewhere "$results" "$run_in"; then
			return 0
		fi
	done <"$skips"
	return 1
}

# Whether the caller's file and test passed in LANE, or LANE didn't run the file this time.
passes_elsewhere() {
	awk -F '\t' -v lane="$2" -v file="$file" -v test="$test" '
		$2 == lane && $3 == file { ran = 1; if ($1 == "pass" && $4 == test) passed = 1 }
		END { exit ran && !passed }' "$1"
}

trim() {
	local s=$1
	s=${s#"${s%%[![:space:]]*}"}
	printf '%s' "${s%"${s##*[![:space:]]}"}"
}
