/* checkpoint/manifest.c: what is written is read again, and nothing else is. */
#include "tests/unit/harness.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "checkpoint/images.h"
#include "checkpoint/manifest.h"

static struct arena arena;
static int dir = -1;

static void begin(void)
{
	char path[] = "/tmp/proa-manifest-XXXXXX";
	struct error err = ERROR_INIT;

	CHECK(arena_init(&arena, 64 << 20, &err) == 0);
	CHECK(mkdtemp(path));
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* it lives on by its descriptor until it is emptied */
	CHECK(dir >= 0);
}

static void end(void)
{
	struct error err = ERROR_INIT;
	char link[64], path[256];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", dir);
	length = readlink(link, path, sizeof(path) - 1);
	CHECK(length > 0);
	path[length] = '\0';
	CHECK(dir_empty(dir, NULL, &err) == 0 && rmdir(path) == 0);
	close(dir);
	arena_free(&arena);
}

static void put(const char *name, const char *bytes, size_t length)
{
	struct error err = ERROR_INIT;

	CHECK(file_replace(dir, name, 0600, bytes, length, false, &err) == 0);
}

static void write_checkpoint(void)
{
	static struct config_linux masks;
	static const struct config config = { .linux_ = &masks };
	struct mount_info mounts[] = { { .mountpoint = (char *)"/data", .root = (char *)"/d" } };
	struct mountinfo_list external = { mounts, 1 };
	struct error err = ERROR_INIT;
	struct manifest manifest;
	static char pages[3 << 20];

	memset(pages, 'x', sizeof(pages));
	put("inventory.img", "abc", 3);
	put("pages-1.img", pages, sizeof(pages));
	put("dump.log", "log", 3);
	CHECK(manifest_begin(&manifest, &external, &config, &arena, &err) == 0);
	manifest.id = (char *)"web";
	manifest.criu = 40101;
	CHECK(manifest_write(&manifest, dir, &arena, &err) == 0);
}

static int read_again(struct manifest **manifest, struct error *err)
{
	*err = (struct error)ERROR_INIT;
	return manifest_read(dir, &arena, manifest, err);
}

TEST(what_is_written_is_read)
{
	struct manifest *manifest;
	struct error err;

	begin();
	write_checkpoint();
	CHECK(read_again(&manifest, &err) == 0);
	CHECK(manifest && manifest->version == MANIFEST_VERSION && manifest->criu == 40101);
	CHECK_STR(manifest->id, "web");
	CHECK(manifest->mounts.count == 1);
	CHECK_STR(manifest->mounts.items[0].key, "proa-m0");
	CHECK_STR(manifest->mounts.items[0].mountpoint, "/data");
	CHECK(manifest->images.count == 2);
	CHECK_STR(manifest->images.items[0].name, "inventory.img");
	CHECK(manifest->images.items[1].size == 3 << 20);
	end();
}

TEST(what_could_not_be_read_is_not_written)
{
	struct manifest manifest = { .version = MANIFEST_VERSION, .id = malloc((4 << 20) + 1) };
	struct error err = ERROR_INIT;

	begin();
	CHECK(manifest.id);
	memset(manifest.id, 'x', 4 << 20);
	manifest.id[4 << 20] = '\0';
	put("inventory.img", "abc", 3);
	CHECK(manifest_write(&manifest, dir, &arena, &err) < 0 && err.code == ERROR_UNSUPPORTED);
	CHECK(faccessat(dir, IMAGES_MANIFEST, F_OK, 0) < 0);
	free(manifest.id);
	end();
}

TEST(images_of_other_runtimes_have_none)
{
	struct manifest *manifest = (void *)1;
	struct error err;

	begin();
	put("inventory.img", "abc", 3);
	CHECK(read_again(&manifest, &err) == 0);
	CHECK(!manifest);
	end();
}

static void refused(enum error_code code, const char *words)
{
	struct manifest *manifest;
	struct error err;

	CHECK(read_again(&manifest, &err) == -1);
	CHECK(err.code == code);
	if (!strstr(err.text, words))
		harness_fail(__FILE__, __LINE__, "no \"%s\" in: %s", words, err.text);
}

TEST(one_changed_byte_is_seen)
{
	int fd;

	begin();
	write_checkpoint();
	fd = openat(dir, "pages-1.img", O_WRONLY | O_CLOEXEC);
	CHECK(pwrite(fd, "y", 1, (2 << 20) + 4711) == 1);
	close(fd);
	refused(ERROR_INVALID, "the image pages-1.img has changed");
	end();
}

TEST(a_truncated_image_is_seen)
{
	int fd;

	begin();
	write_checkpoint();
	fd = openat(dir, "pages-1.img", O_WRONLY | O_CLOEXEC);
	CHECK(ftruncate(fd, 4096) == 0);
	close(fd);
	refused(ERROR_INVALID, "pages-1.img has 4096 bytes instead of 3145728");
	end();
}

