#include "tests/unit/harness.h"

#include <ctype.h>

#include "base/cleanup.h"
#include "src/command.h"
#include "src/globals.h"
#include "src/help.h"
#include "src/options.h"

/* ---- the tables ---- */

static void check_table(const struct option *options)
{
	for (const struct option *option = options; option && option->name; option++) {
		CHECK(strcmp(option->name, option_help.name) != 0);
		CHECK(strlen(option->name) > 1);
		CHECK(!option->help ||
		      (*option->help && option->help[strlen(option->help) - 1] != '.'));
		CHECK(!option->value == (option->kind == OPTION_FLAG));
		CHECK(!option->choices == (option->kind != OPTION_CHOICE));
		for (const char *p = option->name; *p; p++)
			CHECK(islower(*p) || ((*p == '-' || isdigit(*p)) && p > option->name));
		for (const char *p = option->letters; p && *p; p++)
			CHECK(!strchr(option_help.letters, *p));
		for (const struct option *other = options; other < option; other++) {
			CHECK(strcmp(other->name, option->name) != 0);
			CHECK(option->offset == OPTION_IGNORED || other->offset != option->offset);
			for (const char *p = option->letters; p && *p; p++)
				CHECK(!other->letters || !strchr(other->letters, *p));
		}
	}
}

/* A long name after one dash must not be readable as letters: the row that is meant would depend on
 * what else is in the table. */
static void check_no_bundle_of_letters(const struct option *options)
{
	for (const struct option *option = options; option && option->name; option++) {
		size_t letters = 0;

		for (const char *p = option->name; *p; p++)
			for (const struct option *other = options; other->name; other++)
				letters += other->letters && strchr(other->letters, *p);
		CHECK(letters < strlen(option->name));
	}
}

TEST(every_table_is_sound)
{
	check_table(global_options);
	check_no_bundle_of_letters(global_options);
	for (const struct command *const *command = commands; *command; command++) {
		check_table((*command)->options);
		check_no_bundle_of_letters((*command)->options);
	}
}

TEST(every_command_is_sound)
{
	for (const struct command *const *one = commands; *one; one++) {
		const struct command *command = *one;

		CHECK(command->run);
		CHECK(command_find(command->name) == command);
		CHECK(islower(command->summary[0]));
		CHECK(command->summary[strlen(command->summary) - 1] != '.');
		CHECK(!command->options == !command->options_size);
		CHECK(command->arguments_min <= command->arguments_max);
		CHECK((command->arguments_max == 0) == (*command->usage == '\0'));
		CHECK(!command->makes || command->protected);
		for (const struct option *option = command->options; option && option->name;
		     option++)
			CHECK(option->offset == OPTION_IGNORED ||
			      option->offset < command->options_size);
	}
	CHECK(!command_find("transfer"));
	CHECK(!command_find(""));
}

static void check_lines(const struct buffer *text)
{
	size_t column = 0;

	CHECK(!buffer_failed(text));
	for (size_t i = 0; i < text->length; i++) {
		column = text->bytes[i] == '\n' ? 0 : column + 1;
		CHECK(column <= 80);
	}
	CHECK(column == 0);
}

TEST(help_tells_every_option_in_80_columns)
{
	for (const struct command *const *one = commands; *one; one++) {
		_cleanup_buffer_ struct buffer text = BUFFER_INIT;

		help_command(&text, *one);
		check_lines(&text);
		for (const struct option *option = (*one)->options; option && option->name;
		     option++) {
			_cleanup_buffer_ struct buffer label = BUFFER_INIT;

			help_option(&label, option);
			CHECK(!strstr(text.bytes, label.bytes) == !option->help);
		}
	}
}

TEST(help_of_proa_names_every_command)
{
	_cleanup_buffer_ struct buffer text = BUFFER_INIT;

	help_program(&text);
	check_lines(&text);
	for (const struct command *const *one = commands; *one; one++)
		CHECK(strstr(text.bytes, (*one)->summary));
	CHECK(strstr(text.bytes, "-h, --help"));
	CHECK(strstr(text.bytes, "--log-format FORMAT"));
	CHECK(!strstr(text.bytes, "--criu"));
}

/* ---- the parser ---- */

struct values {
	bool flag, tty;
	const char *string;
	unsigned int number;
	struct strings list;
	int choice;
	const char *fallen;
};

static const struct name_value colours[] = { { "red", 1 }, { "blue", 2 }, { NULL } };

