/* Options as tables. One row says all about an option, and everything that knows of options reads
 * the rows: the parser, --help, the check of the man pages.
 *
 * The parser is our own, because engines write options in three styles at once: Go's (a long name
 * after one dash, `-no-subreaper`, `-b=DIR`, `--tty=false`), GNU's (`-bDIR`, `-tu 0`) and, for
 * `exec`, `kill` and `ps`, options that end at the first word which is none, so that `exec ID ls
 * -l` runs `ls -l`. getopt_long(3) takes no Go style, knows no tables with a place for the value,
 * and writes to stderr by itself. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"

enum option_kind {
	OPTION_FLAG,   /* bool: `--name`, or `--name=true` and `--name=false` as Go writes them */
	OPTION_STRING, /* const char * */
	OPTION_NUMBER, /* unsigned int, decimal */
	OPTION_LIST,   /* struct strings: each occurrence adds one */
	OPTION_CHOICE, /* int: the value of one of the names in .choices */
};

struct option {
	const char *name;    /* the long name, without dashes */
	const char *letters; /* short names, the first of them advertised; NULL */
	enum option_kind kind;
	const char *value; /* what --help calls the value; NULL for a flag */
	const char *help;  /* NULL: accepted for old callers, not advertised */
	size_t offset;	   /* of the member that takes the value, or OPTION_IGNORED */
	const struct name_value *choices;
	/* the value when the option isn't given or is empty, written as a user would */
	const char *fallback;
	bool filled; /* an empty value is an error: to fall back could do harm */
};

/* Parsed as any other and then forgotten. */
#define OPTION_IGNORED ((size_t)-1)

/* The offset of @member in @type, if it has the type @of; else it doesn't compile. */
#define OPTION_MEMBER(type, member, of)                                                            \
	(offsetof(type, member) +                                                                  \
	 0 * sizeof(struct {                                                                       \
		 _Static_assert(__builtin_types_compatible_p(__typeof__(((type *)0)->member), of), \
				#member " has another type than its option");                      \
		 char complete;                                                                    \
	 }))

/* Rows. A table ends with OPTIONS_END. */
#define FLAG(long_name, short_names, type, member, text)                                           \
	{                                                                                          \
		.name = long_name, .letters = short_names, .kind = OPTION_FLAG, .help = text,      \
		.offset = OPTION_MEMBER(type, member, bool)                                        \
	}
#define STRING(long_name, short_names, called, type, member, text)                                 \
	{                                                                                          \
		.name = long_name, .letters = short_names, .kind = OPTION_STRING, .value = called, \
		.help = text, .offset = OPTION_MEMBER(type, member, const char *)                  \
	}
#define STRING_OR(long_name, short_names, called, default_value, type, member, text)               \
	{                                                                                          \
		.name = long_name, .letters = short_names, .kind = OPTION_STRING, .value = called, \
		.help = text, .offset = OPTION_MEMBER(type, member, const char *),                 \
		.fallback = default_value                                                          \
	}
#define STRING_FILLED(long_name, short_names, called, default_value, type, member, text)           \
	{                                                                                          \
		.name = long_name, .letters = short_names, .kind = OPTION_STRING, .value = called, \
		.help = text, .offset = OPTION_MEMBER(type, member, const char *),                 \
		.fallback = default_value, .filled = true                                          \
	}
#define NUMBER(long_name, short_names, called, type, member, text)                                 \
	{                                                                                          \
		.name = long_name, .letters = short_names, .kind = OPTION_NUMBER, .value = called, \
		.help = text, .offset = OPTION_MEMBER(type, member, unsigned int)                  \
	}
#define NUMBER_OR(long_name, short_names, called, default_value, type, member, text)               \
	{                                                                                          \
		.name = long_name, .letters = short_names, .kind = OPTION_NUMBER, .value = called, \
		.help = text, .offset = OPTION_MEMBER(type, member, unsigned int),                 \
		.fallback = default_value                                                          \
	}
#define STRINGS(long_name, short_names, called, type, member, text)                                \
	{                                                                                          \
		.name = long_name, .letters = short_names, .kind = OPTION_LIST, .value = called,   \
		.help = text, .offset = OPTION_MEMBER(type, member, struct strings)                \
	}
#define CHOICE(long_name, short_names, called, names, default_name, type, member, text)            \
	{                                                                                          \
		.name = long_name, .letters = short_names, .kind = OPTION_CHOICE, .value = called, \
		.help = text, .offset = OPTION_MEMBER(type, member, int), .choices = names,        \
		.fallback = default_name                                                           \
	}
/* Accepted for old callers, not advertised. */
#define HIDDEN_FLAG(long_name, type, member) FLAG(long_name, NULL, type, member, NULL)
#define IGNORED_FLAG(long_name)                                                                    \
	{                                                                                          \
		.name = long_name, .kind = OPTION_FLAG, .offset = OPTION_IGNORED                   \
	}
#define IGNORED_STRING(long_name, called)                                                          \
	{                                                                                          \
		.name = long_name, .kind = OPTION_STRING, .value = called,                         \
		.offset = OPTION_IGNORED                                                           \
	}
#define OPTIONS_END                                                                                \
	{                                                                                          \
		.name = NULL                                                                       \
	}

/* --help, which every table has without saying so. */
extern const struct option option_help;

/* What is left of a command line once its options are in their struct. */
struct parsed {
	struct strings arguments; /* the words that are no options; they point into argv */
	bool help; /* --help was seen: parsing ended there, nothing else is to be relied on */
};

/* Parse @words by the rows of @options (which may be NULL) into the struct @values, which starts
 * out zeroed. With @ordered the options end at the first argument, else they may stand after it
 * too; "--" always ends them. An error is ERROR_USAGE. On failure @values holds what came before
 * it, so that an error in the options still goes where an earlier --log wants it. Pure. */
int options_parse(const struct option *options, bool ordered, const struct strings *words,
		  void *values, struct arena *arena, struct parsed *ret_parsed, struct error *err);
