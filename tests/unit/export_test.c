/* checkpoint/export.c, import.c, tar_*.c and stream.c: a checkpoint as one stream, and what others may send instead. */
#include "tests/unit/support.h"

#include <sys/utsname.h>
#include <sys/xattr.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "checkpoint/export.h"
#include "libcontainer/lifecycle/store.h"

static int dir;
static struct arena arena = ARENA_INIT;
static struct import import_ = IMPORT_INIT;

static const char *path_of(const char *name)
{
	static char path[2][128];
	static int turn;

	turn = !turn;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", scratch_path, name);
	return path[turn];
}

static int subdirectory(const char *name)
{
	int fd = dir_make(dir, name, 0700, &err);

	CHECK(fd >= 0);
	return fd;
}

static void set_up(void)
{
	dir = scratch();
	SUCCEEDS(arena_init(&arena, 64 << 20, &err));
}

/* ---- streams of our own making ---- */

static struct stream stream = STREAM_INIT;
static int stream_fd = -1;

static void begin(const char *name)
{
	stream_fd = open(path_of(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	CHECK(stream_fd >= 0);
	SUCCEEDS(stream_create(stream_fd, &stream, &err));
}

static void put(const struct tar_entry *entry, const char *bytes)
{
	SUCCEEDS(tar_put(&stream, entry, &err));
	if (bytes)
		SUCCEEDS(tar_put_bytes(&stream, bytes, strlen(bytes), &err));
}

static void put_file(const char *name, const char *bytes)
{
	const struct tar_entry entry = {
		.type = TAR_FILE, .name = name, .mode = 0644, .size = strlen(bytes)
	};

	put(&entry, bytes);
}

static void finish(void)
{
	SUCCEEDS(tar_put_end(&stream, &err));
	SUCCEEDS(stream_finish(&stream, &err));
	stream_close(&stream);
	close(stream_fd);
}

static const char *manifest_text(const char *image, unsigned int size)
{
	static char text[512];
	struct utsname machine;

	uname(&machine);
	snprintf(text, sizeof(text),
		 "{\"version\": 1, \"proa\": \"0\", \"architecture\": \"%s\", \"id\": \"web\", "
		 "\"images\": [{\"name\": \"%s\", \"size\": %u, \"hash\": \"0\"}]}",
		 machine.machine, image, size);
	return text;
}

static int take(const char *name)
{
	static int images = -1;

	if (images >= 0)
		close(images);
	SUCCEEDS(dir_remove(dir, "images", &err));
	images = subdirectory("images");
	import_close(&import_);
	err = (struct error)ERROR_INIT;
	return import_open(path_of(name), &import_, &err) < 0
		   ? -1
		   : import_images(&import_, images, &arena, &err);
}

/* ---- tar ---- */

static void check_entry(const struct tar_entry *entry, const struct tar_entry *wanted)
{
	CHECK_INT(entry->type, wanted->type);
	CHECK_STR(entry->name, wanted->name);
	CHECK_STR(entry->link, wanted->link ?: "");
	CHECK_INT(entry->mode, wanted->mode);
	CHECK_INT(entry->uid, wanted->uid);
	CHECK_INT(entry->gid, wanted->gid);
	CHECK_INT(entry->mtime, wanted->mtime);
	CHECK_INT(entry->size, wanted->size);
	CHECK_INT(entry->record_count, wanted->record_count);
	for (size_t i = 0; i < wanted->record_count; i++) {
		CHECK_STR(entry->records[i].key, wanted->records[i].key);
		CHECK_INT(entry->records[i].length, wanted->records[i].length);
		CHECK(memcmp(entry->records[i].value, wanted->records[i].value,
			     wanted->records[i].length) == 0);
	}
}

TEST(entries_come_back_as_they_were_put)
{
	static char long_name[301], long_link[201];
	const struct tar_entry entries[] = {
		{ .type = TAR_FILE, .name = "a", .mode = 04755, .uid = 7, .mtime = 99, .size = 3 },
		{ .type = TAR_DIRECTORY,
		  .name = long_name,
		  .mode = 01777,
		  .uid = 3000000000,
		  .gid = 1 },
		{ .type = TAR_LINK, .name = "l", .link = "to", .gid = 3000000000 },
		{ .type = TAR_LINK, .name = "long", .link = long_link },
		{ .type = TAR_FIFO, .name = "fifo", .mode = 0600 },
		{ .type = TAR_FILE,
		  .name = "attributes",
		  .size = 3,
		  .records = { { TAR_XATTR "user.a", "1\0\n=2", 5 }, { TAR_NAMES, "", 0 } },
		  .record_count = 2 },
	};
	struct tar_entry entry;
	_cleanup_tar_reader_ struct tar_reader reader = TAR_READER_INIT(&stream);
	_cleanup_buffer_ struct buffer bytes = BUFFER_INIT;
	size_t i = 0;

	set_up();
	memset(long_name, 'n', sizeof(long_name) - 1);
	memset(long_link, 'l', sizeof(long_link) - 1);
	begin("s");
	for (size_t j = 0; j < sizeof(entries) / sizeof(entries[0]); j++)
		put(&entries[j], entries[j].size ? "abc" : NULL);
	finish();
	stream_fd = open(path_of("s"), O_RDONLY | O_CLOEXEC);
	SUCCEEDS(stream_open(stream_fd, &stream, &err));
	while (tar_next(&reader, &entry, &err) > 0) {
		check_entry(&entry, &entries[i++]);
		if (entry.type == TAR_FILE) {
			SUCCEEDS(tar_take_bytes(&reader, &entry, 3, &bytes, &err));
		}
	}
	CHECK_STR(err.text, "");
	CHECK_INT(i, sizeof(entries) / sizeof(entries[0]));
	CHECK_STR(bytes.bytes, "abcabc");
	stream_close(&stream);
}

/* ---- whole checkpoints ---- */

static void make_good(const char *name)
{
	begin(name);
	put_file("proa.json", manifest_text("core-1.img", 5));
	put_file("config.json", "{}");
	put_file("core-1.img", "image");
	finish();
}

TEST(a_checkpoint_comes_back)
{
	struct stat st;
	int images;

	set_up();
	make_good("good");
	SUCCEEDS(take("good"));
	images = subdirectory("images");
	CHECK_STR(content(images, "core-1.img"), "image");
	/* by the root of a user namespace, too, once the directory lets it in */
	CHECK(fstatat(images, "core-1.img", &st, 0) == 0 && (st.st_mode & 07777) == 0644);
	CHECK_STR(content(images, "config.json"), "{}");
	CHECK_HAS(content(images, "proa.json"), "\"core-1.img\"");
	SUCCEEDS(import_rootfs(&import_, "/nonexistent", &err)); /* there is none in it */
	import_close(&import_);
}

TEST(what_is_cut_off_or_changed_is_refused_wherever)
{
	char bytes[4096];
	ssize_t length;
	int fd, harmless = 0;

	set_up();
	make_good("good");
	fd = open(path_of("good"), O_RDONLY | O_CLOEXEC);
	length = read(fd, bytes, sizeof(bytes));
	CHECK(length > 100 && length < (ssize_t)sizeof(bytes));
	for (ssize_t i = 0; i < length; i++) {
		make_file(dir, "bad", "");
		fd = open(path_of("bad"), O_WRONLY | O_CLOEXEC);
		CHECK(write(fd, bytes, (size_t)i) == i);
		close(fd);
		if (take("bad") >= 0)
			harness_fail(__FILE__, __LINE__, "cut off at %zd", i);
		CHECK(err.text[0]);
	}
	/* a few bits count for nothing, so what is taken is then what was put */
	for (ssize_t i = 0; i < length; i++) {
		bytes[i] ^= 0x55;
		fd = open(path_of("bad"), O_WRONLY | O_TRUNC | O_CLOEXEC);
		CHECK(write(fd, bytes, (size_t)length) == length);
		close(fd);
		bytes[i] ^= 0x55;
		if (take("bad") < 0) {
			CHECK(err.text[0]);
			continue;
		}
		CHECK(++harmless <= 10);
		CHECK_STR(content(subdirectory("images"), "core-1.img"), "image");
	}
}

TEST(something_behind_the_end)
{
	int fd;

	set_up();
	make_good("good");
	fd = open(path_of("good"), O_WRONLY | O_APPEND | O_CLOEXEC);
	CHECK(write(fd, "x", 1) == 1);
	close(fd);
	FAILS(take("good"), ERROR_INVALID);
	CHECK_HAS(err.text, "something follows its end");
}

static void refuses(const char *words, enum error_code code)
{
	finish();
	FAILS(take("s"), code);
	CHECK_HAS(err.text, words);
}

TEST(only_what_the_manifest_announces_is_taken)
{
	set_up();
	begin("s");
	put_file("core-1.img", "image");
	refuses("proa.json isn't where it is expected", ERROR_INVALID);
	begin("s");
	put_file("proa.json", manifest_text("../core-1.img", 5));
	refuses("is the name of no image", ERROR_INVALID);
	begin("s");
	put_file("proa.json", manifest_text("core-1.img", 5));
	put_file("config.json", "{}");
	put_file("../core-1.img", "image");
	refuses("core-1.img isn't where it is expected", ERROR_INVALID);
	begin("s");
	put_file("proa.json", manifest_text("core-1.img", 5));
	put_file("config.json", "{}");
	put_file("core-1.img", "imagine");
	refuses("has 7 bytes instead of 5", ERROR_INVALID);
	begin("s");
	put_file("proa.json", manifest_text("core-1.img", 5));
	put_file("config.json", "{}");
	refuses("core-1.img isn't where it is expected", ERROR_INVALID);
	begin("s");
	put_file("proa.json", manifest_text("core-1.img", 5));
	put_file("config.json", "{}");
	put(&(struct tar_entry){ .type = TAR_LINK, .name = "core-1.img", .link = "/etc/passwd" },
	    NULL);
	refuses("core-1.img isn't where it is expected", ERROR_INVALID);
	begin("s");
	put_file("proa.json",
		 "{\"version\": 1, \"proa\": \"0\", \"architecture\": \"vax\", \"id\": \"x\"}");
	refuses("another architecture, vax", ERROR_UNSUPPORTED);
	begin("s");
	put_file("proa.json", manifest_text("core-1.img", 5));
	put_file("config.json", "{}");
	put_file("core-1.img", "image");
	put_file("core-2.img", "image");
	refuses("rootfs isn't where it is expected", ERROR_INVALID);
	begin("s");
	put(&(struct tar_entry){ .type = '3', .name = "proa.json" }, NULL);
	refuses("none that proa has written", ERROR_INVALID);
	make_file(dir, "s", "no stream at all, but long enough for one");
	FAILS(take("s"), ERROR_INVALID);
	FAILS(take("missing"), ERROR_SYSTEM);
}

/* ---- the root filesystem ---- */

/* A stream of one change in it, made in "root". */
static int change(const struct tar_entry *entry, const char *bytes)
{
	begin("s");
	put_file("proa.json", manifest_text("core-1.img", 5));
	put_file("config.json", "{}");
	put_file("core-1.img", "image");
	put(entry, bytes);
	finish();
	return take("s") < 0 ? -1 : import_rootfs(&import_, path_of("root"), &err);
}

TEST(nothing_beyond_the_root_filesystem_is_touched)
{
	static const char *const names[] = { "rootfs/..", "rootfs/../x", "rootfs/a/../../x",
					     "rootfs//x", "rootfs/./x",	 "rootfs/x/",
					     "rootfsx",	  "x",		 "/x",
					     "" };
	int root;

	set_up();
	root = subdirectory("root");
	make_file(dir, "outside", "mine");
	CHECK(symlinkat("..", root, "up") == 0 && symlinkat("../outside", root, "out") == 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct tar_entry entry = { .type = TAR_FILE, .name = names[i], .size = 1 };

		if (change(&entry, "x") >= 0)
			harness_fail(__FILE__, __LINE__, "%s was taken", names[i]);
	}
	/* a link on the way isn't followed, one in the place is replaced */
	CHECK(change(&(struct tar_entry){ .type = TAR_FILE, .name = "rootfs/up/x", .size = 1 },
		     "x") < 0);
	CHECK(!there(dir, "x"));
	SUCCEEDS(change(
	    &(struct tar_entry){ .type = TAR_FILE, .name = "rootfs/out", .mode = 0600, .size = 1 },
	    "x"));
	CHECK_STR(content(dir, "outside"), "mine");
	CHECK_STR(content(root, "out"), "x");
	SUCCEEDS(change(&(struct tar_entry){ .type = TAR_DIRECTORY,
					     .name = "rootfs/up",
					     .mode = 0700,
					     .records = { { TAR_NAMES, "", 0 } },
					     .record_count = 1 },
			NULL));
	CHECK(there(dir, "outside"));
	FAILS(change(&(struct tar_entry){ .type = TAR_FILE,
					  .name = "rootfs/f",
					  .records = { { TAR_XATTR "trusted.overlay.opaque", "y",
							 1 } },
					  .record_count = 1 },
		     NULL),
	      ERROR_REFUSED);
	FAILS(change(&(struct tar_entry){ .type = TAR_DIRECTORY, .name = "rootfs/d" }, NULL),
	      ERROR_REFUSED);
	import_close(&import_);
}

static void make_tree(int root)
{
	int sub = dir_make(root, "sub", 0755, &err), deep = dir_make(sub, "deep", 0755, &err);

	make_file(root, "kept", "old");
	make_file(sub, "changed", "old");
	make_file(sub, "removed", "old");
	make_file(deep, "kept", "old");
	CHECK(symlinkat("kept", root, "link") == 0);
	close(deep);
	close(sub);
}

static const char *changed_names(const char *name)
{
	static char names[1024];
	struct tar_entry entry;
	_cleanup_tar_reader_ struct tar_reader reader = TAR_READER_INIT(&stream);
	_cleanup_buffer_ struct buffer bytes = BUFFER_INIT;

	names[0] = '\0';
	stream_fd = open(path_of(name), O_RDONLY | O_CLOEXEC);
	SUCCEEDS(stream_open(stream_fd, &stream, &err));
	while (tar_next(&reader, &entry, &err) > 0) {
		if (entry.type == TAR_FILE)
			SUCCEEDS(tar_take_bytes(&reader, &entry, 1 << 20, &bytes, &err));
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s ", entry.name);
	}
	CHECK_STR(err.text, "");
	stream_close(&stream);
	return names;
}

/* "root" and "there", which are the same until something in "root" changes. */
static int begin_changes(void)
{
	int root, there_, images;

	set_up();
	needs_root();
	root = subdirectory("root");
	there_ = subdirectory("there");
	make_tree(root);
	make_tree(there_);
	images = subdirectory("in");
	make_file(images, "proa.json", manifest_text("core-1.img", 5));
	make_file(images, "core-1.img", "image");
	sleep_ms(20); /* the kernel's clock for files goes in steps */
	make_file(subdirectory("record"), "config.json", "{}");
	close(images);
	close(there_);
	return root;
}

/* What has changed in "root" goes into "out". */
static int export_changes(void)
{
	struct export export = EXPORT_INIT;
	struct manifest manifest = { .version = 1 };
	const struct record record = { -1, subdirectory("record"), -1 };
	int images = subdirectory("in"), result;

	manifest.images.items = &(struct manifest_image){ .name = (char *)"core-1.img", .size = 5 };
	manifest.images.count = 1;
	SUCCEEDS(store_since(&record, &manifest.rootfs_since, &err));
	SUCCEEDS(export_open(path_of("out"), &export, &err));
	CHECK(!there(dir, "out"));
	result = export_write(
	    &export, &(struct export_contents){ &manifest, images, record.dir, path_of("root") },
	    &err);
	CHECK(export_close(&export, result == 0, &err) == 0);
	return result;
}

/* It is made in "there". */
static const char *carry_changes(void)
{
	const char *names;

	SUCCEEDS(export_changes());
	names = changed_names("out");
	SUCCEEDS(take("out"));
	SUCCEEDS(import_rootfs(&import_, path_of("there"), &err));
	import_close(&import_);
	return names;
}

/* What a directory is said to have: it was there, or it came, or it is of a kind that stays where it is. */
TEST(what_is_missing_in_the_other_root_filesystem_is_noticed)
{
	static const struct {
		const char *names;
		bool whole;
	} rows[] = {
		{ "", true },
		{ "there/", true },
		{ "there/gone/", false },
		{ "gone//", true },
		{ "gone///", false },
		{ "gone//there/", true },
		{ "gone/there/", false },
		{ "there", true },
	};
	int root;

	set_up();
	root = subdirectory("root");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct tar_entry entry = { .type = TAR_DIRECTORY,
						 .name = "rootfs",
						 .mode = 0755,
						 .records = { { TAR_NAMES, rows[i].names,
								strlen(rows[i].names) } },
						 .record_count = 1 };

		make_file(root, "there", "");
		err = (struct error)ERROR_INIT;
		if ((change(&entry, NULL) == 0) != rows[i].whole)
			harness_fail(__FILE__, __LINE__, "%s: %s", rows[i].names, err.text);
	}
	import_close(&import_);
}

TEST(changes_of_a_root_filesystem_are_made_in_another)
{
	const struct timespec ago = { 1000000000, 0 };
	int root = begin_changes(), sub = openat(root, "sub", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
	    there_;
	const char *names;
	struct stat st;
	char text[8];

	make_file(sub, "changed", "new");
	CHECK(mknodat(sub, "socket", S_IFSOCK | 0600, 0) == 0);
	CHECK(futimens(openat(sub, "changed", O_WRONLY), (struct timespec[]){ ago, ago }) == 0);
	CHECK(unlinkat(sub, "removed", 0) == 0);
	CHECK(fchownat(sub, "changed", 1000, 1001, 0) == 0 &&
	      fchmodat(sub, "changed", 04711, 0) == 0);
	CHECK(mkfifoat(sub, "fifo", 0640) == 0 && mkdirat(sub, "new", 0711) == 0);
	CHECK(symlinkat("/target", sub, "new/link") == 0);

	names = carry_changes();
	CHECK_HAS(names, "proa.json config.json core-1.img rootfs/sub ");
	CHECK_HAS(names, " rootfs/sub/changed ");
	CHECK_HAS(names, " rootfs/sub/fifo ");
	CHECK_HAS(names, " rootfs/sub/new rootfs/sub/new/link ");
	CHECK_LACKS(names, "kept");

	there_ = subdirectory("there");
	sub = openat(there_, "sub", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK_STR(content(there_, "kept"), "old");
	CHECK_STR(content(sub, "changed"), "new");
	CHECK(fstatat(sub, "changed", &st, 0) == 0);
	CHECK(st.st_uid == 1000 && st.st_gid == 1001 && (st.st_mode & 07777) == 04711);
	CHECK_INT(st.st_mtim.tv_sec, ago.tv_sec);
	CHECK(!there(sub, "removed") && there(sub, "deep/kept"));
	CHECK(fstatat(sub, "fifo", &st, 0) == 0 && S_ISFIFO(st.st_mode) &&
	      (st.st_mode & 07777) == 0640);
	CHECK(fstatat(sub, "new", &st, 0) == 0 && (st.st_mode & 07777) == 0711);
	CHECK_INT(readlinkat(sub, "new/link", text, sizeof(text)), 7);
}

TEST(a_directory_with_too_many_names_is_named)
{
	int root = begin_changes();
	char name[NAME_MAX + 1];

	for (int i = 0; i < (1 << 20) / 250; i++) {
		snprintf(name, sizeof(name), "sub/%0250d", i);
		CHECK(symlinkat("x", root, name) == 0);
	}
	FAILS(export_changes(), ERROR_UNSUPPORTED);
	CHECK_HAS(err.text, "rootfs/sub: a file has more than");
}

TEST(times_and_holes_are_as_they_were)
{
	const struct timespec ago = { 1000000000, 0 }, times[] = { ago, ago };
	static const char *const paths[] = { "sub/new/link", "sub/new", "sub", "." };
	int root = begin_changes(), there_ = subdirectory("there"), fd;
	struct stat st;
	char text[3];

	CHECK(mkdirat(root, "sub/new", 0755) == 0 && symlinkat("x", root, "sub/new/link") == 0);
	fd = openat(root, "sub/new/sparse", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	CHECK(pwrite(fd, "x", 1, 512 << 10) == 1 && ftruncate(fd, 1 << 20) == 0 && close(fd) == 0);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		CHECK(utimensat(root, paths[i], times, AT_SYMLINK_NOFOLLOW) == 0);
	carry_changes();
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		CHECK(fstatat(there_, paths[i], &st, AT_SYMLINK_NOFOLLOW) == 0);
		CHECK_INT(st.st_mtim.tv_sec, ago.tv_sec);
	}
	CHECK(fstatat(there_, "sub/new/sparse", &st, 0) == 0);
	CHECK(st.st_size == 1 << 20 && st.st_blocks * 512 <= 256 << 10);
	fd = openat(there_, "sub/new/sparse", O_RDONLY | O_CLOEXEC);
	CHECK(pread(fd, text, sizeof(text), (512 << 10) - 1) == sizeof(text));
	CHECK(memcmp(text, "\0x", sizeof(text)) == 0);
}

/* rename(2) marks the directory, but nothing of what is in it. */
TEST(a_renamed_directory_keeps_what_is_in_it)
{
	int root = begin_changes(), there_ = subdirectory("there");

	CHECK(mkdirat(root, "new", 0755) == 0 && renameat(root, "sub", root, "new/moved") == 0);
	CHECK_HAS(carry_changes(), " rootfs/new/moved/deep/kept ");
	CHECK(!there(there_, "sub"));
	CHECK_STR(content(there_, "new/moved/removed"), "old");
	CHECK_STR(content(there_, "new/moved/deep/kept"), "old");
}

TEST(a_directory_that_has_taken_another_ones_name_has_its_own_content)
{
	int root = begin_changes(), there_ = subdirectory("there");

	CHECK(renameat(root, "sub/deep", root, "other") == 0 &&
	      renameat2(root, "sub", root, "other", RENAME_EXCHANGE) == 0);
	carry_changes();
	CHECK_STR(content(there_, "sub/kept"), "old");
	CHECK(!there(there_, "sub/removed"));
	CHECK_STR(content(there_, "other/changed"), "old");
}

TEST(a_file_that_lies_where_the_export_is_written_gets_nothing_of_it_and_stays)
{
	struct export export = EXPORT_INIT;

	set_up();
	make_file(dir, "theirs", "theirs");
	CHECK(linkat(dir, "theirs", dir, "out", 0) == 0);
	make_file(dir, "out.partial", "theirs");
	SUCCEEDS(export_open(path_of("out"), &export, &err));
	CHECK(write(export.fd, "memory", 6) == 6);
	CHECK_STR(content(dir, "out"), "theirs");
	SUCCEEDS(export_close(&export, true, &err));
	CHECK_STR(content(dir, "out"), "memory");
	CHECK_STR(content(dir, "theirs"), "theirs");
	CHECK_STR(content(dir, "out.partial"), "theirs");
	CHECK(!there(dir, export.partial));
}

TEST(an_export_that_fails_leaves_the_older_one)
{
	struct export export = EXPORT_INIT;
	struct manifest manifest = { .version = 1 };

	set_up();
	make_file(dir, "out", "older");
	SUCCEEDS(export_open(path_of("out"), &export, &err));
	FAILS(export_write(&export, &(struct export_contents){ &manifest, dir, dir, NULL }, &err),
	      ERROR_SYSTEM);
	SUCCEEDS(export_close(&export, false, &err));
	CHECK_STR(content(dir, "out"), "older");
	CHECK(!there(dir, "out.partial"));
	FAILS(export_open(path_of("missing/out"), &export, &err), ERROR_SYSTEM);
	SUCCEEDS(export_close(&export, false, &err));
}
