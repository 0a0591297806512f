# PROA_LIBRARY(PREFIX, MODULE, VERSION, PACKAGE): a library that proa cannot do without.
AC_DEFUN([PROA_LIBRARY], [
	AS_VAR_IF([enable_static_binary], [yes],
		[PKG_CHECK_MODULES_STATIC([$1], [$2 >= $3], [],
			[AC_MSG_ERROR([$2 >= $3 is missing; on Debian: apt-get install $4])])],
		[PKG_CHECK_MODULES([$1], [$2 >= $3], [],
			[AC_MSG_ERROR([$2 >= $3 is missing; on Debian: apt-get install $4])])])
])

# PROA_FEATURE(NAME, MODULE, PACKAGE, WHAT): --without-NAME leaves WHAT out; HAVE_NAME in config.h is
# 0 or 1 and never undefined, so that a misspelt name is a warning (-Wundef) and not a missing feature.
AC_DEFUN([PROA_FEATURE], [
	AC_ARG_WITH([$1], [AS_HELP_STRING([--without-$1], [leave out $4])], [], [with_$1=yes])
	m4_pushdef([UP], m4_toupper([$1]))
	have_$1=0
	AS_VAR_IF([with_$1], [no], [], [
		PKG_CHECK_MODULES(UP, [$2], [have_$1=1],
			[AC_MSG_ERROR([$2 is missing; on Debian: apt-get install $3; or configure --without-$1])])
	])
	AC_DEFINE_UNQUOTED([HAVE_]UP, [$have_$1], [1 if built with $4, else 0])
	AM_CONDITIONAL([HAVE_]UP, [test "$have_$1" = 1])
	m4_popdef([UP])
])

# PROA_CFLAGS(VARIABLE, FLAGS): those of FLAGS that the compiler knows.
AC_DEFUN([PROA_CFLAGS], [
	$1=
	for flag in m4_normalize([$2]); do
		AC_MSG_CHECKING([whether $CC knows $flag])
		save_CFLAGS=$CFLAGS
		CFLAGS="$CFLAGS -Werror $flag"
		AC_COMPILE_IFELSE([AC_LANG_PROGRAM([], [])],
			[AC_MSG_RESULT([yes]); $1="${$1:+$$1 }$flag"],
			[AC_MSG_RESULT([no])])
		CFLAGS=$save_CFLAGS
	done
])

# PROA_CHECK_LINK: the libraries as they will be linked; says early that an archive is missing.
AC_DEFUN([PROA_CHECK_LINK], [
	AC_MSG_CHECKING([whether the libraries link as asked])
	save_LIBS=$LIBS save_LDFLAGS=$LDFLAGS save_CFLAGS=$CFLAGS
	LIBS="$SECCOMP_LIBS $CAP_LIBS $YAJL_LIBS $MUSL_LIBS $LIBS"
	LDFLAGS="$LDFLAGS $HARDEN_LDFLAGS $MUSL_LDFLAGS"
	CFLAGS="$CFLAGS $HARDEN_CFLAGS $SECCOMP_CFLAGS $CAP_CFLAGS $YAJL_CFLAGS $MUSL_CFLAGS -I$srcdir"
	AC_LINK_IFELSE([AC_LANG_PROGRAM([[
#include <seccomp.h>
#include <sys/capability.h>
#include <yajl/yajl_parse.h>
`test -z "$MUSL_LIBS" || echo '#include "base/musl/archives.c"'`
		]], [[
		return !seccomp_version() || cap_max_bits() < 1 || !yajl_alloc(0, 0, 0);
		]])],
		[AC_MSG_RESULT([yes])],
		[AC_MSG_RESULT([no])
		AC_MSG_ERROR([cannot link libseccomp, libcap and yajl; where their archives are missing, configure --disable-static-binary])])
	LIBS=$save_LIBS LDFLAGS=$save_LDFLAGS CFLAGS=$save_CFLAGS
])

# PROA_MUSL: MUSL_CFLAGS, MUSL_LDFLAGS and MUSL_LIBS make a static program with musl as Debian has it, beside the C library that
# the compiler is made for. The packages' headers and the kernel's are found behind musl's own; base/musl/ is before all, and has
# what they and we miss there. Nothing but the flags decides: the helpers of proa are linked against glibc.
AC_DEFUN([PROA_MUSL], [
	AS_CASE([$host_cpu], [x86_64|aarch64], [],
		[AC_MSG_ERROR([with musl proa is built for x86_64 and aarch64 alone; configure --without-musl])])
	AC_MSG_CHECKING([for musl])
	musl_lib=/usr/lib/$host_cpu-linux-musl
	musl_include=/usr/include/$host_cpu-linux-musl
	AS_IF([test -e "$musl_lib/rcrt1.o" && test -e "$musl_include/stdlib.h"],
		[AC_MSG_RESULT([$musl_lib])],
		[AC_MSG_RESULT([no])
		AC_MSG_ERROR([musl is missing; on Debian: apt-get install musl-dev; or configure --without-musl])])
	MUSL_CFLAGS="-nostdinc -isystem $srcdir/base/musl -isystem $musl_include -isystem `$CC -print-file-name=include`"
	MUSL_CFLAGS="$MUSL_CFLAGS -idirafter /usr/include/`$CC -print-multiarch` -idirafter /usr/include"
	MUSL_LDFLAGS="-nostdlib -L$musl_lib $musl_lib/rcrt1.o $musl_lib/crti.o -Wl,-u,musl_protect_relocated"
	MUSL_LIBS="-lc -lgcc -lc $musl_lib/crtn.o"
])

# PROA_LINK_LIBCGROUP: LIBCGROUP_LIBS with its archive, with what that needs of libsystemd from version 3 on; else, as
# where there is no archive, the shared library.
AC_DEFUN([PROA_LINK_LIBCGROUP], [
	AS_IF([test "$have_libcgroup" = 1], [
		AC_MSG_CHECKING([how to link libcgroup])
		save_LIBS=$LIBS found=no
		for libs in "-Wl,-Bstatic -lcgroup -Wl,-Bdynamic" "-Wl,-Bstatic -lcgroup -Wl,-Bdynamic -lsystemd -lpthread" \
			"$LIBCGROUP_LIBS"; do
			LIBS="$libs $save_LIBS"
			AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <libcgroup.h>]], [[return cgroup_init();]])],
				[found=$libs; break])
		done
		LIBS=$save_LIBS
		AC_MSG_RESULT([$found])
		AS_IF([test "$found" = no], [AC_MSG_ERROR([cannot link libcgroup; configure --without-libcgroup])])
		LIBCGROUP_LIBS=$found
	])
])
