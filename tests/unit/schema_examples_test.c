/* tests/data/schema-examples.txt: configs, and what the schema of the runtime-spec says of them. */
#include "tests/unit/documents.h"

#include "base/text.h"

/* The next field of *text, up to @end, which is cut off. */
static char *next(char **text, char end)
{
	char *field = *text, *stop = strchr(field, end);

	CHECK(stop);
	*stop = '\0';
	*text = stop + 1;
	return field;
}

static void check_example(const char *verdict, const char *words, const char *document)
{
	struct error err;

	if (strcmp(words, "-") == 0) {
		CHECK_INT(parse(document, DOCUMENT_CONFIG)->warnings.count, 0);
		return;
	}
	err = refused(document, DOCUMENT_CONFIG);
	if (!strstr(err.text, words))
		harness_fail(__FILE__, __LINE__, "%s: %s: %s, not %s", verdict, document, err.text,
			     words);
}

/* All examples with @verdict; there must be @least of them. */
static void check_all(const char *wanted, int least)
{
	char *text = read_data("schema-examples.txt").bytes;
	int count = 0;

	while (*text) {
		char *line = next(&text, '\n'), *verdict, *words;

		if (!*line || *line == '#')
			continue;
		verdict = next(&line, '\t');
		words = next(&line, '\t');
		if (strcmp(verdict, wanted) != 0)
			continue;
		check_example(verdict, words, line);
		count++;
	}
	CHECK(count >= least);
}

TEST(what_the_schema_accepts)
{
	check_all("good", 40);
}

TEST(what_the_schema_refuses)
{
	/* spec: config.md#linux-process scheduler-policy */
	/* spec: config.md#linux-process io-priority-fields */
	/* spec: config.md#posix-platform-hooks hook-path-absolute */
	/* spec: config.md#posix-platform-hooks hook-timeout-positive */
	/* spec: config.md#annotations annotations-map */
	/* spec: config-linux.md#user-namespace-mappings mapping-fields */
	/* spec: config-linux.md#devices devices-fields */
	/* spec: config-linux.md#allowed-device-list device-rules-fields */
	/* spec: config-linux.md#block-io block-io-fields */
	/* spec: config-linux.md#huge-page-limits hugepage-fields */
	/* spec: config-linux.md#network network-fields */
	/* spec: config-linux.md#memory-policy memory-policy-mode */
	/* spec: config-linux.md#seccomp seccomp-default */
	/* spec: config-linux.md#seccomp seccomp-names */
	/* spec: config-linux.md#seccomp seccomp-action */
	/* spec: config-linux.md#seccomp seccomp-args */
	/* spec: config.md#valid-values invalid-refused */
	check_all("bad", 80);
}

TEST(what_the_text_of_the_spec_refuses_besides)
{
	/* spec: config.md#specification-version version-semver */
	/* spec: config.md#root root-required */
	/* spec: config.md#annotations annotations-key */
	/* spec: config.md#process cwd-absolute */
	/* spec: config.md#process args-required */
	/* spec: config-linux.md#namespaces namespace-once */
	/* spec: config-linux.md#masked-paths masked-absolute */
	/* spec: config-linux.md#readonly-paths readonly-absolute */
	/* spec: config-linux.md#personality personality-domain */
	check_all("stricter", 10);
}

TEST(what_callers_write_all_the_same)
{
	check_all("laxer", 1);
}
