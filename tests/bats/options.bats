#!/usr/bin/env bats
# lane: native
# lane-long: vm
# tier: quick
# prepare: command -v crun >/dev/null || apt-get install -y -qq --no-install-recommends crun
# The options of runc and crun, one by one: here, too, or on the list tests/data/peer-options.txt with the reason.

load helpers

setup() {
	common_setup
	TABLE=$PROA_SRC/tests/data/peer-options.txt
}

# takes COMMAND OPTION: the parser goes on to the next option, which nobody has
takes() {
	local code=0
	set -- "${1#-}" "$2"
	# shellcheck disable=SC2086 # no command is no word
	"$RUNTIME" $1 "$2" --no-such-option >"$WORK/out" 2>"$WORK/err" || code=$?
	[ $code != 0 ] || fail "$1 $2: not an error with an unknown option" || return
	[[ $(<"$WORK/err") == *"unknown option --no-such-option"* ]] || fail "proa $1 $2:" "$(<"$WORK/err")"
}

# shown COMMAND NAME: does --help?
shown() {
	# shellcheck disable=SC2086 # no command is no word
	[ -e "$WORK/help.$1" ] || "$RUNTIME" ${1#-} --help >"$WORK/help.$1"
	[[ $(<"$WORK/help.$1") =~ (^|[[:space:]])$2[[:space:],=] ]]
}

@test "each option of runc and crun is what its row says" {
	require proa
	while IFS='|' read -r command option _ here; do
		first=${option%% *} value=
		[[ $first != *=* ]] || value="=${first#*=}"
		for name in ${option/"$value"/}; do
			case $here in
			yes | ignored:\ ?*)
				if [[ $name == -? && -n $value ]]; then
					takes "$command" "$name${value#=}"
				else
					takes "$command" "$name$value"
				fi
				;;
			*) fail "$command $name: $here" ;;
			esac
			if [ "$here" = yes ]; then
				shown "$command" "$name" || fail "$command $name: --help doesn't tell"
			else
				! shown "$command" "$name" || fail "$command $name: --help shows what has no effect"
			fi
		done
	done < <(grep -vE '^(#|$)' "$TABLE" | sed 's/ *| */|/g')
}

# options_of RUNTIME COMMAND: what its --help shows: a line "COMMAND NAME" for each name, with = if it takes a value
options_of() {
	# shellcheck disable=SC2086 # no command is no word
	"$1" ${2#-} --help 2>/dev/null | awk -v command="$2" '
		sub(/^ +-/, "-") {
			sub(/  .*/, "")
			value = /[^[]=| value/ ? "=" : ""
			n = split($0, words, /[ ,]+/)
			for (i = 1; i <= n; i++) {
				sub(/[=[].*/, "", words[i])
				if (words[i] ~ /^-/ && words[i] !~ /^(--help|-h|-\?|--usage|--version|-v|-V)$/)
					# crun has forgotten the value of this one, and no method can be told without
					print command, words[i] (words[i] == "--network-lock" ? "=" : value)
			}
		}'
}

# rows_of RUNTIME: its rows in the same form
rows_of() {
	grep -vE '^(#|$)' "$TABLE" | awk -F ' *[|] *' -v whose="$1" '
		(" " $3 " ") ~ (" " whose " ") {
			value = $2 ~ /=/ ? "=" : ""
			n = split($2, names, " ")
			for (i = 1; i <= n; i++) {
				sub(/=.*/, "", names[i])
				print $1, names[i] value
			}
		}'
}

@test "each option that an installed runc or crun shows has a row; each command is ours, too" {
	require proa runc crun
	for peer in runc crun; do
		commands=$("$peer" --help | sed -nE '/COMMANDS/,/OPTIONS/s/^[\t ]+([a-z]+) +[- ].*/\1/p')
		[ "$(wc -w <<<"$commands")" -gt 10 ]
		options_of "$peer" - >"$WORK/$peer"
		for command in $commands; do
			"$RUNTIME" "$command" --help >/dev/null
			options_of "$peer" "$command" >>"$WORK/$peer"
		done
		[ "$(wc -l <"$WORK/$peer")" -gt 50 ]
		equal "$(comm -23 <(sort -u "$WORK/$peer") <(rows_of "$peer" | sort -u))" "" "$peer, options without a row:"
	done
}