static const struct option table[] = {
	FLAG("no-flag", NULL, struct values, flag, "…"),
	FLAG("tty", "t", struct values, tty, "…"),
	STRING("string", "s", "S", struct values, string, "…"),
	NUMBER("number", "n", "N", struct values, number, "…"),
	STRINGS("list", "l", "L", struct values, list, "…"),
	CHOICE("choice", "c", "C", colours, "blue", struct values, choice, "…"),
	STRING_OR("fallen", NULL, "F", ".", struct values, fallen, "…"),
	STRING_FILLED("filled", NULL, "F", NULL, struct values, fallen, "…"),
	IGNORED_FLAG("old"),
	IGNORED_STRING("older", "X"),
	OPTIONS_END,
};

static struct values values;
static struct parsed parsed;
static struct error err;

/* Parse a line of words parted by single blanks; "_" stands for an empty one. */
static int parse_as(bool ordered, const char *line)
{
	static char copy[512], *words[64];
	static struct arena arena;
	struct strings list = { words, 0 };

	CHECK(arena_init(&arena, 1 << 16, &err) == 0);
	snprintf(copy, sizeof(copy), "%s", line);
	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
		words[list.count++] = strcmp(word, "_") == 0 ? word + 1 : word;
	values = (struct values){ .flag = false };
	parsed = (struct parsed){ .help = false };
	err = (struct error)ERROR_INIT;
	return options_parse(table, ordered, &list, &values, &arena, &parsed, &err);
}

static int parse(const char *line)
{
	return parse_as(false, line);
}

static void check_arguments(const char *line)
{
	char got[512] = "";

	for (size_t i = 0; i < parsed.arguments.count; i++)
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%s", i ? " " : "",
			 parsed.arguments.items[i]);
	CHECK_STR(got, line);
}

TEST(nothing_given_leaves_the_defaults)
{
	CHECK(parse("") == 0);
	CHECK(!values.flag && !values.string && !values.number && !values.list.count);
	CHECK(values.choice == 2);
	CHECK_STR(values.fallen, ".");
	CHECK(parsed.arguments.count == 0);
}

TEST(one_dash_or_two_for_long_names)
{
	static const char *const lines[] = { "--no-flag --string x", "-no-flag -string x",
					     "-no-flag=true --string=x", "--no-flag -string=x" };

	for (size_t i = 0; i < array_length(lines); i++) {
		CHECK(parse(lines[i]) == 0);
		CHECK(values.flag);
		CHECK_STR(values.string, "x");
	}
}

TEST(letters_alone_with_values_and_together)
{
	static const char *const lines[] = { "-t -s x", "-t -sx", "-t -s=x",
					     "-ts x",	"-tsx",	  "-ts=x" };

	for (size_t i = 0; i < array_length(lines); i++) {
		CHECK(parse(lines[i]) == 0);
		CHECK(values.tty);
		CHECK_STR(values.string, "x");
	}
}

TEST(flags_take_a_truth_as_go_does)
{
	static const struct {
		const char *line;
		int expected;
	} rows[] = {
		{ "-t=false", 0 },     { "--tty=false", 0 }, { "-tty=F", 0 },  { "--tty=0", 0 },
		{ "-t -t=FALSE", 0 },  { "-t=true", 1 },     { "--tty=1", 1 }, { "-tty=t", 1 },
		{ "--tty=maybe", -1 }, { "-t=", -1 },	     { "--tty=", -1 },
	};

	for (size_t i = 0; i < array_length(rows); i++) {
		CHECK((parse(rows[i].line) == 0) == (rows[i].expected >= 0));
		if (rows[i].expected >= 0)
			CHECK(values.tty == rows[i].expected);
		else
			CHECK(err.code == ERROR_USAGE);
	}
	/* never the next word */
	CHECK(parse("-t false") == 0);
	CHECK(values.tty);
	check_arguments("false");
}

TEST(values_may_look_like_options_or_be_empty)
{
	CHECK(parse("--string -t -s - --string=--x") == 0);
	CHECK_STR(values.string, "--x");
	CHECK(!values.tty);
	/* empty: as if it weren't given */
	CHECK(parse("--string= x") == 0);
	CHECK(!values.string);
	check_arguments("x");
	CHECK(parse("--string x --string _") == 0);
	CHECK(!values.string);
	CHECK(parse("--fallen x --fallen= --choice red --choice=") == 0);
	CHECK_STR(values.fallen, ".");
	CHECK_INT(values.choice, 2);
	CHECK(parse("--filled=") < 0);
	CHECK(strstr(err.text, "option --filled: expected a value, found \"\""));
	CHECK(parse("--number=") < 0);
	CHECK(parse("-s=a=b") == 0);
	CHECK_STR(values.string, "a=b");
}

TEST(lists_keep_their_order_and_commas)
{
	CHECK(parse("-l a,b --list=c x -list d") == 0);
	CHECK(values.list.count == 3);
	CHECK_STR(values.list.items[0], "a,b");
	CHECK_STR(values.list.items[1], "c");
	CHECK_STR(values.list.items[2], "d");
}

