/* The option tables as the man pages must show them: for each page a line "PAGE<TAB>TEXT" with the
 * synopsis, and one per option that is advertised. Read by tests/checks/man.check. */
#include <ctype.h>
#include <stdio.h>

#include "src/command.h"
#include "src/globals.h"
#include "src/help.h"

/* The notation of --help in scdoc's: what the user puts in, in capitals, is underlined. */
static void print_usage(const char *usage)
{
	bool inside = false;

	for (; *usage; usage++) {
		bool part = isupper((unsigned char)*usage) || (inside && *usage == '-');

		if (part != inside)
			putchar('_');
		putchar(*usage);
		inside = part;
	}
	puts(inside ? "_" : "");
}

static void print_option(const char *page, const struct option *option)
{
	printf("%s\t", page);
	if (option->letters)
		printf("*-%c*, ", option->letters[0]);
	printf("*--%s*", option->name);
	if (option->value)
		printf(" _%s_", option->value);
	putchar('\n');
}

static void print_options(const char *page, const struct option *options)
{
	for (const struct option *option = options; option && option->name; option++)
		if (option->help)
			print_option(page, option);
	print_option(page, &option_help);
}

int main(void)
{
	printf("proa\t*proa* [_OPTION_...] _COMMAND_ [_ARGUMENT_...]\n");
	print_options("proa", global_options);
	for (const struct command *const *one = commands; *one; one++) {
		char page[64];

		snprintf(page, sizeof(page), "proa-%s", (*one)->name);
		printf("%s\t*proa %s* [_OPTION_...]%s", page, (*one)->name,
		       *(*one)->usage ? " " : "");
		print_usage((*one)->usage);
		print_options(page, (*one)->options);
		printf("%s\t%s - %s\n", page, page, (*one)->summary);
	}
	return 0;
}
