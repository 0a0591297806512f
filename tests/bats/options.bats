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

# rows: those of the table, their fields in COMMAND, OPTION, WHOSE and HERE of the commands that follow
rows() {
	grep -vE '^(#|$)' "$TABLE" | sed 's/ *| */|/g'
}

# takes COMMAND OPTION: the parser goes on to the next option, which nobody has
takes() {
	local code=0
	set -- "${1#-}" "$2"
	# shellcheck disable=SC2086 # no command is no word
	"$RUNTIME" $1 "$2" --no-such-option >"$WORK/out" 2>"$WORK/err" || code=$?
	[ $code != 0 ] || fail "$1 $2: not an error with an unknown option" || return
	grep -q "unknown option --no-such-option" "$WORK/err" || fail "proa $1 $2:" "$(cat "$WORK/err")"
}

# shown COMMAND NAME: does --help?
shown() {
	[ -e "$WORK/help.$1" ] || "$RUNTIME" ${1#-} --help >"$WORK/help.$1"
	grep -qE -e "$2( |,|=|\$)" "$WORK/help.$1"
}

@test "each option of runc and crun is what its row says" {
	require proa
	while IFS='|' read -r command option _ here; do
		first=${option%% *} value=
		[[ $first != *=* ]] || value==${first#*=}
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
	done < <(rows)
}

# options_of RUNTIME COMMAND: what its --help shows, a line for each name, with = if it takes a value
options_of() {
	local name line
	# shellcheck disable=SC2086 # no command is no word
	"$1" ${2#-} --help 2>/dev/null | sed -nE 's/^ +(-.*)/\1/p' | while IFS= read -r line; do
		line=${line%%  *}
		for name in $(grep -oE -- '(^|, )--?[a-zA-Z0-9?-]+' <<<"$line" | tr -d ', '); do
			case $name in
			--help | -h | '-?' | --usage | --version | -v | -V) ;;
			--network-lock) echo "$name=" ;; # crun has forgotten the value, and can't tell a method without
			*) if [[ $line =~ [^[]=|\ value ]]; then echo "$name="; else echo "$name"; fi ;;
			esac
		done
	done
}

# row_has RUNTIME COMMAND NAME: is there a row, and does it take a value where RUNTIME's does?
row_has() {
	rows | awk -F '|' -v whose="$1" -v command="$2" -v name="${3%=}" -v value="${3//[^=]/}" '
		$1 == command && (" " $3 " ") ~ (" " whose " ") {
			n = split($2, names, " ")
			for (i = 1; i <= n; i++)
				if (substr(names[i] "=", 1, length(name) + 1) == name "=")
					found = (value != "") == ($2 ~ /=/)
		}
		END { exit !found }'
}

@test "each option that an installed runc or crun shows has a row; each command is ours, too" {
	require proa runc crun
	for peer in runc crun; do
		commands=$("$peer" --help | sed -nE '/COMMANDS/,/OPTIONS/s/^[\t ]+([a-z]+) +[- ].*/\1/p')
		[ "$(wc -w <<<"$commands")" -gt 10 ]
		seen=0
		for command in - $commands; do
			[ "$command" = - ] || "$RUNTIME" "$command" --help >/dev/null
			while read -r option; do
				row_has "$peer" "$command" "$option" || fail "$peer $command $option has no row, or another kind of one"
				seen=$((seen + 1))
			done < <(options_of "$peer" "$command")
		done
		echo "$peer: $seen"
		[ "$seen" -gt 50 ]
	done
}
