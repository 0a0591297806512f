/* oci/config.c */
#include "tests/unit/documents.h"

#include <sys/stat.h>

#include "base/cleanup.h"

#define MINIMAL "{\"ociVersion\": \"1.3.0\", \"root\": {\"path\": \"rootfs\"}}"

static int temporary_directory(void)
{
	char path[] = "/tmp/config_test.XXXXXX";
	int fd;

	CHECK(mkdtemp(path));
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(fd >= 0 && fchdir(fd) == 0 && rmdir(path) == 0);
	return fd;
}

/* A file without a name: tests leave nothing behind. */
static char *file_of(const char *bytes, size_t length)
{
	static char path[64];
	int fd = open("/tmp", O_TMPFILE | O_RDWR, 0600);

	CHECK(fd >= 0 && fd_write_all(fd, bytes, length) == 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return path;
}

static struct error read_error(const char *name)
{
	struct config *config;
	struct error err = ERROR_INIT;

	CHECK(config_read(AT_FDCWD, name, test_arena(), &config, &err) < 0);
	return err;
}

TEST(a_config_is_read_from_a_file)
{
	struct config *config;
	struct error err = ERROR_INIT;

	CHECK(config_read(AT_FDCWD, file_of(MINIMAL, strlen(MINIMAL)), test_arena(), &config,
			  &err) == 0);
	CHECK_STR(config->root->path, "rootfs");
	CHECK_STR(config->oci_version, "1.3.0");
}

TEST(a_missing_file_names_itself)
{
	int dir = temporary_directory();
	struct config *config;
	struct error err = ERROR_INIT;

	CHECK(config_read(dir, "config.json", test_arena(), &config, &err) < 0);
	CHECK_INT(err.errnum, ENOENT);
	CHECK_STR(err.object, "config.json");
	CHECK(text_starts(err.text, "open config.json: "));
}

TEST(what_is_no_document_is_refused)
{
	CHECK_STR(read_error("/dev/null").text, "/dev/null: empty");
	CHECK_STR(read_error("/tmp").text, "/tmp is a directory");
	CHECK_INT(read_error("/tmp").code, ERROR_INVALID);
}

TEST(a_huge_file_is_refused_before_it_is_read)
{
	int fd = open("/tmp", O_TMPFILE | O_RDWR, 0600);
	char path[64];
	struct error err;

	CHECK(fd >= 0 && ftruncate(fd, 100 << 20) == 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	err = read_error(path);
	CHECK_INT(err.code, ERROR_INVALID);
	CHECK(strstr(err.text, "longer than 16777216 bytes"));
}

TEST(a_pipe_is_waited_for)
{
	struct config_text bytes;
	struct config *config;
	struct error err = ERROR_INIT;
	char path[64];
	int ends[2];

	CHECK(pipe2(ends, O_CLOEXEC) == 0);
	if (fork() == 0) {
		usleep(50000);
		_exit(fd_write_all(ends[1], "{\"cwd\": \"/\", \"args\": [\"sh\"]}", 28));
	}
	close(ends[1]);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", ends[0]);
	if (config_load(AT_FDCWD, path, DOCUMENT_PROCESS, test_arena(), &bytes, &config, &err) < 0)
		harness_fail(__FILE__, __LINE__, "%s", err.text);
	CHECK_STR(config->process->args.items[0], "sh");
	CHECK_INT(bytes.length, 28);
}

TEST(an_absent_process_and_linux_are_empty_ones)
{
	struct config *config = parse(MINIMAL, DOCUMENT_CONFIG);

	CHECK(config->process && config->process->args.count == 0);
	CHECK(config->linux_ && config->linux_->namespaces.count == 0);
	CHECK(!config->linux_->resources && !config->hooks);
}

TEST(a_process_is_a_document_of_its_own)
{
	struct config *config = parse("{\"cwd\": \"/\", \"args\": [\"ls\", \"-l\"], \"user\": "
				      "{\"uid\": 7}}",
				      DOCUMENT_PROCESS);

	CHECK_INT(config->process->args.count, 2);
	CHECK_INT(config->process->user.uid.value, 7);
	CHECK_STR(refused("{\"cwd\": \"x\", \"args\": [\"ls\"]}", DOCUMENT_PROCESS).text,
		  "f:1: cwd: expected an absolute path, found \"x\"");
}

TEST(resources_are_a_document_of_their_own)
{
	struct config *config = parse("{\"memory\": {\"limit\": 5}}", DOCUMENT_RESOURCES);

	CHECK_INT(config->linux_->resources->memory->limit.value, 5);
	CHECK_STR(refused("{\"memory\": {\"limit\": \"5\"}}", DOCUMENT_RESOURCES).object,
		  "memory.limit");
}

TEST(mounts_are_a_document_of_their_own)
{
	static const char text[] = "[{\"destination\": \"/a\", \"options\": [\"ro\"]},\n"
				   "{\"destination\": \"/b\"}]";
	struct config *config = parse(text, DOCUMENT_MOUNTS);
	struct buffer written = BUFFER_INIT;
	struct error err = ERROR_INIT;

	CHECK_INT(config->mounts.count, 2);
	CHECK_STR(config->mounts.items[1].destination, "/b");
	CHECK(config_encode_mounts(&config->mounts, &written, &err) == 0);
	config = parse(written.bytes, DOCUMENT_MOUNTS);
	CHECK_STR(config->mounts.items[0].options.items[0], "ro");
	buffer_free(&written);
	CHECK_STR(refused("[{\"destination\": \"/a\"},\n{\"type\": 5}]", DOCUMENT_MOUNTS).text,
		  "f:2: mounts[1].type: expected a string, found 5");
	CHECK_STR(refused("{}", DOCUMENT_MOUNTS).text,
		  "f:1: mounts: expected an array, found an object");
	CHECK_STR(refused("null", DOCUMENT_MOUNTS).text,
		  "f:1: mounts: expected an array, found null");
	CHECK_STR(refused("[]", DOCUMENT_MOUNTS).text, "f:1: mounts: must not be empty");
	CHECK_STR(refused("[{\"destination\": \"/a\"}], 1", DOCUMENT_MOUNTS).object, "");
	CHECK_STR(refused("[{\"destination\": \"/a\", \"x\": 1}]", DOCUMENT_MOUNTS).text,
		  "f:1: mounts[0]: \"x\" is unknown");
}

TEST(an_error_of_a_rule_has_its_line_too)
{
	struct error err = refused("{\"ociVersion\": \"1.0.0\", \"root\": {\"path\": \"r\"},\n"
				   "\"linux\": {\"namespaces\": [\n{\"type\": \"pid\"},\n"
				   "{\"type\": \"pid\"}]}}",
				   DOCUMENT_CONFIG);

	CHECK_STR(err.text, "f:4: linux.namespaces[1].type: \"pid\" is given twice");
	CHECK_STR(err.object, "linux.namespaces[1].type");
}

TEST(an_error_of_a_plan_gets_its_line)
{
	const char *text = "{\"ociVersion\": \"1.0.0\",\n\"root\":\n{\"path\": \"r\"}}";
	struct config_text bytes;
	struct config *config;
	struct error err = ERROR_INIT;

	CHECK(config_load(AT_FDCWD, file_of(text, strlen(text)), DOCUMENT_CONFIG, test_arena(),
			  &bytes, &config, &err) == 0);
	error_set(&err, ERROR_INVALID, "root.path", "root.path: not a directory");
	CHECK(config_locate(&bytes, "config.json", &err) < 0);
	CHECK_STR(err.text, "config.json:3: root.path: not a directory");
}

TEST(a_small_arena_is_an_error)
{
	struct arena arena = ARENA_INIT;
	struct config *config;
	struct error err = ERROR_INIT;

	CHECK(arena_init(&arena, 4096, &err) == 0);
	CHECK(config_parse(MINIMAL, strlen(MINIMAL), "f", DOCUMENT_CONFIG, &arena, &config, &err) <
	      0);
	CHECK_INT(err.code, ERROR_MEMORY);
}

TEST(namespaces_are_found_by_type)
{
	struct config *config =
	    parse("{\"ociVersion\": \"1.0.0\", \"root\": {\"path\": \"r\"}, \"linux\": "
		  "{\"namespaces\": [{\"type\": \"pid\"}, {\"type\": \"network\", \"path\": "
		  "\"/run/netns/a\"}]}}",
		  DOCUMENT_CONFIG);

	CHECK_STR(config_namespace_find(config, "network")->path, "/run/netns/a");
	CHECK(!config_namespace_find(config, "pid")->path);
	CHECK(!config_namespace_find(config, "mount"));
}
