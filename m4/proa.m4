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
	LIBS="$SECCOMP_LIBS $CAP_LIBS $YAJL_LIBS $LIBS"
	LDFLAGS="$LDFLAGS $HARDEN_LDFLAGS"
	CFLAGS="$CFLAGS $HARDEN_CFLAGS $SECCOMP_CFLAGS $CAP_CFLAGS $YAJL_CFLAGS"
	AC_LINK_IFELSE([AC_LANG_PROGRAM([[
#include <seccomp.h>
#include <sys/capability.h>
#include <yajl/yajl_parse.h>
		]], [[
		return !seccomp_version() || cap_max_bits() < 1 || !yajl_alloc(0, 0, 0);
		]])],
		[AC_MSG_RESULT([yes])],
		[AC_MSG_RESULT([no])
		AC_MSG_ERROR([cannot link libseccomp, libcap and yajl; where their archives are missing, configure --disable-static-binary])])
	LIBS=$save_LIBS LDFLAGS=$save_LDFLAGS CFLAGS=$save_CFLAGS
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
