/* base/mountinfo.c: lines of /proc/PID/mountinfo. */
#include "tests/unit/harness.h"

#include <limits.h>

#include "base/cleanup.h"
#include "base/mountinfo.h"

TEST(a_mount_is_found_by_its_id_where_the_kernel_says_that_it_is)
{
	static const char mountinfo[] = "21 1 0:1 / / rw - tmpfs t rw\n"
					"210 21 0:2 /x\\040y /a\\040b\\134c\\012 ro - tmpfs t rw\n"
					"3 21 0:2 / /d ro shared:7 master:1 - ext4 /dev/- ro\n"
					"4 21 0:2 / /e\\04 ro - tmpfs t rw";
	static const struct {
		uint64_t id;
		const char *path;
	} cases[] = {
		{ 21, "/" },	 { 210, "/a b\\c\n" }, { 3, "/d" },
		{ 4, "/e\\04" }, { 2, NULL },	       { 0, NULL },
	};
	char path[PATH_MAX];

	for (size_t i = 0; i < array_length(cases); i++) {
		CHECK_INT(mountinfo_find(mountinfo, cases[i].id, path), cases[i].path != NULL);
		if (cases[i].path)
			CHECK_STR(path, cases[i].path);
	}
	CHECK(!mountinfo_find("", 1, path));
}

TEST(a_line_is_taken_apart)
{
	const char *text =
	    "1 0 8:1 /sub /a ro - ext4 /dev/sda1 rw\n"
	    "no line\n"
	    "\n"
	    "2 1 0:5 / /b\\011- rw,nosuid shared:1 master:2 propagate_from:3 - proc - - rw\n"
	    "18446744073709551616 1 0:5 / /c rw - proc proc rw\n"
	    "3 1 0:5 / /d rw - \n"
	    "4 1 0:6 / /e rw - sysfs sysfs rw";
	struct mountinfo_line line;
	char path[PATH_MAX];

	CHECK(mountinfo_next(&text, &line));
	CHECK_INT(line.id, 1);
	CHECK(mountinfo_is(line.root, "/sub") && !mountinfo_is(line.root, "/su"));
	CHECK(mountinfo_is(line.type, "ext4"));
	CHECK(mountinfo_next(&text, &line));
	CHECK_INT(line.id, 2);
	CHECK(mountinfo_is(line.type, "proc"));
	CHECK(mountinfo_path(line.point, path));
	CHECK_STR(path, "/b\t-");
	CHECK(mountinfo_next(&text, &line));
	CHECK_INT(line.id, 4);
	CHECK(mountinfo_is(line.type, "sysfs"));
	CHECK(!mountinfo_next(&text, &line));
	CHECK(!*text);
}

TEST(a_path_too_long_is_none)
{
	char text[PATH_MAX + 1], path[PATH_MAX];

	memset(text, 'x', sizeof(text));
	CHECK(mountinfo_path((struct mountinfo_field){ text, PATH_MAX - 1 }, path));
	CHECK_INT(strlen(path), PATH_MAX - 1);
	CHECK(!mountinfo_path((struct mountinfo_field){ text, PATH_MAX }, path));
}