TEST(a_missing_image_and_one_too_many_are_seen)
{
	begin();
	write_checkpoint();
	put("core-1.img", "x", 1);
	refused(ERROR_INVALID, "the image core-1.img is not in proa.json");
	CHECK(unlinkat(dir, "core-1.img", 0) == 0 && unlinkat(dir, "inventory.img", 0) == 0);
	refused(ERROR_INVALID, "the image inventory.img is missing");
	end();
}

TEST(links_are_not_followed)
{
	begin();
	write_checkpoint();
	CHECK(renameat(dir, "inventory.img", dir, "other") == 0);
	CHECK(symlinkat("other", dir, "inventory.img") == 0);
	refused(ERROR_SYSTEM, "open the image inventory.img");
	CHECK(unlinkat(dir, "inventory.img", 0) == 0 &&
	      mknodat(dir, "inventory.img", S_IFIFO | 0600, 0) == 0);
	refused(ERROR_REFUSED, "is no regular file");
	CHECK(renameat(dir, "proa.json", dir, "other.json") == 0);
	CHECK(symlinkat("other.json", dir, "proa.json") == 0);
	refused(ERROR_SYSTEM, "proa.json");
	end();
}

static void parse(const char *text, enum error_code code, const char *words)
{
	struct error err = ERROR_INIT;
	struct manifest *manifest;

	CHECK(manifest_parse(text, strlen(text), &arena, &manifest, &err) == -1);
	CHECK(err.code == code);
	if (!strstr(err.text, words))
		harness_fail(__FILE__, __LINE__, "no \"%s\" in: %s", words, err.text);
}

TEST(manifests_that_are_none)
{
	char text[512];
	struct utsname machine;
	static const struct {
		const char *rest, *words;
	} rows[] = {
		{ "\"mounts\":[{\"key\":\"proa-m0]:/\",\"mountpoint\":\"/a\"}]", "mounts[0]" },
		{ "\"mounts\":[{\"key\":\"../x\",\"mountpoint\":\"/a\"}]", "mounts[0]" },
		{ "\"mounts\":[{\"key\":\"proa-m0\",\"mountpoint\":\"/a]:/etc\"}]", "mounts[0]" },
		{ "\"mounts\":[{\"key\":\"proa-m0\",\"mountpoint\":\"a\"}]", "mountpoint" },
		{ "\"mounts\":[{\"mountpoint\":\"/a\"}]", "key" },
		{ "\"images\":[{\"name\":\"../etc/x.img\",\"hash\":\"0\"}]", "images[0]" },
		{ "\"images\":[{\"name\":\"passwd\",\"hash\":\"0\"}]", "images[0]" },
		{ "\"images\":[{\"name\":\"a.img\",\"size\":-1,\"hash\":\"0\"}]", "size" },
		{ "\"images\":7", "images" },
		{ "\"descriptors\":[\"\",\"\",\"\",\"pipe:[5]\"]", "descriptors" },
	};

	begin();
	uname(&machine);
	for (size_t i = 0; i < array_length(rows); i++) {
		snprintf(text, sizeof(text),
			 "{\"version\":1,\"proa\":\"0\",\"id\":\"x\",\"architecture\":\"%s\",%s}",
			 machine.machine, rows[i].rest);
		parse(text, ERROR_INVALID, rows[i].words);
	}
	parse("", ERROR_INVALID, "proa.json");
	parse("{}", ERROR_INVALID, "proa.json");
	parse("[1]", ERROR_INVALID, "proa.json");
	parse("{\"version\":2,\"proa\":\"9\",\"id\":\"x\",\"architecture\":\"z\"}",
	      ERROR_UNSUPPORTED, "newer proa");
	parse("{\"version\":1,\"proa\":\"9\",\"id\":\"x\",\"architecture\":\"z\"}",
	      ERROR_UNSUPPORTED, "another architecture, z");
	end();
}

TEST(a_mountpoint_that_criu_would_take_apart_is_refused_when_dumping)
{
	static struct config_linux masks;
	static const struct config config = { .linux_ = &masks };
	static const char *const paths[] = { "/a]:b", "/a[b", "/a\nb" };
	struct manifest manifest;

	begin();
	for (size_t i = 0; i < array_length(paths); i++) {
		struct mount_info mount = { .mountpoint = (char *)paths[i], .root = (char *)"/" };
		struct mountinfo_list external = { &mount, 1 };
		struct error err = ERROR_INIT;

		CHECK(manifest_begin(&manifest, &external, &config, &arena, &err) == -1);
		CHECK(err.code == ERROR_UNSUPPORTED);
	}
	end();
}
