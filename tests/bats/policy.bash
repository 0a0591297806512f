# For the bats files that want SELinux: the policy of data/selinux.cil.
# shellcheck shell=bash

# load_policy: with the 1024 categories of which engines choose two for each container
load_policy() {
	local categories files=("$PROA_SRC/tests/data/selinux.cil" "$BATS_FILE_TMPDIR/categories.cil")
	categories=$(printf 'c%d ' {0..1023})
	{
		# shellcheck disable=SC2086 # a line for each
		printf '(category %s)\n' $categories
		echo "(categoryorder ($categories))"
		echo "(sensitivitycategory s0 (range c0 c1023))"
	} >"${files[1]}"
	mountpoint -q /sys/fs/selinux || mount -t selinuxfs selinuxfs /sys/fs/selinux
	secilc -c 33 -o "$BATS_FILE_TMPDIR/policy" -f /dev/null "${files[@]}"
	cat "$BATS_FILE_TMPDIR/policy" >/sys/fs/selinux/load
}