TEST(the_last_one_counts)
{
	CHECK(parse("-s a -s b -n 1 -n 2 -c red -c blue --no-flag --no-flag=false") == 0);
	CHECK_STR(values.string, "b");
	CHECK(values.number == 2 && values.choice == 2 && !values.flag);
}

TEST(numbers_are_strict)
{
	static const char *const wrong[] = {
		"x", "1x", "-1", "+1", "0x10", "4294967296", "1.0", "_"
	};
	char line[64];

	CHECK(parse("--number 4294967295") == 0);
	CHECK(values.number == 4294967295u);
	for (size_t i = 0; i < array_length(wrong); i++) {
		snprintf(line, sizeof(line), "--number %s", wrong[i]);
		CHECK(parse(line) < 0);
		CHECK(err.code == ERROR_USAGE);
		CHECK(values.number == 0);
	}
	CHECK_STR(err.text, "option --number: expected a number, found \"\"");
}

TEST(choices_are_named_in_the_error)
{
	CHECK(parse("-c red") == 0);
	CHECK(values.choice == 1);
	CHECK(parse("--choice green") < 0);
	CHECK_STR(err.text, "option --choice: expected red or blue, found \"green\"");
}

TEST(a_missing_value_is_told_as_getopt_tells_it)
{
	static const char *const lines[] = { "--string",   "-s", "-string", "-ts",
					     "x --number", "-l", "--older" };

	for (size_t i = 0; i < array_length(lines); i++) {
		CHECK(parse(lines[i]) < 0);
		CHECK(err.code == ERROR_USAGE);
		CHECK(strstr(err.text, "option requires an argument"));
	}
}

TEST(unknown_options_are_refused)
{
	static const char *const lines[] = { "--nosuch", "-bosuch",    "-x",  "-tx",
					     "--no-fla", "--no-flagg", "--t", "---tty",
					     "--=x",	 "-=x",	       "-t-", "--no_flag" };

	for (size_t i = 0; i < array_length(lines); i++) {
		CHECK(parse(lines[i]) < 0);
		CHECK(err.code == ERROR_USAGE);
		CHECK(strstr(err.text, "unknown option"));
	}
	CHECK(parse("--nosuch=1") < 0);
	CHECK_STR(err.text, "unknown option --nosuch=1");
}

TEST(options_may_follow_arguments)
{
	CHECK(parse("id --no-flag two -s x") == 0);
	CHECK(values.flag);
	CHECK_STR(values.string, "x");
	check_arguments("id two");
}

TEST(ordered_options_end_at_the_first_argument)
{
	CHECK(parse_as(true, "-t id ls -l --no-flag -- -s") == 0);
	CHECK(values.tty && !values.flag && !values.list.count);
	check_arguments("id ls -l --no-flag -- -s");
	CHECK(parse_as(true, "- -t") == 0);
	CHECK(!values.tty);
	check_arguments("- -t");
}

TEST(two_dashes_end_the_options)
{
	CHECK(parse("-t -- --no-flag -s --") == 0);
	CHECK(values.tty && !values.flag);
	check_arguments("--no-flag -s --");
	CHECK(parse_as(true, "-- id -t") == 0);
	check_arguments("id -t");
}

TEST(ignored_options_leave_no_trace)
{
	struct values before;

	CHECK(parse("") == 0);
	before = values;
	CHECK(parse("--old --older x --old=false -old") == 0);
	CHECK(memcmp(&before, &values, sizeof(values)) == 0);
	CHECK(parsed.arguments.count == 0);
	CHECK(parse("--old=perhaps") < 0);
}

TEST(help_ends_the_parsing)
{
	static const char *const lines[] = { "--help",	     "-h",  "-?",
					     "-help",	     "-th", "x --help --nosuch",
					     "-h --number x" };

	for (size_t i = 0; i < array_length(lines); i++) {
		CHECK(parse(lines[i]) == 0);
		CHECK(parsed.help);
	}
	CHECK(parse_as(true, "ls --help") == 0);
	CHECK(!parsed.help);
}

TEST(a_table_may_be_missing)
{
	static char id[] = "id", help[] = "-h", *words[] = { id, help };
	static struct arena arena;

	CHECK(arena_init(&arena, 1 << 16, &err) == 0);
	CHECK(options_parse(NULL, false, &(struct strings){ words, 1 }, NULL, &arena, &parsed,
			    &err) == 0);
	CHECK(!parsed.help && parsed.arguments.count == 1);
	CHECK(options_parse(NULL, false, &(struct strings){ words, 2 }, NULL, &arena, &parsed,
			    &err) == 0);
	CHECK(parsed.help);
}
