#include "src/options.h"

#include <string.h>

#include "base/cleanup.h"

const struct option option_help = {
	.name = "help",
	.letters = "h?",
	.kind = OPTION_FLAG,
	.help = "show this help and exit",
	.offset = OPTION_IGNORED,
};

/* strconv.ParseBool, which the callers that write `--flag=value` go by. */
static const struct name_value truths[] = {
	{ "true", 1 }, { "True", 1 },  { "TRUE", 1 },  { "t", 1 },     { "T", 1 },
	{ "1", 1 },    { "false", 0 }, { "False", 0 }, { "FALSE", 0 }, { "f", 0 },
	{ "F", 0 },    { "0", 0 },     { NULL },
};

struct parser {
	const struct option *options;
	const struct strings *words;
	size_t next; /* the first of @words that isn't consumed */
	void *values;
	struct arena *arena;
	struct parsed *parsed;
};

static void add_string(struct parser *parser, struct strings *list, const char *string)
{
	/* no list can get longer than the command line */
	if (!list->items)
		list->items = arena_calloc(parser->arena, parser->words->count + 1, sizeof(char *));
	list->items[list->count++] = (char *)string;
}

static const char *const help_names[] = { "help", "usage" };

static const struct option *find_long(const struct parser *parser, const char *name, size_t length)
{
	for (const struct option *option = parser->options; option && option->name; option++)
		if (strlen(option->name) == length && memcmp(option->name, name, length) == 0)
			return option;
	/* argp(3), and so crun, has --usage too */
	for (size_t i = 0; i < array_length(help_names); i++)
		if (strlen(help_names[i]) == length && memcmp(help_names[i], name, length) == 0)
			return &option_help;
	return NULL;
}

static const struct option *find_letter(const struct parser *parser, char letter)
{
	for (const struct option *option = parser->options; option && option->name; option++)
		if (option->letters && strchr(option->letters, letter))
			return option;
	return strchr(option_help.letters, letter) ? &option_help : NULL;
}

static int refuse_value(const struct option *option, const char *expected, const char *found,
			struct error *err)
{
	return error_set(err, ERROR_USAGE, option->name, "option --%s: expected %s, found \"%s\"",
			 option->name, expected, found);
}

static int store_flag(const struct option *option, bool *member, const char *text,
		      struct error *err)
{
	const struct name_value *truth = text ? name_find(truths, text) : truths;

	if (!truth)
		return refuse_value(option, "true or false", text, err);
	*member = truth->value;
	return 0;
}

static int store_number(const struct option *option, unsigned int *member, const char *text,
			struct error *err)
{
	if (!parse_u32(text, member))
		return refuse_value(option, "a number", text, err);
	return 0;
}

static int store_choice(const struct option *option, int *member, const char *text,
			struct error *err)
{
	const struct name_value *choice = name_find(option->choices, text);
	_cleanup_buffer_ struct buffer names = BUFFER_INIT;

	if (choice) {
		*member = (int)choice->value;
		return 0;
	}
	for (choice = option->choices; choice->name; choice++)
		buffer_printf(&names, "%s%s", names.length ? " or " : "", choice->name);
	return refuse_value(option, names.bytes ? names.bytes : "another name", text, err);
}

/* Where the value goes; NULL if it is forgotten. */
static void *member_of(struct parser *parser, const struct option *option)
{
	if (option == &option_help)
		return &parser->parsed->help;
	if (option->offset == OPTION_IGNORED)
		return NULL;
	return (char *)parser->values + option->offset;
}

/* As if the option weren't given: callers pass on variables that are empty, and runc takes them so. */
static bool is_empty(const struct option *option, const char *text)
{
	return (option->kind == OPTION_STRING || option->kind == OPTION_CHOICE) && text && !*text;
}

/* Put @text, NULL for a bare flag, where the option's row says. */
static int store(struct parser *parser, const struct option *option, const char *text,
		 struct error *err)
{
	union {
		bool flag;
		const char *string;
		unsigned int number;
		struct strings list;
		int choice;
	} forgotten = { .list = { NULL, 0 } };
	void *member = member_of(parser, option);

	if (!member)
		member = &forgotten;
	if (is_empty(option, text)) {
		if (option->filled)
			return refuse_value(option, "a value", text, err);
		text = option->fallback;
	}
	switch (option->kind) {
	case OPTION_FLAG:
		return store_flag(option, member, text, err);
	case OPTION_NUMBER:
		return store_number(option, member, text, err);
	case OPTION_CHOICE:
		return text ? store_choice(option, member, text, err) : 0;
	case OPTION_LIST:
		add_string(parser, member, text);
		return 0;
	case OPTION_STRING:
		*(const char **)member = text;
		return 0;
	}
	return 0;
}

/* An option was named, with @text after its "=" or NULL: the value may also be the next word. */
static int take(struct parser *parser, const struct option *option, const char *text,
		struct error *err)
{
	if (option->kind != OPTION_FLAG && !text) {
		/* Podman looks for "requires an argument" to learn which options there are. */
		if (parser->next == parser->words->count)
			return error_set(err, ERROR_USAGE, option->name,
					 "option requires an argument: --%s", option->name);
		text = parser->words->items[parser->next++];
	}
	return store(parser, option, text, err);
}

static int refuse_unknown(const char *word, struct error *err)
{
	return error_set(err, ERROR_USAGE, word, "unknown option %s", word);
}

/* Short options: @letters are those of @word, "tu" with the value in the next word, "u0" or Go's
 * "u=0". */
static int parse_letters(struct parser *parser, const char *word, const char *letters,
			 struct error *err)
{
	for (; *letters; letters++) {
		const struct option *option = find_letter(parser, *letters);
		const char *rest = letters + 1;

		if (!option)
			return refuse_unknown(word, err);
		if (*rest == '=')
			return take(parser, option, rest + 1, err);
		if (option->kind != OPTION_FLAG)
			return take(parser, option, *rest ? rest : NULL, err);
		if (store(parser, option, NULL, err) < 0)
			return -1;
	}
	return 0;
}

static int parse_option(struct parser *parser, const char *word, struct error *err)
{
	bool two_dashes = word[1] == '-';
	const char *name = word + 1 + two_dashes;
	size_t length = strcspn(name, "=");
	const struct option *option = find_long(parser, name, length);

	if (option)
		return take(parser, option, name[length] ? name + length + 1 : NULL, err);
	if (two_dashes)
		return refuse_unknown(word, err);
	return parse_letters(parser, word, name, err);
}

static int store_fallbacks(struct parser *parser, struct error *err)
{
	for (const struct option *option = parser->options; option && option->name; option++)
		if (option->fallback && store(parser, option, option->fallback, err) < 0)
			return -1;
	return 0;
}

int options_parse(const struct option *options, bool ordered, const struct strings *words,
		  void *values, struct arena *arena, struct parsed *ret_parsed, struct error *err)
{
	struct parsed parsed = { .help = false };
	struct parser parser = { options, words, 0, values, arena, &parsed };
	bool ended = false;

	if (store_fallbacks(&parser, err) < 0)
		return -1;
	while (parser.next < words->count && !parsed.help) {
		const char *word = words->items[parser.next++];

		if (ended || word[0] != '-' || !word[1]) {
			add_string(&parser, &parsed.arguments, word);
			ended |= ordered;
		} else if (strcmp(word, "--") == 0)
			ended = true;
		else if (parse_option(&parser, word, err) < 0)
			return -1;
	}
	*ret_parsed = parsed;
	return 0;
}
