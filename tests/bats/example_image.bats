#!/usr/bin/env bats
# contrib/examples/image: a bundle as umoci unpacks it from an image.
# lane: native vm
# tier: full
# prepare: contrib/examples/image --prepare

bats_require_minimum_version 1.5.0

@test "a bundle from an OCI image runs as umoci wrote it" {
	run -0 --separate-stderr "$PROA_SRC/contrib/examples/image"
	[ "$output" = $'hello from an image\nuid=1000 gid=1000' ]
	[[ $stderr == *'$ umoci unpack --image copied:busybox bundle'*'$ proa run -b bundle image-'* ]]
	[ "$("$PROA" list -q)" = "" ]
}
