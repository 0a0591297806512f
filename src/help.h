/* --help, written from the tables. */
#pragma once

#include "base/text.h"
#include "src/command.h"
#include "src/options.h"

/* `proa --help`: the commands and the global options. */
void help_program(struct buffer *text);

/* `proa COMMAND --help`. */
void help_command(struct buffer *text, const struct command *command);

/* One line without "usage: ", NULL for proa itself: "proa kill [OPTION...] ID [SIGNAL]". */
void help_usage(struct buffer *text, const struct command *command);

/* "-b, --bundle DIR" */
void help_option(struct buffer *text, const struct option *option);
