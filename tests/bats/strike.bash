# For the bats files that kill engines while proa works for them.
# shellcheck shell=bash

# strike COMMAND NAME: the next time that proa is called for that command, the processes of that name (an extended regular
# expression) are killed in the middle of it: create and start wait meanwhile, since a hook does it. proa itself goes on,
# unless its caller's death is its own.
strike() {
	local hook=createRuntime
	rm -f "$STRIKE"*
	printf '#!/bin/sh\nkill -KILL $(pgrep -x "%s") && : >%s.done\n' "$2" "$STRIKE" >"$STRIKE.kill"
	chmod 755 "$STRIKE.kill"
	if [ "$1" = exec ]; then
		cat >"$STRIKE" <<-END
			case " \$* " in *" exec "*) rm $STRIKE && $STRIKE.kill >/dev/null 2>&1 & ;; esac
		END
		return
	fi
	[ "$1" = create ] || hook=poststart
	cat >"$STRIKE" <<-END
		bundle=\$(expr " \$*" : '.* create --bundle \\([^ ]*\\)') && rm $STRIKE &&
			config=\$(jq '.hooks.$hook += [{path: "$STRIKE.kill"}]' "\$bundle/config.json") &&
			printf %s "\$config" >"\$bundle/config.json"
	END
}

# dies COMMAND...: it doesn't succeed, as the engine was killed meanwhile
dies() {
	run "$@"
	[ "$status" != 0 ] || fail "not killed: $*"
	wait_until [ -e "$STRIKE.done" ]
}

# nothing_is_left: no process, cgroup or mount of a container, and nothing that proa would have to know
nothing_is_left() {
	local left
	left=$(pgrep -ax probe || true)
	left+=$(find "$CGROUP" -type d \( -name 'libpod-[0-9a-f]*' -o -name 'docker-*.scope' -o -name struck \))
	left+=$(grep -E '/(merged|rootfs) ' /proc/self/mounts || true)
	[ -z "$left" ] || fail "left: $left"
	forgotten
}
