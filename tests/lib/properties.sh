# The rows of tests/data/property-tests.txt, for those in the source tree.
# shellcheck shell=bash
# shellcheck disable=SC2034 # they use what is set here

patterns=() files=() titles=()
while IFS='|' read -r pattern file title; do
	pattern=${pattern%% *}
	case $pattern in '#'* | '') continue ;; esac
	patterns+=("$pattern") files+=("${file// /}") titles+=("${title# }")
done <tests/data/property-tests.txt

# row_of PROPERTY: the number of its row
row_of() {
	local i
	for i in "${!patterns[@]}"; do
		# shellcheck disable=SC2053 # it is a pattern
		if [[ $1 == ${patterns[i]} ]]; then
			echo "$i"
			return
		fi
	done
}

# test_file FILE: where it lies
test_file() {
	case $1 in
	*.bats) echo "tests/bats/$1" ;;
	*) echo "tests/unit/$1" ;;
	esac
}

# test_titles FILE: of the tests in it
test_titles() {
	sed -n 's/^@test "\(.*\)" {$/\1/p; s/^TEST(\([a-z0-9_A-Z]*\)).*/\1/p' "$1"
}
