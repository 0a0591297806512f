#include "src/help.h"

#include <stdio.h>
#include <string.h>

#include "src/globals.h"

#define LINE_WIDTH    80
#define OPTION_INDENT 28

void help_usage(struct buffer *text, const struct command *command)
{
	if (command)
		buffer_printf(text, "proa %s [OPTION...]%s%s", command->name,
			      *command->usage ? " " : "", command->usage);
	else
		buffer_puts(text, "proa [OPTION...] COMMAND [ARGUMENT...]");
}

void help_option(struct buffer *text, const struct option *option)
{
	if (option->letters)
		buffer_printf(text, "-%c, ", option->letters[0]);
	buffer_printf(text, "--%s", option->name);
	if (option->value)
		buffer_printf(text, " %s", option->value);
}

/* @words in lines of LINE_WIDTH, each but the first of them indented. */
static void add_wrapped(struct buffer *text, const char *words)
{
	size_t column = OPTION_INDENT;

	while (*words) {
		size_t length = strcspn(words, " ");

		if (column + length > LINE_WIDTH) {
			buffer_printf(text, "\n%*s", OPTION_INDENT, "");
			column = OPTION_INDENT;
		}
		buffer_printf(text, "%s%.*s", column > OPTION_INDENT ? " " : "", (int)length,
			      words);
		column += length + 1;
		words += length + (words[length] == ' ');
	}
	buffer_puts(text, "\n");
}

static void add_row(struct buffer *text, const struct option *option)
{
	_cleanup_buffer_ struct buffer label = BUFFER_INIT, words = BUFFER_INIT;

	/* long names stand in one column, whether or not there is a short one */
	buffer_puts(&label, option->letters ? "  " : "      ");
	help_option(&label, option);
	if (label.length < OPTION_INDENT - 1)
		buffer_printf(text, "%-*s", OPTION_INDENT, label.bytes);
	else
		buffer_printf(text, "%s\n%*s", label.bytes, OPTION_INDENT, "");

	buffer_puts(&words, option->help);
	if (option->fallback)
		buffer_printf(&words, " (default: %s)", option->fallback);
	add_wrapped(text, words.bytes);
}

static void add_options(struct buffer *text, const struct option *options)
{
	buffer_puts(text, "\nOptions:\n");
	for (const struct option *option = options; option && option->name; option++)
		if (option->help)
			add_row(text, option);
	add_row(text, &option_help);
}

void help_command(struct buffer *text, const struct command *command)
{
	buffer_puts(text, "usage: ");
	help_usage(text, command);
	buffer_printf(text, "\n\nproa %s: %s.\n", command->name, command->summary);
	add_options(text, command->options);
	buffer_printf(text, "\nMore in proa-%s(8).\n", command->name);
}

void help_program(struct buffer *text)
{
	buffer_puts(text, "usage: ");
	help_usage(text, NULL);
	buffer_puts(
	    text, "\n\nRuns containers as the OCI runtime specification has them.\n\nCommands:\n");
	for (const struct command *const *command = commands; *command; command++)
		buffer_printf(text, "  %-12s%s\n", (*command)->name, (*command)->summary);
	add_options(text, global_options);
	buffer_puts(text,
		    "\n`proa COMMAND --help` shows the options of a command; more in proa(8).\n");
}
